"""Mathematical notation: LaTeX for the names in code."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

import sympy as sp

from plasticity.glossary import notation

_SIGNS = {"plus": "+", "minus": "-"}


@cache
def symbol_name(name: str) -> str:
    r"""LaTeX for a name in code.

    Examples
    --------
    >>> print(*map(symbol_name, ("discount", "tau_plus", "A2_minus", "belief_optimum_2", "p22")))
    \gamma \tau_{+} A_{2}^{-} \hat\mu_{2} p_{22}
    """
    symbols = notation()
    if name in symbols:
        return symbols[name]
    if match := re.fullmatch(r"d_(\w+)/dt", name):
        return rf"\frac{{d}}{{dt}} {symbol_name(match[1])}"
    if match := re.fullmatch(r"(\w+?)_?(\d+(?:_\d+)*)", name):
        stem, index = match[1], match[2].replace("_", "")
        if stem in symbols or len(stem) == 1:
            return f"{symbols.get(stem, stem)}_{{{index}}}"
        if stem != name:
            return f"{symbol_name(stem)}_{{{index}}}" if "_" not in stem else _words(stem, index)
    if match := re.fullmatch(r"([A-Za-z])(\d*)_(plus|minus)", name):
        index = f"_{{{match[2]}}}" if match[2] else ""
        return f"{match[1]}{index}^{{{_SIGNS[match[3]]}}}"
    return _words(name, "")


def _words(name: str, index: str) -> str:
    """Time constants, variances, traces and other names of several words."""
    for pattern, stem in ((r"tau_(\w+)", r"\tau"), (r"(\w+)_variance", r"\sigma^2"), (r"(\w+)_trace", "r")):
        if match := re.fullmatch(pattern, name):
            below = _SIGNS.get(match[1], match[1] if len(match[1]) == 1 else rf"\text{{{match[1].replace('_', ' ')}}}")
            return f"{stem}_{{{below}{',' + index if index else ''}}}"
    if len(name) == 1 or "_" not in name:
        return (sp.latex(sp.Symbol(name)) if len(name) < 8 else rf"\text{{{name}}}") + (
            f"_{{{index}}}" if index else ""
        )
    if re.fullmatch(r"[A-Za-z]_\w", name):
        return name
    return rf"\text{{{name.replace('_', ' ')}}}" + (f"_{{{index}}}" if index else "")


def latex(equation: Any) -> str:
    r"""LaTeX of an equation, an expression or a matrix, in the field's symbols.

    Examples
    --------
    >>> from plasticity.rules.gradient_descent import gradient_descent
    >>> print(latex(gradient_descent().weight_flow))
    - g \alpha
    """
    return _latex(sp.sympify(equation, strict=True))


@lru_cache(4096)
def _latex(expression: sp.Basic) -> str:
    return sp.latex(expression, symbol_names={s: symbol_name(s.name) for s in expression.atoms(sp.Symbol)})


def plain(equation: Any) -> str:
    """Text of an equation in the names of the code.

    Examples
    --------
    >>> plain(sp.Eq(sp.Symbol("dw/dt"), -sp.Symbol("gradient")))
    'dw/dt = -gradient'
    """
    if isinstance(equation, sp.Equality):
        return f"{equation.lhs} = {equation.rhs}"
    return str(equation)
