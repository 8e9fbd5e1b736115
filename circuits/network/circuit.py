"""Circuits: populations, projections, feedback and stimulus, of rates or of spikes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from circuits.network.consistency import check_ends, check_names, check_rates, check_spiking
from circuits.network.population import Population as Population
from circuits.network.projection import Feedback as Feedback
from circuits.network.projection import Projection as Projection
from circuits.network.projection import dense, listed
from circuits.network.stimulus import Stimulus as Stimulus
from plasticity.compile.brian import SynapseModel
from plasticity.errors import UnknownNameError
from plasticity.pages.display import table
from plasticity.pages.markdown import markdown
from plasticity.rule import Rule
from plasticity.support.checks import checked, require_indices, require_whole

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
        check_names(self)
        require_whole("n_batch", self.n_batch, low=1)
        trials = range(int(self.n_batch)) if self.trials is None else self.trials
        object.__setattr__(self, "trials", require_indices("trials", trials, self.n_batch))
        stated = dense if self.is_rate else listed
        sizes = [(self.population(p.post).size, self.population(p.pre).size) for p in self.projections]
        for projection, shape in zip(self.projections, sizes, strict=True):
            check_ends(self, projection, shape)
        projections = (stated(p, *shape) for p, shape in zip(self.projections, sizes, strict=True))
        object.__setattr__(self, "projections", tuple(projections))
        if self.is_rate:
            check_rates(self)
        else:
            check_spiking(self)

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
