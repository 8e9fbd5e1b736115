"""Rate units: time constant, nonlinearity, bias."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp

from plasticity.errors import InputError, UnknownNameError
from plasticity.support.checks import checked, require_finite, require_number

INPUT = sp.Symbol("u", real=True)
NONLINEARITIES = {
    "linear": INPUT,
    "tanh": sp.tanh(INPUT),
    "relu": sp.Piecewise((INPUT, INPUT > 0), (0, True)),
    "sigmoid": 1 / (1 + sp.exp(-INPUT)),
    "softplus": sp.log(1 + sp.exp(INPUT)),
}


@checked
@dataclass(frozen=True, eq=False)
class RateUnit:
    """Rate neurons: ``tau·dr/dt = −r + φ(u)``, ``u = bias + Σ w r``; for tau = 0 ``r = φ(u)`` at once.

    Parameters
    ----------
    tau : float
        Time constant τ [s]; backpropagated errors are filtered with the same one.
    nonlinearity : str or sympy expression in ``u``
        φ: one of linear, tanh, relu, sigmoid, softplus, or a formula.
    bias : float or (n,) array
        Constant input [Hz].
    initial : float, (n,) or (n_batch, n) array
        Initial rate [Hz], where tau > 0.
    tau_information : float
        Memory [s] of the running mean of φ'², which starts at 1: the neuron's estimate of its Fisher information
        (`post_information`). As a metric it is diagonal: correlations between inputs do not enter.

    Raises
    ------
    InputError
        If a number is out of range or not finite, or the nonlinearity depends on more than ``u``.
    UnknownNameError
        If the nonlinearity is unknown.

    Examples
    --------
    >>> RateUnit(tau=0.01, nonlinearity="tanh").rate
    tanh(u)
    """

    tau: float = 0.0
    nonlinearity: Any = "linear"
    bias: Any = 0.0
    initial: Any = 0.0
    tau_information: float = 1.0

    def __post_init__(self) -> None:
        """Check the values."""
        require_number("tau", self.tau, low=0, unit="s")
        require_number("tau_information", self.tau_information, low=0, exclusive=True, unit="s")
        require_finite("bias", self.bias)
        require_finite("initial rates", self.initial)
        self.rate  # noqa: B018 - raises where the nonlinearity is unknown

    @property
    def rate(self) -> sp.Expr:
        """φ(u) as an expression in ``u``."""
        if isinstance(self.nonlinearity, sp.Expr):
            named = {s: INPUT for s in self.nonlinearity.free_symbols if s.name == INPUT.name}
            expression = self.nonlinearity.subs(named)
            if expression.free_symbols - {INPUT}:
                raise InputError(f"nonlinearity {self.nonlinearity} may depend on u only")
            return expression
        if not isinstance(self.nonlinearity, str) or self.nonlinearity not in NONLINEARITIES:
            raise UnknownNameError("nonlinearity", self.nonlinearity, NONLINEARITIES)
        return NONLINEARITIES[self.nonlinearity]
