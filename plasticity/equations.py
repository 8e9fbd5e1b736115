"""Equations of a rule: text read by an allow-list, the symbol that each name means, and units that add up.

Weights are dimensionless, so every unit is a power of the second, such as ``"1"``, ``"s"``, ``"Hz"``, ``"s**2"``. The
unit of a loss is ``loss``, as in ``"1/(loss*s)"``, until a signal defines it: a power of the second that is still free.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

import sympy as sp

from plasticity.errors import InputError, UnknownNameError
from plasticity.support.held import held

SMOOTH = (
    sp.exp,
    sp.log,
    sp.sqrt,
    sp.sin,
    sp.cos,
    sp.tan,
    sp.asin,
    sp.acos,
    sp.atan,
    sp.sinh,
    sp.cosh,
    sp.tanh,
)
FUNCTIONS = {function.__name__: function for function in (*SMOOTH, sp.erf)}
CONSTANTS = {"pi": sp.pi, "E": sp.E}
OPERATORS: dict[type, Any] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
    ast.UAdd: lambda a: a,
    ast.USub: lambda a: -a,
}
LARGEST_POWER = 100
_SIMULATOR = "N dt e exprel i inf j lastupdate lt refractory summed t t_in_timesteps xi delay event rand randn poisson"
_FUNCTIONS = "abs arccos arcsin arctan ceil clip floor int log10 sign timestep Heaviside Abs"
_GENERATED = "COLUMNS TOLERANCE final first in_order integrate kinds last math njit np path range relaxed run slope"
_HELPERS = "times bisected crossing max min pair_value turning vectors weight weight_high weight_low"
_UNIT_NAMES = "hertz kilogram meter second volt"
_CPP = (
    "auto bool case catch char class const default delete do double enum extern float friend goto inline long main "
    "namespace new operator private protected public register short signed sizeof static struct switch template this "
    "throw typedef union unsigned using virtual void volatile"
)
RESERVED = {
    *" ".join((_SIMULATOR, _FUNCTIONS, _GENERATED, _HELPERS, _UNIT_NAMES, _CPP)).split(),
    *FUNCTIONS,
    *CONSTANTS,
}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_SECOND, _LOSS = sp.Symbol("s", positive=True), sp.Symbol("loss", positive=True)
_UNITS = {"s": _SECOND, "Hz": 1 / _SECOND, "loss": _LOSS}
Dimension = tuple[Fraction, Fraction]  # exponents of the second and of the loss
_NONE: Dimension = (Fraction(0), Fraction(0))


def read(text: str, known: Mapping[str, sp.Expr]) -> sp.Expr:
    """SymPy expression of a text; the only reader of text in all packages.

    Parameters
    ----------
    text : str
        Numbers, names, ``+ - * / **`` and the functions in `FUNCTIONS`.
    known : mapping of str to sympy expression
        What the names stand for.

    Raises
    ------
    InputError
        If the text holds anything else, or is no finite real number.

    Examples
    --------
    >>> read("-k*w", {"k": sp.Symbol("k"), "w": sp.Symbol("w")})
    -k*w
    """
    if not isinstance(text, str):
        raise InputError(f"a formula must be text such as 'x**2', got {text!r}")
    try:
        tree = ast.parse(text.strip(), mode="eval")
        expression = sp.sympify(_build(tree.body, known), strict=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"cannot read the formula {text!r}; write it like 'x**4 - x**2 + x*y'") from None
    if expression.has(sp.zoo, sp.nan, sp.oo, sp.I):
        raise InputError(f"the formula {text!r} is not a finite real number; it simplifies to {expression}")
    return expression


def algebra(name: str, value: object) -> sp.Expr:
    """SymPy expression of a number or an expression; text is refused.

    Raises
    ------
    InputError
        If it is anything else; the message names it.

    Examples
    --------
    >>> algebra("discount", 0.5)
    0.500000000000000
    """
    try:
        expression = sp.sympify(value, strict=True)
    except (sp.SympifyError, TypeError, AttributeError):
        expression = None
    if not isinstance(expression, sp.Expr) or isinstance(value, bool):
        raise InputError(f"{name} must be a number or a SymPy expression, got {value!r}")
    return expression


def _build(node: ast.AST, known: Mapping[str, sp.Expr]) -> sp.Expr:
    """SymPy expression of one node of the syntax tree; everything that is not listed here is refused."""
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return sp.sympify(value, strict=True)
        case ast.Name(id=name):
            if name in known or name in CONSTANTS:
                return known[name] if name in known else CONSTANTS[name]
            raise UnknownNameError("symbol", name, [*known, *CONSTANTS])
        case ast.UnaryOp(op=op, operand=operand) if type(op) in OPERATORS:
            return OPERATORS[type(op)](_build(operand, known))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            first, second = _build(left, known), _build(right, known)
            if isinstance(op, ast.Pow) and second.is_number and not abs(second) <= LARGEST_POWER:
                raise InputError(f"a power in a formula must be at most {LARGEST_POWER}, got {second}")
            return OPERATORS[type(op)](first, second)
        case ast.BinOp(op=ast.BitXor()):
            raise InputError("a formula writes powers as x**2, not x^2")
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]):
            if name not in FUNCTIONS:
                raise UnknownNameError("function", name, FUNCTIONS)
            return FUNCTIONS[name](_build(argument, known))
    raise InputError(
        f"a formula may hold numbers, symbols, + - * / ** and functions of one argument; got {ast.unparse(node)[:80]!r}"
    )


def check_names(rule: str, names: Iterable[str], inputs: Iterable[str]) -> None:
    """Refuse names that no program can hold, that mean something else, or that two things share.

    Examples
    --------
    >>> check_names("r", ["tau", "tau"], [])
    Traceback (most recent call last):
    plasticity.errors.InputError: rule 'r' defines 'tau' twice; give every parameter and state a name of its own
    """
    count = Counter(names)
    for name in count:
        if not isinstance(name, str) or not _NAME.fullmatch(name) or keyword.iskeyword(name):
            raise InputError(f"rule {rule!r} has the name {name!r}; use letters, digits and _, a letter first")
        if name in RESERVED or name.endswith(("_pre", "_post")):
            raise InputError(f"rule {rule!r} defines {name!r}, a name that simulators use themselves; choose another")
        if name in inputs:
            raise InputError(f"rule {rule!r} defines {name!r}, the weight or an input of every rule; rename it")
        if count[name] > 1:
            raise InputError(f"rule {rule!r} defines {name!r} twice; give every parameter and state a name of its own")


def resolve(rule: str, value: object, known: Mapping[str, sp.Symbol]) -> sp.Expr:
    """Expression in the symbols of a rule, found by name: of text, a number or an expression in any symbols.

    Raises
    ------
    InputError
        If it uses a name that is not known, or is text that no formula may hold.

    Examples
    --------
    >>> w = sp.Symbol("w", real=True)
    >>> resolve("r", sp.Symbol("w"), {"w": w}) == resolve("r", "w", {"w": w}) == w
    True
    """
    expression = read(value, known) if isinstance(value, str) else algebra(f"an equation of rule {rule!r}", value)
    strangers = sorted({s.name for s in expression.free_symbols} - set(known))
    if strangers:
        raise InputError(f"rule {rule!r} uses {strangers[0]!r}, which is no parameter, state or input of it")
    named = {s: known[s.name] for s in expression.free_symbols if s != known[s.name]}
    return expression.xreplace(named) if named else expression


@cache
def dimension(unit: str) -> Dimension:
    """Exponents of the second and of the loss in `unit`.

    Raises
    ------
    InputError
        If it is no product of powers of ``s``, ``Hz`` and ``loss``.

    Examples
    --------
    >>> [str(power) for power in dimension("1/(loss*s)")]
    ['-1', '-1']
    """
    try:
        powers = dict(read(unit, _UNITS).as_powers_dict())
        second, loss = (Fraction(str(powers.pop(base, 0))) for base in (_SECOND, _LOSS))
    except ValueError:
        powers = {sp.nan: 1}
    if set(powers) - {sp.S.One}:
        raise InputError(f"unit {unit!r} must be a product of powers of s and Hz, such as 's**2' or '1'")
    return second, loss


def seconds_power(unit: str, loss_unit: str = "1") -> int:
    """Exponent n such that `unit` is sⁿ; an `InputError` if it is no power of the second.

    Examples
    --------
    >>> seconds_power("Hz"), seconds_power("1/(loss*s)", loss_unit="Hz**3")
    (-1, 2)
    """
    second, loss = dimension(unit)
    power = second + loss * dimension(loss_unit)[0]
    if power.denominator > 1:
        raise InputError(f"unit {unit!r} must be a whole power of the second, such as 's**2'")
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


@lru_cache(4096)
def check_units(equations: tuple[tuple[str, sp.Expr, str], ...], units: frozenset[tuple[str, str]]) -> None:
    """Refuse equations whose two sides differ in unit, whatever power of the second a loss is.

    Parameters
    ----------
    equations : tuple of (str, sympy expression, str)
        What the message calls the left side, the right side, and the unit that it must have.
    units : frozenset of (str, str)
        Name and unit of every symbol.

    Raises
    ------
    InputError
        Naming the equation and both units.

    Examples
    --------
    >>> check_units((("dw/dt", sp.Symbol("a"), "Hz"),), frozenset({("a", "s")}))
    Traceback (most recent call last):
    plasticity.errors.InputError: dw/dt must have the unit Hz, but a has s; correct the unit of a parameter or state
    """
    balance = _Balance({name: dimension(unit) for name, unit in units})
    for name, expression, unit in equations:
        if expression.has(sp.oo, -sp.oo, sp.zoo, sp.nan):  # a limit that does not exist has no unit
            continue
        balance.equal(name, dimension(unit), expression, balance.of(name, expression))


def unit_of(expression: sp.Expr, units: Mapping[str, str]) -> str:
    """Unit of an expression in symbols of known units; symbols without one count as numbers.

    Examples
    --------
    >>> unit_of(3 * sp.Symbol("pre_rate") ** 2, {"pre_rate": "Hz"})
    's**-2'
    """
    free = {s.name: _NONE for s in expression.free_symbols}
    known = {name: dimension(unit) for name, unit in units.items()}
    return _text(_Balance(free | known).of("the expression", expression) or _NONE)


class _Balance:
    """Dimensions of expressions, and the power of the second that the loss must be for all equations to hold."""

    def __init__(self, units: Mapping[str, Dimension]):
        self.units = units
        self.loss: Fraction | None = None

    def equal(self, name: str, must: Dimension, expression: sp.Expr, has: Dimension | None) -> None:
        """Note that two units are the same; None is that of 0."""
        if has is None:
            return
        second, loss = must[0] - has[0], must[1] - has[1]
        if loss and self.loss is None:
            self.loss = -second / loss
        if second + loss * (self.loss or 0):
            raise InputError(
                f"{name} must have the unit {_text(must)}, but {expression} has {_text(has)}; "
                "correct the unit of a parameter or state"
            )

    def of(self, name: str, e: sp.Expr) -> Dimension | None:
        """Dimension of an expression, None for 0; sums and arguments of functions are checked on the way."""
        if e.is_Symbol:
            return self.units[e.name]
        if e.is_number:
            return None if e.is_zero else _NONE
        if isinstance(e, sp.Mul):
            parts = [self.of(name, a) or _NONE for a in e.args]
            return sum((p[0] for p in parts), Fraction(0)), sum((p[1] for p in parts), Fraction(0))
        if isinstance(e, sp.Pow) and e.exp.is_Rational:
            second, loss = self.of(name, e.base) or _NONE
            power = Fraction(int(e.exp.p), int(e.exp.q))
            return second * power, loss * power
        if isinstance(e, sp.Add | sp.Min | sp.Max | sp.Abs):
            return self.common(name, e.args)
        if isinstance(e, sp.Piecewise):
            for _, condition in e.args:
                self.condition(name, condition)
            return self.common(name, tuple(value for value, _ in e.args))
        if isinstance(e, held):
            return self.common(name, e.args[1:])
        if isinstance(e, sp.Heaviside | sp.sign):
            self.of(name, e.args[0])
            return _NONE
        for argument in e.args:
            self.equal(f"an argument of {e.func.__name__} in {name}", _NONE, argument, self.of(name, argument))
        return _NONE

    def common(self, name: str, parts: tuple[sp.Expr, ...]) -> Dimension | None:
        """The one dimension of several expressions."""
        first: Dimension | None = None
        for part in parts:
            own = self.of(name, part)
            if first is None:
                first = own
            else:
                self.equal(f"a sum in {name}", first, part, own)
        return first

    def condition(self, name: str, condition: sp.Basic) -> None:
        """Both sides of every comparison have one unit."""
        for comparison in condition.atoms(sp.core.relational.Relational):
            self.common(name, comparison.args)


def _text(dimension: Dimension) -> str:
    parts = [f"{base}**{power}" for base, power in zip(("s", "loss"), dimension, strict=True) if power]
    return {"": "1", "s**1": "s", "s**-1": "Hz"}.get("*".join(parts), "*".join(parts))
