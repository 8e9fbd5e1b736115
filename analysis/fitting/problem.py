"""What is fitted to what: a rule, the names and bounds of its free parameters, and measured protocols."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from analysis import datasets
from analysis.data.kinds import check_dataset, require_errors
from analysis.fitting.predict import Predictor, predictor
from plasticity import rules
from plasticity.errors import InputError, UnknownNameError, require_number
from plasticity.rule import Parameter, Rule

__all__ = ["Problem", "as_data", "default_bounds", "make_problem", "with_values"]

TIME_BOUNDS = (1e-3, 1.0)  # s, for time constants
AMPLITUDE_BOUND = 1.0  # for dimensionless parameters: the whole weight in one event
DECADES = 100.0  # other parameters may be this factor smaller or larger than the rule's own value


@dataclass(frozen=True, eq=False)
class Problem:
    """A rule with free parameters, and data that it should predict.

    Parameters
    ----------
    rule : Rule
        The rule; parameters that are not free keep its values.
    data : xarray.Dataset
        Measurements, see `analysis.data.record`.
    free : tuple of str
        Names of the free parameters.
    low, high : (n_free,) arrays
        Bounds of the free parameters, in SI units.
    value, sem : (n_protocols,) arrays
        The measurements and their standard errors.
    predict : callable
        What the rule predicts, see `analysis.fitting.predict`.
    """

    rule: Rule
    data: xr.Dataset
    free: tuple[str, ...]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    value: NDArray[np.float64]
    sem: NDArray[np.float64]
    predict: Predictor

    @property
    def n_protocols(self) -> int:
        """Number of measurements."""
        return self.value.size

    @property
    def start(self) -> NDArray[np.float64]:
        """The rule's own values of the free parameters, moved into the bounds; (n_free,)."""
        own = [self.rule.values[name] for name in self.free]
        middle = np.where(self.low > 0, np.sqrt(np.abs(self.low * self.high)), (self.low + self.high) / 2)
        values = np.array([m if v is None else v for v, m in zip(own, middle, strict=True)], float)
        return np.clip(values, self.low, self.high)

    def predictions(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the rule predicts for every protocol, for each row of free values.

        Parameters
        ----------
        values : (n_vectors, n_free) array

        Returns
        -------
        (n_vectors, n_protocols) array
        """
        own = [np.nan if p.value is None else p.value for p in self.rule.parameters]
        vectors = np.tile(np.array(own, float), (len(values), 1))
        names = [p.name for p in self.rule.parameters]
        vectors[:, [names.index(name) for name in self.free]] = values
        return self.predict(vectors)

    def residuals(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """``(prediction − value)/sem`` for each row, not finite where the rule diverges; (n_vectors, n_protocols)."""
        with np.errstate(over="ignore", invalid="ignore"):  # a rule may diverge; inf and nan say so
            return (self.predictions(values) - self.value) / self.sem


def make_problem(
    rule: Rule | str,
    data: xr.Dataset | str | os.PathLike,
    free: Sequence[str] = (),
    bounds: Mapping[str, tuple[float, float]] | None = None,
) -> Problem:
    """Check that a fit is well posed and collect what it needs.

    Raises
    ------
    UnknownNameError
        If a free parameter or a bound names no parameter of the rule.
    InputError
        If a parameter of the rule has a value that is not allowed, or none and is not free, bounds are empty or
        not allowed, a bound is given for a parameter that is not free, no rule predicts this kind of data, a
        standard error is missing, or there are more free parameters than protocols.
    """
    rule, data = rules.resolve(rule), as_data(data)
    free, bounds = tuple([free] if isinstance(free, str) else free), dict(bounds or {})
    rule = rule.with_parameters(**{k: v for k, v in rule.values.items() if v is not None})  # checks each
    known = {p.name: p for p in rule.parameters}
    for name in (*free, *bounds):
        if name not in known:
            raise UnknownNameError(f"parameter of rule {rule.name!r}", name, known)
    if len(set(free)) < len(free):
        raise InputError(f"a free parameter is named twice: {', '.join(free)}")
    for name in bounds:
        if name not in free:
            raise InputError(f"bounds are given for {name}, which is not free; add it to free or drop its bounds")
    if len(free) > data.sizes["protocol"]:
        raise InputError(
            f"{len(free)} free parameters ({', '.join(free)}) cannot be fitted to {data.sizes['protocol']} "
            "protocols; free fewer"
        )
    require_errors(data)
    for name, parameter in known.items():
        if parameter.value is None and name not in free:
            raise InputError(f"{name} of rule {rule.name!r} has no value; give it one or make it free")
    limits = [checked_bounds(known[n], bounds[n]) if n in bounds else default_bounds(known[n]) for n in free]
    low, high = np.array(limits, float).reshape(-1, 2).T
    value, sem = data.value.values.astype(float), data.sem.values.astype(float)
    return Problem(rule, data, free, low, high, value, sem, predictor(rule, data))


def with_values(problem: Problem, value: NDArray[np.float64]) -> Problem:
    """The same problem with other measured values, such as simulated ones."""
    data = problem.data.assign(value=problem.data.value.copy(data=value))
    return replace(problem, data=data, value=np.asarray(value, float))


def as_data(data: xr.Dataset | str | os.PathLike) -> xr.Dataset:
    """Return the checked data set itself, or load it by name or path."""
    if isinstance(data, xr.Dataset):
        check_dataset(data)
        return data
    return datasets.load(data)


def default_bounds(parameter: Parameter) -> tuple[float, float]:
    """Bounds of a free parameter for which none are given, within those that its rule allows.

    Time constants: 1 ms to 1 s. Dimensionless parameters: up to 1. Everything else, and values outside of
    these ranges: a factor of 100 around the rule's own value, from zero on if the parameter may vanish.

    Raises
    ------
    InputError
        If the rule gives no value to start from.

    Examples
    --------
    >>> default_bounds(Parameter("tau_plus", 0.0168, unit="s", positive=True))
    (0.001, 1.0)
    """
    value = parameter.value
    if parameter.unit == "s" and (value is None or TIME_BOUNDS[0] <= value <= TIME_BOUNDS[1]):
        low, high = TIME_BOUNDS
    elif parameter.unit == "1" and (value is None or abs(value) <= AMPLITUDE_BOUND):
        low, high = (AMPLITUDE_BOUND * 1e-6 if parameter.positive else -AMPLITUDE_BOUND), AMPLITUDE_BOUND
    elif value:
        high = DECADES * abs(value)
        low = value / DECADES if parameter.positive else -high
    else:
        raise InputError(
            f"{parameter.name} [{parameter.unit}] has no value to put default bounds around; give its bounds"
        )
    return max(low, parameter.low), min(high, parameter.high)


def checked_bounds(parameter: Parameter, bounds: tuple[float, float]) -> tuple[float, float]:
    """Return bounds as two floats if they are a non-empty interval of values that the rule allows."""
    name = f"bounds of {parameter.name}"
    try:
        low, high = bounds
    except (TypeError, ValueError):
        raise InputError(f"{name} must be (low, high), got {bounds!r}") from None
    low, high = require_number(f"lower {name}", low), require_number(f"upper {name}", high)
    if not low < high:
        raise InputError(f"{name} must be (low, high) with low < high, got ({low:g}, {high:g})")
    if low < parameter.low or high > parameter.high or (parameter.positive and low <= 0):
        allowed = f"({parameter.low:g}, {parameter.high:g}{')' if math.isinf(parameter.high) else ']'}"
        allowed = allowed if parameter.positive else "[" + allowed[1:]
        raise InputError(f"{name} must lie within {allowed} {parameter.unit}, got ({low:g}, {high:g})")
    return low, high
