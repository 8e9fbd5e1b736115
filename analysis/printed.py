"""Results as text on the command line."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr

    from analysis.fit import Fit
    from analysis.verdicts import Cell

__all__ = [
    "print_cells",
    "print_confusion",
    "print_discrimination",
    "print_fit",
    "print_recovery",
    "print_samples",
    "print_table",
    "warn",
]


def print_fit(fitted: Fit) -> None:
    """Parameters with their errors, and the scores."""
    from analysis.fitting.scores import LEVEL
    from analysis.pages.render import probability

    units = {p.name: p.unit for p in fitted.rule.parameters}
    lines = [("parameter", "value", "standard error", "unit")]
    for name, value in fitted.parameters.items():
        error = f"{fitted.standard_errors[name]:.2g}" if name in fitted.free else "fixed"
        lines.append((name, f"{value:.6g}", error, units[name]))
    print_table(lines)
    p = f"p = {probability(fitted.p_value)}{' (rejected)' if fitted.p_value < LEVEL else ''}"
    if fitted.p_value != fitted.p_value:
        own = fitted.noise.stated == "model"
        p += " (the scatter is estimated, too)" if own or fitted.noise.estimated else " (nothing is left to test)"
    if fitted.noise.estimated:
        print(f"\n{fitted.noise.estimated} = {fitted.noise.value:.4g} ± {fitted.noise.value_error:.2g} (noise)")
    if fitted.noise.stated == "model":
        print("\nnoise: the density that the model states itself (--noise NAME takes its means alone)")
    print(
        f"\nE = {fitted.error:.4f} over {fitted.n_protocols} protocols, {p}, ln L = {fitted.log_likelihood:.3f}, "
        f"AIC = {fitted.aic:.3f}, BIC = {fitted.bic:.3f}, {len(fitted.free)} free parameters"
    )


def print_samples(samples: xr.Dataset) -> None:
    """Quantiles of a posterior, and whether it converged."""
    lines = [("parameter", "median", "2.5 %", "97.5 %", "R-hat", "effective samples", "unit")]
    for i, name in enumerate(samples.parameter.values.tolist()):
        quantiles = samples[name].quantile([0.5, 0.025, 0.975]).values
        size = f"{float(samples.effective_sample_size[i]):.0f}"
        numbers = (*(f"{q:.5g}" for q in quantiles), f"{float(samples.r_hat[i]):.3f}", size)
        lines.append((name, *numbers, samples[name].attrs["units"]))
    print_table(lines)


def print_recovery(recovery: xr.Dataset) -> None:
    """Coverage and verdict of every free parameter."""
    rows = zip(*(recovery[v].values.tolist() for v in ("parameter", "truth", "coverage", "verdict")), strict=True)
    lines = [(name, f"{truth:.5g}", f"{100 * share:.0f} %", verdict) for name, truth, share, verdict in rows]
    print_table([("parameter", "truth", "covered", "verdict"), *lines])


def print_confusion(result: xr.Dataset) -> None:
    """Share of every choice among data that each rule made."""
    labels = result.chosen.values.tolist()
    rows = zip(labels, result.share.values.tolist(), strict=True)
    print_table([("made by \\ chosen", *labels), *((name, *(f"{x:.2f}" for x in row)) for name, row in rows)])


def print_discrimination(result: xr.Dataset) -> None:
    """Expected log Bayes factor of every protocol, and the best of them."""
    rows = zip(result.interval.values, result.expected_log_bayes_factor.values, strict=True)
    lines = [(f"{1e3 * i:+g} ms", *("–" if x != x else f"{x:.2f}" for x in row)) for i, row in rows]
    print_table([("interval", *(f"{f:g} Hz" for f in result.frequency.values)), *lines])
    share = float(result.share_of_variance.sel(axis=result.attrs["most_informative"]))
    print(
        "\nexpected log Bayes factor per experiment [nats]; "
        f"best protocol {result.attrs['best']}; most informative: {result.attrs['most_informative']} "
        f"(explains {100 * share:.0f} % of the variation)"
    )


def print_cells(cells: Iterable[Cell]) -> None:
    """Scores of every rule on every data set."""
    lines = [("rule", "data", "free", "E", "left-out score", "± s.e.")]
    for cell in cells:
        left = cell.left_out
        scores = (f"{left.score:.1f}", f"{left.standard_error:.1f}") if left else ("–", "–")
        lines.append((cell.label, cell.benchmark, str(cell.n_free), f"{cell.error:.3f}", *scores))
    print_table(lines)


def print_table(table: Sequence[Sequence[str]]) -> None:
    """Columns of equal width; the first is flush left, the others flush right."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for first, *others in table:
        cells = [f"{cell:>{width}}" for cell, width in zip(others, widths[1:], strict=True)]
        print("  ".join([f"{first:<{widths[0]}}", *cells]))


def warn(warnings: Iterable[str]) -> None:
    """Warnings, to standard error."""
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)
