"""Check of a formula: by algebra and at random points, with the name of the rule that it is if it is another one."""

from __future__ import annotations

from collections.abc import Mapping
from keyword import iskeyword
from typing import Any

import numpy as np
import sympy as sp

from course.check.named import differing, forms, named_rules
from course.check.verdict import NOT_BEGUN, Verdict
from plasticity.equations import algebra, read, unit_of
from plasticity.errors import InputError
from plasticity.glossary import glossary
from plasticity.rule import Rule
from plasticity.support.checks import checked

SIGNED = {"gradient", "w", "belief_mean", "velocity", "drift"}  # all other symbols are positive
LONGEST = 400  # characters of an answer
N_POINTS = 5
DIGITS = 30  # of the numbers at a point
SAME = sp.Float("1e-20")  # relative to the larger side: far above rounding at that many digits


@checked
def formula(
    answer: object,
    expected: Any,
    others: Mapping[str, Any] | None = None,
    symbols: Mapping[str, str] | None = None,
) -> Verdict:
    """Judge a formula, typed as text.

    The two are equal if they are at five random points to 20 of 30 digits; algebra then confirms it where it can. A
    wrong answer is compared with `others`, with the rules of the catalogue, and in sign, factor, symbols and unit.

    Parameters
    ----------
    answer : str or sympy expression
        In names of the glossary, in code (``plasticity``), as symbols (``η``) or as letters (``eta``).
    expected : Rule or sympy expression
        What the engine derives; of a rule its velocity, acceleration or step counts.
    others : mapping of str to Rule, sympy expression or str, optional
        Wrong answers by the hint for each.
    symbols : mapping of str to str, optional
        Further short names, with the names in `expected` for which they stand.

    Returns
    -------
    Verdict

    Raises
    ------
    InputError
        If `expected` or one of `others` is no formula.

    Examples
    --------
    >>> from plasticity import rules
    >>> print(formula("-eta*k*g/gamma", rules.gradient_descent()))
    right: Equal by algebra.
    >>> print(formula("eta*k*g/gamma", rules.gradient_descent()))
    wrong: The sign is wrong.
    """
    if answer is None or answer == "":
        return NOT_BEGUN
    rights = [canonical(form) for form in _forms("expected", expected)]
    names = {s.name for form in rights for s in form.free_symbols}
    known = short_names(names) | dict(symbols or {})
    wrongs = {hint: [canonical(form) for form in _forms(hint, other, known)] for hint, other in (others or {}).items()}
    try:
        typed = canonical(_read(answer, known))
    except InputError as error:
        return Verdict(False, f"This cannot be read as a formula: {str(error).partition(' Known:')[0].rstrip('.')}.")
    for right in rights:
        if _same(typed, right):
            proof = "Equal by algebra." if _equal_by_algebra(typed, right) else f"Equal at {N_POINTS} random points."
            return Verdict(True, proof)
    for hint, wrong in wrongs.items():
        if any(_same(typed, form) for form in wrong):
            return Verdict(False, hint)
    nearest = min(rights, key=lambda form: len(form.free_symbols ^ typed.free_symbols))
    return Verdict(
        False, _sign_or_factor(typed, nearest) or _other_rule(typed, expected) or _difference(typed, nearest)
    )


def short_names(names: set[str]) -> dict[str, str]:
    """Names in code by all the ways to write them; those in `names` go first.

    Examples
    --------
    >>> known = short_names({"gradient"})
    >>> known["g"], known["η"], known["eta"], known["gradient"]
    ('gradient', 'plasticity', 'plasticity', 'gradient')
    """
    known: dict[str, str] = {}
    for name in (*sorted(names), *glossary()):
        term = glossary().get(name)
        short = [] if term is None else [term.symbol, term.latex.lstrip("\\")]
        for alias in (name, *short):
            if alias.isidentifier() and not iskeyword(alias):
                known.setdefault(alias, name)
    return known


def canonical(expression: sp.Expr) -> sp.Expr:
    """Expression in symbols that depend on nothing but their names: real ones in `SIGNED`, else positive ones.

    Examples
    --------
    >>> canonical(sp.sqrt(sp.Symbol("curvature") ** 2))
    curvature
    """
    named = {s: _symbol(s.name) for s in expression.free_symbols}
    return expression.xreplace(named).doit() if named else expression


def _symbol(name: str) -> sp.Symbol:
    return sp.Symbol(name, real=True) if name in SIGNED else sp.Symbol(name, positive=True)


