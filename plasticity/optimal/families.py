"""First paths of a search for the optimal path of a window, one per family of paths that lead elsewhere.

A direct minimisation finds the best path near its first one. The families are: rest, the way down, straight lines to
every minimum, paths over the passes (`plasticity.optimal.passes`), and seeded bends of the straight lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticity.optimal.passes import (
    Pass,
    StationaryPoint,
    chains,
    descent,
    evenly_spaced,
    links,
    stationary_points,
)

Array = NDArray[np.float64]
FAR = 6.0  # units of θ that a search looks beyond its start
ROUNDS = 4  # of a search in a box that grows with what it holds
MOST_MINIMA = 12  # nearest ones that are tried
MOST_CHAINS = 3  # ways to each of them, those with the lowest saddle first
BENDS = 2  # seeded bends of each straight line
GUIDE = 101  # points of a first path


@dataclass(frozen=True, eq=False)
class Family:
    """A first path, and what it is called.

    Parameters
    ----------
    name : str
        Such as ``"over the saddle (-0.127, 0) to the minimum (1.06, 0)"``.
    line : (k, n) array
        Points at equal distances.
    """

    name: str
    line: Array


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Stationary points around a start and the passes between the minima."""

    points: tuple[StationaryPoint, ...]
    passes: tuple[Pass, ...]

    @property
    def minima(self) -> tuple[StationaryPoint, ...]:
        """Minima, lowest loss first."""
        return tuple(point for point in self.points if point.index == 0)

    @property
    def saddles(self) -> tuple[StationaryPoint, ...]:
        """Saddles with one direction in which the loss falls, lowest loss first."""
        return tuple(point for point in self.points if point.index == 1)


def surroundings(landscape: Any, start: Array, seed: int = 0) -> Surroundings:
    """Stationary points and passes around some points (k, n), in a box that grows with what it holds.

    The first boxes reach 1 and `FAR` beyond the points; the next ones beyond every stationary point so far.
    """
    start = np.atleast_2d(start)
    n_starts = int(np.clip(3000 / start.shape[1] ** 2, 20, 300))
    far = np.vstack([start, start - FAR / 3, start + FAR / 3])
    box = np.vstack([start, *(p.position for p in stationary_points(landscape, far, n_starts, seed))])
    points: tuple[StationaryPoint, ...] = ()
    for turn in range(ROUNDS):
        more = stationary_points(landscape, box, n_starts, seed + turn)
        if len(more) <= len(points):
            break
        points, box = more, np.vstack([start, *(point.position for point in more)])
    return Surroundings(points, links(landscape, points))


def families(landscape: Any, start: Array, around: Surroundings, seed: int = 0) -> list[Family]:
    """Families of paths from a start, those that move; rest is none of them."""
    random = np.random.default_rng(seed)
    distance = [float(np.linalg.norm(minimum.position - start)) for minimum in around.minima]
    nearest = [around.minima[i] for i in np.argsort(distance)[:MOST_MINIMA]]
    size = max(distance, default=1.0) or 1.0
    down = descent(landscape, start, 1e-3 * size)
    home = min(nearest, key=lambda m: float(np.linalg.norm(m.position - down[-1])), default=None)
    result: list[Family] = []

    def add(name: str, line: NDArray[np.floating]) -> None:
        if np.ptp(line, axis=0).max() > 0:
            result.append(Family(name, np.asarray(evenly_spaced(line, GUIDE), dtype=np.float64)))

    for minimum in nearest:
        goal, words = minimum.position, f"to the minimum {_words(minimum.position)}"
        if minimum is home:
            add(f"descent {words}", np.vstack([down, goal]))
        elif home is not None:
            ways = sorted(chains(around.passes, home.position, goal), key=_highest)
            for way in ways[:MOST_CHAINS]:
                line = np.vstack([start, *(link.path for link in way)])
                over = ", ".join(_words(link.saddle.position) for link in way)
                add(f"over the saddle {over} {words}", line)
        add(f"straight {words}", np.stack([start, goal]))
        if start.size > 1 and minimum is not home:
            for _ in range(BENDS):
                add(f"bend {words}", _bend(start, goal, random))
    return result


def _highest(way: tuple[Pass, ...]) -> float:
    return max(link.saddle.loss for link in way)


def _bend(start: Array, goal: Array, random: np.random.Generator) -> Array:
    """Arc from a start to a goal, bent by about half its length in a random direction across it."""
    along = goal - start
    across = random.standard_normal(start.size)
    across -= (across @ along) / (along @ along) * along
    across *= np.linalg.norm(along) * random.uniform(0.3, 0.8) / np.linalg.norm(across)
    share = np.linspace(0.0, 1.0, GUIDE)[:, None]
    return start + share * along + np.sin(np.pi * share) * across


def _words(point: NDArray[np.floating]) -> str:
    shown = [f"{value:.3g}" for value in np.round(point[:4], 6) + 0.0]
    return "(" + ", ".join([*shown, "…"] if point.size > 4 else shown) + ")"
