"""Neurons in Brian2: groups that fire given spikes, follow a model, or both.

Order within one time step. Given spikes are taken first (slot ``thresholds``: GIVEN to ARRIVAL), then every neuron
computes what it needs (EVERY_STEP), feedback is sent (FEEDBACK …), and neurons that fire on their own do so (FIRE).
After that spikes act on synapses (slot ``synapses``), plasticity clocks tick, and everything is advanced by one step
(slot ``groups``, synapses before neurons, so that they read the values of this step).
"""

from __future__ import annotations

from dataclasses import dataclass

import brian2
import numpy as np

from circuits._records import Population
from plasticity.errors import InputError
from plasticity.streams import stream

RELAY, GIVEN_FIRE, ARRIVAL, EVERY_STEP, FEEDBACK, FIRE = 10, 20, 30, 40, 50, 80
MOST_NUMBERS = 5e7  # random numbers or messages that are drawn beforehand: 400 MB


@dataclass(frozen=True)
class Timing:
    """Time grid and seed of a run."""

    dt: float
    duration: float
    seed: int
    clock: brian2.Clock

    @property
    def n_steps(self) -> int:
        """Number of time steps."""
        return int(np.ceil(self.duration / self.dt - 1e-9))


def group(population: Population, timing: Timing, received: str = "") -> list:
    """Brian2 objects of a population, the group that synapses start and end at first.

    `received` declares variables that feedback fills.
    """
    if population.neuron is None:
        return [generator(population, timing.clock, population.name)]
    model = population.neuron
    given = population.is_given
    equations = "\n".join([model.model, *(["given : 1"] if given or "given" in model.every_step else []), received])
    neurons = brian2.NeuronGroup(
        population.size,
        equations,
        threshold="given > 0.5" if given else model.threshold or None,
        reset="given = 0" if given else model.reset if model.threshold else None,
        refractory=_refractory(model.refractory, timing.dt) if "refractory" in equations else False,
        method=model.method,
        namespace=_functions(population, timing),
        clock=timing.clock,
        name=population.name,
    )
    for name, (value, _) in model.parameters.items():
        setattr(neurons, f"{name}_", value)
    for name, value in model.initial.items():
        setattr(neurons, f"{name}_", value)
    if model.every_step:
        neurons.run_regularly(
            model.every_step, clock=timing.clock, when="thresholds", order=EVERY_STEP, name=f"{population.name}_step"
        )
    if "spike" in neurons.thresholder:
        neurons.thresholder["spike"].order = GIVEN_FIRE if given else FIRE
    return [neurons, *(_relay(population, neurons, timing.clock) if given else [])]


def _refractory(time: float, dt: float) -> brian2.Quantity:
    """Refractory time for Brian2: neurons fire before they are advanced, so that what ends it is seen a step later."""
    return max(time - dt, 0.0) * brian2.second


def generator(population: Population, clock: brian2.Clock, name: str) -> brian2.SpikeGeneratorGroup:
    """Group that fires the given spikes of a population."""
    counts = [t.size for t in population.trains]
    neurons = np.repeat(np.arange(population.size), counts)
    times = np.concatenate([*population.trains, np.empty(0)])
    return brian2.SpikeGeneratorGroup(population.size, neurons, times * brian2.second, clock=clock, name=name)


def _relay(population: Population, neurons: brian2.NeuronGroup, clock: brian2.Clock) -> list:
    """Given spikes reach the neurons that have to fire them within the same step."""
    source = generator(population, clock, f"{population.name}_given")
    statements = "\n".join(["given_post = 1", population.neuron.on_given]).strip()
    relay = brian2.Synapses(
        source, neurons, on_pre=statements, namespace={}, clock=clock, name=f"{population.name}_relay"
    )
    relay.connect(i=np.arange(population.size), j=np.arange(population.size))
    relay.pre.when, relay.pre.order = "thresholds", RELAY
    return [source, relay]


def _functions(population: Population, timing: Timing) -> dict[str, brian2.TimedArray]:
    """Functions of time that the equations of a population read."""
    found = {
        name: brian2.TimedArray(
            np.asarray(values, dtype=float), dt=step * brian2.second, name=f"{population.name}_{name}"
        )
        for name, (values, step) in population.series.items()
    }
    return found | ({"draw": _draws(population, timing)} if population.neuron.draws and not population.is_given else {})


def _draws(population: Population, timing: Timing) -> brian2.TimedArray:
    """One uniform random number per step and neuron, drawn beforehand, so that every device sees the same."""
    check_numbers(f"population {population.name!r}", timing.n_steps * population.size)
    drawn = stream(timing.seed, f"{population.name}/spikes").random((timing.n_steps, population.size))
    return brian2.TimedArray(drawn, dt=timing.dt * brian2.second, name=f"{population.name}_draws")


def check_numbers(name: str, count: int) -> None:
    """Refuse to draw more numbers beforehand than fit into memory."""
    if count > MOST_NUMBERS:
        raise InputError(
            f"{name} needs {count:.1e} numbers drawn beforehand, more than {MOST_NUMBERS:.0e}; use a shorter run, "
            "a larger dt or fewer neurons"
        )
