"""Synapses in Brian2: fixed ones and those that learn."""

from __future__ import annotations

import brian2
import numpy as np

from circuits._records import Circuit, Projection
from circuits.engines._brian_neurons import ARRIVAL
from plasticity.errors import InputError

TICK = 10  # after the spikes of a step
BEFORE_NEURONS = -10  # synapses are advanced first: they read the neurons of this step


def synapses(circuit: Circuit, projection: Projection, groups: dict, clock: brian2.Clock) -> brian2.Synapses:
    """Brian2 synapses of a projection, connected, with parameters and initial values."""
    model = projection.synapse
    made = brian2.Synapses(
        groups[projection.pre],
        groups[projection.post],
        model=model.model if model else "w : 1",
        on_pre=on_pre(circuit, projection) or None,
        on_post=(model.on_post or None) if model else None,
        method=(model.method or "exact") if model else "exact",
        delay=projection.delay * brian2.second if projection.delay else None,
        namespace={},
        clock=clock,
        name=projection.name,
    )
    made.connect(i=np.asarray(projection.sources, dtype=int), j=np.asarray(projection.targets, dtype=int))
    for name, (value, _) in (model.parameters if model else {}).items():
        setattr(made, f"{name}_", value)
    for name, value in (model.initial if model else {}).items():
        setattr(made, f"{name}_", value)
    made.w_ = projection.weight
    if arrives_early(circuit, projection):
        made.pre.when, made.pre.order = "thresholds", ARRIVAL
    if made.state_updater is not None:
        made.state_updater.order = BEFORE_NEURONS
    if model and clips_every_step(model):
        made.run_regularly(
            "w = clip(w, weight_low, weight_high)",
            clock=clock,
            when="groups",
            order=BEFORE_NEURONS + 1,
            name=f"{projection.name}_clip",
        )
    return made


def on_pre(circuit: Circuit, projection: Projection) -> str:
    """What a presynaptic spike does: it acts on the neuron with the present weight, then the synapse learns."""
    acts = (
        "" if projection.receptor is None else circuit.population(projection.post).neuron.receptor(projection.receptor)
    )
    return "\n".join(filter(None, (acts, projection.synapse.on_pre if projection.synapse else "")))


def arrives_early(circuit: Circuit, projection: Projection) -> bool:
    """Whether a spike acts on its neuron before that neuron computes what it does in the same step."""
    post = circuit.population(projection.post)
    return circuit.population(projection.pre).is_given and post.neuron is not None and bool(post.neuron.every_step)


def clips_every_step(model: object) -> bool:
    """Whether a bounded weight flows."""
    return "weight_low" in model.parameters and "dw/dt" in model.model


def tick(projection: Projection, made: brian2.Synapses, dt: float) -> brian2.CodeRunner | None:
    """Plasticity clock of a projection, if its rule has one.

    Raises
    ------
    InputError
        If the ticks are not on the time grid.
    """
    model = projection.synapse
    if model is None or not model.on_clock:
        return None
    steps = model.clock_dt / dt
    if abs(steps - round(steps)) > 1e-6 or round(steps) < 1:
        raise InputError(
            f"clock_step of rule {model.rule.name!r} is {model.clock_dt:g} s, no multiple of dt = {dt:g} s; "
            f"use {max(1, round(steps)) * dt:g} s"
        )
    ticks = brian2.Clock(model.clock_dt * brian2.second, name=f"{projection.name}_ticks")
    return made.run_regularly(model.on_clock, clock=ticks, when="synapses", order=TICK, name=f"{projection.name}_tick")


def check_delay(projection: Projection, dt: float) -> None:
    """Refuse a delay that is no multiple of the time step.

    Raises
    ------
    InputError
        Naming the projection.
    """
    steps = projection.delay / dt
    if abs(steps - np.round(steps)) > 1e-6:
        raise InputError(
            f"delay of {projection.name!r} is {projection.delay:g} s, no multiple of dt = {dt:g} s; "
            f"use a smaller dt, or {np.ceil(steps) * dt:g} s"
        )
