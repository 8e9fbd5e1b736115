"""A network against the theory of its rule: rates, rest points under decay and rotation, variances under noise."""

from __future__ import annotations

import json

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.pages.figure_parts import COLOURS, legend_below, lettered, line_style, only_run, tidy

__all__ = ["theory_check"]

NARROWEST = 0.1  # half the range of an axis over its middle: rounding is not magnified
AGREED = 0.05  # share of the prediction within which measurements must lie
BELIEFS = {"none": "no belief", "fading memory": "fading memory", "Ornstein-Uhlenbeck": "Kalman–Bucy filter"}


def theory_check(*runs: xr.Dataset, data: xr.Dataset | None = None) -> Figure:
    """Draw the network of the first run (marks) against the predictions (lines, crosses)."""
    run = only_run("theory_check", runs, data)
    figure = Figure(figsize=(7.2, 6.6), layout="constrained")
    axes = figure.subplots(2, 2)
    _against_curvature(axes[0, 0], run, "rate", "rate of approach (s$^{-1}$)")
    axes[0, 0].set_yscale("log")
    _against_curvature(axes[0, 1], run, "rest_decay", "rest point under decay\n(share of the optimum)")
    _rotation(axes[1, 0], run)
    _variances(axes[1, 1], run)
    tidy(axes.flat)
    lettered(axes.flat)
    legend_below(figure, axes[0, 0], columns=5, handletextpad=0.3, columnspacing=1.2)
    return figure


def _against_curvature(ax: Axes, run: xr.Dataset, name: str, text: str) -> None:
    for index, discount in enumerate(run.discount.values):
        style = _style(index)
        ax.plot(run.curvature, run[f"{name}_predicted"][index], color=style["color"], linewidth=1.4)
        ax.plot(run.curvature, run[name][index], **style, label=f"discount {discount:g} s$^{{-1}}$")
    ax.plot([], [], color="0.3", linewidth=1.4, label="lines, +: policy")
    ax.set_xscale("log", base=2)
    ax.set_xticks(run.curvature.values, [f"{c:g}" for c in run.curvature.values])
    ax.set_xlabel("curvature of the loss (dimensionless)")
    ax.set_ylabel(text)


def _rotation(ax: Axes, run: xr.Dataset) -> None:
    """Rest points in the plane of the two weights, with the rate and the turn of the approach beside them."""
    for index in range(run.sizes["discount"]):
        ax.plot(*run.rest_rotation.values[index], **_style(index), zorder=3)
        ax.plot(*run.rest_rotation_predicted.values[index], "+", color="black", markersize=13, zorder=4)
        words = f"{float(run.rate_rotation[index]):.2f} ({float(run.rate_rotation_predicted[index]):.2f}) s$^{{-1}}$"
        ax.annotate(
            words,
            run.rest_rotation.values[index],
            (-26, 11) if index % 2 else (-10, -18),
            textcoords="offset points",
            fontsize=8,
        )
    turn, expected = float(run.turn_rotation.mean()), float(run.turn_rotation_predicted.mean())
    ax.annotate(
        f"beside: rate of approach, (policy)\nturn {turn:.3f} ({expected:.3f}) rad/s",
        (0.03, 0.9),
        xycoords="axes fraction",
        fontsize=8,
    )
    ax.margins(x=0.45, y=0.5)
    for limits, set_limits in ((ax.get_xlim(), ax.set_xlim), (ax.get_ylim(), ax.set_ylim)):
        half = max(np.ptp(limits) / 2, NARROWEST * abs(np.mean(limits)))
        set_limits(np.mean(limits) - half, np.mean(limits) + half)
    ax.set_xlabel("weight 1 at rest under rotation (dimensionless)")
    ax.set_ylabel("weight 2 at rest (dimensionless)")


def _variances(ax: Axes, run: xr.Dataset) -> None:
    """Variance over its prediction, with two standard errors, for every rule, discount and curvature."""
    spread = np.linspace(-0.3, 0.3, run.sizes["rule"] * run.sizes["discount"]).reshape(run.sizes["rule"], -1)
    ax.axhspan(1 - AGREED, 1 + AGREED, color="0.93", zorder=0)
    ax.axhline(1.0, color="0.4", linewidth=1.0, zorder=1)
    for r, rule in enumerate(run.rule.values):
        for d in range(run.sizes["discount"]):
            expected = run.variance_predicted[r, d].values
            ax.errorbar(
                np.log2(run.curvature.values) + spread[r, d] * _gap(run),
                run.variance[r, d].values / expected,
                yerr=2 * run.variance_error[r, d].values / expected,
                color=COLOURS[d % len(COLOURS)],
                marker=("o", "x", "*")[r % 3],
                markersize=4,
                linestyle="none",
                elinewidth=0.8,
            )
        ax.plot(
            [], [], color="0.3", marker=("o", "x", "*")[r % 3], linestyle="none", label=BELIEFS.get(str(rule), rule)
        )
    ticks = np.log2(run.curvature.values)
    ax.set_xticks(ticks, [f"{c:g}" for c in run.curvature.values])
    low, high = ax.get_ylim()
    ax.set_ylim(low - 0.25 * (high - low), high + 0.45 * (high - low))
    ax.legend(frameon=False, fontsize=8, loc="upper left")
    n_outputs = json.loads(run.attrs["parameters"])["n_outputs"]
    words = f"bars: ±2 standard errors, {n_outputs} outputs\nband: ±{AGREED:.0%}; Euler steps add about 1%"
    ax.annotate(words, (0.03, 0.03), xycoords="axes fraction", fontsize=8)
    ax.set_xlabel("curvature of the loss (dimensionless)")
    ax.set_ylabel("variance under noisy feedback,\nnetwork over prediction")


def _gap(run: xr.Dataset) -> float:
    """Distance of neighbouring curvatures, in octaves."""
    octaves = np.log2(run.curvature.values)
    return float(np.diff(np.sort(octaves)).min()) if octaves.size > 1 else 1.0


def _style(index: int) -> dict:
    return line_style(index) | {"linestyle": "none", "markersize": 6}
