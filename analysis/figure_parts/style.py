"""Look of all figures: colours that colour-blind readers tell apart, and a second cue beside each colour."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from string import ascii_lowercase
from typing import Any

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe & Ito's palette without black (kept for measurements) and yellow (too pale on white)
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (7, 2)))
MARKERS = ("s", "^", "D", "v", "P", "X")
FONT = 10  # pt
RESOLUTION = 200  # dots per inch, of figures that are saved as pixels


def look(index: int) -> dict[str, Any]:
    """Colour, line style and marker of the run number `index`."""
    return {
        "color": COLOURS[index % len(COLOURS)],
        "linestyle": DASHES[index % len(DASHES)],
        "marker": MARKERS[index % len(MARKERS)],
    }


def label(run: xr.Dataset) -> str:
    """Name of a run in a legend."""
    return str(run.attrs.get("label") or run.attrs["rule"])


def tidy(axes: Sequence[Axes]) -> None:
    """Leave only the lines that help reading, at a size for print."""
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
        ax.tick_params(labelsize=FONT - 1)
        ax.xaxis.label.set_fontsize(FONT)
        ax.yaxis.label.set_fontsize(FONT)
        ax.title.set_fontsize(FONT)


def lettered(axes: Iterable[Axes]) -> None:
    """Name the panels a, b, c, … in their upper left corners."""
    for letter, ax in zip(ascii_lowercase, axes, strict=False):
        ax.set_title(letter, loc="left", fontweight="bold", fontsize=FONT + 1)


def legend_below(figure: Figure, ax: Axes, columns: int = 4, **options: Any) -> None:
    """One legend for all panels, of what `ax` shows, below them."""
    handles, labels = ax.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=columns, frameon=False, fontsize=FONT - 1, **options
    )


def png(figure: Figure) -> bytes:
    """The figure as a PNG image."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=RESOLUTION)
    return buffer.getvalue()
