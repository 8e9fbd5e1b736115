"""Inferred assumptions: posterior over prior of each, the inferred geometry, and the innovations."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.pages.figure_parts import COLOURS, FONT, GREY, require_scenario, tidy
from plasticity.errors import InputError

__all__ = ["inference"]

COLUMNS = 4
WORDS = {"alias": "not identifiable", "open": "open: follows the prior"}


def inference(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw one inference: a panel per assumption with prior (grey) and posterior (blue), the geometry, the innovations.

    Vertical lines are the 5 % and 95 % quantiles. The geometry shows the paths, contours of the first loss, and the
    ellipse of cheap directions ηk BG⁻¹Bᵀ, in the first two weights.
    """
    require_scenario("inference", runs, data)
    if len(runs) != 1:
        raise InputError(f"the figure of an inference draws one, got {len(runs)}")
    run = runs[0]
    n = run.sizes["assumption"]
    n_rows = -(-(n + 2) // COLUMNS)
    figure = Figure(figsize=(3.0 * COLUMNS, 2.6 * n_rows), layout="constrained")
    axes = figure.subplots(n_rows, COLUMNS, squeeze=False).ravel()
    for i, ax in enumerate(axes[:n]):
        _density(ax, run.isel(assumption=i))
    _geometry(axes[n], run)
    _innovations(axes[n + 1], run)
    for ax in axes[n + 2 :]:
        ax.remove()
    tidy(axes[: n + 2].tolist())
    title = "rejected: these data are of no optimal learner of this family" if run.attrs["rejected"] else ""
    figure.suptitle(title, fontsize=FONT, color=COLOURS[1])
    return figure


def _density(ax: Axes, one: xr.Dataset) -> None:
    """Histograms of prior and posterior draws, on the scale of natural logarithms where the assumption is positive."""
    prior, posterior = one.prior.values, one.posterior.values
    low, high = np.quantile(prior, [0.005, 0.995])
    low, high = min(low, posterior.min()), max(high, posterior.max())
    ax.hist(prior, np.linspace(low, high, 40).tolist(), density=True, color="0.8")
    known = str(one.verdict.values)
    colour = COLOURS[1] if known in WORDS else COLOURS[0]
    ax.hist(posterior, 40, density=True, histtype="stepfilled", color=colour, alpha=0.6)
    for edge in np.quantile(posterior, [0.05, 0.95]):
        ax.axvline(edge, color=colour, linewidth=1, linestyle="--")
    name = str(one.assumption.values).replace("_", " ")
    ax.set_title(f"{name}\n{WORDS.get(known, known)}", fontsize=FONT)
    ax.set_xlabel("ln" if int(one.logarithmic) else "value")
    ax.set_yticks([])


def _geometry(ax: Axes, run: xr.Dataset) -> None:
    if run.sizes["parameter"] == 1:
        ax.plot(run.time, run.paths.isel(parameter=0).T, color=COLOURS[0], alpha=0.5, linewidth=0.9)
        ax.set_xlabel("time (s)")
        ax.set_ylabel("weight")
        return
    pair = run.isel(parameter=slice(2), other_parameter=slice(2))
    paths = pair.paths.values
    for path in paths:
        ax.plot(*path.T, color=GREY, alpha=0.6, linewidth=0.8)
    centre, half = paths[:, -1].mean(axis=0), 0.3 * float(np.ptp(paths, axis=(0, 1)).max())
    values, vectors = np.linalg.eigh(pair.inverse_metric.values)
    angle = np.linspace(0, 2 * np.pi, 200)
    radius = half * np.sqrt(np.maximum(values, 0.0) / values.max())
    x, y = (vectors * radius) @ np.stack([np.cos(angle), np.sin(angle)])
    ax.plot(centre[0] + x, centre[1] + y, color=COLOURS[2])
    ax.set_aspect("equal", adjustable="datalim")
    ax.set_title("paths, and cheap directions (green)", fontsize=FONT)
    ax.set_xlabel("weight 1")
    ax.set_ylabel("weight 2")


def _innovations(ax: Axes, run: xr.Dataset) -> None:
    """Standardised innovations against those of the interval before: a cloud without direction if the learner fits."""
    z = run.innovation.values
    ax.plot(z[:, :-1].ravel(), z[:, 1:].ravel(), ".", color=COLOURS[0], markersize=3, alpha=0.5)
    ax.set_xlabel("innovation before (sd)")
    ax.set_ylabel("innovation (sd)")
    ax.set_title("predictive check", fontsize=FONT)
