"""Traces that neurons own: one variable per neuron and projection, which all its synapses read.

They are advanced once per step and neuron, instead of at every event of every synapse. A trace of presynaptic spikes
jumps when they arrive, after the delay of the projection. Filters of variables of a neuron do not jump.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from circuits.network.circuit import Circuit, Population, Projection
from circuits.spiking.structure import Link, ModelObject, NeuronGroup, Pathway, Reference, RunInputs, SynapseGroup
from plasticity.compile.brian import NeuronTrace, SynapseModel

FILTER = -6  # slot ``groups``: after synapses (-10 to -7), before neurons are reset (-5) and advance (0)
Time = tuple[str, int]  # slot of a time step and order within it


def trace_objects(
    projection: Projection, model: SynapseModel, circuit: Circuit, times: dict[str, Time], inputs: RunInputs
) -> list[ModelObject]:
    """Groups of traces of a projection and the synapses through which spikes reach them.

    `times` says when the synapses of the projection learn from the spikes of each side.
    """
    objects: list[ModelObject] = []
    for side, (when, order) in times.items():
        filters = [trace for trace in model.traces if trace.side == side and trace.reads]
        if filters:
            owner = circuit.population(projection.pre if side == "pre" else projection.post)
            objects.append(_filters(_group_name(projection, filters[0]), owner, filters, model, inputs))
        traces = [trace for trace in model.traces if trace.side == side and not trace.reads]
        if traces:
            population = circuit.population(projection.pre if side == "pre" else projection.post)
            group = _group_name(projection, traces[0])
            objects.append(_group(group, population, traces, model, inputs))
            jumps = {
                name: (code, order + shift)
                for name, shift, follows in (("earlier", -1, False), ("later", 1, True))
                if (code := "\n".join(trace.jump for trace in traces if trace.follows == follows))
            }
            pathways = tuple(Pathway(name, "pre", code, when, at) for name, (code, at) in jumps.items())
            objects.append(SynapseGroup(f"{group}_relay", population.name, group, "", pathways))
            each = np.arange(population.size)
            inputs.connections[f"{group}_relay"] = each, each
            delay = projection.delay if side == "pre" else projection.dendritic_delay
            inputs.values.update({f"{group}_relay_{name}.delay": np.array(delay) for name in jumps})
    return objects


def references(projection: Projection, model: SynapseModel) -> tuple[Reference, ...]:
    """Traces as the synapses of a projection read them."""
    return tuple(Reference(trace.name, _group_name(projection, trace), trace.side) for trace in model.traces)


def _group_name(projection: Projection, trace: NeuronTrace) -> str:
    return f"{projection.name}_{trace.side}_{'filters' if trace.reads else 'traces'}"


def _filters(
    name: str, owner: Population, filters: list[NeuronTrace], model: SynapseModel, inputs: RunInputs
) -> NeuronGroup:
    """Filters of variables of neurons, advanced after the synapses and before the neurons, as in a synapse."""
    group = _group(name, owner, filters, model, inputs)
    reads = {variable: unit for trace in filters for variable, unit in trace.reads.items()}
    linked = [f"read_{variable} : {unit} (linked)" for variable, unit in reads.items()]
    return replace(
        group,
        equations="\n".join([group.equations, *linked]),
        method="euler",
        update_order=FILTER,
        links=tuple(Link(f"read_{variable}", owner.name, variable) for variable in reads),
    )


def _group(
    name: str, owner: Population, traces: list[NeuronTrace], model: SynapseModel, inputs: RunInputs
) -> NeuronGroup:
    """Traces, with the parameters that their equations read."""
    used = {p: model.parameters[p] for trace in traces for p in trace.parameters}
    inputs.values.update({f"{name}.{p}": np.asarray(value, dtype=float) for p, (value, _) in used.items()})
    inputs.values.update({f"{name}.{trace.name}": np.asarray(trace.initial, dtype=float) for trace in traces})
    declared = [f"{p} : {unit} (shared, constant)" for p, (_, unit) in used.items()]
    return NeuronGroup(name, owner.name, "\n".join([*(trace.equation for trace in traces), *declared]))
