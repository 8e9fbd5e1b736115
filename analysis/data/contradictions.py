"""Numbers of a data set that contradict one another: per cent for fractions, wrong labels, times in milliseconds."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from plasticity.support.checks import warn_of_unit

__all__ = ["contradictions", "warn_of_contradictions"]

Trains = Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]]
LARGE_CHANGE = 3.0  # a fractional weight change, or an error of one, beyond it draws a warning
RATIO = 0.3  # changes that are all larger, some of them below and some above 1, look like ratios
AGREEMENT = 0.1  # relative difference up to which a label agrees with the spikes
SHORTEST = 1e-3  # s, of which half is allowed between an interval and the spikes
BURST = 10  # a frequency may be that of every spike up to the tenth
FAR = 1.0  # s; a typical pair of spikes that is further apart draws a warning
APART = 4.0  # standard errors from which two values for one protocol contradict each other
COVARIATES = ("group", "cell", "animal", "study")  # what may explain that they do


def contradictions(data: xr.Dataset, is_change: bool, trains: Trains) -> list[str]:
    """In words, every protocol that cannot be as stated: changes below −100 %, labels that its spikes contradict.

    `is_change` states whether values are fractional weight changes; `trains` are the pre and post spikes of every
    protocol [s], empty for other data.
    """
    problems = []
    names = data.protocol.values.tolist()
    if is_change:
        for name, value in zip(names, data.value.values, strict=True):
            if value < -1:
                problems.append(
                    f"value of {name!r} is {value:g}, but no weight falls by more than all of it (-1); if they are "
                    "in per cent, divide value and sem by 100 or set their units to '%'"
                )
    for i, (pre, post) in enumerate(trains):
        name = names[i]
        for label, agrees, unit in (("interval", _has_interval, "s"), ("frequency", _has_frequency, "Hz")):
            stated = float(data[label].values[i]) if label in data.coords else float("nan")
            if np.isfinite(stated) and not agrees(pre, post, stated):
                problems.append(
                    f"{label} of {name!r} is {stated:g} {unit}, but its spikes have no such {label} (an interval is "
                    "t_post - t_pre); correct one of the two"
                )
    return problems


def warn_of_contradictions(data: xr.Dataset, is_change: bool, trains: Trains) -> None:
    """Warn of values that look like per cent, spikes that look like milliseconds, and rows that exclude each other."""
    if is_change:
        _warn_of_per_cent(data)
    gaps = [_gap(pre, post) for pre, post in trains if pre.size and post.size]
    typical = float(np.median(gaps)) if gaps else 0.0
    if typical > FAR:
        problem = f"a post spike is typically {typical:g} s from the nearest pre spike"
        warn_of_unit(problem, "if times are in milliseconds, divide by 1000")
    for text in _exclusive_rows(data):
        warnings.warn(text, UserWarning, stacklevel=4)


def _warn_of_per_cent(data: xr.Dataset) -> None:
    """Warn of changes, or errors of them, that look like per cent, and of changes that look like ratios."""
    value, sem = data.value.values, data.sem.values
    for what, numbers in (("value holds a fractional weight change", value), ("sem holds an error", sem)):
        largest = float(np.abs(numbers[np.isfinite(numbers)]).max(initial=0.0))
        if largest > LARGE_CHANGE:
            remedy = f"if it is in per cent, divide value and sem by 100, or set their units to {'%'!r}"
            warn_of_unit(f"{what} of {largest:g}", f"{remedy} (per cent of baseline: subtract 100 before)")
            return
    if value.size > 1 and value.min() > RATIO and value.min() < 1 < value.max():
        problem = f"values are between {value.min():g} and {value.max():g}, on both sides of 1 and all far from 0"
        warn_of_unit(problem, "if they are ratios after/before, subtract 1")


def _has_interval(pre: NDArray, post: NDArray, interval: float) -> bool:
    """Whether some post spike follows a pre spike by the interval; True without spikes."""
    if not pre.size or not post.size:
        return True
    return bool(_nearest(post, pre + interval).min() <= max(AGREEMENT * abs(interval), SHORTEST / 2))


def _has_frequency(pre: NDArray, post: NDArray, frequency: float) -> bool:
    """Whether some spikes of a neuron are 1/frequency apart, or its mean rate is that; True without repetition."""
    trains = [train for train in (pre, post) if train.size > 1]
    if not trains or frequency <= 0:
        return True
    periods = [train[lag:] - train[:-lag] for train in trains for lag in range(1, min(BURST, train.size - 1) + 1)]
    means = [[(train[-1] - train[0]) / (train.size - 1)] for train in trains]
    return bool(np.any(np.abs(np.concatenate([*periods, *means]) * frequency - 1) <= AGREEMENT))


def _nearest(train: NDArray, times: NDArray) -> NDArray:
    """Distance of every time from the nearest spike of a train [s]."""
    after = np.clip(np.searchsorted(train, times), 1, train.size - 1) if train.size > 1 else np.zeros(times.size, int)
    return np.minimum(np.abs(train[after] - times), np.abs(train[np.maximum(after - 1, 0)] - times))


def _gap(pre: NDArray, post: NDArray) -> float:
    """Median distance of a post spike from the nearest pre spike [s]."""
    return float(np.median(_nearest(pre, post)))


def _exclusive_rows(data: xr.Dataset) -> list[str]:
    """Pairs of rows that state one protocol, on one unit, and values further apart than their errors allow."""
    names = data.protocol.values.tolist()
    stated = [str(n) for n, c in data.coords.items() if c.dims == ("protocol",) and n not in ("protocol", *COVARIATES)]
    stated = stated if data.attrs["kind"] != "spikes" else ["pre_time", "post_time"]
    if data.attrs["kind"] in ("quantities", "trials") or not stated:
        return []
    of = [str(n) for n in COVARIATES if n in data.coords]
    columns = [*(data[n].values for n in stated), *(data[n].values.astype(str) for n in of)]
    value, sem = data.value.values.astype(float), data.sem.values.astype(float)
    first: dict[tuple[bytes, ...], int] = {}
    exclusive = []
    for i, name in enumerate(names):
        j = first.setdefault(tuple(column[i].tobytes() for column in columns), i)
        if i != j and abs(value[i] - value[j]) > APART * np.hypot(sem[i], sem[j]):
            exclusive.append(
                f"{names[j]!r} and {name!r} are one protocol, but their values {value[j]:g} and {value[i]:g} are more "
                f"than {APART:g} standard errors apart: no rule has both; correct one, or add what differs as a column "
                f"({', '.join(COVARIATES)})"
            )
    return exclusive
