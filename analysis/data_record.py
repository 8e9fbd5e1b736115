"""One record for measured plasticity: what was done to a synapse, what became of it, how sure that is.

A data set is a Dataset with the dimension ``protocol``. ``value`` is the measured quantity, ``sem`` the
standard error of its mean, ``n`` the number of cells or pairs (NaN where unknown). The attribute ``kind``
says what predicts the value; for ``"spikes"`` it is the spike times ``pre_time`` and ``post_time``.
Attributes say where the numbers come from: ``data`` (its name), ``citation``, ``doi``, ``figure``,
``rights``, ``provenance``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from plasticity.dataset import check_schema, make_dataset
from plasticity.errors import InputError

__all__ = ["SOURCE_ATTRIBUTES", "check_dataset", "make_spike_data", "spike_trains"]

SOURCE_ATTRIBUTES = ("data", "citation", "doi", "figure", "rights", "provenance")
SIDES = ("pre", "post")


def make_spike_data(
    protocols: Sequence[str],
    trains: Sequence[tuple[ArrayLike, ArrayLike]],
    value: ArrayLike,
    sem: ArrayLike,
    n: ArrayLike,
    *,
    name: str,
    title: str,
    coordinates: Mapping[str, tuple[ArrayLike, str, str]] | None = None,
    scenario: str = "",
    references: tuple[str, ...] = (),
    **source: Any,
) -> xr.Dataset:
    """Build a data set of kind ``spikes``: fractional weight changes after given pre and post spike trains.

    Parameters
    ----------
    protocols : sequence of str
        Name of each protocol.
    trains : sequence of (pre, post)
        Spike times of each protocol [s].
    value, sem, n : (n_protocols,) arrays
        Fractional weight change [1], its standard error [1], number of cells or pairs (NaN: unknown).
    name : str
        Name in the catalogue or path of a file, with which `analysis.datasets.load` finds the data again.
    title : str
        The data set in one line.
    coordinates : mapping of str to (values, units, long_name)
        Further labels of the protocols, such as interval and frequency.
    scenario : str
        Name of the scenario that simulates the protocols, if there is one; also chooses the figure.
    references : tuple of str
        Keys in REFERENCES.bib.
    **source
        The attributes `citation`, `doi`, `figure`, `rights`, `provenance`, and any further ones.

    Returns
    -------
    xarray.Dataset

    Raises
    ------
    InputError
        If the data violate the contract (see `check_dataset`).

    Examples
    --------
    >>> data = make_spike_data(["once"], [([0.0], [0.01])], [0.2], [0.1], [5], name="", title="one pair",
    ...                        citation="", doi="", figure="", rights="", provenance="made up")
    >>> float(data.post_time[0, 0])
    0.01
    """
    variables: dict[str, tuple] = {
        "value": ("protocol", np.asarray(value, float), "1", "fractional weight change"),
        "sem": ("protocol", np.asarray(sem, float), "1", "standard error of the mean weight change"),
        "n": ("protocol", np.asarray(n, float), "1", "number of cells or pairs (NaN: unknown)"),
    }
    for side, times in zip(SIDES, zip(*trains, strict=True), strict=True):
        meaning = f"times of the {side}synaptic spikes, padded with NaN at the end"
        variables[f"{side}_time"] = (("protocol", f"{side}_spike"), _padded(times), "s", meaning)
    labels = {"protocol": ("protocol", np.asarray(protocols, dtype=str), "1", "name")}
    for label, (values, units, long_name) in (coordinates or {}).items():
        labels[label] = ("protocol", np.asarray(values, float), units, long_name)
    data = make_dataset(
        variables,
        labels,
        title=title,
        scenario=scenario,
        engine="experiment",
        references=references,
        data=name,
        kind="spikes",
        **source,
    )
    check_dataset(data)
    return data


def spike_trains(data: xr.Dataset) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    """Pre and post spike times of each protocol [s], without the padding.

    Examples
    --------
    >>> from analysis.datasets import load
    >>> pre, post = spike_trains(load("sjostrom_2001"))
    >>> len(pre), pre[0].size
    (10, 60)
    """
    pre, post = ([_trimmed(row) for row in data[f"{side}_time"].values] for side in SIDES)
    return pre, post


def check_dataset(data: xr.Dataset) -> None:
    """Raise with the list of every violation of the contract for data sets; return None if there is none.

    Raises
    ------
    InputError
        If the schema of a Dataset is violated, a variable or an attribute about the source is missing, `kind`
        is unknown, a protocol occurs twice, a value is not finite, a standard error is not positive, or
        spikes are out of order.

    Examples
    --------
    >>> from analysis.datasets import load
    >>> data = load("sjostrom_2001")
    >>> check_dataset(data.assign(sem=0 * data.sem))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    plasticity.errors.InputError: not a valid data set: sem of '+10ms_0.1Hz' must be > 0, got 0; ...
    """
    check_schema(data)
    problems = [f"attribute {a!r} is missing" for a in SOURCE_ATTRIBUTES if a not in data.attrs]
    missing = [name for name in ("protocol", "value", "sem", "n") if name not in data.variables]
    problems += [f"{name!r} is missing" for name in missing]
    problems += [
        f"{name!r} must have the dimension protocol alone, not {data[name].dims}"
        for name in ("protocol", "value", "sem", "n")
        if name not in missing and data[name].dims != ("protocol",)
    ]
    kind = str(data.attrs.get("kind"))
    if kind not in _CHECKS:
        problems.append(f"attribute 'kind' must be one of {', '.join(_CHECKS)}, got {kind!r}")
    if not problems:
        problems = _problems_with_numbers(data) + _CHECKS[kind](data)
    if problems:
        raise InputError("not a valid data set: " + "; ".join(problems))


def _problems_with_numbers(data: xr.Dataset) -> list[str]:
    names = [str(p) for p in data.protocol.values]
    problems = [f"protocol {p!r} occurs twice" for i, p in enumerate(names) if p in names[:i]]
    if not names:
        problems.append("there is no protocol")
    for name, value, sem in zip(names, data.value.values, data.sem.values, strict=True):
        if not np.isfinite(value):
            problems.append(f"value of {name!r} must be finite, got {value:g}")
        if not (np.isfinite(sem) and sem > 0):
            problems.append(f"sem of {name!r} must be > 0, got {sem:g}")
    return problems


def _problems_with_spikes(data: xr.Dataset) -> list[str]:
    problems = []
    for side in SIDES:
        if f"{side}_time" not in data.variables:
            problems.append(f"'{side}_time' is missing")
            continue
        for name, row in zip(data.protocol.values.tolist(), data[f"{side}_time"].values, strict=True):
            times = _trimmed(row)
            if np.any(np.isnan(times)):
                problems.append(f"{side}_time of {name!r} has a gap; NaN may stand only at the end")
            elif np.any(np.diff(times) <= 0):
                problems.append(f"{side}_time of {name!r} must increase strictly; sort the spikes")
            elif times.size and not (times[0] >= 0 and np.isfinite(times[-1])):
                problems.append(f"{side}_time of {name!r} must be finite and >= 0 s")
    return problems


_CHECKS: Mapping[str, Callable[[xr.Dataset], list[str]]] = {"spikes": _problems_with_spikes}


def _padded(trains: Sequence[ArrayLike]) -> NDArray[np.float64]:
    """Trains of unequal length as one array, filled up with NaN."""
    arrays = [np.asarray(t, float) for t in trains]
    padded = np.full((len(arrays), max((a.size for a in arrays), default=0)), np.nan)
    for row, train in zip(padded, arrays, strict=True):
        row[: train.size] = train
    return padded


def _trimmed(row: NDArray[np.float64]) -> NDArray[np.float64]:
    """One train without the NaN at its end."""
    known = np.flatnonzero(~np.isnan(row))
    return row[: known[-1] + 1] if known.size else row[:0]
