"""Algebra that is done once: results of pure functions, in memory and as text in the cache folder.

A derivation solves the same few equations whatever the numbers are; the next process reads what an earlier one found.
Reading makes symbols, expressions and records from an allow-list; nothing in a file is executed.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import is_dataclass
from functools import cache, partial, wraps
from pathlib import Path
from typing import Any, TypeVar

import sympy as sp

from plasticity.support.cache import cache_folder, canonical, key, write_atomically
from plasticity.support.code import code_hash, imported_files
from plasticity.support.exprel import exprel

Function = TypeVar("Function", bound=Callable[..., Any])

_CLASSES = (
    *(sp.Symbol, sp.Integer, sp.Rational, sp.Float, sp.Add, sp.Mul, sp.Pow, sp.Abs, sp.sign, sp.Max, sp.Min),
    *(sp.exp, sp.log, sp.sin, sp.cos, sp.tan, sp.sinh, sp.cosh, sp.tanh, sp.erf, sp.Heaviside, exprel),
    *(sp.Integral, sp.Derivative, sp.Tuple, sp.StrictLessThan, sp.LessThan, sp.StrictGreaterThan),
    *(sp.GreaterThan, sp.Piecewise, sp.MutableDenseMatrix, sp.ImmutableDenseMatrix),
)
_CONSTANTS = {"pi": sp.pi, "E": sp.E, "I": sp.I, "oo": sp.oo, "true": sp.true, "false": sp.false}
READABLE = {kind.__name__: kind for kind in _CLASSES} | {"Equality": partial(sp.Equality, evaluate=False)}


def cached_algebra(function: Function) -> Function:
    """Cache the results of a pure function of hashable arguments.

    A file is named by the function, its arguments, the code that its module imports and the versions of Python and
    SymPy. Results that a text cannot hold are found again in each process.

    Examples
    --------
    >>> @cached_algebra
    ... def root(x):
    ...     return sp.solve(x**2 - 2, x)[1]
    >>> root(sp.Symbol("x"))
    sqrt(2)
    """

    @cache
    @wraps(function)
    def cached(*arguments: Any, **named: Any) -> Any:
        path = _path(function, (*arguments, *sorted(named.items())))
        known = READABLE | {
            n: kind for n, kind in function.__globals__.items() if isinstance(kind, type) and is_dataclass(kind)
        }
        if path is not None:
            with suppress(OSError, ValueError):  # not there, or damaged
                return _read(path, known)
        result = function(*arguments, **named)
        if path is not None:
            _write(path, result, known)
        return result

    return cached  # type: ignore[return-value]


def _is_record(kind: Any) -> bool:
    return isinstance(kind, type) and is_dataclass(kind)


def _path(function: Callable[..., Any], arguments: tuple) -> Path | None:
    """File of a result; None for a function that was typed at a prompt or arguments that no other process can have."""
    source = Path(function.__code__.co_filename)
    text = canonical(arguments)
    if not source.is_file() or "Dummy(" in text:
        return None
    name = f"{function.__module__}.{function.__qualname__}"
    versions = f"{sys.version_info[:3]} {sp.__version__}"
    return cache_folder("algebra") / f"{key(name, text, versions, code_hash(imported_files(source)))}.txt"


def _write(path: Path, result: Any, known: Mapping[str, Any]) -> None:
    text = canonical(result)
    with suppress(OSError, ValueError):  # a full disk, or no text makes it again
        if made(text, known) == result:
            write_atomically(path, f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}")


def _read(path: Path, known: Mapping[str, Any]) -> Any:
    checksum, _, text = path.read_text(encoding="utf-8").partition("\n")
    if hashlib.sha256(text.encode()).hexdigest() != checksum:
        raise ValueError(f"{path} is damaged")
    return made(text, known)


def made(text: str, known: Mapping[str, Any]) -> Any:
    """Value of a `canonical` text that names no classes but those in `known`.

    Raises
    ------
    ValueError
        If the text holds anything else.

    Examples
    --------
    >>> made("Pow(Symbol('x', real=True), Integer(-2))", READABLE)
    x**(-2)
    """
    try:
        return _value(ast.parse(text, mode="eval").body, known)
    except (SyntaxError, RecursionError, MemoryError, TypeError) as error:
        raise ValueError(f"cannot read {text[:80]!r}") from error


def _value(node: ast.AST, known: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name) if name in _CONSTANTS:
            return _CONSTANTS[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, known)
        case ast.Tuple(elts=parts):
            return tuple(_value(part, known) for part in parts)
        case ast.List(elts=parts):
            return [_value(part, known) for part in parts]
        case ast.Call(func=ast.Name(id=name), args=parts, keywords=named) if name in known:
            keywords = {word.arg: _value(word.value, known) for word in named if word.arg}
            return known[name](*(_value(part, known) for part in parts), **keywords)
    raise ValueError(f"{ast.unparse(node)[:80]!r} is not allowed")
