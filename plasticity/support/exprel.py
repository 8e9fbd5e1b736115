"""The function (eˣ − 1)/x, finite at 0, which SymPy lacks: relaxation over a finite time."""

from __future__ import annotations

from typing import Any

import sympy as sp


class exprel(sp.Function):
    """Relative exponential ``exprel(x) = (eˣ − 1)/x``, 1 at x = 0.

    Prints as ``scipy.special.exprel`` in SciPy code and under its own name elsewhere (also a function of Brian2).

    Examples
    --------
    >>> exprel(0), exprel(sp.Symbol("x")).rewrite(sp.exp)
    (1, (exp(x) - 1)/x)
    """

    nargs = 1

    @classmethod
    def eval(cls, x: sp.Expr) -> sp.Expr | None:
        """Value 1 at 0 and 0 at −∞."""
        if x.is_zero:
            return sp.S.One
        return sp.S.Zero if x is sp.S.NegativeInfinity else None

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """Derivative by the argument, for x ≠ 0."""
        x = self.args[0]
        return (sp.exp(x) - self) / x

    def _eval_rewrite_as_exp(self, x: sp.Expr, **_: Any) -> sp.Expr:
        return (sp.exp(x) - 1) / x

    def _eval_is_real(self) -> bool | None:
        return self.args[0].is_real

    def _eval_is_positive(self) -> bool | None:
        return self.args[0].is_real

    def _eval_evalf(self, prec: int) -> sp.Expr:
        return self.rewrite(sp.exp)._eval_evalf(prec)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        x = printer._print(self.args[0])
        text = rf"\operatorname{{exprel}}\left({x}\right)"
        return text if exp is None else rf"{text}^{{{exp}}}"

    def _pythoncode(self, printer: Any) -> str:
        x = printer._print(self.args[0])
        return f"({printer._module_format('math.expm1')}({x})/({x}) if ({x}) != 0 else 1.0)"

    def _numpycode(self, printer: Any) -> str:
        return f"{printer._module_format('scipy.special.exprel')}({printer._print(self.args[0])})"

    _scipycode = _numpycode
