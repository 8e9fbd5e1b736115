"""Momentum, energy and conserved quantities along a recorded path, with the balances that an optimal path obeys."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from plasticity.errors import InputError
from plasticity.optimal.running import RunningCost, difference
from plasticity.optimal.terms import Samples, Terms

Array = NDArray[np.float64]
BROKEN = 1e-6  # relative change of the cost along ξ that is no rounding: differences of fourth order err by 1e-12


class Mechanics(NamedTuple):
    """Mechanics of a path in the middles of its intervals.

    Parameters
    ----------
    momentum : (..., k − 1, n) array
        ``p = G(θ̇ − f)/η`` [loss·s per unit of θ].
    energy : (..., k − 1) array
        ``H = (θ̇ − f)ᵀG(θ̇ − f)/2η + pᵀf − kL`` [loss].
    power : (..., k − 1) array
        ``γ pᵀθ̇`` [loss/s], which is dH/dt on an optimal path.
    residual : (..., k − 1) array
        ``H(t) − H(t_0) − ∫ γ pᵀθ̇ dt`` [loss] by the trapezoidal rule.
    """

    momentum: Array
    energy: Array
    power: Array
    residual: Array


def mechanics(samples: Samples, terms: Terms, cost: RunningCost, discount: float) -> Mechanics:
    """Momentum, energy and energy balance of a recorded path."""
    momentum = cost.lowered(samples.middles, terms.away) / cost.plasticity
    pushed = np.sum(momentum * cost.free_velocity(samples.middles), axis=-1)
    energy = terms.effort.sum(axis=-1) + pushed - terms.loss
    power = discount * np.sum(momentum * samples.velocities, axis=-1)
    between = 0.5 * (samples.steps[1:] + samples.steps[:-1])  # from middle to middle
    gained = np.zeros_like(power)
    gained[..., 1:] = np.cumsum(0.5 * (power[..., 1:] + power[..., :-1]) * between, axis=-1)
    return Mechanics(momentum, energy, power, energy - energy[..., :1] - gained)


def noether(
    symmetry: Callable[[Array], Any], samples: Samples, times: Array, cost: RunningCost, discount: float
) -> tuple[Array, Array]:
    """Noether's quantity ``e^{−γt} pᵀξ`` and its rate of change on an optimal path, each (..., k − 1).

    The rate is ``e^{−γt} (∂ℓ/∂θ ξ + pᵀ ∂ξ/∂θ θ̇)``, the change of the running cost ℓ along ξ. It vanishes where loss,
    metric and drift share the symmetry; a `RuntimeWarning` reports that they do not.
    """
    middles, velocities = samples.middles, samples.velocities

    def shift(theta: Array) -> Array:
        flat = theta.reshape(-1, theta.shape[-1])
        rows = [np.asarray(symmetry(row.copy()), dtype=float) for row in flat]
        wrong = next((row for row in rows if row.shape != flat.shape[1:] or not np.all(np.isfinite(row))), None)
        if wrong is not None:
            raise InputError(
                f"symmetry must map θ of shape {flat.shape[1:]} to a finite ξ of that shape, got {wrong.tolist()}"
            )
        return np.array(rows).reshape(theta.shape)

    slope, momentum = cost.slopes(middles, velocities)
    along = shift(middles)
    turned = np.einsum("...ij,...j->...i", difference(shift, middles), velocities)
    parts = np.concatenate([slope * along, momentum * turned], axis=-1)
    change, fading = parts.sum(axis=-1), np.exp(-discount * times)
    effort = np.abs(cost.effort(middles, velocities)).max() * np.abs(along).max() / max(1.0, np.abs(middles).max())
    scale = np.abs(parts).sum(axis=-1).max() + effort
    if np.abs(change).max() > BROKEN * scale:
        warnings.warn(
            f"symmetry is none of loss, metric and drift: the running cost changes along it by up to "
            f"{np.abs(change).max():.3g}, so that conserved drifts at the rate conserved_rate",
            RuntimeWarning,
            stacklevel=2,
        )
    return fading * np.sum(momentum * along, axis=-1), fading * change
