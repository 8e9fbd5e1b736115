"""Exponential approach: rate, place of rest and their errors, from records of something that relaxes.

Least squares on the records themselves, not on their logarithms: one near the rest does not count more than others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.errors import InputError

Array = NDArray[np.float64]

SLOWEST, FASTEST = 1e-6, 30.0  # rates that are tried: times 1/duration; times 1/(shortest interval), which leaves 1e-13
RATIO = 1.5  # of neighbouring rates that are tried
ROUNDING, SHARE, MAX_ITERATIONS = 1e-14, 1e-6, 60  # last step: of the rate, or of its error; halving alone needs 50


@dataclass(frozen=True, eq=False)
class Approach:
    """Fit of ``rest + amplitude·exp(−rate·(t − t_0))`` to one or more series, made by `approach`.

    Parameters
    ----------
    rate, rate_error : (...) array
        Rate and its standard error [1/s]; NaN for a series that does not approach anything.
    amplitude, rest : (...) array
        Distance from the rest at the first record, and the rest, in the unit of the series.
    """

    rate: Array
    rate_error: Array
    amplitude: Array
    rest: Array


def approach(times: ArrayLike, values: ArrayLike, rest: ArrayLike | None = None) -> Approach:
    """Fit an exponential approach to every series.

    Minimises ``Σ_t (values − rest − amplitude·exp(−rate·(t − t_0)))²``. For a given rate the rest and the amplitude
    solve a linear problem; what is left is one equation for the rate (variable projection), solved to a millionth of
    the error or to rounding. With ``across`` the part of the derivative of the model by the rate that no change of
    rest and amplitude can mimic, ``rate_error = sqrt(Σ residual²/(n_times − n_unknowns))/|across|``: records are taken
    to err independently and alike.

    Parameters
    ----------
    times : (n_times,) array
        Increasing [s].
    values : (n_times, ...) array
    rest : float or (...) array, optional
        Where the series come to rest, if that is known.

    Returns
    -------
    Approach
        NaN for series without a best rate between 0 and what their records can resolve: constant, straight, growing
        away from a given rest, or at rest after one step.

    Raises
    ------
    InputError
        If times are out of order, shapes differ, a number is not finite, or there are no more records than unknowns.

    Examples
    --------
    >>> times = np.linspace(0, 1, 11)
    >>> found = approach(times, 0.2 + np.exp(-np.outer(times, [1.0, 3.0])))
    >>> found.rate.round(10), found.rest.round(10)
    (array([1., 3.]), array([0.2, 0.2]))

    References
    ----------
    golub_1973
    """
    times, values = np.asarray(times, dtype=float), np.asarray(values, dtype=float)
    _check(times, values, n_unknowns=3 if rest is None else 2)
    given = np.broadcast_to(0.0 if rest is None else np.asarray(rest, dtype=float), values.shape[1:])
    if not np.all(np.isfinite(given)):
        raise InputError(f"rest must be finite, got {given[~np.isfinite(given)][0]}; leave it out to have it fitted")
    since, away = times - times[0], (values - given).reshape(times.size, -1)
    rates = _tried(since)
    squares = [np.sum(_projected(rate, since, away, rest is None)[2] ** 2, axis=0) for rate in rates]
    best = np.argmin(squares, axis=0) if away.size else np.empty(0, dtype=int)
    rows = np.full((4, away.shape[1]), np.nan)
    for column, index in enumerate(best):
        if 0 < index < rates.size - 1 and np.ptp(away[:, column]) > 0:
            rows[:, column] = _fitted(rates[index - 1 : index + 2], since, away[:, column], rest is None)
    rate, error, amplitude, found = rows.reshape(4, *values.shape[1:])
    return Approach(rate, error, amplitude, given + found)


def _check(times: Array, values: Array, n_unknowns: int) -> None:
    if times.ndim != 1 or values.ndim == 0 or len(values) != times.size:
        raise InputError(f"values must have one row per time, got shape {values.shape} for times {times.shape}")
    if not np.all(np.isfinite(times)) or np.any(np.diff(times) <= 0):
        raise InputError("times must be finite and increasing; sort the records")
    if times.size <= n_unknowns:
        raise InputError(f"values has {times.size} records; {n_unknowns} unknowns and their errors need more")
    if not np.all(np.isfinite(values)):
        raise InputError(f"values must be finite, got {values[~np.isfinite(values)][0]}; leave out such series")


def _tried(since: Array) -> Array:
    low, high = SLOWEST / since[-1], FASTEST / np.diff(since).min()
    return np.geomspace(low, high, 1 + int(np.ceil(np.log(high / low) / np.log(RATIO))))


def _projected(rate: float, since: Array, away: Array, free_rest: bool) -> tuple[Array, Array, Array]:
    """Basis (n_times, n_linear) at a rate, the best coefficients, and what they leave of the series."""
    decay = np.exp(-rate * since)
    basis = np.stack([decay, np.ones_like(decay)], axis=1) if free_rest else decay[:, None]
    coefficients = np.linalg.lstsq(basis, away)[0]
    return basis, coefficients, away - basis @ coefficients


def _fitted(bracket: Array, since: Array, away: Array, free_rest: bool) -> tuple[float, float, float, float]:
    """Rate, its error, amplitude, rest: Gauss–Newton steps, or halves where they leave the bracket."""
    low, rate, high = map(float, bracket)
    for _ in range(MAX_ITERATIONS):
        basis, coefficients, residual = _projected(rate, since, away, free_rest)
        slope = -coefficients[0] * since * basis[:, 0]
        across = slope - basis @ np.linalg.lstsq(basis, slope)[0]
        length = float(across @ across)
        step = float(across @ residual) / length
        low, high = (rate, high) if step > 0 else (low, rate)
        error = float(np.sqrt(residual @ residual / (since.size - basis.shape[1] - 1) / length))
        if abs(step) <= max(ROUNDING * rate, SHARE * error):
            break
        rate = rate + step if low < rate + step < high else 0.5 * (low + high)
    return rate, error, float(coefficients[0]), float(coefficients[1]) if free_rest else 0.0
