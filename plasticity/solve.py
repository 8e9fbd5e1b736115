"""Optimal policy on a quadratic loss: known, moving and seen through noise, or redrawn with the task."""

from __future__ import annotations

from typing import overload

from plasticity.belief import LinearGaussian
from plasticity.errors import InputError
from plasticity.landscapes import MatrixFree, Quadratic
from plasticity.objective import Objective, numeric_discount
from plasticity.optimal.krylov import KrylovPolicy, krylov_policy
from plasticity.optimal.linear_quadratic import is_short_horizon, quadratic_policy
from plasticity.optimal.lqg import BeliefPolicy, belief_policy
from plasticity.optimal.policy import Policy
from plasticity.optimal.redrawn import redrawn_policy
from plasticity.support.checks import checked, require_record


@checked
@overload
def solve(objective: Objective, landscape: Quadratic, belief: None = None) -> Policy: ...


@overload
def solve(objective: Objective, landscape: Quadratic, belief: LinearGaussian) -> BeliefPolicy: ...


@overload
def solve(
    objective: Objective,
    landscape: MatrixFree,
    belief: None = None,
    *,
    n_products: int | None = None,
    tolerance: float | None = None,
    step: float | None = None,
) -> KrylovPolicy: ...


def solve(
    objective: Objective,
    landscape: Quadratic | MatrixFree,
    belief: LinearGaussian | None = None,
    *,
    n_products: int | None = None,
    tolerance: float | None = None,
    step: float | None = None,
) -> Policy | BeliefPolicy | KrylovPolicy:
    """Policy that minimises the action J on a quadratic loss, or on the quadratic model at each point of a large one.

    With ``V = ½ θᵀPθ + bᵀθ + c`` the policy is ``u = −ηG⁻¹Bᵀ(Pθ + b)``, where

        γP = kH + AᵀP + PA − PSP ,   S = ηBG⁻¹Bᵀ ,   A_cl = A − SP
        (γ + λ − A_clᵀ) b = −kHμ + λ b̄ ,   (γ − A_clᵀ) b̄ = −kHμ_0

    At ``discount=0`` the policy is the limit γ → 0⁺, with a remark in `Policy.notes` if J itself is infinite; at
    ``sympy.oo`` it is natural gradient descent ``u = −αG⁻¹Bᵀ∇L`` at the learning rate α = ηk/γ, by default ηk. With
    a hazard λ the policy holds while the present optimum μ lasts; the value counts the tasks to come as if
    each had its optimum at μ_0 (a spread of optima adds a constant that no choice changes).

    With a belief the optimum moves and shows in noisy gradients only; the law is exact (`plasticity.optimal.lqg`). With
    a `task_prior` the curvature is redrawn with the task (`plasticity.optimal.redrawn`). A `MatrixFree` landscape is
    known by products with vectors alone (`plasticity.optimal.krylov`).

    Parameters
    ----------
    objective : Objective
        Discount γ, plasticity η, loss weight k, metric G, drift A, control B, hazard λ; G and A constant.
        With a control matrix (n, m) the metric has size m.
    landscape : Quadratic or MatrixFree
        Hessian H and optimum μ of the present task. With a belief the optimum is that of the belief.
    belief : LinearGaussian, optional
        How the optimum moves, and the noise in the gradients.
    n_products : int, optional
        Most products Hv per step on a `MatrixFree` landscape, 25 by default.
    tolerance : float, optional
        Relative error of its velocity, 0.01 by default.
    step : float, optional
        Time [s] between the looks of a learner that jumps, on a `MatrixFree` landscape; elsewhere use `step_policy`.

    Returns
    -------
    Policy, BeliefPolicy or KrylovPolicy
        The second with a belief: its velocity takes the weights and the mean of the belief. The third for a
        `MatrixFree` landscape: its velocity has an estimate of its error and, where products do not suffice, an
        effective discount.

    Raises
    ------
    InputError
        If there is no finite optimum (the message names the direction or mode and the smallest discount with one),
        or a field of the objective is not constant, not numeric, or of the wrong size.

    Examples
    --------
    A fourfold curvature doubles the rate of a learner with a long horizon:

    >>> solve(Objective(discount=0), Quadratic([1.0, 4.0], [0.0, 0.0])).rates.round(12)
    array([1., 2.])

    References
    ----------
    vastola_2025, eqs. 6-9; chu_2005; higham_2008.
    """
    require_record("objective", objective, Objective)
    if isinstance(landscape, MatrixFree):
        if belief is not None:
            raise InputError("belief must be left out for a MatrixFree landscape; its filter needs matrices")
        return krylov_policy(objective, landscape, n_products, tolerance, step)
    for name, value in (("n_products", n_products), ("tolerance", tolerance), ("step", step)):
        if value is not None:
            raise InputError(f"{name} is for a MatrixFree landscape, got {value!r}; leave it out")
    require_record("landscape", landscape, Quadratic)
    if belief is None:
        known = objective.task_prior is None or is_short_horizon(objective.discount)
        return quadratic_policy(objective, landscape) if known else redrawn_policy(objective, landscape)
    if not isinstance(belief, LinearGaussian):
        raise InputError(f"belief must be a LinearGaussian for `solve`, got {type(belief).__name__}")
    if objective.hazard > 0:
        raise InputError(
            f"hazard must be 0 with a belief, got {objective.hazard:g}: a moving optimum is stated by the belief alone"
        )
    numeric_discount(objective, "for `solve` with a belief")
    mean = belief.mean_vector(landscape.n)
    return belief_policy(quadratic_policy(objective, Quadratic(landscape.hessian_matrix, mean)), belief)
