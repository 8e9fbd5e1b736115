"""A folder is a catalogue: its modules without a leading underscore are the members.

File name = member name = name of the function (or module) that it offers. Nothing is registered, so a new
member is one new file. Names and titles are read without importing any member.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from plasticity.errors import InputError, UnknownNameError


def names(package: str) -> list[str]:
    """List the members of the catalogue `package`, sorted.

    Examples
    --------
    >>> "oja" in names("plasticity.rules")
    True
    """
    folder = _folder(package)
    return sorted(f.stem for f in folder.glob("*.py") if not f.stem.startswith("_"))


def title(package: str, name: str, kind: str = "member") -> str:
    """First line of the docstring of a member, read without importing it.

    Examples
    --------
    >>> title("plasticity.rules", "oja")
    "Oja's rule: Hebbian growth with a decay that keeps the weights normalised."
    """
    _check(package, name, kind)
    source = (_folder(package) / f"{name}.py").read_text(encoding="utf-8")
    docstring = ast.get_docstring(ast.parse(source)) or ""
    return docstring.split("\n", 1)[0]


def load_module(package: str, name: str, kind: str = "member") -> ModuleType:
    """Import the module of a member.

    Raises
    ------
    UnknownNameError
        If there is no such member; the message offers the nearest name.
    """
    _check(package, name, kind)
    return importlib.import_module(f"{package}.{name}")


def load(package: str, name: str, kind: str = "member") -> Callable:
    """Return the function of a member, which bears the name of its file.

    Raises
    ------
    UnknownNameError
        If there is no such member; the message offers the nearest name.
    """
    return getattr(load_module(package, name, kind), name)


def require_made(value: object, kind: type, package: str) -> None:
    """Refuse what is no record of a catalogue: most often a name, or a member that was not called.

    Parameters
    ----------
    value : object
    kind : type
        What members of `package` return, such as `Rule`.
    package : str

    Raises
    ------
    InputError
        Saying what to write instead.

    Examples
    --------
    >>> from plasticity.rule import Rule
    >>> require_made("oja", Rule, "plasticity.rules")
    Traceback (most recent call last):
    plasticity.errors.InputError: rule must be a Rule, got 'oja'; write plasticity.rules.load('oja')()
    """
    if isinstance(value, kind):
        return
    remedy = f"use what a function of {package} returns"
    if isinstance(value, str):
        remedy = f"write {package}.load({value!r})()"
    elif callable(value):
        remedy = f"call it: {getattr(value, '__name__', 'its function')}(…)"
    raise InputError(f"{kind.__name__.lower()} must be a {kind.__name__}, got {value!r}; {remedy}")


def _folder(package: str) -> Path:
    return Path(importlib.import_module(package).__path__[0])


def _check(package: str, name: str, kind: str) -> None:
    known = names(package)
    if name not in known:
        raise UnknownNameError(kind, name, known)
