"""Measures on runs: learning curve, time to criterion, rate of convergence, moments of the weights.

They take Datasets that follow the schema of `plasticity.dataset`, and arrays along ``time`` out of them. What needs an
objective (action, gap to the optimum, curl, angle to the gradient) is in `plasticity.optimality`; the window of a rule,
which takes no run, is `analysis.stdp_window`.
"""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from plasticity.dataset import LEADING_DIMENSIONS
from plasticity.errors import InputError, UnknownNameError
from plasticity.support.checks import checked, require_number
from plasticity.support.exponential import fit_exponential

__all__ = ["convergence_rate", "learning_curve", "mean_and_error", "time_to_criterion", "weight_moments"]

AT_BOUND = 1e-6  # of the width between bounds: the rounding of weights in single precision


@checked
def learning_curve(ds: xr.Dataset, variable: str, over: str = "trial") -> xr.Dataset:
    """Mean and standard error of a variable over trials.

    ``value = Σ x/n``, ``sem = sqrt(Σ (x − value)²/(n − 1)/n)``.

    Parameters
    ----------
    ds : xarray.Dataset
    variable : str
        Name of a variable with the dimension `over`.
    over : str
        Dimension of the independent repetitions; ``"seed"`` in the Dataset of a sweep.

    Returns
    -------
    xarray.Dataset
        ``value`` and ``sem`` along the other dimensions, in the unit of the variable, and ``n``, the number of
        trials. One trial has no known error: NaN.

    Raises
    ------
    InputError
        If there is no such variable or dimension, or a value is not finite.

    Examples
    --------
    >>> from plasticity.dataset import make_dataset
    >>> ds = make_dataset({"loss": (("trial", "time"), [[4.0, 2.0], [2.0, 1.0]], "1", "loss")},
    ...                   {"time": ("time", [0.0, 1.0], "s", "time")}, title="two trials")
    >>> curve = learning_curve(ds, "loss")
    >>> curve.value.values.tolist(), curve.sem.values.tolist()
    ([3.0, 1.5], [1.0, 0.5])
    """
    if variable not in ds.data_vars:
        raise UnknownNameError("variable", variable, map(str, ds.data_vars))
    data = _along(variable, ds[variable], over)
    mean, error = mean_and_error(data.values)
    units, name = data.attrs.get("units", "1"), data.attrs.get("long_name", variable)
    entries = {
        "value": (data.dims[1:], mean, {"units": units, "long_name": f"{name}, mean"}),
        "sem": (data.dims[1:], error, {"units": units, "long_name": f"{name}, standard error of the mean"}),
        "n": ((), len(data), {"units": "1", "long_name": f"number along {over}"}),
    }
    return xr.Dataset(entries, coords=data.isel({over: 0}, drop=True).coords, attrs=ds.attrs)


def mean_and_error(values: NDArray) -> tuple[NDArray, NDArray]:
    """Mean and standard error over the trials, the first axis of `values`; one trial has no known error: NaN."""
    mean = values.mean(0)
    if len(values) == 1:
        return mean, np.full_like(mean, np.nan)
    return mean, values.std(0, ddof=1) / np.sqrt(len(values))


@checked
def time_to_criterion(curve: xr.DataArray, criterion: float, side: str = "below") -> xr.DataArray:
    """First time from which a curve stays at or beyond a criterion until its end.

    Between the last record y_k on the wrong side and the next, ``t = t_k + (t_{k+1} − t_k)·(criterion −
    y_k)/(y_{k+1} − y_k)``. For a smooth curve y the error is at most ``max|y''|·(t_{k+1} − t_k)²/8`` over the slope.

    Parameters
    ----------
    curve : DataArray with the dimension ``time``
        Such as a loss, or ``learning_curve(ds, "loss").value``.
    criterion : float
        In the unit of the curve.
    side : {"below", "above"}
        Side of the criterion that is reached by learning: ``"below"`` for a loss, ``"above"`` for an accuracy.

    Returns
    -------
    DataArray
        Time [s] along the other dimensions: the first record if the curve is there from the start, **inf** if its
        last record is not there.

    Raises
    ------
    InputError
        If there is no dimension ``time``, its coordinate does not increase, a value is not finite, or `side` is
        unknown.

    Examples
    --------
    >>> curve = xr.DataArray([4.0, 2.0, 1.0], {"time": [0.0, 1.0, 2.0]}, dims="time")
    >>> [float(time_to_criterion(curve, c)) for c in (5.0, 1.5, 0.5)]
    [0.0, 1.5, inf]
    """
    if side not in ("below", "above"):
        raise UnknownNameError("side", side, ("below", "above"))
    data = _along("curve", curve, "time")
    times, sign = _times(data), 1.0 if side == "below" else -1.0
    excess = sign * (data.values - require_number("criterion", criterion))  # > 0: not there yet
    n_missed = np.where(excess > 0, np.arange(1, times.size + 1).reshape(-1, *[1] * (excess.ndim - 1)), 0).max(axis=0)
    after = np.clip(n_missed, 1, times.size - 1)
    one, other = (np.take_along_axis(excess, i[None], axis=0)[0] for i in (after - 1, after))
    inside = (n_missed > 0) & (n_missed < times.size)
    share = np.divide(one, one - other, out=np.zeros_like(one), where=inside)
    reached = np.where(inside, times[after - 1] + share * (times[after] - times[after - 1]), times[0])
    name = f"time from which {data.attrs.get('long_name', 'the curve')} stays {side} {criterion:g}"
    return xr.DataArray(
        np.where(n_missed == times.size, np.inf, reached),
        dims=data.dims[1:],
        coords=data.isel(time=0, drop=True).coords,
        attrs={"units": "s", "long_name": name},
    )


