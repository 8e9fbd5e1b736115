"""Populations, projections, feedback, circuits, what to record, and what a run returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuits.neurons.model import NeuronModel
from plasticity.compile.brian import SynapseModel
from plasticity.controllability import Constraint
from plasticity.errors import InputError, UnknownNameError, require_number


@dataclass(frozen=True, eq=False)
class Population:
    """Neurons that fire given spike trains, neurons with a model, or both.

    Parameters
    ----------
    name : str
    spike_times : tuple of (n,) arrays, optional
        Spike times [s] of each neuron, strictly increasing. With a model they are what its neurons are made to fire.
    neuron : NeuronModel, optional
    n : int, optional
        Number of neurons, where no spike times say it.
    series : mapping of str to (values, step)
        Given functions of time that the equations of the model read as ``name(t, i)``: values (n_steps, n) [1], one row
        every `step` seconds; the last row stays.

    Raises
    ------
    InputError
        If it has neither spike times nor a model and a size.
    """

    name: str
    spike_times: tuple[NDArray[np.float64], ...] | None = None
    neuron: NeuronModel | None = None
    n: int | None = None
    series: Mapping[str, tuple[NDArray[np.float64], float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check that there is something that makes it fire, and how many neurons there are."""
        if self.spike_times is not None:
            if self.n not in (None, len(self.spike_times)):
                raise InputError(f"population {self.name!r} has {len(self.spike_times)} spike trains, but n = {self.n}")
        elif self.neuron is None or self.n is None:
            raise InputError(f"population {self.name!r} needs spike_times, or a neuron model and a size n")
        elif require_number(f"n of {self.name!r}", self.n, low=1) != int(self.n):
            raise InputError(f"n of {self.name!r} must be a whole number, got {self.n}")
        for name, (values, _) in self.series.items():
            if np.ndim(values) != 2 or np.shape(values)[1] != self.size:
                raise InputError(
                    f"{name} of {self.name!r} must have shape (n_steps, {self.size}), got {np.shape(values)}"
                )
            if not np.all(np.isfinite(values)):
                raise InputError(f"{name} of {self.name!r} must be finite, got NaN or an infinite value")

    @property
    def size(self) -> int:
        """Number of neurons."""
        return len(self.trains) if self.n is None else int(self.n)

    @property
    def is_passive(self) -> bool:
        """Whether nothing but given spikes changes its neurons."""
        return self.neuron is None or self.neuron.is_passive

    @property
    def is_given(self) -> bool:
        """Whether its spikes are given."""
        return self.spike_times is not None

    @property
    def trains(self) -> tuple[NDArray[np.float64], ...]:
        """Given spike times; none where its neurons fire on their own."""
        return self.spike_times or ()


@dataclass(frozen=True, eq=False)
class Projection:
    """Synapses from one population to another.

    Parameters
    ----------
    name : str
    pre, post : str
        Names of the populations.
    synapse : SynapseModel or None
        Compiled learning rule; None for weights that stay as they are.
    sources, targets : (n_synapses,) int arrays
        Presynaptic and postsynaptic neuron of every synapse.
    weight : float or (n_synapses,) array
        Initial weight [1].
    receptor : str, optional
        Receptor of the postsynaptic neuron that its spikes act on; None if they only drive the learning.
    delay : float
        Time [s] that a spike takes; also until the synapse sees it.
    coupling : Constraint, optional
        Limits of control that couple the synapses: directions that they move along, a drift matrix.
    third_factor : str, optional
        Population whose spikes are the third-factor events of the rule, such as rewards or plateau potentials: those of
        its neuron k reach the synapses on the postsynaptic neuron k, those of a single neuron all synapses, at once and
        after the other spikes of the time step.

    Raises
    ------
    InputError
        If arrays do not fit together, or a weight is not finite.
    """

    name: str
    pre: str
    post: str
    synapse: SynapseModel | None
    sources: NDArray[np.int64]
    targets: NDArray[np.int64]
    weight: Any = 1.0
    receptor: str | None = None
    delay: float = 0.0
    coupling: Constraint | None = None
    third_factor: str | None = None

    def __post_init__(self) -> None:
        """Check the sizes."""
        n = np.size(self.sources)
        if n == 0:
            raise InputError(f"projection {self.name!r} has no synapses; leave it out")
        if np.size(self.targets) != n:
            raise InputError(f"projection {self.name!r} has {n} sources and {np.size(self.targets)} targets")
        weight = np.asarray(self.weight, dtype=float)
        if weight.shape not in ((), (n,)):
            raise InputError(f"weight of {self.name!r} has shape {weight.shape}; give a number or shape ({n},)")
        if not np.all(np.isfinite(weight)):
            raise InputError(f"weight of {self.name!r} must be finite, got {weight[~np.isfinite(weight)].ravel()[0]}")
        require_number(f"delay of {self.name!r}", self.delay, low=0, unit="s")

    @property
    def n_synapses(self) -> int:
        """Number of synapses."""
        return int(np.size(self.sources))


