"""Third-factor events in Brian2: spikes of another population become an event of the neurons whose synapses hear it."""

from __future__ import annotations

from collections.abc import Iterable

import brian2
import numpy as np

from circuits.network.circuit import Projection
from circuits.spiking.blueprint import Blueprint

TOLD, HAPPEN = 85, 90  # in the slot ``thresholds``, after all neurons have fired


def event_name(projection: Projection) -> str:
    """Name of the event."""
    return f"{projection.name}_instructed"


def declaration(projection: Projection) -> str:
    """Variable of a neuron that says that the event happens now."""
    return f"{projection.name}_told : 1"


def conditions(projections: Iterable[Projection]) -> dict[str, str]:
    """When the events of a neuron happen, by their names."""
    return {event_name(p): f"{p.name}_told > 0.5" for p in projections}


def instruct(projection: Projection, groups: dict, plan: Blueprint) -> brian2.Synapses:
    """Synapses that tell the postsynaptic neurons of an event, which they forget at the end of the step."""
    neurons, told = groups[projection.post], f"{projection.name}_told"
    source, n = groups[projection.third_factor], plan.circuit.population(projection.post).size
    relay = brian2.Synapses(
        source, neurons, on_pre=f"{told}_post = 1", namespace={}, clock=plan.clock, name=f"{projection.name}_teller"
    )
    each = np.arange(n)
    relay.connect(i=each if source.N > 1 else np.zeros(n, dtype=int), j=each)
    relay.pre.when, relay.pre.order = "thresholds", TOLD
    neurons.thresholder[event_name(projection)].order = HAPPEN
    neurons.run_on_event(event_name(projection), f"{told} = 0", when="resets")
    return relay
