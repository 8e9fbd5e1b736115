"""Brian2 objects of a model, built from its structure and, unless it is compiled, the inputs of a run alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import brian2
import numpy as np
from numpy.typing import NDArray

from circuits.spiking.explained import explained
from circuits.spiking.functions import FUNCTIONS, DelayLine, held
from circuits.spiking.structure import (
    SCHEDULE,
    STEPS,
    ModelObject,
    ModelStructure,
    NeuronGroup,
    RunInputs,
    SpikeRecord,
    SpikeSource,
    StateRecord,
    SynapseGroup,
)
from plasticity.errors import UnknownNameError

SET_WHEN_BUILT = ("dt", "delay", "neuron_index", "_timebins", "_indices")


@dataclass(frozen=True, eq=False)
class Network:
    """A Brian2 network and its parts.

    Parameters
    ----------
    structure : ModelStructure
    network : brian2.Network
    objects : dict of str to Brian2 object
        Groups, synapses, pathways, operations, monitors and clocks by name.
    lines : dict of str to DelayLine
        Messages on their way.
    """

    structure: ModelStructure
    network: brian2.Network
    objects: dict[str, Any]
    lines: dict[str, DelayLine]

    def owner(self, name: str) -> Any:
        """Brian2 object that has the variable called ``"object.variable"``."""
        return self.objects[name.partition(".")[0]]

    def variable(self, name: str) -> Any:
        """Brian2 variable called ``"object.variable"``."""
        return self.owner(name).variables[name.partition(".")[2]]

    def get(self, name: str) -> NDArray:
        """Copy of the values of ``"object.variable"``."""
        return np.array(self.variable(name).get_value())

    def places(self, name: str) -> Any:
        """Brian2 variable with the place of each element of ``"object.variable"`` in another's; None in its own."""
        variables = self.owner(name).variables
        index = variables.indices[name.partition(".")[2]]
        return None if index == "_idx" else variables[index]

    def elements(self, name: str, which: NDArray[np.int64]) -> NDArray:
        """Values of some elements of ``"object.variable"``, of neurons or synapses."""
        places = self.places(name)
        return np.array(self.variable(name).get_value()[which if places is None else places.get_value()[which]])

    def activate(self, clock: str, active: bool = True) -> None:
        """Switch the operations of a clock on or off."""
        for record in self.structure.objects:
            for operation in getattr(record, "operations", ()):
                if operation.clock == clock:
                    self.objects[operation.name].active = active


class Builder:
    """Objects of a model by name; without inputs they get placeholders, which a compiled program replaces."""

    def __init__(self, structure: ModelStructure, inputs: RunInputs | None) -> None:
        self.structure, self.inputs = structure, inputs
        self.objects: dict[str, Any] = {}
        self.made: list[brian2.BrianObject] = []
        self.lines: dict[str, DelayLine] = {}
        for k, name in enumerate(structure.clocks):
            self.objects[name] = brian2.Clock(self.number(f"{name}.dt", 1e-3 * (k + 1)) * brian2.second, name=name)
        monitored = [record for record in structure.objects if isinstance(record, SpikeRecord | StateRecord)]
        for record in (record for record in structure.objects if record not in monitored):
            self.make(record)
        for group in (record for record in structure.objects if isinstance(record, NeuronGroup)):
            for link in group.links:
                self.link(group, link)
        for record in monitored:  # after the links, which they may record
            self.make(record)

    def make(self, record: ModelObject) -> None:
        """Make an object."""
        with explained([record.name], record.name):
            made = _MAKERS[type(record)](self, record)
        self.objects[record.name] = made
        self.made.append(made)

    def size(self, name: str) -> int:
        """Size of a group."""
        return size_placeholders(self.structure)[name] if self.inputs is None else self.inputs.sizes[name]

    def number(self, name: str, placeholder: float) -> float:
        """One number of a run."""
        return placeholder if self.inputs is None else float(np.ravel(self.inputs.values[name])[0])

    def array(self, name: str, placeholder: NDArray) -> NDArray:
        """Array of a run."""
        return placeholder if self.inputs is None else np.asarray(self.inputs.values[name])

    def link(self, record: NeuronGroup, link: Any) -> None:
        """Let a variable of a group be that of another one."""
        linked = brian2.linked_var(self.objects[link.source], link.source_variable, index=link.index)
        setattr(self.objects[record.name], link.variable, linked)

    def operations(self, made: brian2.Group, record: NeuronGroup | SynapseGroup) -> None:
        """Make the operations of a group."""
        for o in record.operations:
            runner = made.run_regularly(o.code, clock=self.objects[o.clock], when=o.when, order=o.order, name=o.name)
            self.objects[o.name] = runner

    def functions(self, record: NeuronGroup | SynapseGroup) -> dict[str, brian2.Function]:
        """Functions that the equations of a group call, by symbol."""
        return {f.symbol: FUNCTIONS[f.kind](self, f) for f in record.functions}


def size_placeholders(structure: ModelStructure) -> dict[str, int]:
    """Numbers that stand for sizes in the text of a program, apart by 2; no equation of the model has their digits."""
    text = str(structure)
    first = next(digits for digits in range(1237, 10000) if str(digits) not in text) * 1000
    return {name: first + 2 * k for k, name in enumerate(structure.sizes)}


