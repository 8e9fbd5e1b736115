"""Kalman gradient: a filter of a noisy, fluctuating gradient, and a learner that expects it to relax.

The gradient is assumed to be an Ornstein–Uhlenbeck process with time constant τ, observed through white noise. The
Kalman–Bucy filter gives its mean m, and dw/dt = −ηk m/(γ + R + 1/τ): short-lived gradients are followed less. Not for
the change of the gradient by learning itself; for that use a belief about the optimum.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from plasticity.belief import OrnsteinUhlenbeck
from plasticity.derive import derive
from plasticity.objective import Objective
from plasticity.rule import Rule
from plasticity.support.checks import checked


@checked
def kalman_gradient(
    time_constant: float = 1.0,
    stationary_std: float = 1.0,
    observation_noise: float = 1.0,
    discount: Any = 1.0,
    plasticity: float = 1.0,
    loss_weight: float = 1.0,
) -> Rule:
    """Derive the rule of a learner with an Ornstein–Uhlenbeck belief about the gradient.

    Parameters
    ----------
    time_constant : float
        Correlation time τ of the gradient [s].
    stationary_std : float
        Standard deviation of the gradient [loss].
    observation_noise : float
        Standard deviation of the noise, integrated over 1 s [loss·sqrt(s)].
    discount : float, sympy.Symbol, 0 or sympy.oo
        γ [1/s].
    plasticity, loss_weight : float
        η [1/(loss·s²)] and k [1].

    Examples
    --------
    >>> [s.name for s in kalman_gradient().states]
    ['belief_mean', 'belief_variance']

    References
    ----------
    kalman_1961; vastola_2025, section on partial observability.
    """
    belief = OrnsteinUhlenbeck(time_constant, stationary_std, observation_noise)
    rule = derive(Objective(discount, plasticity, loss_weight), gradient_belief=belief)
    return replace(rule, name="kalman_gradient", title="Kalman filter of the gradient")
