"""Optimal velocity on a local quadratic model without any matrix: the Lanczos process on products Hv.

With gradient g, curvature H and metric G at θ, and no drift, the velocity of the Riccati equation is a function of one
operator, which is symmetric in the metric:

    θ̇ = −f(G⁻¹H) G⁻¹g ,   f(h) = R(h)/h = ηk / (γ/2 + sqrt(γ²/4 + ηkh))

The Lanczos process finds it from a few products. Negative curvature counts as 0, as in a synapse. A learner that looks
every Δt jumps by −φ(G⁻¹H) G⁻¹g, with φ from the discrete Riccati equation (`plasticity.optimal.discrete`): on a
quadratic loss it never overshoots, however large the curvature.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.dataset import make_dataset
from plasticity.errors import DivergedError, InputError
from plasticity.landscapes import MatrixFree
from plasticity.objective import Metric, Objective
from plasticity.optimal.discrete import jump_per_slope
from plasticity.optimal.linear_quadratic import is_short_horizon
from plasticity.optimal.policy import described
from plasticity.support.checks import require_array, require_number, require_record, require_whole

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
N_PRODUCTS, TOLERANCE = 25, 0.01
FORGETS = 40.0  # γΔt from which on e^{−γΔt} is 0 beside 1
LAG = 5  # products over which the change of the velocity is the estimate of its error


@dataclass(frozen=True)
class Motion:
    """Velocity at one point, and what it took.

    Parameters
    ----------
    velocity : (n,) array
        θ̇ [θ/s].
    error : float
        Estimate of the relative error in the norm of the metric: the change by the last five products.
    discount : float
        γ [1/s] of the velocity: the effective one, where the products do not resolve that of the objective.
    n_products : int
        Products Hv.
    """

    velocity: Array
    error: float
    discount: float
    n_products: int


@dataclass(frozen=True, eq=False)
class KrylovPolicy:
    """Optimal policy on a large landscape, made by `solve`.

    Parameters
    ----------
    objective : Objective
    landscape : MatrixFree
    n_products : int
        Most products Hv per step.
    tolerance : float
        Relative error at which a step needs no more products. Where they do not suffice, the velocity is that of the
        smallest discount whose error estimate is below the tolerance: a shorter horizon, stated in `Motion.discount`.
    step : float or None
        Time Δt [s] between looks; the velocity times Δt is then the best jump. None for continuous time.
    """

    objective: Objective
    landscape: MatrixFree
    n_products: int
    tolerance: float
    step: float | None = None

    def motion(self, theta: ArrayLike) -> Motion:
        """Velocity at θ (n,) with its error, its effective discount and the number of products."""
        theta = require_array("theta", theta, (self.landscape.n,))
        space = _Space(self.objective, self.landscape, theta)
        gradient = require_array("gradient_function", self.landscape.gradient(theta), theta.shape)
        if is_short_horizon(self.objective.discount):
            velocity = -self.objective.plasticity * self.objective.loss_weight * space.solve(gradient)
            return Motion(velocity, 0.0, np.inf, 0)
        return _motion(self, space, gradient)

    def velocity(self, theta: ArrayLike) -> Array:
        """θ̇ (n,) at θ (n,) [θ/s]; a warning states an effective discount above that of the objective, or an error."""
        motion = self.motion(theta)
        if motion.error > self.tolerance:
            warnings.warn(
                f"{self.n_products} products leave a relative error of about {motion.error:.2g}; use more n_products, "
                "or a smaller step",
                stacklevel=2,
            )
        if motion.discount > self.objective.discount:
            warnings.warn(
                f"{self.n_products} products do not resolve the discount {self.objective.discount}: the velocity is "
                f"that of {motion.discount:.3g} 1/s; use more n_products",
                stacklevel=2,
            )
        return motion.velocity

    def trajectory(self, start: ArrayLike, n_steps: int, dt: float, record_every: int = 1) -> xr.Dataset:
        """Euler steps of the policy from a start (n,).

        Returns
        -------
        xarray.Dataset
            ``theta(time, parameter)``, ``loss(time)``; of every step ``error``, ``effective_discount`` and
            ``n_products``, each (step,).

        Raises
        ------
        DivergedError
            If a parameter leaves the finite numbers.
        """
        theta = require_array("start", start)
        n_steps, every = require_whole("n_steps", n_steps, low=1), require_whole("record_every", record_every, low=1)
        dt = require_number("dt", dt, low=0, exclusive=True, unit="s")
        if self.step is not None and dt != self.step:
            raise InputError(f"dt must be the step {self.step:g} s of the policy, got {dt:g}")
        steps, path = [0], [theta]
        motions = np.empty((n_steps, 3))
        for step in range(n_steps):
            motion = self.motion(theta)
            motions[step] = motion.error, motion.discount, motion.n_products
            theta = theta + dt * motion.velocity
            if not np.all(np.isfinite(theta)):
                raise DivergedError("theta", (step + 1) * dt, "use a smaller dt")
            if (step + 1) % every == 0 or step + 1 == n_steps:
                steps.append(step + 1)
                path.append(theta)
        return make_dataset(
            {
                "theta": (("time", "parameter"), np.array(path), "1", "parameters θ"),
                "loss": ("time", np.array([float(self.landscape.loss(each)) for each in path]), "1", "loss"),
                "error": ("step", motions[:, 0], "1", "estimate of the relative error of the velocity"),
                "effective_discount": ("step", motions[:, 1], "Hz", "discount that the products resolve"),
                "n_products": ("step", motions[:, 2].astype(int), "1", "products of the curvature with a vector"),
            },
            {
                "time": ("time", dt * np.array(steps), "s", "time"),
                "parameter": ("parameter", np.arange(theta.size), "1", "index of the parameter"),
                "step": ("step", np.arange(n_steps), "1", "index of the step"),
            },
            title="optimal policy by products of the curvature",
            rule="optimal linear-quadratic policy at every point",
            engine="Lanczos process",
            parameters=described(self.objective),
            references=("vastola_2025", "higham_2008"),
        )


def krylov_policy(
    objective: Objective,
    landscape: MatrixFree,
    n_products: int | None = None,
    tolerance: float | None = None,
    step: float | None = None,
) -> KrylovPolicy:
    """Policy on a landscape that is known by products; see `plasticity.solve`.

    Raises
    ------
    InputError
        If the objective has a drift, a control matrix or a hazard, whose Riccati equation is no function of one
        operator, or the discount is symbolic.
    """
    require_record("objective", objective, Objective)
    require_record("landscape", landscape, MatrixFree)
    for name, neutral in (("drift", None), ("control", None), ("task_prior", None), ("hazard", 0.0)):
        if getattr(objective, name) is not neutral and getattr(objective, name) != neutral:
            raise InputError(
                f"{name} must be left out for a MatrixFree landscape: with it the velocity is no function of G⁻¹H "
                "alone, and the Riccati equation needs matrices; use a Quadratic landscape"
            )
    if getattr(objective.discount, "free_symbols", None):
        raise InputError(f"discount must be a number or oo for `solve`, got {objective.discount}")
    metric = objective.metric
    if callable(metric) or np.ndim(metric) == 2:
        raise InputError(
            "metric must be a number, a diagonal or a plasticity.metrics.Metric for a MatrixFree landscape"
        )
    size = metric.n if isinstance(metric, Metric) else len(metric) if np.ndim(metric) == 1 else None
    if size not in (None, landscape.n):
        raise InputError(f"metric has {size} parameters, the landscape {landscape.n}")
    most = N_PRODUCTS if n_products is None else require_whole("n_products", n_products, low=LAG + 1)
    error = TOLERANCE if tolerance is None else require_number("tolerance", tolerance, low=0, exclusive=True)
    if step is not None:
        require_number("step", step, low=0, exclusive=True, unit="s")
        if is_short_horizon(objective.discount):
            raise InputError("step must be left out at discount oo, where the velocity does not depend on it")
    return KrylovPolicy(objective, landscape, most, error, step)


class _Space:
    """Parameter space at one point: products with H and solutions with G."""

    def __init__(self, objective: Objective, landscape: MatrixFree, theta: Array) -> None:
        self.metric, self.landscape, self.theta = objective.metric, landscape, theta

    def product(self, v: Array) -> Array:
        return require_array("product_function", self.landscape.product(self.theta, v), v.shape)

    def solve(self, v: Array) -> Array:
        if isinstance(self.metric, Metric):
            return self.metric.solve(self.theta, v)
        return v if self.metric is None else v / self.metric


def _motion(policy: KrylovPolicy, space: _Space, gradient: Array) -> Motion:
    """Lanczos process until the estimate of the error is below the tolerance."""
    discount = float(policy.objective.discount)
    basis = _Basis(space, gradient, min(policy.n_products, gradient.size))
    while True:
        coefficients, error = _coefficients(policy, basis, discount)
        if error <= policy.tolerance or basis.is_full:
            break
        basis.extend()
    if error > policy.tolerance:
        discount = _effective_discount(policy, basis, discount)
        coefficients, error = _coefficients(policy, basis, discount)
    return Motion(-basis.combine(coefficients), error, discount, basis.size)


class _Basis:
    """Lanczos vectors, orthonormal in the metric; every one costs a product with H and a solution with G."""

    def __init__(self, space: _Space, gradient: Array, most: int) -> None:
        self.space, self.most = space, most
        direction = space.solve(gradient)
        self.scale = float(np.sqrt(max(float(gradient @ direction), 0.0)))
        self.alpha: list[float] = []
        self.beta: list[float] = []
        self.is_exact = self.scale == 0
        self.vectors = [direction / (self.scale or 1.0)]
        has_metric = direction is not gradient
        self.duals = [gradient / (self.scale or 1.0)] if has_metric else self.vectors  # G times the vectors
        if not self.is_exact:
            self.extend()

    @property
    def size(self) -> int:
        return len(self.alpha)

    @property
    def is_full(self) -> bool:
        return self.is_exact or self.size >= self.most

    def extend(self) -> None:
        """One more product."""
        image = self.space.product(self.vectors[-1])
        self.alpha.append(float(self.vectors[-1] @ image))
        for _ in range(2):  # twice is enough
            for vector, dual in zip(self.vectors, self.duals, strict=True):
                image = image - (vector @ image) * dual
        following = self.space.solve(image)
        norm = float(np.sqrt(max(float(image @ following), 0.0)))
        self.is_exact = norm <= 1e-12 * max(map(abs, self.alpha))
        if not self.is_exact and self.size < self.most:
            self.beta.append(norm)
            self.vectors.append(following / norm)
            if self.duals is not self.vectors:
                self.duals.append(image / norm)

    def tridiagonal(self) -> Array:
        k = self.size
        off = np.diag(self.beta[: k - 1], 1)
        return np.diag(self.alpha) + off + off.T

    def combine(self, coefficients: Array) -> Array:
        combined = np.zeros_like(self.vectors[0])
        for coefficient, vector in zip(coefficients, self.vectors, strict=False):
            combined += self.scale * coefficient * vector
        return combined


def _law(policy: KrylovPolicy, discount: float, curvature: Array) -> Array:
    """f(h) or φ(h)/Δt at curvatures h; negative ones count as 0, and inf is a limit that nothing bounds."""
    objective = replace(policy.objective, discount=discount, metric=None)  # the curvature is G⁻¹H
    h = np.maximum(curvature, 0.0)
    if policy.step is not None:
        return np.asarray(jump_per_slope(objective, h, policy.step) / policy.step, dtype=float)
    strength = objective.plasticity * objective.loss_weight
    with np.errstate(divide="ignore"):
        return np.asarray(strength / (discount / 2 + np.sqrt(discount**2 / 4 + strength * h)))


def _function(policy: KrylovPolicy, tridiagonal: Array, discount: float) -> Array:
    """First column of f(T)."""
    values, vectors = np.linalg.eigh(tridiagonal)
    with np.errstate(invalid="ignore"):
        return np.asarray(vectors @ (_law(policy, discount, values) * vectors[0]))


def _coefficients(policy: KrylovPolicy, basis: _Basis, discount: float) -> tuple[Array, float]:
    """Coefficients of the velocity in the basis and the estimate of its relative error."""
    tridiagonal, k = basis.tridiagonal(), basis.size
    if k == 0:
        return np.zeros(0), 0.0
    present = _function(policy, tridiagonal, discount)
    if basis.is_exact and np.all(np.isfinite(present)):
        return present, 0.0
    if k <= LAG or not np.all(np.isfinite(present)):
        return present, np.inf
    earlier = np.zeros(k)
    earlier[: k - LAG] = _function(policy, tridiagonal[: k - LAG, : k - LAG], discount)
    return present, float(np.linalg.norm(present - earlier) / np.linalg.norm(present))


def _effective_discount(policy: KrylovPolicy, basis: _Basis, low: float) -> float:
    """Smallest discount ≥ `low` whose error estimate is below the tolerance, by bisection of its logarithm.

    `low` if there is none: a jump that forgets all later ones, −(1 + ηkΔt²h)⁻¹g, needs the spectrum too.
    """
    largest = float(np.linalg.eigvalsh(basis.tridiagonal())[-1])
    if largest <= 0:
        raise InputError(
            f"discount must be > 0 here, got {low:g}: the loss has no curvature along its gradient, so that no horizon "
            "bounds the best velocity"
        )
    scale = float(np.sqrt(policy.objective.plasticity * policy.objective.loss_weight * largest))
    below, above = max(low, 1e-9 * scale), scale
    while not _coefficients(policy, basis, above)[1] <= policy.tolerance:
        above *= 2
        if policy.step is not None and above * policy.step > FORGETS:
            return low if _coefficients(policy, basis, low)[1] < np.inf else above
    for _ in range(40):
        middle = float(np.sqrt(below * above))
        fits = _coefficients(policy, basis, middle)[1] <= policy.tolerance
        below, above = (below, middle) if fits else (middle, above)
    return above
