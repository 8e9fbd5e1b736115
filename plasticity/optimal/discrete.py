"""The optimal learner that looks every Δt and jumps: the discrete Riccati equation, exact for every step size.

At look n the learner pays for a jump Δ_n and then for the loss where it stands until the next look,

    J = Σ_n e^{−γnΔt} Δt' [ (Δ_n/Δt)ᵀ G (Δ_n/Δt)/2η + k L(θ_{n+1}) ] ,   θ_{n+1} = e^{AΔt} θ_n + BΔ_n ,

with ``Δt' = (1 − e^{−γΔt})/γ``, the discounted length of a step. For Δt → 0 it is the problem of `solve`. Where an
Euler step of the continuous policy overshoots or diverges, this one does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg

from plasticity.errors import InputError
from plasticity.landscapes import Quadratic
from plasticity.objective import Objective, linear_dynamics
from plasticity.optimal.cost import finite_discount
from plasticity.support.checks import checked, require_number, require_record

Array = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class StepPolicy:
    """Optimal jumps ``Δ = −K (θ − μ) − feedforward`` at looks that are `step` seconds apart.

    Parameters
    ----------
    step : float
        Δt [s].
    gain : (m, n) array
        K [1].
    feedforward : (m,) array
        What a jump adds against the drift.
    transition : (n, n) array
        Closed loop e^{AΔt} − BK: factor of the distance from the rest point from look to look.
    optimum : (n,) array
        μ.
    """

    step: float
    gain: Array
    feedforward: Array
    transition: Array
    optimum: Array

    @property
    def factors(self) -> NDArray[np.complex128]:
        """Eigenvalues of the closed loop; below 1 in size, it converges."""
        return np.linalg.eigvals(self.transition).astype(complex)

    def jump(self, theta: ArrayLike) -> Array:
        """Jump Δ (..., m) at weights θ (..., n)."""
        return -(np.asarray(theta, dtype=float) - self.optimum) @ self.gain.T - self.feedforward


@checked
def step_policy(objective: Objective, landscape: Quadratic, step: float) -> StepPolicy:
    """Optimal jumps of a learner that looks every `step` seconds at a quadratic loss.

    Raises
    ------
    InputError
        If `step` is not positive, the discount no number, there is a hazard, or no finite optimum.

    Examples
    --------
    A long horizon with ηkhΔt² = 1 leaves 1 − 1/φ = 0.381966 of the distance at every look, φ the golden section:

    >>> step_policy(Objective(discount=0), Quadratic([1.0], [0.0]), step=1.0).factors.real.round(6)
    array([0.381966])
    """
    step = require_number("step", step, low=0, exclusive=True, unit="s")
    require_record("landscape", landscape, Quadratic)
    gamma, n = finite_discount(objective, "for `step_policy`"), landscape.n
    drift, control, metric = linear_dynamics(objective, n)
    length = step if gamma == 0 else -np.expm1(-gamma * step) / gamma
    remaining = np.exp(-gamma * step)
    effort = length * metric / (objective.plasticity * step**2)
    cost = length * objective.loss_weight * landscape.hessian_matrix
    moved = linalg.expm(drift * step)
    after = _cost_to_go(moved, control, cost, effort, remaining)
    steering = np.linalg.solve(effort + control.T @ after @ control, control.T)
    gain = steering @ after @ moved
    closed = moved - control @ gain
    # around μ: θ' − μ = M(θ − μ) + (M − 1)μ + BΔ; a constant push needs the linear part of the cost to go
    push = (moved - np.eye(n)) @ landscape.optimum
    linear = _linear(after, moved, closed, push, remaining)
    return StepPolicy(step, gain, steering @ (after @ push + linear), closed, landscape.optimum)


def _cost_to_go(moved: Array, control: Array, cost: Array, effort: Array, remaining: float) -> Array:
    """W: what a distance costs after the jump. ``W = Q + βMᵀ(W − WB(R + BᵀWB)⁻¹BᵀW)M``."""
    n = len(cost)
    if np.array_equal(moved, np.eye(n)) and np.array_equal(control, np.eye(n)):
        return _without_drift(cost, effort, remaining)
    try:
        root = np.sqrt(remaining)
        return np.asarray(linalg.solve_discrete_are(root * moved, root * control, cost, remaining * effort))
    except (np.linalg.LinAlgError, ValueError):
        raise InputError(
            "no finite optimum of steps: a costed direction grows and is out of reach, or a flat one is neutral; "
            "use a discount > 0, or another drift or control"
        ) from None


def _without_drift(cost: Array, effort: Array, remaining: float) -> Array:
    """The same in the directions where loss and effort are diagonal together: w² + (r − q − βr)w − qr = 0, r = 1."""
    values, vectors = linalg.eigh(cost, effort)
    if values[0] < -((1 - np.sqrt(remaining)) ** 2) - 1e-12 * abs(values[-1]):
        raise InputError(
            f"no finite optimum of steps: the loss is concave (relative curvature {values[0]:g}); use a larger discount"
        )
    half, root = _half_and_root(values, remaining)
    w = np.where(half > 0, values / (half + root), root - half)
    back = effort @ vectors
    return back @ (w[:, None] * back.T)


def _half_and_root(values: Array, remaining: float) -> tuple[Array, Array]:
    """Of the quadratic equation for w above: its positive root is root − half."""
    half = 0.5 * (1 - values - remaining)
    return half, np.sqrt(np.maximum(half**2 + values, 0.0))


def jump_per_slope(objective: Objective, curvature: ArrayLike, step: float) -> Array:
    """F (…) of the optimal jump ``Δ = −F g`` of one weight whose loss has the curvature (…) > 0 and the slope g.

    Examples
    --------
    >>> round(float(jump_per_slope(Objective(discount=0), 1.0, step=1.0)), 6)
    0.618034
    """
    gamma = finite_discount(objective, "for a jump")
    metric = np.asarray(1.0 if objective.metric is None else objective.metric, dtype=float)
    scale = objective.plasticity * objective.loss_weight * step**2 / metric
    values = scale * np.asarray(curvature, dtype=float)
    half, root = _half_and_root(values, np.exp(-gamma * step))
    with np.errstate(divide="ignore", invalid="ignore"):
        per_value = np.where(half > 0, 1 / (half + root), (root - half) / values)  # w/v, finite for v → 0 at γ > 0
    return scale * per_value / (1 + values * per_value)


def _linear(after: Array, moved: Array, closed: Array, push: Array, remaining: float) -> Array:
    """Linear part l of the cost after a jump, ½xᵀWx + lᵀx: ``l = β·A_clᵀ(W·push + l)``."""
    if not np.any(push):
        return np.zeros(len(push))
    return np.linalg.solve(np.eye(len(push)) - remaining * closed.T, remaining * closed.T @ (after @ push))
