"""Symbols of the theory: discount γ, plasticity η, loss weight k, learning rate, duration, forecasts, horizons."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from plasticity.rule import Parameter

DISCOUNT = Parameter("discount", None, unit="Hz", meaning="temporal discounting γ; 1/γ is the horizon", positive=True)
PLASTICITY = Parameter("plasticity", 1.0, unit="1/(loss*s**2)", meaning="inverse cost of change, η", positive=True)
LOSS_WEIGHT = Parameter("loss_weight", 1.0, meaning="weight of the loss, k", positive=True)
LEARNING_RATE = Parameter("learning_rate", 1.0, unit="1/(loss*s)", meaning="learning rate ηk/γ", positive=True)
DURATION = Parameter("duration", None, unit="s", meaning="time between observations", positive=True)

VELOCITY = sp.Symbol("velocity", real=True)  # of a weight whose acceleration is controlled

LONG_HORIZON = "long horizon, γ → 0⁺"
FINITE_HORIZON = "The planning horizon is 1/γ"


def short_horizon(order: int = 1) -> str:
    """Name of the limit γ → ∞ with its conditions, for a weight whose velocity (order 1) or acceleration is controlled.

    A metric that is chosen with the loss in view makes gradient descent optimal at any horizon.
    """
    return f"short horizon, γ → ∞ at fixed ηk/γ{'²' if order == 2 else ''}, in a metric fixed beforehand"


def horizon(discount: sp.Expr, order: int = 1) -> str:
    """Sentence about the horizon for a discount: 0, oo, a number [Hz] or a symbol."""
    if discount == sp.oo:
        return f"The horizon is short ({short_horizon(order).partition(', ')[2]})."
    if discount.is_zero:
        return f"The horizon is long ({LONG_HORIZON.partition(', ')[2]})."
    return f"{FINITE_HORIZON} with γ = {f'{float(discount):g} Hz' if discount.is_number else discount}."


@dataclass(frozen=True)
class Forecast:
    """A quantity in the loss whose expected value relaxes: E d symbol = rate (mean − symbol) dt.

    Diffusion and random replacement both have this form; their further moments only change terms without δ.
    """

    symbol: sp.Symbol
    rate: sp.Expr
    mean: sp.Expr
