"""Which rule when: excess costs J − J* of learning rules on a quadratic loss whose optimum moves, seen through noise.

Every direction i has its curvature h_i and an optimum of its own, an Ornstein–Uhlenbeck process of mean 0 and variance
1 that forgets at rate λ. A learner acts in steps of length Δ: it sees a gradient, moves by x, and pays

    J = (1 − d)/Δ · E Σ_t dᵗ Σ_i [ x²/(2ηΔ) + kΔ h_i (θ − μ)²/2 ] ,   d = e^{−γΔ} ,   y = h_i (θ − μ) + noise/√Δ ,

a cost per second. At the start weights are drawn from the law of the optima, and what is known of the optimum is its
mean, up to the variance at which a filter settles. The exact learner is a Kalman filter with the control of a discrete
Riccati equation; no law that sees the same gradients costs less. All other rules but Adam are linear, so their cost is
the solution of a linear equation, exact, too.

An optimum that is redrawn at rate λ has the same second moments, so linear rules cost the same there; a learner that
sees the jumps (`plasticity.filters`) does better than the exact learner of this page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from plasticity.belief import TaskPrior
from plasticity.landscapes import Quadratic
from plasticity.objective import Objective
from plasticity.optimal.linear_quadratic import quadratic_policy
from plasticity.optimal.redrawn import redrawn_policy
from plasticity.support import catalog
from plasticity.support.checks import require_number

Array = NDArray[np.float64]
FACTORS = np.geomspace(1e-3, 1e3, 61)  # of the step, among which tuning starts
MEMORY = 0.9  # per step, the usual one of momentum


@dataclass(frozen=True)
class Contest:
    """Assumptions of a problem; time constants in seconds, everything else relative to weights of variance 1.

    Parameters
    ----------
    discount : float
        γ > 0 [1/s].
    noise : float
        Standard deviation of the noise of a gradient that is observed for 1 s [loss·sqrt(s)], > 0.
    condition : float
        κ ≥ 1: ratio of the curvatures κ^{1/2} and κ^{−1/2} of the two directions.
    hazard : float
        λ > 0 [1/s]: rate at which the optimum is forgotten.
    plasticity, loss_weight : float
        η [1/(loss·s²)] and k [1], > 0.
    step : float
        Δ > 0 [s].

    Examples
    --------
    >>> Contest(0.1, 0.5, 100.0, 0.2).curvatures
    array([10. ,  0.1])
    """

    discount: float = 0.1
    noise: float = 0.5
    condition: float = 10.0
    hazard: float = 0.2
    plasticity: float = 1.0
    loss_weight: float = 1.0
    step: float = 0.1

    def __post_init__(self) -> None:
        for name in ("discount", "noise", "hazard", "plasticity", "loss_weight", "step"):
            require_number(name, getattr(self, name), low=0, exclusive=True)
        require_number("condition", self.condition, low=1)

    @property
    def curvatures(self) -> Array:
        """H (2,)."""
        return np.sqrt(self.condition) ** np.array([1.0, -1.0])

    @property
    def persistence(self) -> float:
        """Share e^{−λΔ} of an optimum that is left after a step."""
        return float(np.exp(-self.hazard * self.step))

    @property
    def wander(self) -> float:
        """Variance that an optimum gains in a step."""
        return 1.0 - self.persistence**2

    @property
    def noise_variance(self) -> float:
        """Variance of the noise of one observed gradient."""
        return self.noise**2 / self.step

    @property
    def discount_factor(self) -> float:
        """D."""
        return float(np.exp(-self.discount * self.step))

    @property
    def objective(self) -> Objective:
        """Objective of one direction, without hazard."""
        return Objective(self.discount, self.plasticity, self.loss_weight)


@dataclass(frozen=True, eq=False)
class LinearRule:
    """A memory and a move per direction: ``m ← a m + b y + c θ``, then ``x = p m + q y + r θ``; arrays (..., n).

    Parameters
    ----------
    memory : tuple of three arrays
        a, b, c.
    move : tuple of three arrays
        p, q, r.
    """

    memory: tuple[Array, Array, Array]
    move: tuple[Array, Array, Array]

    def scaled(self, factor: Array | float) -> LinearRule:
        """The rule with all its moves multiplied by `factor` (..., 1)."""
        p, q, r = (np.asarray(factor) * part for part in self.move)
        return replace(self, move=(p, q, r))


def prior_variance(contest: Contest) -> Array:
    """Variance (n,) of the optimum before an observation, in the steady state of the Kalman filter."""
    a, q, n = contest.persistence, contest.wander, contest.noise_variance
    size = [linalg.solve_discrete_are([[a]], [[h]], [[q]], [[n]])[0, 0] for h in contest.curvatures]
    return np.array(size)


def exact_learner(contest: Contest) -> LinearRule:
    """Kalman filter of the optimum and the best feedback on its mean."""
    h, variance = contest.curvatures, prior_variance(contest)
    gain = variance * h / (h**2 * variance + contest.noise_variance)
    steering = np.array([_best_feedback(contest, each) for each in h])
    a = contest.persistence
    memory = (a * (1 - gain * h), -gain, gain * h)
    return LinearRule(memory, (-steering[:, 1], np.zeros_like(h), -steering[:, 0]))


def _best_feedback(contest: Contest, curvature: float) -> Array:
    """Gains (2,) on weight and posterior mean, from a discrete Riccati equation with discount."""
    root = np.sqrt(contest.discount_factor)
    system, control = root * np.diag([1.0, contest.persistence]), root * np.array([[1.0], [0.0]])
    loss = contest.loss_weight * contest.step * curvature * np.array([[1.0, -1.0], [-1.0, 1.0]])
    price = np.array([[1.0 / (contest.plasticity * contest.step)]])
    value = linalg.solve_discrete_are(system, control, loss, price)
    return np.linalg.solve(price + control.T @ value @ control, control.T @ value @ system)[0]


def still(contest: Contest) -> LinearRule:
    """No learning."""
    zero = np.zeros(2)
    return LinearRule((zero, zero, zero), (zero, zero, zero))


def gradient_descent(contest: Contest) -> LinearRule:
    """One learning rate for all directions: the derived one at the mean curvature."""
    return _descent(contest, 0.0)


def momentum(contest: Contest) -> LinearRule:
    """The same with a fading memory of the gradient, 0.9 per step."""
    return _descent(contest, MEMORY)


def _descent(contest: Contest, decay: float) -> LinearRule:
    mean, one = float(contest.curvatures.mean()), np.ones(2)
    rate = _target(contest.objective, mean)[0] / mean
    return LinearRule((decay * one, (1 - decay) * one, 0 * one), (-rate * contest.step * one, 0 * one, 0 * one))


def known_curvature(contest: Contest) -> LinearRule:
    """The derived rule for a known loss: a rate per direction, blind to noise and hazard."""
    return _towards(contest, contest.objective)


def soft_reset(contest: Contest) -> LinearRule:
    """The derived rule that expects new tasks of the same curvature, blind to noise."""
    return _towards(contest, replace(contest.objective, hazard=contest.hazard, prior_mean=[0.0]))


def redrawn_reset(contest: Contest) -> LinearRule:
    """The derived rule that expects new tasks whose curvatures are redrawn, too, blind to noise."""
    prior = TaskPrior([0.0], [[1.0]], hessians=[[[h]] for h in contest.curvatures.tolist()], weights=[0.5, 0.5])
    return _towards(contest, replace(contest.objective, hazard=contest.hazard, task_prior=prior))


def kalman_gradient(contest: Contest) -> LinearRule:
    """The derived rule with an Ornstein–Uhlenbeck belief about the gradient, blind to its own effect on it."""
    h, a, n = contest.curvatures, contest.persistence, contest.noise_variance
    wander = [linalg.solve_discrete_are([[a]], [[1.0]], [[contest.wander * each**2]], [[n]])[0, 0] for each in h]
    gain = np.array(wander) / (np.array(wander) + n)
    approach = np.array([_target(contest.objective, each)[0] for each in h])
    scale = contest.plasticity * contest.loss_weight / (contest.discount + approach + contest.hazard)
    return LinearRule((a * (1 - gain), gain, np.zeros(2)), (-contest.step * scale, np.zeros(2), np.zeros(2)))


def bayesian_step(contest: Contest) -> LinearRule:
    """Step of the mean of a Gaussian posterior over weights, ``−α (m + δθ)/(h + δ)`` with m a memory of the gradient.

    As IVON takes it, with the curvature known instead of sampled and without the noise of sampled weights. δ is the
    precision of the prior, 1, over the number of looks while a task lasts, 1/λΔ, each worth the mean curvature over the
    noise; α is the derived rate at the mean curvature.

    References
    ----------
    shen_2024
    """
    h, one = contest.curvatures, np.ones(2)
    mean = float(h.mean())
    prior = contest.hazard * contest.step * contest.noise_variance / mean
    step = contest.step * _target(contest.objective, mean)[0] / (h + prior)
    return LinearRule((MEMORY * one, (1 - MEMORY) * one, 0 * one), (-step, 0 * one, -step * prior))


def _towards(contest: Contest, objective: Objective) -> LinearRule:
    """Move at the derived rate towards the derived target of the optimum that one gradient points at."""
    h = contest.curvatures
    rate, share = np.array([_target(objective, each) for each in h]).T
    zero = np.zeros_like(h)
    return LinearRule((zero, zero, zero), (zero, -contest.step * rate * share / h, -contest.step * rate * (1 - share)))


def _target(objective: Objective, curvature: float) -> tuple[float, float]:
    """Rate of the optimal policy of one direction, and where it rests if the optimum lies at 1."""
    law = quadratic_policy if objective.task_prior is None else redrawn_policy
    policy = law(objective, Quadratic([curvature], [1.0]))
    return float(policy.rates[0]), float(policy.rest_point[0])


LINEAR: dict[str, tuple[str, Callable[[Contest], LinearRule]]] = {
    "gradient_descent": ("gradient descent", gradient_descent),
    "momentum": ("momentum", momentum),
    "known_curvature": ("derived, curvature known", known_curvature),
    "soft_reset": ("soft reset", soft_reset),
    "redrawn_reset": ("redrawn reset", redrawn_reset),
    "kalman_gradient": ("Kalman filter of the gradient", kalman_gradient),
    "bayesian_step": ("Bayesian step (like IVON)", bayesian_step),
    "still": ("no learning", still),
}


def exact_cost(contest: Contest, rule: LinearRule) -> Array:
    """J (...) of a linear rule, exact; inf where it is infinite.

    With ``M = Σ_t dᵗ E s sᵀ`` of the state s = (θ, μ, m) and ``s ← Ss + W``: ``M = X_0 + d (SMSᵀ + Q/(1 − d))``.
    """
    h, d, n = contest.curvatures, contest.discount_factor, contest.noise_variance
    a, b, c, p, q, r = np.broadcast_arrays(*rule.memory, *rule.move)
    zero, one = np.zeros_like(a), np.ones_like(a)
    sight = np.stack([h * one, -h * one, zero], -1)  # of the gradient
    memory = np.stack([c, zero, a], -1) + b[..., None] * sight
    move = p[..., None] * memory + q[..., None] * sight + np.stack([r, zero, zero], -1)
    shake = p * b + q  # of the move by the noise of the gradient
    system = np.stack([np.stack([one, zero, zero], -1) + move, contest.persistence * np.eye(3)[1] * one[..., None]], -2)
    system = np.concatenate([system, memory[..., None, :]], -2)
    noise = n * np.stack([shake, zero, b], -1)[..., :, None] * np.stack([shake, zero, b], -1)[..., None, :]
    noise = noise + contest.wander * np.diag([0.0, 1.0, 0.0])
    start = np.zeros((len(h), 3, 3))
    start[:, 0, 0], start[:, 1, 1] = 1.0, prior_variance(contest)
    away = np.array([1.0, -1.0, 0.0])
    price = 1 / (2 * contest.plasticity * contest.step)
    loss = 0.5 * contest.loss_weight * contest.step * h[:, None, None] * np.outer(away, away)
    each = loss + price * move[..., :, None] * move[..., None, :]
    known = (start + d / (1 - d) * noise).reshape(*noise.shape[:-2], 9, 1)
    double = (system[..., :, None, :, None] * system[..., None, :, None, :]).reshape(*a.shape, 9, 9)
    growth = np.abs(np.linalg.eigvals(np.where(np.isfinite(system), system, 0.0))).max(-1)
    stable = d * growth**2 < 1
    double = np.where(stable[..., None, None], double, 0.0)
    spread = np.linalg.solve(np.eye(9) - d * double, known)[..., 0].reshape(noise.shape)
    rate = (1 - d) / contest.step * np.sum(each * spread, axis=(-2, -1)) + price * n * shake**2 / contest.step
    return np.where(stable, rate, np.inf).sum(-1)


def tuned_factor(contest: Contest, rule: LinearRule) -> float:
    """Factor of all moves of a rule at which it costs least; 1 if no other is better."""
    from scipy.optimize import minimize_scalar

    factors = np.append(1.0, FACTORS)
    costs = exact_cost(contest, rule.scaled(factors[:, None]))
    best = factors[np.argmin(costs)]
    around = np.log(best) + np.array([-1.0, 1.0]) * np.log(FACTORS[1] / FACTORS[0])

    def at(log_factor: float) -> float:
        return float(exact_cost(contest, rule.scaled(np.exp(log_factor))))

    result = minimize_scalar(at, bounds=tuple(around), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(result.x)) if result.fun < costs.min() else float(best)


@dataclass(frozen=True)
class Excess:
    """Excess costs of a rule, per second, and the factor of its steps after tuning.

    Parameters
    ----------
    name, title : str
    untuned, tuned : float
        J − J* with all numbers set from the assumptions, and with the best factor of the step.
    untuned_error, tuned_error : float
        Standard errors; 0 where the cost is exact.
    factor : float
    """

    name: str
    title: str
    untuned: float
    tuned: float
    untuned_error: float
    tuned_error: float
    factor: float


def best_cost(contest: Contest) -> float:
    """J*: cost of the exact learner.

    Examples
    --------
    >>> contest = Contest(discount=1.0)
    >>> bool(best_cost(contest) < exact_cost(contest, gradient_descent(contest)))
    True
    """
    return float(exact_cost(contest, exact_learner(contest)))


def linear_excess(contest: Contest) -> list[Excess]:
    """Exact excess costs of the linear rules."""
    least, rows = best_cost(contest), []
    for name, (title, make) in LINEAR.items():
        rule = make(contest)
        factor = tuned_factor(contest, rule)
        untuned, tuned = (float(exact_cost(contest, rule.scaled(f))) - least for f in (1.0, factor))
        rows.append(Excess(name, title, untuned, tuned, 0.0, 0.0, factor))
    return rows


@cache
def _functions() -> list[tuple[str, list[str], Callable[..., Array]]]:
    """Assignments of Adam at a tick, from its derivation."""
    import sympy as sp

    adam, updates = catalog.load("plasticity.rules", "adam", "rule"), []
    for update in adam().events["clock"]:
        symbols = sorted(update.expression.free_symbols, key=str)
        names = [symbol.name for symbol in symbols]
        updates.append((update.target, names, sp.lambdify(symbols, update.expression, "numpy")))
    return updates


def adam_excess(contest: Contest, factors: Array, n_trials: int, seed: int, n_horizons: float = 6.0) -> Excess:
    """Excess cost of Adam by simulation beside the exact learner, on the same optima, starts and noise.

    Untuned means ``α = sqrt(ηk)Δ``, ``ε = γ/(2 sqrt(ηk))`` and the usual memories; tuned the best of `factors` of α.
    Means of paired differences over trials; the run ends after `n_horizons`/γ and is weighted as if it went on alike.

    Parameters
    ----------
    contest : Contest
    factors : (m,) array
        Must contain 1.
    n_trials : int
    seed : int
    n_horizons : float
    """
    adam = catalog.load("plasticity.rules", "adam", "rule")
    random = np.random.default_rng(seed)
    root = np.sqrt(contest.plasticity * contest.loss_weight)
    values = adam(learning_rate=float(root * contest.step), epsilon=float(contest.discount / (2 * root)))
    rate = (values.values["learning_rate"] * factors)[:, None, None]
    exact, shape = exact_learner(contest), (n_trials, 2)
    weight, optimum = random.standard_normal(shape), np.sqrt(prior_variance(contest)) * random.standard_normal(shape)
    now = {**values.values, "learning_rate": rate, "w": np.broadcast_to(weight, (len(factors), *shape))}
    now |= {state.name: np.full((1, 1, 1), float(state.initial)) for state in values.states}
    memory, best = np.zeros(shape), weight
    excess, left = np.zeros((len(factors), n_trials)), 1.0
    n_steps, d = int(np.ceil(n_horizons / (contest.discount * contest.step))), contest.discount_factor
    for _ in range(n_steps):
        noise = np.sqrt(contest.noise_variance) * random.standard_normal(shape)
        (a, b, c), (p, q, r), before, start = exact.memory, exact.move, now["w"], best
        seen = contest.curvatures * (best - optimum) + noise
        memory = a * memory + b * seen + c * best
        best = best + p * memory + q * seen + r * best
        now["gradient"] = contest.curvatures * (before - optimum) + noise
        for target, names, function in _functions():
            now[target] = function(*(now[name] for name in names))
        excess += left * (
            _paid(contest, before, now["w"], optimum).sum(-1) - _paid(contest, start, best, optimum).sum(-1)
        )
        optimum = contest.persistence * optimum + np.sqrt(contest.wander) * random.standard_normal(shape)
        left *= d
    excess *= (1 - d) / contest.step / (1 - left)
    mean, error = excess.mean(1), excess.std(1, ddof=1) / np.sqrt(n_trials)
    first, least = int(np.flatnonzero(factors == 1)[0]), int(np.argmin(mean))
    return Excess("adam", "Adam", *map(float, (mean[first], mean[least], error[first], error[least], factors[least])))


def _paid(contest: Contest, before: Array, after: Array, optimum: Array) -> Array:
    """Cost of a step in every direction."""
    change = (after - before) ** 2 / (2 * contest.plasticity * contest.step)
    return change + 0.5 * contest.loss_weight * contest.step * contest.curvatures * (before - optimum) ** 2


ADAM_FACTORS = np.array([0.03, 0.1, 0.2, 0.5, 1.0, 1.5, 3.0])


def compare(contest: Contest, n_trials: int = 200, seed: int = 0) -> list[Excess]:
    """Excess costs of all rules under one set of assumptions."""
    return [*linear_excess(contest), adam_excess(contest, ADAM_FACTORS, n_trials, seed)]
