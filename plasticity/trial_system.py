"""A learner in trials with Gaussian beliefs as a linear system, and the likelihood of what it did.

With the state s = (p̂ − rest, aim) a trial is ``s ← F(s + K(o − Σp̂))``, with the gain K of the filter and the observed
perturbation o = error + output. From errors to aims it is a linear system, ``s ← Ms + Ne``, of which trials with
feedback show the eigenvalues of M and their residues.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from plasticity import filters
from plasticity.errors import InputError

if TYPE_CHECKING:
    from plasticity.trials import TrialLearner

Array = NDArray[np.float64]
CLAMPED, NONE = 1, 2


class VisibleModes(NamedTuple):
    """What errors show of a learner: factors A per trial, drives B per unit of error, of one state each."""

    factors: NDArray[np.complex128]
    drives: NDArray[np.complex128]


def carry(learner: TrialLearner) -> Array:
    """F (m + 1, m + 1): from the belief after the feedback and the aim to those before the next trial."""
    fading = np.diag(learner.filter.transition)
    matrix = np.diag([*fading, learner.tracking.retention])
    matrix[-1, :-1] = learner.tracking.follow(fading) * (1.0 if learner.reports else fading)
    return matrix


def error_system(learner: TrialLearner) -> tuple[Array, Array]:
    """M (m + 1, m + 1) and N (m + 1,): state per state, and per unit of error, at steady gains.

    Examples
    --------
    >>> from plasticity import Objective, OrnsteinUhlenbeck, derive_trials
    >>> one = derive_trials(Objective(0.5), OrnsteinUhlenbeck(100.0, 1.0, 1.0), approach=1.0)
    >>> error_system(one)[0].shape
    (2, 2)
    """
    gain = filters.steady_gain(learner.filter)[:, 0]
    f, sees = carry(learner), np.append(-np.ones(gain.size), 1.0)
    full = np.append(gain, 0.0)
    return f @ (np.eye(len(f)) + np.outer(full, sees)), f @ full


def visible_modes(learner: TrialLearner) -> VisibleModes:
    """Factors and drives of the learner as the sum of one-state learners, the largest factor first.

    Examples
    --------
    A learner that follows everything at once is the model of two rates, here that of a force field:

    >>> from plasticity import Objective, OrnsteinUhlenbeck, derive_trials
    >>> two = OrnsteinUhlenbeck((2.0, 100.0), (1.0, 1.0), 1.0)
    >>> modes = visible_modes(derive_trials(Objective(20.0, plasticity=1e20), two, step="continuous"))
    >>> bool(np.allclose(modes.factors, np.exp([-1 / 100, -1 / 2]), atol=0.02))
    True

    References
    ----------
    smith_2006.
    """
    m, n = error_system(learner)
    factors, right = np.linalg.eig(m.astype(complex))
    drives = right[-1] * np.linalg.solve(right, n.astype(complex))
    order = np.argsort(-np.abs(factors))
    order = order[np.abs(drives[order]) > 1e-10 * np.abs(drives).max()]
    return VisibleModes(factors[order], drives[order])


def log_densities(learner: TrialLearner, outputs: Array, trials: Array) -> Array:
    """Log density (n,) of every measured output conditional on those before, NaN counting as 0.

    Where only a Gaussian belief and noise in the feedback are hidden, a Kalman filter integrates them exactly.
    """
    variance = learner.output_noise**2
    if variance == 0:
        raise InputError("output_noise must be > 0 for a density of outputs, got 0")
    if learner.feedback.sparsity > 0:
        raise InputError("feedback must have no sparsity for a density of outputs; state the trials without feedback")
    measured = ~np.isnan(outputs)
    if isinstance(learner.filter, filters.LinearGaussian):
        center, spread = _predicted(learner, outputs, trials)
    else:
        own = (trials[:, 1] == CLAMPED) | ((trials[:, 1] != NONE) & (learner.feedback.gain != 1))
        if learner.feedback.noise > 0 or (own & ~measured).any():
            raise InputError(
                "the density of outputs of a belief that is no Gaussian needs feedback without noise, and every output "
                "that the learner's feedback depends on; give as perturbation what was seen"
            )
        center = learner.run(trials[:, 0], trials[:, 1], trials[:, 2], outputs).aim.values
        spread = np.zeros_like(center)
    total = spread + variance
    log = -0.5 * ((outputs - center) ** 2 / total + np.log(2 * np.pi * total))
    return np.where(measured, log, 0.0)


def _predicted(learner: TrialLearner, outputs: Array, trials: Array) -> tuple[Array, Array]:
    """Mean and variance (n,) of the aim of every trial, from the outputs before it."""
    channel, variance, f = learner.feedback, learner.output_noise**2, carry(learner)
    rest, aim = learner.filter.rest.sum(), learner.init().aim
    mean, spread = np.append(np.zeros(len(f) - 1), 0.0), np.zeros_like(f)  # aim relative to that at rest
    center, width = np.empty(len(trials)), np.empty(len(trials))
    sees = np.append(-np.ones(len(f) - 1), 0.0)
    for k, (gain, (p, kind, imposed), y) in enumerate(zip(_gains(learner, trials), trials, outputs, strict=True)):
        center[k], width[k] = aim + mean[-1], spread[-1, -1]
        if not np.isnan(y):
            share = spread[:, -1] / (spread[-1, -1] + variance)
            mean = mean + share * (y - center[k])
            spread = spread - np.outer(share, spread[-1])
        own = 0.0 if kind == NONE else 1.0 if kind == CLAMPED else 1 - channel.gain
        seen = channel.gain * (imposed if kind == CLAMPED else p) + own * (aim if np.isnan(y) else y) - rest
        take = np.append(gain, 0.0)
        row = sees + (np.append(np.zeros(len(f) - 1), own) if np.isnan(y) else 0.0)
        step = f @ (np.eye(len(f)) + np.outer(take, row))
        noise = (channel.noise**2 + (own**2 * variance if np.isnan(y) else 0.0)) * (kind != NONE)
        mean = step @ mean + f @ take * seen
        spread = step @ spread @ step.T + noise * np.outer(f @ take, f @ take)
    return center, width


def expected_aims(learner: TrialLearner, trials: Array, observed: Array | None = None) -> Array:
    """Aim (n,) of every trial of a learner with a Gaussian belief, averaged over all noise.

    With measured outputs (n,) they are what the learner did, and an aim is the expectation of the next output.

    Examples
    --------
    >>> import numpy as np
    >>> from plasticity import Objective, OrnsteinUhlenbeck, derive_trials
    >>> learner = derive_trials(Objective(0.5), OrnsteinUhlenbeck(50.0, 10.0, 10.0))
    >>> expected_aims(learner, learner.trials([0.0, 30.0, 30.0], None, 0.0)).round(2)
    array([0.  , 0.  , 2.77])
    """
    channel, f = learner.feedback, carry(learner)
    rest, aim = learner.filter.rest.sum(), learner.init().aim
    state, aims, steps = np.zeros(len(f)), np.empty(len(trials)), {}
    done = np.full(len(trials), np.nan) if observed is None else observed
    for k, (gain, (p, kind, imposed), y) in enumerate(zip(_gains(learner, trials), trials, done, strict=True)):
        aims[k] = aim + state[-1]
        own, unknown = 0.0 if kind == NONE else 1.0 if kind == CLAMPED else 1 - channel.gain, bool(np.isnan(y))
        key = (kind, unknown, gain.tobytes())
        if key not in steps:
            take = np.append(gain, 0.0)
            row = np.append(-np.ones(len(f) - 1), own * unknown)
            steps[key] = f @ (np.eye(len(f)) + np.outer(take, row)), f @ take
        through, drive = steps[key]
        seen = channel.gain * (imposed if kind == CLAMPED else p) + own * (aim if unknown else y) - rest
        state = through @ state + drive * seen
    return aims


def _gains(learner: TrialLearner, trials: Array) -> Array:
    """Gain (n, m) of the learner's filter on every trial, 0 without feedback."""
    filter, steady = learner.filter, filters.steady_gain(learner.filter)[:, 0]
    if not (trials[:, 1] == NONE).any():
        return np.tile(steady, (len(trials), 1))
    state, gains = filter.init(), np.zeros((len(trials), steady.size))
    seen = np.flatnonzero(trials[:, 1] != NONE)
    first = int(np.argmax(trials[:, 1] == NONE))
    gains[:first] = steady
    for k in range(first, seen[-1] + 1 if seen.size else 0):
        if trials[k, 1] != NONE:
            gains[k] = filters.kalman_gain(filter, state)[:, 0]
            state, _ = filter.update(state, filter.observation @ state.mean)
        state = filter.predict(state)
    return gains
