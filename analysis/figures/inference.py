"""Inferred assumptions: posterior over prior of each, the inferred geometry, and the predictive check."""

from __future__ import annotations

import xarray as xr
from matplotlib.figure import Figure

from analysis.pages.figure_parts import COLOURS, FONT, only_run
from analysis.pages.inference_panels import draw_geometry, draw_posterior, draw_predictive, rows_of

__all__ = ["inference"]

WIDTH, ROW = 11.0, 2.4  # inches


def inference(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw one inference: prior and posterior of every assumption, the geometry, and the predictive check.

    Dashed lines are the 5 % and 95 % quantiles; where the data bound an assumption on one side only there is one, with
    an arrow. Orange is what the data leave open or cannot show.
    """
    run = only_run("inference", runs, data)
    heights = [ROW * rows_of(run), 1.6 * ROW, 1.1 * ROW]
    figure = Figure(figsize=(WIDTH, sum(heights)), layout="constrained")
    parts = figure.subfigures(3, 1, height_ratios=heights, squeeze=False)
    for part, draw in zip(parts[:, 0], (draw_posterior, draw_geometry, draw_predictive), strict=True):
        draw(part, run)
    if run.attrs["rejected"]:
        text = "rejected: these data are of no optimal learner of this family"
        figure.suptitle(text, fontsize=FONT, color=COLOURS[1])
    return figure
