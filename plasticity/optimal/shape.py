"""A learner that infers the shape of its landscape, g = Hθ + c, exactly, and acts on what it infers.

The posterior over the free entries of a symmetric H and of c is a Gaussian: precision and information add up,

    Λ ← Λ + XᵀX Δt/σ² ,   Λm ← Λm + Xᵀg Δt/σ² ,   g = Xφ + noise ,   φ = (entries of H, c) .

The jump is that of a learner with the expected gradient ĝ = E[Hθ + c] and the curvature ``(E H²)^{1/2}``, the root mean
square, which no uncertainty makes flat or concave: an approximation, because what a movement teaches is not valued
(`plasticity.dual_control` is exact for one weight). Adam replaces ĝ by an average of past gradients, as if moving did
not change them, and E H² by an average of g²; RMSprop takes the last gradient for ĝ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.belief import LandscapeShape
from plasticity.errors import InputError
from plasticity.objective import Objective, constant_matrix
from plasticity.optimal.discrete import jump_per_slope
from plasticity.support.checks import checked, require_number, require_record, require_whole

Array = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class ShapePosterior:
    """Gaussian posterior over the shape of a landscape of n parameters, of one learner or of many (…).

    Parameters
    ----------
    belief : LandscapeShape
    n : int
    precision : tuple of (…, p, p) arrays
        Λ of every group of weights that know each other: entries of H on and above the diagonal, row by row, then c.
    information : tuple of (…, p) arrays
        Λm.

    Examples
    --------
    Two looks without noise at g = 2(θ − 1) show both numbers:

    >>> belief = LandscapeShape(curvature_variance=1e6, intercept_variance=1e6, observation_noise=1e-3)
    >>> seen = shape_posterior(belief, n=1).observe([0.0], [-2.0], dt=1.0).observe([0.5], [-1.0], dt=1.0)
    >>> seen.hessian.round(6).item(), seen.intercept.round(6).item()
    (2.0, -2.0)
    """

    belief: LandscapeShape
    n: int
    precision: tuple[Array, ...]
    information: tuple[Array, ...]

    def observe(self, theta: ArrayLike, gradient: ArrayLike, dt: float) -> ShapePosterior:
        """Posterior after a look of `dt` seconds at the gradient (…, n) at weights θ (…, n)."""
        theta, gradient = np.asarray(theta, dtype=float), np.asarray(gradient, dtype=float)
        weight = require_number("dt", dt, low=0, exclusive=True, unit="s") / self.belief.observation_noise**2
        tau = self.belief.time_constant
        left = 1.0 if tau is None else float(np.exp(-dt / tau))
        start = shape_posterior(self.belief, self.n)
        precision, information = [], []
        for k, group in enumerate(self.groups):
            at = list(group)
            x = _regressors(theta[..., at])
            old = [(s[k] - s_0[k]) * left + s_0[k] for s, s_0 in zip(self._sums, start._sums, strict=True)]
            precision.append(old[0] + weight * np.swapaxes(x, -1, -2) @ x)
            information.append(old[1] + weight * np.einsum("...ij,...i->...j", x, gradient[..., at]))
        return replace(self, precision=tuple(precision), information=tuple(information))

    @cached_property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """Weights that know each other."""
        return self.belief.groups(self.n)

    @property
    def _sums(self) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        return self.precision, self.information

    @cached_property
    def covariance(self) -> tuple[Array, ...]:
        """Covariance (…, p, p) of every group."""
        return tuple(np.linalg.inv(precision) for precision in self.precision)

    @cached_property
    def mean(self) -> tuple[Array, ...]:
        """Mean (…, p) of every group."""
        pairs = zip(self.precision, self.information, strict=True)
        return tuple(np.linalg.solve(precision, seen[..., None])[..., 0] for precision, seen in pairs)

    @property
    def hessian(self) -> Array:
        """Expected H (…, n, n)."""
        blocks = [np.einsum("...a,aij->...ij", m[..., : -len(g)], _basis(len(g))) for m, g in self._grouped]
        return self._assembled(blocks)

    @property
    def intercept(self) -> Array:
        """Expected c (…, n)."""
        out = np.empty((*self.mean[0].shape[:-1], self.n))
        for m, group in self._grouped:
            out[..., list(group)] = m[..., -len(group) :]
        return out

    @property
    def _grouped(self) -> list[tuple[Array, tuple[int, ...]]]:
        return list(zip(self.mean, self.groups, strict=True))

    def gradient(self, theta: ArrayLike) -> Array:
        """Expected gradient ĝ (…, n) at θ (…, n)."""
        return np.einsum("...ij,...j->...i", self.hessian, np.asarray(theta, dtype=float)) + self.intercept

    @property
    def squared_hessian(self) -> Array:
        """E H² (…, n, n): the square of the mean and what is not known."""
        blocks = []
        for (m, group), covariance in zip(self._grouped, self.covariance, strict=True):
            basis = _basis(len(group))
            q = len(basis)
            second = m[..., :q, None] * m[..., None, :q] + covariance[..., :q, :q]
            blocks.append(np.einsum("...ab,aij,bjk->...ik", second, basis, basis))
        return self._assembled(blocks)

    def jump(self, objective: Objective, theta: ArrayLike, dt: float) -> Array:
        """Jump Δ (…, n) at weights θ (…, n) of a learner that looks every `dt` seconds.

        Raises
        ------
        InputError
            If the objective has drift, control, a hazard or a metric that is no number, or no finite discount.
        """
        _plain(objective)
        squares, axes = np.linalg.eigh(self.squared_hessian)
        slope = np.einsum("...ij,...i->...j", axes, self.gradient(theta))
        along = -jump_per_slope(objective, np.sqrt(np.maximum(squares, 0.0)), dt) * slope
        return np.einsum("...ij,...j->...i", axes, along)

    def _assembled(self, blocks: list[Array]) -> Array:
        out = np.zeros((*blocks[0].shape[:-2], self.n, self.n))
        for block, group in zip(blocks, self.groups, strict=True):
            out[..., np.array(group)[:, None], np.array(group)] = block
        return out


@checked
def shape_posterior(belief: LandscapeShape, n: int) -> ShapePosterior:
    """Prior of a learner with n parameters; `ShapePosterior.observe` takes it on.

    Raises
    ------
    InputError
        If prior and n do not fit.
    """
    n = require_whole("n", n, low=1)
    require_record("belief", belief, LandscapeShape)
    curvature = constant_matrix("curvature", belief.curvature, n)
    if belief.intercept.shape not in ((), (n,)):
        raise InputError(f"intercept must be a number or ({n},), one per parameter, got shape {belief.intercept.shape}")
    intercept = np.broadcast_to(belief.intercept, (n,))
    precision, information = [], []
    for group in belief.groups(n):
        at, size = np.array(group), len(group)
        entries = curvature[at[:, None], at][np.triu_indices(size)]
        variances = np.repeat([belief.curvature_variance, belief.intercept_variance], [entries.size, size])
        precision.append(np.diag(1 / variances))
        information.append(np.concatenate([entries, intercept[at]]) / variances)
    return ShapePosterior(belief, n, tuple(precision), tuple(information))


def _basis(n: int) -> Array:
    """Symmetric matrices (n(n + 1)/2, n, n), one per free entry."""
    rows, columns = np.triu_indices(n)
    basis = np.zeros((rows.size, n, n))
    basis[np.arange(rows.size), rows, columns] = basis[np.arange(rows.size), columns, rows] = 1.0
    return basis


def _regressors(theta: Array) -> Array:
    """X (…, n, p) of ``Hθ + c = Xφ``."""
    n = theta.shape[-1]
    by_entry = np.einsum("aij,...j->...ia", _basis(n), theta)
    return np.concatenate([by_entry, np.broadcast_to(np.eye(n), (*theta.shape[:-1], n, n))], axis=-1)


def _plain(objective: Objective) -> None:
    require_record("objective", objective, Objective)
    extra = [name for name in ("drift", "control", "task_prior") if getattr(objective, name) is not None]
    extra += ["hazard"] if objective.hazard else []
    extra += ["metric"] if callable(objective.metric) or np.size(objective.metric) > 1 else []
    if extra:
        raise InputError(f"{extra[0]} must be left out of the objective of a learner of shapes, or be a number")
