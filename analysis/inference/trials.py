"""What trial-by-trial adaptation tells about the horizon: the learner of `plasticity.derive_trials`, its alias, a cure.

Trials with errors that are seen or clamped show two numbers per component of the belief (`plasticity.trial_system`);
retentions, noise ratios q/r and γ + R are one more. Trials without feedback break the alias.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import least_squares

from analysis.trial_people import learner_at
from plasticity.errors import InputError
from plasticity.support.checks import require_whole
from plasticity.trial_system import expected_aims
from plasticity.trials import NONE, SEEN

Array = NDArray[np.float64]
STEP = 1e-5
TAILS = (40, 160)  # trials without feedback of proposed experiments
AS_IT_WAS = "as it was"
ALIAS = 1e-7  # smallest over largest singular value: an exact alias leaves the rounding of differences, about 1e-10
HORIZONS = (0.01, 0.1, 1.0, 10.0)  # γ + R per trial at which the fit is repeated


def outputs(u: Array, perturbation: ArrayLike, feedback: ArrayLike) -> Array:
    """Movements (n_trials,) without noise of the learner with ln τ, ln q/r of its components and ln(γ + R) in u."""
    learner = learner_at(np.exp(u))
    return expected_aims(learner, learner.trials(perturbation, feedback, 0.0))


def horizon_error(
    tau: ArrayLike,
    ratio: ArrayLike,
    horizon: float,
    perturbation: ArrayLike,
    feedback: ArrayLike,
    error: ArrayLike,
) -> tuple[float, float]:
    """Expected sd of ln(γ + R) in a protocol, and the smallest over the largest singular value of its design.

    Parameters
    ----------
    tau, ratio : (m,) sequences
        Time constants in trials, and q/r.
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
    >>> shown = [horizon_error((4.5, 99.5), (1.82, 0.0173), 0.3, turns, np.r_[np.zeros(144), np.full(40, k)], 1.5)
    ...          for k in (1, 2)]
    >>> shown[0][1] < 1e-7, 0.1 < shown[1][0] < 1
    (True, True)
    """
    scatter = np.asarray(error, dtype=float)
    u = np.log(np.concatenate([np.ravel(tau), np.ravel(ratio), [horizon]]))

    def predicted(v: Array) -> Array:
        return outputs(v, perturbation, feedback) / scatter

    columns = []
    for e in STEP * np.eye(u.size):
        near, far = predicted(u + e) - predicted(u - e), predicted(u + 2 * e) - predicted(u - 2 * e)
        columns.append((8 * near - far) / (12 * STEP))
    jacobian = np.stack(columns, axis=1)
    singular = np.linalg.svd(jacobian, compute_uv=False)
    share = float(singular[-1] / singular[0])
    if share < ALIAS:
        return np.inf, share
    return float(np.sqrt(np.linalg.inv(jacobian.T @ jacobian)[-1, -1])), share


@dataclass(frozen=True, eq=False)
class TrialInference:
    """What trial-wise data tell about a learner that tracks several components, made by `infer_trials`.

    Parameters
    ----------
    tau, ratio : (m,) arrays
        Time constants in trials and q/r of the best fit at γ + R = 1 per trial.
    horizons, misfit : arrays
        γ + R per trial, and the mean squared error of the best fit at each [squared unit of the data].
    designs : mapping of str to (n_horizons,) array
        Expected sd of ln(γ + R) by protocol, at each of the horizons; inf where it is aliased. The first is as it was,
        the others are in the order of their errors at γ + R = 1 per trial.
    explained : float
        Share of the variance of the data.
    memory : float
        Correlation of successive residuals: far from 0, the standard errors do not hold.
    """

    tau: Array
    ratio: Array
    horizons: Array
    misfit: Array
    designs: Mapping[str, Array]
    explained: float
    memory: float

    @property
    def aliased(self) -> bool:
        """Whether every horizon fits alike."""
        return not np.isfinite(self.designs[AS_IT_WAS]).any()

    def __str__(self) -> str:
        """The verdict in words."""
        fits = ", ".join(f"{m:.6g} at {h:g}" for h, m in zip(self.horizons, self.misfit, strict=True))
        lines = [
            f"{self.tau.size} components explain {100 * self.explained:.1f} % of the variance; time constants "
            f"{', '.join(f'{x:.4g}' for x in self.tau)} trials (at γ + R = 1 per trial).",
            f"Mean squared error by γ + R per trial: {fits}.",
        ]
        if self.aliased:
            lines.append(
                "These trials tell nothing about the horizon: errors that are seen or clamped show 2 numbers per "
                "component, and the time constants, q/r and γ + R are one more. Alias: all of these change together."
            )
        lines.append(
            "γ enters as γ + R only, since the output is taken to be its target at once. What could show it, with the "
            f"expected standard error of its logarithm at {', '.join(f'{h:g}' for h in self.horizons)} per trial:"
        )
        for words, errors in self.designs.items():
            cells = ", ".join(f"{error:.2g}" if np.isfinite(error) else "never" for error in errors)
            lines.append(f"  {words}: {cells}")
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
    fits = _fits(value, turns, kinds, m)
    u = fits[HORIZONS.index(1.0)]
    residual = value - outputs(u, turns, kinds)
    misfit = [float(np.mean((value - outputs(fit, turns, kinds)) ** 2)) for fit in fits]
    return TrialInference(
        np.exp(u[:m]), np.exp(u[m:-1]), np.array(HORIZONS), np.array(misfit), _designs(fits, turns, kinds, sem),
        float(1 - residual.var() / value.var()), float(np.corrcoef(residual[1:], residual[:-1])[0, 1]),
    )  # fmt: skip


def _designs(fits: Sequence[Array], turns: Array, kinds: NDArray[np.intp], sem: Array) -> dict[str, Array]:
    """Expected sd of ln(γ + R) by protocol, of the best learner of every horizon."""
    seen, error, (few, many) = kinds == SEEN, float(np.sqrt(np.mean(sem**2))), TAILS
    every_fifth = np.where(seen & (np.arange(kinds.size) % 5 == 4), NONE, kinds)

    def followed(n: int, share: float = 1.0) -> tuple[Array, Array, Array]:
        more = np.r_[turns[seen], np.zeros(n)], np.r_[kinds[seen], np.full(n, NONE)]
        return *more, share * np.r_[sem[seen], np.full(n, error)]

    protocols = {
        AS_IT_WAS: (turns, kinds, sem),
        "every fifth trial without feedback": (turns, every_fifth, sem),
        f"{few} trials without feedback in the place of clamps": followed(few),
        f"{many} trials without feedback in the place of clamps": followed(many),
        f"{few} such trials and four times the people": followed(few, 0.5),
    }
    errors = {
        words: np.array([horizon_error(*_parts(fit), *protocol)[0] for fit in fits])
        for words, protocol in protocols.items()
    }
    middle = HORIZONS.index(1.0)
    return dict(sorted(errors.items(), key=lambda item: (item[0] != AS_IT_WAS, item[1][middle])))


def _parts(u: Array) -> tuple[Array, Array, float]:
    m = u.size // 2
    return np.exp(u[:m]), np.exp(u[m:-1]), float(np.exp(u[-1]))


def _fits(value: Array, turns: Array, kinds: NDArray[np.intp], m: int) -> list[Array]:
    """Logarithms of the numbers of the learner by least squares at every horizon, from the best of three starts."""

    def fitted(start: Array, horizon: float) -> tuple[float, Array]:
        def residuals(u: Array) -> Array:
            return outputs(np.append(u, np.log(horizon)), turns, kinds) - value

        run = least_squares(residuals, start, bounds=(-25.0, 25.0), xtol=1e-13, ftol=1e-13, gtol=1e-13)
        return float(run.cost), np.append(run.x, np.log(horizon))

    guesses = [np.array([10.0 ** (spread * i) for i in range(m)]) for spread in (1.0, 2.0, 4.0)]
    starts = [np.log(np.concatenate([3.0 * guess, 0.5 / guess])) for guess in guesses]
    last = min((fitted(start, HORIZONS[0]) for start in starts), key=lambda fit: fit[0])[1]
    fits = [last]
    for horizon in HORIZONS[1:]:
        last = fitted(last[:-1], horizon)[1]
        fits.append(last)
    return fits
