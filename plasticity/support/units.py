"""Units of values that carry one.

These are quantities of Brian2, arrays of xarray with the attribute ``units``, and the spike trains that this program
makes, whose data type has it as metadata.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# What one unit is in the unit of the program, whose name stands in front.
SCALES = {
    "s": {"s": 1.0, "second": 1.0, "seconds": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "min": 60.0},
    "Hz": {"Hz": 1.0, "hertz": 1.0, "1/s": 1.0, "kHz": 1e3},
    "V": {"V": 1.0, "volt": 1.0, "mV": 1e-3},
    "mV": {"mV": 1.0, "V": 1e3, "volt": 1e3},
    "deg": {"deg": 1.0, "degree": 1.0},
    "1": {"1": 1.0, "": 1.0, "%": 0.01, "percent": 0.01},
}
_BASES = ("m", "kg", "s", "A", "K", "mol", "cd")
_EXPONENTS = {"s": {"s": 1}, "Hz": {"s": -1}, "V": {"m": 2, "kg": 1, "s": -3, "A": -1}, "1": {}}


def own_unit(value: Any) -> str | None:
    """Unit that a value carries, as text; None for plain numbers.

    Examples
    --------
    >>> import xarray as xr
    >>> own_unit(xr.DataArray(20.0, attrs={"units": "ms"})), own_unit(0.02)
    ('ms', None)
    """
    if _exponents(value) is not None:
        return repr(value.dim)
    attributes = getattr(value, "attrs", None) or getattr(getattr(value, "dtype", None), "metadata", None)
    return str(attributes["units"]) if isinstance(attributes, Mapping) and "units" in attributes else None


def converted(value: Any, unit: str) -> Any:
    """Plain number or array in `unit` of a value that carries one; None if it cannot be converted.

    Examples
    --------
    >>> import xarray as xr
    >>> converted(xr.DataArray(20.0, attrs={"units": "ms"}), "s").item()
    0.02
    """
    exponents = _exponents(value)
    if exponents is not None:
        expected = _EXPONENTS.get(unit)
        if expected is None or exponents != {base: expected.get(base, 0) for base in _BASES}:
            return None
        import numpy as np

        return np.array(value, dtype=float)[()]
    scale = SCALES.get(unit, {}).get(own_unit(value) or "")
    number = getattr(value, "values", value)
    return None if scale is None else number if scale == 1 else number * scale


def seconds(times: Any) -> Any:
    """Array of times that carries the unit s, in the metadata of its data type.

    Examples
    --------
    >>> own_unit(seconds([0.0, 10.0]))
    's'
    """
    import numpy as np

    return np.asarray(times, dtype=float).view(np.dtype(float, metadata={"units": "s"}))


def _exponents(value: Any) -> dict[str, float] | None:
    """Exponents of the base units of a quantity of Brian2."""
    dimension = getattr(value, "dim", None)
    get = getattr(dimension, "get_dimension", None)
    return None if get is None else {base: get(base) for base in _BASES}
