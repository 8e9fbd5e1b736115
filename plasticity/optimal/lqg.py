"""The exact learner on a quadratic loss whose optimum moves and is seen through noise (linear-quadratic-Gaussian).

The optimum is ``μ = m + Cz`` with ``dz = Fz dt + dW``, ``E dW dWᵀ = Q dt``; the learner, which knows its weights and
the curvature, observes the gradient, ``dy = H(θ − μ) dt + dV``, ``E dV dVᵀ = N dt``. Certainty equivalence is exact
here: the best control uses the posterior mean ẑ as if it were z (the separation theorem), because what it learns does
not depend on where it moves. With ``e = θ − m`` and ``V = ½eᵀPe + bᵀe + eᵀXẑ + …``

    u = −ηG⁻¹Bᵀ(Pe + Xẑ + b) ,   (γ − A_clᵀ) X − XF = −kHC ,   dẑ = Fẑ dt + K (H(e − Cẑ) dt − dy) ,   K = ΣCᵀHN⁻¹
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg

from plasticity.belief import LinearGaussian
from plasticity.errors import InputError
from plasticity.objective import linear_dynamics
from plasticity.optimal.policy import Policy

Array = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class BeliefPolicy:
    """Optimal law of a learner that tracks a moving optimum, made by `solve` with a belief.

    Parameters
    ----------
    known : Policy
        The law for an optimum that rests at its mean m.
    belief : LinearGaussian
    tracking : (m, n_states) array
        ``u = −K(θ − m) − feedforward + tracking · ẑ``.
    covariance : (n_states, n_states) array
        Posterior covariance Σ of z in the steady state.
    filter_gain : (n_states, n) array
        K = ΣCᵀHN⁻¹, by which the expected minus the observed gradient moves ẑ.
    """

    known: Policy
    belief: LinearGaussian
    tracking: Array
    covariance: Array
    filter_gain: Array

    def control(self, theta: ArrayLike, state: ArrayLike) -> Array:
        """Control u (..., m) at weights θ (..., n) and posterior mean ẑ (..., n_states)."""
        return self.known.control(theta) + np.asarray(state, dtype=float) @ self.tracking.T

    def velocity(self, theta: ArrayLike, state: ArrayLike) -> Array:
        """θ̇ (..., n) [θ/s] at weights θ (..., n) and posterior mean ẑ (..., n_states)."""
        return self.known.velocity(theta) + np.asarray(state, dtype=float) @ (self.control_matrix @ self.tracking).T

    @cached_property
    def cost_rate(self) -> float:
        """Cost per unit time ``E[uᵀGu/2η + kL]`` in the steady state, exact (a Lyapunov equation)."""
        return average_cost(self, self.tracking, self.filter_gain)

    @property
    def control_matrix(self) -> Array:
        """B (n, m)."""
        return linear_dynamics(self.known.objective, self.known.landscape.n)[1]


def belief_policy(known: Policy, belief: LinearGaussian) -> BeliefPolicy:
    """Law and filter of a learner with the belief `belief`; `known` is its law for an optimum at the mean.

    Raises
    ------
    InputError
        If sizes do not fit, or an unstable part of the optimum is never seen.
    """
    if belief.covariance is not None:
        raise InputError("covariance must be left out for `solve`, which takes the filter in its steady state")
    objective, hessian, n = known.objective, known.landscape.hessian_matrix, known.landscape.n
    transition, _, noise = belief.matrices(n)
    read, (_, control, metric) = belief.read_matrix(n), linear_dynamics(objective, n)
    left = float(objective.discount) * np.eye(n) - known.closed_loop.T
    cross = _sylvester(left, -transition, -objective.loss_weight * hessian @ read)
    tracking = -objective.plasticity * np.linalg.solve(metric, control.T @ cross)
    covariance = steady_covariance(belief, hessian)
    gain = np.linalg.solve(noise, hessian @ read @ covariance).T
    return BeliefPolicy(known, belief, tracking, covariance, gain)


def steady_covariance(belief: LinearGaussian, hessian: Array) -> Array:
    """Posterior covariance Σ of the state: FΣ + ΣFᵀ + Q − ΣCᵀHN⁻¹HCΣ = 0.

    Raises
    ------
    InputError
        If there is none: a growing or wandering state that never shows in the gradient.
    """
    transition, diffusion, noise = belief.matrices(len(hessian))
    seen = hessian @ belief.read_matrix(len(hessian))
    try:
        return linalg.solve_continuous_are(transition.T, seen.T, diffusion, noise)
    except (np.linalg.LinAlgError, ValueError):
        raise InputError(
            "the belief has no steady state: a state that does not decay never shows in the gradient, or never moves; "
            "give it a decay (transition < 0), a process_noise > 0, or a curvature that shows it"
        ) from None


def average_cost(policy: BeliefPolicy, tracking: Array, filter_gain: Array, feedback: Array | None = None) -> float:
    """Cost per unit time of a linear law with any gains, in the steady state of weights, optimum and belief.

    Parameters
    ----------
    policy : BeliefPolicy
        States the problem.
    tracking : (m, n_states) array
    filter_gain : (n_states, n) array
    feedback : (m, n) array, optional
        K; by default that of the policy.
    """
    known, belief = policy.known, policy.belief
    objective, hessian = known.objective, known.landscape.hessian_matrix
    n = len(hessian)
    transition, diffusion, noise = belief.matrices(n)
    read, (drift, control, metric) = belief.read_matrix(n), linear_dynamics(objective, n)
    feedback = known.gain if feedback is None else feedback
    n_z = len(transition)
    system = np.block(
        [
            [drift - control @ feedback, np.zeros((n, n_z)), control @ tracking],
            [np.zeros((n_z, n)), transition, np.zeros((n_z, n_z))],
            [np.zeros((n_z, n)), filter_gain @ hessian @ read, transition - filter_gain @ hessian @ read],
        ]
    )
    away = np.hstack([np.eye(n), -read, np.zeros((n, n_z))])
    steering = np.hstack([-feedback, np.zeros((len(feedback), n_z)), tracking])
    cost = objective.loss_weight * away.T @ hessian @ away + steering.T @ metric @ steering / objective.plasticity
    shaking = linalg.block_diag(np.zeros((n, n)), diffusion, filter_gain @ noise @ filter_gain.T)
    seen = _observable(system, cost)
    reduced = seen.T @ system @ seen
    if len(reduced) and np.linalg.eigvals(reduced).real.max() >= 0:
        return np.inf
    spread = linalg.solve_continuous_lyapunov(reduced, -(seen.T @ shaking @ seen))
    resting = 0.0 if not np.any(known.offset) and not np.any(known.feedforward) else known.cost_rate
    return float(0.5 * np.trace(seen.T @ cost @ seen @ spread)) + resting


def _observable(system: Array, cost: Array) -> Array:
    """Orthonormal basis of the directions that a cost depends on, sooner or later."""
    scale = max(float(np.linalg.norm(system, 2)), 1e-300)
    blocks, rows = [], cost / max(float(np.linalg.norm(cost, 2)), 1e-300)
    for _ in range(len(system)):
        blocks.append(rows)
        rows = rows @ system / scale
    _, values, directions = np.linalg.svd(np.vstack(blocks))
    return directions[: int(np.sum(values > 1e-10 * values[0]))].T


def _sylvester(left: Array, right: Array, value: Array) -> Array:
    """X of ``left·X + X·right = value``; the smallest one where directions without loss leave it open."""
    apart = np.abs(np.add.outer(np.linalg.eigvals(left), np.linalg.eigvals(right))).min()
    if apart > 1e-12 * (np.linalg.norm(left, 2) + np.linalg.norm(right, 2)):
        return linalg.solve_sylvester(left, right, value)
    n, m = value.shape
    system = np.kron(left, np.eye(m)) + np.kron(np.eye(n), right.T)
    return np.linalg.lstsq(system, value.ravel(), rcond=None)[0].reshape(n, m)
