"""Controllability in a spiking circuit: the equations of a synapse that can change only within limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import sympy as sp

from circuits.network.circuit import Circuit, Projection
from plasticity.compile.brian import SynapseModel, compile_rule
from plasticity.controllability import (
    Constraint,
    Controllability,
    Projector,
    check_weights,
    constrain,
    narrowed,
    of_synapses,
    separate_drift,
)
from plasticity.errors import UnknownNameError
from plasticity.rule import WEIGHT, Parameter, Rule, State, Update

PLASTIC = Parameter("plastic", 1.0, meaning="1 where the weight can change, else 0")
DRIFT = Parameter("weight_drift", 0.0, unit="Hz", meaning="rate a of the drift f(w) = a·w", low=float("-inf"))
WANTED = State("wanted", meaning="change of the weight that its controllers have not granted yet")
_LARGEST = float(np.finfo(float).max)


def controlled(
    circuit: Circuit, controllability: Controllability | Mapping[str, Controllability] | None, seed: int = 0
) -> Circuit:
    """Circuit whose plastic projections learn within the limits, all of them or those that are named.

    Raises
    ------
    InputError
        If limits do not fit, or a weight starts outside them or outside the bounds of its rule.
    UnknownNameError
        If a name is not that of a plastic projection.
    """
    for projection in circuit.plastic:
        _check_start(projection, projection.rule)
    if controllability is None:
        return circuit
    plastic = [p.name for p in circuit.plastic]
    if isinstance(controllability, Controllability):
        controllability = dict.fromkeys(plastic, controllability)
    for name in controllability:
        if name not in plastic:
            raise UnknownNameError("plastic projection", name, plastic)
    limited = {
        projection.name: _limited(circuit, projection, controllability[projection.name], seed)
        for projection in circuit.plastic
        if projection.name in controllability
    }
    return replace(circuit, projections=tuple(limited.get(p.name, p) for p in circuit.projections))


def _check_start(projection: Projection, rule: Rule) -> None:
    """Refuse weights outside the bounds of the rule, which would be clipped at the first event."""
    if rule.bounds is not None:
        limits = narrowed(constrain(Controllability(), projection.n_synapses), *rule.bounds)
        check_weights(limits, np.broadcast_to(projection.weight, limits.shape), f"weight of {projection.name!r}")


def _limited(circuit: Circuit, projection: Projection, controllability: Controllability, seed: int) -> Projection:
    if controllability.is_full:
        return projection
    rule, controllability = separate_drift(projection.rule, controllability)
    shape = circuit.population(projection.post).size, circuit.population(projection.pre).size
    limits = _limits(projection, controllability, shape, seed)
    check_weights(limits, np.broadcast_to(projection.weight, limits.shape), f"weight of {projection.name!r}")
    coupling = limits if limits.is_coupled else None
    compiled = limited_model(rule, projection.method, limits)
    return replace(projection, rule=compiled.rule, compiled=compiled, coupling=coupling)


def _limits(projection: Projection, controllability: Controllability, shape: tuple[int, int], seed: int) -> Constraint:
    """Limits of the synapses; where all neurons are connected, the random ones are those of the weight matrix."""
    targets, sources = projection.targets, projection.sources
    if projection.n_synapses != shape[0] * shape[1]:
        listed = of_synapses(controllability, shape, targets, sources)
        return constrain(listed, projection.n_synapses, seed, name=projection.name)
    full = constrain(controllability, shape, seed, name=projection.name)

    def pick(array: np.ndarray) -> np.ndarray:
        return np.broadcast_to(array, shape)[targets, sources]

    rows = np.ravel_multi_index((targets, sources), shape)
    return replace(
        full,
        shape=(projection.n_synapses,),
        mask=None if full.mask is None else pick(full.mask),
        low=pick(full.low),
        high=pick(full.high),
        projector=full.projector and Projector(full.projector.control[rows], full.projector.read[:, rows]),
        drift=full.drift if full.drift is None or full.drift.ndim == 0 else pick(full.drift),
        drift_matrix=None if full.drift_matrix is None else full.drift_matrix[np.ix_(rows, rows)],
    )


def limited_model(rule: Rule, method: str | None, limits: Constraint) -> SynapseModel:
    """Synapse model with masked changes, drift and bounds."""
    low, high = _bounds(rule, limits)
    rule = limited_rule(rule, limits)
    bounded = np.any(low > -_LARGEST) or np.any(high < _LARGEST)
    if bounded:
        rule = replace(rule, bounds=(float(low.min()), float(high.max())))
    compiled = compile_rule(rule, method=method)
    if not bounded or (np.ptp(low) == 0 and np.ptp(high) == 0):
        return compiled
    text = compiled.model
    for name in ("weight_low", "weight_high"):
        text = text.replace(f"{name} : 1 (shared, constant)", f"{name} : 1 (constant)")
    parameters = {**compiled.parameters, "weight_low": (low, "1"), "weight_high": (high, "1")}
    return replace(compiled, model=text, parameters=parameters)


def limited_rule(rule: Rule, limits: Constraint) -> Rule:
    """Rule that moves only plastic weights, against a drift that moves all: ẇ = f(w) + M ẇ_rule.

    Where synapses are coupled, what it asks for goes to the state ``wanted``.
    """
    plastic, drift = sp.S.One, sp.S.Zero
    coupled = limits.is_coupled
    parameters = list(rule.parameters)
    if limits.mask is not None:
        plastic = PLASTIC.symbol
        parameters.append(replace(PLASTIC, value=limits.mask.astype(float)))
    if limits.drift is not None:
        drift = DRIFT.symbol * WEIGHT
        value = limits.drift if limits.drift.ndim else float(limits.drift)
        parameters.append(replace(DRIFT, value=value))
    target = WANTED.symbol if coupled else WEIGHT
    events = {event: tuple(_masked(u, plastic, target) for u in updates) for event, updates in rule.events.items()}
    flow = plastic * rule.weight_flow
    states = (*rule.states, replace(WANTED, flow=flow)) if coupled else rule.states
    flow = drift if coupled else flow + drift
    return replace(rule, weight_flow=flow, states=states, events=events, parameters=tuple(parameters))


def _masked(update: Update, plastic: sp.Expr, target: sp.Symbol) -> Update:
    if update.target != WEIGHT.name or (plastic == 1 and target == WEIGHT):
        return update
    return Update(target.name, target + plastic * (update.expression - WEIGHT))


def _bounds(rule: Rule, limits: Constraint) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of every synapse: those of the rule and those of the limits together, as finite numbers."""
    low, high = rule.bounds or (-_LARGEST, _LARGEST)
    shape = limits.shape
    return (
        np.maximum(np.broadcast_to(np.nan_to_num(limits.low), shape), low),
        np.minimum(np.broadcast_to(np.nan_to_num(limits.high), shape), high),
    )
