"""Models of trials: the derived learner, and the sum of states of the field, for `analysis.fit`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from analysis.model import GaussianPrediction, Model
from plasticity.belief import OrnsteinUhlenbeck
from plasticity.errors import InputError
from plasticity.feedback import FeedbackChannel
from plasticity.objective import Objective
from plasticity.rule import Parameter
from plasticity.support.checks import checked, require_whole
from plasticity.trial_system import expected_aims
from plasticity.trials import CLAMPED, NONE, TrialLearner, derive_trials

__all__ = ["TrialPrediction", "state_space", "trial_learner"]

Array = NDArray[np.float64]
STARTS = ((0.7, 1.5), (0.99, 0.02), (0.999, 0.001))  # retention and ratio of variances of a component


@dataclass(frozen=True, eq=False)
class TrialPrediction:
    """What a learner in trials does: its mean over all noise, draws, and the density of one learner's outputs.

    Parameters
    ----------
    learner : TrialLearner
    trials : (n, 3) array
        See `TrialLearner.trials`.
    """

    learner: TrialLearner
    trials: Array
    mean: Array = field(init=False)

    def __post_init__(self) -> None:
        """Compute the mean once."""
        object.__setattr__(self, "mean", expected_aims(self.learner, self.trials))

    def sample(self, rng: np.random.Generator) -> Array:
        """Outputs of one learner."""
        turns, kinds, errors = self.trials.T
        return self.learner.run(turns, kinds, errors, rng=rng).output.values

    def log_density(self, observed: ArrayLike) -> Array:
        """Log density of one learner's outputs, each conditional on those before it."""
        turns, kinds, errors = self.trials.T
        return self.learner.log_density(observed, turns, kinds, errors)


@checked
def trial_learner(n_components: int = 2, at_once: bool = True) -> Model:
    """The derived learner with a perturbation of several time constants, for data of kind ``trials``.

    Parameters ``retention_i`` (a_i per trial), ``ratio_i`` (process over observation variance), ``output_noise`` and
    ``feedback_noise`` [unit of the data], and ``horizon``, γ + R per trial, if the output is the target at once, else
    ``discount`` γ and ``plasticity`` ηk per trial. The components need not be in order.

    Examples
    --------
    >>> trial_learner(1).values["horizon"]
    1.0

    References
    ----------
    vastola_2025; smith_2006.
    """
    n = require_whole("n_components", n_components, low=1)
    if n > len(STARTS):
        raise InputError(f"n_components must be at most {len(STARTS)}, got {n}")
    future = [("horizon", 1.0, "γ + R per trial")]
    if not at_once:
        future = [("discount", 0.3, "discount per trial"), ("plasticity", 1.0, "ηk per trial²")]

    def predict(values: Mapping[str, float], protocol: xr.Dataset) -> TrialPrediction:
        a, ratio = (np.array([values[f"{name}_{i + 1}"] for i in range(n)]) for name in ("retention", "ratio"))
        belief = OrnsteinUhlenbeck(-1 / np.log(a), np.sqrt(ratio / (1 - a**2)), 1.0)
        channel = FeedbackChannel(noise=values["feedback_noise"])
        learner = _derived(values, belief, channel, at_once)
        return TrialPrediction(learner, learner.trials(*_done(protocol), 0.0))

    return Model(
        "trial_learner" if at_once else "approaching_trial_learner",
        "optimal learner in trials" + ("" if at_once else " that pays for its changes"),
        predict,
        (
            *_numbered("retention", [a for a, _ in STARTS[:n]], "retention of the component per trial", 1.0 - 1e-6),
            *_numbered("ratio", [q for _, q in STARTS[:n]], "process over observation variance", np.inf),
            *(Parameter(name, value, meaning=meaning, positive=True) for name, value, meaning in future),
            Parameter("output_noise", 0.0, meaning="standard deviation of outputs", low=0.0),
            Parameter("feedback_noise", 0.0, meaning="standard deviation of seen errors", low=0.0),
        ),
        ("The belief is in its steady state at the first trial.",),
        ("vastola_2025", "smith_2006"),
        own_density=False,
    )


@checked
def state_space(n_states: int = 2) -> Model:
    """Sum of states ``x_i ← A_i x_i + B_i e`` (the two-state model), for data of kind ``trials``.

    Parameters ``retention_i`` A_i, ``drive_i`` B_i and ``output_noise``.

    Examples
    --------
    >>> state_space().values["drive_1"]
    0.3

    References
    ----------
    smith_2006.
    """
    n = require_whole("n_states", n_states, low=1)
    if n > len(STARTS):
        raise InputError(f"n_states must be at most {len(STARTS)}, got {n}")

    def predict(values: Mapping[str, float], protocol: xr.Dataset) -> GaussianPrediction:
        a, b = (np.array([values[f"{name}_{i + 1}"] for i in range(n)]) for name in ("retention", "drive"))
        x, out, turns, kinds = np.zeros(n), [], *_done(protocol)
        for p, kind in zip(turns, kinds, strict=True):
            out.append(x.sum())
            x = a * x + (0.0 if kind in (CLAMPED, NONE) else b * (p - out[-1]))
        return GaussianPrediction(np.array(out), values["output_noise"])

    return Model(
        "state_space",
        f"sum of {n} states",
        predict,
        (
            *_numbered("retention", [a for a, _ in STARTS[:n]], "retention of the state per trial", 1.0),
            *_numbered("drive", [0.3, 0.05, 0.01][:n], "change per unit of error", 1.0),
            Parameter("output_noise", 0.0, meaning="standard deviation of outputs", low=0.0),
        ),
        (),
        ("smith_2006",),
        own_density=False,
    )


def _derived(
    values: Mapping[str, float], belief: OrnsteinUhlenbeck, channel: FeedbackChannel, at_once: bool
) -> TrialLearner:
    noise = values["output_noise"]
    if not at_once:
        objective = Objective(values["discount"], plasticity=values["plasticity"])
        return derive_trials(objective, belief, channel, output_noise=noise)
    half = values["horizon"] / 2  # γ = R, of which only the sum counts
    objective = Objective(half, plasticity=2 * half**2)
    return derive_trials(objective, belief, channel, step="continuous", approach=1.0, output_noise=noise)


def _done(protocol: xr.Dataset) -> tuple[Array, Array]:
    """Perturbation and kind of feedback of every trial."""
    if protocol.attrs.get("kind") != "trials":
        raise InputError(f"data must be of kind 'trials' for a model of trials, got {protocol.attrs.get('kind')!r}")
    return protocol.perturbation.values.astype(float), protocol.clamped.values.astype(float)


def _numbered(name: str, values: list[Any], meaning: str, high: float) -> tuple[Parameter, ...]:
    """Parameters ``name_1``, ``name_2``, … > 0."""
    return tuple(
        Parameter(f"{name}_{i}", value, meaning=meaning, positive=True, high=high) for i, value in enumerate(values, 1)
    )
