"""A population of rate neurons: time constant, nonlinearity, bias."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from plasticity.errors import InputError, UnknownNameError, require_number, require_whole

INPUT = sp.Symbol("u", real=True)
NONLINEARITIES = {
    "linear": INPUT,
    "tanh": sp.tanh(INPUT),
    "relu": sp.Piecewise((INPUT, INPUT > 0), (0, True)),
    "sigmoid": 1 / (1 + sp.exp(-INPUT)),
    "softplus": sp.log(1 + sp.exp(INPUT)),
}


@dataclass(frozen=True, eq=False)
class RatePopulation:
    """Rate neurons: ``tau·dr/dt = −r + φ(u)``, ``u = bias + Σ w r``; for tau = 0 ``r = φ(u)`` at once.

    Parameters
    ----------
    name : str
    size : int
    tau : float
        Time constant τ [s]; errors that are sent back pass through the same one.
    nonlinearity : str or sympy expression in ``u``
        φ: one of linear, tanh, relu, sigmoid, softplus, or a formula.
    bias : float or (size,) array
        Constant input [Hz].
    initial : float, (size,) or (n_batch, size) array
        Rate at the start [Hz], where tau > 0.
    tau_information : float
        Memory [s] of the neuron's belief about its Fisher information (`post_information`): the mean of φ'², which
        starts at 1. As a metric it is diagonal: that inputs are correlated does not enter.

    Raises
    ------
    InputError
        If a value cannot be used.
    """

    name: str
    size: int
    tau: float = 0.0
    nonlinearity: Any = "linear"
    bias: Any = 0.0
    initial: Any = 0.0
    tau_information: float = 1.0

    def __post_init__(self) -> None:
        """Check the values."""
        require_whole(f"size of population {self.name!r}", self.size, low=1)
        require_number(f"tau of population {self.name!r}", self.tau, low=0, unit="s")
        require_number("tau_information", self.tau_information, low=0, exclusive=True, unit="s")
        finite(f"bias of {self.name!r}", self.bias)
        finite(f"initial rates of {self.name!r}", self.initial)
        self.rate  # noqa: B018 - raises where the nonlinearity is unknown

    @property
    def rate(self) -> sp.Expr:
        """φ(u) as an expression in ``u``."""
        if isinstance(self.nonlinearity, sp.Expr):
            strange = self.nonlinearity.free_symbols - {INPUT}
            known = self.nonlinearity.subs({s: INPUT for s in strange if s.name == INPUT.name})
            if known.free_symbols - {INPUT}:
                raise InputError(f"nonlinearity {self.nonlinearity} may depend on u only")
            return known
        if self.nonlinearity not in NONLINEARITIES:
            raise UnknownNameError("nonlinearity", self.nonlinearity, NONLINEARITIES)
        return NONLINEARITIES[self.nonlinearity]


def finite(name: str, values: Any) -> None:
    """Refuse what is no number, NaN or infinite."""
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"{name} must be numbers, got {values!r}") from None
    if not np.all(np.isfinite(array)):
        where = np.argwhere(~np.isfinite(np.atleast_1d(array)))[0].tolist()
        raise InputError(f"{name} must be finite, got {np.atleast_1d(array)[tuple(where)]} at {where}")
