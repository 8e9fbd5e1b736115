"""Assumptions of a rule near its rest point: its motion, the set that makes it optimal, and what would decide."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.pages.figure_parts import COLOURS, DASHES, FONT, GREY, line_style, plain, require_scenario, tidy
from plasticity.errors import InputError

__all__ = ["assumptions", "draw_ellipse", "draw_flow"]

ELLIPSES = 3  # discounts whose metric is drawn
WIDTH = 3.6  # inches of a panel
CHARACTERS = 48  # of the verdict, per panel


def assumptions(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw each rule in a row, along its first two parameters.

    The first panel is the motion about the rest point on contours of the loss. Where a metric makes the rule optimal,
    ellipses of the inverse metric show for several discounts the directions in which change is cheap; where a drift
    must help, there are the least drift and its size against the discount; where the rule rests short of the optimum,
    the decay and the hazard that explain it; with momentum, the discount against the passive friction.
    """
    require_scenario("assumptions", runs, data)
    if any(run.sizes["parameter"] < 2 for run in runs):
        raise InputError("the figure of assumptions needs two parameters or more; with one, print the verdict")
    panels = [(_motion, *PANELS[run.attrs["kind"]]) for run in runs]
    columns = max(map(len, panels))
    figure = Figure(figsize=(WIDTH * columns, 4.2 * len(runs)), layout="constrained")
    rows = figure.subplots(len(runs), columns, squeeze=False)
    for run, axes, row in zip(runs, rows, panels, strict=True):
        for ax, panel in zip(axes, row, strict=False):
            panel(ax, run)
        for ax in axes[len(row) :]:
            ax.remove()
        tidy(axes[: len(row)].tolist())
    if len(runs) == 1:
        lines = [textwrap.wrap(line, int(columns * CHARACTERS)) for line in runs[0].attrs["verdict"].splitlines()]
        figure.supxlabel(plain("\n".join(part for line in lines for part in line)), fontsize=FONT - 1)
    return figure


def draw_ellipse(ax: Axes, matrix: np.ndarray, label: str, colour: str, dashes: object = "-", **style: object) -> None:
    """Draw ``θᵀM⁻¹θ = const`` of a matrix M (2, 2) ⪰ 0, scaled to a mean squared radius of 1."""
    values, vectors = np.linalg.eigh(matrix)
    angle = np.linspace(0, 2 * np.pi, 200)
    radius = np.sqrt(np.maximum(values, 0.0) / values.sum() * 2)
    x, y = (vectors * radius) @ np.stack([np.cos(angle), np.sin(angle)])
    ax.plot(x, y, color=colour, linestyle=dashes, label=label, **style)  # type: ignore[arg-type]


def draw_flow(ax: Axes, slope: np.ndarray, colour: str) -> None:
    """Stream lines of ė = Ae on the square of half width 1."""
    grid = np.linspace(-1, 1, 21)
    x, y = np.meshgrid(grid, grid)
    u, v = np.einsum("ij,jkl->ikl", slope, np.stack([x, y]))
    ax.streamplot(grid, grid, u, v, color=colour, density=0.7, linewidth=0.9, arrowsize=0.9)


def _motion(ax: Axes, run: xr.Dataset) -> None:
    """Velocity about the rest point, or with momentum the paths from rest, on contours of the loss."""
    pair = run.isel(parameter=slice(2), other_parameter=slice(2))
    grid = np.linspace(-1, 1, 61)
    x, y = np.meshgrid(grid, grid)
    loss = 0.5 * np.einsum("ikl,ij,jkl->kl", np.stack([x, y]), pair.hessian.values, np.stack([x, y]))
    ax.contour(x, y, loss, levels=8, colors="0.8", linewidths=0.8)
    if run.attrs["kind"] == "momentum":
        for start in ([0.9, 0.9], [-0.9, 0.4]):
            ax.plot(*_coasting(pair, np.array(start)).T, color=COLOURS[0], linewidth=1.1)
            ax.plot(*start, "o", color="black", markerfacecolor="white", markersize=5)
    else:
        draw_flow(ax, -pair.slope.values, COLOURS[0])
    _squared(ax, f"{plain(run.attrs['rule'])}: {run.attrs['kind']}", " − rest")


def _coasting(pair: xr.Dataset, start: np.ndarray) -> np.ndarray:
    """Path (n_times, 2) of ë = −Ke − Cė from rest."""
    from scipy.linalg import expm

    nothing, one = np.zeros((2, 2)), np.eye(2)
    motion = np.block([[nothing, one], [-pair.slope.values, -pair.damping.values]])
    slowest = -np.linalg.eigvals(motion).real.max()
    step = expm(motion * 6.0 / slowest / 400)
    path = [np.append(start, [0.0, 0.0])]
    for _ in range(400):
        path.append(step @ path[-1])
    return np.array(path)[:, :2]


def _metrics(ax: Axes, run: xr.Dataset) -> None:
    """Ellipses of the inverse metric at low, middle and high discount, of equal area."""
    inverse = run.inverse_metric.values[:, :2, :2]
    usable = np.flatnonzero([np.all(np.isfinite(one)) and np.any(one) for one in inverse])
    shown = usable[np.unique(np.linspace(0, usable.size - 1, ELLIPSES).round().astype(int))] if usable.size else []
    for i, level in enumerate(shown):
        label = f"γ = {run.discount.values[level]:.3g} /s"
        draw_ellipse(ax, inverse[level], label, COLOURS[i % 6], DASHES[i % 6])
    _squared(ax, "cheap directions of change,\nby the discount", "")
    if usable.size:
        _legend(ax)
    else:
        ax.text(0.5, 0.5, "nothing is controlled:\nall is drift", ha="center", transform=ax.transAxes, color=GREY)


