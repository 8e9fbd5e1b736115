"""Filter of recurring contexts: how probable each is, and what is known of the perturbation of each.

The exact posterior has a term for every history of contexts. This one has, for every context, its probability and the
mean and variance of its perturbation: the moments are exact after an observation if the perturbations of the contexts
were independent and Gaussian before it, which is what it goes on with.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from plasticity.belief import RecurringContexts
from plasticity.optimal.tracking import Tracking
from plasticity.support.checks import checked, require_number

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ContextState:
    """Means, variances and probabilities (K,) of the contexts."""

    means: Array
    variances: Array
    probabilities: Array

    @property
    def mean(self) -> Array:
        """Expected perturbation (1,), over contexts."""
        return np.array([self.probabilities @ self.means])

    @property
    def covariance(self) -> Array:
        """Variance (1, 1) of the perturbation, over contexts and within."""
        away = self.means - self.mean[0]
        return np.array([[self.probabilities @ (self.variances + away**2)]])


@checked
@dataclass(frozen=True)
class Contexts:
    """Filter of `RecurringContexts`, observed every `dt`.

    With the responsibility ρ of a context for the observation y, and the gain K of its own Kalman filter,
    ``m ← m + ρK(y − m)`` and ``P ← P − ρKP + ρ(1 − ρ)K²(y − m)²``.

    Parameters
    ----------
    belief : RecurringContexts
    dt : float
        Time between observations [s, or trials]; an observation has the noise variance σ_o²/dt.

    Examples
    --------
    A context that returns is known at once:

    >>> from plasticity.filters import track
    >>> two = RecurringContexts([[-0.02, 0.02], [0.02, -0.02]], 1e6, 3.0, (0.0, 1.0), observation_noise=0.5)
    >>> seen = [[5.0]] * 20 + [[0.0]] * 20 + [[5.0]]
    >>> track(Contexts(two, dt=1.0), seen).belief.values[[0, -1], 0].round(1)
    array([2.8, 5. ])

    References
    ----------
    heald_2021.
    """

    belief: RecurringContexts
    dt: float

    def __post_init__(self) -> None:
        """Check the range."""
        require_number("dt", self.dt, low=0, exclusive=True, unit="s")

    @cached_property
    def transition(self) -> Array:
        """Probabilities (K, K) of contexts after `dt`, ``e^{Q dt}``."""
        from scipy.linalg import expm

        return np.asarray(expm(np.array(self.belief.rates) * self.dt))

    @cached_property
    def fading(self) -> Array:
        """Factors (K,) by which perturbations return to their means in `dt`."""
        return np.exp(-self.dt / np.array(self.belief.time_constant))

    def init(self) -> ContextState:
        """State before the first observation: contexts as often as they are, each at rest if nothing else is stated."""
        n = len(self.belief.rates)
        system = np.vstack([np.array(self.belief.rates).T, np.ones(n)])
        often = np.linalg.lstsq(system, np.append(np.zeros(n), 1.0), rcond=None)[0]
        spread = np.array(self.belief.initial_std or self.belief.stationary_std)
        return ContextState(np.array(self.belief.mean), spread**2, often)

    def predict(self, state: ContextState) -> ContextState:
        """State at the time of the next observation."""
        rest, spread = np.array(self.belief.mean), np.array(self.belief.stationary_std) ** 2
        return ContextState(
            rest + self.fading * (state.means - rest),
            spread + self.fading**2 * (state.variances - spread),
            state.probabilities @ self.transition,
        )

    def update(self, state: ContextState, observation: Array) -> tuple[ContextState, float]:
        """State after an observation, and the log density that was predicted for it."""
        y = float(np.ravel(observation)[0])
        if np.isnan(y):
            return state, 0.0
        total = state.variances + self.belief.observation_noise**2 / self.dt
        surprise, gain = y - state.means, state.variances / total
        with np.errstate(divide="ignore"):
            log = np.log(state.probabilities) - 0.5 * (surprise**2 / total + np.log(2 * np.pi * total))
        weight = np.exp(log - log.max())
        share = weight / weight.sum()
        means = state.means + share * gain * surprise
        variances = state.variances * (1 - share * gain) + share * (1 - share) * (gain * surprise) ** 2
        return ContextState(means, variances, share), float(log.max() + np.log(weight.sum()))

    def forecast(self, state: ContextState, step: Tracking) -> float:
        """What the forecasts of a state add to the next aim of a learner in trials.

        ``Σ_k π_j [G(1)_jk rest_k + G(a_k)_jk (m_k − rest_k)]``: context k rules after s trials with probability
        ``(π e^{Qs})_k``, and its perturbation then is ``rest_k + a_kˢ(m_k − rest_k)``.
        """
        rest, (lasting, leaving) = np.array(self.belief.mean), _forecast_weights(self, step)
        return float(state.probabilities @ (lasting @ rest + leaving @ (state.means - rest)))


@lru_cache(maxsize=8)
def _forecast_weights(own: Contexts, step: Tracking) -> tuple[Array, Array]:
    """G (K, K) of perturbations that last, and of those that fade."""
    rates = own.belief.rates
    return step.follow_contexts(rates, np.ones(len(rates))), step.follow_contexts(rates, own.fading)
