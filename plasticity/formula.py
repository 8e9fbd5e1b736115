"""A loss landscape from a formula, differentiated by SymPy, batched by NumPy."""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from plasticity.equations import CONSTANTS, FUNCTIONS, read
from plasticity.errors import InputError, UnknownNameError


@dataclass(frozen=True, eq=False)
class Expression:
    """Loss from a SymPy expression.

    Parameters
    ----------
    expression : sympy.Expr
        The loss.
    symbols : tuple of sympy.Symbol
        The parameters, in the order of the last axis of θ.
    """

    expression: sp.Expr
    symbols: tuple[sp.Symbol, ...]
    _functions: tuple = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Differentiate once."""
        gradient = [sp.diff(self.expression, s) for s in self.symbols]
        hessian = [sp.diff(g, s) for g in gradient for s in self.symbols]
        modules = ["scipy", "numpy"] if self.expression.has(sp.erf) else "numpy"
        compiled = tuple(
            sp.lambdify(self.symbols, entries, modules, cse=True) for entries in ([self.expression], gradient, hessian)
        )
        object.__setattr__(self, "_functions", compiled)

    @property
    def n(self) -> int:
        """Number of parameters."""
        return len(self.symbols)

    def loss(self, theta: ArrayLike) -> NDArray[np.float64]:
        """L at θ (..., n) [loss], shape (...)."""
        return self._evaluate(0, theta)[..., 0]

    def gradient(self, theta: ArrayLike) -> NDArray[np.float64]:
        """∂L/∂θ at θ (..., n), shape (..., n)."""
        return self._evaluate(1, theta)

    def hessian(self, theta: ArrayLike) -> NDArray[np.float64]:
        """∂²L/∂θ² at θ (..., n), shape (..., n, n)."""
        flat = self._evaluate(2, theta)
        return flat.reshape(*flat.shape[:-1], self.n, self.n)

    def _evaluate(self, order: int, theta: ArrayLike) -> NDArray[np.float64]:
        theta = np.asarray(theta, dtype=float)
        if theta.shape[-1:] != (self.n,):
            raise InputError(f"theta must have {self.n} parameters on its last axis, got shape {theta.shape}")
        entries = self._functions[order](*np.moveaxis(theta, -1, 0))
        return np.stack([np.broadcast_to(e, theta.shape[:-1]) for e in entries], axis=-1).astype(float)


def parse(text: str | sp.Expr, symbols: str | Sequence[str]) -> Expression:
    """Read a formula; see `plasticity.landscapes.from_expression`."""
    names = symbols.replace(",", " ").split() if isinstance(symbols, str) else [str(s) for s in symbols]
    for name in names:
        if not name.isidentifier() or keyword.iskeyword(name) or name in FUNCTIONS or name in CONSTANTS:
            raise InputError(f"symbols must be names such as 'x y', got {name!r}; choose another name")
    if not names or len(set(names)) < len(names):
        raise InputError(f"symbols must be different names such as 'x y', got {symbols!r}")
    known = {name: sp.Symbol(name, real=True) for name in names}
    if isinstance(text, sp.Expr):
        expression = text.subs({s: known[s.name] for s in text.free_symbols if s.name in known})
        for stranger in expression.free_symbols - set(known.values()):
            raise UnknownNameError("symbol", stranger.name, names)
        return Expression(expression, tuple(known.values()))
    if not isinstance(text, str):
        raise InputError(f"a loss must be a formula as text or SymPy expression, got {text!r}")
    return Expression(read(text, known), tuple(known.values()))
