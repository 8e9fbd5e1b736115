"""Rate engine: dense plastic weights, one pass over them per step, many members of a batch in one compiled loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuits.network.circuit import Circuit
from circuits.network.run_record import Run
from circuits.network.run_state import RunState
from circuits.rate import network as network_loop
from circuits.rate.plan import Plan, limit_kind, reads, rules_on_rates
from circuits.rate.record import ENGINE, Record
from circuits.rate.signals import Channel, Perturbations, open_channel
from circuits.rate.snapshot import restore, state_of
from circuits.rate.state import Network, new_network
from circuits.running.grid import Grid, steps_in
from circuits.running.recording import Recording
from circuits.running.weight_file import WeightTarget, recorded_weights
from plasticity.compile.dense import parameter_names
from plasticity.compile.generated import generated_module
from plasticity.errors import DivergedError, InputError
from plasticity.feedback import FeedbackChannel
from plasticity.rule import division_remedy
from plasticity.support.streams import stream

NUMBERS_AHEAD = 2**20  # random numbers drawn at once
WORK_AHEAD = 5e7  # updates of synapses in one call of the compiled loop, which nothing interrupts: some 0.1 s
STEP_WORK = 100.0  # updates of synapses that take as long as a step without any


def run(
    circuit: Circuit,
    grid: Grid,
    record: Recording,
    channels: Sequence[FeedbackChannel] = (),
    record_weights: WeightTarget | None = None,
    start: RunState | None = None,
    frozen: frozenset[str] = frozenset(),
) -> Run:
    """Run a rate circuit by explicit Euler steps; see `circuits.run`.

    Parameters
    ----------
    circuit : Circuit
        Within its limits of control.
    grid : Grid
    record : Recording
    channels : sequence of FeedbackChannel
        One for each member of the batch; none is perfect transmission.
    record_weights, start
        As in `circuits.run`.
    frozen : frozenset of str
        Projections that do not learn.

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
    dt, seed, n_steps = grid.dt, grid.seed, grid.n_steps
    trials = circuit.trials + grid.trial * circuit.n_batch
    limits = [p.limits for p in circuit.projections]
    rules = rules_on_rates(circuit)
    n_sent = 1 if reads(rules, "loss_difference") else circuit.populations[-1].size
    perfect = [FeedbackChannel()] * circuit.n_batch
    channel = open_channel(list(channels) or perfect, n_sent, dt, seed, trials)
    kinds = tuple(limit_kind(rules.get(m), limit) for m, limit in enumerate(limits))
    plan = Plan(circuit, rules, kinds, channel.n_received, dt, frozen)
    if channels and not (plan.sends_error or plan.is_perturbed):
        raise InputError(
            f"no rule of circuit {circuit.name!r} reads feedback, so a FeedbackChannel changes nothing; leave it out"
        )
    network = new_network(plan, limits, channel, grid.shown)
    loop = Loop(plan, network, channel, _perturbations(plan, network, seed, trials))
    every = n_steps if record.every is None else steps_in("record_every", record.every, dt)
    steps = grid.first + np.unique(np.append(np.arange(0, n_steps, every), n_steps))
    if start is None or restore(loop, start):
        advance(loop, grid.first - 1, grid.first, starting=True)
    with recorded_weights(record_weights, plan.circuit, seed, dt, record.every, ENGINE) as file:
        noted = _recorded(loop, steps, Record(plan, network, record, steps * dt, file))
        return noted.run(seed, state_of(loop, grid.last))