def build_network(structure: ModelStructure, inputs: RunInputs | None = None) -> Network:
    """Network of a model with the numbers of `inputs`; without them with placeholders, to be compiled."""
    builder = Builder(structure, inputs)
    called = set() if inputs is None else set(structure.monitors)  # at the times of the record, by `numpy_device`
    network = brian2.Network(*(made for made in builder.made if made.name not in called), name="network")
    network.schedule = list(SCHEDULE)
    built = Network(structure, network, builder.objects, builder.lines)
    for clock in structure.plasticity_clocks:
        built.activate(clock, inputs is None)
    for name, value in (inputs.values if inputs else {}).items():
        if name.rpartition(".")[2] not in SET_WHEN_BUILT:
            built.variable(name).set_value(value if np.size(value) > 1 else np.ravel(value)[0])
    return built


def _spike_source(builder: Builder, record: SpikeSource) -> brian2.SpikeGeneratorGroup:
    neurons = builder.array(f"{record.name}.neuron_index", np.zeros(1, dtype=int))
    bins = builder.array(f"{record.name}._timebins", np.zeros(1, dtype=int))
    times = bins * builder.number(f"{STEPS}.dt", 1e-3) * brian2.second
    size, clock = builder.size(record.size), builder.objects[STEPS]
    return brian2.SpikeGeneratorGroup(size, neurons, times, clock=clock, name=record.name)


def _neuron_group(builder: Builder, record: NeuronGroup) -> brian2.NeuronGroup:
    made = brian2.NeuronGroup(
        builder.size(record.size),
        record.equations,
        threshold=record.threshold or None,
        reset=record.reset if record.threshold else None,
        refractory=record.refractory or False,
        events={event.name: event.condition for event in record.events},
        method=record.method,
        namespace=builder.functions(record),
        clock=builder.objects[STEPS],
        name=record.name,
    )
    if made.state_updater is not None:
        made.state_updater.order = record.update_order
    if "spike" in made.thresholder:
        made.thresholder["spike"].order = record.threshold_order
    if "spike" in made.resetter:
        made.resetter["spike"].when, made.resetter["spike"].order = "groups", record.reset_order
    for event in record.events:
        made.thresholder[event.name].order = event.order
        made.run_on_event(event.name, event.after, when="resets")
    builder.operations(made, record)
    return made


def _synapse_group(builder: Builder, record: SynapseGroup) -> brian2.Synapses:
    shared = [p.name for p in record.pathways if not p.has_delays]
    delays = {name: builder.number(f"{record.name}_{name}.delay", 0.0) * brian2.second for name in shared}
    code = {side: {p.name: p.code for p in record.pathways if p.side == side} or None for side in ("pre", "post")}
    made = brian2.Synapses(
        builder.objects[record.source],
        builder.objects[record.target],
        model=record.equations or None,
        on_pre=code["pre"],
        on_post=code["post"],
        on_event={p.name: p.event for p in record.pathways} or "spike",
        method=record.method,
        delay=delays or None,
        namespace={"held": held()},
        clock=builder.objects[STEPS],
        name=record.name,
    )
    first = np.zeros(1, dtype=int)
    # no local name here may be that of a variable of Brian2's, which would warn of two meanings
    ends = (first, first) if builder.inputs is None else builder.inputs.connections[record.name]
    made.connect(i=np.asarray(ends[0], dtype=int), j=np.asarray(ends[1], dtype=int))
    for reference in record.references:
        group = builder.objects[reference.source]
        made.variables.add_reference(reference.variable, group, index=f"_synaptic_{reference.side}")
    for pathway in record.pathways:
        made_pathway = getattr(made, pathway.name)
        made_pathway.when, made_pathway.order = pathway.when, pathway.order
        builder.objects[made_pathway.name] = made_pathway
        if pathway.has_delays and builder.inputs is not None:
            made_pathway.variables["delay"].set_value(builder.inputs.values[f"{made_pathway.name}.delay"])
    for updater in made.summed_updaters.values():
        updater.when, updater.order = "thresholds", record.summed_order
    if made.state_updater is not None:
        made.state_updater.order = record.update_order
    builder.objects[record.name] = made  # functions of coupled synapses read its variables
    made.namespace.update(builder.functions(record))
    builder.operations(made, record)
    return made


def _spike_record(builder: Builder, record: SpikeRecord) -> brian2.SpikeMonitor:
    keeps_times = builder.inputs is None or record.name in builder.inputs.spikes
    return brian2.SpikeMonitor(builder.objects[record.source], record=keeps_times, name=record.name)


def _state_record(builder: Builder, record: StateRecord) -> brian2.StateMonitor:
    source = builder.objects[record.source]
    for variable in record.variables:
        if variable not in source.variables:
            raise UnknownNameError(f"variable of {record.source!r}", variable, source.equations.names)
    which = builder.array(f"{record.name}._indices", np.zeros(1, dtype=int))
    clock = builder.objects[STEPS]
    made = brian2.StateMonitor(source, record.variables, record=which, clock=clock, name=record.name)
    made.variables["_indices"].size = builder.size(record.size)
    return made


_MAKERS: dict[type, Callable[[Builder, Any], brian2.BrianObject]] = {
    SpikeSource: _spike_source,
    NeuronGroup: _neuron_group,
    SynapseGroup: _synapse_group,
    SpikeRecord: _spike_record,
    StateRecord: _state_record,
}
