"""Weighted draws from the posterior of the free parameters, by importance sampling that learns where it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp

from analysis.fitting.problem import Problem
from analysis.fitting.search import SearchSpace

__all__ = ["Draws", "posterior_draws"]

ROUNDS, PER_ROUND = 6, 250  # proposals are improved in rounds of so many draws
DEGREES = 4.0  # of freedom of the proposals, whose tails must not be shorter than those of the posterior
SHARES = (0.5, 0.4, 0.1)  # of the proposals: about the whole posterior, about single draws, anywhere in the bounds
N_LOCAL, LOCAL = 20, 0.4  # single draws, and the width about them relative to the posterior
ENOUGH = 60.0  # effective draws from which proposals learn
FIRST = 1.5  # standard errors of the first proposal, relative to those of the fit


@dataclass(frozen=True, eq=False)
class Draws:
    """Draws with weights that add up to 1.

    Parameters
    ----------
    values : (n_draws, n_free) array
        Values of the free parameters.
    log_weights : (n_draws,) array
    """

    values: NDArray[np.float64]
    log_weights: NDArray[np.float64]

    @property
    def effective_size(self) -> float:
        """Number of equally weighted draws that would be as good."""
        return float(np.exp(-logsumexp(2 * self.log_weights)))


def posterior_draws(problem: Problem, values: NDArray[np.float64], seed: int = 0) -> Draws:
    """Draws from ``p(parameters | data)`` with a prior that is flat within the bounds in the coordinates of the search.

    The first proposal is Student's t about the fit. After every round the proposals are a t with the mean and
    covariance of all draws so far, narrower ones about single draws, and draws from the prior; every draw is weighted
    by the mean density of all proposals. While few draws carry all weight, proposals learn from weights to a power
    below 1.

    Parameters
    ----------
    problem : Problem
    values : (n_free,) array
        The fit.
    seed : int

    References
    ----------
    cornuet_2012
    """
    if not problem.free:
        return Draws(np.empty((1, 0)), np.zeros(1))
    space, random = SearchSpace(problem), np.random.default_rng(seed)
    box, fit = (space.low, space.high), space.coordinates(values)
    slope = space.information(fit)
    prior = np.diag(12 / (box[1] - box[0]) ** 2)
    mixtures = [_Mixture(fit, FIRST**2 * np.linalg.inv(slope.T @ slope + prior), np.empty((0, fit.size)), *box)]
    x, target = np.empty((0, fit.size)), np.empty(0)
    for _ in range(ROUNDS):
        new = mixtures[-1].draw(PER_ROUND, random)
        x, target = np.vstack([x, new]), np.concatenate([target, _log_target(space, new)])
        proposed = logsumexp([mixture.log_density(x) for mixture in mixtures], axis=0) - np.log(len(mixtures))
        weights = target - proposed
        weights -= logsumexp(weights)
        share = _spread_out(weights)
        mean = share @ x
        spread = (x - mean).T @ (share[:, None] * (x - mean)) + 1e-6 * np.linalg.inv(prior)
        mixtures.append(_Mixture(mean, spread, x[random.choice(len(x), N_LOCAL, p=share)], *box))
    return Draws(space.values(x), weights)


def _spread_out(log_weights: NDArray) -> NDArray[np.float64]:
    """Weights to the largest power of 1, 1/2, 1/4 … at which enough draws carry them; they add up to 1."""
    power = 1.0
    while True:
        share = np.exp(power * log_weights - logsumexp(power * log_weights))
        if 1 / np.sum(share**2) >= ENOUGH or power < 1e-3:
            return np.asarray(share / share.sum(), float)
        power /= 2


def _log_target(space: SearchSpace, x: NDArray) -> NDArray[np.float64]:
    inside = np.all((x >= space.low) & (x <= space.high), axis=1)
    misfit = space.misfit(np.clip(x, space.low, space.high))
    return np.where(inside, -0.5 * misfit, -np.inf)


class _Mixture:
    """Proposals: t about a mean, narrower t about single draws (none: only the first), uniform within the bounds."""

    def __init__(self, mean: NDArray, spread: NDArray, local: NDArray, low: NDArray, high: NDArray):
        self.centres = np.vstack([mean, local])
        self.root = np.linalg.cholesky(spread)
        narrow = np.full(len(local), LOCAL)
        self.scales = np.concatenate([[1.0], narrow])
        wide, about, anywhere = SHARES
        self.shares = np.concatenate(
            [[wide if len(local) else wide + about], np.full(len(local), about / max(len(local), 1))]
        )
        self.anywhere, self.low, self.high = anywhere, low, high

    def draw(self, n: int, random: np.random.Generator) -> NDArray[np.float64]:
        size = self.low.size
        which = random.choice(len(self.centres) + 1, n, p=[*self.shares, self.anywhere])
        uniform = self.low + random.random((n, size)) * (self.high - self.low)
        t = random.standard_normal((n, size)) / np.sqrt(random.chisquare(DEGREES, (n, 1)) / DEGREES)
        of = np.minimum(which, len(self.centres) - 1)
        local = self.centres[of] + self.scales[of][:, None] * (t @ self.root.T)
        return np.where((which == len(self.centres))[:, None], uniform, local)

    def log_density(self, x: NDArray) -> NDArray[np.float64]:
        size = self.low.size
        standard = np.linalg.solve(self.root, (x[:, None] - self.centres).reshape(-1, size).T).T
        distance = np.sum(standard.reshape(len(x), -1, size) ** 2, axis=2) / self.scales**2
        peak = gammaln((DEGREES + size) / 2) - gammaln(DEGREES / 2) - size / 2 * np.log(DEGREES * np.pi)
        peak -= np.log(np.diag(self.root)).sum()
        t = peak - size * np.log(self.scales) - (DEGREES + size) / 2 * np.log1p(distance / DEGREES)
        inside = np.all((x >= self.low) & (x <= self.high), axis=1)
        uniform = np.where(inside, np.log(self.anywhere) - np.log(self.high - self.low).sum(), -np.inf)
        return logsumexp(np.column_stack([np.log(self.shares) + t, uniform]), axis=1)
