"""Checks of arrays and records that a user passes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticity.errors import InputError, require_finite


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
    array = np.array(require_finite(name, value))
    if shape is not None and array.shape != shape:
        raise InputError(f"{name} must have shape {shape}, got {array.shape}")
    array.setflags(write=False)
    return array


def require_record(name: str, value: Any, kind: type) -> None:
    """Refuse what is no record of the given kind.

    Raises
    ------
    InputError
        If it is not; the message names it.

    Examples
    --------
    >>> require_record("feedback", "x", dict)
    Traceback (most recent call last):
    plasticity.errors.InputError: feedback must be a dict, got 'x'; make one with dict(…)
    """
    if not isinstance(value, kind):
        raise InputError(f"{name} must be a {kind.__name__}, got {value!r}; make one with {kind.__name__}(…)")
