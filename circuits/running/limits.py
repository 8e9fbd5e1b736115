"""Limits of control of the projections of a circuit; in a spiking one they are part of the equations of a synapse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import sympy as sp

from circuits.network.circuit import Circuit, Projection
from plasticity.compile import elementwise
from plasticity.controllability import (
    Constraint,
    Controllability,
    check_weights,
    constrain,
    narrowed,
    of_synapses,
    separate_drift,
)
from plasticity.errors import UnknownNameError
from plasticity.projector import Projector
from plasticity.rule import WEIGHT, Parameter, Rule, State, Update

PLASTIC = Parameter("plastic", 1.0, meaning="1 where the weight can change, else 0")
DRIFT = Parameter("weight_drift", 0.0, unit="Hz", meaning="rate a of the drift f(w) = a·w", low=float("-inf"))
REQUESTED = State("requested_change", meaning="change of the weight that its rule requests in this step", learned=True)


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
    plastic = [p.name for p in circuit.plastic]
    limits = controllability if isinstance(controllability, Mapping) else dict.fromkeys(plastic, controllability)
    for name in limits:
        if name not in plastic:
            raise UnknownNameError("plastic projection", name, plastic)
    limited = (_limited(circuit, p, limits.get(p.name) or Controllability(), seed) for p in circuit.projections)
    return replace(circuit, projections=tuple(limited))


def _limited(circuit: Circuit, projection: Projection, controllability: Controllability, seed: int) -> Projection:
    rule, unlimited = projection.rule, controllability.is_full
    if rule is None or (unlimited and rule.bounds is None):
        return projection
    if not unlimited:
        rule, controllability = separate_drift(rule, controllability)
    shape = circuit.population(projection.post).size, circuit.population(projection.pre).size
    limits = _limits(projection, controllability, shape, seed)
    if rule.bounds is not None:
        limits = narrowed(limits, *rule.bounds)
    weight = projection.weight if circuit.is_rate else np.broadcast_to(projection.weight, limits.shape)
    check_weights(limits, weight, f"weight of {projection.name!r}")
    if unlimited:
        return projection
    rule = rule if circuit.is_rate else limited_rule(rule, limits)
    return replace(projection, rule=rule, limits=None if controllability.is_full else limits, model=None)


def _limits(projection: Projection, controllability: Controllability, shape: tuple[int, int], seed: int) -> Constraint:
    """Limits of the synapses; where all neurons are connected, the random ones are those of the weight matrix."""
    if not projection.is_listed:
        return constrain(controllability, shape, seed, name=projection.name)
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
        projector=full.projector and _of_rows(full.projector, rows),
        drift=full.drift if full.drift is None or full.drift.ndim == 0 else pick(full.drift),
        drift_matrix=None if full.drift_matrix is None else full.drift_matrix[np.ix_(rows, rows)],
    )


def _of_rows(projector: Projector, rows: np.ndarray) -> Projector:
    return replace(projector, control=projector.control[rows], read=projector.read[:, rows])


def limited_rule(rule: Rule, limits: Constraint) -> Rule:
    """Rule that moves only plastic weights, against a drift that moves all: ẇ = f(w) + M ẇ_rule.

    Where synapses are coupled, the changes that it requests are added up in the state ``requested_change``.
    """
    added, permitted, velocity = [], elementwise.change, sp.S.Zero
    if limits.mask is not None:
        added.append(replace(PLASTIC, value=limits.mask.astype(float)))
        permitted = elementwise.PERMITTED.xreplace({elementwise.plastic: PLASTIC.symbol})
    if limits.drift is not None:
        added.append(replace(DRIFT, value=limits.drift if limits.drift.ndim else float(limits.drift)))
        velocity = elementwise.DRIFT_VELOCITY.xreplace({elementwise.drift: DRIFT.symbol, elementwise.weight: WEIGHT})
    target = REQUESTED.symbol if limits.is_coupled else WEIGHT

    def limited(update: Update) -> Update:
        if update.target != WEIGHT.name or (limits.mask is None and target == WEIGHT):
            return update
        return Update(target.name, target + permitted.xreplace({elementwise.change: update.expression - WEIGHT}))

    flow = permitted.xreplace({elementwise.change: rule.weight_flow})
    return replace(
        rule,
        weight_flow=velocity if limits.is_coupled else flow + velocity,
        states=(*rule.states, replace(REQUESTED, flow=flow)) if limits.is_coupled else rule.states,
        events={event: tuple(map(limited, updates)) for event, updates in rule.events.items()},
        parameters=(*rule.parameters, *added),
    )
