"""Text of expressions for arrays of a library, in which what is a number for all weights stays one."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.pycode import PythonCodePrinter

from plasticity.compile.elementwise import clip
from plasticity.support.exprel import exprel

CALLS = ("sqrt", "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "erf")


class ArrayText(PythonCodePrinter):
    """Text in which functions of arrays are those of the library, functions of numbers those of a module."""

    printmethod = "_arraycode"  # not that of a function for numbers

    def __init__(self, library: str, scalars: str | None, arrays: set[str]):
        super().__init__({"fully_qualified_modules": True})
        self.library, self.scalars, self.arrays = library, scalars, set(arrays)

    def named(self, name: str, expression: sp.Expr) -> str:
        """Text of an expression that has a name from here on."""
        if self.is_array(expression):
            self.arrays.add(name)
        return self.doprint(expression)

    def is_array(self, expression: sp.Basic) -> bool:
        """Whether the value of an expression is an array of the library."""
        return self.scalars is None or any(s.name in self.arrays for s in expression.free_symbols)

    def call(self, name: str, *arguments: sp.Basic) -> str:
        """Text of a function of arrays or numbers."""
        module = self.library if any(map(self.is_array, arguments)) else self.scalars
        if (module, name) == ("jnp", "erf"):
            module = "jax.scipy.special"
        return f"{module}.{name}({', '.join(map(self._print, arguments))})"

    def _print_Add(self, expression: sp.Add, order: str | None = None) -> str:
        average = self._average(expression) if self.library == "torch" else None
        if average is None:
            return super()._print_Add(expression, order)
        return f"torch.lerp({', '.join(map(self._print, average))})"

    def _average(self, expression: sp.Add) -> tuple[sp.Expr, sp.Expr, sp.Expr] | None:
        """Arrays x, y and a number c of a sum that is x + c·(y - x)."""
        for x in (a for a in expression.args if a.is_Symbol and self.is_array(a)):
            rest = expression - x
            differences = [factor for factor in sp.Mul.make_args(rest) if factor.is_Add and self.is_array(factor)]
            if len(differences) == 1:
                y, c = differences[0] + x, rest / differences[0]
                if self.is_array(y) and not y.has(x) and not self.is_array(c):
                    return x, y, c
        return None

    def _print_Mul(self, expression: sp.Mul) -> str:
        """Numbers first, so that they are multiplied once and not with every value of an array."""
        arrays = [factor for factor in expression.args if self.is_array(factor)]
        number = sp.Mul(*(factor for factor in expression.args if factor not in arrays))
        if not arrays or not number.free_symbols:
            return super()._print_Mul(expression)
        below = [factor for factor in arrays if factor.is_Pow and factor.exp.could_extract_minus_sign()]
        text = f"({self._print(number)})" if number.is_Add else self._print(number)
        text += "".join(f"*{self.parenthesize(f, PRECEDENCE['Mul'])}" for f in arrays if f not in below)
        return text + "".join(f"/{self.parenthesize(1 / f, PRECEDENCE['Mul'])}" for f in below)

    def _print_Pow(self, expression: sp.Pow, rational: bool = False) -> str:
        if expression.exp == sp.Rational(1, 2):
            return self.call("sqrt", expression.base)
        if expression.exp == sp.Rational(-1, 2):
            return f"1/{self.call('sqrt', expression.base)}"
        return self._hprint_Pow(expression, rational=rational, sqrt="math.sqrt")

    def _print_Abs(self, expression: sp.Abs) -> str:
        return f"abs({self._print(expression.args[0])})"

    def _print_exprel(self, expression: exprel) -> str:
        x = self._print(expression.args[0])
        return f"exprel({x})" if self.is_array(expression) else f"(math.expm1({x})/({x}) if ({x}) != 0 else 1.0)"

    def _print_Heaviside(self, expression: sp.Heaviside) -> str:
        x = self._print(expression.args[0])
        if self.is_array(expression):
            return f"({x} > 0).{'to' if self.library == 'torch' else 'astype'}(w.dtype)"
        return f"(1.0 if {x} > 0 else 0.0)"

    def _print_clip(self, expression: clip) -> str:
        return f"{self.library}.clip({', '.join(map(self._print, expression.args))})"


def _caller(name: str) -> Any:
    def show(printer: ArrayText, expression: sp.Expr) -> str:
        return printer.call(name, *expression.args)

    return show


for _name in CALLS:
    setattr(ArrayText, f"_print_{_name}", _caller(_name))
