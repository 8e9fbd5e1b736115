"""Learners that choose: log odds linear in regressors and weights, weights learnt by any rule that reads a gradient.

On trial t the regressors x are seen, choice c is 1 with probability ``p = 1/(1 + exp(−z))``, and a reward r follows.
What the rule of every weight sees of that:

- ``feedback="policy"``: z = Σ w_i x_i. The gradient of the loss −E[r] is observed through the score function,
  ``g_i = −(r − b) (c − p) x_i``, which is right on average whatever the baseline b. b = Σ v_i x_i is an expected reward
  that follows ``v ← v + rate (r − b) x``, or 0. The curvature is the Fisher information of the choice, p(1 − p) x_i².
  Gradient descent, the derived rule at a short horizon, is REINFORCE.
- ``feedback="value"``: every choice has weights q_c that predict its reward, ``z = β Σ (q_1i − q_0i) x_i``. Those of
  the choice made see the gradient of ½(r − q_c·x)², ``g_i = −(r − q_c·x) x_i``, and its curvature x_i². Gradient
  descent is the delta rule, Q-learning without a future.

A trial is the unit of time. Weights begin at 0, anew with each sequence.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.compile.choice_loop import choice_loop, free_of_time
from plasticity.errors import InputError, UnknownNameError
from plasticity.rule import Parameter, Rule
from plasticity.support.catalog import require_made
from plasticity.support.checks import checked, require_finite

__all__ = ["FEEDBACK", "ChoiceLearner", "Choices", "trials"]

Array = NDArray[np.float64]
FEEDBACK = ("policy", "value")
BASELINE = Parameter("baseline_rate", 0.0, meaning="rate of the expected reward per trial; 0: no baseline", high=1.0)
SCALE = Parameter("inverse_temperature", 3.0, meaning="log odds per difference of expected rewards")


@dataclass(frozen=True, eq=False)
class Choices:
    """Trials: regressors (n, k), rewards (n, 2) of choice 0 and choice 1, and which trials begin a sequence (n,)."""

    regressors: Array
    rewards: Array
    starts: NDArray[np.bool_]


@checked
@dataclass(frozen=True, eq=False)
class ChoiceLearner:
    """Learner that chooses between 0 and 1, see `plasticity.choices`.

    Parameters
    ----------
    rule : Rule
        How weights learn, such as `derive` returns; its inputs are gradient and curvature.
    feedback : {"policy", "value"}
        What the gradient is of.

    Raises
    ------
    InputError
        If the rule acts at spikes or reads more than gradient and curvature.

    Examples
    --------
    Choice 1 is rewarded; REINFORCE with learning rate 1: w = ½ after one rewarded choice at p = ½

    >>> import sympy as sp
    >>> from plasticity import Objective, derive
    >>> learner = ChoiceLearner(derive(Objective(sp.oo, plasticity=1.0)))
    >>> probability = learner.probabilities([1, 1], trials([[1.0], [1.0]], [[0.0, 1.0]] * 2))
    >>> np.log(probability / (1 - probability)).round(12)
    array([[0. , 0.5]])

    References
    ----------
    williams_1992 (the score function and its baseline); vastola_2025 (the rules).
    """

    rule: Rule
    feedback: str = "policy"

    def __post_init__(self) -> None:
        """Check that the rule learns from trials."""
        require_made(self.rule, Rule, "plasticity.rules")
        if not isinstance(self.feedback, str) or self.feedback not in FEEDBACK:
            raise UnknownNameError("feedback", str(self.feedback), FEEDBACK)
        self.loop  # noqa: B018

    @cached_property
    def loop(self) -> ModuleType:
        """Module with the loop over trials, compiled once."""
        return choice_loop(self.rule, self.feedback)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Parameters of the rule, then ``baseline_rate`` of a policy or ``inverse_temperature`` of values."""
        return (*free_of_time(self.rule), BASELINE if self.feedback == "policy" else SCALE)

    def probabilities(self, choices: ArrayLike, done: Choices, vectors: ArrayLike | None = None) -> Array:
        """Probability of choice 1 on every trial, after the choices before it; (n_vectors, n_trials).

        Parameters
        ----------
        choices : (n_trials,) array
            What was chosen, 0 or 1.
        done : Choices
            See `trials`; only rewards of choices that were made matter.
        vectors : (n_vectors, n_parameters) array, optional
            Values in the order of `parameters`; by default their own (one vector).
        """
        chosen = np.asarray(choices)
        if chosen.shape != done.starts.shape or not np.isin(chosen, (0, 1)).all():
            raise InputError(f"choices must be 0 or 1 on each of {done.starts.size} trials")
        rows = self._rows(vectors)
        probability = np.empty((len(rows), chosen.size))
        repeated = np.broadcast_to(chosen.astype(np.int64), probability.shape)
        self._run(np.array(repeated), done, np.empty(0), rows, probability, np.empty((0, 2, 1)))
        return probability

    def run(
        self, done: Choices, rng: np.random.Generator, vector: ArrayLike | None = None
    ) -> tuple[Array, Array, Array]:
        """Draw choices trial by trial.

        Returns
        -------
        choices, probability : (n_trials,) arrays
        weights : (n_trials, 2, k) array
            After each trial; of a policy only those of choice 1 are not 0.
        """
        n, k = done.regressors.shape
        probability, chosen, weights = np.empty((1, n)), np.zeros((1, n), dtype=np.int64), np.empty((n, 2, k))
        rows = self._rows(None if vector is None else [np.asarray(vector, dtype=float)])
        self._run(chosen, done, rng.random((n,)), rows, probability, weights)
        return chosen[0].astype(float), probability[0], weights

    def _rows(self, vectors: ArrayLike | None) -> Array:
        """Rows of values of the rule, the rate of the baseline and the scale of the log odds."""
        own: Any = [[p.value for p in self.parameters]] if vectors is None else vectors
        if any(value is None for value in np.ravel(np.asarray(own, dtype=object))):
            names = [p.name for p in self.parameters if p.value is None]
            raise InputError(f"{', '.join(names)} of rule {self.rule.name!r} has no value; use rule.with_parameters")
        rows = np.array(own, dtype=float, ndmin=2)
        if rows.shape[1] != len(self.parameters):
            raise InputError(f"vectors must have {len(self.parameters)} columns, got {rows.shape[1]}")
        last = rows[:, -1:]
        both = [last, np.ones_like(last)] if self.feedback == "policy" else [np.zeros_like(last), last]
        return np.hstack([rows[:, :-1], *both])

    def _run(self, chosen: Any, done: Choices, uniform: Array, rows: Array, probability: Array, weights: Array) -> None:
        self.loop.run(done.regressors, chosen, done.rewards, done.starts, uniform, rows, probability, weights)


