"""Parts that figures share: colours with a second cue, bands, legends, the map of a loss, agreement of many rules."""

from __future__ import annotations

import io
import os
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure, FigureBase
from matplotlib.ticker import FixedLocator, LogLocator, MaxNLocator, NullFormatter
from numpy.typing import ArrayLike, NDArray

from plasticity.errors import InputError
from plasticity.support.whole_file import whole_file

# Okabe & Ito's palette without black (for measurements) and yellow, the last two darker: contrast >= 3 on white
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#2A96CF", "#BE8300")
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (7, 2)))
MARKERS = ("s", "^", "D", "v", "P", "X")
FONT = 10  # pt
RESOLUTION = 200  # dots per inch, of figures that are saved as pixels
GREY = "0.35"
MEASURED: dict[str, Any] = {
    "fmt": "o",
    "color": "black",
    "markersize": 6,
    "capsize": 3,
    "linewidth": 1.2,
    "label": "measured ± standard error",
}
# from white to a grey blue whose luminance still leaves every colour of the palette legible
PALE = LinearSegmentedColormap.from_list("pale", ["#FFFFFF", "#DCE4EC", "#AFBECC"])
DECADES = 100.0  # ratio of the ends of a logarithmic axis below which powers of ten are too few labels
LEVELS = 12  # of the map
POINTS: dict[str, dict[str, Any]] = {
    "start": {"marker": "o", "markerfacecolor": "white", "markeredgecolor": "black", "markersize": 7},
    "optimum": {"marker": "+", "color": "black", "markersize": 10, "markeredgewidth": 1.6},
    "saddle": {"marker": "x", "color": "black", "markersize": 7, "markeredgewidth": 1.6},
    "rest": {"marker": "o", "color": "black", "markersize": 5},
}
ROW = 0.3  # inches of height per rule


def require_datasets(runs: Sequence[xr.Dataset], data: xr.Dataset | None) -> None:
    """Check the arguments of a figure.

    Raises
    ------
    InputError
        If one of them is no Dataset.
    """
    for dataset in (*runs, data):
        if not isinstance(dataset, xr.Dataset | None):
            raise InputError(
                f"runs and data to draw must be Datasets, one argument each as in draw(*runs), got {dataset!r:.80}"
            )


def require_scenario(scenario: str, runs: Sequence[xr.Dataset], data: xr.Dataset | None) -> None:
    """Check the arguments of a figure of one scenario.

    Raises
    ------
    InputError
        If there is no run, a run is of another scenario or no Dataset, or there are measurements.
    """
    require_datasets(runs, data)
    if not runs:
        raise InputError(f"there is nothing to draw; give a run of {scenario}")
    if data is not None:
        raise InputError(f"there are no measurements to draw with a run of {scenario}; give data=None")
    for run in runs:
        if run.attrs["scenario"] != scenario:
            raise InputError(f"{run.attrs['title']!r} is no run of {scenario}; draw it on its own")


def only_run(scenario: str, runs: Sequence[xr.Dataset], data: xr.Dataset | None) -> xr.Dataset:
    """Run that a figure of one run of a scenario draws.

    Raises
    ------
    InputError
        As `require_scenario`, or if there are several runs.
    """
    require_scenario(scenario, runs, data)
    if len(runs) != 1:
        raise InputError(f"the figure {scenario} draws one run, got {len(runs)}; draw them one by one")
    return runs[0]


def line_style(index: int) -> dict[str, Any]:
    """Colour, dashes and marker of the run number `index`."""
    return {
        "color": COLOURS[index % len(COLOURS)],
        "linestyle": DASHES[index % len(DASHES)],
        "marker": MARKERS[index % len(MARKERS)],
    }


def label(run: xr.Dataset) -> str:
    """Name of a run in a legend."""
    return plain(run.attrs.get("label") or run.attrs["rule"])


def plain(text: object) -> str:
    r"""Text that a figure shows as it is, not as a formula.

    Examples
    --------
    >>> print(plain("$x_{$"))
    \$x_{\$
    """
    return str(text).replace("$", r"\$")


def tidy(axes: Sequence[Axes]) -> None:
    """Remove lines that do not help reading; plain numbers on short logarithmic axes; font sizes for print."""
    for ax in axes:
        for axis, (low, high) in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
            _plain_numbers(axis, high / low if low > 0 else np.inf)
        ax.spines[["top", "right"]].set_visible(False)
        ax.tick_params(labelsize=FONT - 1)
        ax.xaxis.label.set_fontsize(FONT)
        ax.yaxis.label.set_fontsize(FONT)
        ax.title.set_fontsize(FONT)


def _plain_numbers(axis: Axis, ratio: float) -> None:
    """Label a logarithmic axis by plain numbers if the ratio of its ends shows too few powers of ten."""
    if axis.get_scale() != "log" or ratio > DECADES or isinstance(axis.get_major_locator(), FixedLocator):
        return
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if ratio > 10 else (1, 1.5, 2, 3, 5, 7), numticks=30))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def lettered(axes: Iterable[Axes]) -> None:
    """Label the panels a, b, c, … in their upper left corners."""
    for letter, ax in zip(ascii_lowercase, axes, strict=False):
        ax.set_title(letter, loc="left", fontweight="bold", fontsize=FONT + 1)


