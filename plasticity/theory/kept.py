"""Algebra that is done once: results of pure functions, in memory and in files of the cache folder.

A derivation solves the same few equations whatever the numbers are; the next process reads what an earlier one found.
A file is named by the function, its arguments, the text of this package and the versions of Python and SymPy, so that a
change of any of them is a new derivation.
"""

from __future__ import annotations

import hashlib
import pickle
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import is_dataclass
from functools import cache, wraps
from pathlib import Path
from typing import Any, TypeVar

import sympy as sp

from plasticity.support.cache import cache_folder, keep_bytes

Function = TypeVar("Function", bound=Callable[..., Any])


def kept(function: Function) -> Function:
    """Keep the results of a pure function of hashable arguments.

    Examples
    --------
    >>> @kept
    ... def root(x):
    ...     return sp.solve(x**2 - 2, x)[1]
    >>> root(sp.Symbol("x"))
    sqrt(2)
    """

    @cache
    @wraps(function)
    def found(*arguments: Any, **named: Any) -> Any:
        path = _path(function, (*arguments, *sorted(named.items())))
        with suppress(Exception):  # none is there, or there is no limit to what a damaged one can raise
            return pickle.loads(path.read_bytes())
        result = function(*arguments, **named)
        with suppress(OSError):  # a full disk keeps nothing
            keep_bytes(path, pickle.dumps(result))
        return result

    return found  # type: ignore[return-value]


def _path(function: Callable[..., Any], arguments: tuple) -> Path:
    name = f"{function.__module__}.{function.__qualname__}"
    told = hashlib.sha256(b"\n".join([name.encode(), _text(), _described(arguments).encode()])).hexdigest()[:24]
    return cache_folder("algebra") / f"{told}.pickle"


def _described(argument: Any) -> str:
    """The same text for equal arguments, in whatever way they were made."""
    if isinstance(argument, sp.Basic):
        return sp.srepr(argument)
    if isinstance(argument, tuple):
        return f"({', '.join(map(_described, argument))})"
    if is_dataclass(argument):
        return f"{type(argument).__qualname__}{_described(tuple(vars(argument).values()))}"
    return repr(argument)


@cache
def _text() -> bytes:
    """Hash of all that a derivation depends on beside its arguments."""
    digest = hashlib.sha256(f"{sys.version_info[:3]} {sp.__version__}".encode())
    package = Path(__file__).resolve().parents[1]
    for path in sorted(package.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.digest()
