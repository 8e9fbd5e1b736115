"""Rate engine: dense plastic weights, one pass over them per step, many members of a batch in one compiled loop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from circuits._rate_records import RateCircuit, RateRun
from circuits.engines._rate_channel import Channel, open_channel
from circuits.engines._rate_plan import Plan, make_plan
from circuits.engines._rate_record import Record
from circuits.engines._rate_source import circuit_source
from circuits.engines._rate_state import Limits, Network, limits_of, new_network
from plasticity.compile.generated import generated_module
from plasticity.controllability import Controllability
from plasticity.errors import DivergedError, InputError, require_number
from plasticity.feedback import FeedbackChannel
from plasticity.known_drift import separate_drift
from plasticity.streams import stream

_NUMBERS_AHEAD = 2**20  # random numbers drawn at once


def run(
    circuit: RateCircuit,
    duration: float,
    dt: float,
    seed: int = 0,
    record_every: float | None = None,
    record: Sequence[str] = (),
    n_tracked: int = 20,
    feedback: FeedbackChannel | Sequence[FeedbackChannel] | None = None,
    controllability: Controllability | Mapping[str, Controllability] | None = None,
) -> RateRun:
    """Run a rate circuit by explicit Euler steps; see `circuits.run`."""
    n_steps = steps_in("duration", duration, dt)
    every = n_steps if record_every is None else steps_in("record_every", record_every, dt)
    circuit, controllability = _apart(circuit, controllability)
    kinds = [limits_of(circuit, p, controllability, seed) for p in circuit.projections]
    n_sent = circuit.populations[-1].size
    channels = _channels(feedback, circuit.n_batch)
    plan = _plan(circuit, kinds, channels, n_sent, dt)
    channel = open_channel(plan, channels, 1 if plan.is_perturbed else n_sent, dt, seed)
    network = new_network(plan, kinds, channel, dt)
    module = generated_module("rates", circuit_source(plan))
    recorded = np.unique(np.append(np.arange(0, n_steps, every), n_steps))
    result = Record(plan, network, record, n_tracked, recorded * dt)
    noise = _Perturbations(plan, network, seed)
    _advance(module, plan, network, channel, noise, -1, 1, dt)
    network.loss[:] = np.nan
    for row, step in enumerate(recorded):
        if row:
            for first, count in _portions(int(recorded[row - 1]), int(step), noise.per_step + channel.per_step):
                _advance(module, plan, network, channel, noise, first, count, dt)
            network.loss[:] /= step - recorded[row - 1]
        result.note(row)
        network.loss[:] = 0.0
    return result.run()


def _apart(
    circuit: RateCircuit, controllability: Controllability | Mapping[str, Controllability] | None
) -> tuple[RateCircuit, Mapping[str, Controllability] | None]:
    """Circuit and limits in which limits of control spare the drift that a rule counts on."""
    if controllability is None:
        return circuit, None
    one = isinstance(controllability, Controllability)
    limits = {p.name: controllability for p in circuit.projections} if one else dict(controllability)
    projections = []
    for projection in circuit.projections:
        given = limits.get(projection.name)
        if given is not None and projection.rule is not None and not given.is_full:
            rule, limits[projection.name] = separate_drift(projection.rule, given)
            projection = replace(projection, rule=rule)
        projections.append(projection)
    return replace(circuit, projections=tuple(projections)), limits


def steps_in(name: str, duration: Any, dt: float) -> int:
    """Number of steps of `dt` in a duration.

    Raises
    ------
    InputError
        If it is no multiple of `dt`.
    """
    dt = require_number("dt", dt, low=0, exclusive=True, unit="s")
    steps = require_number(name, duration, low=0, exclusive=True, unit="s") / dt
    if round(steps) < 1 or abs(steps - round(steps)) > 1e-6 * max(1.0, steps * 1e-3):
        raise InputError(f"{name} is {duration:g} s, no multiple of dt = {dt:g} s; use {max(1, round(steps)) * dt:g} s")
    return round(steps)


def _channels(feedback: Any, n_batch: int) -> list[FeedbackChannel]:
    """One channel per member."""
    channels = list(feedback) if isinstance(feedback, Sequence) else [feedback or FeedbackChannel()] * n_batch
    if not all(isinstance(c, FeedbackChannel) for c in channels):
        raise InputError(
            f"feedback must be a FeedbackChannel, or a sequence with one for each member, got {feedback!r}"
        )
    if len(channels) != n_batch:
        raise InputError(f"feedback has {len(channels)} channels, but n_batch is {n_batch}; give one, or one each")
    return channels


def _plan(circuit: RateCircuit, kinds: list[Limits], channels: list[FeedbackChannel], n_sent: int, dt: float) -> Plan:
    first = channels[0].projection
    n_received = len(first) if np.ndim(first) == 2 else n_sent
    plan = make_plan(circuit, tuple(k.kind for k in kinds), n_received, dt)
    return make_plan(circuit, plan.limits, 1, dt) if plan.is_perturbed and n_received != n_sent else plan


def _portions(first: int, last: int, numbers_per_step: int) -> Iterator[tuple[int, int]]:
    """Steps from first to last, in portions whose random numbers fit into memory."""
    size = max(1, _NUMBERS_AHEAD // max(1, numbers_per_step))
    for low in range(first, last, size):
        yield low, min(size, last - low)


class _Perturbations:
    """Noise in neurons and weights, a stream per member and population or projection."""

    def __init__(self, plan: Plan, network: Network, seed: int):
        self.network = network
        self.neurons = {
            k: self._open(plan, f"{plan.populations[k].name}/perturbation", seed) for k in plan.noisy_neurons
        }
        self.synapses = {
            m: self._open(plan, f"{plan.circuit.projections[m].name}/perturbation", seed) for m in plan.noisy_weights
        }
        self.std = network.noise_std
        sizes = [network.tables[k].shape[2] for k in self.neurons] + [network.weights[m][0].size for m in self.synapses]
        self.per_step = plan.circuit.n_batch * sum(sizes)

    @staticmethod
    def _open(plan: Plan, name: str, seed: int) -> list[np.random.Generator]:
        return [stream(seed, name, int(trial)) for trial in plan.circuit.trials]

    def draw(self, count: int) -> tuple[tuple, tuple]:
        """Noise of the next `count` steps: (n_batch, count, n) and (n_batch, count, n_post, n_pre) arrays."""
        nodes, weights = [], []
        for k, sources in self.neurons.items():
            size = self.network.tables[k].shape[2]
            drawn = np.stack([g.standard_normal((count, size)) for g in sources])
            nodes.append(drawn * self.std["neuron", k][:, None, None])
        for m, sources in self.synapses.items():
            shape = (count, *self.network.weights[m].shape[1:])
            drawn = np.stack([g.standard_normal(shape) for g in sources])
            weights.append(drawn * self.std["synapse", m][:, None, None, None])
        return tuple(nodes), tuple(weights)


def _advance(
    module: Any,
    plan: Plan,
    network: Network,
    channel: Channel,
    noise: _Perturbations,
    first: int,
    count: int,
    dt: float,
) -> None:
    """Run `count` steps from step `first` and check that everything stays finite."""
    nodes, weights = noise.draw(count)
    with np.errstate(all="ignore"):
        module.run(
            *network.arguments(),
            nodes,
            weights,
            *network.stimulus,
            *channel.arguments(count),
            network.shared,
            channel.received,
            network.loss,
            network.broken,
            first,
            count,
            network.ticks,
        )
    if network.broken.any():
        _raise_diverged(plan, network, dt)
    for m, states in enumerate(network.states):
        if not np.all(np.isfinite(states)):
            b, k, i, j = np.argwhere(~np.isfinite(states))[0]
            name = f"{plan.rules[m].states[k].name} of {plan.circuit.projections[m].name}[{i}, {j}]"
            raise DivergedError(f"{name} (member {b})", (first + count) * dt, "use a smaller dt or learning rate")


def _raise_diverged(plan: Plan, network: Network, dt: float) -> None:
    member = int(np.flatnonzero(network.broken)[np.argmin(network.broken[network.broken > 0])])
    when = float(network.broken[member]) * dt
    remedy = "use a smaller dt, a smaller learning rate, or bounds"
    for projection, w in zip(plan.circuit.projections, network.weights, strict=True):
        bad = np.argwhere(~np.isfinite(w[member]))
        if len(bad):
            raise DivergedError(f"w of {projection.name}[{bad[0][0]}, {bad[0][1]}] (member {member})", when, remedy)
    for population, current in zip(plan.populations, network.currents, strict=True):
        bad = np.flatnonzero(~np.isfinite(current[member]))
        if bad.size:
            raise DivergedError(f"input of {population.name}[{bad[0]}] (member {member})", when, remedy)
