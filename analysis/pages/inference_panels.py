"""Panels of an inference: prior and posterior, geometry, and the posterior predictive check."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase

from analysis.pages.figure_parts import COLOURS, DASHES, FONT, GREY, mark, tidy

COLUMNS = 3
SHOWN = 60  # ellipses of the posterior
NOTHING = 1e-6  # relative reach of a direction without control
TRIALS = 4  # whose paths are drawn with the replicated ones
WORDS = {"alias": "not identifiable", "open": "open: follows the prior"}
ARROW = {"arrowstyle": "->", "linewidth": 1.6}


def rows_of(run: xr.Dataset) -> int:
    """Rows of the panels of prior and posterior."""
    return -(-run.sizes["assumption"] // COLUMNS)


def draw_posterior(figure: FigureBase, run: xr.Dataset) -> None:
    """A panel per assumption: prior (grey) and posterior, with its 90 % interval, or an arrow where it is bounded."""
    axes = figure.subplots(rows_of(run), COLUMNS, squeeze=False).ravel()
    n = run.sizes["assumption"]
    for ax, i in zip(axes, range(n), strict=False):
        _density(ax, run.isel(assumption=i))
    for ax in axes[n:]:
        ax.remove()
    axes[0].legend(frameon=False, fontsize=FONT - 2)
    tidy(axes[:n].tolist())


def _density(ax: Axes, one: xr.Dataset) -> None:
    logarithmic, verdict = bool(one.logarithmic), str(one.verdict.values)
    prior, posterior = ((np.exp(x) if logarithmic else x) for x in (one.prior.values, one.posterior.values))
    spaced = np.geomspace if logarithmic else np.linspace
    low, high = np.quantile(prior, [0.005, 0.995])
    wide = spaced(min(low, posterior.min()), max(high, posterior.max()), 40)
    narrow = spaced(posterior.min(), posterior.max() * (1 + 1e-9), 25)
    colour = COLOURS[1] if verdict in WORDS else COLOURS[0]
    for values, edges, style, label in (
        (prior, wide, {"color": "0.8"}, "prior"),
        (posterior, narrow, {"color": colour, "alpha": 0.6}, "posterior"),
    ):
        counts, _ = np.histogram(values, edges)
        width = np.log(edges[1] / edges[0]) if logarithmic else edges[1] - edges[0]
        ax.stairs(counts / (values.size * width), edges, fill=True, label=label, **style)
    if logarithmic:
        ax.set_xscale("log")
    symbol, unit = str(one.symbol.values), str(one.unit.values)
    ax.set_title(f"{symbol}\n{_finding(ax, posterior, verdict, colour)}", fontsize=FONT)
    ax.set_xlabel("" if unit == "1" else unit.replace("**0.5", "^½"))
    ax.set_yticks([])


def _finding(ax: Axes, posterior: np.ndarray, verdict: str, colour: str) -> str:
    """Words of the verdict, and its lines in the panel."""
    low, middle, high = np.quantile(posterior, [0.05, 0.5, 0.95])
    if verdict in WORDS:
        return WORDS[verdict]
    edges = {"lower bound": (low,), "upper bound": (high,)}.get(verdict, (low, high))
    for edge in edges:
        ax.axvline(edge, color=colour, linewidth=1.1, linestyle="--")
    if verdict == "identified":
        return f"{middle:.3g} ({low:.3g} to {high:.3g})"
    toward = 1 if verdict == "lower bound" else -1
    ax.annotate(
        "", (edges[0], 0.93), (30 * toward, 0), xycoords=("data", "axes fraction"), textcoords="offset points",
        arrowprops=ARROW | {"arrowstyle": "<-", "color": colour},
    )  # fmt: skip
    return f"{'>' if toward == 1 else '<'} {edges[0]:.3g} (95 %)"


def draw_geometry(figure: FigureBase, run: xr.Dataset) -> None:
    """Cheap directions of change with the paths, the directions of control, and the drift or the learner's motion."""
    if run.sizes["parameter"] == 1:
        ax = figure.subplots()
        ax.plot(run.time, run.paths.isel(parameter=0).T, color=COLOURS[0], alpha=0.5, linewidth=0.9)
        ax.set_xlabel("time (s)")
        ax.set_ylabel("weight")
        tidy([ax])
        return
    axes = figure.subplots(1, 3)
    pair = run.isel(parameter=slice(2), other_parameter=slice(2))
    _ellipses(axes[0], pair)
    _controls(axes[1], pair)
    _field(axes[2], pair)
    for ax, adjustable in zip(axes, ("datalim", "box", "box"), strict=True):
        ax.set_aspect("equal", adjustable=adjustable)
        ax.set_xlabel("weight 1")
    axes[0].set_ylabel("weight 2")
    tidy(axes.tolist())


