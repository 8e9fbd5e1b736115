"""Public names of a package, each loaded from its module on first use (PEP 562).

A function that bears the name of its module (``solve`` in ``solve.py``) stays reachable as an attribute of the
package: Python would replace it by the module as soon as the module is imported.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any


class LazyPackage(ModuleType):
    """Package that loads the names in its table ``_home`` (name → module) when they are asked for."""

    _home: Mapping[str, str]

    def __getattr__(self, name: str) -> Any:
        """Load `name` from its module."""
        if name.startswith("_") or name not in self._home:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(self._home[name]), name)

    def __setattr__(self, name: str, value: Any) -> None:
        """Keep a function where the import system would put the module of the same name."""
        if isinstance(value, ModuleType) and self._home.get(name) == value.__name__:
            value = getattr(value, name)
        ModuleType.__setattr__(self, name, value)

    def __dir__(self) -> list[str]:
        return sorted(self._home)


def export(package: str) -> list[str]:
    """Give `package` the names that it imports under ``if TYPE_CHECKING:``, and return them for ``__all__``.

    Editors and type checkers read those imports; Python does not carry them out, so that the package loads at once.
    """
    module = sys.modules[package]
    blocks = [node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.If)]
    imports = [line for block in blocks for line in block.body if isinstance(line, ast.ImportFrom)]
    home = {alias.name: line.module for line in imports for alias in line.names}
    module.__dict__["_home"] = home
    module.__class__ = LazyPackage
    return sorted(home)
