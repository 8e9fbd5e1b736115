"""Checks of arrays that a user passes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticity.errors import InputError


def require_array(name: str, value: Any, shape: tuple[int, ...] | None = None) -> NDArray[np.float64]:
    """Read-only copy of an array of finite numbers, of the given shape.

    Raises
    ------
    InputError
        If it is not; the message names it.

    Examples
    --------
    >>> require_array("start", [0, 1], shape=(2,))
    array([0., 1.])
    """
    try:
        array = np.array(value, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"{name} must be numbers, got {value!r}") from None
    if not np.all(np.isfinite(array)):
        raise InputError(f"{name} must be finite, got {array.tolist()}")
    if shape is not None and array.shape != shape:
        raise InputError(f"{name} must have shape {shape}, got {array.shape}")
    array.setflags(write=False)
    return array