def legend_below(figure: Figure, ax: Axes, columns: int = 4, **options: Any) -> None:
    """One legend for all panels, of what `ax` shows, below them."""
    handles, labels = ax.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=columns, frameon=False, fontsize=FONT - 1, **options
    )


def headed(figure: Figure, runs: Sequence[xr.Dataset]) -> Figure:
    """The figure with the title of a run (if there is one alone) and the question of its scenario above the panels."""
    titles = [run.attrs["title"] for run in runs] if len(runs) == 1 else []
    reduced = [run for run in runs if "reduced" in run.attrs][:1] if len(runs) > 1 else []
    lines = [*titles, *dict.fromkeys(run.attrs.get("question", "") for run in runs), *("reduced run" for _ in reduced)]
    characters = int(figure.get_figwidth() * 72 / (0.55 * FONT))
    wrapped = [part for line in lines for part in textwrap.wrap(line, characters)]
    if wrapped:
        figure.set_figheight(figure.get_figheight() + 1.4 * FONT / 72 * len(wrapped))
        figure.suptitle(plain("\n".join(wrapped)), fontsize=FONT)
    return figure


def png(figure: Figure) -> bytes:
    """The figure as a PNG image."""
    return _image(figure, "png")


def save(figure: Figure, path: str | os.PathLike) -> None:
    """Write the figure, in the format that the name of the file ends in, complete or not at all.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    content = _image(figure, Path(path).suffix[1:])
    with whole_file(path) as file:
        file.write(content)


def _image(figure: Figure, format: str) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=format, dpi=RESOLUTION)
    return buffer.getvalue()


def mean_band(ax: Axes, x: ArrayLike, mean: NDArray, error: NDArray, style: dict[str, Any], **options: Any) -> None:
    """Draw a mean as a line and its standard error as a pale band."""
    ax.fill_between(x, mean - error, mean + error, color=style["color"], alpha=0.2, linewidth=0)
    ax.plot(x, mean, **style | options)


def draw_map(ax: Axes, run: xr.Dataset, top: float | None = None) -> QuadContourSet:
    """Draw the loss on its grid, from its lowest value to `top` (the rest is as dark as the top)."""
    loss = run.loss_map
    highest = float(loss.max())
    levels = MaxNLocator(LEVELS).tick_values(float(loss.min()), highest if top is None else top)
    extend = "max" if levels[-1] < highest else "neither"
    filled = ax.contourf(loss.grid_x, loss.grid_y, loss, levels=levels, cmap=PALE, extend=extend)
    ax.contour(loss.grid_x, loss.grid_y, loss, levels=levels, colors="white", linewidths=0.6, linestyles="solid")
    ax.set_aspect("equal")
    return filled


def colour_bar(
    figure: FigureBase, axes: Axes | Sequence[Axes], filled: QuadContourSet, shrink: float = 1.0, pad: float = 0.03
) -> None:
    """Scale of the map below its axes."""
    bar = figure.colorbar(filled, ax=axes, orientation="horizontal", aspect=40, pad=pad, shrink=shrink)
    bar.set_label("loss $L$ (dimensionless)", fontsize=FONT - 1)
    levels = np.asarray(filled.levels)
    bar.set_ticks(levels[:: 1 + len(levels) // 8].tolist())
    bar.ax.tick_params(labelsize=FONT - 2)


def mark(ax: Axes, points: NDArray, kind: str, label: str = "") -> None:
    """Mark points (k, 2) of the map as ``"start"``, ``"optimum"``, ``"saddle"`` or ``"rest"``."""
    ax.plot(*np.asarray(points).T, linestyle="none", zorder=5, label=label or "_", **POINTS[kind])


def evenly(path: NDArray, n: int, shift: float = 0.0) -> list[int]:
    """Indices of about `n` points of a path (n_times, 2) at even distances, moved on by a share of that distance."""
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    share = (np.arange(n) + 0.5 + shift) / n
    return sorted(set(np.searchsorted(length, length[-1] * share).tolist()))


def agreement(
    labels: Sequence[str], errors: Sequence[float], left_out: Sequence[float], derived: Sequence[bool]
) -> Figure:
    """Draw E of every rule: filled where fitted, open where left out of the fit.

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
            ax.plot(np.array(left_out)[mine], place[mine], label=f"{words}, left out", **style, markerfacecolor="none")
    ax.set_xscale("log")
    ax.set_yticks(place, [plain(text) for text in labels])
    ax.set_ylim(len(labels) - 0.5, -0.5)
    ax.grid(axis="y", color="0.92")
    ax.set_axisbelow(True)
    ax.set_xlabel("E, mean squared deviation in standard errors")
    tidy([ax])
    figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=FONT - 1)
    return figure