def trials(regressors: ArrayLike, rewards: ArrayLike, starts: ArrayLike | None = None) -> Choices:
    """Checked trials of a `ChoiceLearner`.

    Parameters
    ----------
    regressors : (n_trials, k) array
    rewards : (n_trials, 2) array
        Reward of choice 0 and of choice 1; NaN where it is unknown.
    starts : (n_trials,) array, optional
        Whether a trial is the first of a sequence; by default the first of all.

    Examples
    --------
    >>> trials([[1.0]], [[0.0, 1.0]]).starts.tolist()
    [True]
    """
    x = require_finite("regressors", regressors)
    if x.ndim != 2 or x.size == 0:
        raise InputError(f"regressors must have shape (n_trials, k), got {x.shape}")
    r = require_finite("rewards", rewards, missing=True)
    if r.shape != (len(x), 2):
        raise InputError(f"rewards must have shape ({len(x)}, 2), of choice 0 and choice 1, got {r.shape}")
    first = np.arange(len(x)) == 0 if starts is None else np.asarray(starts, dtype=bool)
    if first.shape != (len(x),) or not first[0]:
        raise InputError(f"starts must have shape ({len(x)},) and begin with True")
    return Choices(np.ascontiguousarray(x), np.ascontiguousarray(r), np.ascontiguousarray(first))
