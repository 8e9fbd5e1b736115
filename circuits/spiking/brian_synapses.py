"""Synapses in Brian2: fixed ones and those that learn."""

from __future__ import annotations

import brian2
import numpy as np

from circuits.network.circuit import Projection
from circuits.spiking.blueprint import Blueprint
from circuits.spiking.brian_neurons import ARRIVAL
from circuits.spiking.control import control
from circuits.spiking.events import event_name
from circuits.spiking.structure import arrives_early, pathways
from plasticity.compile.brian import SynapseModel

TICK = 10  # after the spikes of a step
THIRD = 2  # a third factor comes after the post spikes, which have order 1
LATE = -5  # a late effect of an earlier spike comes before the spikes of this step
BEFORE_NEURONS = -10  # synapses are advanced first: they read the neurons of this step


def synapses(projection: Projection, groups: dict, plan: Blueprint) -> brian2.Synapses:
    """Brian2 synapses of a projection, connected; a binary reads who is connected when it runs."""
    model, arriving = projection.synapse, pathways(plan.circuit, projection)
    made = brian2.Synapses(
        groups[projection.pre],
        groups[projection.post],
        model=_equations(projection),
        on_pre={name: text for name, (text, _) in arriving.items()} or None,
        on_post=_on_post(projection) or None,
        on_event={"third_factor": event_name(projection)} if projection.third_factor else "spike",
        method=(model.method or "exact") if model else "exact",
        delay={name: delay * brian2.second for name, (_, delay) in arriving.items()} or None,
        namespace={},
        clock=plan.clock,
        name=projection.name,
    )
    ends = ([0], [0]) if plan.compiled else (projection.sources, projection.targets)
    made.connect(i=np.asarray(ends[0], dtype=int), j=np.asarray(ends[1], dtype=int))
    if arrives_early(plan.circuit, projection):
        made.pre.when, made.pre.order = "thresholds", ARRIVAL
    if projection.third_factor:
        made.third_factor.order = THIRD
    if "pre_delayed" in arriving:
        made.pre_delayed.order = LATE
    if made.state_updater is not None:
        made.state_updater.order = BEFORE_NEURONS
    if model and clips_every_step(model):
        made.run_regularly(
            "w = clip(w, weight_low, weight_high)",
            clock=plan.clock,
            when="groups",
            order=BEFORE_NEURONS + 1,
            name=f"{projection.name}_clip",
        )
    if model and projection.coupling is not None:
        control(projection.name, model, made, plan)
    return made


def _equations(projection: Projection) -> str:
    """Equations of a synapse; one that shares controllers knows its place among the others."""
    if projection.synapse is None:
        return "w : 1"
    if projection.coupling is None:
        return projection.synapse.model
    return f"{projection.synapse.model}\nown_index : integer (constant)\nheard : 1"


def _on_post(projection: Projection) -> dict[str, str]:
    """What spikes of the postsynaptic neuron and third-factor events in it do, by the name of the pathway."""
    model = projection.synapse
    if model is None:
        return {}
    third = model.on_third_factor if projection.third_factor else ""
    return {name: text for name, text in (("post", model.on_post), ("third_factor", third)) if text}


def clips_every_step(model: SynapseModel) -> bool:
    """Whether a bounded weight flows."""
    return "weight_low" in model.parameters and "dw/dt" in model.model


def tick(projection: Projection, made: brian2.Synapses) -> brian2.CodeRunner | None:
    """Plasticity clock of a projection, if its rule has one."""
    model = projection.synapse
    if model is None or model.clock_dt is None:
        return None
    ticks = brian2.Clock(model.clock_dt * brian2.second, name=f"{projection.name}_ticks")
    return made.run_regularly(model.on_clock, clock=ticks, when="synapses", order=TICK, name=f"{projection.name}_tick")
