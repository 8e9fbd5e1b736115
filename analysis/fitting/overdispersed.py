"""Noise of successes, k of n, whose probability differs between repetitions: beta-binomial about its mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from analysis.fitting.deviations import lowest

__all__ = ["BetaBinomialNoise"]

CERTAIN = 1e-9  # distance of a probability from 0 or 1 below which its information is no larger
HALVINGS = 60  # of the interval in which the most likely probability is sought
HIGHEST = 0.99  # ρ that is tried


@dataclass(frozen=True, eq=False)
class BetaBinomialNoise:
    """Distribution of shares of successes k/n: binomial with a beta-distributed probability of the predicted mean p.

    Two attempts of one measurement correlate by ρ: the variance of a share is ``p(1 − p)/n · (1 + (n − 1)ρ)``, and the
    beta law has the parameters ``p(1 − ρ)/ρ`` and ``(1 − p)(1 − ρ)/ρ``. At ρ = 0 it is binomial.

    Parameters
    ----------
    n : (m,) array
        Attempts of each measurement.
    value, value_error : float
        ρ, estimated with the parameters, and its standard error.

    Examples
    --------
    >>> noise = BetaBinomialNoise(np.array([3.0]), value=1 / 3)
    >>> np.exp(noise.log_density([1 / 3], [0.5])).round(6)  # the beta law is flat: 0, 1, 2 and 3 are equally likely
    array([0.25])

    References
    ----------
    williams_1975
    """

    n: NDArray[np.float64]
    stated: str = "beta-binomial"
    name: str = "beta-binomial"
    estimated: str = "rho"
    value: float = 0.0
    value_error: float = float("nan")

    def standardised(self, deviation: ArrayLike, prediction: ArrayLike) -> NDArray[np.float64]:
        """Deviations (..., m) in units whose expected information at this ρ is 1."""
        p = np.clip(np.broadcast_to(np.asarray(prediction, float), self.n.shape), CERTAIN, 1 - CERTAIN)
        return np.asarray(deviation, float) * np.sqrt(self._information(p))

    def residuals(self, value: ArrayLike, prediction: ArrayLike) -> NDArray[np.float64]:
        """Signed roots (..., m) of ``2 ln(P(k; best p)/P(k; p))``; not finite beyond 0 … 1."""
        (best, highest), p = self._most_likely(value), np.asarray(prediction, float)
        lost = highest - self._log_chance(value, p)
        return np.sign(p - best) * np.sqrt(2 * np.maximum(lost, 0.0))

    def log_likelihood(self, value: ArrayLike, prediction: ArrayLike) -> NDArray[np.float64]:
        """Logarithm of the joint probability of measurements (m,) by predictions (..., m); (...)."""
        return np.asarray(self.log_density(value, prediction).sum(axis=-1))

    def log_density(self, value: ArrayLike, prediction: ArrayLike) -> NDArray[np.float64]:
        """Logarithm of the probability of each measurement; (..., m)."""
        density = self._orders(value) + self._log_chance(value, np.asarray(prediction, float))
        return np.where(np.isnan(density), -np.inf, density)

    def constant(self, value: ArrayLike) -> float:
        """What the squares of the residuals leave out of −ln L."""
        return -float(np.sum(self._orders(value) + self._most_likely(value)[1]))

    def draws(self, prediction: ArrayLike, n_sets: int, random: np.random.Generator) -> NDArray[np.float64]:
        """Measurements of `n_sets` repetitions of the experiment; (n_sets, m)."""
        p = np.broadcast_to(np.asarray(prediction, float), (n_sets, self.n.size))
        if self.value > 0:
            inside, size = np.clip(p, CERTAIN, 1 - CERTAIN), (1 - self.value) / self.value
            p = np.where((p > 0) & (p < 1), random.beta(inside * size, (1 - inside) * size), p)
        return random.binomial(self.n.astype(int), p) / self.n

    def error(self, value: ArrayLike, prediction: ArrayLike) -> float:
        """E: the mean deviance of a measurement, near 1 where ρ is estimated."""
        return float(np.mean(self.residuals(value, prediction) ** 2))

    def part(self, rows: NDArray) -> BetaBinomialNoise:
        """Noise of some of the measurements."""
        return replace(self, n=self.n[rows])

    def estimate(self, value: NDArray, prediction: NDArray, slope: NDArray) -> BetaBinomialNoise:
        """Noise with ρ and its error by restricted maximum likelihood, see `DeviationNoise.estimate`."""
        norm = np.linalg.norm(slope, axis=0)
        scaled = slope[:, norm > 0] / norm[norm > 0]

        def cost(rho: float) -> float:
            noise = replace(self, value=rho)
            information = np.linalg.svd(noise.standardised(scaled.T, prediction), compute_uv=False)
            information = information[information > 1e-8 * information.max(initial=0.0)]
            return float(np.log(information).sum()) - float(noise.log_likelihood(value, prediction))

        rho, error = lowest(cost, 0.0, HIGHEST)
        return replace(self, value=rho, value_error=error)

    def exceedance(self, statistic: float, basis: NDArray, prediction: NDArray, seed: int = 0) -> float:
        """NaN: ρ is estimated, so that nothing is left to test."""
        del statistic, basis, prediction, seed
        return float("nan")

    def _log_chance(self, value: ArrayLike, p: NDArray) -> NDArray[np.float64]:
        """``ln P(k)`` but for the number of orders; NaN beyond 0 … 1; (..., m)."""
        k = np.round(self.n * np.asarray(value, float)).astype(int)
        with np.errstate(divide="ignore", invalid="ignore"):
            total = self._sums(np.log, p, k) + self._sums(np.log, 1 - p, self.n.astype(int) - k)
        total = total - self._log_total
        return np.where((p >= 0) & (p <= 1), total, np.nan)

    @cached_property
    def _log_total(self) -> NDArray[np.float64]:
        """Sum of ``ln(1 + iθ)`` over all attempts; (m,)."""
        return self._sums(np.log, np.ones(self.n.shape), self.n.astype(int))

    def _sums(self, function: Callable[[NDArray], NDArray], p: NDArray, k: NDArray) -> NDArray[np.float64]:
        """Sum of a function of ``p + iθ`` over the first k attempts, θ = ρ/(1 − ρ), as in Pólya's urn; (..., m)."""
        steps = self.value / (1 - self.value) * np.arange(int(self.n.max()))
        counted = np.arange(steps.size) < np.asarray(k)[..., None]
        at = np.where(counted, np.asarray(p)[..., None] + steps, 1.0)
        return np.where(counted, function(at), 0.0).sum(axis=-1)

    def _score(self, k: NDArray, p: NDArray) -> NDArray[np.float64]:
        """Derivative of ``ln P(k)`` by p; (..., m)."""
        return self._sums(np.reciprocal, p, k) - self._sums(np.reciprocal, 1 - p, self.n.astype(int) - k)

    def _most_likely(self, value: ArrayLike) -> NDArray[np.float64]:
        """Probability that makes each measurement most likely, k/n at ρ = 0 only, and `_log_chance` there; (2, m)."""
        k = np.round(self.n * np.asarray(value, float)).astype(int)
        return np.array(_most_likely(tuple(self.n.tolist()), tuple(k.tolist()), self.value))

    def _information(self, p: NDArray) -> NDArray[np.float64]:
        """Expected information about p of every measurement: the mean of the squared score over all outcomes; (m,)."""
        most, n = int(self.n.max()), self.n.astype(int)[:, None]
        steps, outcome = self.value / (1 - self.value) * np.arange(most), np.arange(most + 1)
        k, failures, rows = np.minimum(outcome, n), np.maximum(n - outcome, 0), np.arange(p.size)[:, None]

        def sums(function: Callable[[NDArray], NDArray], p: NDArray, k: NDArray) -> NDArray:
            running = np.zeros((p.size, most + 1))
            np.cumsum(function(p[:, None] + steps), axis=1, out=running[:, 1:])
            return running[rows, k]

        log_chance = sums(np.log, p, k) + sums(np.log, 1 - p, failures) - self._log_total[:, None]
        log_chance += gammaln(n + 1) - gammaln(k + 1) - gammaln(failures + 1)
        score = sums(np.reciprocal, p, k) - sums(np.reciprocal, 1 - p, failures)
        return np.sum(np.where(outcome <= n, np.exp(log_chance) * score**2, 0.0), axis=1)

    def _orders(self, value: ArrayLike) -> NDArray[np.float64]:
        """Logarithm of the number of orders of k successes among n attempts; (m,)."""
        k = np.round(self.n * np.asarray(value, float))
        return np.asarray(gammaln(self.n + 1) - gammaln(k + 1) - gammaln(self.n - k + 1))


@lru_cache(maxsize=256)
def _most_likely(n: tuple[float, ...], k: tuple[int, ...], rho: float) -> tuple[tuple[float, ...], ...]:
    """Roots of the score by bisection: a search asks for the same ones at every step."""
    noise, successes = BetaBinomialNoise(np.array(n), value=rho), np.array(k)
    low, high = np.zeros(len(n)), np.ones(len(n))
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        rises = noise._score(successes, middle) > 0
        low, high = np.where(rises, middle, low), np.where(rises, high, middle)
    best = np.where(successes == 0, 0.0, np.where(successes == noise.n, 1.0, (low + high) / 2))
    return tuple(best.tolist()), tuple(noise._log_chance(successes / noise.n, best).tolist())
