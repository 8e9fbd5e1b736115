"""Units of parameters and states: every one is a power of the second.

Weights and losses are dimensionless unless a signal gives its loss a unit, so a unit is text such as ``"1"``,
``"s"``, ``"Hz"``, ``"s**2"`` or ``"1/(loss*s)"``.
"""

from __future__ import annotations

from functools import cache

import sympy as sp

from plasticity.errors import InputError

_SECOND = sp.Symbol("s", positive=True)


@cache
def seconds_power(unit: str, loss_unit: str = "1") -> int:
    """Exponent n such that `unit` is sⁿ.

    Raises
    ------
    InputError
        If the text is no power of the second.

    Examples
    --------
    >>> seconds_power("Hz"), seconds_power("1/(loss*s)", loss_unit="Hz**3")
    (-1, 2)
    """
    names = {"s": _SECOND, "Hz": 1 / _SECOND}
    try:
        loss = sp.sympify(loss_unit, locals=names)
        power = sp.degree(sp.sympify(unit, locals={**names, "loss": loss}) * _SECOND**20, _SECOND) - 20
        expression = sp.sympify(unit, locals={**names, "loss": loss})
    except (sp.SympifyError, sp.PolynomialError, TypeError) as error:
        raise InputError(f"unit {unit!r} must be a product of powers of s and Hz") from error
    if sp.simplify(expression / _SECOND**power) != 1:
        raise InputError(f"unit {unit!r} must be a product of powers of s and Hz")
    return int(power)


def simplified(unit: str, loss_unit: str = "1") -> str:
    """Shortest text for `unit`, with the unit of the loss filled in.

    Examples
    --------
    >>> simplified("1/(loss*s)", loss_unit="Hz**3"), simplified("1/s"), simplified("s/s")
    ('s**2', 'Hz', '1')
    """
    power = seconds_power(unit, loss_unit)
    special = {0: "1", 1: "s", -1: "Hz"}
    return special.get(power, f"s**{power}" if power > 0 else f"Hz**{-power}")
