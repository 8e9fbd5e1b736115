"""Calls by name: a method of a record can offer a function that is built on the record."""

from __future__ import annotations

import importlib
from typing import Any


def call(target: str, *arguments: Any, **named: Any) -> Any:
    """Call the function ``"package.module:function"``, and import its module first.

    Examples
    --------
    >>> call("math:hypot", 3.0, 4.0)
    5.0
    """
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)(*arguments, **named)
