"""Circuits: populations, projections, feedback and stimulus, of rates or of spikes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from circuits.network.population import Population as Population
from circuits.network.projection import Feedback as Feedback
from circuits.network.projection import Projection as Projection
from circuits.network.projection import dense, listed
from circuits.network.stimulus import Stimulus as Stimulus
from plasticity.compile.brian import NOISE, SynapseModel, check_rule
from plasticity.errors import InputError, UnknownNameError
from plasticity.pages.display import table
from plasticity.pages.markdown import markdown
from plasticity.rule import NeuronVariable, Rule
from plasticity.support.checks import checked, require_finite, require_indices, require_whole

Array = NDArray[np.float64]
SYNAPSES_PER_TRACE = 50  # per neuron: compiled runs break even below that at 5 Hz and 0.1 ms, NumPy ones at about 100


def _model_name(population: Population) -> str:
    if population.is_rate:
        return "rates"
    return population.neuron_model.name if population.neuron_model is not None else "spikes"


@checked
@dataclass(frozen=True, eq=False)
class Circuit:
    """Populations, the projections between them, feedback and stimulus.

    Its populations have rate units, or all of them spike; that decides which engine runs it. A spiking circuit stores
    its projections as lists of synapses, a rate circuit as matrices.

    Parameters
    ----------
    name : str
    populations : tuple of Population
        In a rate circuit the stimulus drives the first one and gives targets to the last one.
    projections : tuple of Projection
    feedback : tuple of Feedback
    stimulus : Stimulus, optional
        Of a rate circuit.
    n_batch : int
        Members of a batch of independent copies of a rate circuit that run together.
    trials : (n_batch,) sequence of int, optional
        Random numbers of a member depend on the seed and this number alone; by default 0, 1, 2, …

    Raises
    ------
    InputError
        If rate units and spiking neurons are mixed, a name occurs twice, a projection or path leads nowhere, shapes do
        not fit, or a rule needs a local variable or third-factor events that the circuit does not provide.
    UnknownNameError
        If a projection or path names a population that does not exist.
    """

    name: str
    populations: tuple[Population, ...]
    projections: tuple[Projection, ...] = ()
    feedback: tuple[Feedback, ...] = ()
    stimulus: Stimulus | None = None
    n_batch: int = 1
    trials: Any = None

    def _repr_markdown_(self) -> str:
        """Show populations and projections in a notebook."""
        neurons = [(f"`{p.name}`", str(p.size), _model_name(p)) for p in self.populations]
        synapses = [
            (f"`{p.name}`", f"{p.pre} → {p.post}", str(p.n_synapses), p.rule.name if p.rule is not None else "fixed")
            for p in self.projections
        ]
        tables = (
            table(("population", "neurons", "model"), neurons),
            table(("projection", "", "synapses", "rule"), synapses),
        )
        return "\n\n".join([f"**Circuit** {markdown(self.name)}", *tables])

    def __post_init__(self) -> None:
        """Check that the parts fit together, and state all projections in the form of the engine."""
        _check_names(self)
        require_whole("n_batch", self.n_batch, low=1)
        trials = range(int(self.n_batch)) if self.trials is None else self.trials
        object.__setattr__(self, "trials", require_indices("trials", trials, self.n_batch))
        stated = dense if self.is_rate else listed
        sizes = [(self.population(p.post).size, self.population(p.pre).size) for p in self.projections]
        for projection, shape in zip(self.projections, sizes, strict=True):
            _check_ends(self, projection, shape)
        projections = (stated(p, *shape) for p, shape in zip(self.projections, sizes, strict=True))
        object.__setattr__(self, "projections", tuple(projections))
        if self.is_rate:
            _check_rates(self)
        else:
            _check_spiking(self)

    @property
    def is_rate(self) -> bool:
        """Whether its populations have rate units."""
        return self.populations[0].is_rate

    def population(self, name: str) -> Population:
        """Population of that name.

        Raises
        ------
        UnknownNameError
            If there is none.
        """
        return _named("population", name, self.populations)

    def projection(self, name: str) -> Projection:
        """Projection of that name.

        Raises
        ------
        UnknownNameError
            If there is none.
        """
        return _named("projection", name, self.projections)

    @checked
    def with_weights(self, weights: Mapping[str, ArrayLike]) -> Circuit:
        """Circuit with other initial weights, such as ``run.final``.

        Parameters
        ----------
        weights : mapping of str to array
            By projection, as a run returns them: (n_synapses,) in a spiking circuit; (n_post, n_pre) or
            (n_batch, n_post, n_pre) in one of rates.

        Raises
        ------
        InputError
            If a shape does not fit.
        UnknownNameError
            If a name is not that of a projection.
        """
        for name in weights:
            self.projection(name)
        projections = (replace(p, weight=weights.get(p.name, p.weight)) for p in self.projections)
        return replace(self, projections=tuple(projections))

    @property
    def plastic(self) -> tuple[Projection, ...]:
        """Projections that learn."""
        return tuple(p for p in self.projections if p.rule is not None)

    @property
    def rules(self) -> dict[str, Rule]:
        """Learning rules by plastic projection."""
        return {p.name: p.rule for p in self.plastic}

    @property
    def synapses_per_neuron(self) -> float:
        """Synapses that learn, per neuron of the circuit."""
        return sum(p.n_synapses for p in self.plastic) / sum(p.size for p in self.populations)

    @property
    def learning(self) -> tuple[tuple[Projection, SynapseModel], ...]:
        """Projections that learn, each with its compiled rule; traces are in neurons where these have many synapses."""
        return tuple((p, model) for p in self.projections if (model := self._model(p)) is not None)

    def _model(self, projection: Projection) -> SynapseModel | None:
        n_neurons = self.population(projection.pre).size + self.population(projection.post).size
        shared = np.ndim(projection.delay) == np.ndim(projection.dendritic_delay) == 0  # else spikes come one by one
        many = shared and projection.n_synapses >= SYNAPSES_PER_TRACE * n_neurons
        return projection.synapse_without_traces if many else projection.synapse

    @property
    def has_targets(self) -> bool:
        """Whether the last population has targets, so that there is a loss."""
        return self.stimulus is not None and self.stimulus.targets is not None

    @property
    def feedback_weights(self) -> dict[str, Array]:
        """Weights of the paths of feedback of a rate circuit, by the population that receives it."""
        return {path.target: path.weights for path in self.feedback if path.weights is not None}


def _named(kind: str, name: str, records: tuple) -> Any:
    known = {record.name: record for record in records}
    if name not in known:
        raise UnknownNameError(kind, name, known)
    return known[name]


def _check_names(circuit: Circuit) -> None:
    """Refuse a mixture of rate units and spiking neurons, and names that occur twice."""
    rates = [p.name for p in circuit.populations if p.is_rate]
    spiking = [p.name for p in circuit.populations if not p.is_rate]
    if rates and spiking:
        raise InputError(
            f"circuit {circuit.name!r} mixes rate units ({', '.join(rates)}) and spiking neurons "
            f"({', '.join(spiking)}); make all of one kind, or two circuits"
        )
    if not circuit.populations:
        raise InputError(f"circuit {circuit.name!r} has no populations")
    kinds = [[part.name for part in parts] for parts in (circuit.populations, circuit.projections, circuit.feedback)]
    for names in kinds if rates else [[*kinds[0], *kinds[1], *kinds[2]]]:  # Brian2 calls its objects by these names
        for name in names:
            if names.count(name) > 1:
                raise InputError(f"circuit {circuit.name!r} has two parts of one name: {name!r}")


def _check_ends(circuit: Circuit, projection: Projection, shape: tuple[int, int]) -> None:
    if not projection.is_listed:
        return
    for name, size, neurons in zip((projection.post, projection.pre), shape, projection.ends, strict=True):
        if not 0 <= np.min(neurons) <= np.max(neurons) < size:
            raise InputError(
                f"projection {projection.name!r} names neurons outside 0…{size - 1} of population {name!r}"
            )


def _check_spiking(circuit: Circuit) -> None:
    if circuit.stimulus is not None or circuit.n_batch > 1:
        raise InputError(
            f"circuit {circuit.name!r} spikes: stimulus and n_batch are for rate circuits; "
            "give its populations spike_times or series"
        )
    for projection in circuit.projections:
        _check_projection(circuit, projection)
    for path in circuit.feedback:
        for name in (path.source, path.target):
            if circuit.population(name).neuron is None:
                raise InputError(f"population {name!r} has spike trains alone: it has no variables for feedback")


def _check_projection(circuit: Circuit, projection: Projection) -> None:
    pre, post = circuit.population(projection.pre), circuit.population(projection.post)
    _check_fires(pre, f"projection {projection.name!r} starts")
    if projection.receptor is not None:
        if post.neuron_model is None:
            raise InputError(f"population {post.name!r} has spike trains alone: it has no receptor for a projection")
        post.neuron_model.receptor(projection.receptor)
    if projection.parameters:
        raise InputError(
            f"parameters of {projection.name!r} are for rate circuits; use rule.with_parameters(…) instead"
        )
    if projection.third_factor is not None:
        _check_third_factor(projection, circuit.population(projection.third_factor), post)
    if projection.rule is not None:
        check_rule(projection.rule)
        _check_locals(circuit, projection.rule, pre, post)
        if "post" in projection.rule.events:
            _check_fires(post, f"the rule of {projection.name!r} waits for spikes")


def _check_fires(population: Population, what: str) -> None:
    if population.neuron_model is not None and not (population.has_spike_trains or population.neuron_model.threshold):
        raise InputError(
            f"{what} in {population.name!r}, whose neurons have no threshold and never spike; "
            "give their model a threshold, or the population spike_times"
        )


def _check_locals(circuit: Circuit, rule: Rule, pre: Population, post: Population) -> None:
    for local in (rule.locals[s.name] for s in rule.inputs if s != NOISE):
        owner = pre if local.index == "pre" else post
        if isinstance(local, NeuronVariable):
            _check_variable(rule, local, owner)
            continue
        received = {path.receives for path in circuit.feedback if path.target == owner.name}
        if "learning_signal" in received:
            received.add("feedback_power")
        offered = {*(owner.neuron_model.provides if owner.neuron_model else ()), *received}
        if local.index == "synapse" or local.name not in offered:
            raise InputError(
                f"rule {rule.name!r} asks for {local.name!r} ({local.meaning}), which circuit "
                f"{circuit.name!r} does not give: {owner.name!r} offers {', '.join(sorted(offered)) or 'spikes only'}; "
                "use another signal, a neuron that provides it or a path of feedback that brings it"
            )


def _check_variable(rule: Rule, variable: NeuronVariable, owner: Population) -> None:
    """Refuse a rule that reads a variable that its neuron does not have, or has in another unit."""
    reads = f"rule {rule.name!r} reads {variable.name!r} [{variable.unit}] of its {variable.index} neuron"
    if owner.neuron_model is None:
        raise InputError(f"{reads}, but population {owner.name!r} has spike trains alone; give it a neuron model")
    variables = owner.neuron_model.variables
    if variable.name not in variables:
        raise InputError(
            f"{reads}, but neurons of {owner.name!r} have {', '.join(variables) or 'no variables'}; rename it, or "
            f"add it to the equations of neuron {owner.neuron_model.name!r}"
        )
    unit = variables[variable.name]
    if unit != variable.base_unit:
        raise InputError(
            f"{reads}, but the equations of neuron {owner.neuron_model.name!r} declare it in {unit}; they must "
            f"declare {variable.base_unit}, or the rule must read another unit"
        )


def _check_third_factor(projection: Projection, source: Population, post: Population) -> None:
    _check_fires(source, f"third-factor events of {projection.name!r} start")
    if projection.rule is None or "third_factor" not in projection.rule.events:
        raise InputError(
            f"projection {projection.name!r} gets third-factor events from {source.name!r}, but its rule does nothing "
            "at them; leave third_factor out"
        )
    if source.size not in (1, post.size):
        raise InputError(
            f"third_factor of {projection.name!r} has {source.size} trains; give one for all, or one for each of the "
            f"{post.size} neurons of {post.name!r}"
        )


def _check_rates(circuit: Circuit) -> None:
    for population in circuit.populations:
        _check_batch(f"initial of {population.name!r}", population.rate_unit.initial, 1, circuit.n_batch)
    for projection in circuit.projections:
        _check_rate_projection(circuit, projection)
    for path in circuit.feedback:
        _check_rate_feedback(circuit, path)
    stimulus, first, last = circuit.stimulus, circuit.populations[0], circuit.populations[-1]
    if stimulus is None:
        return
    if stimulus.patterns.shape[1] != first.size:
        raise InputError(f"patterns have {stimulus.patterns.shape[1]} rates, but {first.name!r} has {first.size}")
    if stimulus.targets is not None and stimulus.targets.shape[1] != last.size:
        raise InputError(f"targets have {stimulus.targets.shape[1]} rates, but {last.name!r} has {last.size}")
    _check_batch("order", stimulus.sequence, 1, circuit.n_batch)


def _check_rate_projection(circuit: Circuit, projection: Projection) -> None:
    for name in ("receptor", "delay", "dendritic_delay", "third_factor"):
        value = getattr(projection, name)
        if np.any(value) if np.ndim(value) else value:
            raise InputError(f"{name} of {projection.name!r} is for spiking circuits; leave it out")
    _check_batch(f"weight of {projection.name!r}", projection.weight, 2, circuit.n_batch)
    for name, value in projection.parameters.items():
        _check_batch(f"{name} of {projection.name!r}", value, 0, circuit.n_batch)
    order = [p.name for p in circuit.populations]
    if circuit.stimulus is not None and projection.post == order[0]:
        raise InputError(f"{projection.name!r} ends in {order[0]!r}, which is driven by the stimulus")
    closes_loop = order.index(projection.pre) >= order.index(projection.post)
    taus = [circuit.population(name).rate_unit.tau for name in (projection.pre, projection.post)]
    if closes_loop and 0 in taus:
        raise InputError(
            f"{projection.name!r} closes a loop, which needs time constants: give {projection.pre!r} and "
            f"{projection.post!r} tau > 0"
        )


def _check_rate_feedback(circuit: Circuit, path: Feedback) -> None:
    size, last = circuit.population(path.target).size, circuit.populations[-1].name
    if (path.source, path.sends, path.receives) != (last, "error", "learning_signal"):
        raise InputError(f"feedback {path.name!r} of a rate circuit must send the error of {last!r} as learning_signal")
    shape = np.shape(path.weights)
    if len(shape) not in (2, 3) or shape[-2] != size:
        raise InputError(f"feedback_weights of {path.target!r} must have shape ({size}, n_received), got {shape}")
    require_finite(f"feedback_weights of {path.target!r}", path.weights)
    _check_batch(f"feedback_weights of {path.target!r}", path.weights, 2, circuit.n_batch)


def _check_batch(name: str, values: Any, n_own: int, n_batch: int) -> None:
    shape = np.shape(values)
    if len(shape) > n_own and shape[0] != n_batch:
        raise InputError(f"{name} has {shape[0]} members on its leading axis, but n_batch is {n_batch}")
