"""Critical discount: the planning horizon from which a learner leaves a local minimum for a deeper one.

On an endless window the learner at θ_L leaves for θ_R exactly if some path has a negative excess action

    E_γ[θ] = ∫ e^{−γt} { θ̇ᵀGθ̇/2η + k (L(θ) − L(θ_L)) } dt < 0 .

Starting later only scales E, so the sign decides. At the critical discount the best path has E = 0 and takes an
infinite time to leave: it is the heteroclinic path between the two minima (a travelling front with the speed γ_c,
muratov_2008).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigh
from scipy.optimize import brentq

from plasticity.errors import InputError
from plasticity.objective import Objective
from plasticity.optimal.cost import running_cost
from plasticity.optimal.minimise import minimise_by_newton
from plasticity.optimal.passes import Pass, chains, evenly_spaced, passes
from plasticity.optimal.path import PathAction
from plasticity.optimal.running import RunningCost
from plasticity.support.checks import checked

Array = NDArray[np.float64]
RESOLUTION = 0.12  # coarsest step, in units of the fastest time constant; two halvings and extrapolation follow
MOST_INTERVALS = 3000  # of the coarsest mesh
SETTLING = 20.0  # decay exponents of E in the window on either side: e^{−20} ~ 2e-9
CLOSE = 1e-5  # relative gradient norm of a path; the error of E is its square
GUIDE = 401  # points of the line along which a search begins
NEAR = 1e-5  # distance from a minimum within which the loss is computed from the curvature


@checked
def critical_discount(objective: Objective, landscape: Any, from_minimum: ArrayLike, to_minimum: ArrayLike) -> float:
    """Discount below which leaving one minimum for a deeper one is optimal.

    ``γ_c = sup { γ : V(θ_L) < kL(θ_L)/γ }``; for any smaller discount (longer horizon) the learner crosses the
    barrier, for any larger one it stays.

    Parameters
    ----------
    objective : Objective
        Plasticity, loss weight and metric; its discount is not used. No drift, no hazard.
    landscape : Landscape
        With loss, gradient and hessian.
    from_minimum, to_minimum : (n,) array
        Minima θ_L and θ_R of the loss (polished by Newton's method), the second one deeper.

    Returns
    -------
    float
        γ_c [1/s], extrapolated over three meshes.

    Raises
    ------
    InputError
        If a point is no minimum, the target is not lower, or the objective has a drift or a hazard.

    Examples
    --------
    >>> from plasticity.landscapes import DoubleWell
    >>> well = DoubleWell()
    >>> round(critical_discount(Objective(0), well, *well.minima), 6)
    0.539031

    References
    ----------
    muratov_2008; vastola_2025.
    """
    return crossings(objective, landscape, from_minimum, to_minimum)[0].discount


@dataclass(frozen=True, eq=False)
class Crossing:
    """One way from a minimum to a deeper one, and the discount below which it pays.

    Parameters
    ----------
    discount : float
        Critical discount of this way [1/s].
    path : (n_points, n) array
        The heteroclinic path at that discount.
    top : (n,) array
        Its point of the highest loss.
    """

    discount: float
    path: Array
    top: Array


@checked
def crossings(
    objective: Objective, landscape: Any, from_minimum: ArrayLike, to_minimum: ArrayLike, seed: int = 0
) -> tuple[Crossing, ...]:
    """Every way between two minima that a search over passes finds, the one with the largest critical discount first.

    The critical discount is the largest over all paths. A search begins with the straight line and with the path of
    steepest descent over every saddle between the two (`plasticity.optimal.passes`); ways that end in the same crossing
    are listed once, and those without convergence are left out.

    Raises
    ------
    InputError
        As `critical_discount` does.

    Examples
    --------
    >>> from plasticity.landscapes import DoubleWell
    >>> [way] = crossings(Objective(0), DoubleWell(), *DoubleWell().minima)
    >>> round(way.discount, 6), way.top.round(1).tolist()
    (0.539031, [-0.1, 0.0])
    """
    if objective.drift is not None and (callable(objective.drift) or np.any(objective.drift)):
        raise InputError("drift must be None for critical_discount: with a drift minima are no rest points; use `plan`")
    if objective.hazard > 0:
        raise InputError(f"hazard must be 0 for critical_discount, got {objective.hazard:g}; use `plan`")
    start = _minimum("from_minimum", landscape, from_minimum)
    end = _minimum("to_minimum", landscape, to_minimum)
    gain = float(landscape.loss(start) - landscape.loss(end))
    if start.shape != end.shape or gain <= 0:
        raise InputError(
            f"to_minimum must be lower than from_minimum, got losses {float(landscape.loss(end)):g} and "
            f"{float(landscape.loss(start)):g}; exchange them"
        )
    links = passes(landscape, np.stack([start, end]), seed=seed)
    direct = [chain[0].path for chain in chains(links, start, end, most=1)]
    if links and not direct:
        _refuse_stages(chains(links, start, end))
    ways, errors = [], []
    for line in (np.stack([start, end]), *direct):
        guide = np.asarray(evenly_spaced(line, GUIDE), dtype=np.float64)
        try:
            ways.append(_crossing(objective, landscape, start, end, gain, guide))
        except InputError as error:
            errors.append(error)
    if not ways:
        raise errors[0]
    return _different(sorted(ways, key=lambda way: -way.discount))


def _refuse_stages(through: list[tuple[Pass, ...]]) -> None:
    """Refuse minima that are linked through others only."""
    if through:
        between = through[0][0].path[-1]
        raise InputError(
            f"there is a minimum at {np.round(between, 6).tolist()} between from_minimum and to_minimum, and no pass "
            "links them directly; use the critical discount of each stage"
        )


def _different(ways: list[Crossing]) -> tuple[Crossing, ...]:
    """Ways whose critical discounts or highest points differ, in their order."""
    result: list[Crossing] = []
    for way in ways:
        size = np.ptp(way.path, axis=0).max()
        if not any(
            abs(way.discount - other.discount) < 1e-4 * other.discount
            and np.linalg.norm(way.top - other.top) < 0.02 * size
            for other in result
        ):
            result.append(way)
    return tuple(result)


def _crossing(objective: Objective, landscape: Any, start: Array, end: Array, gain: float, guide: Array) -> Crossing:
    """Critical discount of the way near a guide, extrapolated over three meshes."""
    cost = running_cost(objective, _LossAbove(landscape, start), start.size)
    rates = [_rates(cost, point) for point in (start, end)]
    escape = _Escape(cost, start, end, guide, gain * objective.loss_weight, rates[0].min(), rates[1].min())
    escape = replace(escape, discount=_initial_discount(escape))
    fastest = max(rate.max() for rate in rates)
    for _ in range(6):
        step = max(RESOLUTION / fastest, escape.window / MOST_INTERVALS)
        whole, path = _critical_on_mesh(escape, step)
        fits = abs(whole - escape.discount) < 0.05 * whole
        if fits and _settled(path):
            break
        # a flat barrier takes longer than the rates of the minima suggest
        escape = replace(escape, discount=whole, stretch=escape.stretch * (2 if fits else 1))
    else:
        raise InputError("no path connects from_minimum and to_minimum directly; is there a minimum in between?")
    half, path = _critical_on_mesh(escape, step / 2, whole, path)
    quarter, path = _critical_on_mesh(escape, step / 4, half, path)
    once = (4 * half - whole) / 3, (4 * quarter - half) / 3  # errors are even powers of the step
    discount = float((16 * once[1] - once[0]) / 15)
    return Crossing(discount, path, path[np.argmax(landscape.loss(path))])


def _settled(path: Array) -> bool:
    """Whether the path is at rest at both ends."""
    speed = np.linalg.norm(np.diff(path, axis=0), axis=1)
    return max(speed[0], speed[-1]) < 1e-4 * speed.max()


def _rates(cost: RunningCost, point: Array) -> Array:
    """Rates √(ηk eig(G⁻¹H)) [1/s] at which an undiscounted path leaves or enters a minimum."""
    hessian = cost.loss_weight * cost.plasticity * cost.landscape.hessian(point)
    return np.sqrt(eigh(hessian, cost.metric_matrix(point), eigvals_only=True))


def _minimum(name: str, landscape: Any, guess: ArrayLike) -> Array:
    """Polish a point to the minimum near it."""
    guess = np.array(guess, dtype=float)
    if guess.ndim != 1 or not np.all(np.isfinite(guess)):
        raise InputError(f"{name} must be finite numbers of shape (n,), got {guess.tolist()}")
    point = guess
    for _ in range(20):
        hessian = landscape.hessian(point)
        lowest = np.linalg.eigvalsh(hessian)
        if lowest[0] <= 1e-10 * max(abs(lowest[-1]), 1e-300):
            raise InputError(
                f"{name} must be a minimum with positive curvature, but at {np.round(point, 6).tolist()} the lowest "
                f"curvature is {lowest[0]:g}; give another point"
            )
        step = np.linalg.solve(hessian, landscape.gradient(point))
        point = point - step
        if np.linalg.norm(step) <= 1e-13 * (1 + np.linalg.norm(point)):
            break
    if np.linalg.norm(point - guess) > 1e-2 * (1 + np.linalg.norm(guess)):
        raise InputError(f"{name} must be a minimum, got {guess.tolist()}; the nearest is {point.tolist()}")
    return point


@dataclass(frozen=True, eq=False)
class _LossAbove:
    """Loss above that of the first minimum, computed from the curvature near it.

    The path near its start has the largest weight and the smallest loss: a difference of losses would be rounding.
    """

    landscape: Any
    minimum: Array

    def loss(self, theta: Array) -> Array:
        """Loss above the minimum, at θ (..., n)."""
        away, near = self._away(theta)
        level = self.landscape.loss(self.minimum)
        curved = 0.5 * np.einsum("...i,ij,...j->...", away, self.landscape.hessian(self.minimum), away)
        return np.where(near, curved, self.landscape.loss(theta) - level)

    def gradient(self, theta: Array) -> Array:
        """∂L/∂θ at θ (..., n)."""
        away, near = self._away(theta)
        curved = away @ self.landscape.hessian(self.minimum)
        return np.where(near[..., None], curved, self.landscape.gradient(theta))

    def hessian(self, theta: Array) -> Array:
        """∂²L/∂θ² at θ (..., n)."""
        return self.landscape.hessian(theta)

    def _away(self, theta: Array) -> tuple[Array, NDArray[np.bool_]]:
        away = theta - self.minimum
        return away, np.linalg.norm(away, axis=-1) < NEAR * (1 + np.linalg.norm(self.minimum))


@dataclass(frozen=True, eq=False)
class _Escape:
    """The two minima, the saving per second in the second one, and the window around the crossing.

    E decays at the rate √(γ² + 4r²) on either side, r the slowest rate of that minimum.
    """

    cost: RunningCost
    start: Array
    end: Array
    guide: Array
    saving: float
    slowest_before: float
    slowest_after: float
    discount: float = 0.0
    stretch: float = 1.0

    @property
    def before(self) -> float:
        """Length of the window before the crossing [s]."""
        return self.stretch * SETTLING / np.hypot(self.discount, 2 * self.slowest_before)

    @property
    def window(self) -> float:
        """Length of the whole window [s]."""
        return self.before + self.stretch * SETTLING / np.hypot(self.discount, 2 * self.slowest_after)


@dataclass(frozen=True, eq=False)
class _PinnedAction(PathAction):
    """Action with one point held near a plane by a spring, which fixes the time of the crossing.

    At the critical discount the action does not depend on that time: the spring is slack and adds no bias.
    """

    point: int
    normal: Array
    place: float
    stiffness: float

    def value(self, path: Array) -> tuple[float, float]:
        spring = 0.5 * self.stiffness * self._off(path) ** 2
        value, scale = super().value(path)
        return value + spring, scale + spring

    def gradient(self, path: Array) -> Array:
        gradient = super().gradient(path)
        gradient[self.point] += self.stiffness * self._off(path) * self.normal
        return gradient

    def curvature(self, path: Array) -> tuple[Array, Array]:
        diagonal, onward = super().curvature(path)
        diagonal[self.point] += self.stiffness * np.outer(self.normal, self.normal)
        return diagonal, onward

    def _off(self, path: Array) -> float:
        return float(path[self.point] @ self.normal - self.place)


def _critical_on_mesh(
    escape: _Escape, step: float, near: float | None = None, path: Array | None = None
) -> tuple[float, Array]:
    """Discount at which the best crossing has E = 0 on a mesh of this step, and its path."""
    n_intervals = int(np.ceil(escape.window / step))
    crossing = round(n_intervals * escape.before / escape.window)
    step = escape.window / n_intervals
    guess = _first_path(escape, n_intervals, crossing, step) if path is None else _resampled(path, n_intervals)
    best = {"path": guess}

    def balance(discount: float) -> float:
        action = _pinned(escape, discount, step, crossing)
        outcome = minimise_by_newton(action, best["path"], 1e-8, 60)
        tail = escape.saving / discount * np.exp(-discount * step * n_intervals)
        share = (outcome.action - tail) / (action.value(outcome.path)[1] + tail)
        if share < 0:  # one path with E < 0 suffices
            best["path"] = outcome.path
        elif outcome.gradient_norm > max(CLOSE, 0.03 * np.sqrt(share)):
            raise InputError(
                f"no convergence to a path from from_minimum to to_minimum at discount={discount:g} (relative gradient "
                f"norm {outcome.gradient_norm:.2g}); is the loss smooth between them?"
            )
        return share

    low, high = _bracket(balance, near or escape.discount)
    return brentq(balance, low, high, xtol=1e-13, rtol=1e-12), best["path"]


def _bracket(balance: Callable[[float], float], near: float) -> tuple[float, float]:
    """Discounts below and above the critical one, approached from below."""
    low, factor = near, 0.98
    while balance(low) >= 0:
        low, factor = low * factor, factor**2
        if low < 1e-8 * near:
            raise InputError("staying in from_minimum is optimal at any discount; are the two minima connected?")
    high, factor = low * 1.02, 1.02
    while balance(high) < 0:
        low, high, factor = high, high * factor**2, min(factor**2, 2.0)
    return low, high


def _pinned(escape: _Escape, discount: float, step: float, crossing: int) -> _PinnedAction:
    ridge, normal = _ridge(escape)
    inertia = normal @ np.mean(np.atleast_3d(escape.cost.metric_matrix(escape.start)), axis=-1) @ normal
    weight = step * np.exp(-discount * (step * (crossing + 0.5)))
    stiffness = weight * inertia / (escape.cost.plasticity * step**2)
    place = float(escape.guide[ridge] @ normal)
    return _PinnedAction(escape.cost, discount, step, 0.5, False, crossing, normal, place, stiffness)


def _ridge(escape: _Escape) -> tuple[int, Array]:
    """Index of the highest point of the guide, and the direction of the guide there."""
    ridge = int(np.clip(np.argmax(escape.cost.landscape.loss(escape.guide)), 1, GUIDE - 2))
    along = escape.guide[ridge + 1] - escape.guide[ridge - 1]
    return ridge, along / np.linalg.norm(along)


def _first_path(escape: _Escape, n_intervals: int, crossing: int, step: float) -> Array:
    """Smooth step along the guide from one minimum to the other that crosses the ridge on time."""
    share = np.clip(_ridge(escape)[0] / (GUIDE - 1), 0.05, 0.95)
    times = step * (np.arange(n_intervals + 1) - crossing)
    width = 1 / max(escape.slowest_before, escape.slowest_after)
    rise = 1 / (1 + (1 - share) / share * np.exp(-np.clip(times / width, -500, 500)))
    rise[0], rise[-1] = 0.0, 1.0
    known = np.linspace(0.0, 1.0, GUIDE)
    return np.stack([np.interp(rise, known, column) for column in escape.guide.T], axis=1)


def _initial_discount(escape: _Escape) -> float:
    """Discount from the balance ``γ ∫ θ̇ᵀGθ̇ dt = ηk (L(θ_L) − L(θ_R))`` along a smooth step."""
    steps = np.diff(escape.guide, axis=0)
    metric = escape.cost.metric_matrix(escape.start)
    length = float(np.sum(np.sqrt(np.einsum("ki,ij,kj->k", steps, metric, steps))))
    width = 1 / max(escape.slowest_before, escape.slowest_after)
    return float(6 * width * escape.cost.plasticity * escape.saving / length**2)


def _resampled(path: Array, n_intervals: int) -> Array:
    share, known = np.linspace(0, 1, n_intervals + 1), np.linspace(0, 1, len(path))
    return np.stack([np.interp(share, known, column) for column in path.T], axis=1)
