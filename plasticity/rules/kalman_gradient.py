"""Kalman gradient: a filter for a noisy gradient that comes and goes, and a learner that expects it to fade.

The gradient is believed to be an Ornstein–Uhlenbeck process with time constant τ, seen through white noise. The
Kalman–Bucy filter gives its mean m, and dw/dt = −ηk m/(γ + R + 1/τ): fleeting gradients are followed less. Not to
track the gradient that changes because the learner itself moves; for that believe in an optimum.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from plasticity.belief import OrnsteinUhlenbeck
from plasticity.derive import derive
from plasticity.objective import Objective
from plasticity.rule import Rule


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
        τ [s]: how long a gradient lasts.
    stationary_std : float
        Standard deviation of the gradient [loss].
    observation_noise : float
        Standard deviation of the noise, integrated over 1 s [loss·sqrt(s)].
    discount : float, sympy.Symbol, 0 or sympy.oo
        γ [1/s].
    plasticity : float
        η [1/(loss·s²)].
    loss_weight : float
        k [1].

    Returns
    -------
    Rule
        With the states ``belief_mean`` and ``belief_variance``.

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
