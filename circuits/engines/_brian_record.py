"""What a Brian2 run records: tracked synapses, spike counts, spikes on request."""

from __future__ import annotations

from dataclasses import dataclass

import brian2
import numpy as np
import sympy as sp
from numpy.typing import NDArray

from circuits._recording import Recording
from circuits._records import Circuit, Projection
from plasticity.compile.classify import clock_driven, event_driven
from plasticity.errors import UnknownNameError


@dataclass(frozen=True, eq=False)
class Monitors:
    """Monitors of one network, by projection and population."""

    states: dict[str, brian2.StateMonitor]
    recorded: dict[str, tuple[str, ...]]
    tracked: dict[str, NDArray[np.int64]]
    spikes: dict[str, brian2.SpikeMonitor]
    projections: dict[str, Projection]
    neurons: dict[str, brian2.StateMonitor]

    @property
    def all(self) -> list:
        """All monitors."""
        return [*self.states.values(), *self.spikes.values(), *self.neurons.values()]

    def times(self) -> NDArray[np.float64]:
        """Times of the record [s]."""
        return next((np.array(m.t_[:]) for m in (*self.states.values(), *self.neurons.values())), np.empty(0))

    def values(self, projection: str, state: str) -> NDArray[np.float64]:
        """Recorded values (n_times, n_tracked) of a state: what relaxes between spikes is brought up to date."""
        monitor = self.states[projection]
        values = np.array(getattr(monitor, f"{state}_")[:]).T
        rule = self.projections[projection].synapse.rule
        exact = {v.name: ab for v, ab in event_driven(rule).items() if v not in clock_driven(rule)}
        if state not in exact or exact[state] == (0, 0):
            return values
        numbers = [float(sp.sympify(r).subs({p.symbol: p.value for p in rule.parameters})) for r in exact[state]]
        elapsed = np.array(monitor.t_[:])[:, None] - np.array(monitor.lastupdate_[:]).T
        rate, push = numbers
        relaxed = np.expm1(rate * elapsed) / rate if rate else elapsed
        return values * np.exp(rate * elapsed) + push * relaxed


def monitors(circuit: Circuit, record: Recording, groups: dict, synapses: dict) -> Monitors:
    """Monitors for a circuit."""
    spikes = {
        p.name: brian2.SpikeMonitor(groups[p.name], record=p.name in record.spikes, name=f"{p.name}_spikes")
        for p in circuit.populations
        if p.name in record.spikes or (not p.is_given and p.neuron.threshold)
    }
    states, recorded, tracked, of_neurons = {}, {}, {}, {}
    if record.every is not None:
        clock = brian2.Clock(record.every * brian2.second, name="recording")
        for p in circuit.plastic:
            own = {s.name for s in p.synapse.rule.states}
            recorded[p.name] = ("w", *(s for s in record.states if s in own))
            tracked[p.name] = record.tracked(p.n_synapses)
            read = (*recorded[p.name], *(["lastupdate"] if "event-driven" in p.synapse.model else []))
            states[p.name] = brian2.StateMonitor(
                synapses[p.name], read, record=tracked[p.name], clock=clock, name=f"{p.name}_record"
            )
        for name in record.variables:
            population, _, variable = name.partition(".")
            if variable not in groups[population].variables:
                raise UnknownNameError(f"variable of {population!r}", variable, groups[population].equations.names)
            of_neurons[name] = brian2.StateMonitor(
                groups[population], variable, record=True, clock=clock, name=f"{population}_{variable}_record"
            )
    return Monitors(states, recorded, tracked, spikes, {p.name: p for p in circuit.plastic}, of_neurons)
