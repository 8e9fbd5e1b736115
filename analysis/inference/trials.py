"""What trial-by-trial adaptation tells about the horizon: a learner in trials, its alias, the trials that break it.

The optimum of the movement is a sum of components that decay by a_i per trial and are stirred by noise q_i; errors are
seen with noise r. The learner tracks them by a steady Kalman filter of gains K and moves to the discounted expected
future optimum, ``x = Σ w_i p̂_i`` with ``w_i = (γ + R)/((γ + R) − ln a_i)`` (vastola_2025). Hence, per trial,

    seen, or clamped:   p̂ ← M p̂ + N e ,   M = diag(a)(1 + K(w − 1)ᵀ) ,   N = diag(a)K
    no feedback:        p̂ ← diag(a) p̂ .

Errors show the eigenvalues of M and the residues, 2m numbers, of 2m + 1: a, q/r and γ + R.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve_discrete_are
from scipy.optimize import least_squares

from plasticity.errors import InputError
from plasticity.support.checks import require_whole

Array = NDArray[np.float64]
SEEN, CLAMPED, NONE = 0, 1, 2
STEP = 1e-5
TAIL = 40  # trials without feedback of the proposed experiment
ALIAS = 1e-5  # smallest over largest singular value: an exact alias leaves the rounding of differences, about 1e-10
HORIZONS = (0.01, 0.1, 1.0, 10.0)  # γ + R per trial at which the fit is repeated


def gains(a: ArrayLike, ratio: ArrayLike) -> Array:
    """Steady Kalman gains (m,) of components with retentions a and noise ratios q/r.

    Examples
    --------
    >>> gains([0.708, 0.9994], [1.82, 0.0173]).round(5)
    array([0.62211, 0.07137])
    """
    a, ratio = np.asarray(a, dtype=float), np.asarray(ratio, dtype=float)
    ones = np.ones((a.size, 1))
    p = solve_discrete_are(np.diag(a), ones, np.diag(ratio), np.eye(1))
    return (p @ ones)[:, 0] / (1.0 + p.sum())


def weights(a: ArrayLike, horizon: float) -> Array:
    """W (m,): how much of every component is followed, for γ + R = `horizon` per trial."""
    return horizon / (horizon - np.log(np.asarray(a, dtype=float)))


def outputs(a: Array, ratio: Array, horizon: float, perturbation: Array, feedback: NDArray[np.intp]) -> Array:
    """Movement x (n_trials,) of the learner; feedback is 0 (seen), 1 (error clamped to 0) or 2 (none)."""
    k, w = gains(a, ratio), weights(a, horizon)
    p, x = np.zeros(a.size), np.empty(perturbation.size)
    for trial, (turn, kind) in enumerate(zip(perturbation, feedback, strict=True)):
        x[trial] = w @ p
        error = 0.0 if kind == CLAMPED else turn - x[trial]
        p = a * p if kind == NONE else a * (p + k * (error + x[trial] - p.sum()))
    return x


def horizon_error(
    a: ArrayLike,
    ratio: ArrayLike,
    horizon: float,
    perturbation: ArrayLike,
    feedback: ArrayLike,
    error: ArrayLike,
) -> tuple[float, float]:
    """Expected sd of ln(γ + R) in a protocol, and the smallest over the largest singular value of its design.

    Parameters
    ----------
    a, ratio : (m,) sequences
        Retentions per trial and q/r.
    horizon : float
        γ + R per trial.
    perturbation, feedback : (n_trials,) arrays
        Perturbation, and 0 (seen), 1 (clamped), 2 (none).
    error : float or (n_trials,) array
        Standard error of the movement on one trial, in the unit of the perturbation.

    Examples
    --------
    Clamps never show it; trials without feedback do:

    >>> turns = np.r_[np.zeros(32), 30 * np.ones(100), -30 * np.ones(12), np.zeros(40)]
    >>> shown = [horizon_error((0.8, 0.99), (1.82, 0.0173), 0.3, turns, np.r_[np.zeros(144), np.full(40, k)], 1.5)
    ...          for k in (1, 2)]
    >>> shown[0][1] < 1e-7, 0.1 < shown[1][0] < 1
    (True, True)
    """
    turns, kinds = np.asarray(perturbation, dtype=float), np.asarray(feedback).astype(int)
    scatter, retained = np.asarray(error, dtype=float), np.asarray(a, dtype=float)
    m = retained.size
    u = _coordinates(retained, np.asarray(ratio, dtype=float), horizon)

    def predicted(v: Array) -> Array:
        return outputs(*_learner(v, m), turns, kinds) / scatter

    columns = []
    for e in STEP * np.eye(u.size):
        near, far = predicted(u + e) - predicted(u - e), predicted(u + 2 * e) - predicted(u - 2 * e)
        columns.append((8 * near - far) / (12 * STEP))
    jacobian = np.stack(columns, axis=1)
    singular = np.linalg.svd(jacobian, compute_uv=False)
    share = float(singular[-1] / singular[0])
    if share < ALIAS * 1e-2:
        return np.inf, share
    return float(np.sqrt(np.linalg.inv(jacobian.T @ jacobian)[-1, -1])), share


@dataclass(frozen=True, eq=False)
class TrialInference:
    """What trial-wise data tell about a learner that tracks several components, made by `infer_trials`.

    Parameters
    ----------
    a, ratio : (m,) arrays
        Retentions and q/r of the best fit at γ + R = 1 per trial.
    horizons, misfit : arrays
        γ + R per trial, and the mean squared error of the best fit at each [squared unit of the data].
    expected : float
        Expected sd of ln(γ + R) from these trials; inf where it is aliased.
    proposed : float
        The same if 40 trials without feedback followed those with feedback, in the place of clamps.
    explained : float
        Share of the variance of the data.
    memory : float
        Correlation of successive residuals: far from 0, the standard errors do not hold.
    """

    a: Array
    ratio: Array
    horizons: Array
    misfit: Array
    expected: float
    proposed: float
    explained: float
    memory: float

    @property
    def aliased(self) -> bool:
        """Whether every horizon fits alike."""
        return not np.isfinite(self.expected)

    def __str__(self) -> str:
        """The verdict in words."""
        fits = ", ".join(f"{m:.6g} at {h:g}" for h, m in zip(self.horizons, self.misfit, strict=True))
        lines = [
            f"{self.a.size} components explain {100 * self.explained:.1f} % of the variance; retentions "
            f"{', '.join(f'{x:.4g}' for x in self.a)} per trial (at γ + R = 1 per trial).",
            f"Mean squared error by γ + R per trial: {fits}.",
        ]
        if self.aliased:
            lines.append(
                "These trials tell nothing about the horizon: errors that are seen or clamped show 2 numbers per "
                "component, and the retentions, q/r and γ + R are one more. Alias: γ + R, a and q/r change together."
            )
        else:
            lines.append(f"Expected standard error of ln(γ + R): {self.expected:.2g}.")
        lines.append(
            f"The experiment that could: {TAIL} trials without feedback in the place of clamps (expected standard "
            f"error of ln(γ + R) {self.proposed:.2g} at γ + R = 1 per trial); clamped errors do not."
        )
        if abs(self.memory) > 0.1:
            lines.append(f"Caution: successive residuals correlate ({self.memory:.2f}), so that errors are larger.")
        return "\n".join(lines)


def infer_trials(data: xr.Dataset, n_components: int = 2) -> TrialInference:
    """Verdict on what a data set of kind ``trials`` can tell about the horizon γ + R.

    Parameters
    ----------
    data : Dataset
        See `analysis.check_dataset`: ``value`` and ``sem`` per trial, ``perturbation``, ``clamped`` (0 seen, 1 clamped,
        2 no feedback).
    n_components : int
        m.

    Raises
    ------
    InputError
        If the data are of another kind, too few, or do not move.

    Examples
    --------
    >>> from analysis.datasets import load
    >>> infer_trials(load("thart_reach")).aliased
    True

    References
    ----------
    smith_2006; vastola_2025.
    """
    m = require_whole("n_components", n_components, low=1)
    if data.attrs.get("kind") != "trials":
        raise InputError(f"data must be of kind 'trials', got {data.attrs.get('kind')!r}")
    value, sem = data.value.values, data.sem.values
    turns, kinds = data.perturbation.values, data.clamped.values.astype(int)
    if value.size < 4 * m or not np.ptp(value) > 0 or not np.ptp(turns) > 0:
        raise InputError(f"data has {value.size} trials; {m} components need {4 * m}, a perturbation, and a response")
    if not np.all(sem > 0):
        raise InputError("sem must be > 0 on every trial; use analysis.data.record.with_pooled_errors")
    fits = [_fit(value, turns, kinds, m, horizon) for horizon in HORIZONS]
    middle = HORIZONS.index(1.0)
    a, ratio, horizon = fits[middle]
    residual = value - outputs(a, ratio, horizon, turns, kinds)
    misfit = [float(np.mean((value - outputs(*fit, turns, kinds)) ** 2)) for fit in fits]
    error = float(np.sqrt(np.mean(sem**2)))
    expected, _ = horizon_error(a, ratio, horizon, turns, kinds, sem)
    seen = kinds == SEEN
    turns, kinds = np.r_[turns[seen], np.zeros(TAIL)], np.r_[kinds[seen], np.full(TAIL, NONE)]
    proposed, _ = horizon_error(a, ratio, horizon, turns, kinds, np.r_[sem[seen], np.full(TAIL, error)])
    return TrialInference(
        a, ratio, np.array(HORIZONS), np.array(misfit), expected, proposed,
        float(1 - residual.var() / value.var()), float(np.corrcoef(residual[1:], residual[:-1])[0, 1]),
    )  # fmt: skip


def _fit(value: Array, turns: Array, kinds: NDArray[np.intp], m: int, horizon: float) -> tuple[Array, Array, float]:
    """Retentions and q/r of least squares at a horizon, the best of three starts."""
    best = None
    for spread in (1.0, 2.0, 4.0):
        scale = np.array([10.0 ** (-spread * i) for i in range(m)])
        start = _coordinates(1 - 0.3 * scale, 0.5 * scale, horizon)

        def residuals(u: Array) -> Array:
            return outputs(*_learner(np.append(u, np.log(horizon)), m), turns, kinds) - value

        run = least_squares(residuals, start[:-1], bounds=(-25.0, 25.0), xtol=1e-13, ftol=1e-13, gtol=1e-13)
        if best is None or run.cost < best.cost:
            best = run
    assert best is not None
    return _learner(np.append(best.x, np.log(horizon)), m)


def _coordinates(a: Array, ratio: Array, horizon: float) -> Array:
    return np.concatenate([np.log(-np.log(a)), np.log(ratio), [np.log(horizon)]])


def _learner(u: Array, m: int) -> tuple[Array, Array, float]:
    return np.exp(-np.exp(u[:m])), np.exp(u[m : 2 * m]), float(np.exp(u[-1]))
