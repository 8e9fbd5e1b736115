"""Projections of a spiking circuit as Brian2 objects: fixed synapses, plastic ones, and synapses coupled by control.

Coupled synapses gather the changes that their rule requests. At the end of every step, when all else has been advanced,
one function computes the part of all requested changes that the directions of control permit, and what a drift that
couples weights adds; then every synapse adds its own and clips: the same step as in a rate circuit and in `simulate`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from circuits.network.circuit import Circuit, Projection
from circuits.neurons.model import DRAWN
from circuits.running.grid import Grid
from circuits.running.limits import REQUESTED
from circuits.spiking.neurons import ARRIVAL, event_name
from circuits.spiking.structure import Function, Operation, Pathway, RunInputs, SynapseGroup, Table
from circuits.spiking.traces import references
from plasticity.compile.brian import NOISE, SYNAPSE_NUMBER, SynapseModel
from plasticity.compile.elementwise import CLIPPED, brian_text
from plasticity.compile.frozen import IS_PLASTIC
from plasticity.support.streams import Counted

# Slot ``synapses``: delayed effects, pre (0) and post spikes, each between the jumps of traces, third factors, ticks.
EARLIER, POST, THIRD_FACTOR, TICK = -5, 5, 8, 10
ADVANCE, CLIP, PROJECT, APPLY = -10, -9, -8, -7  # slot ``groups``, before the neurons (0)


def synapse_group(
    projection: Projection, model: SynapseModel | None, circuit: Circuit, grid: Grid, inputs: RunInputs
) -> SynapseGroup:
    """Synapses of a projection; their numbers are added to `inputs`."""
    name = projection.name
    inputs.connections[name] = projection.sources, projection.targets
    inputs.values[f"{name}.w"] = np.asarray(projection.weight, dtype=float)
    pathways = _presynaptic(projection, model, circuit, inputs)
    equations = "w : 1 (constant)"
    if model is not None:
        inputs.values.update({f"{name}.{k}": np.asarray(v, dtype=float) for k, (v, _) in model.parameters.items()})
        inputs.values.update({f"{name}.{k}": np.asarray(v, dtype=float) for k, v in model.initial.items()})
        pathways += _postsynaptic(projection, model, inputs)
        equations = model.model
    functions = [_coupling(projection, inputs)] if _is_coupled(projection) else []
    if model is not None and NOISE in model.rule.inputs:
        equations += f"\n{SYNAPSE_NUMBER} : integer (constant)"
        functions.append(_noise(projection, grid, inputs))
    if _is_coupled(projection):
        equations += "\npermitted_change : 1\nis_projected : 1 (shared)"
    return SynapseGroup(
        name,
        projection.pre,
        projection.post,
        equations,
        tuple(pathways),
        method=(model.method or "exact") if model else "exact",
        update_order=ADVANCE,
        operations=() if model is None else tuple(_operations(projection, model, inputs)),
        functions=tuple(functions),
        references=() if model is None else references(projection, model),
    )


def presynaptic_delays(projection: Projection) -> dict[str, NDArray[np.float64]]:
    """Delay [s] after which a presynaptic spike acts, by pathway: one number, or one for each synapse."""
    model = projection.synapse
    delays = {"pre": np.asarray(projection.delay)}
    if model is not None and model.on_pre_delayed:
        delays["pre_delayed"] = projection.delay + model.pre_delay
    return delays


def _is_coupled(projection: Projection) -> bool:
    return projection.limits is not None and projection.limits.is_coupled


def clock_name(projection: Projection) -> str:
    """Name of the plasticity clock of a projection."""
    return f"{projection.name}_ticks"


def spike_time(projection: Projection, circuit: Circuit, side: str) -> tuple[str, int]:
    """Slot and order of a time step in which the synapses of a projection learn from the spikes of one side."""
    neuron = circuit.population(projection.post).neuron_model
    if side == "post":
        return "synapses", POST
    source_first = circuit.population(projection.pre).has_spike_trains and neuron is not None and neuron.every_step
    return ("thresholds", ARRIVAL) if source_first else ("synapses", 0)


def _presynaptic(
    projection: Projection, model: SynapseModel | None, circuit: Circuit, inputs: RunInputs
) -> list[Pathway]:
    """A presynaptic spike acts on the neuron with the present weight, then the synapse learns."""
    neuron = circuit.population(projection.post).neuron_model
    acts = neuron.receptor(projection.receptor) if neuron and projection.receptor is not None else ""
    code = {"pre": "\n".join(filter(None, (acts, model.on_pre if model else "")))}
    if model is not None and model.on_pre_delayed:
        code["pre_delayed"] = model.on_pre_delayed
    when = {"pre": spike_time(projection, circuit, "pre"), "pre_delayed": ("synapses", EARLIER)}
    for pathway, delay in presynaptic_delays(projection).items():
        if code[pathway]:
            inputs.values[f"{projection.name}_{pathway}.delay"] = delay
    each = np.ndim(projection.delay) > 0
    return [Pathway(name, "pre", text, *when[name], has_delays=each) for name, text in code.items() if text]


def _postsynaptic(projection: Projection, model: SynapseModel, inputs: RunInputs) -> list[Pathway]:
    """What spikes of the postsynaptic neuron and third-factor events in it do."""
    pathways = []
    if model.on_post:
        delay = np.asarray(projection.dendritic_delay)
        inputs.values[f"{projection.name}_post.delay"] = delay
        pathways.append(Pathway("post", "post", model.on_post, order=POST, has_delays=delay.ndim > 0))
    if projection.third_factor and model.on_third_factor:
        event = event_name(projection)
        pathways.append(Pathway("third_factor", "post", model.on_third_factor, order=THIRD_FACTOR, event=event))
        inputs.values[f"{projection.name}_third_factor.delay"] = np.zeros(1)
    return pathways


def _operations(projection: Projection, model: SynapseModel, inputs: RunInputs) -> list[Operation]:
    """Plasticity clock, bounds of a weight that flows, and coupling."""
    name, operations = projection.name, []
    is_bounded = "weight_low" in model.parameters
    clipped = brian_text(CLIPPED, weight="w", low="weight_low", high="weight_high")
    if model.clock_dt is not None:
        inputs.values[f"{clock_name(projection)}.dt"] = np.array(model.clock_dt)
        operations.append(Operation(f"{name}_tick", model.on_clock, "synapses", TICK, clock_name(projection)))
    if is_bounded and "dw/dt" in model.model:
        operations.append(Operation(f"{name}_clip", f"w = {clipped}", "groups", CLIP))
    if _is_coupled(projection):
        project = "is_projected = project_changes(dt)"
        change = f"w = w + {IS_PLASTIC.name}*permitted_change"
        apply = [change, f"w = {clipped}" if is_bounded else "", f"{REQUESTED.name} = 0"]
        operations.append(Operation(f"{name}_project_change", project, "groups", PROJECT))
        operations.append(Operation(f"{name}_apply_change", "\n".join(filter(None, apply)), "groups", APPLY))
    return operations


def _noise(projection: Projection, grid: Grid, inputs: RunInputs) -> Function:
    """Function of normal numbers of a step and synapse, which the seed and the name of the projection determine."""
    name = f"{projection.name}_noise"
    inputs.values[f"{projection.name}.{SYNAPSE_NUMBER}"] = np.arange(projection.n_synapses)
    inputs.tables[name] = Counted(grid.seed, f"{projection.name}/noise", grid.trial, grid.dt, DRAWN.index("noise"))
    return Function("noise", "noise", name)


def _coupling(projection: Projection, inputs: RunInputs) -> Function:
    """Function that computes all permitted changes; its matrices have a row per synapse."""
    limits, name = projection.limits, projection.name
    assert limits is not None
    inputs.couplings[name] = limits
    if limits.projector is not None:
        inputs.tables[f"{name}_read"] = Table(limits.projector.read.T)
        kind = "removed" if limits.projector.is_complement else "control"
        inputs.tables[f"{name}_{kind}"] = Table(limits.projector.control)
    if limits.drift_matrix is not None:
        inputs.tables[f"{name}_drift"] = Table(limits.drift_matrix)
    return Function("project_changes", "coupling", name)
