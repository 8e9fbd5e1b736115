"""Neurons in Brian2: groups that fire given spikes, follow a model, or both.

Order within one time step. Given spikes are taken first (slot ``thresholds``: GIVEN to ARRIVAL), then every neuron
computes what it needs (EVERY_STEP), feedback is sent (FEEDBACK …), and neurons that fire on their own do so (FIRE).
After that spikes act on synapses (slot ``synapses``), plasticity clocks tick, and everything is advanced by one step
(slot ``groups``, synapses before neurons, so that they read the values of this step).
"""

from __future__ import annotations

import brian2
import numpy as np

from circuits.network.circuit import Population
from circuits.spiking.blueprint import Blueprint
from circuits.spiking.events import conditions, declaration
from circuits.spiking.inputs import generator_name, given_spikes

RELAY, GIVEN_FIRE, ARRIVAL, EVERY_STEP, FEEDBACK, FIRE = 10, 20, 30, 40, 50, 80


def group(population: Population, plan: Blueprint, received: str = "") -> list:
    """Brian2 objects of a population, the group that synapses start and end at first.

    `received` declares variables that feedback fills.
    """
    if population.neuron_model is None:
        return [generator(population, plan)]
    model = population.neuron_model
    given = population.has_spike_trains
    pauses = "refractory" in model.model
    equations = [model.model, "given : 1" if given or "given" in model.every_step else ""]
    equations += ["refractory_time : second (shared, constant)" if pauses else "", received]
    equations += [declaration(projection) for projection in plan.instructed(population)]
    neurons = brian2.NeuronGroup(
        population.size,
        "\n".join(filter(None, equations)),
        threshold="given > 0.5" if given else model.threshold or None,
        reset="given = 0" if given else model.reset if model.threshold else None,
        refractory="refractory_time" if pauses else False,
        events=conditions(plan.instructed(population)),
        method=model.method,
        namespace=_functions(population, plan),
        clock=plan.clock,
        name=population.name,
    )
    if model.every_step:
        neurons.run_regularly(
            model.every_step, clock=plan.clock, when="thresholds", order=EVERY_STEP, name=f"{population.name}_step"
        )
    if "spike" in neurons.thresholder:
        neurons.thresholder["spike"].order = GIVEN_FIRE if given else FIRE
    return [neurons, *(_relay(population, model.on_given, neurons, plan) if given else [])]


def generator(population: Population, plan: Blueprint) -> brian2.SpikeGeneratorGroup:
    """Group that fires the given spikes of a population; a binary reads them when it runs."""
    neurons, times = ([0], [0.0]) if plan.compiled else given_spikes(population)
    return brian2.SpikeGeneratorGroup(
        population.size, neurons, times * brian2.second, clock=plan.clock, name=generator_name(population)
    )


def _relay(population: Population, on_given: str, neurons: brian2.NeuronGroup, plan: Blueprint) -> list:
    """Given spikes reach the neurons that have to fire them within the same step."""
    source = generator(population, plan)
    statements = "\n".join(["given_post = 1", on_given]).strip()
    relay = brian2.Synapses(
        source, neurons, on_pre=statements, namespace={}, clock=plan.clock, name=f"{population.name}_relay"
    )
    relay.connect(i=np.arange(population.size), j=np.arange(population.size))
    relay.pre.when, relay.pre.order = "thresholds", RELAY
    return [source, relay]


def _functions(population: Population, plan: Blueprint) -> dict[str, brian2.Function]:
    """Functions of time that the equations of a population read."""
    names = [*population.series, "draw"]
    return {n: plan.function(f"{population.name}_{n}") for n in names if f"{population.name}_{n}" in plan.given.tables}
