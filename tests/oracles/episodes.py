"""Learners whose task is replaced again and again: the action that a law pays, exact between switches.

An episode is a sequence of tasks, with quadratic losses of one Hessian and their own optima. Laws are compared on the
same episodes, so that chance cancels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.errors import InputError
from plasticity.landscapes import Quadratic
from plasticity.objective import Objective, constant_matrix
from plasticity.solve import solve
from plasticity.support.checks import require_number

Array = NDArray[np.float64]

_NEVER = 50.0  # discounted away: e^{−50}


@dataclass(frozen=True, eq=False)
class Episodes:
    """Independent sequences of tasks; the last task of each lasts for ever.

    Parameters
    ----------
    durations : (n_episodes, n_tasks) array [s]
    optima : (n_episodes, n_tasks, n) array
    start : (n_episodes, n) array
        Parameters at time 0, when the first task begins.
    """

    durations: Array
    optima: Array
    start: Array


def draw_episodes(
    hazard: float,
    prior_mean: ArrayLike,
    prior_covariance: ArrayLike,
    n_episodes: int,
    n_tasks: int,
    seed: int = 0,
) -> Episodes:
    """Tasks replaced at rate λ by draws from N(μ_0, Σ_0); the start is another draw.

    Parameters
    ----------
    hazard : float
        λ > 0 [1/s].
    prior_mean : (n,) array
    prior_covariance : (n, n) array, (n,) diagonal or number
    n_episodes, n_tasks, seed : int
        With n_tasks tasks an episode ends at a time T where e^{−γT} has the mean (λ/(λ + γ))^{n_tasks − 1}.

    Returns
    -------
    Episodes

    Raises
    ------
    InputError
        If the hazard is not positive, or the covariance has the wrong shape.

    Examples
    --------
    >>> draw_episodes(0.5, [0.0], 1.0, n_episodes=2, n_tasks=3).optima.shape
    (2, 3, 1)
    """
    hazard = require_number("hazard", hazard, low=0, exclusive=True, unit="1/s")
    mean = np.atleast_1d(np.asarray(prior_mean, dtype=float))
    root = np.linalg.cholesky(constant_matrix("prior_covariance", prior_covariance, mean.size))
    random = np.random.default_rng(seed)
    durations = random.exponential(1 / hazard, (n_episodes, n_tasks))
    durations[:, -1] = np.inf
    drawn = mean + random.standard_normal((n_episodes, n_tasks + 1, mean.size)) @ root.T
    return Episodes(durations, drawn[:, 1:], drawn[:, 0])


def soft_target(objective: Objective, hessian: ArrayLike) -> Callable[[Array], Array]:
    """Target θ* of the optimal learner as a function of the present optimum (…, n): its rest point.

    It is affine, ``θ* = μ_0 + W (μ − μ_0)``, with ``W = (γ + R)(γ + R + λ)⁻¹`` where nothing drifts.

    Raises
    ------
    InputError
        As `solve`.

    Examples
    --------
    >>> objective = Objective(0.3, 1.2, 0.8, hazard=0.5, prior_mean=[0.0])
    >>> soft_target(objective, [[2.0]])(np.array([1.0])).round(7)
    array([0.75535])

    References
    ----------
    vastola_2025, section on continual learning.
    """
    n = len(np.atleast_2d(hessian))
    rest = [solve(objective, Quadratic(hessian, optimum)).rest_point for optimum in np.vstack([np.zeros(n), np.eye(n)])]
    return lambda optimum: rest[0] + np.asarray(optimum) @ (np.array(rest[1:]) - rest[0])


def discounted_actions(
    objective: Objective,
    hessian: ArrayLike,
    episodes: Episodes,
    target: Callable[[Array], Array],
    reset_to: ArrayLike | None = None,
    reset_duration: float = 0.1,
) -> Array:
    """Action ``∫ e^{−γt} {(θ̇ − f)ᵀG(θ̇ − f)/2η + kL} dt`` of the law ``θ̇ = A_cl (θ − target(μ))`` in every episode.

    The costs are quadratic along linear flows, so a stretch between switches is a matrix exponential and a quadratic
    form: nothing is stepped.

    Parameters
    ----------
    objective : Objective
        With a discount > 0, without a control matrix. A_cl is the closed loop of `solve`; it does not depend on λ.
    hessian : (n, n) array
    episodes : Episodes
    target : function of (n_episodes, n) optima that gives (n_episodes, n) targets
        `soft_target` gives the optimal one; the identity is no reset.
    reset_to : (n,) array, optional
        Where the parameters are first moved at each switch, on a straight line in `reset_duration` [s]. (In no time
        would cost infinitely much.)

    Returns
    -------
    (n_episodes,) array

    Raises
    ------
    InputError
        If the discount is 0, or there is a control matrix.

    References
    ----------
    vastola_2025, eq. 1 and the section on continual learning.
    """
    gamma = require_number("discount", objective.discount, low=0, exclusive=True, unit="1/s")
    if objective.control is not None:
        raise InputError("control must be None here: the law moves in every direction")
    n = episodes.start.shape[1]
    one, none = np.eye(n), np.zeros((n, n))
    drift = none if objective.drift is None else constant_matrix("drift", objective.drift, n)
    closed = solve(objective, Quadratic(hessian, np.zeros(n))).closed_loop
    relaxing = _cost_of(objective, hessian, [closed, -closed, none], [closed - drift, -closed, none])
    moving = _cost_of(objective, hessian, [none, one, none], [-drift, one, none])
    theta, time = episodes.start.copy(), np.zeros(len(episodes.start))
    action = np.zeros(len(theta))
    for task, optimum in enumerate(np.moveaxis(episodes.optima, 1, 0)):
        left = np.minimum(episodes.durations[:, task], _NEVER / gamma)
        if task and reset_to is not None:
            lasting = np.minimum(reset_duration, left)
            velocity = (np.asarray(reset_to, dtype=float) - theta) / reset_duration
            there = theta + velocity * lasting[:, None]
            action += np.exp(-gamma * time) * moving(theta, velocity, optimum, lasting, there)
            theta, time, left = there, time + lasting, left - lasting
        aim = target(optimum)
        there = aim + np.einsum("eij,ej->ei", _exponentials(closed, left), theta - aim)
        action += np.exp(-gamma * time) * relaxing(theta, aim, optimum, left, there)
        theta, time = there, time + left
    return action


def _cost_of(objective: Objective, hessian: ArrayLike, flow: list[Array], control: list[Array]) -> Callable:
    """Function that gives the discounted cost of a linear flow of z = (θ, aim, μ) in every episode.

    With ``ż = Fz`` and the cost ½zᵀMz it is ``½(zᵀWz − e^{−γT} z_TᵀWz_T)``, ``(F − γ/2)ᵀW + W(F − γ/2) = −M``.
    """
    from scipy.linalg import solve_continuous_lyapunov

    n = len(flow[0])
    gamma, one, none = objective.discount, np.eye(n), np.zeros((n, n))
    f = np.vstack([np.hstack(flow), np.zeros((2 * n, 3 * n))])
    u, miss = np.hstack(control), np.hstack([one, none, -one])
    metric = constant_matrix("metric", objective.metric, n)
    cost = u.T @ metric @ u / objective.plasticity + objective.loss_weight * miss.T @ np.asarray(hessian) @ miss
    w = solve_continuous_lyapunov((f - gamma / 2 * np.eye(3 * n)).T, -cost)

    def paid(theta: Array, aim: Array, optimum: Array, lasting: Array, end: Array) -> Array:
        first, last = (np.concatenate([at, aim, optimum], axis=1) for at in (theta, end))
        later = np.exp(-gamma * lasting) * np.einsum("ei,ij,ej->e", last, w, last)
        return 0.5 * (np.einsum("ei,ij,ej->e", first, w, first) - later)

    return paid


def _exponentials(matrix: Array, times: Array) -> Array:
    """``e^{matrix·t}`` for every time; through eigenvectors where they are well apart."""
    from scipy.linalg import expm

    values, vectors = np.linalg.eig(matrix)
    if np.linalg.cond(vectors) > 1e6:
        return expm(matrix * times[:, None, None])
    return np.real((vectors * np.exp(values * times[:, None])[:, None]) @ np.linalg.inv(vectors))
