"""Weights within limits: what becomes of a change that a rule asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Projector:
    """``control @ read``, the projector onto the controllable space in the metric G.

    Parameters
    ----------
    control : (n_weights, m) array
        B: an orthonormal basis of the controllable space.
    read : (m, n_weights) array
        (BᵀGB)⁻¹BᵀG.
    """

    control: Array
    read: Array


@dataclass(frozen=True, eq=False)
class Constraint:
    """Limits of weights of one shape, as arrays; made by `constrain`.

    Parameters
    ----------
    shape : tuple of int
    mask : array of bool of this shape, or None
        Plastic weights; None is all.
    low, high : arrays that broadcast to this shape
        −inf and inf where there is no bound.
    projector : Projector or None
        Where weights move along few directions; None is freely.
    drift : array or None
        a: a number or one per weight.
    drift_matrix : (n_weights, n_weights) array or None
        A: a drift that couples weights, instead of a.
    """

    shape: tuple[int, ...]
    mask: NDArray[np.bool_] | None
    low: Array
    high: Array
    projector: Projector | None
    drift: Array | None
    drift_matrix: Array | None

    @property
    def is_coupled(self) -> bool:
        """Whether what becomes of one weight depends on others."""
        return self.projector is not None or self.drift_matrix is not None


def move(constraint: Constraint, weights: Array, change: ArrayLike, dt: float = 0.0) -> Array:
    """Weights (..., *shape) after the change that a rule asks for and a step of drift: one explicit Euler step.

    Parameters
    ----------
    constraint : Constraint
    weights : (..., *shape) array
    change : (..., *shape) array
        What the rule adds to the weights in this step.
    dt : float
        Time step of the drift [s].
    """
    moved = weights + project(constraint, change)
    if dt and (constraint.drift is not None or constraint.drift_matrix is not None):
        moved = moved + dt * drift(constraint, weights)
    return clip(constraint, moved)


def project(constraint: Constraint, change: ArrayLike) -> Array:
    """Part of a change (..., *shape) that can be carried out: plastic weights, controllable directions."""
    change = np.asarray(change, dtype=float)
    if constraint.mask is not None:
        change = np.where(constraint.mask, change, 0.0)
    projector = constraint.projector
    if projector is None:
        return change
    flat = change.reshape(*change.shape[: change.ndim - len(constraint.shape)], -1)
    return ((flat @ projector.read.T) @ projector.control.T).reshape(change.shape)


def drift(constraint: Constraint, weights: Array) -> Array:
    """Velocity f(w) (..., *shape) [1/s] of weights that are left alone."""
    if constraint.drift_matrix is not None:
        flat = weights.reshape(*weights.shape[: weights.ndim - len(constraint.shape)], -1)
        return (flat @ constraint.drift_matrix.T).reshape(weights.shape)
    return np.zeros_like(weights) if constraint.drift is None else constraint.drift * weights


def clip(constraint: Constraint, weights: Array) -> Array:
    """Weights (..., *shape) within their bounds."""
    return np.minimum(np.maximum(weights, constraint.low), constraint.high)


def narrowed(constraint: Constraint, low: float, high: float) -> Constraint:
    """Constraint with further bounds, those of a rule.

    Raises
    ------
    InputError
        If they leave a weight no value.
    """
    lower, upper = np.maximum(constraint.low, low), np.minimum(constraint.high, high)
    if np.any(lower > upper):
        raise InputError(f"the bounds of the rule, {low:g} … {high:g}, leave a weight no value; change one of them")
    return replace(constraint, low=lower, high=upper)


def check_weights(constraint: Constraint, weights: ArrayLike, name: str = "weights") -> None:
    """Refuse initial weights (..., *shape) outside their bounds.

    Raises
    ------
    InputError
        Naming the first weight that violates them.
    """
    weights = np.asarray(weights, dtype=float)
    bad = ~((weights >= constraint.low) & (weights <= constraint.high))
    if not bad.any():
        return
    where = tuple(int(i) for i in np.argwhere(bad)[0])
    inner = where[len(where) - len(constraint.shape) :]
    low, high = (float(np.broadcast_to(b, constraint.shape)[inner]) for b in (constraint.low, constraint.high))
    raise InputError(
        f"{name}[{', '.join(map(str, where))}] is {weights[where]:g}, outside its bounds {low:g} … {high:g} "
        "(bounds and sign together); start inside, or change them"
    )