def _outline(matrix: np.ndarray, size: float) -> np.ndarray:
    """Ellipse (2, n_points) whose squared radii are the eigenvalues of a matrix, times `size`."""
    values, vectors = np.linalg.eigh(matrix)
    angle = np.linspace(0, 2 * np.pi, 120)
    return size * (vectors * np.sqrt(np.maximum(values, 0.0))) @ np.stack([np.cos(angle), np.sin(angle)])


def _extent(pair: xr.Dataset) -> tuple[np.ndarray, float]:
    """Centre of the paths' ends and half of their range."""
    paths = pair.paths.values
    return paths[:, -1].mean(axis=0), 0.5 * float(np.ptp(paths, axis=(0, 1)).max())


def _ellipses(ax: Axes, pair: xr.Dataset) -> None:
    centre, half = _extent(pair)
    draws = pair.inverse_metric_draw.values
    size = 0.6 * half / np.sqrt(np.linalg.eigvalsh(pair.inverse_metric.values)[-1])
    for path in pair.paths.values:
        ax.plot(*path.T, color=GREY, alpha=0.6, linewidth=0.8)
    for matrix in draws[:: max(1, len(draws) // SHOWN)]:
        ax.plot(*(centre[:, None] + _outline(matrix, size)), color=COLOURS[2], linewidth=0.6, alpha=0.25)
    ax.plot(*(centre[:, None] + _outline(pair.inverse_metric.values, size)), color="black", linewidth=1.4)
    mark(ax, pair.optimum.values[None], "optimum")
    ax.set_title("paths (grey) and ellipses of\nηk BG⁻¹Bᵀ: long where change is cheap", fontsize=FONT)


def _controls(ax: Axes, pair: xr.Dataset) -> None:
    """Principal directions of control, as long as the speed that a unit of effort buys, over the longest."""
    values, vectors = np.linalg.eigh(pair.inverse_metric.values)
    lengths = np.sqrt(np.maximum(values, 0.0) / values[-1])
    for i, (length, direction) in enumerate(zip(lengths[::-1], vectors.T[::-1], strict=True)):
        if length < NOTHING:
            continue
        ends = np.outer([-length, length], direction)
        label = f"{length:.3g}"
        ax.plot(*ends.T, color=COLOURS[i], linestyle=DASHES[i], linewidth=2, marker="o", markersize=3, label=label)
    ax.set_xlim(-1.1, 1.1)
    ax.set_ylim(-1.1, 1.1)
    ax.legend(frameon=False, fontsize=FONT - 2, title="relative reach", title_fontsize=FONT - 2)
    ax.set_title("directions of control", fontsize=FONT)


def _field(ax: Axes, pair: xr.Dataset) -> None:
    """Drift without control; where there is none, the learner's motion about its rest on the first task."""
    drift = pair.drift.values
    half = _extent(pair)[1]
    grid = np.linspace(-1.2 * half, 1.2 * half, 21)
    x, y = np.meshgrid(grid, grid)
    slope, colour, title = pair.closed_loop.values, COLOURS[0], "no drift among these assumptions;\nmotion on the loss"
    where = pair.optimum.values
    if np.any(drift):
        slope, colour, where = drift, COLOURS[1], np.zeros(2)
        title = "drift f(θ): what moves without control"
    u, v = np.einsum("ij,jkl->ikl", slope, np.stack([x, y]))
    ax.streamplot(grid + where[0], grid + where[1], u, v, color=colour, density=0.7, linewidth=0.9, arrowsize=0.9)
    ax.set_title(title, fontsize=FONT)


def draw_predictive(figure: FigureBase, run: xr.Dataset) -> None:
    """Paths of some trials in the 90 % band of replicated ones, and statistics of innovations of both."""
    n_parameters = min(run.sizes["parameter"], 2)
    axes = figure.subplots(1, n_parameters + run.sizes["check"])
    for parameter, ax in enumerate(axes[:n_parameters]):
        one = run.isel(parameter=parameter)
        for i in range(min(TRIALS, run.sizes["trial"])):
            low, middle, high = one.band.isel(trial=i).values.T
            ax.fill_between(run.time, low, high, color=COLOURS[i], alpha=0.25, linewidth=0)
            ax.plot(run.time, middle, color=COLOURS[i], linewidth=0.9)
            ax.plot(run.time, one.paths.isel(trial=i), ".", color=COLOURS[i], markersize=3)
        ax.set_xlabel("time (s)")
        ax.set_title(f"weight {parameter + 1}", fontsize=FONT)
    for ax, name in zip(axes[n_parameters:], run.check.values, strict=True):
        observed, replicated = run.observed.sel(check=name).values, run.replicated.sel(check=name).values
        both = np.concatenate([observed, replicated])
        ax.plot(replicated, observed, ".", color=COLOURS[0], markersize=3)
        ax.plot([both.min(), both.max()], [both.min(), both.max()], color=GREY, linewidth=1)
        ax.set_xlabel("replicated")
        ax.set_title(f"{name}: p = {np.mean(replicated >= observed):.2g}", fontsize=FONT)
    axes[n_parameters].set_ylabel("measured")
    tidy(axes.tolist())
