"""The linear-quadratic learning problem: policy and value for a known quadratic loss, by the Riccati equation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from plasticity.errors import InputError
from plasticity.landscapes import Quadratic
from plasticity.objective import Objective, linear_dynamics, numeric_discount
from plasticity.optimal.policy import Policy
from plasticity.optimal.riccati import (
    FixedModeGrows,
    NoFiniteOptimum,
    RiccatiSolution,
    decomposed_riccati,
    gain_rows,
    linear_term,
    value_matrix,
)

Array = NDArray[np.float64]


def quadratic_policy(objective: Objective, landscape: Quadratic) -> Policy:
    """Policy on a quadratic loss that the learner knows; equations and errors are those of `plasticity.solve`."""
    if is_short_horizon(objective.discount):
        return _short_horizon(objective, landscape)
    discount, a, b, metric = _ingredients(objective, landscape)
    weight = objective.loss_weight
    inverse = objective.plasticity * np.linalg.solve(metric, b.T)
    reach = b @ inverse
    reach = 0.5 * (reach + reach.T)
    cost = weight * landscape.hessian_matrix
    try:
        solution = decomposed_riccati(a, _whitened(objective, b, metric), cost, discount)
    except FixedModeGrows as error:
        raise _fixed_mode_error(error, discount) from None
    except NoFiniteOptimum:
        raise _concave_error(a, b, metric, objective, landscape) from None
    gain = inverse @ gain_rows(solution)
    movable, linear = _linear_terms(solution, a, reach, objective, landscape)
    constant = _constant(value_matrix(solution), linear, a, reach, objective, landscape)
    return Policy(
        objective=objective,
        landscape=landscape,
        closed_loop=a - b @ gain,
        gain=gain,
        feedforward=inverse @ movable,
        offset=a @ landscape.optimum - reach @ movable,
        value_quadratic=value_matrix(solution),
        value_linear=linear,
        value_constant=constant,
        notes=_notes(discount, solution, constant),
    )


def is_short_horizon(discount: Any) -> bool:
    """Whether a discount is ``sympy.oo``."""
    return bool(getattr(discount, "is_infinite", False))


def _short_horizon(objective: Objective, landscape: Quadratic) -> Policy:
    """Leading order for γ → ∞ at a fixed learning rate α = ηk/γ: ``γP = kH``, so that ``ηP → αH``.

    Drift, discounted to nothing, is left to itself, and so are tasks to come.
    """
    drift, control, metric = linear_dynamics(objective, landscape.n)
    rate = objective.plasticity * objective.loss_weight
    gain = rate * np.linalg.solve(metric, control.T @ landscape.hessian_matrix)
    note = f"solved as the limit discount -> oo at the learning rate ηk/γ = {rate:g}, in which the value vanishes"
    ignored = ("; the hazard has no effect there",) if objective.hazard > 0 else ("",)
    return Policy(
        objective=objective,
        landscape=landscape,
        closed_loop=drift - control @ gain,
        gain=gain,
        feedforward=np.zeros(control.shape[1]),
        offset=drift @ landscape.optimum,
        value_quadratic=np.zeros_like(drift),
        value_linear=np.zeros(landscape.n),
        value_constant=0.0,
        notes=(note + ignored[0],),
    )


def _ingredients(objective: Objective, landscape: Quadratic) -> tuple[float, Array, Array, Array]:
    """γ, A, B, G as numbers and matrices."""
    if not isinstance(landscape, Quadratic):
        raise InputError(
            f"landscape must be Quadratic for `solve`, got {type(landscape).__name__}; use `plan` for others"
        )
    return numeric_discount(objective, "for `solve`"), *linear_dynamics(objective, landscape.n)


def _whitened(objective: Objective, b: Array, metric: Array) -> Array:
    """Control matrix (n, m) whose product with its transpose is ηBG⁻¹Bᵀ."""
    root = linalg.cholesky(metric, lower=True)
    return np.sqrt(objective.plasticity) * linalg.solve_triangular(root, b.T, lower=True).T


def _targets(objective: Objective, landscape: Quadratic) -> tuple[Array, Array]:
    """Optimum of the present task and mean optimum of the tasks to come."""
    if objective.hazard == 0:
        return landscape.optimum, landscape.optimum
    prior = np.asarray(objective.prior_mean)
    if prior.ndim and prior.shape != landscape.optimum.shape:
        raise InputError(f"prior_mean must have {landscape.n} numbers, got shape {prior.shape}")
    return landscape.optimum, np.broadcast_to(prior, landscape.optimum.shape)


def _linear_terms(
    solution: RiccatiSolution, a: Array, reach: Array, objective: Objective, landscape: Quadratic
) -> tuple[Array, Array]:
    """Linear term b (movable part, all of it) in the coordinate e = θ − m.

    With m = μ_0 + (μ − μ_0) e^{−λt}, the expected optimum, ė = Ae + Aμ_0 + (A + λ)(μ − μ_0) e^{−λt} + Bu:
    each of the two constant drifts has its own linear term.
    """
    discount, hazard = float(objective.discount), objective.hazard
    optimum, prior = _targets(objective, landscape)
    movable, full = linear_term(solution, a, reach, a @ prior, discount)
    if hazard > 0:
        fading = (a + hazard * np.eye(len(a))) @ (optimum - prior)
        more = linear_term(solution, a, reach, fading, discount + hazard)
        movable, full = movable + more[0], full + more[1]
    return movable, full


def _constant(p: Array, linear: Array, a: Array, reach: Array, objective: Objective, landscape: Quadratic) -> float:
    """Constant c of the value, from the HJB equation at e = 0; inf if every path has an infinite cost at γ = 0."""
    discount, hazard = float(objective.discount), objective.hazard
    if not (np.all(np.isfinite(p)) and np.all(np.isfinite(linear))):
        return np.inf
    push = a @ landscape.optimum
    rate = float(linear @ push - 0.5 * linear @ reach @ linear)
    if hazard > 0:  # (γ + λ) c = rate + λ V̄(μ), V̄ the value of the tasks to come
        prior = _targets(objective, landscape)[1]
        later = quadratic_policy(replace(objective, hazard=0.0), Quadratic(landscape.hessian_matrix, prior))
        return (rate + hazard * float(later.value(landscape.optimum))) / (discount + hazard)
    if discount > 0:
        return rate / discount
    if rate > 1e-12 * abs(linear @ push):
        return np.inf
    # at a rest point without cost V = 0, so c = ½ bᵀP⁺b
    return 0.5 * float(linear @ np.linalg.pinv(p, rcond=1e-12, hermitian=True) @ linear)


def _notes(discount: float, solution: RiccatiSolution, constant: float) -> tuple[str, ...]:
    if discount > 0 or (np.isfinite(constant) and solution.fixed is not None):
        return ()
    if solution.fixed is None:
        reason = "costed directions are uncontrollable, so P is infinite"
    else:
        reason = "the rest point has a running cost (see cost_rate), so J itself is infinite"
    return (f"solved as the limit discount -> 0+: {reason}; the policy is the limit",)


def _fixed_mode_error(error: FixedModeGrows, discount: float) -> InputError:
    direction = error.combination / np.linalg.norm(error.combination)
    value = error.eigenvalue
    mode = f"{value.real:g}" if value.imag == 0 else f"{value.real:g} ± {abs(value.imag):g}i"
    return InputError(
        f"no finite optimum at discount={discount:g}: the combination {np.round(direction, 6).tolist()} of "
        f"the parameters costs loss, cannot be controlled, and grows at rate {mode} 1/s; use a discount "
        f"greater than {2 * value.real:.9g}, or a control of it"
    )


def _concave_error(a: Array, b: Array, metric: Array, objective: Objective, landscape: Quadratic) -> InputError:
    """Error that names the most concave controllable direction and the smallest discount with a finite optimum."""
    stiffness = objective.plasticity * objective.loss_weight
    curvature, vectors = linalg.eigh(b.T @ landscape.hessian_matrix @ b, metric)
    direction = b @ vectors[:, 0]
    direction = np.round(direction / np.linalg.norm(direction), 6).tolist()
    discount = float(objective.discount)
    if not np.any(a):
        needed = 2 * np.sqrt(stiffness * abs(curvature[0]))
        bound = f", steeper than -discount²/(4·plasticity·loss_weight) = {-(discount**2) / 4 / stiffness:g}"
    else:
        needed, bound = _smallest_discount(a, b, metric, objective, landscape), " and the drift leads down it"
    lowest = np.linalg.eigvalsh(landscape.hessian_matrix)
    if lowest[0] >= -1e-12 * abs(lowest[-1]):
        return InputError(
            f"no solution to working precision at discount={discount:g}: a growing direction is weakly controlled or "
            f"costed; use a discount of at least {needed:.9g}, or rescale the problem"
        )
    return InputError(
        f"no finite optimum at discount={discount:g}: the loss has curvature {curvature[0]:.9g} along the "
        f"direction {direction}{bound}; use a discount of at least {needed:.9g}, or a convex loss"
    )


def _smallest_discount(a: Array, b: Array, metric: Array, objective: Objective, landscape: Quadratic) -> float:
    """Smallest discount with a finite optimum, by bisection."""
    control = _whitened(objective, b, metric)
    cost = objective.loss_weight * landscape.hessian_matrix

    def finite(discount: float) -> bool:
        try:
            decomposed_riccati(a, control, cost, discount)
        except NoFiniteOptimum:
            return False
        return True

    low = float(objective.discount)
    high = low + 2 * np.linalg.norm(a, 2) + 2 * np.linalg.norm(control, 2) * np.sqrt(np.linalg.norm(cost, 2))
    while not finite(high):
        low, high = high, 2 * high
    for _ in range(50):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if finite(middle) else (middle, high)
    return high
