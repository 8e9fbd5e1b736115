"""`njit` and ``math`` as generated modules use them: Numba's, or the interpreter's where there is no Numba.

Without Numba, as in a browser, the same text runs on NumPy: slower, with the same results.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import numpy as np

__all__ = ["math", "njit"]


def interpreted(*functions: Callable, error_model: str = "python", **_: Any) -> Any:
    """Leave a function to the interpreter; with NumPy's error model nothing is said of infinite results."""
    if not functions:
        return lambda function: interpreted(function, error_model=error_model)
    function = functions[0]
    if error_model == "python":
        return function

    @wraps(function)
    def silent(*arguments: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*arguments)

    return silent


if TYPE_CHECKING or importlib.util.find_spec("numba"):
    from numba import njit
else:
    njit, math = interpreted, np  # its functions return inf and nan, as compiled code does
