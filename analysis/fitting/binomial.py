"""Noise of successes, k of n: binomial about a predicted probability. Single choices are the case n = 1."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, gammaln, kl_div, logit, xlogy

__all__ = ["BinomialNoise"]

CERTAIN = 1e-9  # distance of a probability from 0 or 1 below which its information is no larger
NUMBERS, SETS = (
    4_000_000,
    (500, 20_000),
)  # simulated for a p value: outcomes; sets, at least and at most
ROUNDS = 8  # of reweighting in a fit of log odds


@dataclass(frozen=True, eq=False)
class BinomialNoise:
    """Distribution of shares of successes k/n about their predicted probability.

    Parameters
    ----------
    n : (m,) array
        Attempts of each measurement.
    stated : str
        The noise as it was asked for.

    Examples
    --------
    >>> noise = BinomialNoise(np.array([1.0, 4.0]))
    >>> np.exp(noise.log_density([1.0, 0.5], [0.25, 0.5])).round(6)  # 6 of 16 orders have two of four
    array([0.25 , 0.375])
    """

    n: NDArray[np.float64]
    stated: str = "binomial"
    name: str = "binomial"
    estimated: str = ""
    value: float = 0.0
    value_error: float = float("nan")

    def standardised(self, deviation: ArrayLike, prediction: ArrayLike) -> NDArray[np.float64]:
        """Deviations (..., m) in units of sqrt(p(1 − p)/n), whose information is 1."""
        p = np.clip(prediction, CERTAIN, 1 - CERTAIN)
        return np.asarray(deviation, float) * np.sqrt(self.n / (p * (1 - p)))

    def residuals(self, value: ArrayLike, prediction: ArrayLike) -> NDArray[np.float64]:
        """Signed roots (..., m) of the deviance ``2n [y ln(y/p) + (1−y) ln((1−y)/(1−p))]``; not finite beyond 0 … 1."""
        y, p = np.asarray(value, float), np.asarray(prediction, float)
        return np.sign(p - y) * np.sqrt(2 * self.n * (kl_div(y, p) + kl_div(1 - y, 1 - p)))

    def log_likelihood(self, value: ArrayLike, prediction: ArrayLike) -> NDArray[np.float64]:
        """Logarithm of the joint probability of measurements (m,) by predictions (..., m); (...)."""
        return np.asarray(self.log_density(value, prediction).sum(axis=-1))

    def log_density(self, value: ArrayLike, prediction: ArrayLike) -> NDArray[np.float64]:
        """Logarithm of the probability of each measurement; (..., m)."""
        return self._saturated(value) - 0.5 * self.residuals(value, prediction) ** 2

    def constant(self, value: ArrayLike) -> float:
        """What the squares of the residuals leave out of −ln L."""
        return -float(self._saturated(value).sum())

    def draws(self, prediction: ArrayLike, n_sets: int, random: np.random.Generator) -> NDArray[np.float64]:
        """Measurements of `n_sets` repetitions of the experiment; (n_sets, m)."""
        p = np.broadcast_to(np.asarray(prediction, float), (n_sets, self.n.size))
        return random.binomial(self.n.astype(int), p) / self.n

    def error(self, value: ArrayLike, prediction: ArrayLike) -> float:
        """E: the mean deviance of a measurement."""
        return float(np.mean(self.residuals(value, prediction) ** 2))

    def part(self, rows: NDArray) -> BinomialNoise:
        """Noise of some of the measurements."""
        return replace(self, n=self.n[rows])

    def estimate(self, value: NDArray, prediction: NDArray, slope: NDArray) -> BinomialNoise:
        """Nothing is estimated."""
        del value, prediction, slope
        return self

    def exceedance(self, statistic: float, basis: NDArray, prediction: NDArray, seed: int = 0) -> float:
        """Share of simulated sets with a larger deviance after a fit in the log odds; see `DeviationNoise`."""
        n_sets = int(np.clip(NUMBERS // self.n.size, *SETS))
        random, exceeded = np.random.default_rng(seed), 0
        for _ in range(0, n_sets, SETS[0]):
            sets = self.draws(prediction, SETS[0], random)
            left = self.residuals(sets, self._refitted(sets, basis, prediction))
            exceeded += int(np.sum(np.sum(left**2, axis=1) >= statistic))
        return (1 + exceeded) / (1 + n_sets // SETS[0] * SETS[0])

    def _refitted(self, sets: NDArray, basis: NDArray, prediction: NDArray) -> NDArray[np.float64]:
        """Probabilities (n_sets, m) of a model linear in the log odds about its fit, fitted to each of the sets."""
        p = np.clip(prediction, CERTAIN, 1 - CERTAIN)
        if not basis.shape[1]:
            return p
        design, start = basis / np.sqrt(self.n * p * (1 - p))[:, None], logit(p)
        moved = np.zeros((len(sets), basis.shape[1]))
        for _ in range(ROUNDS):
            p = expit(start + moved @ design.T)
            information = np.einsum("sn,nk,nl->skl", self.n * p * (1 - p), design, design, optimize=True)
            information += 1e-6 * np.eye(basis.shape[1])  # sets of which a model can be certain have no maximum
            score = (self.n * (sets - p)) @ design
            moved += np.linalg.solve(information, score[:, :, None])[:, :, 0]
        return expit(start + moved @ design.T)

    def _saturated(self, value: ArrayLike) -> NDArray[np.float64]:
        """Logarithm of the largest probability that any prediction gives each measurement; (m,)."""
        y = np.asarray(value, float)
        k = self.n * y
        orders = gammaln(self.n + 1) - gammaln(k + 1) - gammaln(self.n - k + 1)
        return orders + xlogy(k, y) + xlogy(self.n - k, 1 - y)
