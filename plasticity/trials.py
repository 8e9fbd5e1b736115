"""Learners in trials: a belief about a perturbation, and an output that approaches the best forecast of it.

The state of a trial learner is a belief b and an aim x. One trial, in this order:

1. the output ``y = x + output noise``, and its feedback: the error ``e = p − y``, an imposed error, or none;
2. the belief observes the perturbation ``e + y``; without feedback it observes nothing, which is not e = 0;
3. the belief is carried to the next trial; 4. the aim makes the optimal step towards the forecast perturbation
   (`plasticity.optimal.tracking`).

A trial is the unit of time: rates are per trial, noise is that of one trial.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity import filters
from plasticity.belief import OrnsteinUhlenbeck, RecurringContexts, SwitchingTask
from plasticity.contexts import Contexts
from plasticity.dataset import make_dataset
from plasticity.errors import InputError, UnknownNameError
from plasticity.feedback import FeedbackChannel
from plasticity.objective import Objective
from plasticity.optimal.tracking import Tracking, tracking
from plasticity.support.checks import checked, require_finite, require_number, require_record
from plasticity.support.late import call
from plasticity.trial_system import log_densities

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
SEEN, CLAMPED, NONE = 0, 1, 2  # feedback of a trial
KINDS = ("seen", "clamped", "none")
STEPS = ("exact", "continuous")


@dataclass(frozen=True, eq=False)
class TrialState:
    """State of a trial learner before a trial: its belief about the perturbation to come, and its aim."""

    belief: Any
    aim: float


@dataclass(frozen=True, eq=False)
class TrialLearner:
    """Learner in trials, made by `derive_trials`.

    Parameters
    ----------
    objective : Objective
    beliefs : OrnsteinUhlenbeck, SwitchingTask or RecurringContexts
        What the learner assumes of the perturbation.
    feedback : FeedbackChannel
        What its feedback is like in truth.
    tracking : Tracking
        Its step.
    output_noise : float
        Standard deviation of the output around the aim.
    reports : bool
        Whether the output is about the trial just seen, not the next.
    """

    objective: Objective
    beliefs: OrnsteinUhlenbeck | SwitchingTask | RecurringContexts
    feedback: FeedbackChannel
    tracking: Tracking
    output_noise: float
    reports: bool = False

    @cached_property
    def filter(self) -> Any:
        """The filter of the belief, steady at the start if it has a steady state."""
        if isinstance(self.beliefs, SwitchingTask):
            return filters.Switching(self.beliefs, dt=1.0)
        if isinstance(self.beliefs, RecurringContexts):
            return Contexts(self.beliefs, dt=1.0)
        return filters.steady(filters.ornstein_uhlenbeck(self.beliefs, dt=1.0))

    def init(self) -> TrialState:
        """State before the first trial: the belief of the start, and the aim at rest there."""
        belief, follows = self.filter.init(), self.tracking
        return TrialState(belief, self._forecast(belief) / (1 - follows.retention))

    @checked
    def step(
        self,
        state: TrialState,
        perturbation: float,
        feedback: str = "seen",
        error: float = 0.0,
        observed: float | None = None,
        rng: np.random.Generator | None = None,
    ) -> tuple[TrialState, float, float]:
        """One trial.

        Parameters
        ----------
        state : TrialState
        perturbation : float
            p.
        feedback : {"seen", "clamped", "none"}
        error : float
            Imposed error of a clamped trial.
        observed : float, optional
            Output where it was measured; by default the aim, with output noise if there is `rng`.
        rng : numpy Generator, optional
            Source of output noise and of what disturbs the feedback; without it there is no noise.

        Returns
        -------
        state : TrialState
            Before the next trial.
        output : float
            y.
        log_likelihood : float
            Of what the learner observed, under its belief; 0 without feedback.

        Examples
        --------
        >>> belief = OrnsteinUhlenbeck((5.0, 200.0), 10.0, 10.0)
        >>> learner = derive_trials(Objective(0.5), belief)
        >>> state, y, _ = learner.step(learner.init(), 30.0)
        >>> y, 0 < state.aim < 30
        (0.0, True)
        """
        require_record("state", state, TrialState)
        if feedback not in KINDS:
            raise UnknownNameError("feedback", feedback, KINDS)
        p, imposed = require_number("perturbation", perturbation), require_number("error", error)
        noise = 0.0 if rng is None else self.output_noise * float(rng.standard_normal())
        y = state.aim + noise if observed is None else require_number("observed", observed)
        belief, log_likelihood = self._observe(state.belief, p, y, KINDS.index(feedback), imposed, rng)
        carried = self.filter.predict(belief)
        aim = self.tracking.retention * state.aim + self._forecast(belief if self.reports else carried)
        return TrialState(carried, aim), y, log_likelihood

    def card(self, format: str = "markdown") -> str:
        """Equations, numbers, and what each kind of trial can tell, as Markdown, LaTeX or text."""
        return call("plasticity.pages.trial_card:trial_card", self, format)

    def _repr_markdown_(self) -> str:
        """Show the card in a notebook."""
        return self.card()

    @checked
    def run(
        self,
        perturbation: ArrayLike,
        feedback: ArrayLike | None = None,
        error: ArrayLike = 0.0,
        observed: ArrayLike | None = None,
        rng: np.random.Generator | None = None,
    ) -> xr.Dataset:
        """Trials in order.

        Parameters
        ----------
        perturbation : (n_trials,) array
        feedback : (n_trials,) array, optional
            0 seen, 1 clamped, 2 none; by default all are seen.
        error : float or (n_trials,) array
            Imposed error of clamped trials.
        observed : (n_trials,) array, optional
            Measured outputs, NaN where one is missing: aims are then one trial ahead of what was done.
        rng : numpy Generator, optional
            See `step`.

        Returns
        -------
        xarray.Dataset
            ``aim``, ``output``, ``belief`` (mean before the trial) and ``log_likelihood`` of what the learner
            observed, each (trial).

        Examples
        --------
        >>> learner = derive_trials(Objective(0.5), OrnsteinUhlenbeck(50.0, 10.0, 10.0))
        >>> run = learner.run([0.0, 30.0, 30.0])
        >>> [round(float(x), 2) for x in run.aim]
        [0.0, 0.0, 2.77]
        """
        trials = self.trials(perturbation, feedback, error)
        done = _measured(observed, len(trials))
        rows = list(self._steps(trials, done, rng))
        aim, output, belief, log = np.array(rows, dtype=float).reshape(-1, 4).T
        return make_dataset(
            {
                "aim": ("trial", aim, "1", "aim of the trial"),
                "output": ("trial", output, "1", "output of the trial"),
                "belief": ("trial", belief, "1", "expected perturbation"),
                "log_likelihood": ("trial", log, "1", "log likelihood of the observed perturbation"),
            },
            {
                "trial": ("trial", np.arange(len(trials)) + 1, "1", "number of the trial"),
                "perturbation": ("trial", trials[:, 0], "1", "perturbation"),
                "feedback": ("trial", trials[:, 1], "1", "0: seen, 1: error clamped, 2: none"),
            },
            title="Learner in trials",
            engine="trials",
        )

    @checked
    def log_density(
        self,
        observed: ArrayLike,
        perturbation: ArrayLike,
        feedback: ArrayLike | None = None,
        error: ArrayLike = 0.0,
    ) -> Array:
        """Log density (n_trials,) of measured outputs, each conditional on those before it: their innovations.

        Parameters
        ----------
        observed : (n_trials,) array
            NaN where one is missing, which counts 0.
        perturbation, feedback, error
            See `run`.

        Raises
        ------
        InputError
            If there is no output noise, feedback is lost at random, or a belief that is no Gaussian has noisy feedback.

        Examples
        --------
        >>> belief = OrnsteinUhlenbeck(50.0, 10.0, 10.0)
        >>> learner = derive_trials(Objective(0.5), belief, FeedbackChannel(noise=2.0), output_noise=1.0)
        >>> learner.log_density([0.5, 2.0, 4.0], [30.0, 30.0, 30.0]).shape
        (3,)
        """
        trials = self.trials(perturbation, feedback, error)
        return log_densities(self, _measured(observed, len(trials)), trials)

    def trials(self, perturbation: ArrayLike, feedback: ArrayLike | None, error: ArrayLike) -> Array:
        """Perturbation, kind of feedback and imposed error as the columns of an array (n_trials, 3).

        Raises
        ------
        InputError
            If one of them is no number, or the sizes do not fit.
        """
        p = require_finite("perturbation", perturbation)
        if p.ndim != 1:
            raise InputError(f"perturbation must have shape (n_trials,), got {p.shape}")
        kinds = np.zeros(p.size) if feedback is None else require_finite("feedback", feedback)
        if kinds.shape != p.shape or not np.isin(kinds, (SEEN, CLAMPED, NONE)).all():
            raise InputError(f"feedback must be 0 (seen), 1 (clamped) or 2 (none) for each of {p.size} trials")
        imposed = require_finite("error", error)
        if imposed.shape not in ((), p.shape):
            raise InputError(f"error must be a number or have shape {p.shape}, got {imposed.shape}")
        return np.stack([p, kinds, np.broadcast_to(imposed, p.shape)], axis=1)

    def _steps(self, trials: Array, done: Array, rng: np.random.Generator | None) -> Iterator[tuple[float, ...]]:
        """Aim, output, belief and log likelihood of every trial."""
        state = self.init()
        for (p, kind, imposed), y in zip(trials, done, strict=True):
            measured = None if np.isnan(y) else float(y)
            after, output, log = self.step(state, p, KINDS[int(kind)], imposed, measured, rng)
            yield state.aim, output, float(np.sum(state.belief.mean)), log
            state = after

    def _observe(
        self, belief: Any, p: float, y: float, kind: int, imposed: float, rng: np.random.Generator | None
    ) -> tuple[Any, float]:
        """Belief after the feedback of a trial, and the log likelihood of the observation."""
        channel = self.feedback
        if kind == NONE or (rng is not None and channel.sparsity > 0 and rng.random() < channel.sparsity):
            return belief, 0.0
        error = channel.gain * (imposed if kind == CLAMPED else p - y)
        if rng is not None:
            error += channel.noise * float(rng.standard_normal())
        return self.filter.update(belief, np.array([error + y]))

    def _forecast(self, belief: Any) -> float:
        """Σ g·z: what the forecasts of a belief about the next trial add to the next aim."""
        if isinstance(self.beliefs, RecurringContexts):
            return float(self.filter.forecast(belief, self.tracking))
        if isinstance(self.beliefs, SwitchingTask):
            rest, fading = float(np.ravel(self.beliefs.prior_mean)[0]), np.exp(-self.beliefs.hazard)
            away = float(belief.mean[0]) - rest
            return float(self.tracking.follow(1.0)) * rest + float(self.tracking.follow(fading)) * away
        rest, fading = self.filter.rest, np.diag(self.filter.transition)
        return float(self.tracking.follow(1.0) * rest.sum() + self.tracking.follow(fading) @ (belief.mean - rest))


@checked
def derive_trials(
    objective: Objective,
    beliefs: OrnsteinUhlenbeck | SwitchingTask | RecurringContexts,
    feedback: FeedbackChannel | None = None,
    *,
    step: str = "exact",
    approach: float | None = None,
    output_noise: float = 0.0,
    reports: bool = False,
) -> TrialLearner:
    """Optimal learner in trials, from the objective of a synapse and a belief about the perturbation.

    The loss of a trial is half the squared error. The output pays for its changes, and its best step follows from the
    discrete Riccati equation: ``x ← x + (1 − e^{−R})(θ* − x)`` with the target
    ``θ* = (1 − e^{−(γ+R)}) Σ_s e^{−(γ+R)s} E[p_{n+1+s}]``, in which fleeting components of the perturbation count
    less. A drift of the output, f = −jx, is resisted only so far as the horizon makes that worth while.

    Parameters
    ----------
    objective : Objective
        Discount γ [1/trial], plasticity η, loss weight k; metric, drift and control are numbers.
    beliefs : OrnsteinUhlenbeck, SwitchingTask or RecurringContexts
        Time constants in trials, rates per trial; the observation noise is the one that the learner assumes.
    feedback : FeedbackChannel, optional
        What feedback is like in truth: noise per trial, gain, and share of trials (`sparsity`) without it. By default
        it is perfect.
    step : {"exact", "continuous"}
        The exact step from trial to trial, or the one of continuous time, e^{−R} of its rate R.
    approach : float, optional
        Share of the distance to θ* that is covered per trial, in (0, 1], in the place of the optimal 1 − e^{−R}: with 1
        the output is the target.
    output_noise : float
        Standard deviation of the output around the aim; the learner knows its output.
    reports : bool
        The output after a trial is a report of what the perturbation was, in the place of a move for the next trial.

    Returns
    -------
    TrialLearner
        With ``init()``, ``step(state, …)``, ``run(…)`` and ``card()``.

    Raises
    ------
    InputError
        If an argument is out of range, the objective has several parameters, no finite discount or a hazard, or the
        feedback has a delay, a quantum, a projection or errors of sign.

    Examples
    --------
    Two memories; after a reversal the error is clamped at 0, and the slow memory shows:

    >>> belief = OrnsteinUhlenbeck(time_constant=(3.0, 500.0), stationary_std=(10.0, 10.0), observation_noise=10.0)
    >>> learner = derive_trials(Objective(discount=0.1), belief, approach=1.0)
    >>> turns = np.r_[np.full(100, 30.0), np.full(12, -30.0), np.zeros(20)]
    >>> run = learner.run(turns, np.r_[np.zeros(112), np.ones(20)])
    >>> bool(run.aim[112] < 0 < run.aim[-1])
    True

    References
    ----------
    vastola_2025; smith_2006 (the model of two rates, to which it reduces).
    """
    require_record("objective", objective, Objective)
    if not isinstance(beliefs, OrnsteinUhlenbeck | SwitchingTask | RecurringContexts):
        raise InputError(f"beliefs must be an OrnsteinUhlenbeck, SwitchingTask or RecurringContexts, got {beliefs!r}")
    channel = FeedbackChannel() if feedback is None else feedback
    require_record("feedback", channel, FeedbackChannel)
    unusual = [name for name in ("delay", "quantum", "sign_error") if getattr(channel, name) != 0]
    if channel.projection is not None or unusual:
        raise InputError(
            f"feedback of trials must have no {' or '.join([*unusual, *['projection'] * (not unusual)])}; "
            "state noise, gain and sparsity only"
        )
    if step not in STEPS:
        raise UnknownNameError("step", step, STEPS)
    best = tracking(objective, continuous=step == "continuous")
    if approach is not None:
        share = require_number("approach", approach, low=0, high=1, exclusive=True)
        best = best.approaching(share)
    if isinstance(beliefs, SwitchingTask) and np.size(beliefs.prior_mean) != 1:
        raise InputError(f"prior_mean must be a number for a learner in trials, got {beliefs.prior_mean}")
    noise = require_number("output_noise", output_noise, low=0)
    return TrialLearner(objective, beliefs, channel, best, noise, reports)


def _measured(observed: ArrayLike | None, n: int) -> Array:
    done = np.full(n, np.nan) if observed is None else require_finite("observed", observed, missing=True)
    if done.shape != (n,):
        raise InputError(f"observed must have shape ({n},), one per trial, got {done.shape}")
    return done