@checked
def convergence_rate(curve: xr.DataArray, rest: ArrayLike | xr.DataArray | None = None) -> xr.Dataset:
    """Rate of an exponential relaxation, by least squares on ``rest + amplitude·exp(−rate·(t − t_0))``.

    The standard error assumes independent errors of equal variance. The noise of a learning curve is correlated in
    time, and the error too small (4 to 10 times in noisy gradient descent): use `mean_and_error` of rates of trials.

    Parameters
    ----------
    curve : DataArray with the dimension ``time``
        Such as a weight, or ``learning_curve(ds, "loss").value``. Every index of the other dimensions is a series.
    rest : float or array over the other dimensions, optional
        Asymptote of the curve, if it is known: a number, a DataArray, or an array in their order. Otherwise it is
        fitted, which requires a curve that bends.

    Returns
    -------
    xarray.Dataset
        ``rate`` and ``rate_error`` [1/s], ``amplitude`` and ``rest`` along the other dimensions; NaN for a series that
        does not relax: constant, straight, growing away from a known asymptote, or relaxed after one sample.

    Raises
    ------
    InputError
        If there is no dimension ``time``, its coordinate does not increase, a value is not finite, or there are not
        more records than unknowns (2, or 3 with the rest).

    Examples
    --------
    >>> times = np.linspace(0.0, 2.0, 21)
    >>> curve = xr.DataArray(0.1 + np.exp(-3 * times), {"time": times}, dims="time")
    >>> fitted = convergence_rate(curve)
    >>> round(float(fitted.rate), 9), round(float(fitted.rest), 9)
    (3.0, 0.1)

    References
    ----------
    golub_1973
    """
    data = _along("curve", curve, "time")
    start = data.isel(time=0, drop=True)
    if isinstance(rest, xr.DataArray):
        rest = rest.broadcast_like(start).transpose(*start.dims).values
    fitted = fit_exponential(_times(data), data.values, rest)
    units = data.attrs.get("units", "1")
    named = {
        "rate": (fitted.rate, "1/s", "rate of approach"),
        "rate_error": (fitted.rate_error, "1/s", "standard error of the rate"),
        "amplitude": (fitted.amplitude, units, "distance from the rest at the first record"),
        "rest": (fitted.rest, units, "where the curve comes to rest"),
    }
    entries = {n: (start.dims, values, {"units": u, "long_name": words}) for n, (values, u, words) in named.items()}
    return xr.Dataset(entries, coords=start.coords)