def _levels(ax: Axes, run: xr.Dataset) -> None:
    """What decides: the rate on a raised loss, predicted of a metric that stays the same, and that of the rule."""
    factor = run.attrs["raised_by"]
    for i in range(run.sizes["mode"]):
        label = f"metric fixed, rate {run.rate.values[i]:.3g} /s"
        ax.plot(run.discount, run.predicted_ratio[:, i], **line_style(i) | {"marker": ""}, label=label)
    own = run.rate_ratio.values
    if np.all(np.isfinite(own)):
        for i, ratio in enumerate(own):
            ax.axhline(ratio, color=COLOURS[i % 6], linewidth=3, alpha=0.35, label="the rule" if i == 0 else "_")
    else:
        ax.text(0.04, 0.9, "the rule reads no level of loss", transform=ax.transAxes, color=GREY, fontsize=FONT - 1)
    ax.set_xscale("log")
    ax.set_ylim(0.7, factor + 0.7)
    ax.set_xlabel("discount γ (s$^{-1}$)")
    ax.set_ylabel(f"rate on {factor:g} times the loss\nover rate on the loss")
    ax.set_title("what decides: two levels of loss", fontsize=FONT)
    _legend(ax)


def _drift(ax: Axes, run: xr.Dataset) -> None:
    """Least drift as a field, at the discount where it is smallest."""
    best = _least(run)
    draw_flow(ax, run.drift.values[best, :2, :2], COLOURS[1])
    _squared(ax, f"least drift, γ = {run.discount.values[best]:.3g} /s", " − rest")


def _least(run: xr.Dataset) -> int:
    size = np.linalg.norm(run.drift.values, axis=(1, 2))
    return int(np.nanargmin(size))


def _drift_sizes(ax: Axes, run: xr.Dataset) -> None:
    """Size of the least drift against the discount, and of its parts that turn and that stretch."""
    drift = run.drift.values
    turning, stretching = 0.5 * (drift - drift.swapaxes(1, 2)), 0.5 * (drift + drift.swapaxes(1, 2))
    for i, (part, label) in enumerate(((drift, "least drift"), (turning, "rotation"), (stretching, "decay, growth"))):
        ax.plot(run.discount, np.linalg.norm(part, axis=(1, 2)), **line_style(i) | {"marker": ""}, label=label)
    ax.axhline(
        float(np.linalg.norm(run.slope.values)), color=GREY, linewidth=0.8, linestyle=":", label="the rule itself"
    )
    ax.set_xscale("log")
    ax.set_ylim(bottom=0)
    ax.set_xlabel("discount γ (s$^{-1}$)")
    ax.set_ylabel("norm (s$^{-1}$)")
    ax.set_title("what decides: what moves\nwithout loss", fontsize=FONT)
    _legend(ax)


def _by_discount(variable: str, title: str) -> Callable[[Axes, xr.Dataset], None]:
    """Panel of a rate that goes with every discount, mode by mode."""

    def panel(ax: Axes, run: xr.Dataset) -> None:
        for i in range(run.sizes["mode"]):
            label = f"mode of rate {run.rate.values[i]:.3g} /s"
            ax.plot(run.discount, run[variable][:, i], **line_style(i) | {"marker": ""}, label=label)
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_xlabel("discount γ (s$^{-1}$)")
        ax.set_ylabel(f"{variable} (s$^{{-1}}$)")
        ax.set_title(title, fontsize=FONT)
        _legend(ax)

    return panel


def _frictions(ax: Axes, run: xr.Dataset) -> None:
    """What decides with momentum: the discount against the friction without loss."""
    for i in range(run.sizes["mode"]):
        label = f"stiffness {run.rate.values[i]:.3g} /s²"
        ax.plot(run.friction, run.momentum_discount[:, i], **line_style(i) | {"marker": ""}, label=label)
    ax.axhline(0, color=GREY, linewidth=0.8)
    fastest = float(np.sqrt(run.rate.max()))
    ax.set_ylim(-2 * fastest, 5 * fastest)
    ax.set_xlabel("passive friction c, of the least damping")
    ax.set_ylabel("discount γ (s$^{-1}$); none below 0")
    ax.set_title("what decides: coasting\n(one horizon where curves meet)", fontsize=FONT)
    _legend(ax)


def _legend(ax: Axes) -> None:
    """Legend below the panel, where no curve runs."""
    ax.legend(frameon=False, fontsize=FONT - 1, loc="upper center", bbox_to_anchor=(0.5, -0.24))


def _squared(ax: Axes, title: str, origin: str) -> None:
    ax.set_aspect("equal")
    ax.set_title(title, fontsize=FONT)
    ax.set_xlabel(f"θ₁{origin}")
    ax.set_ylabel(f"θ₂{origin}")


PANELS: dict[str, tuple[Callable[[Axes, xr.Dataset], None], ...]] = {
    "any horizon": (_metrics, _levels),
    "drift": (_metrics, _drift, _drift_sizes),
    "decay or tasks": (
        _by_discount("decay", "either a decay\n(one for all directions where curves meet)"),
        _by_discount("hazard", "or tasks that are replaced\n(one hazard where curves meet)"),
    ),
    "momentum": (_frictions,),
    "none": (),
}
