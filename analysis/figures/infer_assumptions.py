"""Inferred assumptions: discount of simulated learners against its posterior, by experiment, and the coverage."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from analysis.pages.figure_parts import COLOURS, FONT, GREY, require_scenario, tidy

__all__ = ["infer_assumptions"]


def infer_assumptions(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw each run in a row: true and inferred discounts with 90 % intervals; the last panel is the coverage.

    The title of a panel has the mean width of the posterior over that of the prior.
    """
    require_scenario("infer_assumptions", runs, data)
    n = runs[0].sizes["experiment"]
    figure = Figure(figsize=(2.5 * (n + 1), 2.9 * len(runs)), layout="constrained")
    rows = figure.subplots(len(runs), n + 1, squeeze=False)
    for run, axes in zip(runs, rows, strict=True):
        for i, ax in enumerate(axes[:-1]):
            one = run.isel(experiment=i)
            every = np.concatenate([one.low.values, one.high.values, one.discount.values])
            ends = [every.min(), every.max()]
            ax.plot(ends, ends, color=GREY, linewidth=1)
            error = np.abs(np.stack([one["median"] - one.low, one.high - one["median"]]))
            ax.errorbar(one.discount, one["median"], error, fmt="o", color=COLOURS[i % 6], markersize=4, linewidth=0.9)
            ax.set_xscale("log")
            ax.set_yscale("log")
            words = "alias" if int(one.aliased) else f"width {float(one.posterior_sd.mean()):.2f} of the prior"
            ax.set_title(f"{one.experiment.values!s}\n{words}", fontsize=FONT)
            ax.set_xlabel("true discount (s$^{-1}$)")
        widest, n_learners = max(run.share.values), run.sizes["learner"]
        bars = f"bars: {100 * widest:g} % intervals,\n{n_learners} learners"
        axes[0].set_ylabel(f"inferred discount (s$^{{-1}}$)\n{bars}")
        for i, share in enumerate(run.share.values):
            axes[-1].axhline(share, color=GREY, linewidth=1, linestyle=":")
            axes[-1].plot(run.coverage.isel(share=i), "os"[i % 2], color="black", label=f"{100 * share:g} % intervals")
        axes[-1].set_ylim(0, 1.05)
        axes[-1].set_xticks(range(n), [str(i + 1) for i in range(n)])
        axes[-1].set_xlabel("experiment")
        axes[-1].set_ylabel("intervals that cover the truth")
        axes[-1].legend(frameon=False, fontsize=FONT - 2, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    tidy(rows.ravel().tolist())
    return figure
