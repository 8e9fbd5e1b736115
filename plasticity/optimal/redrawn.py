"""Optimal learning where tasks are replaced at random times by others with another optimum and another curvature.

While a task lasts, the learner solves a problem with the discount γ + λ and the loss ``kL + λV̄``, where V̄ is the value
of a fresh task, averaged over the task prior: ``V̄ = ½θᵀP̄θ + b̄ᵀθ + c̄``,

    (γ + λ)P(H) = kH + AᵀP + PA − ηPBG⁻¹BᵀP + λP̄ ,   P̄ = E[P(H)] .

So the best reset is a constant penalty a = λP̄/k towards the tasks to come, inside the preconditioner, the same whatever
the present curvature is. One curvature for all tasks gives back the proportional reset of `solve` with a hazard.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from plasticity.belief import TaskPrior
from plasticity.errors import InputError
from plasticity.landscapes import Quadratic
from plasticity.objective import Objective, linear_dynamics
from plasticity.optimal.linear_quadratic import quadratic_policy
from plasticity.optimal.policy import Policy

Array = NDArray[np.floating]
MOST_ITERATIONS = 100_000


@dataclass(frozen=True, eq=False)
class FutureTasks:
    """Value of a fresh task, ``V̄ = ½θᵀP̄θ + b̄ᵀθ + c̄``, averaged over the task prior.

    Parameters
    ----------
    quadratic : (n, n) array
        P̄.
    linear : (n,) array
        b̄.
    constant : float
        c̄.
    """

    quadratic: Array
    linear: Array
    constant: float

    def value(self, theta: Array) -> float:
        """Expected action of a learner that stands at θ (n,) when a task begins that it then knows."""
        return float(0.5 * theta @ self.quadratic @ theta + self.linear @ theta + self.constant)


def present_task(objective: Objective, landscape: Quadratic, future: FutureTasks, hazard: float) -> Policy:
    """Policy while the task `landscape` lasts, when tasks are replaced at rate `hazard` [1/s]."""
    weight = objective.loss_weight
    hessian = landscape.hessian_matrix + hazard / weight * future.quadratic
    pull = weight * landscape.hessian_matrix @ landscape.optimum - hazard * future.linear
    optimum = np.linalg.lstsq(weight * hessian, pull, rcond=None)[0]
    lasting = replace(objective, discount=float(objective.discount) + hazard, hazard=0.0, task_prior=None)
    return quadratic_policy(lasting, Quadratic(hessian, optimum))


def redrawn_policy(objective: Objective, landscape: Quadratic) -> Policy:
    """Policy and value for the present task, where `objective` has a hazard and a task prior."""
    prior, hazard, weight = objective.task_prior, objective.hazard, objective.loss_weight
    if landscape.n != prior.n:
        raise InputError(f"task_prior is about {prior.n} parameters, but the loss has {landscape.n}")
    future = future_tasks(objective, prior)
    law = present_task(objective, landscape, future, hazard)
    optimum, target = landscape.optimum, law.landscape.optimum
    present = optimum @ landscape.hessian_matrix @ optimum
    missing = 0.5 * weight * (present - target @ law.landscape.hessian_matrix @ target)
    constant = law.value_constant + (missing + hazard * future.constant) / (float(objective.discount) + hazard)
    note = (
        "objective and loss of this policy are those while the task lasts: the discount is γ + λ, the loss includes "
        "the value of the tasks to come, its optimum is the target"
    )
    return replace(law, value_constant=float(constant), notes=(*law.notes, note))


def future_tasks(objective: Objective, prior: TaskPrior, tolerance: float = 1e-14) -> FutureTasks:
    """Fixed point of the value of a fresh task.

    Parameters
    ----------
    objective : Objective
        With the hazard λ.
    prior : TaskPrior
        Mean and covariance of the optimum, curvatures and their weights.
    tolerance : float
        Relative change at which the iteration stops.

    Raises
    ------
    InputError
        If the value is infinite, as with no discount where every task keeps a cost.
    """
    hazard, weight = objective.hazard, objective.loss_weight
    now: Array = np.zeros((prior.n + 1, prior.n))  # P̄ and b̄
    for _ in range(MOST_ITERATIONS):
        first = _averaged(objective, prior, now)
        if np.abs(first - now).max() <= tolerance * np.abs(first).max():
            break
        now = _extrapolated(now, first, _averaged(objective, prior, first))
    else:
        raise InputError("the value of the tasks to come did not converge; use a larger discount, or a smaller hazard")
    future = FutureTasks(first[:-1], first[-1], 0.0)
    return replace(future, constant=_constant(objective, prior, future, weight, hazard))


def _averaged(objective: Objective, prior: TaskPrior, now: Array) -> Array:
    """P̄ and b̄ (n + 1, n) of a fresh task, if those of the tasks after it are `now`."""
    future = FutureTasks(now[:-1], now[-1], 0.0)
    total = np.zeros_like(now)
    for w, h in zip(prior.weights, prior.hessians, strict=True):
        p = present_task(objective, Quadratic(h, prior.mean_vector), future, objective.hazard)
        total += w * np.vstack([p.value_matrix, p.value_linear - p.value_matrix @ p.landscape.optimum])
    return total


def _extrapolated(start: Array, first: Array, second: Array) -> Array:
    """Where three iterates lead, each nearer to the end by one factor (Irons and Tuck), or the last if P̄ is not one."""
    change, bend = second - first, second - 2 * first + start
    if not np.any(bend):
        return second
    end = second - change * np.sum(change * bend) / np.sum(bend**2)
    return end if np.linalg.eigvalsh(end[:-1])[0] >= 0 else second


def _constant(objective: Objective, prior: TaskPrior, future: FutureTasks, weight: float, hazard: float) -> float:
    """Value c̄ of a fresh task at θ = 0: γc̄ is the mean over tasks of what is left of the HJB equation there."""
    gamma, mean, covariance = float(objective.discount), prior.mean_vector, prior.covariance
    if gamma == 0:
        return np.inf
    _, control, metric = linear_dynamics(objective, prior.n)
    reach = objective.plasticity * control @ np.linalg.solve(metric, control.T)
    rate = 0.0
    for share, hessian in zip(prior.weights, prior.hessians, strict=True):
        policy = present_task(objective, Quadratic(hessian, mean), future, hazard)
        slope = policy.value_linear - policy.value_matrix @ policy.landscape.optimum  # ∂V/∂θ at θ = 0, mean optimum
        left = (gamma + hazard) * np.eye(prior.n) - policy.closed_loop.T
        spread = np.linalg.solve(left, weight * hessian)  # −∂(slope)/∂μ
        loss = weight * (mean @ hessian @ mean + np.trace(hessian @ covariance))
        steering = slope @ reach @ slope + np.trace(spread.T @ reach @ spread @ covariance)
        rate += 0.5 * share * (loss - steering)
    return rate / gamma
