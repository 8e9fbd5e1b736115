"""Generated modules: source text in the cache folder, so that numba compiles it once."""

from __future__ import annotations

import ast
import pickletools
import sys
from functools import cache
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType

import sympy as sp
from sympy.printing.pycode import PythonCodePrinter

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
    name = f"steersman_{kind}_{key(code)}"
    if name not in sys.modules:
        path = cache_folder(kind) / f"{name}.py"
        if not path.is_file() or path.read_bytes() != code.encode():
            _write(path, code)
            trim()
        mark_used(path)
        _remove_damaged(path)
        loader = SourceFileLoader(name, str(path))
        module = module_from_spec(ModuleSpec(name, loader, origin=str(path)))
        sys.modules[name] = module  # numba notes the module of a function that it compiles at once
        try:
            loader.exec_module(module)
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
    """Remove compiled functions of a module that numba could not read, which would end every later run."""
    for path in (source.parent / "__pycache__").glob(f"{source.stem}.*.nb[ic]"):
        if not _is_readable(path):
            path.unlink(missing_ok=True)
            say(f"the compiled function {path} is damaged and will be compiled again")


def _is_readable(path: Path) -> bool:
    """Whether a file is a sequence of whole pickles; nothing in it is executed."""
    try:
        with open(path, "rb") as file:
            n_pickles = 0
            while file.peek(1):  # an index is two pickles, one after the other
                n_pickles += any(opcode.name == "STOP" for opcode, _, _ in pickletools.genops(file))
        return n_pickles > 0
    except FileNotFoundError:
        return True  # another process has just removed it
    except Exception:  # there is no limit to what a damaged text can make pickletools raise
        return False


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
