"""How a measured quantity is shown: fractions in percent, everything else in its own unit."""

from __future__ import annotations

import xarray as xr

__all__ = ["shown", "signed"]


def shown(data: xr.Dataset) -> tuple[float, str]:
    """Factor by which values are multiplied for a reader, and the unit that they then have.

    Examples
    --------
    >>> from analysis.datasets import load
    >>> shown(load("wang_2005")), shown(load("milstein_2021"))
    ((100.0, '%'), (1.0, 'mV'))
    """
    name = "value" if "value" in data else "weight_change"
    units = str(data[name].attrs["units"])
    return (100.0, "%") if units == "1" else (1.0, units)


def signed(number: float, digits: int = 1) -> str:
    """Number with its sign, the minus as a minus.

    Examples
    --------
    >>> signed(-3.14159)
    '−3.1'
    >>> signed(-0.01)
    '+0.0'
    """
    rounded = round(float(number), digits) + 0.0  # no negative zero
    return f"{rounded:+.{digits}f}".replace("-", "−")
