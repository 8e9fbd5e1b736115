"""Monitors of a Brian2 network: tracked synapses, variables of neurons, spikes."""

from __future__ import annotations

import brian2
import numpy as np

from circuits.spiking.blueprint import Blueprint
from circuits.spiking.outputs import counted, recorded
from plasticity.errors import UnknownNameError


def monitors(groups: dict, synapses: dict, plan: Blueprint) -> list:
    """Monitors for what a run records; `circuits.spiking.outputs` says what they are called."""
    circuit, record = plan.circuit, plan.record
    made = [
        brian2.SpikeMonitor(groups[p.name], record=p.name in record.spikes, name=f"{p.name}_spikes")
        for p in circuit.populations
        if counted(p, record)
    ]
    if record.every is None:
        return made
    clock = brian2.Clock(record.every * brian2.second, name="recording")
    for p, model in circuit.learning:
        tracked = record.tracked(p.n_synapses)
        tracked = np.zeros_like(tracked) if plan.compiled else tracked  # as many: a binary reads which
        read = recorded(model, record)
        made.append(brian2.StateMonitor(synapses[p.name], read, record=tracked, clock=clock, name=f"{p.name}_record"))
    for name in record.variables:
        population, _, variable = name.partition(".")
        if variable not in groups[population].variables:
            raise UnknownNameError(f"variable of {population!r}", variable, groups[population].equations.names)
        name = f"{population}_{variable}_record"
        made.append(brian2.StateMonitor(groups[population], variable, record=True, clock=clock, name=name))
    return made
