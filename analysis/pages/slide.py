"""One panel of a figure in the size of a slide, with its title, legend and colour bar."""

from __future__ import annotations

import io
import os
import textwrap
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from analysis.pages.figure_parts import FONT
from plasticity.errors import InputError
from plasticity.support.whole_file import whole_file

__all__ = ["SLIDE", "panel_alone", "save_panel"]

SLIDE = (1920, 1080)  # pixels, 16 : 9
MARGIN = 0.08  # inches around the panel


def panel_alone(figure: Figure, panel: int) -> Bbox:
    """Hide all but one panel of the figure, and return the box [inches] that holds it.

    Its legend is that of the figure, its title that of the figure.

    Parameters
    ----------
    figure : Figure
    panel : int
        From 1, in the order of the letters.

    Raises
    ------
    InputError
        If there is no such panel.
    """
    panels = [ax for ax in figure.axes if ax.axison and not hasattr(ax, "_colorbar")]
    if not 1 <= panel <= len(panels):
        raise InputError(f"--panel must be one of 1 to {len(panels)}, the panels of this figure, got {panel}")
    ax = panels[panel - 1]
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # what is added lies outside the axes and leaves them as they are
    _label_shared(ax)
    _legend_beside(ax, figure)
    shown = {ax, *(mapped.colorbar.ax for mapped in (*ax.collections, *ax.images) if mapped.colorbar is not None)}
    for other in figure.axes:
        other.set_visible(other in shown)
    parts = [figure, *figure.subfigs]
    words = "\n".join(filter(None, (part.get_suptitle() for part in parts)))
    for part in parts:
        part.suptitle("")
        for legend in part.legends:
            legend.set_visible(False)
    _retitle(ax, words)
    figure.draw_without_rendering()
    box = Bbox.union([tight for part in shown if (tight := part.get_tightbbox()) is not None])
    return box.transformed(figure.dpi_scale_trans.inverted()).padded(MARGIN)


def save_panel(figure: Figure, panel: int, path: str | os.PathLike) -> None:
    """Write one panel of the figure, as large as fits a slide, complete or not at all.

    Raises
    ------
    InputError
        If there is no such panel, or the file cannot be written.
    """
    box = panel_alone(figure, panel)
    buffer = io.BytesIO()
    dpi = min(SLIDE[0] / box.width, SLIDE[1] / box.height)
    figure.savefig(buffer, format=Path(path).suffix[1:], dpi=dpi, bbox_inches=box)
    with whole_file(path) as file:
        file.write(buffer.getvalue())


def _label_shared(ax: Axes) -> None:
    """Label the axes that are labelled on another panel, which shares them."""
    for other in ax.get_shared_x_axes().get_siblings(ax):
        ax.set_xlabel(ax.get_xlabel() or other.get_xlabel(), fontsize=FONT)
    for other in ax.get_shared_y_axes().get_siblings(ax):
        ax.set_ylabel(ax.get_ylabel() or other.get_ylabel(), fontsize=FONT)
    ax.tick_params(labelbottom=True, labelleft=True)


def _legend_beside(ax: Axes, figure: Figure) -> None:
    """Legend on the right of the axes: their own entries, or those of the figure if they have none."""
    if ax.get_legend() is not None:
        return
    handles, labels = ax.get_legend_handles_labels()
    parts = [figure, *figure.subfigs]
    legends = [*(legend for part in parts for legend in part.legends), *(other.get_legend() for other in figure.axes)]
    if not handles and (legend := next(filter(None, legends), None)):
        handles, labels = (
            [h for h in legend.legend_handles if h is not None],
            [text.get_text() for text in legend.get_texts()],
        )
    if len(labels) > 1:
        ax.legend(handles, labels, loc="upper left", bbox_to_anchor=(1.02, 1), frameon=False, fontsize=FONT - 1)


def _retitle(ax: Axes, words: str) -> None:
    """Title and question of the figure above the axes, in lines as long as these are wide, then their own title."""
    title, _, question = words.partition("\n")
    own = [ax.get_title(place) for place in ("center", "right")]
    for place in ("left", "right"):
        ax.set_title("", loc=place)
    width = int(ax.get_window_extent().width / ax.figure.dpi * 72 / (0.55 * FONT))
    texts = [title, question.replace("\n", " "), *own]
    lines = [line for text in texts for line in (textwrap.wrap(text, max(width, 20)) if "$" not in text else [text])]
    ax.set_title("\n".join(lines), fontsize=FONT)
