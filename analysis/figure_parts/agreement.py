"""Agreement of all rules with one data set, for the table of rules: E, fitted and left out, by rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from analysis.figure_parts.style import COLOURS, FONT, tidy

__all__ = ["agreement"]

ROW = 0.3  # inches of height per rule


def agreement(
    labels: Sequence[str], errors: Sequence[float], unseen: Sequence[float], derived: Sequence[bool]
) -> Figure:
    """Draw E of every rule: filled where fitted, open where predicted without having seen the data.

    Derived rules are blue diamonds, rules written by hand orange circles; the dotted line is E = 1.
    """
    figure = Figure(figsize=(7.2, 1.3 + ROW * len(labels)), layout="constrained")
    ax = figure.subplots()
    ax.axvline(1, color="0.5", linestyle=":", linewidth=1)
    place = np.arange(len(labels))
    for group, colour, marker, words in (
        (True, COLOURS[0], "D", "derived"),
        (False, COLOURS[1], "o", "written by hand"),
    ):
        mine = np.array(derived) == group
        if mine.any():
            style: dict[str, Any] = {"color": colour, "marker": marker, "linestyle": "none", "markersize": 7}
            ax.plot(np.array(errors)[mine], place[mine], label=f"{words}, fitted", **style)
            ax.plot(np.array(unseen)[mine], place[mine], label=f"{words}, left out", **style, markerfacecolor="none")
    ax.set_xscale("log")
    ax.set_yticks(place, labels)
    ax.set_ylim(len(labels) - 0.5, -0.5)
    ax.grid(axis="y", color="0.92")
    ax.set_axisbelow(True)
    ax.set_xlabel("E = mean squared deviation in standard errors (logarithmic)")
    tidy([ax])
    figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=FONT - 1)
    return figure
