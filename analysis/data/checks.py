"""What a data set must be: every violation is listed at once, with the protocol and the remedy."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from analysis.data.kinds import KINDS, Label
from plasticity.dataset import check_schema
from plasticity.errors import InputError

__all__ = ["SIDES", "SOURCE_ATTRIBUTES", "check_dataset", "trimmed"]

SOURCE_ATTRIBUTES = ("data", "citation", "doi", "figure", "rights", "provenance")
SIDES = ("pre", "post")


def check_dataset(data: xr.Dataset) -> None:
    """Raise with the list of every violation of the contract for data sets; return None if there is none.

    Raises
    ------
    InputError
        If the schema of a Dataset is violated, a variable or an attribute about the source is missing, `kind`
        is unknown, a protocol occurs twice, a value is not finite, a standard error is not positive (or missing
        without the attribute ``sem_missing``), a label of the kind or its unit is missing or out of range, or
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
    may_miss = bool(str(data.attrs.get("sem_missing", "")).strip())
    if not names:
        problems.append("there is no protocol")
    for name, value, sem in zip(names, data.value.values, data.sem.values, strict=True):
        if not np.isfinite(value):
            problems.append(f"value of {name!r} must be finite, got {value:g}")
        if np.isnan(sem) and not may_miss:
            problems.append(
                f"sem of {name!r} must be > 0, got nan; where none is known say why in the attribute sem_missing"
            )
        elif not np.isnan(sem) and not (np.isfinite(sem) and sem > 0):
            problems.append(f"sem of {name!r} must be > 0, got {sem:g}")
    return problems


def _problems_with_labels(data: xr.Dataset) -> list[str]:
    """What is wrong with the units of the measurements and with the labels of the kind."""
    kind = KINDS[data.attrs["kind"]]
    units = {name: data[name].attrs["units"] for name in ("value", "sem")}
    problems = [f"units of {n!r} must be {kind.units!r}, got {u!r}" for n, u in units.items() if u != kind.units]
    for label in kind.labels:
        if label.name not in data.coords:
            problems += [f"coordinate {label.name!r} [{label.units}] is missing"] if label.required else []
        elif data[label.name].attrs["units"] != label.units:
            found = data[label.name].attrs["units"]
            problems.append(f"units of {label.name!r} must be {label.units!r}, got {found!r}")
        else:
            problems += _problems_with_label(data, label)
    return problems


def _problems_with_label(data: xr.Dataset, label: Label) -> list[str]:
    names, values = data.protocol.values.tolist(), data[label.name].values
    if label.is_text:
        empty = [n for n, v in zip(names, values, strict=True) if label.required and not str(v).strip()]
        return [f"{label.name!r} of {n!r} is empty" for n in empty]
    known = ~np.isnan(values) if not label.required else np.full(values.shape, True)
    fine = np.isfinite(values) & ((values > label.low) if label.exclusive else (values >= label.low))
    sign = ">" if label.exclusive else ">="
    return [
        f"{label.name!r} of {names[i]!r} must be finite and {sign} {label.low:g} {label.units}, got {values[i]:g}"
        for i in np.flatnonzero(known & ~fine)
    ]


def _problems_with_spikes(data: xr.Dataset) -> list[str]:
    problems = []
    for side in SIDES:
        if f"{side}_time" not in data.variables:
            problems.append(f"'{side}_time' is missing")
            continue
        for name, row in zip(data.protocol.values.tolist(), data[f"{side}_time"].values, strict=True):
            times = trimmed(row)
            if np.any(np.isnan(times)):
                problems.append(f"{side}_time of {name!r} has a gap; NaN may stand only at the end")
            elif np.any(np.diff(times) <= 0):
                problems.append(f"{side}_time of {name!r} must increase strictly; sort the spikes")
            elif times.size and not (times[0] >= 0 and np.isfinite(times[-1])):
                problems.append(f"{side}_time of {name!r} must be finite and >= 0 s")
    return problems


_CHECKS: Mapping[str, Callable[[xr.Dataset], list[str]]] = {
    **dict.fromkeys(KINDS, _problems_with_labels),
    "spikes": lambda data: _problems_with_labels(data) + _problems_with_spikes(data),
}


def trimmed(row: NDArray[np.float64]) -> NDArray[np.float64]:
    """One train without the NaN at its end."""
    known = np.flatnonzero(~np.isnan(row))
    return row[: known[-1] + 1] if known.size else row[:0]
