"""Checks of what a user passes: numbers, counts, arrays and records; the one entrance of every argument."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from plasticity.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray


def require_number(
    name: str,
    value: object,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    exclusive: bool = False,
    unit: str = "",
) -> float:
    """Return `value` as a finite float within ``[low, high]``, or say what is wrong with it.

    Parameters
    ----------
    name : str
        What the message calls the value.
    value : object
        Anything; only real finite numbers pass.
    low, high : float
        Bounds, included unless `exclusive` (which excludes `low` only).
    exclusive : bool
        Whether `value` must be strictly above `low`.
    unit : str
        Printed behind the bounds.

    Returns
    -------
    float

    Raises
    ------
    InputError
        If `value` is no finite real number, or lies outside the bounds.

    Examples
    --------
    >>> require_number("tau", 0.02, low=0, exclusive=True, unit="s")
    0.02
    """
    unit = f" {unit}" if unit and unit != "1" else ""
    if isinstance(value, bool | str | bytes) or value is None:
        raise InputError(f"{name} must be a number{unit and f' in{unit}'}, got {value!r}")
    refuse_units(name, value)
    try:
        number = float(value)  # type: ignore[arg-type]
    except OverflowError:
        raise InputError(f"{name} must be a number below 1e308, got an integer beyond it") from None
    except (TypeError, ValueError):
        raise InputError(f"{name} must be a number{unit and f' in{unit}'}, got {value!r}") from None
    if not math.isfinite(number):
        raise InputError(f"{name} must be finite, got {number}")
    if number < low or (exclusive and number == low):
        raise InputError(f"{name} must be {'>' if exclusive else '>='} {low:g}{unit}, got {number:g}{unit}")
    if number > high:
        raise InputError(f"{name} must be <= {high:g}{unit}, got {number:g}{unit}")
    return number


def refuse_units(name: str, value: object) -> None:
    """Refuse what is no plain number although it converts to one: times, masked, complex or dimensioned values.

    Raises
    ------
    InputError
        Naming the kind and how to convert it.

    Examples
    --------
    >>> import numpy as np
    >>> refuse_units("delay", np.timedelta64(10, "ms"))
    Traceback (most recent call last):
    plasticity.errors.InputError: delay is a timedelta64[ms]; give seconds: value / np.timedelta64(1, 's')
    """
    if isinstance(value, bool | str | bytes) or value is None:
        raise InputError(f"{name} must be numbers, got {value!r}")
    dtype = getattr(value, "dtype", None)
    kind = getattr(dtype, "kind", "")
    if kind == "m":
        raise InputError(f"{name} is a {dtype}; give seconds: value / np.timedelta64(1, 's')")
    if kind == "M":
        raise InputError(f"{name} is a {dtype}; give seconds from the start: (value - start) / np.timedelta64(1, 's')")
    if kind == "c" or isinstance(value, complex):
        raise InputError(f"{name} must be real, got complex {value!r}; use its real part")
    if kind == "b":
        raise InputError(f"{name} must be numbers, got True and False: {value!r}")
    if kind in "SU" and kind:
        raise InputError(f"{name} must be numbers, got text: {value!r}")
    if hasattr(value, "mask") and hasattr(value, "compressed"):
        raise InputError(f"{name} is masked; use value.compressed(), or fill what is missing")
    if any(hasattr(value, unit) for unit in ("dim", "dimensionality", "unit")) and not hasattr(value, "free_symbols"):
        raise InputError(f"{name} carries a unit, {value!r}; divide by the unit in which it is expected")


def require_whole(name: str, value: object, *, low: float = -math.inf) -> int:
    """Return `value` as an int from `low` on, or say what is wrong with it.

    Parameters
    ----------
    name : str
        What the message calls the value.
    value : object
        Anything; only whole numbers pass, of whatever type.
    low : float
        Bound, included.

    Returns
    -------
    int

    Raises
    ------
    InputError
        If `value` is no whole number, or is below the bound.

    Examples
    --------
    >>> require_whole("n_steps", 3.0, low=1)
    3
    """
    number = require_number(name, value, low=low)
    if number != int(number):
        raise InputError(f"{name} must be a whole number, got {value!r}")
    return int(value)  # type: ignore[call-overload]


def require_finite(name: str, values: ArrayLike) -> NDArray[np.float64]:
    """Return `values` as a float array without NaN and infinity, or say what is wrong with it.

    Parameters
    ----------
    name : str
        What the message calls the values.
    values : array_like
        Numbers of any shape.

    Returns
    -------
    array of float

    Raises
    ------
    InputError
        If a value is no number, NaN or infinite.

    Examples
    --------
    >>> require_finite("rates", [1, 2])
    array([1., 2.])
    """
    import numpy as np

    refuse_units(name, values)
    try:
        refuse_units(name, np.asarray(values))
        array = np.asarray(values, dtype=float)
    except InputError:
        raise
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{name} must be numbers, got {values!r}") from None
    wrong = np.argwhere(~np.isfinite(np.atleast_1d(array)))
    if wrong.size:
        index = wrong[0].tolist()
        raise InputError(f"{name} must be finite, got {np.atleast_1d(array)[tuple(index)]} at {index}")
    return array


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
    array = require_finite(name, value).copy()
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
