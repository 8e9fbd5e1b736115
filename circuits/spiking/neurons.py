"""Populations and third-factor events of a spiking circuit as Brian2 objects.

Order within one time step. Prescribed spikes are taken first (slot ``thresholds``: SOURCE_FIRES to ARRIVAL), then
every neuron computes what it needs (EVERY_STEP), feedback is transmitted (FEEDBACK …), and neurons that fire on their
own do so (FIRE). After that spikes act on synapses (slot ``synapses``), plasticity clocks tick, and everything is
advanced by one step (slot ``groups``): synapses, which read the values of this step; then neurons that have fired are
reset (RESET), and all neurons advance, so that the step after a spike starts at the reset.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from circuits.network.circuit import Circuit, Feedback, Population, Projection
from circuits.neurons.model import DRAWN
from circuits.running.grid import Grid
from circuits.spiking.structure import (
    Event,
    Function,
    Link,
    ModelObject,
    NeuronGroup,
    Operation,
    Pathway,
    RunInputs,
    SpikeSource,
    SynapseGroup,
    Table,
)
from plasticity.compile.brian import brian_unit
from plasticity.errors import InputError
from plasticity.local import local
from plasticity.support.streams import Counted

RELAY, SOURCE_FIRES, ARRIVAL, EVERY_STEP, FEEDBACK, DELIVER, FIRE = 10, 20, 30, 40, 50, 65, 80
ANNOUNCE, EVENT = 85, 90  # third-factor events, after all neurons have fired
RESET = -5  # slot ``groups``, after the synapses and before the neurons (0)
MAXIMAL_COUNT = 5e7  # random numbers that are drawn beforehand: 400 MB
MESSAGE, POWER = local("learning_signal"), local("feedback_power")


def population_objects(
    population: Population, circuit: Circuit, wires: Iterable[Feedback], grid: Grid, inputs: RunInputs
) -> list[ModelObject]:
    """Objects of a population; their numbers are added to `inputs`.

    `wires` are the paths of feedback that hand on what a neuron sends to itself, undisturbed.
    """
    objects: list[ModelObject] = []
    if population.has_spike_trains:
        objects.append(_source(population, grid, inputs))
    if population.neuron_model is not None:
        objects.append(_neurons(population, circuit, list(wires), grid, inputs))
        if population.has_spike_trains:
            objects.append(_relay(population, inputs))
    return objects


def third_factor_objects(projection: Projection, circuit: Circuit, inputs: RunInputs) -> list[ModelObject]:
    """Synapses that announce third-factor events to the postsynaptic neurons of a projection."""
    if not projection.third_factor:
        return []
    n_post, n_sources = circuit.population(projection.post).size, circuit.population(projection.third_factor).size
    each = np.arange(n_post)
    name = f"{projection.name}_announcer"
    inputs.connections[name] = (each if n_sources > 1 else np.zeros(n_post, dtype=int), each)
    inputs.values[f"{name}_pre.delay"] = np.zeros(1)
    announce = Pathway("pre", "pre", f"{_event_variable(projection)}_post = 1", "thresholds", ANNOUNCE)
    return [SynapseGroup(name, projection.third_factor, projection.post, "", (announce,))]


def event_name(projection: Projection) -> str:
    """Name of the third-factor event in the postsynaptic neurons of a projection."""
    return f"{projection.name}_event"


def source_name(population: Population) -> str:
    """Name of the group that fires the spike trains of a population."""
    return population.name if population.neuron_model is None else f"{population.name}_source"


def check_count(name: str, count: int) -> None:
    """Refuse to draw more numbers beforehand than fit into memory."""
    if count > MAXIMAL_COUNT:
        raise InputError(
            f"{name} needs {count:.1e} numbers drawn beforehand, more than {MAXIMAL_COUNT:.0e}; use a shorter run, "
            "a larger dt or fewer neurons"
        )


def _event_variable(projection: Projection) -> str:
    """Variable of a neuron that is 1 in the step of the event."""
    return f"{projection.name}_event_now"


def _source(population: Population, grid: Grid, inputs: RunInputs) -> SpikeSource:
    name = source_name(population)
    neurons = np.repeat(np.arange(population.size), [t.size for t in population.spike_trains])
    bins = np.round(np.concatenate([*population.spike_trains, np.empty(0)]) / grid.dt).astype(np.int64)
    order = np.lexsort((neurons, bins))
    order = order[(bins[order] >= grid.first) & (bins[order] < grid.last)]
    inputs.values[f"{name}.neuron_index"] = neurons[order]
    inputs.values[f"{name}._timebins"] = bins[order]
    return SpikeSource(name, population.name)


def _relay(population: Population, inputs: RunInputs) -> SynapseGroup:
    """Synapses through which prescribed spikes reach the neurons that fire them within the same step."""
    name, each = f"{population.name}_relay", np.arange(population.size)
    inputs.connections[name] = (each, each)
    inputs.values[f"{name}_pre.delay"] = np.zeros(1)
    effect = population.neuron_model.on_prescribed_spike if population.neuron_model else ""
    code = "\n".join(filter(None, ["prescribed_post = 1", effect]))
    return SynapseGroup(
        name, source_name(population), population.name, "", (Pathway("pre", "pre", code, "thresholds", RELAY),)
    )


def _neurons(
    population: Population, circuit: Circuit, wires: list[Feedback], grid: Grid, inputs: RunInputs
) -> NeuronGroup:
    model, name, prescribed = population.neuron_model, population.name, population.has_spike_trains
    assert model is not None
    received = [path for path in circuit.feedback if path.target == name]
    direct = [path for path in received if path not in wires and path.weights is None]
    instructed = [p for p in circuit.plastic if p.post == name and p.third_factor]
    pauses = "refractory" in model.model
    equations = [model.model, "prescribed : 1" if prescribed or "prescribed" in model.every_step else ""]
    equations += ["refractory_time : second (shared, constant)" if pauses else ""]
    equations += [f"{path.receives} : {brian_unit(path.unit)}" for path in received]
    equations.append(_feedback_power(population, circuit, received, inputs))
    equations += [f"{path.receives}_line : {brian_unit(path.unit)} (linked)" for path in direct]
    equations += [f"{path.receives}_from : integer (constant)" for path in direct]
    equations += [f"{_event_variable(projection)} : 1" for projection in instructed]
    step = [model.every_step, *(f"{path.receives} = {path.sends}" for path in wires)]
    operations = (
        [Operation(f"{name}_step", "\n".join(filter(None, step)), "thresholds", EVERY_STEP)] if any(step) else []
    )
    operations += [
        Operation(f"{path.name}_deliver", f"{path.receives} = {path.receives}_line", "thresholds", DELIVER)
        for path in direct
    ]
    inputs.values.update({f"{name}.{k}": np.asarray(v, dtype=float) for k, (v, _) in model.parameters.items()})
    inputs.values.update({f"{name}.{k}": np.asarray(v, dtype=float) for k, v in model.initial.items()})
    if pauses:
        inputs.values[f"{name}.refractory_time"] = np.array(float(model.refractory))
    return NeuronGroup(
        name,
        name,
        "\n".join(filter(None, equations)),
        threshold="prescribed > 0.5" if prescribed else model.threshold,
        reset="prescribed = 0" if prescribed else model.reset,
        refractory="refractory_time" if pauses else "",
        method=model.method,
        threshold_order=SOURCE_FIRES if prescribed else FIRE,
        reset_order=RESET,
        events=tuple(
            Event(event_name(p), f"{_event_variable(p)} > 0.5", EVENT, f"{_event_variable(p)} = 0") for p in instructed
        ),
        operations=tuple(operations),
        functions=_tables(population, grid, inputs),
        links=tuple(Link(f"{p.receives}_line", p.name, "received", f"{p.receives}_from") for p in direct),
    )


def _feedback_power(population: Population, circuit: Circuit, received: list[Feedback], inputs: RunInputs) -> str:
    """Declaration of the squared weights of the feedback to each neuron, if a rule reads them."""
    name, model = POWER.name, population.neuron_model
    read = any(POWER in p.rule.inputs for p in circuit.plastic if p.rule is not None and p.post == population.name)
    if not read or (model is not None and name in model.provides):
        return ""
    weights = next(path.weights for path in received if path.receives == MESSAGE.name)
    power = 1.0 if weights is None else np.sum(np.square(weights), axis=1)
    inputs.values[f"{population.name}.{name}"] = np.broadcast_to(power, population.size).astype(float)
    return f"{name} : 1 (constant)"


def _tables(population: Population, grid: Grid, inputs: RunInputs) -> tuple[Function, ...]:
    """Functions of time that the equations of a population read: its series, and random numbers."""
    owner, kinds = population.name, dict.fromkeys(population.series, "table")
    inputs.tables.update(
        {f"{owner}_{k}": Table(np.asarray(v, float), *timing) for k, (v, *timing) in population.series.items()}
    )
    drawn = population.neuron_model.drawn(population.has_spike_trains) if population.neuron_model else ()
    for name in drawn:
        if name not in kinds:
            kinds[name] = name
            inputs.tables[f"{owner}_{name}"] = Counted(
                grid.seed, f"{owner}/{name}", grid.trial, grid.dt, DRAWN.index(name)
            )
    return tuple(Function(name, kind, f"{owner}_{name}") for name, kind in kinds.items())
