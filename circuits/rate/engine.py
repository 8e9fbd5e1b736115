"""Rate engine: dense plastic weights, one pass over them per step, many members of a batch in one compiled loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuits.network.circuit import Circuit
from circuits.network.run_record import Run
from circuits.rate.advance import Loop, advance, prepare
from circuits.rate.channel import open_channel
from circuits.rate.noise import Perturbations
from circuits.rate.plan import Plan, make_plan
from circuits.rate.record import ENGINE, Record
from circuits.rate.source import circuit_source
from circuits.rate.state import limits_of, new_network
from circuits.running.grid import steps_in
from circuits.running.weight_file import recorded_weights
from plasticity.compile.generated import generated_module
from plasticity.controllability import Constraint, Controllability, separate_drift
from plasticity.errors import InputError
from plasticity.feedback import FeedbackChannel


def run(
    circuit: Circuit,
    duration: float,
    dt: float,
    seed: int = 0,
    record_every: float | None = None,
    record: Sequence[str] = (),
    n_tracked: int = 20,
    feedback: FeedbackChannel | Sequence[FeedbackChannel] | None = None,
    controllability: Controllability | Mapping[str, Controllability] | None = None,
    record_weights: str | PathLike | None = None,
) -> Run:
    """Run a rate circuit by explicit Euler steps; see `circuits.run`.

    Parameters
    ----------
    record_weights : path, optional
        File for all weights of all plastic projections at every `record_every`, see `circuits.running.weight_file`; the
        memory that the run takes does not grow with it.

    Raises
    ------
    InputError
        If something does not fit, or `record_weights` is no path that can be written or comes without `record_every`.
    DivergedError
        If a weight, a state, an input or a rate leaves the finite numbers.

    Notes
    -----
    What this engine does not do, or does only up to something:

    - Steps are explicit Euler steps: the error is of first order in `dt`. What a rule reads was true at the beginning
      of the step; the states are checked for finite numbers a few times per second of computing, weights and rates at
      every step.
    - The error that goes back through neurons with a time constant follows the same dynamics; it is the gradient where
      patterns are held for long against it.
    - Perturbations of such neurons stay for as long as a pattern, which must be 10 time constants; the loss settles in
      the first of them, so that the signal is too small by about tau/hold for every layer.
    - There are no spikes: rules on spikes run on their mean rates. A likelihood of a neuron's own spikes has the mean
      0 and is refused; node perturbation is what it is for rates, with the loss without noise as expected reward.
    - A Fisher metric is one number per neuron, its mean squared slope (`post_information`): a diagonal metric, in
      which correlations between inputs of a neuron do not count.
    - Control of low rank projects in the Euclidean metric. That is the metric of the rule where this is one number;
      where it depends on the weight or the neuron, the cheapest control would be another one.
    """
    n_steps = steps_in("duration", duration, dt)
    every = n_steps if record_every is None else steps_in("record_every", record_every, dt)
    circuit, controllability = _apart(circuit, controllability)
    limits = [limits_of(circuit, p, controllability, seed) for p in circuit.projections]
    n_sent = circuit.populations[-1].size
    channels = _channels(feedback, circuit.n_batch)
    plan = _plan(circuit, limits, channels, n_sent, dt)
    if feedback is not None and not (plan.sends_error or plan.is_perturbed):
        raise InputError(
            f"no rule of circuit {circuit.name!r} reads feedback, so a FeedbackChannel changes nothing; leave it out"
        )
    channel = open_channel(plan, channels, 1 if plan.is_perturbed else n_sent, dt, seed)
    network = new_network(plan, limits, channel, dt)
    module = generated_module("rates", circuit_source(plan))
    steps = np.unique(np.append(np.arange(0, n_steps, every), n_steps))
    loop = Loop(module, plan, network, channel, Perturbations(plan, network, seed), dt)
    with recorded_weights(record_weights, plan.circuit, seed, dt, record_every, ENGINE) as file:
        return _recorded(loop, steps, Record(plan, network, record, n_tracked, steps * dt, file)).run(seed)


def _recorded(loop: Loop, steps: NDArray[np.int64], record: Record) -> Record:
    """Run to one record after the other."""
    prepare(loop)
    loop.network.loss[:] = np.nan
    for row, step in enumerate(steps):
        if row:
            advance(loop, int(steps[row - 1]), int(step))
            loop.network.loss[:] /= step - steps[row - 1]
        record.note(row)
        loop.network.loss[:] = 0.0
    return record


def _apart(
    circuit: Circuit, controllability: Controllability | Mapping[str, Controllability] | None
) -> tuple[Circuit, Mapping[str, Controllability] | None]:
    """Circuit and limits in which limits of control spare the drift that a rule counts on."""
    if controllability is None:
        return circuit, None
    if isinstance(controllability, Controllability):
        controllability = {p.name: controllability for p in circuit.projections}
    limits = dict(controllability)
    projections = []
    for projection in circuit.projections:
        given = limits.get(projection.name)
        if given is not None and projection.rule is not None and not given.is_full:
            rule, limits[projection.name] = separate_drift(projection.rule, given)
            projection = replace(projection, rule=rule)
        projections.append(projection)
    return replace(circuit, projections=tuple(projections)), limits


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


def _plan(
    circuit: Circuit, limits: list[Constraint | None], channels: list[FeedbackChannel], n_sent: int, dt: float
) -> Plan:
    first = channels[0].projection
    n_received = len(first) if np.ndim(first) == 2 else n_sent
    plan = make_plan(circuit, limits, n_received, dt)
    return replace(plan, n_received=1) if plan.is_perturbed and n_received != n_sent else plan
