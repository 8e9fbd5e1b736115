"""The set of assumptions under which a rule is optimal, as a Dataset over discounts: for a file and for a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.assumptions import Assumptions
from plasticity.dataset import make_dataset
from plasticity.linearised import FACTOR
from plasticity.optimal.inverse import momentum_discount

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
GRID = np.geomspace(0.01, 100.0, 21)  # discounts over the norm of R
FRICTIONS = np.linspace(0.0, 0.95, 39)  # passive friction over the least damping


def as_dataset(answer: Assumptions, discounts: ArrayLike | None = None) -> xr.Dataset:
    """Slopes, curvature, and what goes with every discount: metric, drift, decay, hazard; with momentum, friction.

    Along the modes of the motion, with rates r, rest points at a share w of the optimum, and, if the acceleration is
    controlled, stiffness K and damping C:

    - ``predicted_ratio``, the rate on c times the loss over that on the loss if the metric stays the same:
      ``ρ(ρ + γ) = c r(r + γ)``; the rule's own is ``rate_ratio``;
    - ``decay`` j with ``j(j + γ) = r(r + γ)(1 − w)``, or the least drift with its sign changed;
    - ``hazard`` ``λ = (γ + r)(1 − w)/w``;
    - ``momentum_discount`` ``γ = 2K/(C − c) − c − C`` with passive friction c, in shares of the least C.

    What does not apply is NaN.

    Parameters
    ----------
    answer : Assumptions
    discounts : (k,) array, optional
        γ [1/s]; by default from 0.01 to 100 times the norm of R.

    Examples
    --------
    >>> from plasticity import Quadratic, assumptions_of
    >>> data = as_dataset(assumptions_of([[1.0, 2.0], [-2.0, 1.0]], Quadratic(1.0, [0.0, 0.0])), [1.0])
    >>> float(abs(data.drift[0] - [[0.0, -2.0], [2.0, 0.0]]).max()) < 1e-5
    True
    """
    slope, n = answer.motion.slope, answer.motion.rest.size
    size = float(np.linalg.norm(slope))
    levels = size * GRID if discounts is None else np.atleast_1d(np.asarray(discounts, dtype=float))
    nothing, rates = np.full((n, n), np.nan), _rates(slope)
    velocity = answer.kind in ("any horizon", "drift", "decay or tasks")
    drift = np.array([answer.drift(level) if velocity else nothing for level in levels])
    inverse = [answer.reach(level) if answer.kind in ("any horizon", "drift") else nothing for level in levels]
    square, modes = ("parameter", "other_parameter"), ("discount", "mode")
    raised = nothing if answer.raised_slope is None else answer.raised_slope
    return make_dataset(
        {
            "slope": (square, slope, "1/s", "R: slopes of the velocity, or K with momentum"),
            "raised_slope": (square, raised, "1/s", "R on the raised loss"),
            "damping": (square, _or_nan(answer.motion.damping, n), "1/s", "C, with momentum"),
            "hessian": (square, answer.motion.hessian, "loss", "curvature H"),
            "rest": ("parameter", answer.motion.rest, "1", "rest point"),
            "optimum": ("parameter", answer.motion.optimum, "1", "optimum of the loss"),
            "rest_gain": (square, answer.rest_gain, "1", "how the rest point follows the optimum"),
            "inverse_metric": (("discount", *square), inverse, "1/(loss.s**2)", "ηk BG⁻¹Bᵀ"),
            "drift": (("discount", *square), drift, "1/s", "least drift"),
            "rate": ("mode", rates, "1/s", "rate of a mode"),
            "rate_ratio": ("mode", _rates(raised) / rates, "1", "rate on the raised loss over the rate"),
            "predicted_ratio": (modes, _predicted_ratio(answer, levels), "1", "the same if the metric is fixed"),
            "decay": (modes, _decay(answer, drift), "1/s", "decay of a mode"),
            "hazard": (modes, _hazard(answer, levels), "1/s", "hazard that a mode alone would show"),
            "momentum_discount": (("friction", "mode"), _momentum_discount(answer), "1/s", "discount of a mode"),
        },
        {
            "discount": ("discount", levels, "1/s", "discount"),
            "friction": ("friction", FRICTIONS, "1", "passive friction over the least damping"),
            **{name: (name, np.arange(n), "1", f"index of the {name}") for name in ("parameter", "mode")},
            "other_parameter": ("other_parameter", np.arange(n), "1", "index of the parameter"),
        },
        title=f"Assumptions under which {answer.name} is optimal",
        rule=answer.name,
        scenario="assumptions",
        engine="inverse optimal control",
        references=("vastola_2025", "kalman_1964"),
        kind=answer.kind,
        verdict=str(answer),
        raised_by=FACTOR,
    )


def _or_nan(matrix: Array | None, n: int) -> Array:
    return np.full((n, n), np.nan) if matrix is None else matrix


def _rates(slope: Array) -> Array:
    """Real parts (n,) of the rates, in increasing order."""
    return np.sort(np.linalg.eigvals(slope).real) if np.all(np.isfinite(slope)) else np.full(len(slope), np.nan)


def _predicted_ratio(answer: Assumptions, levels: Array) -> Array:
    rates = _rates(answer.motion.slope)
    if answer.kind != "any horizon":
        return np.full((levels.size, rates.size), np.nan)
    half = 0.5 * levels[:, None]
    return (np.sqrt(half**2 + FACTOR * rates * (rates + 2 * half)) - half) / rates


def _decay(answer: Assumptions, drift: Array) -> Array:
    if answer.kind != "decay or tasks":
        return np.full(drift.shape[:2], np.nan)
    return np.array([_rates(-one) for one in drift])


def _hazard(answer: Assumptions, levels: Array) -> Array:
    n = answer.motion.rest.size
    if answer.kind != "decay or tasks":
        return np.full((levels.size, n), np.nan)
    short = np.linalg.solve(answer.rest_gain, np.eye(n) - answer.rest_gain)
    return np.array([_rates((level * np.eye(n) + answer.motion.slope) @ short) for level in levels])


def _momentum_discount(answer: Assumptions) -> Array:
    n, damping = answer.motion.rest.size, answer.motion.damping
    if answer.kind != "momentum" or damping is None:
        return np.full((FRICTIONS.size, n), np.nan)
    stiffness, modes = np.linalg.eig(answer.motion.slope)
    own = np.diag(np.linalg.solve(modes, damping @ modes)).real
    order = np.argsort(stiffness.real)
    pairs = list(zip(stiffness.real[order], own[order], strict=True))
    return np.array([[momentum_discount(k, c, share * own.min()) for k, c in pairs] for share in FRICTIONS])