def _forms(name: str, expected: object, known: Mapping[str, str] | None = None) -> tuple[sp.Expr, ...]:
    if isinstance(expected, str) and known is not None:
        return (_read(expected, known),)
    return forms(expected) if isinstance(expected, Rule) else (algebra(name, expected),)


def _read(answer: object, known: Mapping[str, str]) -> sp.Expr:
    if not isinstance(answer, str):
        return algebra("the answer", answer)
    if len(answer) > LONGEST:
        raise InputError(f"it has {len(answer)} characters; {LONGEST} suffice")
    text = answer.partition("=")[2] if "=" in answer else answer  # dw/dt = … is welcome
    return read(text.replace("·", "*").replace("−", "-"), {alias: _symbol(name) for alias, name in known.items()})


def _points(*expressions: sp.Expr) -> list[dict[sp.Symbol, sp.Float]]:
    """Random values of all symbols, the same for the same symbols."""
    symbols = sorted(set().union(*(e.free_symbols for e in expressions)), key=str)
    random = np.random.default_rng(0)
    signs = {s: random.choice([-1, 1], N_POINTS) if s.name in SIGNED else np.ones(N_POINTS) for s in symbols}
    sizes = {s: random.uniform(0.3, 3.0, N_POINTS) for s in symbols}
    return [{s: sp.Float(float(signs[s][i] * sizes[s][i]), DIGITS) for s in symbols} for i in range(N_POINTS)]


def _at(expression: sp.Expr, point: Mapping[sp.Symbol, sp.Float]) -> sp.Expr:
    return expression.subs(point).evalf(DIGITS)


def _same(one: sp.Expr, other: sp.Expr) -> bool:
    for point in _points(one, other):
        a, b = _at(one, point), _at(other, point)
        if not (a.is_finite and b.is_finite) or abs(a - b) > SAME * (abs(a) + abs(b)):
            return False
    return True


def _equal_by_algebra(one: sp.Expr, other: sp.Expr) -> bool:
    return sp.simplify(one - other) == 0


def _sign_or_factor(typed: sp.Expr, right: sp.Expr) -> str:
    """Hint if the answer is a multiple of the right one."""
    ratios = [_at(typed, p) / _at(right, p) for p in _points(typed, right) if _at(right, p) != 0]
    first = ratios[0] if ratios else sp.nan
    if not first.is_real or first == 0 or any(abs(r - first) > SAME * abs(first) for r in ratios):
        return ""
    return (
        "The sign is wrong."
        if abs(first + 1) < SAME
        else f"This is {sp.nsimplify(first, rational=False, tolerance=1e-12)} times the right formula."
    )


def _other_rule(typed: sp.Expr, expected: object) -> str:
    """Hint if the answer is another rule that has a name."""
    for rule, texts in named_rules():
        if any(_same(typed, canonical(text)) for text in texts):
            apart = differing(rule, expected)
            words = f" It assumes what is not assumed here: {' '.join(apart)}" if apart else ""
            return f"That is the rule “{rule.title}”.{words}"
    return ""


def _difference(typed: sp.Expr, right: sp.Expr) -> str:
    """Hint about symbols and units; else both values at one point."""
    missing, strange = right.free_symbols - typed.free_symbols, typed.free_symbols - right.free_symbols
    if strange:
        return f"The right formula does not depend on {_listed(strange)}."
    if missing:
        return f"The right formula also depends on {_listed(missing)}."
    try:
        units = {s.name: glossary()[s.name].unit for s in right.free_symbols if s.name in glossary()}
        if len(units) == len(right.free_symbols) and unit_of(typed, units) != unit_of(right, units):
            return f"The unit does not fit: this has {unit_of(typed, units)}, but {unit_of(right, units)} is needed."
    except InputError as error:
        return f"The units do not fit: {error}."
    point = {s: sp.Integer(1 + i) for i, s in enumerate(sorted(right.free_symbols, key=str))}
    values = ", ".join(f"{s} = {value}" for s, value in point.items())
    return (
        f"With {values} this is {float(_at(typed, point)):.4g}, but the right value is {float(_at(right, point)):.4g}."
    )


def _listed(symbols: set[sp.Basic]) -> str:
    return " and ".join(
        sorted(f"{s} ({glossary()[str(s)].symbol})" if str(s) in glossary() else str(s) for s in symbols)
    )
