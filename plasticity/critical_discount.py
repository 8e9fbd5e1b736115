"""The horizon from which a learner leaves a local minimum for a deeper one.

On an endless window the learner at θ_L leaves for θ_R exactly when some path pays for itself,

    E_γ[θ] = ∫ e^{−γt} { θ̇ᵀGθ̇/2η + k (L(θ) − L(θ_L)) } dt < 0 .

Starting later only scales E, so the sign decides; at the critical discount the best path has E = 0 and takes for
ever to leave: it is the front that connects the two minima, and γ_c is its speed (muratov_2008).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigh

from plasticity.errors import InputError
from plasticity.objective import Objective
from plasticity.optimal.action import RunningCost, running_cost
from plasticity.optimal.escape import Above, Front, front_speed, guessed_speed

Array = NDArray[np.float64]
RESOLUTION = 0.12  # coarsest step, in units of the fastest time constant; two halvings and extrapolation follow
MOST_INTERVALS = 3000  # of the coarsest mesh


def critical_discount(objective: Objective, landscape: Any, from_minimum: ArrayLike, to_minimum: ArrayLike) -> float:
    """Find the discount below which it pays to leave one minimum for a deeper one.

    ``γ_c = sup { γ : V(θ_L) < kL(θ_L)/γ }``; for any smaller discount (longer horizon) the learner crosses the
    barrier, for any larger one it stays for ever.

    Parameters
    ----------
    objective : Objective
        Plasticity, loss weight and metric; its discount is not used. No drift, no hazard.
    landscape : Landscape
        With loss, gradient and hessian.
    from_minimum, to_minimum : (n,) array
        Minima θ_L and θ_R of the loss (polished by Newton's method), the second one deeper.

    Returns
    -------
    float
        γ_c [1/s], extrapolated over three meshes.

    Raises
    ------
    InputError
        If a point is no minimum, the target is not lower, or the objective has a drift or a hazard.

    Examples
    --------
    >>> from plasticity.landscapes import DoubleWell
    >>> well = DoubleWell()
    >>> round(critical_discount(Objective(0), well, *well.minima), 6)
    0.539031

    References
    ----------
    muratov_2008; vastola_2025.
    """
    if objective.drift is not None and (callable(objective.drift) or np.any(objective.drift)):
        raise InputError("drift must be None for critical_discount: with a drift no minimum is a rest; use `plan`")
    if objective.hazard > 0:
        raise InputError(f"hazard must be 0 for critical_discount, got {objective.hazard:g}; use `plan`")
    start = _minimum("from_minimum", landscape, from_minimum)
    end = _minimum("to_minimum", landscape, to_minimum)
    gain = float(landscape.loss(start) - landscape.loss(end))
    if start.shape != end.shape or gain <= 0:
        raise InputError(
            f"to_minimum must be lower than from_minimum, got losses {float(landscape.loss(end)):g} and "
            f"{float(landscape.loss(start)):g}; no horizon is long enough to climb for good, exchange them"
        )
    cost = running_cost(objective, Above(landscape, start), start.size)
    rates = [_rates(cost, point) for point in (start, end)]
    front = Front(cost, start, end, gain * objective.loss_weight, rates[0].min(), rates[1].min())
    front = replace(front, discount=guessed_speed(front))
    fastest = max(rate.max() for rate in rates)
    for _ in range(6):
        step = max(RESOLUTION / fastest, front.window / MOST_INTERVALS)
        found, path = front_speed(front, step)
        fits = abs(found - front.discount) < 0.05 * found
        if fits and _settled(path):
            break
        # a slow barrier takes longer than the wells tell
        front = replace(front, discount=found, stretch=front.stretch * (2 if fits else 1))
    else:
        raise InputError("no front connects from_minimum and to_minimum directly; is there a minimum in between?")
    half, path = front_speed(front, step / 2, found, path)
    quarter, _ = front_speed(front, step / 4, half, path)
    once = (4 * half - found) / 3, (4 * quarter - half) / 3  # errors are even powers of the step
    return float((16 * once[1] - once[0]) / 15)


def _settled(path: Array) -> bool:
    """Whether the path has come to rest at both ends."""
    speed = np.linalg.norm(np.diff(path, axis=0), axis=1)
    return max(speed[0], speed[-1]) < 1e-4 * speed.max()


def _rates(cost: RunningCost, point: Array) -> Array:
    """Rates √(ηk eig(G⁻¹H)) [1/s] at which an undiscounted path leaves or enters a minimum."""
    hessian = cost.loss_weight * cost.plasticity * cost.landscape.hessian(point)
    return np.sqrt(eigh(hessian, cost.metric_matrix(point), eigvals_only=True))


def _minimum(name: str, landscape: Any, given: ArrayLike) -> Array:
    """Polish a point to the minimum near it."""
    given = np.array(given, dtype=float)
    if given.ndim != 1 or not np.all(np.isfinite(given)):
        raise InputError(f"{name} must be finite numbers of shape (n,), got {given.tolist()}")
    point = given
    for _ in range(20):
        hessian = landscape.hessian(point)
        lowest = np.linalg.eigvalsh(hessian)
        if lowest[0] <= 1e-10 * max(abs(lowest[-1]), 1e-300):
            raise InputError(
                f"{name} must be a minimum with positive curvature, but at {np.round(point, 6).tolist()} the lowest "
                f"curvature is {lowest[0]:g}; give another point"
            )
        step = np.linalg.solve(hessian, landscape.gradient(point))
        point = point - step
        if np.linalg.norm(step) <= 1e-13 * (1 + np.linalg.norm(point)):
            break
    if np.linalg.norm(point - given) > 1e-2 * (1 + np.linalg.norm(given)):
        raise InputError(f"{name} must be a minimum, got {given.tolist()}; the nearest is {point.tolist()}")
    return point
