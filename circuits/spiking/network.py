"""A circuit as a Brian2 network: all its objects in the order in which they act."""

from __future__ import annotations

from dataclasses import dataclass, replace

import brian2

from circuits.network.circuit import Population
from circuits.spiking import brian_neurons as neurons
from circuits.spiking import brian_synapses as plastic
from circuits.spiking import feedback as feedback
from circuits.spiking.blueprint import Blueprint
from circuits.spiking.events import instruct
from circuits.spiking.lines import is_wire
from circuits.spiking.monitors import monitors
from circuits.spiking.structure import first_ticks
from plasticity.compile.brian import brian_unit

# A given spike at time t acts on variables that then advance from t to t + dt, as the equations are written.
SCHEDULE = ["start", "thresholds", "synapses", "groups", "resets", "end"]


@dataclass(frozen=True, eq=False)
class Built:
    """A network and its parts.

    Parameters
    ----------
    network : brian2.Network
    objects : dict of str to Brian2 object
        Groups, synapses, pathways, monitors and clocks by name.
    synapses : dict of str to brian2.Synapses
        By projection.
    ticks : dict of str to brian2.CodeRunner
        Plasticity clocks that tick at all, by projection.
    """

    network: brian2.Network
    objects: dict
    synapses: dict
    ticks: dict


def build_network(plan: Blueprint) -> Built:
    """Network of all objects."""
    circuit = plan.circuit
    wired = [path for path in circuit.feedback if not is_wire(path, plan.channels)]
    objects, groups = [], {}
    for population in circuit.populations:
        received = [path for path in wired if path.target == population.name]
        declared = "\n".join(feedback.declaration(path) for path in received)
        made = neurons.group(_with_wires(population, plan), plan, declared)
        groups[population.name] = made[0]
        objects += made
    objects += [instruct(p, groups, plan) for p in circuit.plastic if p.third_factor]
    synapses = {p.name: plastic.synapses(p, groups, plan) for p in circuit.projections}
    for path in wired:
        objects += feedback.line(path, groups, plan)
    ticks = {p.name: plastic.tick(p, synapses[p.name]) for p in circuit.plastic}
    objects += [*synapses.values(), *monitors(groups, synapses, plan)]
    network = brian2.Network(*objects, name="network")
    network.schedule = SCHEDULE
    ticking = {name: ticks[name] for name in first_ticks(circuit, plan.grid.duration)}
    for runner in (t for t in ticks.values() if t is not None):
        runner.active = False
    return Built(network, _by_name(objects, ticks, plan), synapses, ticking)


def _by_name(objects: list, ticks: dict, plan: Blueprint) -> dict:
    """Everything that has variables, by name."""
    clocks = [plan.clock, *(t.clock for t in ticks.values() if t is not None)]
    monitored = [o.clock for o in objects if isinstance(o, brian2.StateMonitor)]
    pathways = [path for o in objects if isinstance(o, brian2.Synapses) for path in o._pathways]
    return {o.name: o for o in (*objects, *clocks, *monitored, *pathways)}


def _with_wires(population: Population, plan: Blueprint) -> Population:
    """Population whose neurons hand on what they send to themselves without disturbance."""
    wires = [p for p in plan.circuit.feedback if p.target == population.name and is_wire(p, plan.channels)]
    model = population.neuron_model
    if model is None or not wires:
        return population
    lines = [model.model, *(f"{path.receives} : {brian_unit(path.unit)}" for path in wires)]
    steps = [model.every_step, *(f"{path.receives} = {path.sends}" for path in wires)]
    return replace(population, neuron=replace(model, model="\n".join(lines), every_step="\n".join(steps)))


def run_with_ticks(built: Built, plan: Blueprint) -> None:
    """Run; a plasticity clock ticks for the first time after one interval, not at 0."""
    starts = first_ticks(plan.circuit, plan.grid.duration)
    now = 0.0
    for ends in plan.given.ends:
        built.network.run((ends[-1] - now) * brian2.second, namespace={})
        now = ends[-1]
        for name in (n for n, start in starts.items() if abs(start - now) < plan.grid.dt / 2):
            built.ticks[name].active = True
