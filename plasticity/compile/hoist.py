"""Take what does not change out of an expression, so that a loop evaluates it once."""

from __future__ import annotations

import sympy as sp


def hoisted(
    expression: sp.Basic,
    varying: set[sp.Symbol],
    found: dict[sp.Expr, sp.Symbol],
    prefix: str = "_c",
    wanted: set[sp.Symbol] | None = None,
) -> sp.Basic:
    """Replace the largest parts of `expression` that are free of `varying` by symbols, noted in `found`.

    Numbers stay, and so do parts that hold none of `wanted`, if that is given.

    Examples
    --------
    >>> x, a, b = sp.symbols("x a b")
    >>> found = {}
    >>> hoisted(sp.sqrt(a + b) * x + 1, {x}, found), found
    (_c0*x + 1, {sqrt(a + b): _c0})
    """
    if not isinstance(expression, sp.Expr):
        return expression.func(*(hoisted(a, varying, found, prefix, wanted) for a in expression.args))
    symbols = expression.free_symbols
    if not symbols & varying:
        if not symbols or (wanted is not None and not symbols & wanted):
            return expression
        return found.setdefault(expression, sp.Symbol(f"{prefix}{len(found)}", real=True))
    if expression.is_Atom:
        return expression
    arguments = expression.args
    if isinstance(expression, sp.Add | sp.Mul):
        fixed = [a for a in arguments if not a.free_symbols & varying]
        moving = [a for a in arguments if a.free_symbols & varying]
        arguments = [expression.func(*fixed), *moving] if fixed else moving
    return expression.func(*(hoisted(a, varying, found, prefix, wanted) for a in arguments))
