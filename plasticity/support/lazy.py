"""Public names of a package, each loaded from its module on first use (PEP 562).

A function that bears the name of its module (``solve`` in ``solve.py``) stays reachable as an attribute of the
package: Python would replace it by the module as soon as the module is imported. A package that is a catalogue has its
members as attributes, too.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import sys
from collections.abc import Mapping
from importlib.metadata import version
from types import ModuleType
from typing import Any

DISTRIBUTION = "steersman"


class LazyPackage(ModuleType):
    """Package that loads the names in its table ``_home`` (name → module), members of its catalogue, and modules.

    Examples
    --------
    >>> import plasticity
    >>> plasticity.landscapes.DoubleWell is plasticity.DoubleWell
    True
    """

    _home: Mapping[str, str]
    _is_catalogue: bool

    def __getattr__(self, name: str) -> Any:
        """Load `name` from its module; ``__version__`` is that of the installed distribution."""
        if name == "__version__":
            return version(DISTRIBUTION)
        if not name.startswith("_"):
            if name in self._home:
                origin = self._home[name]
                if origin in ("", self.__name__):  # a module or package itself
                    return importlib.import_module(f"{origin}.{name}".lstrip("."))
                return getattr(importlib.import_module(origin), name)
            if self._is_catalogue and name in _members(self.__name__):
                return _member(self.__name__, name)
            if importlib.util.find_spec(f"{self.__name__}.{name}"):  # a module that nobody has imported yet
                return importlib.import_module(f"{self.__name__}.{name}")
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        """Keep a function where the import system would put the module of the same name."""
        if isinstance(value, ModuleType) and value.__name__ == f"{self.__name__}.{name}":
            is_member = self._is_catalogue and not hasattr(value, "__path__")
            if self._home.get(name) == value.__name__ or is_member:
                value = getattr(value, name, value)
        ModuleType.__setattr__(self, name, value)

    def __dir__(self) -> list[str]:
        own = (name for name, value in vars(self).items() if getattr(value, "__module__", None) == self.__name__)
        public = (name for name in own if not name.startswith("_"))
        return sorted({*_shown(self._home), *public, *(_members(self.__name__) if self._is_catalogue else ())})


def export(package: str, catalogue: bool = False) -> list[str]:
    """Give `package` the names that it re-exports under ``if TYPE_CHECKING:``, and return them for ``__all__``.

    A re-export repeats the name: ``from plasticity.rule import Rule as Rule``. Editors and type checkers read those
    imports; Python does not carry them out, so that the package loads at once.

    Parameters
    ----------
    package : str
        ``__name__`` of the package that calls this.
    catalogue : bool
        Whether the package is a catalogue, whose members are attributes as well (`plasticity.support.catalog`).
    """
    module = sys.modules[package]
    blocks = [node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.If)]
    lines = [line for block in blocks for line in block.body]
    home = {
        alias.name: getattr(line, "module", None) or ""
        for line in lines
        if isinstance(line, ast.Import | ast.ImportFrom)
        for alias in line.names
        if alias.asname == alias.name
    }
    module.__dict__["_home"] = home
    module.__dict__["_is_catalogue"] = catalogue
    module.__class__ = LazyPackage
    return _shown(home)


def _shown(home: Mapping[str, str]) -> list[str]:
    """Names without those of a module called ``deprecated``, which work but are not offered."""
    return sorted(name for name, origin in home.items() if not origin.endswith(".deprecated"))


def _members(package: str) -> list[str]:
    from plasticity.support import catalog

    return catalog.names(package)


def _member(package: str, name: str) -> Any:
    from plasticity.support import catalog

    module = catalog.load_module(package, name)
    return getattr(module, name, module)
