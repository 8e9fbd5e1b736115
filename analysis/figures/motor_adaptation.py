"""Motor adaptation: reaches and models, their misfits, and the horizons of simulated people."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.pages.figure_parts import COLOURS, FONT, GREY, lettered, require_scenario, tidy

__all__ = ["motor_adaptation"]


def motor_adaptation(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw each run in a row: reaches with three models, misfits of all, and true and estimated γ + R."""
    require_scenario("motor_adaptation", runs, data)
    figure = Figure(figsize=(12.5, 3.9 * len(runs)), layout="constrained")
    rows = figure.subplots(len(runs), 3, squeeze=False, width_ratios=(1.7, 1.3, 1.0))
    for run, (reaches, misfits, people) in zip(runs, rows, strict=True):
        _reaches(reaches, run)
        _misfits(misfits, run)
        _people(people, run)
    lettered(rows[0])
    tidy(rows.ravel().tolist())
    return figure


def _reaches(ax: Axes, run: xr.Dataset) -> None:
    ax.plot(run.trial, run.observed, "o", color=GREY, markersize=3, label="median of 17 people")
    shown = [m for m in ("one state", "two states") if m in run.model.values]
    shown.append(next(str(m) for m in run.model.values if str(m).startswith("derived")))
    for i, (name, line) in enumerate(zip(shown, (":", "-", "--"), strict=True)):
        ax.plot(run.trial, run.prediction.sel(model=name), line, color=COLOURS[i], label=name)
    ax.set_xlabel("trial")
    ax.set_ylabel("change of the reach (deg)")
    ax.legend(frameon=False, fontsize=FONT - 2, loc="lower left")


def _misfits(ax: Axes, run: xr.Dataset) -> None:
    names = [f"{m} ({int(n)})" for m, n in zip(run.model.values, run.n_free.values, strict=True)]
    ax.barh(np.arange(len(names)), run.misfit, color=COLOURS[1])
    for i, value in enumerate(run.misfit.values):
        ax.text(value, i, f" {value:.3f}", va="center", fontsize=FONT - 2)
    ax.set_yticks(np.arange(len(names)), names, fontsize=FONT - 2)
    ax.invert_yaxis()
    ax.set_xlim(0, 1.2 * float(run.misfit.max()))
    ax.set_xlabel("mean squared error (deg$^2$)")
    ax.set_title("models (fitted numbers)", fontsize=FONT)


def _people(ax: Axes, run: xr.Dataset) -> None:
    """γ + R of people whose last trials had no feedback; open symbols are flagged."""
    one = run.sel(end="no feedback", number="γ + R")
    truth, estimate, error = one.true_value.values, one.estimate.values, one.log_error.values
    flagged = ~(error < 1)
    ends = np.array([truth.min() / 1.3, truth.max() * 1.3])
    ax.plot(ends, ends, color=GREY, linewidth=1)
    for which, face in ((~flagged, COLOURS[2]), (flagged, "none")):
        width = np.exp(np.where(np.isfinite(error), np.minimum(error, 3.0), 3.0))[which]
        y = estimate[which]
        words = "flagged" if face == "none" else "estimate ± s.e."
        spread = np.stack([y - y / width, y * width - y])
        if which.any():
            ax.errorbar(truth[which], y, spread, fmt="o", mfc=face, color=COLOURS[2], markersize=4, label=words)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel("true γ + R (per trial)")
    ax.set_ylabel("estimated γ + R (per trial)")
    total = run.sizes["person"]
    clamped = int(run.flagged.sel(end="clamped errors", number="γ + R"))
    ax.set_title(f"flagged: {int(one.flagged)} of {total},\nin clamps {clamped} of {total}", fontsize=FONT)
    ax.legend(frameon=False, fontsize=FONT - 2)
