"""Generated modules: source text that is kept in the cache folder, so that numba compiles it once."""

from __future__ import annotations

import hashlib
import sys
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType

import sympy as sp
from sympy.printing.pycode import PythonCodePrinter

from plasticity.compile.compiled_files import remove_damaged
from plasticity.errors import InputError
from plasticity.support.cache import cache_folder, keep
from plasticity.support.cache_entries import mark_used, trim


def generated_module(kind: str, source: str) -> ModuleType:
    """Module with the text `source`, loaded from the cache folder ``kind`` (written there if needed).

    The cache is kept below its limit, and damaged files in it are made anew.

    Raises
    ------
    InputError
        If the text cannot be written, as on a full disk.
    """
    name = f"steersman_{kind}_{hashlib.sha256(source.encode()).hexdigest()[:16]}"
    if name not in sys.modules:
        path = cache_folder(kind) / f"{name}.py"
        if not path.is_file() or path.read_bytes() != source.encode():
            _keep(path, source)
            trim()
        mark_used(path)
        remove_damaged(path)
        loader = SourceFileLoader(name, str(path))
        module = module_from_spec(ModuleSpec(name, loader, origin=str(path)))
        loader.exec_module(module)
        sys.modules[name] = module
    return sys.modules[name]


def _keep(path: Path, source: str) -> None:
    try:
        keep(path, source)
    except OSError as error:
        raise InputError(
            f"cannot keep generated code in {path.parent}: {error.strerror}; make room, or set STEERSMAN_CACHE to "
            "another folder"
        ) from error


def python_code(expression: sp.Expr) -> str:
    """Python text of an expression, with functions of the module ``math``.

    Examples
    --------
    >>> x = sp.Symbol("x")
    >>> python_code(sp.sqrt(x) / 2)
    '(1/2)*math.sqrt(x)'
    """
    plain = sp.sympify(expression).replace(sp.Heaviside, lambda x, *at_zero: sp.Piecewise((1, x > 0), (0, True)))
    return PythonCodePrinter({"fully_qualified_modules": True}).doprint(plain)


def indented(indent: int, lines: list[str]) -> str:
    """Join `lines` at an indentation; ``pass`` where there is none."""
    return "\n".join(" " * indent + line for line in (lines or ["pass"]))
