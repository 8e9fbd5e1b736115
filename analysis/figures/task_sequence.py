"""A sequence of tasks: accuracy task by task, and its mean for every learner."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from analysis.measures import mean_and_error
from analysis.pages.figure_parts import COLOURS, DASHES, FONT, GREY, lettered, require_scenario, tidy

__all__ = ["task_sequence"]


def task_sequence(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw each run in a row: accuracy by task for permuted pixels and labels, and means over tasks after the first."""
    require_scenario("task_sequence", runs, data)
    figure = Figure(figsize=(13.0, 3.9 * len(runs)), layout="constrained")
    rows = figure.subplots(len(runs), 3, squeeze=False, width_ratios=(1, 1, 1.3))
    for run, (*curves, means) in zip(runs, rows, strict=True):
        shown = [name for name in run.rule.values if "×" not in name or name.endswith("× 0")]
        for ax, kind in zip(curves, run.permuted.values, strict=True):
            for i, name in enumerate(shown):
                one = run.accuracy.sel(permuted=kind, rule=name).mean("trial")
                ax.plot(run.task, one, linestyle=DASHES[i], color=COLOURS[i], label=str(name))
            ax.set_title(f"{kind} permuted", fontsize=FONT)
            ax.set_xlabel("task")
            ax.set_ylabel("accuracy before learning")
            ax.set_ylim(0, 1)
        curves[1].legend(frameon=False, fontsize=FONT - 3, loc="upper left")
        by_trial = run.accuracy.sel(task=run.task[1:]).mean("task")
        places = np.arange(run.sizes["rule"])
        for j, kind in enumerate(run.permuted.values):
            mean, error = mean_and_error(by_trial.sel(permuted=kind).transpose("trial", "rule").values)
            means.barh(places + 0.4 * j - 0.2, mean, 0.38, xerr=error, color=COLOURS[j], ecolor=GREY, label=f"{kind}")
        means.set_yticks(places, run.rule.values, fontsize=FONT - 2)
        means.invert_yaxis()
        means.set_xlabel(f"mean after the first task ± s.e., {run.sizes['trial']} trials")
        means.legend(frameon=False, fontsize=FONT - 2, title="permuted")
    lettered(rows[0])
    tidy(rows.ravel().tolist())
    return figure
