"""Derive learning rules from an objective and execute them without a network.

Names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOME = {
    "Objective": "objective",
    "Rule": "rule",
    "solve": "solve",
    "derive": "derive",
    "simulate": "simulate",
    "replay": "replay",
    "compile_rule": "compile",
}
__all__ = [*sorted(_HOME)]


def __getattr__(name: str) -> Any:
    """Load a public name from its module on first use."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
