"""Take constant parts out of an expression, so that a loop evaluates them once."""

from __future__ import annotations

import sympy as sp


def hoisted(
    expression: sp.Basic, varying: set[sp.Symbol], constants: dict[sp.Expr, sp.Symbol], prefix: str = "_c"
) -> sp.Basic:
    """Replace the largest parts of `expression` that are free of `varying` by symbols, added to `constants`.

    Examples
    --------
    >>> x, a, b = sp.symbols("x a b")
    >>> constants = {}
    >>> hoisted(sp.sqrt(a + b) * x + 1, {x}, constants), constants
    (_c0*x + 1, {sqrt(a + b): _c0})
    """
    if not isinstance(expression, sp.Expr):
        return expression.func(*(hoisted(a, varying, constants, prefix) for a in expression.args))
    if not expression.free_symbols & varying:
        if not expression.free_symbols:
            return expression
        return constants.setdefault(expression, sp.Symbol(f"{prefix}{len(constants)}", real=True))
    if expression.is_Atom:
        return expression
    arguments = expression.args
    if isinstance(expression, sp.Add | sp.Mul):
        fixed = [a for a in arguments if not a.free_symbols & varying]
        moving = [a for a in arguments if a.free_symbols & varying]
        arguments = [expression.func(*fixed), *moving] if fixed else moving
    return expression.func(*(hoisted(a, varying, constants, prefix) for a in arguments))
