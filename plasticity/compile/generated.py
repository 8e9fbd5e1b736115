"""Generated modules: source text in the cache folder, so that numba compiles it once."""

from __future__ import annotations

import ast
import sys
from contextlib import nullcontext
from functools import cache
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType

import sympy as sp
from sympy.printing.pycode import PythonCodePrinter

from plasticity.compile.checksum import checksums, is_intact
from plasticity.errors import InputError
from plasticity.support.cache import cache_folder, key, mark_used, trim, write_atomically
from plasticity.support.cli import say
from plasticity.support.code import without_docstrings


def generated_module(kind: str, source: str) -> ModuleType:
    """Module with the text `source`, loaded from the cache folder ``kind`` (written there if needed).

    Texts that differ in comments, docstrings and layout alone are the same module. The cache stays below its limit,
    and damaged files in it are made anew.

    Raises
    ------
    InputError
        If the text cannot be written, as on a full disk.
    """
    code = _code(source)
    name = f"steersman_{kind}_{key('with checksums', code)}"
    if name not in sys.modules:
        path = cache_folder(kind) / f"{name}.py"
        if not path.is_file() or path.read_bytes() != code.encode():
            _write(path, code)
            trim()
        mark_used(path)
        _remove_damaged(path)
        module = module_from_spec(ModuleSpec(name, SourceFileLoader(name, str(path)), origin=str(path)))
        module.__file__ = str(path)
        sys.modules[name] = module  # numba notes the module of a function that it compiles at once
        try:
            with checksums() if "njit" in code or "cfunc" in code else nullcontext():
                exec(compile(code, path, "exec"), module.__dict__)  # and not what bytecode in the cache says
        except BaseException:
            del sys.modules[name]
            raise
    return sys.modules[name]


@cache
def _code(source: str) -> str:
    return ast.unparse(without_docstrings(source)) + "\n"


def _write(path: Path, code: str) -> None:
    try:
        write_atomically(path, code)
    except OSError as error:
        raise InputError(
            f"cannot write generated code to {path.parent}: {error.strerror}; make room, or set STEERSMAN_CACHE to "
            "another folder"
        ) from error


def _remove_damaged(source: Path) -> None:
    """Remove compiled functions of a module that are not what was written."""
    for path in (source.parent / "__pycache__").glob(f"{source.stem}.*.nb[ic]"):
        if not is_intact(path):
            path.unlink(missing_ok=True)
            say(f"the compiled function {path} is damaged and will be compiled again")


def python_code(expression: sp.Expr) -> str:
    """Python text of an expression, with functions of the module ``math``.

    Examples
    --------
    >>> x = sp.Symbol("x")
    >>> python_code(sp.sqrt(x) / 2)
    '(1/2)*math.sqrt(x)'
    """
    plain = expression.replace(sp.Heaviside, lambda x, *at_zero: sp.Piecewise((1, x > 0), (0, True)))
    return PythonCodePrinter({"fully_qualified_modules": True}).doprint(plain)


def indented(indent: int, lines: list[str]) -> str:
    """Join `lines` at an indentation; ``pass`` where there is none."""
    return "\n".join(" " * indent + line for line in (lines or ["pass"]))
