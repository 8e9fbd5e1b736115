"""Paths of feedback as Brian2 objects: messages of neurons reach other neurons through a channel at every step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from circuits.network.circuit import Circuit, Feedback
from circuits.running.grid import Grid
from circuits.spiking.neurons import FEEDBACK, check_count
from circuits.spiking.structure import (
    Function,
    Link,
    ModelObject,
    NeuronGroup,
    Operation,
    RunInputs,
    SynapseGroup,
    Table,
)
from circuits.spiking.toolchain import MESSAGES
from plasticity.compile.brian import brian_unit
from plasticity.compile.elementwise import DISTURBED, RECEIVED, ROUNDED, brian_text
from plasticity.errors import InputError
from plasticity.feedback import NAME, FeedbackChannel, delay_steps, draw, projection_matrix, sources_of
from plasticity.support.streams import counters, set_counters

PathChannels = tuple[FeedbackChannel, ...]
SEND, TRANSMIT, WEIGH = FEEDBACK, FEEDBACK + 10, FEEDBACK + 15


def path_channels(
    path: Feedback, channels: FeedbackChannel | Sequence[FeedbackChannel] | None, n_sent: int
) -> PathChannels:
    """Channels of the components of a message: one for all `n_sent`, or one each, with the noise of trial k.

    The components share delay, rounding and projection.

    Raises
    ------
    InputError
        If there is neither one channel nor one per component, or they differ in what they must share.
    """
    if channels is None or isinstance(channels, FeedbackChannel):
        return (channels or FeedbackChannel(),)
    channels = tuple(channels)
    if len(channels) not in (1, n_sent):
        raise InputError(
            f"feedback {path.name!r} has {len(channels)} channels for {n_sent} components; give one or one each"
        )
    shared = {(c.delay, c.quantum) for c in channels}
    if len(channels) > 1 and (len(shared) > 1 or any(c.projection is not None for c in channels)):
        raise InputError(
            f"channels of the components of {path.name!r} must share delay and quantum, without projection"
        )
    return channels


def feedback_objects(
    path: Feedback, channels: PathChannels, circuit: Circuit, grid: Grid, inputs: RunInputs
) -> list[ModelObject]:
    """Messages of one path and the synapses that weigh them; their numbers are added to `inputs`."""
    noise_name = NAME if len(circuit.feedback) == 1 else path.name  # a single path has the noise of other engines
    n_sent, n_target = circuit.population(path.source).size, circuit.population(path.target).size
    matrix = projection_matrix(channels[0], n_sent, grid.seed, noise_name)
    n = n_sent if matrix is None else len(matrix)
    _check_sizes(path, n, n_target)
    if path.weights is None:
        inputs.values[f"{path.target}.{path.receives}_from"] = np.arange(n_target) if n > 1 else np.zeros(n_target)
    if matrix is not None:
        inputs.sizes[path.name] = n
    objects: list[ModelObject] = [_messages(path, channels, n, matrix is None, grid, noise_name, inputs)]
    unit = brian_unit(path.unit)
    if matrix is not None:
        names = f"{path.name}_send", path.source, path.name
        objects.append(_weighted(names, matrix, f"arriving_post = weight*{path.sends}_pre", unit, SEND, inputs))
    if path.weights is not None:
        names = f"{path.name}_weigh", path.name, path.target
        text = f"{path.receives}_post = weight*received_pre"
        objects.append(_weighted(names, path.weights, text, unit, WEIGH, inputs))
    return objects


def _disturbances(channels: PathChannels) -> list[str]:
    """Disturbances that are random or differ between components."""
    used = {
        "factor": any(c.sign_error > 0 or c.gain != channels[0].gain for c in channels),
        "noise": any(c.noise > 0 for c in channels),
        "delivered": any(c.sparsity > 0 for c in channels),
    }
    return [name for name in used if used[name]]


def _drawn(channels: PathChannels, n: int, grid: Grid, name: str, inputs: RunInputs) -> dict[str, NDArray[np.float64]]:
    """Disturbances (n_steps, n) of all steps; streams of random numbers go on where the state says."""
    width = n if len(channels) == 1 else 1
    each = []
    for k, channel in enumerate(channels):
        sources = sources_of(channel, grid.seed, k + grid.trial * len(channels), name)
        named = {f"random.{name}.{purpose}.{k}": source for purpose, source in sources.items()}
        for key, source in named.items():
            if key in inputs.start:
                set_counters(source, inputs.start[key])
        each.append(draw(channel, grid.n_steps, width, grid.dt, sources))
        inputs.counters.update({key: counters(source) for key, source in named.items()})
    arrays = {key: np.concatenate([getattr(d, key) for d in each], axis=1) for key in _disturbances(channels)}
    return {key: np.broadcast_to(values, (grid.n_steps, n)) for key, values in arrays.items()}


def _check_sizes(path: Feedback, n: int, n_target: int) -> None:
    if path.weights is not None and np.shape(path.weights) != (n_target, n):
        raise InputError(
            f"weights of feedback {path.name!r} have shape {np.shape(path.weights)}; {n_target} neurons receive "
            f"messages of {n} components"
        )
    if path.weights is None and n not in (1, n_target):
        raise InputError(
            f"feedback {path.name!r} brings {n} components to {n_target} neurons of {path.target!r}; give it weights"
        )


def _messages(
    path: Feedback, channels: PathChannels, n: int, is_linked: bool, grid: Grid, noise_name: str, inputs: RunInputs
) -> NeuronGroup:
    """Group with one element per component: what arrives, and what is received of it."""
    name, unit, common, drawn = path.name, brian_unit(path.unit), channels[0], _disturbances(channels)
    inputs.values[f"{name}.delay_steps"] = np.array(delay_steps(common, grid.dt))
    equations = [f"arriving : {unit} {'(linked)' if is_linked else ''}", f"received : {unit}"]
    equations.append("delay_steps : integer (shared, constant)")
    if "factor" not in drawn:
        equations.append("gain : 1 (shared, constant)")
        inputs.values[f"{name}.gain"] = np.array(float(common.gain))
    if common.quantum > 0:
        equations.append(f"quantum : {unit} (shared, constant)")
        inputs.values[f"{name}.quantum"] = np.array(float(common.quantum))
    if drawn:
        check_count(f"feedback {name!r}", grid.n_steps * n * len(drawn))
        tables = _drawn(channels, n, grid, noise_name, inputs)
        inputs.tables.update({f"{name}_{key}": Table(values, grid.dt, grid.start) for key, values in tables.items()})
    units = {"noise": path.unit}
    functions = [Function(key, "table", f"{name}_{key}", units.get(key, "1")) for key in drawn]
    functions.append(Function("delayed", "delay", f"{name}_delayed", path.unit))
    _go_on(f"{name}_delayed.{MESSAGES}", n, delay_steps(common, grid.dt), grid.first, inputs)
    return NeuronGroup(
        name,
        path.source if is_linked else name,
        "\n".join(equations),
        operations=(Operation(f"{name}_transmit", _received(channels, unit), "thresholds", TRANSMIT),),
        functions=tuple(functions),
        links=(Link("arriving", path.source, path.sends),) if is_linked else (),
    )


def _go_on(line: str, n: int, delay: int, first: int, inputs: RunInputs) -> None:
    """Messages on their way at the start of a run whose delay may be another one than before.

    That of step s lies in slot s modulo the delay; what was sent longer ago than the delay before is forgotten, as 0.
    """
    before = np.reshape(inputs.start.get(line, ()), -1)
    if before.size in (0, delay * n) or before.size % n:
        return
    slots, messages = before.reshape(-1, n), np.zeros((delay, n))
    for step in range(first - min(len(slots), delay), first):
        messages[step % delay] = slots[step % len(slots)]
    inputs.start[line] = messages.ravel()


def _received(channels: PathChannels, unit: str) -> str:
    """Statements for what is received; nothing at all before the first message can arrive."""
    drawn = _disturbances(channels)
    factor = "factor(t, i)" if "factor" in drawn else "gain"
    text = brian_text(
        DISTURBED, arriving="sent", factor=factor, noise="noise(t, i)" if "noise" in drawn else f"0*{unit}"
    )
    if channels[0].quantum > 0:
        text = brian_text(ROUNDED, value=f"({text})")
    if "delivered" in drawn:
        text = brian_text(RECEIVED, value=f"({text})", delivered="delivered(t, i)")
    step = "int(t/dt + 0.5)"
    return f"sent = delayed({step}, delay_steps, N, i, arriving)\nreceived = int({step} >= delay_steps)*({text})"


def _weighted(
    names: tuple[str, str, str], weights: NDArray[np.float64], text: str, unit: str, order: int, inputs: RunInputs
) -> SynapseGroup:
    """All-to-all synapses that fill a variable with a weighted sum; weights (n_target, n_source)."""
    n_target, n_source = np.shape(weights)
    inputs.connections[names[0]] = (np.repeat(np.arange(n_source), n_target), np.tile(np.arange(n_target), n_source))
    inputs.values[f"{names[0]}.weight"] = np.asarray(weights, dtype=float).T.ravel()
    return SynapseGroup(*names, f"weight : 1 (constant)\n{text} : {unit} (summed)", summed_order=order)
