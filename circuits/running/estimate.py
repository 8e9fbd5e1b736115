"""What a run will cost, before it: spikes at synapses, computing time and memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from circuits.network.circuit import Circuit
from circuits.network.population import Population
from circuits.network.projection import Projection
from circuits.neurons.model import NeuronModel
from circuits.running.devices import is_short
from plasticity.compile.classify import clock_driven
from plasticity.errors import UnknownNameError
from plasticity.support.checks import checked, require_number

BASE = 250e6  # bytes of a process that has imported everything
INDICES = 24  # bytes per synapse for the numbers of its neurons and its place in their lists
LISTED = 16  # bytes per prescribed spike
TIMES = {  # s: per step, per neuron and step, per random number, per event at a synapse (compiled: 2 to 25 ns)
    "cpp": (3e-6, 1e-9, 8e-9, 6e-9),
    "numpy": (1.2e-4, 2e-8, 3e-8, 4e-8),
}
RATE_STEP, RATE_WEIGHT = 5e-5, 1e-9  # s per step, and per weight and step, of rates


@dataclass(frozen=True)
class Estimate:
    """Expected cost of a run.

    Parameters
    ----------
    n_synapses : int
    n_events : float
        Spikes times the synapses that they reach, both ways where synapses learn, and ticks of their clocks; 0 for
        rates.
    seconds : float
        Of computing, warm: imports and compilation come on top. Right to a factor of about four.
    bytes : float
        Of memory.
    """

    n_synapses: int
    n_events: float
    seconds: float
    bytes: float

    def __str__(self) -> str:
        """One sentence."""
        return (
            f"{self.n_synapses:.3g} synapses, {self.n_events:.2g} events at them: about {self.seconds:.2g} s of "
            f"computing and {self.bytes / 1e6:.3g} MB of memory"
        )


@checked
def estimate(
    circuit: Circuit, duration: float, dt: float = 1e-3, device: str | None = None, firing_rate: float = 10.0
) -> Estimate:
    """Cost of ``circuits.run(circuit, duration, dt, device)``.

    Spikes of prescribed trains and Poisson sources are those that they have on average; for all other neurons
    `firing_rate` is assumed, so that a network that fires faster costs more.

    Parameters
    ----------
    circuit : Circuit
    duration, dt : float
        [s]
    device : {"cpp", "numpy"}, optional
        Chosen as in a run by default.
    firing_rate : float
        Of neurons whose rate is not prescribed [Hz].

    Raises
    ------
    UnknownNameError, InputError
        If there is no such device, or a number is out of range.

    Examples
    --------
    >>> from circuits import load
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> print(estimate(load("pairing")([[0.01]], [[0.02]], pair_stdp()), 0.1))
    1 synapses, 2 events at them: about 0.012 s of computing and 250 MB of memory
    """
    dt = require_number("dt", dt, low=0, exclusive=True, unit="s")
    n_steps = require_number("duration", duration, low=0, exclusive=True, unit="s") / dt
    if device is not None and device not in TIMES:
        raise UnknownNameError("device", device, TIMES)
    require_number("firing_rate", firing_rate, low=0, unit="Hz")
    n_synapses = sum(p.n_synapses for p in circuit.projections)
    memory = BASE + sum(p.n_synapses * _bytes(circuit, p) for p in circuit.projections)
    if circuit.is_rate:
        n_weights = sum(np.size(p.weight) for p in circuit.projections)
        return Estimate(n_synapses, 0.0, n_steps * (RATE_STEP + RATE_WEIGHT * n_weights), memory)
    spikes = {p.name: _spikes(p, duration, firing_rate) for p in circuit.populations}
    n_events = sum(_events(circuit, p, spikes, duration, dt) for p in circuit.projections)
    prescribed = sum(spikes[p.name] for p in circuit.populations if p.spike_times is not None)
    n_neurons = sum(p.size for p in circuit.populations)
    n_drawn = sum(p.size * len(p.neuron_model.drawn()) for p in circuit.populations if p.neuron_model is not None)
    chosen = device or ("numpy" if is_short(n_steps, n_synapses) else "cpp")
    step, neuron, number, event = TIMES[chosen]
    seconds = n_steps * (step + neuron * n_neurons + number * n_drawn) + event * n_events
    return Estimate(n_synapses, n_events, seconds, memory + LISTED * prescribed)


def _bytes(circuit: Circuit, projection: Projection) -> float:
    from plasticity.pages.report import cost

    if projection.rule is None:
        return INDICES + 8
    models = {p.name: model for p, model in circuit.learning}
    shared = models[projection.name] is not projection.synapse
    return INDICES + cost(projection.rule, in_neurons=shared).bytes


def _spikes(population: Population, duration: float, firing_rate: float) -> float:
    """Expected number of spikes of a population."""
    if population.spike_times is not None:
        return float(sum(np.sum(np.asarray(train) < duration) for train in population.spike_times))
    assert isinstance(population.neuron, NeuronModel)
    rates = population.neuron.initial.get("rate") if population.neuron.name == "poisson_source" else None
    if population.series and "rate" in population.series:
        rates = np.mean(population.series["rate"][0], axis=0)
    return duration * float(np.sum(np.broadcast_to(firing_rate if rates is None else rates, population.size)))


def _events(circuit: Circuit, projection: Projection, spikes: dict[str, float], duration: float, dt: float) -> float:
    """Synapses times presynaptic spikes, postsynaptic ones where they learn, and ticks or steps that move them."""
    rule = projection.rule
    ends = (projection.pre,) if rule is None else (projection.pre, projection.post)
    each = sum(spikes[name] / circuit.population(name).size for name in ends)
    if rule is not None and clock_driven(rule):
        each += duration / dt
    elif rule is not None and rule.clock_dt is not None:
        each += duration / rule.clock_dt
    return projection.n_synapses * each
