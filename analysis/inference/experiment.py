"""What is recorded of a learner: paths under tasks whose curvature and optimum the experimenter knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from plasticity.errors import InputError
from plasticity.landscapes import Landscape, Quadratic
from plasticity.support.checks import checked, require_array

Array = NDArray[np.float64]
FEW_RECORDS = 40  # in all trials, below which no test for white noise is made
FLAT = 1e-10  # relative curvature below which a direction counts as flat


@checked
@dataclass(frozen=True, eq=False)
class Experiment:
    """Trials of a learner: the loss of each, its start, and the times of its records.

    Parameters
    ----------
    landscapes : Landscape or sequence of Landscape
        One for all trials, or one per trial, with gradient and Hessian. ``Quadratic(0, μ)`` is a trial without loss.
    starts : (n,) or (n_trials, n) array
        θ at the first record.
    times : (n_times,) array
        Increasing times of the records [s].

    Raises
    ------
    InputError
        If sizes do not fit, or a loss is concave, or flat along some directions only.

    Examples
    --------
    >>> Experiment(Quadratic([1.0, 4.0], [0.0, 0.0]), [1.0, 1.0], np.arange(5.0)).n_trials
    1
    """

    landscapes: tuple[Landscape, ...]
    starts: Array
    times: Array

    def __init__(self, landscapes: Landscape | Sequence[Landscape], starts: ArrayLike, times: ArrayLike):
        starts = np.atleast_2d(require_array("starts", starts))
        every = tuple(landscapes) if isinstance(landscapes, Sequence) else (landscapes,) * len(starts)
        for landscape in every:
            _check_landscape(landscape, starts)
        if len(every) != len(starts):
            raise InputError(
                f"landscapes must be one for all or one for each of {len(starts)} trials, got {len(every)}"
            )
        times = require_array("times", times)
        if times.ndim != 1 or times.size < 2 or np.any(np.diff(times) <= 0):
            raise InputError(f"times must be two or more increasing numbers [s], got {times.tolist()}")
        object.__setattr__(self, "landscapes", every)
        object.__setattr__(self, "starts", starts)
        object.__setattr__(self, "times", times)

    @property
    def n_trials(self) -> int:
        """Number of trials."""
        return len(self.starts)

    @property
    def n(self) -> int:
        """Number of parameters."""
        return self.starts.shape[1]

    @property
    def tasks(self) -> tuple[tuple[Landscape, ...], NDArray[np.intp]]:
        """Distinct landscapes in the order of their first trials, and the index of the one of each trial."""
        distinct: list[Landscape] = []
        index = []
        for landscape in self.landscapes:
            same = [i for i, other in enumerate(distinct) if _same(landscape, other)]
            if not same:
                distinct.append(landscape)
            index.append(same[0] if same else len(distinct) - 1)
        return tuple(distinct), np.array(index)


def _same(first: Landscape, second: Landscape) -> bool:
    if not (isinstance(first, Quadratic) and isinstance(second, Quadratic)):
        return first is second
    equal = np.array_equal(first.hessian_matrix, second.hessian_matrix)
    return bool(equal and np.array_equal(first.optimum, second.optimum))


def _check_landscape(landscape: Landscape, starts: Array) -> None:
    if not all(hasattr(landscape, part) for part in ("gradient", "hessian")):
        raise InputError(f"landscapes must have gradient and hessian (plasticity.landscapes), got {landscape!r}")
    if isinstance(landscape, Quadratic):
        fits = landscape.n == starts.shape[1]
    else:
        try:
            fits = np.shape(landscape.gradient(starts[:1])) == (1, starts.shape[1])
        except (ValueError, TypeError, IndexError):
            fits = False
    if not fits:
        raise InputError(f"landscapes must have {starts.shape[1]} parameters as the paths do, got {landscape!r}")
    if isinstance(landscape, Quadratic):
        _check_curvature(landscape)


def _check_curvature(landscape: Quadratic) -> None:
    values, vectors = np.linalg.eigh(landscape.hessian_matrix)
    if not np.any(values):
        return
    if values[0] <= FLAT * values[-1]:
        raise InputError(
            f"landscapes: the Hessian is singular or indefinite, curvature {values[0]:.3g} along "
            f"{np.round(vectors[:, 0], 6).tolist()}; leave that direction out (project the path on the others)"
        )


def paths_of(data: xr.Dataset | ArrayLike, times: ArrayLike | None, variable: str) -> tuple[Array, Array]:
    """Paths (n_trials, n_times, n) and times [s] of a Dataset, or of an array with its times.

    Raises
    ------
    InputError
        If there is no such variable, the time is not in seconds, or values are missing.
    """
    if isinstance(data, xr.Dataset):
        if variable not in data or "time" not in data[variable].dims:
            raise InputError(f"data must have {variable}(…, time, parameter); it has {', '.join(map(str, data))}")
        array = data[variable]
        units = data.time.attrs.get("units", "s")
        if units != "s":
            raise InputError(f"time must be in seconds, got units {units!r}; convert it, rates follow its unit")
        order = [d for d in array.dims if d not in ("time", "parameter")] + ["time"]
        order += ["parameter"] if "parameter" in array.dims else []
        values, times = array.transpose(*order).values, data.time.values
        if "parameter" not in array.dims:
            values = values[..., None]
    else:
        values = np.asarray(data, dtype=float)
        if times is None:
            raise InputError("times [s] are needed with an array of paths; got None")
    values = require_array("data", values)
    if values.ndim < 2:
        raise InputError(f"data must be paths (n_trials, n_times, n) or (n_times, n), got shape {values.shape}")
    values = values.reshape(-1, *values.shape[-2:])
    times = require_array("times", times)
    if values.shape[1] != times.size:
        raise InputError(f"data has {values.shape[1]} records per trial, but there are {times.size} times")
    return values, times


def check_paths(paths: Array, reached: bool = True) -> None:
    """Refuse paths from which nothing can be read: too few records, or no motion that they resolve.

    Parameters
    ----------
    paths : (n_trials, n_times, n) array
    reached : bool
        Whether every weight is controlled, so that none stays where it is.

    Raises
    ------
    InputError
    """
    if paths.shape[1] < 4:
        raise InputError(f"data has {paths.shape[1]} records per trial: a rate and its noise need 4 or more")
    still = np.ptp(paths, axis=1).max(axis=0) == 0
    if still.all():
        raise InputError("the paths do not move: nothing can be inferred; record a learner that learns")
    if still.any() and reached:
        raise InputError(
            f"weight {int(np.flatnonzero(still)[0]) + 1} does not move, although every weight is controlled; leave it "
            "out of data and landscapes, or state the control, or its rank"
        )
    if _is_white(paths):
        raise InputError("the paths do not move beyond white noise about a constant; record a learner that learns")
    if _is_white(paths[:, 1:]):
        raise InputError(
            "the paths are at rest from the second record on, so that no rate can be read; record at shorter "
            "intervals (times are in seconds)"
        )


def _is_white(paths: Array) -> bool:
    """Whether every weight is white noise about a constant in each trial, by von Neumann's ratio.

    The mean squared difference of successive records over their variance is 2 ± 2/√N for white noise, less for a path.
    """
    n_trials, n_times, _ = paths.shape
    if n_trials * n_times < FEW_RECORDS:
        return False
    steps = np.sum(np.diff(paths, axis=1) ** 2, axis=(0, 1)) / (n_times - 1)
    spread = np.sum((paths - paths.mean(axis=1, keepdims=True)) ** 2, axis=(0, 1)) / (n_times - 1)
    moving = steps < (2 - 3 * 2 / np.sqrt(n_trials * n_times)) * spread
    return bool(spread.any() and not moving.any())
