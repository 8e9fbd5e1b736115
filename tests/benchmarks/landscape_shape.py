"""What learners pay who must infer the shape of their landscape: the exact posterior beside Adam, RMSprop and others.

4,000 losses ½h(θ − μ)² with ln h ~ N(0, 1) and μ ~ N(0, 4), gradients seen with noise 0.5 per look, looks every 0.1 s,
discount 0.1/s, η = k = 1, start at 0. All learners meet the same losses and the same noise; J is summed over looks.
Settings of the usual learners are the best of a grid on these very problems, which favours them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
from _table import Row

from plasticity import LandscapeShape, Objective, shape_posterior
from plasticity.optimal.discrete import jump_per_slope

DT, DISCOUNT, NOISE, DURATION = 0.1, 0.1, 0.5, 80.0
OBJECTIVE = Objective(DISCOUNT)
PRIOR = LandscapeShape(  # moments of h and of c = −hμ over the losses
    curvature=np.exp(0.5),
    curvature_variance=np.exp(2) - np.exp(1),
    intercept_variance=4 * np.exp(2),
    observation_noise=NOISE * np.sqrt(DT),
)
RATES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)  # of gradient descent
Learner = Callable[[np.ndarray, np.ndarray, Any], tuple[np.ndarray, Any]]  # θ, gradient, memory -> jump, memory


class Problems:
    """Losses, noise, and what a learner pays on them."""

    def __init__(self, n: int, noise: float = NOISE, seed: int = 0):
        random = np.random.default_rng(seed)
        self.h, self.mu = np.exp(random.standard_normal(n)), 2 * random.standard_normal(n)
        self.noise = noise * random.standard_normal((round(DURATION / DT), n))

    def paid(self, learner: Learner, memory: Any = None) -> np.ndarray:
        """J of each loss."""
        theta, cost = np.zeros(self.h.size), np.zeros(self.h.size)
        for look, noise in enumerate(self.noise):
            away = theta - self.mu
            jump, memory = learner(theta, self.h * away + noise, memory)
            cost += np.exp(-DISCOUNT * look * DT) * DT * 0.5 * (self.h * away**2 + (jump / DT) ** 2)
            theta = theta + jump
        return cost


def shape_learner(prior: LandscapeShape = PRIOR) -> Learner:
    """Exact posterior of (h, c), root mean square of h as the curvature."""

    def learn(theta: np.ndarray, gradient: np.ndarray, seen: Any) -> tuple[np.ndarray, Any]:
        seen = (shape_posterior(prior, 1) if seen is None else seen).observe(theta[:, None], gradient[:, None], DT)
        return seen.jump(OBJECTIVE, theta[:, None], DT)[:, 0], seen

    return learn


def mean_learner(floor: float) -> Learner:
    """The same posterior, with the mean of h, or `floor` where that is smaller, in the continuous rule."""

    def learn(theta: np.ndarray, gradient: np.ndarray, seen: Any) -> tuple[np.ndarray, Any]:
        seen = (shape_posterior(PRIOR, 1) if seen is None else seen).observe(theta[:, None], gradient[:, None], DT)
        h = np.maximum(seen.hessian[:, 0, 0], floor)
        return -DT * seen.gradient(theta[:, None])[:, 0] / (DISCOUNT / 2 + np.sqrt(DISCOUNT**2 / 4 + h)), seen

    return learn


def adam(rate: float, decay_mean: float, decay_square: float, epsilon: float) -> Learner:
    """Adam of the textbook; RMSprop for `decay_mean` 0."""

    def learn(theta: np.ndarray, gradient: np.ndarray, memory: Any) -> tuple[np.ndarray, Any]:
        count, mean, square = memory or (0, 0.0, 0.0)
        mean = decay_mean * mean + (1 - decay_mean) * gradient
        square = decay_square * square + (1 - decay_square) * gradient**2
        up = mean / (1 - decay_mean ** (count + 1)), square / (1 - decay_square ** (count + 1))
        return -rate * up[0] / (np.sqrt(up[1]) + epsilon), (count + 1, mean, square)

    return learn


def descent(rate: float) -> Learner:
    return lambda theta, gradient, memory: (-rate * DT * gradient, memory)


def best(problems: Problems, learners: list[Learner]) -> np.ndarray:
    """Costs of the learner with the least mean."""
    with np.errstate(over="ignore", invalid="ignore"):
        costs = [problems.paid(learner) for learner in learners]
    return min((c for c in costs if np.isfinite(c).all()), key=np.mean)


def usual(problems: Problems, quick: bool) -> dict[str, np.ndarray]:
    """Tuned learners: 7 rates of gradient descent, 72 settings of Adam, 24 of RMSprop."""
    rates, squares, floors = (0.03, 0.05, 0.1, 0.15, 0.2, 0.3), (0.99, 0.999), (1e-8, 0.3)
    settings = {
        "tuned gradient descent": [descent(r) for r in RATES],
        "tuned Adam": [adam(*s) for s in product(rates, (0.5, 0.8, 0.9), squares, floors)],
        "tuned RMSprop": [adam(*s) for s in product(rates, (0.0,), squares, floors)],
    }
    chosen = {name: members[:: 6 if quick else 1] for name, members in settings.items()}
    return {name: best(problems, members) for name, members in chosen.items()}


def rows(quick: bool) -> Iterator[Row]:
    """One row per learner, paired with the exact posterior."""
    problems = Problems(400 if quick else 4000)
    exact = problems.paid(shape_learner())
    known = jump_per_slope(OBJECTIVE, problems.h, DT) * problems.h
    others = {
        "shape known": problems.paid(lambda theta, gradient, memory: (-known * (theta - problems.mu), memory)),
        "posterior, mean curvature, floor 0.05": problems.paid(mean_learner(0.05)),
        **usual(problems, quick),
        "Adam at the derived rate √(ηk)Δt": problems.paid(adam(DT, 0.9, 0.999, DISCOUNT / 2)),
    }
    for name, cost in others.items():
        yield compared("landscape shape, posterior", name, exact, cost)
    for noise in (0.1, 1.0, 2.0):
        problems = Problems(200 if quick else 2000, noise)
        assumed = LandscapeShape(**(vars(PRIOR) | {"observation_noise": noise * np.sqrt(DT)}))
        exact, tuned = problems.paid(shape_learner(assumed)), best(problems, [descent(r) for r in RATES])
        yield compared(f"landscape shape, posterior, noise {noise:g}", "tuned gradient descent", exact, tuned)


def compared(what: str, name: str, exact: np.ndarray, other: np.ndarray) -> Row:
    difference = other - exact
    error = difference.std(ddof=1) / np.sqrt(difference.size)
    low = 0.0 if name == "shape known" else 1.0
    return Row(what, name, exact.mean(), other.mean(), "J", (low, np.inf), f"{difference.mean():+.3f} ± {error:.3f}")
