"""Exponential relaxation: least-squares fits of rate, amplitude and asymptote to time series.

The residuals are those of the samples, not of their logarithms, so that samples near the asymptote weigh no more than
others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.errors import InputError

Array = NDArray[np.float64]

SLOWEST, FASTEST = 1e-6, 30.0  # range of trial rates: times 1/duration; times 1/(shortest interval), where e⁻³⁰ is left
RATIO = 1.5  # of neighbouring trial rates
ROUNDING, SHARE, MAX_ITERATIONS = 1e-14, 1e-6, 60  # last step: of the rate, or of its error; bisection alone needs 50


@dataclass(frozen=True, eq=False)
class ExponentialFit:
    """Fit of ``rest + amplitude·exp(−rate·(t − t_0))`` to one or more series.

    Parameters
    ----------
    rate, rate_error : (...) array
        Rate and its standard error [1/s]; NaN for a series that does not relax.
    amplitude, rest : (...) array
        Initial distance from the asymptote, and the asymptote, in the unit of the series.
    """

    rate: Array
    rate_error: Array
    amplitude: Array
    rest: Array


def fit_exponential(times: ArrayLike, values: ArrayLike, rest: ArrayLike | None = None) -> ExponentialFit:
    """Fit an exponential relaxation to every series.

    Minimises ``Σ_t (values − rest − amplitude·exp(−rate·(t − t_0)))²``. At a fixed rate the asymptote and the amplitude
    solve a linear problem; the remaining equation for the rate (variable projection) is solved to a millionth of its
    standard error or to rounding. With ``g`` the derivative of the model by the rate, after projecting out those by
    asymptote and amplitude, ``rate_error = sqrt(Σ residual²/(n_times − n_unknowns))/|g|``, for independent residuals
    of equal variance.

    Parameters
    ----------
    times : (n_times,) array
        Increasing [s].
    values : (n_times, ...) array
    rest : float or (...) array, optional
        Asymptotes, if they are known; otherwise they are fitted.

    Returns
    -------
    ExponentialFit
        NaN for series without a best rate in the range that their samples resolve: constant, straight, growing away
        from a known asymptote, or relaxed after one sample.

    Raises
    ------
    InputError
        If times do not increase, shapes differ, a number is not finite, or there are no more samples than unknowns.

    Examples
    --------
    >>> times = np.linspace(0, 1, 11)
    >>> fitted = fit_exponential(times, 0.2 + np.exp(-np.outer(times, [1.0, 3.0])))
    >>> fitted.rate.round(10), fitted.rest.round(10)
    (array([1., 3.]), array([0.2, 0.2]))

    References
    ----------
    golub_1973
    """
    times, values = np.asarray(times, dtype=float), np.asarray(values, dtype=float)
    _check(times, values, n_unknowns=3 if rest is None else 2)
    known_rest = np.broadcast_to(0.0 if rest is None else np.asarray(rest, dtype=float), values.shape[1:])
    if not np.all(np.isfinite(known_rest)):
        wrong = known_rest[~np.isfinite(known_rest)][0]
        raise InputError(f"rest must be finite, got {wrong}; leave it out to have it fitted")
    elapsed, distance = times - times[0], (values - known_rest).reshape(times.size, -1)
    rates = _trial_rates(elapsed)
    squares = [np.sum(_linear_fit(rate, elapsed, distance, rest is None)[2] ** 2, axis=0) for rate in rates]
    best = np.argmin(squares, axis=0) if distance.size else np.empty(0, dtype=int)
    rows = np.full((4, distance.shape[1]), np.nan)
    for column, index in enumerate(best):
        if 0 < index < rates.size - 1 and np.ptp(distance[:, column]) > 0:
            rows[:, column] = _refine(rates[index - 1 : index + 2], elapsed, distance[:, column], rest is None)
    rate, error, amplitude, fitted_rest = rows.reshape(4, *values.shape[1:])
    return ExponentialFit(rate, error, amplitude, known_rest + fitted_rest)


def _check(times: Array, values: Array, n_unknowns: int) -> None:
    if times.ndim != 1 or values.ndim == 0 or len(values) != times.size:
        raise InputError(f"values must have one row per time, got shape {values.shape} for times {times.shape}")
    if not np.all(np.isfinite(times)) or np.any(np.diff(times) <= 0):
        raise InputError("times must be finite and increasing; sort the samples")
    if times.size <= n_unknowns:
        raise InputError(f"values has {times.size} samples; {n_unknowns} unknowns and their errors need more")
    if not np.all(np.isfinite(values)):
        raise InputError(f"values must be finite, got {values[~np.isfinite(values)][0]}; leave out such series")


def _trial_rates(elapsed: Array) -> Array:
    low, high = SLOWEST / elapsed[-1], FASTEST / np.diff(elapsed).min()
    return np.geomspace(low, high, 1 + int(np.ceil(np.log(high / low) / np.log(RATIO))))


def _linear_fit(rate: float, elapsed: Array, distance: Array, free_rest: bool) -> tuple[Array, Array, Array]:
    """Basis (n_times, n_linear) at a rate, the least-squares coefficients, and the residuals."""
    decay = np.exp(-rate * elapsed)
    basis = np.stack([decay, np.ones_like(decay)], axis=1) if free_rest else decay[:, None]
    coefficients = np.linalg.lstsq(basis, distance)[0]
    return basis, coefficients, distance - basis @ coefficients


def _refine(bracket: Array, elapsed: Array, distance: Array, free_rest: bool) -> tuple[float, float, float, float]:
    """Rate, its error, amplitude, asymptote: Gauss–Newton steps, bisection where they leave the bracket."""
    low, rate, high = map(float, bracket)
    for _ in range(MAX_ITERATIONS):
        basis, coefficients, residual = _linear_fit(rate, elapsed, distance, free_rest)
        slope = -coefficients[0] * elapsed * basis[:, 0]
        slope = slope - basis @ np.linalg.lstsq(basis, slope)[0]
        length = float(slope @ slope)
        step = float(slope @ residual) / length
        low, high = (rate, high) if step > 0 else (low, rate)
        error = float(np.sqrt(residual @ residual / (elapsed.size - basis.shape[1] - 1) / length))
        if abs(step) <= max(ROUNDING * rate, SHARE * error):
            break
        rate = rate + step if low < rate + step < high else 0.5 * (low + high)
    return rate, error, float(coefficients[0]), float(coefficients[1]) if free_rest else 0.0
