"""Dual control of one weight whose curvature is one of two: where moving also teaches, exactly.

The distance x of the weight from its optimum is known, the curvature h is h_1 with probability p or else h_2, and shows
in the gradient, ``dy = hx dt + σ dW``. So the belief moves by ``dp = p(1 − p)(h_1 − h_2)(x/σ) dW'``, the more the
farther away the weight is: to stay away teaches, and costs. With ``V(x, p) = ½ x² q(z, l)``, z = ln(x/σ) and the log
odds l = ln(p/(1 − p)), the Hamilton–Jacobi–Bellman equation of the pair (x, p) is a parabolic one. It is integrated
from the optimum outwards:

    ∂q/∂z = 2 (√((kh̄ − γq + I)/η̄) − q) ,   I = ½ (h_1 − h_2)² e^{2z} (∂²q/∂l² − (1 − 2p) ∂q/∂l) ,

with h̄ = ph_1 + (1 − p)h_2 and η̄ = η/G; the velocity is ``−η̄ ∂V/∂x = −η̄x √((kh̄ − γq + I)/η̄)``. At the optimum there
is nothing to learn: q is the cost of a learner that knows that the curvature is h̄. Of a law ``−r(p)x``, such as
certainty equivalence, which acts as if the mean were the truth, ``r ∂q/∂z = kh̄ + r²/η̄ − (γ + 2r)q + I``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.integrate import solve_ivp
from scipy.interpolate import RectBivariateSpline
from scipy.special import expit, logit

from plasticity.errors import InputError
from plasticity.objective import Objective
from plasticity.optimal.cost import finite_discount
from plasticity.support.checks import checked, require_array, require_number, require_record, require_whole
from plasticity.support.late import call

Array = NDArray[np.floating]
_NEAREST = 1e-3  # |x|/σ·|h_1 − h_2|/√rate below which nothing is learned in time
_ACCURACY = 1e-7
_CERTAIN = 14.0  # log odds at which nothing is left to learn: p = 8e-7


@dataclass(frozen=True, eq=False)
class DualControl:
    """Cost and velocity of a learner that knows that its movements teach, made by `dual_control`.

    Parameters
    ----------
    curvatures : (float, float)
        h_1 and h_2 [loss/θ²].
    observation_noise : float
        σ [loss/θ·√s].
    log_distance : (n_distances,) array
        ``ln |x|/σ`` of the grid.
    log_odds : (n_beliefs,) array
        ln p/(1 − p) of the grid, with p the probability of h_1.
    cost, certainty_equivalent : (n_distances, n_beliefs) array
        q of the optimal law and of certainty equivalence: both cost ½ x² q.
    known, blind : (n_beliefs,) array
        The same for a learner that knows the curvature, on average over p, and for one that sees no gradient: bounds.
    rate : (n_distances, n_beliefs) array
        Optimal velocity over −x [1/s].
    """

    curvatures: tuple[float, float]
    observation_noise: float
    log_distance: Array
    log_odds: Array
    cost: Array
    certainty_equivalent: Array
    known: Array
    blind: Array
    rate: Array

    def _repr_markdown_(self) -> str:
        """Show costs at three beliefs in a notebook."""
        return call("plasticity.pages.display:dual_control", self)

    def value(self, distance: ArrayLike, probability: ArrayLike, law: str = "dual") -> Array:
        """Expected cost J of a start at x = `distance` (…) with the belief p = `probability` (…).

        Parameters
        ----------
        distance, probability : arrays
        law : {"dual", "certainty_equivalent", "known", "blind"}
            Whose cost: of the optimum, of the law that takes the mean curvature as true, and of the two bounds.
        """
        x, p = np.broadcast_arrays(np.asarray(distance, dtype=float), np.asarray(probability, dtype=float))
        if law in ("known", "blind"):
            return 0.5 * x**2 * np.interp(_log_odds(p), self.log_odds, getattr(self, law))
        if law not in ("dual", "certainty_equivalent"):
            raise InputError(f"law must be dual, certainty_equivalent, known or blind, got {law!r}")
        return 0.5 * x**2 * self._at("cost" if law == "dual" else law, x, p)

    def velocity(self, distance: ArrayLike, probability: ArrayLike) -> Array:
        """Optimal velocity (…) [θ/s] at x = `distance` with the belief p = `probability`."""
        x, p = np.broadcast_arrays(np.asarray(distance, dtype=float), np.asarray(probability, dtype=float))
        return -x * self._at("rate", x, p)

    @cached_property
    def _tables(self) -> dict[str, RectBivariateSpline]:
        names = ("cost", "certainty_equivalent", "rate")
        return {n: RectBivariateSpline(self.log_distance, self.log_odds, getattr(self, n)) for n in names}

    def _at(self, name: str, x: Array, p: Array) -> Array:
        low, high = self.log_distance[[0, -1]]
        z = np.log(np.maximum(np.abs(x) / self.observation_noise, np.exp(low)))
        if np.any(z > high + 1e-9) or np.any((p < 0) | (p > 1)):
            raise InputError(
                f"distance must be within ±{np.exp(high) * self.observation_noise:g}, the `farthest` that was solved "
                "for, and probability within [0, 1]"
            )
        return self._tables[name].ev(z, _log_odds(p))


@checked
def dual_control(
    objective: Objective,
    curvatures: tuple[float, float],
    observation_noise: float,
    farthest: float = 1.0,
    n_beliefs: int = 281,
) -> DualControl:
    """Exact optimum of one weight that must learn which of two curvatures its loss has, by the equation above.

    Parameters
    ----------
    objective : Objective
        Finite discount, plasticity, loss weight; metric None or a number. No drift, control or hazard.
    curvatures : (float, float)
        h_1 and h_2 ≥ 0, not equal [loss/θ²].
    observation_noise : float
        σ > 0: noise of the gradient, integrated over 1 s [loss/θ·√s].
    farthest : float
        Largest distance from the optimum [θ].
    n_beliefs : int
        Grid points of the log odds; the error falls with their square.

    Raises
    ------
    InputError
        If an argument is out of range, or the objective has what is not solved here.

    Examples
    --------
    What certainty equivalence costs, and what knowing the curvature would save, from x = 1 with even odds:

    >>> from plasticity import Objective
    >>> both = dual_control(Objective(discount=0.01), curvatures=(0.1, 10.0), observation_noise=1.0)
    >>> [round(float(both.value(1.0, 0.5, law)), 3) for law in ("known", "dual", "certainty_equivalent", "blind")]
    [0.867, 0.923, 0.93, 1.121]

    References
    ----------
    vastola_2025, section on partial observability.
    """
    gamma, mobility = _plain(objective)
    k = float(objective.loss_weight)
    one, two = _two(curvatures)
    noise = require_number("observation_noise", observation_noise, low=0, exclusive=True)
    farthest = require_number("farthest", farthest, low=0, exclusive=True)
    odds = np.linspace(-_CERTAIN, _CERTAIN, require_whole("n_beliefs", n_beliefs, low=11))
    p, gap = expit(odds), odds[1] - odds[0]
    mean = k * (p * one + (1 - p) * two)

    def blind(cost: Array) -> Array:  # η̄q² + γq = kh̄
        return 2 * cost / (gamma + np.sqrt(gamma**2 + 4 * mobility * cost))

    ends = blind(k * np.array([one, two]))
    known = p * ends[0] + (1 - p) * ends[1]
    act = mobility * blind(mean)  # rate of certainty equivalence
    start = np.log(_NEAREST * np.sqrt(max(gamma, mobility * ends.min())) / abs(one - two))
    z = np.linspace(start, max(np.log(farthest / noise), start + 1), 400)

    def information(at: float, q: Array) -> Array:
        bent = np.zeros_like(q)  # p²(1 − p)² ∂²q/∂p²
        bent[1:-1] = (q[2:] - 2 * q[1:-1] + q[:-2]) / gap**2 - (1 - 2 * p[1:-1]) * (q[2:] - q[:-2]) / (2 * gap)
        return 0.5 * (one - two) ** 2 * np.exp(2 * at) * bent

    def speed(at: float, q: Array) -> Array:  # rate over η̄
        return np.sqrt(np.maximum(mean - gamma * q + information(at, q), 0.0) / mobility)

    def equivalent(at: float, q: Array) -> Array:
        return (mean + act**2 / mobility - (gamma + 2 * act) * q + information(at, q)) / act

    best = _outwards(lambda at, q: 2 * (speed(at, q) - q), z, blind(mean))
    naive = _outwards(equivalent, z, blind(mean))
    rate = mobility * np.array([speed(at, q) for at, q in zip(z, best, strict=True)])
    return DualControl((one, two), noise, z, odds, best, naive, known, blind(mean), rate)


def _log_odds(p: Array) -> Array:
    """Log odds within the grid."""
    return np.clip(logit(p), -_CERTAIN, _CERTAIN)


def _outwards(flow: Callable[[float, Array], Array], z: Array, start: Array) -> Array:
    """Integrate along the logarithm of the distance; neighbours on the grid of beliefs are coupled."""
    near = sparse.diags_array([np.ones(start.size)] * 3, offsets=(-1, 0, 1), shape=(start.size,) * 2)
    tolerances = {"rtol": _ACCURACY, "atol": _ACCURACY * start.max()}
    done = solve_ivp(flow, (z[0], z[-1]), start, "BDF", z, jac_sparsity=near, **tolerances)
    if not done.success:
        raise InputError(f"the equation of dual control was not solved: {done.message}; use fewer n_beliefs")
    return done.y.T


def _plain(objective: Objective) -> tuple[float, float]:
    """Discount and η/G of an objective of one weight without drift, control or hazard."""
    require_record("objective", objective, Objective)
    gamma = finite_discount(objective, "for `dual_control`")
    extra = [name for name in ("drift", "control", "task_prior") if getattr(objective, name) is not None]
    if extra or objective.hazard:
        raise InputError(f"{(extra or ['hazard'])[0]} must be left out: `dual_control` solves the plain problem")
    metric = 1.0 if objective.metric is None else objective.metric
    if callable(metric) or np.size(metric) != 1:
        raise InputError(f"metric must be a number for one weight, got {objective.metric!r}")
    return gamma, float(objective.plasticity) / float(np.asarray(metric).reshape(()))


def _two(curvatures: tuple[float, float]) -> tuple[float, float]:
    values = require_array("curvatures", curvatures)
    if values.shape != (2,) or np.any(values < 0) or values[0] == values[1]:
        raise InputError(f"curvatures must be two different numbers >= 0, got {curvatures!r}")
    return float(values[0]), float(values[1])
