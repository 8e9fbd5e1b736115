"""Compiled functions with C signatures, which a loop that was compiled before calls by their addresses.

A loop of numba would be compiled anew for every function that it calls. It isn't if it calls an address: all passes of
one kind have the same arguments, arrays as pointers to their numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

from plasticity.compile.generated import generated_module, indented

EXACT: frozenset[str] = frozenset()
REORDERED = frozenset({"reassoc", "contract", "arcp", "nsz"})  # sums in any order; NaN and infinity stay what they are

_HEAD = '''"""Generated; do not edit."""

import math

import numpy as np
from numba import cfunc, types

ARRAY, FLOAT, INTEGER = types.CPointer(types.float64), types.float64, types.int64
'''

_FUNCTION = """
@cfunc(types.void({kinds}), cache=True, error_model="numpy", fastmath={math})
def {name}({arguments}):
{body}
"""


@dataclass(frozen=True)
class Signature:
    """Names of the arguments of a compiled function: arrays of float64, then numbers, then integers (int64)."""

    arrays: tuple[str, ...]
    floats: tuple[str, ...] = ()
    integers: tuple[str, ...] = ()


def native(name: str, signature: Signature, lines: list[str], fastmath: frozenset[str] = EXACT) -> str:
    """Text of a compiled function; `fastmath` holds the liberties that LLVM may take.

    Examples
    --------
    >>> text = native("twice", Signature(("x",), integers=("n",)), ["for i in range(n):", "    x[i] *= 2"])
    >>> "types.void(ARRAY, INTEGER)" in text
    True
    """
    groups = {"ARRAY": signature.arrays, "FLOAT": signature.floats, "INTEGER": signature.integers}
    return _FUNCTION.format(
        name=name,
        kinds=", ".join(kind for kind, names in groups.items() for _ in names),
        arguments=", ".join(n for names in groups.values() for n in names),
        math="{" + ", ".join(map(repr, sorted(fastmath))) + "}" if fastmath else False,
        body=indented(4, lines),
    )


def address(text: str, name: str) -> int:
    """Address of the function `name` with this text; it is compiled, or loaded from the cache.

    Examples
    --------
    >>> address(native("idle", Signature(("x",)), []), "idle") != 0
    True
    """
    return getattr(generated_module("rates", f"{_HEAD}\n{text}"), name).address
