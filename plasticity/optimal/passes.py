"""Minima of a loss, the saddles that link them, and paths over these passes: where a search for optimal paths begins.

A direct minimisation of the action finds the best path near the one it begins with. On a landscape with several minima
there is one family of paths for every chain of passes, so each of them is tried. What a search finds depends on its box
and on the number of seeded starts: nothing proves that the list of points is complete.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.errors import InputError

Array = NDArray[np.floating]
SAME = 1e-5  # distance, in units of the box, within which two points are one
STEPS = 60  # of Newton's method
FARTHEST = 100.0  # units of θ that a descent may go; some losses fall without end
FLAT = 1e-9  # curvature, relative to the largest, that is none


@dataclass(frozen=True, eq=False)
class StationaryPoint:
    """Point with a vanishing gradient.

    Parameters
    ----------
    position : (n,) array
    loss : float
    index : int
        Number of directions in which the loss falls: 0 at a minimum, 1 at a pass.
    """

    position: Array
    loss: float
    index: int


@dataclass(frozen=True, eq=False)
class Pass:
    """A saddle between two minima, with the path of steepest descent to both.

    Parameters
    ----------
    saddle : StationaryPoint
    ends : (StationaryPoint, StationaryPoint)
        Minima on either side.
    path : (n_points, n) array
        From the first minimum over the saddle to the second.
    """

    saddle: StationaryPoint
    ends: tuple[StationaryPoint, StationaryPoint]
    path: Array


def stationary_points(
    landscape: Any, points: ArrayLike, n_starts: int = 300, seed: int = 0
) -> tuple[StationaryPoint, ...]:
    """Minima and saddles of a loss in a box around some points, by Newton's method from seeded starts.

    Parameters
    ----------
    landscape : Landscape
        With gradient and hessian, batched over leading axes.
    points : (k, n) array
        Starts fill a box: what the points span, enlarged by its longest side (at least 1) in every direction.
    n_starts : int
    seed : int

    Returns
    -------
    tuple of StationaryPoint
        Lowest loss first.

    Examples
    --------
    >>> from plasticity.landscapes import DoubleWell
    >>> [(p.index, *p.position.round(3).tolist()) for p in stationary_points(DoubleWell(), [[-1.0, 0.0], [1.0, 0.0]])]
    [(0, 1.057, 0.0), (0, -0.93, 0.0), (1, -0.127, 0.0)]
    """
    points = np.atleast_2d(np.asarray(points, dtype=float))
    low, high = points.min(axis=0), points.max(axis=0)
    size = max(float((high - low).max()), 1.0)
    low, high = low - size, high + size
    x = np.vstack([points, np.random.default_rng(seed).uniform(low, high, (n_starts, points.shape[1]))])
    longest = 0.1 * float(np.linalg.norm(high - low))
    for _ in range(STEPS):
        step = _newton_step(landscape, x)
        length = np.linalg.norm(step, axis=1, keepdims=True)
        x = x - step * np.minimum(1.0, longest / np.maximum(length, 1e-300))
    inside = np.all((x >= low - size) & (x <= high + size), axis=1)
    still = np.linalg.norm(_newton_step(landscape, x), axis=1) < 1e-9 * longest
    return _distinct(landscape, x[inside & still], SAME * longest)


def passes(landscape: Any, points: ArrayLike, n_starts: int = 300, seed: int = 0) -> tuple[Pass, ...]:
    """Every pass between minima that `stationary_points` finds, lowest saddle first.

    Examples
    --------
    >>> from plasticity.landscapes import DoubleWell
    >>> [found] = passes(DoubleWell(), DoubleWell().minima)
    >>> found.path[[0, -1]].round(3).tolist()
    [[-0.93, 0.0], [1.057, 0.0]]
    """
    return links(landscape, stationary_points(landscape, points, n_starts, seed))


def links(landscape: Any, points: tuple[StationaryPoint, ...]) -> tuple[Pass, ...]:
    """Every pass between these minima over one of these saddles, lowest saddle first."""
    minima = [p for p in points if p.index == 0]
    result = []
    for saddle in (p for p in points if p.index == 1):
        direction = np.linalg.eigh(landscape.hessian(saddle.position))[1][:, 0]
        direction = direction * (1 if direction[np.argmax(np.abs(direction))] > 0 else -1)
        nudge = 1e-4 * (1 + float(np.linalg.norm(saddle.position)))
        sides = [descent(landscape, saddle.position + sign * nudge * direction, 1e-3 * nudge) for sign in (-1.0, 1.0)]
        ends = [_nearest(minima, side[-1]) for side in sides]
        if None not in ends:
            path = np.vstack([sides[0][::-1], saddle.position[None], sides[1]])
            path[0], path[-1] = ends[0].position, ends[1].position  # type: ignore[union-attr]
            result.append(Pass(saddle, (ends[0], ends[1]), path))  # type: ignore[arg-type]
    return tuple(result)


def chains(links: tuple[Pass, ...], start: ArrayLike, end: ArrayLike, most: int = 3) -> list[tuple[Pass, ...]]:
    """Chains of at most `most` passes that lead from one minimum to another, each minimum visited once.

    Every pass of a chain is turned so that its path runs forward.
    """
    goal = np.asarray(end, dtype=float)
    first: tuple[tuple[Pass, ...], Array] = ((), np.asarray(start, dtype=float))
    done: list[tuple[tuple[Pass, ...], Array]] = []
    open_ends = [first]
    for _ in range(most):
        longer: list[tuple[tuple[Pass, ...], Array]] = []
        for chain, at in open_ends:
            visited = [np.asarray(start, dtype=float), *(link.path[-1] for link in chain)]
            for link in links:
                for turned in (link, Pass(link.saddle, link.ends[::-1], link.path[::-1])):
                    there = turned.path[-1]
                    if not np.allclose(turned.path[0], at, atol=1e-4) or any(
                        np.allclose(there, v, atol=1e-4) for v in visited
                    ):
                        continue
                    (done if np.allclose(there, goal, atol=1e-4) else longer).append(((*chain, turned), there))
        open_ends = longer
    return [chain for chain, _ in done]


def evenly_spaced(path: ArrayLike, n_points: int) -> Array:
    """Points at equal distances along a polyline (k, n)."""
    path = np.asarray(path, dtype=float)
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    if length[-1] == 0:
        raise InputError("path must have a length, but all its points are equal")
    at = np.linspace(0.0, length[-1], n_points)
    return np.stack([np.interp(at, length, column) for column in path.T], axis=1)


def _newton_step(landscape: Any, x: Array) -> Array:
    """H⁺g at many points (k, n); flat directions stay where they are, and points without a loss are NaN."""
    with np.errstate(all="ignore"):
        hessian = np.array(landscape.hessian(x))
    defined = np.all(np.isfinite(hessian), axis=(1, 2))
    hessian[~defined] = np.eye(x.shape[1])
    values, vectors = np.linalg.eigh(hessian)
    largest = np.abs(values).max(axis=1, keepdims=True)
    flat = np.abs(values) <= FLAT * np.maximum(largest, 1e-300)
    with np.errstate(all="ignore"):
        along = np.einsum("kij,ki->kj", vectors, landscape.gradient(x))
    along[~defined] = np.nan
    step = np.where(flat, 0.0, along / np.where(flat, 1.0, values))
    return np.einsum("kij,kj->ki", vectors, step)


def _distinct(landscape: Any, x: Array, close: float) -> tuple[StationaryPoint, ...]:
    result: list[StationaryPoint] = []
    for point in x:
        if any(np.linalg.norm(point - other.position) < close for other in result):
            continue
        values = np.linalg.eigvalsh(landscape.hessian(point))
        if np.abs(values).min() > FLAT * np.abs(values).max():  # isolated
            result.append(StationaryPoint(point, float(landscape.loss(point)), int(np.sum(values < 0))))
    return tuple(sorted(result, key=lambda p: p.loss))


def descent(landscape: Any, start: ArrayLike, close: float) -> Array:
    """Points (k, n) of the steepest descent from a point to a minimum, ended within about the distance `close`."""
    from scipy.integrate import solve_ivp

    start = np.asarray(start, dtype=float)
    rate = max(float(np.abs(np.linalg.eigvalsh(landscape.hessian(start))).max()), 1e-12)

    def slope(t: float, x: Array) -> Array:
        return -landscape.gradient(x) / rate

    def arrived(t: float, x: Array) -> float:
        gradient = landscape.gradient(x)
        curved = np.linalg.eigvalsh(landscape.hessian(x))[0] > 0
        return float(np.linalg.norm(gradient) - close * rate) if curved else 1.0

    def lost(t: float, x: Array) -> float:
        return float(np.linalg.norm(x - start) - FARTHEST * (1 + np.linalg.norm(start)))

    arrived.terminal = lost.terminal = True  # type: ignore[attr-defined]
    flow = solve_ivp(slope, (0.0, 1e4), start, "LSODA", events=(arrived, lost), rtol=1e-6, atol=1e-9)
    return flow.y.T


def _nearest(minima: list[StationaryPoint], point: Array) -> StationaryPoint | None:
    """Minimum at a point; None if the descent ended elsewhere, as outside the box."""
    if not minima:
        return None
    closest = min(minima, key=lambda m: float(np.linalg.norm(m.position - point)))
    return closest if np.linalg.norm(closest.position - point) < 1e-2 * (1 + np.linalg.norm(point)) else None