@dataclass(frozen=True, eq=False)
class Loop:
    """A circuit that runs: its arrays, and where its random numbers come from."""

    plan: Plan
    network: Network
    channel: Channel
    noise: Perturbations

    @property
    def portion(self) -> int:
        """Steps in one call of the compiled loop: random numbers fit in memory, and interrupts come through.

        Results do not depend on it.
        """
        projections, populations = self.network.projections, self.network.populations
        sizes = populations["size"][projections["pre"]] * populations["size"][projections["post"]]
        coupling = 2 * projections["n_directions"] + projections["has_matrix"] * sizes
        work = self.plan.circuit.n_batch * (STEP_WORK + float(np.sum(sizes * (1.0 + coupling))))
        return max(1, min(int(WORK_AHEAD / work), NUMBERS_AHEAD // max(1, self.noise.per_step + self.channel.per_step)))


def advance(loop: Loop, first: int, last: int, starting: bool = False) -> None:
    """Run the steps from `first` to `last`, without `last`; with `starting`, prepare rates and currents at `last`.

    Raises
    ------
    DivergedError
        If a weight, a state, an input or a rate is no longer finite.
    """
    network, portion = loop.network, loop.portion
    for low in range(first, last, portion):
        count = min(portion, last - low)
        _compiled_loop().run(
            network.rows.numbers,
            network.fixed,
            network.filled,
            network.scratch,
            network.populations,
            network.projections,
            network.setting,
            network.stimulus,
            loop.noise.draw(low, count),
            loop.channel.draw(count),
            network.loss,
            network.broken,
            low,
            count,
            starting,
        )
        _check_finite(loop, low + count)


@cache
def _compiled_loop() -> ModuleType:
    """The loop as a module whose code decides, not its comments, whether it was compiled before."""
    return generated_module("rates", Path(network_loop.__file__).read_text(encoding="utf-8"))


def _check_finite(loop: Loop, step: int) -> None:
    """Refuse to go on with numbers that are not finite, and name them."""
    network, plan = loop.network, loop.plan
    if network.broken.any():
        _raise_diverged(loop)
    for m, rule in plan.rules.items():
        if np.all(np.isfinite(network.rows.view("states", m))):
            continue
        for state in rule.states:
            bad = np.argwhere(~np.isfinite(network.state(plan, m, state.name)))
            if not len(bad):
                continue
            b, i, j = bad[0]
            name = f"{state.name} of {plan.circuit.projections[m].name}[{i}, {j}] (member {b})"
            remedy = f"use a smaller dt or learning rate{division_remedy(plan.rules.values())}"
            raise DivergedError(name, step * plan.dt, remedy)


def _raise_diverged(loop: Loop) -> None:
    """Name what is no longer finite, or negative, in the member that stopped first."""
    network, plan = loop.network, loop.plan
    member = int(np.flatnonzero(network.broken)[np.argmin(network.broken[network.broken > 0])])
    for k in plan.counted:
        rates = network.rows.view("rate", k)[member]
        if np.min(rates) < 0:
            raise InputError(
                f"rate of {plan.populations[k].name}[{np.argmin(rates)}] is {np.min(rates):.4g} Hz at "
                f"{float(network.broken[member]) * plan.dt:g} s, but its synapses learn from the mean of spikes, whose "
                "rates are not negative; use a nonlinearity such as relu, patterns >= 0, or a rule of rates"
            )
    values = [(f"w of {p.name}", w) for p, w in zip(plan.circuit.projections, network.weights, strict=True)]
    for k, p in enumerate(plan.populations):
        both = [
            (f"input of {p.name}", network.rows.view("current", k)),
            (f"rate of {p.name}", network.local(k, "post_rate")),
        ]
        values += both if p.rate_unit.tau == 0 else both[::-1]  # first the cause
    name, at = next((n, bad[0]) for n, a in values if len(bad := np.argwhere(~np.isfinite(a[member]))))
    raise DivergedError(
        f"{name}[{', '.join(map(str, at))}] (member {member})",
        float(network.broken[member]) * plan.dt,
        f"use a smaller dt, a smaller learning rate, or bounds{division_remedy(plan.rules.values())}",
    )


def _recorded(loop: Loop, steps: NDArray[np.int64], record: Record) -> Record:
    """Run from one record to the next."""
    loop.network.loss[:] = np.nan
    for row, step in enumerate(steps):
        if row:
            advance(loop, int(steps[row - 1]), int(step))
            loop.network.loss[:] /= step - steps[row - 1]
        record.note(row)
        loop.network.loss[:] = 0.0
    return record


def _perturbations(plan: Plan, network: Network, seed: int, trials: NDArray[np.int64]) -> Perturbations:
    """Noise of the neurons and weights whose rules read it, a stream per member."""
    named: dict[str, tuple[Any, ...]] = {"neuron": plan.populations, "synapse": plan.circuit.projections}
    names = [f"{named[kind][k].name}/perturbation" for kind, k in network.random]
    return Perturbations(
        sources={name: [stream(seed, name, int(trial)) for trial in trials] for name in names},
        stds=[_noise_std(plan, network, kind, k) for kind, k in network.random],
        sizes=[int(np.prod(shape)) for _, shape in network.random.values()],
        period=network.setting.period,
        n_batch=plan.circuit.n_batch,
        shown=network.setting.shown,
    )


def _noise_std(plan: Plan, network: Network, kind: str, index: int) -> NDArray[np.float64]:
    """Standard deviation (n_batch,) of the noise of a population or projection: the same for all rules that read it.

    Of white noise it is that of its mean over a step.
    """
    if plan.is_diffusing:
        return np.full(plan.circuit.n_batch, plan.dt**-0.5)
    readers = [index]
    if kind == "neuron":
        readers = [m for m, rule in plan.rules.items() if plan.ends[m][1] == index and "noise_std" in rule.values]
    places = [parameter_names(plan.rules[m]).index("noise_std") for m in readers]
    stds = [network.rows.view("parameters", m)[:, n] for m, n in zip(readers, places, strict=True)]
    if any(not np.array_equal(std, stds[0]) for std in stds):
        raise InputError(f"the rules into {plan.populations[index].name!r} differ in noise_std; use the same")
    return stds[0]
