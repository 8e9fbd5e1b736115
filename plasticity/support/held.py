"""The function ``held(on, new, old)``: a new value, or the old one while something is switched off."""

from __future__ import annotations

from typing import Any

import sympy as sp


class held(sp.Function):
    """``new`` where ``on > 0``, else ``old``, to the last bit, whatever ``new`` is.

    Examples
    --------
    >>> from sympy import pycode, symbols
    >>> pycode(held(*symbols("on new old")))
    '((new) if (on) > 0.0 else (old))'
    """

    nargs = 3

    def _eval_is_real(self) -> bool:
        return True

    def _pythoncode(self, printer: Any) -> str:
        on, new, old = (printer._print(a) for a in self.args)
        return f"(({new}) if ({on}) > 0.0 else ({old}))"
