"""The state from which a spiking run goes on: nothing is evaluated unless a rule is frozen or released.

What relaxes between the events of a synapse is brought up to date at its next event, over the time since the last one.
If learning is switched in between, the part of that time before the switch is computed here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from circuits.network.circuit import Circuit
from circuits.network.run_state import RunState
from plasticity.compile.brian import SynapseModel
from plasticity.compile.classify import clock_driven, event_driven
from plasticity.compile.frozen import IS_PLASTIC

LAST_EVENT = "lastupdate"  # Brian2's name of the time of the last event of a synapse


def starting(circuit: Circuit, start: RunState, frozen: frozenset[str]) -> dict[str, NDArray]:
    """Arrays of a state at the beginning of a phase in which some projections are frozen."""
    arrays = dict(start.arrays)
    for projection, model in circuit.learning:
        switch = arrays.pop(f"{projection.name}.{IS_PLASTIC.name}", None)
        now = float(projection.name not in frozen)
        if switch is not None and switch.item() != now and _learns_between_events(model):
            arrays |= _up_to_date(projection.name, model, arrays, start.time, switch.item())
    return arrays


def relaxed(
    model: SynapseModel, state: str, values: NDArray[np.float64], elapsed: NDArray[np.float64], is_plastic: float
) -> NDArray[np.float64]:
    """Values of a state some time [s] after the last event of its synapse: ``v e^{αt} + β (e^{αt} − 1)/α``."""
    exact = _relaxing(model)
    if state not in exact or exact[state] == (0, 0):
        return values
    known = {p.symbol: p.value for p in model.rule.parameters} | {IS_PLASTIC.symbol: is_plastic}
    rate, push = (_numbers(r, known) for r in exact[state])
    passed = np.where(rate == 0, elapsed, np.expm1(rate * elapsed) / np.where(rate == 0, 1.0, rate))
    return np.asarray(values * np.exp(rate * elapsed) + push * passed)


def _numbers(expression: sp.Expr, known: dict[sp.Symbol, Any]) -> NDArray[np.float64]:
    """Value of an expression in parameters that are numbers, or one for each synapse."""
    number = expression.subs({s: v for s, v in known.items() if np.ndim(v) == 0})
    each = sorted(number.free_symbols, key=str)
    return np.asarray(sp.lambdify(each, number, "numpy")(*(known[s] for s in each)), dtype=float)


def _relaxing(model: SynapseModel) -> dict[str, tuple]:
    """States that are advanced at events, with rate and push."""
    advanced = {v.name for v in clock_driven(model.rule)} | {trace.name for trace in model.traces}
    return {v.name: ab for v, ab in event_driven(model.rule).items() if v.name not in advanced}


def _learns_between_events(model: SynapseModel) -> bool:
    """Whether a state that is held while the projection is frozen relaxes between events."""
    learned = {s.name for s in model.rule.states if s.learned}
    return any(name in learned and ab != (0, 0) for name, ab in _relaxing(model).items())


def _up_to_date(
    name: str, model: SynapseModel, arrays: dict[str, NDArray], now: float, is_plastic: float
) -> dict[str, NDArray]:
    elapsed = now - arrays[f"{name}.{LAST_EVENT}"]
    states = (state for state in _relaxing(model) if f"{name}.{state}" in arrays)
    advanced = {
        f"{name}.{state}": relaxed(model, state, arrays[f"{name}.{state}"], elapsed, is_plastic) for state in states
    }
    return advanced | {f"{name}.{LAST_EVENT}": np.full_like(elapsed, now)}
