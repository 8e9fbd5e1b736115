"""Steps of a rate circuit in portions, short enough for random numbers to fit in memory and for interrupts to come.

What a run gives does not depend on how it is divided.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

import numpy as np

from circuits.rate.channel import Channel
from circuits.rate.noise import Perturbations
from circuits.rate.plan import Plan
from circuits.rate.state import Network
from circuits.running.labels import division_remedy
from plasticity.errors import DivergedError

NUMBERS_AHEAD = 2**20  # random numbers drawn at once
WORK_AHEAD = 5e7  # updates of synapses in one call of the compiled loop, which nothing interrupts: some 0.1 s
STEP_WORK = 100.0  # updates of synapses that take as long as a step without any


@dataclass(frozen=True, eq=False)
class Loop:
    """Everything that runs: the compiled loop, its arrays, and where its random numbers come from."""

    module: ModuleType
    plan: Plan
    network: Network
    channel: Channel
    noise: Perturbations
    dt: float

    @property
    def portion(self) -> int:
        """Steps in one call of the compiled loop."""
        network = self.network
        work = STEP_WORK * network.loss.size + sum(w.size for w in network.weights)
        for m, limits in zip(self.plan.limited, network.limits, strict=True):
            *_, read, control, matrix = limits
            work += network.weights[m].size * (len(read) + control.shape[1] + len(matrix))
        numbers = self.noise.per_step + self.channel.per_step
        return max(1, min(int(WORK_AHEAD / work), NUMBERS_AHEAD // max(1, numbers)))


def prepare(loop: Loop) -> None:
    """Prepare the first step: rates and currents at the start."""
    _call(loop, -1, 1)


def advance(loop: Loop, first: int, last: int) -> None:
    """Run the steps from `first` to `last`, without `last`.

    Raises
    ------
    DivergedError
        If a weight, a state, an input or a rate is no longer finite.
    """
    portion = loop.portion
    for low in range(first, last, portion):
        _call(loop, low, min(portion, last - low))


def _call(loop: Loop, first: int, count: int) -> None:
    """Run `count` steps from step `first` and check that everything stays finite."""
    network = loop.network
    nodes, weights = loop.noise.draw(first, count)
    with np.errstate(all="ignore"):
        loop.module.run(
            *network.arguments(),
            nodes,
            weights,
            *network.stimulus,
            *loop.channel.arguments(count),
            network.shared,
            loop.channel.received,
            network.loss,
            network.broken,
            first,
            count,
            network.ticks,
        )
    if network.broken.any():
        _raise_diverged(loop)
    for m, states in enumerate(network.states):
        if not np.all(np.isfinite(states)):
            b, k, i, j = np.argwhere(~np.isfinite(states))[0]
            name = f"{loop.plan.rules[m].states[k].name} of {loop.plan.circuit.projections[m].name}[{i}, {j}]"
            remedy = f"use a smaller dt or learning rate{division_remedy(loop.plan.rules.values())}"
            raise DivergedError(f"{name} (member {b})", (first + count) * loop.dt, remedy)


def _raise_diverged(loop: Loop) -> None:
    """Name what is no longer finite in the member that left first."""
    network, populations = loop.network, loop.plan.populations
    member = int(np.flatnonzero(network.broken)[np.argmin(network.broken[network.broken > 0])])
    found = [(f"w of {p.name}", w) for p, w in zip(loop.plan.circuit.projections, network.weights, strict=True)]
    for p, table, current in zip(populations, network.tables, network.currents, strict=True):
        both = [(f"input of {p.name}", current), (f"rate of {p.name}", table[:, 0])]
        found += both if p.rate_unit.tau == 0 else both[::-1]  # first the cause
    name, at = next((n, bad[0]) for n, a in found if len(bad := np.argwhere(~np.isfinite(a[member]))))
    raise DivergedError(
        f"{name}[{', '.join(map(str, at))}] (member {member})",
        float(network.broken[member]) * loop.dt,
        f"use a smaller dt, a smaller learning rate, or bounds{division_remedy(loop.plan.rules.values())}",
    )
