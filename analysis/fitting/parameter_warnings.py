"""Warnings about the parameters of a fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from analysis.fitting.problem import Problem

__all__ = ["parameter_warnings"]


def parameter_warnings(
    problem: Problem, values: NDArray, at_bound: tuple[str, ...], errors: Mapping[str, float]
) -> list[str]:
    """Parameters on a bound or that the data do not determine, noise without a number, no degree of freedom."""
    warnings = []
    units = {p.name: "" if p.unit == "1" else f" {p.unit}" for p in problem.rule.parameters}
    for name, value in zip(problem.free, values, strict=True):
        if name in at_bound:
            warnings.append(f"{name} ended on its bound {value:g}{units[name]}")
        elif not np.isfinite(errors[name]):
            warnings.append(f"{name} is not determined by the data: its standard error cannot be computed")
        elif errors[name] > abs(value):
            ratio = f"its standard error {errors[name]:.2g} is larger than its value {value:.2g}{units[name]}"
            warnings.append(f"{name} is not determined by the data: {ratio}; `posterior` shows which values serve")
    if problem.noise.estimated == "tau" and problem.noise.value == 0:
        warnings.append("no variance between units was found: its estimate is 0")
    if problem.noise.stated == "beta-binomial" and problem.noise.value == 0:
        warnings.append("no overdispersion was found: rho is 0, so that the noise is binomial")
    if problem.free and len(problem.free) == problem.n_protocols:
        warnings.append(f"as many free parameters as protocols ({len(problem.free)}): a small E means nothing")
    return warnings
