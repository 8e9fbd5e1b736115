"""The state of a built network by name, the same for every device: variables, spikes and messages on their way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from brian2.core.variables import ArrayVariable
from brian2.devices.device import get_device
from numpy.typing import NDArray

from circuits.spiking.network import Network
from circuits.spiking.structure import NeuronGroup, Reference, SynapseGroup
from circuits.spiking.toolchain import IN_FLIGHT, MESSAGES
from plasticity.errors import InputError


def state_variables(built: Network) -> list[str]:
    """Names of all variables of neurons and synapses that change, as ``"object.variable"``."""
    groups = [o.name for o in built.structure.objects if isinstance(o, NeuronGroup | SynapseGroup)]
    return [f"{name}.{v}" for name in groups for v in _changing(built.objects[name], name)]


def recordable(built: Network) -> list[str]:
    """Names of all variables of neurons and synapses that are stored, also of traces that synapses read in neurons."""
    groups = [o for o in built.structure.objects if isinstance(o, NeuronGroup | SynapseGroup)]
    return [f"{o.name}.{v}" for o in groups for v in _stored(built.objects[o.name], getattr(o, "references", ()))]


def pathways(built: Network) -> list[str]:
    """Names of all synaptic pathways, on which spikes are on their way."""
    groups = (o for o in built.structure.objects if isinstance(o, SynapseGroup))
    return [f"{group.name}_{pathway.name}" for group in groups for pathway in group.pathways]


def get_state(built: Network) -> dict[str, NDArray[np.float64]]:
    """Copy of the state."""
    state = {name: built.get(name).astype(float) for name in state_variables(built)}
    for name in pathways(built):
        rows = enumerate(_rows(built.objects[name].queue))
        flying = [(ahead, synapse) for ahead, synapses in rows for synapse in synapses]
        state[f"{name}.{IN_FLIGHT}"] = np.array(flying, dtype=float).reshape(-1, 2)
    return state | {f"{name}.{MESSAGES}": line.messages.ravel().copy() for name, line in built.lines.items()}


def set_state(built: Network, state: Mapping[str, NDArray]) -> None:
    """Set a network that was made anew to a state.

    Raises
    ------
    InputError
        If it is no state of this network.
    """
    for name in state_variables(built):
        values, size = _part(state, name), np.size(built.get(name))
        if values.size != size:
            raise InputError(
                f"start has {values.size} values of {name!r}, expected are {size}; use a state of this circuit"
            )
        variable = built.variable(name)
        variable.set_value(values.astype(variable.dtype) if size > 1 else values.astype(variable.dtype).ravel()[0])
    for name in pathways(built):
        flying = _part(state, f"{name}.{IN_FLIGHT}").astype(int)
        rows = [flying[flying[:, 0] == k, 1].tolist() for k in range(int(flying[:, 0].max(initial=0)) + 1)]
        _fill(built.objects[name], rows)
    for name, line in built.lines.items():
        n = built.objects[name.removesuffix("_delayed")].N
        line.messages = _part(state, f"{name}.{MESSAGES}").reshape(-1, int(n)).copy()


def _part(state: Mapping[str, NDArray], name: str) -> NDArray[np.float64]:
    if name not in state:
        raise InputError(f"start has no {name!r}; use a state of this circuit, with the same paths of feedback")
    return np.asarray(state[name])


def _changing(group: Any, name: str) -> Iterator[str]:
    """Variables of a group itself that change, also those that Brian2 adds, such as the time of the last spike."""
    for own in sorted(group.variables.keys()):
        variable = group.variables[own]
        is_its = isinstance(variable, ArrayVariable) and variable.owner.name == name and not own.startswith("_")
        if is_its and not variable.constant:
            yield own


def _stored(group: Any, references: tuple[Reference, ...]) -> Iterator[str]:
    """Variables of a group with a value for each element, and those to which it refers."""
    referred = {reference.variable for reference in references}
    for name in sorted(group.variables.keys()):
        variable = group.variables[name]
        is_each = group.variables.indices[name] == "_idx" and not name.startswith("_")
        if (is_each or name in referred) and isinstance(variable, ArrayVariable) and not variable.scalar:
            yield name


def _rows(queue: Any) -> list[list[int]]:
    """Synapses that spikes reach in the next steps; Brian2 has queues in C++ and in Python."""
    state = queue._full_state()
    if len(state) == 2:
        first, rows = state
        return [*rows[first:], *rows[:first]]
    spikes = state[1]
    return [spikes[spikes[:, 0] == k, 1].tolist() for k in range(int(spikes[:, 0].max(initial=0)) + 1)]


def _fill(pathway: Any, rows: list[list[int]]) -> None:
    if pathway.queue is None:
        pathway.queue = get_device().spike_queue(pathway.source.start, pathway.source.stop)
    if len(pathway.queue._full_state()) == 2:
        pathway.queue._restore_from_full_state((0, rows))
        return
    spikes = np.array([(k, synapse) for k, row in enumerate(rows) for synapse in row], dtype=int).reshape(-1, 2)
    pathway.queue._restore_from_full_state((None, spikes, (len(rows), max(map(len, rows)) + 1)))
