"""Learning in a plane: points in the plane, and the map of the loss under the paths."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticity.errors import InputError

MARGIN = 0.25  # of the larger side of the box around the points


def pair(name: str, value: tuple[float, ...]) -> NDArray[np.float64]:
    """Array (2,) of a parameter that stands for a point or a diagonal.

    Raises
    ------
    InputError
        If it does not have two numbers.
    """
    if len(value) != 2:
        raise InputError(f"{name} must be two numbers, {name}=X,Y, got {','.join(f'{v:g}' for v in value)}")
    return np.array(value, dtype=float)


def loss_map(
    landscape: Any, points: Iterable[NDArray[np.float64]], n: int = 81, margin: float = MARGIN
) -> tuple[dict, dict]:
    """Loss on a grid around `points`, as variables and coordinates for `make_dataset`.

    Returns
    -------
    variables, coordinates : dict
        ``loss_map(grid_y, grid_x)`` and its two axes, n values each.
    """
    points = np.array(list(points))
    low, high = points.min(axis=0), points.max(axis=0)
    edge = margin * (high - low).max()
    x, y = (np.linspace(a - edge, b + edge, n) for a, b in zip(low, high, strict=True))
    loss = landscape.loss(np.stack(np.meshgrid(x, y), axis=-1))
    variables = {"loss_map": (("grid_y", "grid_x"), loss, "1", "loss on the grid")}
    coordinates = {
        "grid_x": ("grid_x", x, "1", "first parameter on the grid"),
        "grid_y": ("grid_y", y, "1", "second parameter on the grid"),
    }
    return variables, coordinates
