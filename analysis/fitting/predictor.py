"""Predictions of a rule or model for rows of parameter values, by kind of data."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from analysis.data.kinds import REGRESSOR
from analysis.data.spikes import THIRD, spike_trains, third_factor
from analysis.model import Model, model_predictor
from plasticity.compile.events import loop_module
from plasticity.errors import InputError
from plasticity.reaction import can_change
from plasticity.replay import merge_protocols, run_events, settling_time
from plasticity.rule import Rule

__all__ = ["Predictor", "predictor"]

PULSES = 900  # per frequency, the usual protocol of kirkwood_1996
REPEATS = 2  # random post trains over which a prediction for a frequency is averaged
SETTLE = 20.0  # s after a plateau, in which slow traces act

Predictor = Callable[[NDArray[np.float64]], NDArray[np.float64]]  # (n_vectors, n_parameters) → (n_vectors, n_protocols)


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
