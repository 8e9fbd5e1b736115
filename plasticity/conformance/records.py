"""What a conformance kit holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Train = tuple[float, ...]
START = 1.0  # weight before a sequence


@dataclass(frozen=True)
class Sequence:
    """Spikes of some presynaptic neurons, each with one synapse to one postsynaptic neuron.

    Parameters
    ----------
    name, meaning : str
        What the sequence is, and what it shows.
    pre : tuple of tuple of float
        Spike times [s] of every presynaptic neuron.
    post : tuple of float
        Spike times [s] of the postsynaptic neuron.
    duration : float
        End [s], at which the weights are read.
    third_factor : tuple of float
        Times [s] of a third factor, the same for all synapses.
    delay : float
        Time [s] from a presynaptic spike to its effect at the synapse; post spikes act at once (axonal delay).
    """

    name: str
    meaning: str
    pre: tuple[Train, ...]
    post: Train
    duration: float
    third_factor: Train = ()
    delay: float = 0.0


@dataclass(frozen=True)
class GoldenRule:
    """A rule as plain text and numbers: everything that another program needs to run it.

    `states` maps a name to its flow [text] and initial value, `events` an event to its assignments in order.
    """

    label: str
    title: str
    weight_flow: str
    states: Mapping[str, tuple[str, float]]
    events: Mapping[str, tuple[tuple[str, str], ...]]
    parameters: Mapping[str, float]
    units: Mapping[str, str]
    bounds: tuple[float, float] | None = None


@dataclass(frozen=True)
class Kit:
    """Sequences, rules, and the weights (one per pre neuron) of every rule after every sequence that it can have."""

    sequences: Mapping[str, Sequence]
    rules: Mapping[str, GoldenRule]
    weights: Mapping[str, Mapping[str, tuple[float, ...]]]
