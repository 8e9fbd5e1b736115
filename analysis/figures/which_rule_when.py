"""Maps of the rule of least excess cost: colour and letter per rule, excess over the exact learner in per cent."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from analysis.pages.figure_parts import COLOURS, FONT, require_scenario

__all__ = ["which_rule_when"]

PALETTE = (*COLOURS, "0.6", "#F0E442", "#7A5195")
CELL = 0.62  # inches
PERCENT = 100.0


def which_rule_when(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw a block of maps per run and tuning, noise by horizon, one map per condition number and hazard."""
    require_scenario("which_rule_when", runs, data)
    sizes = runs[0].sizes
    n_rows, n_columns = sizes["hazard"], sizes["condition"]
    width = max(9.0, 2 * (n_columns * CELL * sizes["horizon"] + 1.2))
    height = n_rows * (CELL * sizes["noise"] + 0.45) + 1.0
    figure = Figure(figsize=(width, (height + 0.4) * len(runs) + 0.7), layout="constrained")
    blocks = np.atleast_2d(np.array(figure.subfigures(len(runs), 2, squeeze=False)))
    for run, pair in zip(runs, blocks, strict=True):
        for tuning, block in zip(run.tuning.values, pair, strict=True):
            words = {"untuned": "numbers set from the assumptions", "tuned": "step tuned in each cell"}
            block.suptitle(words[str(tuning)], fontsize=FONT + 1)
            axes = block.subplots(run.sizes["hazard"], run.sizes["condition"], squeeze=False, sharex=True, sharey=True)
            for row, column in np.ndindex(axes.shape):
                _map(axes[row, column], run.sel(tuning=tuning).isel(hazard=row, condition=column))
            for ax in axes[-1]:
                ax.set_xlabel("horizon (s)")
            for ax in axes[:, 0]:
                ax.set_ylabel(r"noise (s$^{1/2}$)")
    used = np.unique(np.concatenate([run.best_rule.values.ravel() for run in runs]))
    handles = [Patch(color=PALETTE[i], label=f"{_letter(i)}  {runs[0].rule_title.values[i]}") for i in used]
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=4,
        frameon=False,
        fontsize=FONT - 1,
        title="rule of least excess; number: its excess in % of the cost of the exact learner",
        title_fontsize=FONT - 1,
    )
    return figure


def _letter(index: int) -> str:
    return chr(ord("A") + int(index))


def _map(ax: Axes, part: xr.Dataset) -> None:
    best = part.best_rule.transpose("noise", "horizon").values
    relative = PERCENT * (part.excess / part.best_cost).transpose("noise", "horizon", "rule").values
    ax.imshow(best, cmap=ListedColormap(list(PALETTE)), vmin=-0.5, vmax=len(PALETTE) - 0.5, origin="lower", alpha=0.75)
    for row, column in np.ndindex(best.shape):
        rule = best[row, column]
        text = f"{_letter(rule)}\n{relative[row, column, rule]:.2g}"
        ax.text(column, row, text, ha="center", va="center", fontsize=FONT - 2, linespacing=1.0)
    for axis, name in ((ax.xaxis, "horizon"), (ax.yaxis, "noise")):
        axis.set_ticks(range(part.sizes[name]), [f"{value:g}" for value in part[name].values])
    ax.tick_params(length=0, labelsize=FONT - 2)
    ax.set_title(f"κ = {float(part.condition):g}, λ = {float(part.hazard):g}/s", fontsize=FONT - 1)
