"""Optimal tracking of an optimum that moves as forecast, one output, one step per trial.

The loss is ½(x − μ)². With E μ_{n+s} = aˢz the best step, exact (discrete Riccati equation) and in continuous time, is

    x ← A x + g(a) z ,   g(a) = κ/(1 − βAa) ,   κ = ηk (b²/G) A/M
    x ← e^{−r}x + g(a) z ,   g(a) = κ/(γ + r − ln a) ,   κ = ηk (b²/G)(1 − e^{−r})/r

with the closed loop A of `step_policy`, β = e^{−γ}, and M = e^{−j} where the output drifts by itself, f = −jx. Without
drift both approach the discounted expected future optimum: ``x ← x + (1 − e^{−R})(θ* − x)``, βA = e^{−(γ+R)}.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.errors import InputError
from plasticity.landscapes import Quadratic
from plasticity.objective import Objective, linear_dynamics
from plasticity.optimal.cost import finite_discount
from plasticity.optimal.discrete import step_policy
from plasticity.optimal.linear_quadratic import quadratic_policy

Array = NDArray[np.float64]
SQUARE = Quadratic([1.0], [0.0])


@dataclass(frozen=True)
class Tracking:
    """Optimal step of an output towards a moving optimum, per trial.

    Parameters
    ----------
    retention : float
        Factor of the output from trial to trial, e^{−R} without drift.
    scale : float
        κ above.
    decay : float
        γ + R per trial: how fast the future stops to count.
    continuous : bool
        Whether weights are those of continuous time.
    approached : bool
        Whether the retention was stated, not derived.
    """

    retention: float
    scale: float
    decay: float
    continuous: bool = False
    approached: bool = False

    def follow(self, factors: ArrayLike) -> Array:
        """G (...,) of components that are expected to fade by factors a (...,) per trial.

        Examples
        --------
        A constant optimum is followed to the end, whatever the horizon:

        >>> step = tracking(Objective(discount=0.5, plasticity=0.2), continuous=False)
        >>> round(float(step.follow(1.0)) / (1 - step.retention), 12)
        1.0
        """
        a = np.asarray(factors, dtype=float)
        if not self.continuous:
            return self.scale / (1 - np.exp(-self.decay) * a)
        with np.errstate(divide="ignore"):
            return self.scale / (self.decay - np.log(a))

    def follow_contexts(self, rates: ArrayLike, factors: ArrayLike) -> Array:
        """G (K, K) of the perturbation of context k (column) while context j rules (row); rates Q (K, K) per trial.

        ``κ[1 − βA a_k e^Q]⁻¹_jk``, in continuous time ``κ[(γ + R − ln a_k)1 − Q]⁻¹_jk``: `follow` where none changes.

        Examples
        --------
        >>> step = tracking(Objective(0.5, plasticity=0.5), continuous=True)  # γ + R = 1
        >>> weights = step.follow_contexts([[-0.25, 0.25], [0.25, -0.25]], [1.0, 1.0]) / step.follow(1.0)
        >>> weights.round(7)[0]
        array([0.8333333, 0.1666667])
        """
        from scipy.linalg import expm

        q = np.asarray(rates, dtype=float)
        one, carried = np.eye(len(q)), None if self.continuous else np.exp(-self.decay) * expm(q)
        columns = []
        for k, a in enumerate(np.asarray(factors, dtype=float)):
            system = one - a * carried if carried is not None else (self.decay - np.log(a)) * one - q
            columns.append(self.scale * np.linalg.solve(system, one[:, k]))
        return np.stack(columns, axis=1)

    @property
    def reach(self) -> float:
        """Share of a constant optimum that is reached at last; 1 without drift."""
        return float(self.follow(1.0)) / (1 - self.retention)

    def weights(self, factors: ArrayLike) -> Array:
        """W (...,): how much of every component is aimed at, ``g(a)/g(1)``: ``(γ+R)/(γ+R−ln a)`` in continuous time."""
        return self.follow(factors) / self.follow(1.0)

    def approaching(self, share: float) -> Tracking:
        """The same aims, approached by another share of the distance per trial, 1 for at once."""
        return Tracking(1 - share, self.scale * share / (1 - self.retention), self.decay, self.continuous, True)


def tracking(objective: Objective, continuous: bool) -> Tracking:
    """Optimal step of one output per trial; the times of the objective are in trials.

    Raises
    ------
    InputError
        If the objective has more than one parameter, a discount that is no number, or a hazard.

    Examples
    --------
    >>> step = tracking(Objective(0.7, plasticity=2.0, drift=-0.3), continuous=True)
    >>> round(step.reach, 7), round(-float(np.log(step.retention)), 7)
    (0.8695652, 1.2064382)
    """
    gamma = finite_discount(objective, "for a learner in trials")
    drift, control, metric = linear_dynamics(objective, 1)
    if control.shape != (1, 1):
        raise InputError(f"control must have shape (1, 1) for a learner in trials, got {control.shape}")
    gain = float(objective.plasticity * objective.loss_weight * control[0, 0] ** 2 / metric[0, 0])
    if control[0, 0] == 0:
        raise InputError("control must not be 0 for a learner in trials, which could not move")
    if continuous:
        r = -float(quadratic_policy(objective, SQUARE).closed_loop[0, 0])
        return Tracking(float(np.exp(-r)), gain * float(-np.expm1(-r)) / r, gamma + r, True)
    retention = float(step_policy(objective, SQUARE, step=1.0).transition[0, 0])
    factor, scale = float(np.exp(drift[0, 0])), gain * retention
    if retention < factor / 2:  # the same by the Riccati equation: a tiny A is a difference, with the rounding of one
        scale = (factor - retention) * (1 - np.exp(-gamma) * factor * retention)
    return Tracking(retention, float(scale) / factor, gamma - float(np.log(retention)))
