"""The problem of a fit: rule, free parameters, bounds, data and noise, and the likelihood that they make."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from analysis.data.check import require_errors
from analysis.data.repeated import with_measured
from analysis.fitting.noise import Noise, needs_errors, noise_name, noise_of
from analysis.fitting.own_density import OwnDensity, OwnPredictions, log_densities, own_density, own_predictions
from analysis.fitting.predictor import Predictor, predictor
from analysis.model import Model
from plasticity.errors import InputError, UnknownNameError
from plasticity.rule import Parameter, Rule
from plasticity.support.checks import require_number, warn_of_milliseconds

__all__ = ["Problem", "default_bounds", "make_problem", "with_values"]

TIME_BOUNDS = (1e-3, 1.0)  # s, for time constants
AMPLITUDE_BOUND = 1.0  # for dimensionless parameters: the whole weight in one event
DECADES = 100.0  # other parameters may be this factor smaller or larger than the rule's own value


@dataclass(frozen=True, eq=False)
class Problem:
    """A rule with free parameters, and the data that it predicts.

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
    value : (n_protocols,) array
        The measurements.
    noise : Noise
        How they scatter about a prediction.
    predict : callable
        What the noise judges, for rows of parameter values: predictions, see `analysis.fitting.predictor`, or log
        densities of the measurements by a model that states its own.
    own : OwnPredictions, optional
        Means and draws of such a model.
    """

    rule: Rule
    data: xr.Dataset
    free: tuple[str, ...]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    value: NDArray[np.float64]
    noise: Noise
    predict: Predictor
    own: OwnPredictions | None = None

    @property
    def n_protocols(self) -> int:
        """Number of measurements."""
        return self.value.size

    @property
    def start(self) -> NDArray[np.float64]:
        """The rule's own values of the free parameters, moved into the bounds; (n_free,)."""
        return _start(self.rule, self.free, self.low, self.high)

    def predictions(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the noise judges (`predict`), for rows of free values (n_vectors, n_free); (n_vectors, n_protocols)."""
        return self.predict(self._vectors(values))

    def means(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Predicted means for rows of free values (n_vectors, n_free); (n_vectors, n_protocols)."""
        return (self.predict if self.own is None else self.own.means)(self._vectors(values))

    def spread(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Standard deviations of the draws of a model with a density of its own, NaN of others; (n_protocols,)."""
        if self.own is None:
            return np.full(self.n_protocols, np.nan)
        return self.own.spread(self._vectors(values[None, :])[0])

    def error(self, values: NDArray[np.float64]) -> float:
        """E at free values (n_free,): that of the noise, or the mean squared deviation in units of `spread`."""
        means = self.means(values[None, :])[0]
        if self.own is None:
            return self.noise.error(self.value, means)
        return float(np.mean(((means - self.value) / self.spread(values)) ** 2))

    def repetitions(self, values: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
        """Measurements of one repetition of the experiment for each row of free values; (n_vectors, n_protocols)."""
        if self.own is None:
            return self.noise.draws(self.predictions(values), len(values), random)
        return np.array([self.own.predict(vector).sample(random) for vector in self._vectors(values)], float)

    def misfit(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """−2 ln L but for a constant, for rows of free values; not finite where the rule diverges; (n_vectors,)."""
        if self.own is not None:
            return -2 * self.predictions(values).sum(axis=1)
        return np.sum(self.residuals(values) ** 2, axis=1)

    def _vectors(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """All parameters for rows of free values; (n_vectors, n_parameters)."""
        own = [np.nan if p.value is None else p.value for p in self.rule.parameters]
        vectors = np.tile(np.array(own, float), (len(values), 1))
        names = [p.name for p in self.rule.parameters]
        vectors[:, [names.index(name) for name in self.free]] = values
        return vectors

    def part(self, rows: NDArray[np.intp]) -> Problem:
        """The problem of some measurements; what was done stays whole, such as a sequence of trials."""
        _require_enough(self.free, rows.size)
        return replace(
            self,
            data=self.data.isel(protocol=rows),
            value=self.value[rows],
            noise=self.noise.part(rows),
            predict=lambda vectors: self.predict(vectors)[:, rows],
            own=None if self.own is None else self.own.part(rows),
        )

    def residuals(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Residuals of each row, see `Noise`; not finite where the rule diverges; (n_vectors, n_protocols)."""
        with np.errstate(over="ignore", invalid="ignore"):  # a rule may diverge: inf and nan
            return self.noise.residuals(self.value, self.predictions(values))


def make_problem(
    rule: Rule,
    data: xr.Dataset,
    free: Sequence[str] = (),
    bounds: Mapping[str, tuple[float, float]] | None = None,
    noise: str | None = None,
) -> Problem:
    """Check that a fit is well posed, and compile its predictions.

    Raises
    ------
    UnknownNameError
        If a free parameter or a bound names no parameter of the rule.
    InputError
        If a parameter of the rule has a value that is not allowed, or none and is not free, bounds are empty or
        not allowed or belong to a parameter that is not free, no rule predicts this kind of data, a standard error is
        missing, or there are more free parameters than protocols.
    """
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
            raise InputError(f"there are bounds for {name}, which is not free; add it to free or drop its bounds")
        warn_of_milliseconds(name, min(bounds[name], default=0), known[name].value)
    _require_enough(free, data.sizes["protocol"])
    for name, parameter in known.items():
        if parameter.value is None and name not in free:
            raise InputError(f"{name} of rule {rule.name!r} has no value; give it one or make it free")
    limits = [_checked_bounds(known[n], bounds[n]) if n in bounds else default_bounds(known[n]) for n in free]
    low, high = np.array(limits, float).reshape(-1, 2).T
    start = dict(zip(free, _start(rule, free, low, high).tolist(), strict=True))
    about = rule, data, free, low, high, data.value.values.astype(float)
    if own_density(rule, noise, start, data):
        model: Any = rule
        return Problem(*about, OwnDensity(), log_densities(model, data), own_predictions(model, data))
    noise = noise_name(data, noise)
    if needs_errors(noise):
        require_errors(data)
    return Problem(*about, noise_of(data, noise), predictor(rule, data))


def _start(rule: Rule, free: Sequence[str], low: NDArray, high: NDArray) -> NDArray[np.float64]:
    """The rule's own values of the free parameters, or else the middle, moved into the bounds; (n_free,)."""
    own = [rule.values[name] for name in free]
    middle = np.where(low > 0, np.sqrt(np.abs(low * high)), (low + high) / 2)
    values = np.array([m if v is None else v for v, m in zip(own, middle, strict=True)], float)
    return np.clip(values, low, high)


def _require_enough(free: Sequence[str], n_protocols: int) -> None:
    if len(free) > n_protocols:
        raise InputError(
            f"{len(free)} free parameters ({', '.join(free)}) cannot be fitted to {n_protocols} protocols; free fewer"
        )


def with_values(problem: Problem, value: NDArray[np.float64]) -> Problem:
    """The same problem with other measured values, such as simulated ones."""
    data = with_measured(problem.data, value)
    if problem.own is not None:
        rule: Any = problem.rule
        own, predict = own_predictions(rule, data), log_densities(rule, data)
        return replace(problem, data=data, value=np.asarray(value, float), predict=predict, own=own)
    is_sequence = isinstance(problem.rule, Model) and problem.rule.sequence is not None
    predict = predictor(problem.rule, data) if is_sequence else problem.predict
    return replace(problem, data=data, value=np.asarray(value, float), predict=predict)


def default_bounds(parameter: Parameter) -> tuple[float, float]:
    """Default bounds of a free parameter, within those that its rule allows.

    Time constants: 1 ms to 1 s. Dimensionless parameters: up to 1. Everything else, and values outside of
    these ranges: a factor of 100 around the rule's own value, from zero on if the parameter may vanish.

    Raises
    ------
    InputError
        If the parameter has no value.

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


def _checked_bounds(parameter: Parameter, bounds: tuple[float, float]) -> tuple[float, float]:
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
