"""Limits of control of one weight and disturbances of one message component: formulas shared by all engines.

NumPy functions and the text of generated code are made from the same SymPy expressions:

    w ← clip(w + permitted + dt·velocity),   permitted = plastic·change,   velocity = drift·w
    received = delivered · value,            value = rounded(factor · arriving + noise),   factor = gain·sign
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp
from sympy.printing.pycode import PythonCodePrinter
from sympy.printing.str import StrPrinter

weight, change, plastic, drift, velocity, dt, low, high = sp.symbols(
    "weight change plastic drift velocity dt low high", real=True
)
arriving, gain, sign, factor, noise, quantum, delivered, value = sp.symbols(
    "arriving gain sign factor noise quantum delivered value", real=True
)


class clip(sp.Function):
    """``clip(x, low, high)``; NaN stays NaN."""


class nearest(sp.Function):
    """Nearest whole number."""


PERMITTED = plastic * change
DRIFT_VELOCITY = drift * weight
MOVED = sp.Add(weight + change, dt * velocity, evaluate=False)  # summed in this order by all engines
CLIPPED = clip(weight, low, high)

FACTOR = gain * sign
DISTURBED = factor * arriving + noise
ROUNDED = quantum * nearest(value / quantum)  # where quantum > 0
RECEIVED = delivered * value


class _Operands:
    """Symbols become fields, filled in after printing: the order of operations never depends on operands."""

    def _print_Symbol(self, symbol: sp.Symbol) -> str:
        return f"{{{symbol.name}}}"


class _Arrays(_Operands, PythonCodePrinter):
    def _print_clip(self, expression: clip) -> str:
        x, low, high = (self._print(a) for a in expression.args)
        return f"np.minimum(np.maximum({x}, {low}), {high})"

    def _print_nearest(self, expression: nearest) -> str:
        return f"np.rint({self._print(expression.args[0])})"


class _Python(_Arrays):
    def _print_clip(self, expression: clip) -> str:
        x, low, high = (self._print(a) for a in expression.args)
        return f"({low} if {x} < {low} else ({high} if {x} > {high} else {x}))"


class _Brian(_Operands, StrPrinter):
    def _print_nearest(self, expression: nearest) -> str:
        return f"floor({self._print(expression.args[0])} + 0.5)"  # Brian2 has no rint


def python_text(expression: sp.Expr, **operands: str) -> str:
    """Text for numba; each symbol becomes the operand with its name: a name, an index or a text in brackets.

    Examples
    --------
    >>> python_text(PERMITTED, plastic="mask[i]", change="(new - old)")
    '(new - old)*mask[i]'
    >>> python_text(CLIPPED, weight="w")
    '(low if w < low else (high if w > high else w))'
    """
    return _filled(_Python().doprint(expression), expression, operands)


def brian_text(expression: sp.Expr, **operands: str) -> str:
    """Text of a Brian2 statement; each symbol becomes the operand with its name.

    Examples
    --------
    >>> brian_text(ROUNDED, value="(x + y)")
    'quantum*floor((x + y)/quantum + 0.5)'
    """
    return _filled(_Brian().doprint(expression), expression, operands)


def _filled(template: str, expression: sp.Expr, operands: dict[str, str]) -> str:
    names = {s.name: s.name for s in expression.free_symbols}
    return template.format(**names | operands)


def numpy_function(expression: sp.Expr, *arguments: sp.Symbol) -> Callable[..., Any]:
    """Function of arrays that evaluates an expression."""
    text = _filled(_Arrays().doprint(expression), expression, {})
    return eval(f"lambda {', '.join(a.name for a in arguments)}: {text}", {"np": np})


permitted = numpy_function(PERMITTED, plastic, change)
drift_velocity = numpy_function(DRIFT_VELOCITY, drift, weight)
moved = numpy_function(MOVED, weight, change, dt, velocity)
clipped = numpy_function(CLIPPED, weight, low, high)
disturbed = numpy_function(DISTURBED, arriving, factor, noise)
rounded = numpy_function(ROUNDED, value, quantum)
signed = numpy_function(FACTOR, gain, sign)
received = numpy_function(RECEIVED, value, delivered)
