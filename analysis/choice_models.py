"""Models of choices, trial by trial, for `analysis.fit`: learners by any rule, from trial tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from analysis.data.kinds import REGRESSOR
from analysis.data.repeated import rewards_of_choices
from analysis.model import Model
from plasticity import rules
from plasticity.choices import ChoiceLearner, Choices, trials
from plasticity.errors import InputError
from plasticity.rule import Rule
from plasticity.support.checks import checked

__all__ = ["ChoicePrediction", "choice_learner", "regressors"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ChoicePrediction:
    """Choices of a learner: probabilities after the choices that were made, and draws of a learner by itself.

    Parameters
    ----------
    learner : ChoiceLearner
    vector : (n_parameters,) array
        Values of its parameters.
    protocol : xarray.Dataset
        Choices with what was seen and rewarded.
    sequence : str
        Coordinate whose values separate sequences.
    mean : (n,) array
        Probability of choice 1.
    """

    learner: ChoiceLearner
    vector: Array
    protocol: xr.Dataset
    sequence: str
    mean: Array

    def sample(self, rng: np.random.Generator) -> Array:
        """Choices of one learner that meets the rewards ``reward_0`` and ``reward_1``; (n,)."""
        rewards = np.column_stack(rewards_of_choices(self.protocol))
        return self.learner.run(_trials(self.protocol, rewards, self.sequence), rng, self.vector)[0]

    def log_density(self, observed: ArrayLike) -> Array:
        """Log probability of every choice, each after those before it; (n,).

        Raises
        ------
        InputError
            If these are not the choices of the protocol, and what they would have been rewarded is unknown.
        """
        choices = np.asarray(observed, dtype=float)
        probability = self.mean
        if not np.array_equal(choices, self.protocol.value.values):
            done = _trials(self.protocol, np.column_stack(rewards_of_choices(self.protocol)), self.sequence)
            probability = self.learner.probabilities(choices, done, [self.vector])[0]
        return np.log(np.where(choices == 1, probability, 1 - probability))


@checked
def choice_learner(
    rule: Rule | str = "gradient_descent", feedback: str = "policy", sequence: str = "session", name: str = "learner"
) -> Model:
    """Learner whose log odds are linear in regressors and weights, for data of kind ``choices``.

    The regressors are one indicator per stimulus, the numbers ``x_NAME`` of the data, or a constant without either.
    Parameters are those of the rule, whose time is counted in trials, and ``baseline_rate`` of a policy (0: no
    baseline) or ``inverse_temperature`` of values, see `plasticity.choices`.

    Parameters
    ----------
    rule : Rule or str
        A rule that reads gradients, such as `plasticity.derive` returns, or the name of one in the catalogue. With
        gradient descent a policy is REINFORCE, values are the delta rule with softmax.
    feedback : {"policy", "value"}
        Whether weights are those of the policy, taught by the score function, or predict rewards.
    sequence : str
        Coordinate of the data at whose changes weights begin anew, such as ``"session"`` or ``"animal"``; data without
        it are one sequence.
    name : str
        Of the model in tables.

    Returns
    -------
    Model

    Raises
    ------
    InputError
        If the rule acts at spikes, or reads more than gradient and curvature.

    Examples
    --------
    >>> [p.name for p in choice_learner().parameters], [p.name for p in choice_learner(feedback="value").parameters]
    (['learning_rate', 'baseline_rate'], ['learning_rate', 'inverse_temperature'])

    References
    ----------
    williams_1992; vastola_2025.
    """
    learner = ChoiceLearner(rules.resolve(rule), feedback)
    names = [p.name for p in learner.parameters]

    def means(protocol: xr.Dataset) -> Callable[[Array], Array]:
        _require_choices(protocol)
        rewards = np.repeat(protocol.reward.values.astype(float)[:, None], 2, axis=1)  # of the choice that was made
        done, choices = _trials(protocol, rewards, sequence), protocol.value.values
        return lambda vectors: learner.probabilities(choices, done, vectors)

    def predict(values: Mapping[str, float], protocol: xr.Dataset) -> ChoicePrediction:
        vector = np.array([values[name] for name in names], dtype=float)
        return ChoicePrediction(learner, vector, protocol, sequence, means(protocol)(vector[None, :])[0])

    learnt = "policy by the score function" if feedback == "policy" else "expected rewards"
    return Model(
        name,
        f"{learner.rule.title}, of a {learnt}" if feedback == "policy" else f"{learner.rule.title}, of {learnt}",
        predict,
        learner.parameters,
        (*learner.rule.assumptions, "Weights begin at 0 with each sequence.", "A trial is the unit of time."),
        tuple(dict.fromkeys((*learner.rule.references, "williams_1992"))),
        sequence=sequence,
        means=means,
    )


def regressors(data: xr.Dataset) -> Array:
    """Regressors (n, k) of choices: one indicator per stimulus, then the numbers ``x_NAME``; else a constant.

    Examples
    --------
    >>> from analysis.data.record import make_data
    >>> about = dict.fromkeys(("name", "title", "citation", "doi", "figure", "rights"), "") | {"provenance": "made up"}
    >>> labels = {"reward": [1.0, 0.0], "stimulus": ["tone", "light"]}
    >>> sem = [float("nan")] * 2
    >>> regressors(make_data("choices", ["a", "b"], [1, 0], sem, [1, 1], labels, sem_missing="single choices", **about))
    array([[0., 1.],
           [1., 0.]])
    """
    columns: list[Any] = []
    if "stimulus" in data.coords:
        stimulus = data.stimulus.values.astype(str)
        columns += [stimulus == one for one in np.unique(stimulus)]
    columns += [data[str(name)].values for name in data.coords if str(name).startswith(REGRESSOR)]
    return np.column_stack(columns or [np.ones(data.sizes["protocol"])]).astype(float)


def _trials(protocol: xr.Dataset, rewards: Array, sequence: str) -> Choices:
    starts = np.arange(protocol.sizes["protocol"]) == 0
    if sequence in protocol.coords:
        labels = protocol[sequence].values.astype(str)
        starts[1:] = labels[1:] != labels[:-1]
    return trials(regressors(protocol), rewards, starts)


def _require_choices(protocol: xr.Dataset) -> None:
    if protocol.attrs.get("kind") != "choices":
        kind = protocol.attrs.get("kind")
        raise InputError(f"data must be of kind 'choices' for a learner that chooses, got {kind!r}")