@dataclass(frozen=True, eq=False)
class Feedback:
    """A path that brings a third factor to neurons: errors or rewards, through a `FeedbackChannel`.

    Parameters
    ----------
    name : str
    source, sends : str
        Population and the variable of its neurons that is sent at every step.
    target, receives : str
        Population and the local variable of its neurons that takes what arrives.
    weights : None or (n_target, n_received) array
        None sends to each neuron its own component, or the only one to all (a broadcast); otherwise neuron i
        receives ``Σ_k weights[i, k]·message[k]``.
    unit : str
        Unit of the message, a power of the second.
    """

    name: str
    source: str
    sends: str
    target: str
    receives: str
    weights: NDArray[np.float64] | None = None
    unit: str = "1"


@dataclass(frozen=True, eq=False)
class Circuit:
    """Populations, the projections between them and the paths of feedback.

    Raises
    ------
    InputError
        If a projection or a path names an unknown population or neuron, a name occurs twice, a neuron lacks a local
        variable that the signal of a synapse asks for, or a third factor has the wrong size or nobody who hears it.
    """

    name: str
    populations: tuple[Population, ...]
    projections: tuple[Projection, ...] = field(default=())
    feedback: tuple[Feedback, ...] = field(default=())

    def __post_init__(self) -> None:
        """Check that everything starts and ends in this circuit."""
        names = [p.name for p in self.populations] + [p.name for p in self.projections]
        names += [path.name for path in self.feedback]
        for name in names:
            if names.count(name) > 1:
                raise InputError(f"circuit {self.name!r} has two populations of one name, or paths: {name!r}")
        for projection in self.projections:
            _check_projection(self, projection)
        for path in self.feedback:
            for name in (path.source, path.target):
                if self.population(name).neuron is None:
                    raise InputError(f"population {name!r} only fires given spikes: it has no variables for feedback")

    def population(self, name: str) -> Population:
        """Population of that name.

        Raises
        ------
        UnknownNameError
            If there is none.
        """
        known = {p.name: p for p in self.populations}
        if name not in known:
            raise UnknownNameError("population", name, known)
        return known[name]

    def projection(self, name: str) -> Projection:
        """Projection of that name.

        Raises
        ------
        UnknownNameError
            If there is none.
        """
        known = {p.name: p for p in self.projections}
        if name not in known:
            raise UnknownNameError("projection", name, known)
        return known[name]

    @property
    def plastic(self) -> tuple[Projection, ...]:
        """Projections that learn."""
        return tuple(p for p, _ in self.learning)

    @property
    def learning(self) -> tuple[tuple[Projection, SynapseModel], ...]:
        """Projections that learn, each with its learning rule."""
        return tuple((p, p.synapse) for p in self.projections if p.synapse is not None)


def _check_projection(circuit: Circuit, projection: Projection) -> None:
    pre, post = circuit.population(projection.pre), circuit.population(projection.post)
    for population, neurons in ((pre, projection.sources), (post, projection.targets)):
        if np.size(neurons) and not 0 <= np.min(neurons) <= np.max(neurons) < population.size:
            raise InputError(
                f"projection {projection.name!r} names neurons outside 0…{population.size - 1} "
                f"of population {population.name!r}"
            )
    if projection.receptor is not None:
        if post.neuron is None:
            raise InputError(f"population {post.name!r} only fires given spikes: it has no receptor for a projection")
        post.neuron.receptor(projection.receptor)
    if projection.third_factor is not None:
        _check_third_factor(projection, circuit.population(projection.third_factor), post)
    if projection.synapse is not None:
        _check_needs(circuit, projection.synapse, pre, post)


def _check_needs(circuit: Circuit, model: SynapseModel, pre: Population, post: Population) -> None:
    for local in model.needs:
        owner = pre if local.index == "pre" else post
        received = {path.receives for path in circuit.feedback if path.target == owner.name}
        offered = {*(owner.neuron.provides if owner.neuron else ()), *received}
        if local.index == "synapse" or local.name not in offered:
            raise InputError(
                f"rule {model.rule.name!r} asks for {local.name!r} ({local.meaning}), which circuit "
                f"{circuit.name!r} does not give: {owner.name!r} offers {', '.join(sorted(offered)) or 'spikes only'}; "
                "use another signal, a neuron that provides it or a path of feedback that brings it"
            )


def _check_third_factor(projection: Projection, source: Population, post: Population) -> None:
    if projection.synapse is None or not projection.synapse.on_third_factor:
        raise InputError(
            f"projection {projection.name!r} gets third-factor events from {source.name!r}, but its rule does nothing "
            "at them; leave third_factor out"
        )
    if source.size not in (1, post.size):
        raise InputError(
            f"third_factor of {projection.name!r} has {source.size} trains; give one for all, or one for each of the "
            f"{post.size} neurons of {post.name!r}"
        )
