"""Optimal paths over a window: first paths, their meshes, and the best of several families."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from plasticity.optimal.families import families, surroundings
from plasticity.optimal.minimise import minimise_by_gradient, minimise_by_newton
from plasticity.optimal.path import Outcome, PathAction
from plasticity.optimal.running import RunningCost

Array = NDArray[np.float64]
METHODS = {"newton": minimise_by_newton, "gradient": minimise_by_gradient}
QUADRATURES = {"midpoint": 0.5, "left": 0.0}  # where in its interval a cost is taken
ORDERS = {"gauss": 2, "midpoint": 2, "left": 1}  # of the error of J in the step
ACCURACY = 1e-4  # relative error of J at which a mesh that is chosen is fine enough
FINEST = 16_000  # numbers in a path of a chosen mesh
STEP = 0.3  # of the coarsest mesh, in units of the fastest time constant
SIGHT = 30.0  # horizons 1/γ whose costs are above rounding
ROUGH = (1e-3, 40)  # tolerance and iterations by which families are compared
TIE = 1e-4  # relative difference of J below which two families lead to the same path
FINALISTS = 3


@dataclass(frozen=True, eq=False)
class Window:
    """The problem of `plan`: costs, discount, length, quadrature, free or fixed end, and how it is minimised.

    The quadrature "gauss" is the one-point rule with the weight ``e^{−γt}``, exact for costs that are linear in time:

        W = ∫ e^{−γt} dt ,   (s − t_i)/h = 1/γh − 1/(e^{γh} − 1)

    Its step has to resolve the motion, not the discount.
    """

    cost: RunningCost
    discount: float
    duration: float
    quadrature: str
    free_end: bool
    method: str
    tolerance: float
    n_iterations: int

    def action(self, n_intervals: int) -> PathAction:
        """Action on an even mesh."""
        step = self.duration / n_intervals
        exact = self.quadrature == "gauss"
        middle = _centre(self.discount * step) if exact else QUADRATURES[self.quadrature]
        return PathAction(self.cost, self.discount, step, middle, self.free_end, exact_weights=exact)

    def minimise(self, path: Array) -> Outcome:
        """Best path near a first one, on its mesh.

        Of costs that weigh less than rounding nothing can be seen. So a long window is solved in pieces of `SIGHT`
        horizons, each from the middle of the one before, where the end of that is felt with e^{−SIGHT/2} only.
        """
        n_intervals = len(path) - 1
        piece = n_intervals
        if self.discount * self.duration > SIGHT:
            piece = max(2, int(np.ceil(n_intervals * SIGHT / (self.discount * self.duration))))
        path, begin, outcomes = path.copy(), 0, []
        while begin == 0 or begin + piece - piece // 2 < n_intervals:
            end = min(begin + piece, n_intervals)
            action = replace(self.action(n_intervals), free_end=self.free_end or end < n_intervals)
            outcome = METHODS[self.method](action, path[begin : end + 1], self.tolerance, self.n_iterations)
            path[begin : end + 1] = outcome.path
            outcomes.append(outcome)
            begin += piece // 2
        return Outcome(
            path,
            self.action(n_intervals).value(path)[0],
            all(outcome.converged for outcome in outcomes),
            sum(outcome.iterations for outcome in outcomes),
            max(outcome.gradient_norm for outcome in outcomes),
        )

    def first_mesh(self, points: Array) -> int:
        """Intervals that resolve the fastest motion near some points (k, n); 100 where there is no Hessian."""
        if getattr(self.cost.landscape, "hessian", None) is None or self.method != "newton":
            return 100
        fastest = max(motion_rates(self.cost, self.discount, point).max() for point in points)
        if self.quadrature != "gauss":
            fastest = max(fastest, self.discount)
        return int(np.clip(np.ceil(self.duration * fastest / STEP), 64, FINEST // (4 * points.shape[1])))

    def refine(self, path: Array) -> tuple[Outcome, float]:
        """Halve the step of a first path until the estimated error of J is small, or the mesh is the finest."""
        outcome, error = self.minimise(path), np.inf
        while outcome.converged and error > ACCURACY and 2 * outcome.path.size <= FINEST:
            coarse, outcome = outcome, self.minimise(resampled(outcome.path, 2 * len(outcome.path) - 1))
            error = self._error(outcome, coarse)
        return outcome, error

    def estimate(self, outcome: Outcome) -> float:
        """Relative error of J by its change on twice the step; NaN with fewer than five points."""
        n_intervals = (len(outcome.path) - 1) // 2
        if n_intervals < 2:
            return np.nan
        return self._error(outcome, self.minimise(resampled(outcome.path, n_intervals + 1)))

    def search(self, start: Array, n_points: int | None, seed: int = 0) -> tuple[str, Array, int, int]:
        """Family with the least action, its path, how many families were compared, and how many passes there are."""
        around = surroundings(self.cost.landscape, start, seed)
        minima = np.array([start, *(point.position for point in around.minima)])
        n_points = n_points or self.first_mesh(minima) + 1
        share = np.linspace(0.0, 1.0, n_points)
        first = [("rest at the start", np.repeat(start[None], n_points, axis=0))]
        for family in families(self.cost.landscape, start, around, seed):
            for portion in self._portions(family.line[-1]):
                first.append((family.name, resampled(family.line, n_points, np.minimum(share / portion, 1.0))))
        rough = replace(self, tolerance=ROUGH[0], n_iterations=ROUGH[1])
        tried = [(name, rough.minimise(path)) for name, path in first if self._finite(path)]
        distinct: list[tuple[str, Outcome]] = []
        for name, outcome in tried:
            same = (abs(outcome.action - other.action) <= TIE * self._scale(other) for _, other in distinct)
            if np.isfinite(outcome.action) and not any(same):
                distinct.append((name, outcome))
        distinct = sorted(distinct, key=lambda one: one[1].action)[:FINALISTS]
        final = [(name, self.minimise(outcome.path)) for name, outcome in distinct]
        name, best = min(final, key=lambda one: (not one[1].converged, one[1].action))
        return name, best.path, len({name for name, _ in first}), len(around.passes)

    def _portions(self, goal: Array) -> list[float]:
        """Shares of the window in which a first path goes all its way: all of it, and as fast as its goal attracts."""
        fast = 4 / max(float(motion_rates(self.cost, self.discount, goal).min()), 1e-300) / self.duration
        return [1.0, fast] if fast < 0.7 else [1.0]

    def _finite(self, path: Array) -> bool:
        return bool(np.isfinite(self.action(len(path) - 1).value(path)[0]))

    def _scale(self, outcome: Outcome) -> float:
        """Sum of the magnitudes of the terms of J; where they vanish, a trifle of the same motion without drift."""
        action = self.action(len(outcome.path) - 1)
        return max(action.value(outcome.path)[1], 1e-6 * replace(action, cost=self._undrifting).value(outcome.path)[1])

    @cached_property
    def _undrifting(self) -> RunningCost:
        return replace(self.cost, drift=0.0)

    def _error(self, fine: Outcome, coarse: Outcome) -> float:
        scale = self._scale(fine)
        ratio = (len(fine.path) - 1) / (len(coarse.path) - 1)
        change = abs(fine.action - coarse.action) / (ratio ** ORDERS[self.quadrature] - 1)
        return change / scale if scale > 0 else 0.0


def resampled(path: Array, n_points: int, share: Array | None = None) -> Array:
    """Path (n_points, n) by linear interpolation of one (k, n), at even shares of its points or at these."""
    share = np.linspace(0.0, 1.0, n_points) if share is None else share
    at = np.linspace(0.0, 1.0, len(path))
    return np.stack([np.interp(share, at, column) for column in path.T], axis=1)


def motion_rates(cost: RunningCost, discount: float, point: Array) -> Array:
    """Rates ``√(γ²/4 + ηk|v|) − γ/2`` [1/s] (n,) of optimal motion near a point, v the eigenvalues of G⁻¹H."""
    hessian = cost.loss_weight * cost.plasticity * cost.landscape.hessian(point)
    square = np.abs(eigh(hessian, cost.metric_matrix(point), eigvals_only=True))
    return square / (discount / 2 + np.sqrt(discount**2 / 4 + square) + 1e-300)


def _centre(x: float) -> float:
    """Mean of t/h in an interval of length h with the weight e^{−xt/h}."""
    return 0.5 - x / 12 if x < 1e-3 else 1 / x - 1 / np.expm1(min(x, 700.0))
