"""The least-squares problem of a fit: rule, free parameters, bounds, data, and predictions by kind of data."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from analysis.data.check import require_errors
from analysis.data.kinds import REGRESSOR
from analysis.data.repeated import with_measured
from analysis.data.spikes import THIRD, spike_trains, third_factor
from analysis.fitting.noise import Noise, needs_errors, noise_name, noise_of
from analysis.model import Model, model_predictor
from plasticity.compile.events import loop_module
from plasticity.errors import InputError, UnknownNameError
from plasticity.reaction import can_change
from plasticity.replay import merge_protocols, run_events, settling_time
from plasticity.rule import Parameter, Rule
from plasticity.support.checks import require_number, warn_of_milliseconds

__all__ = ["Predictor", "Problem", "default_bounds", "make_problem", "predictor", "with_values"]

TIME_BOUNDS = (1e-3, 1.0)  # s, for time constants
AMPLITUDE_BOUND = 1.0  # for dimensionless parameters: the whole weight in one event
DECADES = 100.0  # other parameters may be this factor smaller or larger than the rule's own value
PULSES = 900  # per frequency, the usual protocol of kirkwood_1996
REPEATS = 2  # random post trains over which a prediction for a frequency is averaged
SETTLE = 20.0  # s after a plateau, in which slow traces act

Predictor = Callable[[NDArray[np.float64]], NDArray[np.float64]]  # (n_vectors, n_parameters) → (n_vectors, n_protocols)


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
        Predictions for rows of parameter values, see `predictor`.
    """

    rule: Rule
    data: xr.Dataset
    free: tuple[str, ...]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    value: NDArray[np.float64]
    noise: Noise
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
        """Predictions of every protocol, for each row of free values.

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

    def part(self, rows: NDArray[np.intp]) -> Problem:
        """The problem of some measurements; what was done stays whole, such as a sequence of trials."""
        _require_enough(self.free, rows.size)
        return replace(
            self,
            data=self.data.isel(protocol=rows),
            value=self.value[rows],
            noise=self.noise.part(rows),
            predict=lambda vectors: self.predict(vectors)[:, rows],
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
    noise = noise_name(data, noise)
    if needs_errors(noise):
        require_errors(data)
    for name, parameter in known.items():
        if parameter.value is None and name not in free:
            raise InputError(f"{name} of rule {rule.name!r} has no value; give it one or make it free")
    limits = [_checked_bounds(known[n], bounds[n]) if n in bounds else default_bounds(known[n]) for n in free]
    low, high = np.array(limits, float).reshape(-1, 2).T
    value = data.value.values.astype(float)
    return Problem(rule, data, free, low, high, value, noise_of(data, noise), predictor(rule, data))


def _require_enough(free: Sequence[str], n_protocols: int) -> None:
    if len(free) > n_protocols:
        raise InputError(
            f"{len(free)} free parameters ({', '.join(free)}) cannot be fitted to {n_protocols} protocols; free fewer"
        )


def with_values(problem: Problem, value: NDArray[np.float64]) -> Problem:
    """The same problem with other measured values, such as simulated ones."""
    data = with_measured(problem.data, value)
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


def predictor(rule: Rule, data: xr.Dataset) -> Predictor:
    """Function that predicts the values of `data` for rows of parameter values in the order of ``rule.parameters``.

    Merged spikes and compiled code do not depend on the parameters and are made once.

    Raises
    ------
    InputError
        If a rule cannot predict this kind of data, or does not react to what it consists of.

    Examples
    --------
    >>> from analysis.datasets import load
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> predict = predictor(pair_stdp(), load("sjostrom_2001"))
    >>> predict(np.array([[0.01, 0.0, 0.02, 0.02]])).round(3)[0, :5].tolist()  # 60·0.01·e^{−1/2} for lone pairs
    [0.364, 0.366, 0.396, 0.507, 0.57]
    """
    if isinstance(rule, Model):
        return model_predictor(rule, data)
    kind = data.attrs["kind"]
    if kind not in _PREDICTORS:
        raise InputError(f"data of kind {kind!r} cannot be predicted by a rule (these can: {', '.join(_PREDICTORS)})")
    events = (*EVENTS[kind], *([THIRD] if f"{THIRD}_time" in data.variables else []))
    if not can_change(rule, events):
        raise InputError(
            f"rule {rule.name!r} acts at {', '.join(rule.events) or 'no events'}; it does not react to "
            f"{', '.join(events)} alone, which is all that {data.attrs['data'] or 'the data'} has, and predicts no "
            "change whatever its parameters; choose another rule, or data with such events"
        )
    if own := [str(name).removesuffix("_time") for name in data.data_vars if str(name).startswith(REGRESSOR)]:
        raise InputError(
            f"rules do not react to the channel {own[0]} of {data.attrs['data'] or 'the data'}; write a model that "
            "does, or leave its events out"
        )
    start = data.initial_ramp.values if kind == "plateau" else _initial_weight(data)
    if rule.bounds is not None and not np.all((start >= rule.bounds[0]) & (start <= rule.bounds[1])):
        raise InputError(
            f"bounds of rule {rule.name!r} are {rule.bounds[0]:g} … {rule.bounds[1]:g}, but weights start from "
            f"{start.min():g} to {start.max():g} in these data; widen them"
        )
    return _PREDICTORS[kind](rule, data)


def _from_spikes(rule: Rule, data: xr.Dataset) -> Predictor:
    """Fractional weight change ``(w_final − w_initial)/w_initial`` by exact replay; from a weight of 1 by default."""
    events = merge_protocols(*spike_trains(data), third_factor(data), settle=settling_time(rule), tick=_tick(rule))
    loop, start = loop_module(rule), _initial_weight(data)
    return lambda vectors: run_events(rule, events, vectors, start, loop) / start - 1.0


def _initial_weight(data: xr.Dataset) -> NDArray[np.float64]:
    """Weight of every protocol before the induction, 1 where none is stated; (n_protocols,)."""
    stated = (
        data["initial_weight"].values if "initial_weight" in data.coords else np.full(data.sizes["protocol"], np.nan)
    )
    return np.where(np.isnan(stated), 1.0, stated)


def _from_frequency(rule: Rule, data: xr.Dataset) -> Predictor:
    """Fractional weight change after 900 regular pre spikes at the frequency of stimulation.

    The post neuron fires at random at the same mean rate (Poisson), so that a gain between the two is part of the
    parameters of the rule. The mean over `REPEATS` fixed spike trains is taken; they are the same for all frequencies
    in units of the interval between pulses, so predictions are smooth functions of the frequency.
    """
    frequency = data.frequency.values
    random = np.random.default_rng(0)
    pulses = np.arange(PULSES) + 0.5
    post = [np.sort(random.uniform(0, PULSES, random.poisson(PULSES))) for _ in range(REPEATS)]
    trains = [(pulses / f, spikes / f) for f in frequency for spikes in post]
    pre, spikes_post = zip(*trains, strict=True)
    events, loop = merge_protocols(pre, spikes_post, tick=_tick(rule)), loop_module(rule)

    def predict(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        changes = run_events(rule, events, vectors, 1.0, loop) - 1.0
        return changes.reshape(len(vectors), frequency.size, REPEATS).mean(axis=2)

    return predict


def _from_plateau(rule: Rule, data: xr.Dataset) -> Predictor:
    """Change of a weight that starts at the initial ramp [mV], by one plateau potential.

    The input is one pre spike; the plateau is a third factor for rules that react to one, and a post spike for those
    that do not.
    """
    delay = data.time_from_plateau.values
    plateau = max(0.0, float(-delay.min()))
    pre = [np.array([plateau + d]) for d in delay]
    instruction, nothing = [np.array([plateau])] * delay.size, [np.empty(0)] * delay.size
    third, post = (instruction, nothing) if "third_factor" in rule.events else (nothing, instruction)
    events = merge_protocols(pre, post, third, settle=SETTLE, tick=_tick(rule))
    loop, start = loop_module(rule), data.initial_ramp.values
    return lambda vectors: run_events(rule, events, vectors, start, loop) - start


def _tick(rule: Rule) -> float | None:
    """Time between clock ticks [s] of a rule that has a clock."""
    return rule.clock_dt if "clock" in rule.events else None


EVENTS = {  # that occur in the data of a kind
    "spikes": ("pre", "post", "clock"),
    "frequency": ("pre", "post", "clock"),
    "plateau": ("pre", "post", "third_factor", "clock"),
}
_PREDICTORS: Mapping[str, Callable[[Rule, xr.Dataset], Predictor]] = {
    "spikes": _from_spikes,
    "frequency": _from_frequency,
    "plateau": _from_plateau,
}