@checked
def weight_moments(
    ds: xr.Dataset, variable: str | None = None, bounds: tuple[float, float] | None = None
) -> xr.Dataset:
    """Moments of the distribution of weights over synapses, per trial and time.

    ``mean = Σ w/n``, ``std = sqrt(m_2)``, ``skewness = m_3/m_2^{3/2}``, ``kurtosis = m_4/m_2² − 3`` (0 for a normal
    distribution) with ``m_k = Σ (w − mean)^k/n``, and the shares ``at_low`` and ``at_high`` of weights on their bounds.

    Parameters
    ----------
    ds : xarray.Dataset
        With ``weight(…, synapse)``, or ``weight_NAME(…, synapse_NAME)`` as `circuits.as_dataset` and the files of
        ``record_weights`` have them (of the synapses that were recorded).
    variable : str, optional
        One variable of any name, such as ``"theta"`` or ``"final_weight_NAME"``, whose last dimension counts the
        weights; by default all that are named as above.
    bounds : (low, high), optional
        Limits of the weights; without them there are no shares.

    Returns
    -------
    xarray.Dataset
        ``VARIABLE_mean``, ``VARIABLE_std``, ``VARIABLE_skewness``, ``VARIABLE_kurtosis``, ``VARIABLE_at_low``,
        ``VARIABLE_at_high``. Weights that are all equal have neither skewness nor kurtosis: NaN.

    Raises
    ------
    InputError
        If there is no such variable, a weight is not finite, or bounds are not in order.

    Examples
    --------
    >>> from plasticity.dataset import make_dataset
    >>> ds = make_dataset({"weight": ("synapse", [0.0, 0.0, 0.0, 1.0], "1", "weight")}, {}, title="four weights")
    >>> moments = weight_moments(ds, bounds=(0, 1))
    >>> float(moments.weight_mean), float(moments.weight_at_low), round(float(moments.weight_skewness), 4)
    (0.25, 0.75, 1.1547)
    """
    names = [variable] if variable is not None else [str(n) for n, w in ds.data_vars.items() if _is_weight(str(n), w)]
    if not names:
        raise InputError(f"ds has no weights along synapses among {sorted(map(str, ds.data_vars))}; name a variable")
    entries: dict[str, tuple] = {}
    coordinates: dict[Hashable, xr.DataArray] = {}
    for name in names:
        if name not in ds.data_vars:
            raise UnknownNameError("variable", name, map(str, ds.data_vars))
        over = next((str(d) for d in ds[name].dims[-1:] if d not in LEADING_DIMENSIONS), None)
        if over is None:
            raise InputError(f"variable {name!r} has dimensions {ds[name].dims}; the last one must count weights")
        data = _along(name, ds[name], over)
        coordinates |= dict(data.isel({over: 0}, drop=True).coords)
        units = data.attrs.get("units", "1")
        for key, values in _moments(data.values, bounds).items():
            words = f"{key.replace('_', ' ')} of {data.attrs.get('long_name', name)} over {len(data)} weights"
            attrs = {"units": units if key in ("mean", "std") else "1", "long_name": words}
            entries[f"{name}_{key}"] = (data.dims[1:], values, attrs)
    return xr.Dataset(entries, coords=coordinates, attrs=ds.attrs)


def _is_weight(name: str, data: xr.DataArray) -> bool:
    return name.startswith("weight") and data.dims[-1:] in (("synapse",), (name.replace("weight", "synapse", 1),))


def _moments(weights: NDArray, bounds: tuple[float, float] | None) -> dict[str, NDArray]:
    """Moments over the first axis."""
    mean = weights.mean(axis=0)
    away = weights - mean
    second, third, fourth = (np.mean(away**k, axis=0) for k in (2, 3, 4))
    differ = np.ptp(weights, axis=0) > 0
    third, fourth = (
        np.divide(m, second ** (k / 2), out=np.full_like(m, np.nan), where=differ) for k, m in ((3, third), (4, fourth))
    )
    moments = {"mean": mean, "std": np.sqrt(second), "skewness": third, "kurtosis": fourth - 3}
    if bounds is None:
        return moments
    low, high = (require_number("bounds", b) for b in bounds)
    if not low < high:
        raise InputError(f"bounds must be (low, high) with low < high, got {tuple(bounds)}")
    near = AT_BOUND * (high - low)
    return moments | {
        "at_low": np.mean(weights <= low + near, axis=0),
        "at_high": np.mean(weights >= high - near, axis=0),
    }


def _along(name: str, data: xr.DataArray, dim: str) -> xr.DataArray:
    """The data in double precision with `dim` first; all of it finite."""
    if dim not in data.dims:
        raise InputError(f"{name} has dimensions {data.dims}; {dim!r} must be one of them")
    data = data.transpose(dim, ...).astype(float)
    wrong = ~np.isfinite(data.values)
    if wrong.any():
        where = dict(zip(map(str, data.dims), np.argwhere(wrong)[0].tolist(), strict=True))
        raise InputError(f"{name} must be finite, got {data.values[wrong][0]} at index {where}; select what is finite")
    return data


def _times(data: xr.DataArray) -> NDArray[np.float64]:
    if "time" not in data.coords:
        raise InputError("the curve has no coordinate time; give it the times of its records [s]")
    times = np.asarray(data["time"].values, dtype=float)
    if times.size < 2 or not np.all(np.diff(times) > 0):
        raise InputError("time of the curve must have two or more values that increase [s]; sort the records")
    return times
