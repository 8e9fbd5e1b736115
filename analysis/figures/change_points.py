"""Learning rates after a change: people, and the models that were fitted to them."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from analysis.pages.figure_parts import COLOURS, FONT, lettered, require_scenario, tidy

__all__ = ["change_points"]


def change_points(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw each run in a row: rates by outcomes since a change, and the misfits of the models."""
    require_scenario("change_points", runs, data)
    figure = Figure(figsize=(9.5, 3.7 * len(runs)), layout="constrained")
    rows = figure.subplots(len(runs), 2, squeeze=False, width_ratios=(1.4, 1.0))
    for run, (rates, misfits) in zip(runs, rows, strict=True):
        rates.errorbar(run.outcome, run.observed, run["sem"], fmt="ko", markersize=4, label="96 people, mean ± s.e.")
        for i, (name, line) in enumerate(zip(run.model.values, (":", "-.", "--", "-"), strict=True)):
            rates.plot(run.outcome, run.rate.sel(model=name), line, color=COLOURS[i], label=str(name))
        rates.set_ylim(0, 1)
        rates.set_xlabel("outcomes since the change")
        rates.set_ylabel("learning rate (update / error)")
        rates.legend(frameon=False, fontsize=FONT - 2)
        names = [f"{m} ({int(n)})" for m, n in zip(run.model.values, run.n_free.values, strict=True)]
        misfits.barh(np.arange(len(names)), run.misfit, color=COLOURS[: len(names)])
        for i, value in enumerate(run.misfit.values):
            misfits.text(value, i, f" {value:.1f}", va="center", fontsize=FONT - 2)
        misfits.set_yticks(np.arange(len(names)), names, fontsize=FONT - 2)
        misfits.invert_yaxis()
        misfits.set_xlim(0, 1.2 * float(run.misfit.max()))
        misfits.set_xlabel("mean squared deviation (s.e.$^2$)")
        misfits.set_title("models (fitted numbers)", fontsize=FONT)
    lettered(rows[0])
    tidy(rows.ravel().tolist())
    return figure
