"""Design of a sweep: which parameters take which values, as axes whose product is the set of runs."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from plasticity.errors import InputError
from plasticity.support.checks import checked, require_number


@dataclass(frozen=True)
class Axis:
    """One dimension of a sweep: `settings` holds what each step along it sets."""

    name: str
    settings: tuple[Mapping[str, Any], ...]

    def __post_init__(self) -> None:
        if not self.settings:
            raise InputError(f"the sweep has no value of {self.name}; list at least one")

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Parameters that change along the axis."""
        return tuple(dict.fromkeys(key for setting in self.settings for key in setting))


def grid_axes(grid: Mapping[str, Iterable[Any]]) -> tuple[Axis, ...]:
    """One axis per parameter, in the same order.

    Examples
    --------
    >>> [axis.name for axis in grid_axes({"discount": [0, 1], "start": [(0, 0), (1, 1)]})]
    ['discount', 'start']
    """
    axes = []
    for key, values in grid.items():
        if isinstance(values, str) or not isinstance(values, Iterable):
            raise InputError(f"grid[{key!r}] must be a list of values, got {values!r}")
        axes.append(Axis(key, tuple({key: value} for value in values)))
    return tuple(axes)


def list_axis(points: Sequence[Mapping[str, Any]]) -> Axis:
    """Axis ``point``: each step sets several parameters at once, the same ones everywhere.

    Raises
    ------
    InputError
        If two points set different parameters.
    """
    for number, point in enumerate(points):
        if not isinstance(point, Mapping) or set(point) != set(points[0]):
            raise InputError(
                f"points[{number}] must set {', '.join(points[0]) or 'parameters'} like points[0], got {point!r}"
            )
    return Axis("point", tuple(dict(point) for point in points))


def seed_axis(seeds: Iterable[int]) -> Axis:
    """Axis ``seed``."""
    return Axis("seed", tuple({"seed": seed} for seed in seeds))


def steps(axes: Sequence[Axis]) -> Iterator[tuple[tuple[int, ...], dict[str, Any]]]:
    """Index and settings of every run, the last axis fastest.

    Examples
    --------
    >>> list(steps(grid_axes({"a": [1, 2]}) + (seed_axis([7]),)))
    [((0, 0), {'a': 1, 'seed': 7}), ((1, 0), {'a': 2, 'seed': 7})]
    """
    for chosen in itertools.product(*(enumerate(axis.settings) for axis in axes)):
        merged = {key: value for _, setting in chosen for key, value in setting.items()}
        yield tuple(i for i, _ in chosen), merged


@checked
def random_points(ranges: Mapping[str, tuple], n_points: int, seed: int = 0) -> list[dict[str, float]]:
    """Draw independent points for ``sweep(points=…)``, each parameter uniform in its range.

    The numbers of a parameter depend on `seed` and its name alone: more points continue the design, and another
    parameter changes nothing.

    Parameters
    ----------
    ranges : mapping of str to (low, high) or (low, high, "log")
        With ``"log"`` the logarithm is uniform.
    n_points : int
    seed : int
        Not the seed of the runs.

    Returns
    -------
    list of dict

    Raises
    ------
    InputError
        If a range is empty, or not positive with ``"log"``.

    Examples
    --------
    >>> few, many = (random_points({"discount": (0.1, 10, "log")}, n) for n in (2, 3))
    >>> few == many[:2]
    True
    """
    import numpy as np

    from plasticity.support.streams import stream

    if isinstance(n_points, bool) or not isinstance(n_points, int) or n_points < 1:
        raise InputError(f"n_points must be a whole number >= 1, got {n_points!r}")
    columns = {}
    for key, (low, high, *scale) in ranges.items():
        if scale not in ([], ["log"]):
            raise InputError(f"the range of {key} must be low, high or low, high, log; got {scale[0]!r}")
        low = require_number(f"low end of {key}", low, low=0 if scale else -float("inf"), exclusive=bool(scale))
        high = require_number(f"high end of {key}", high, low=low, exclusive=True)
        share = stream(seed, f"design/{key}").random(n_points)
        columns[key] = (low * (high / low) ** share if scale else low + (high - low) * share).astype(np.float64)
    return [{key: float(column[i]) for key, column in columns.items()} for i in range(n_points)]
