"""Checks of a data set: schema, units, ranges, spikes in order, and numbers that agree with one another."""

from __future__ import annotations

from collections import Counter

import numpy as np
import xarray as xr

from analysis.data.contradictions import contradictions, warn_of_contradictions
from analysis.data.kinds import CHANGE, KINDS, SOURCE_ATTRIBUTES, Label
from analysis.data.spikes import SIDES, THIRD, spike_trains
from plasticity.dataset import check_schema
from plasticity.errors import InputError
from plasticity.support.checks import checked, plain, warn_of_unit
from plasticity.support.units import own_unit

__all__ = ["check_dataset", "in_own_units", "require_errors"]


@checked
def check_dataset(data: xr.Dataset) -> None:
    """Check a data set; the error lists every violation at once.

    Raises
    ------
    InputError
        If the schema of a Dataset is violated, a variable or an attribute about the source is missing, `kind`
        is unknown, a protocol occurs twice, a value is not finite, a standard error is not positive (or missing
        without the attribute ``sem_missing``), a label of the kind or its unit is missing or out of range, spikes are
        out of order, or numbers contradict one another (`analysis.data.contradictions`).

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
    if kind not in KINDS:
        problems.append(f"attribute 'kind' must be one of {', '.join(KINDS)}, got {kind!r}")
    is_change = kind in KINDS and KINDS[kind].long_name == CHANGE[1]
    if not problems:
        problems = _problems_with_numbers(data) + _problems_with_labels(data)
        problems += _problems_with_spikes(data) if kind == "spikes" else []
        own = {"binomial": _problems_with_successes, "survival": _problems_with_times}.get(KINDS[kind].noise)
        problems += own(data) if own is not None else []
    if not problems:
        trains = list(zip(*spike_trains(data), strict=True)) if kind == "spikes" else []
        problems = contradictions(data, is_change, trains)
    if problems:
        raise InputError("not a valid data set: " + "; ".join(problems))
    warn_of_contradictions(data, is_change, trains)
    for label in KINDS[kind].labels:
        _warn_of_label(data, label)


def in_own_units(data: xr.Dataset) -> xr.Dataset:
    """The data set with values, labels and spike times in the units of its kind.

    Raises
    ------
    InputError
        If one carries a unit that cannot be converted.

    Examples
    --------
    >>> from analysis.datasets import load
    >>> data = load("wang_2005")
    >>> per_cent = data.assign(value=(100 * data.value).assign_attrs(data.value.attrs, units="%"))
    >>> bool(np.allclose(in_own_units(per_cent).value, data.value))
    True
    """
    kind = KINDS.get(str(data.attrs.get("kind"))) if isinstance(data, xr.Dataset) else None
    if kind is None:
        return data
    units = {"value": kind.units, "sem": kind.units, **{f"{side}_time": "s" for side in (*SIDES, THIRD)}}
    units |= {label.name: label.units for label in kind.labels if not label.is_text}
    for name, unit in units.items():
        if name in data.variables and own_unit(data[name]) not in (None, unit):
            values = plain(name, data[name], unit)
            data = data.assign({name: (data[name].dims, values, data[name].attrs | {"units": unit})})
    return data


def require_errors(data: xr.Dataset) -> None:
    """Require a standard error for every protocol; the error message names the two remedies.

    Raises
    ------
    InputError
    """
    missing = [str(p) for p in data.protocol.values[np.isnan(data.sem.values)]]
    if missing:
        raise InputError(
            f"{data.attrs['data'] or 'the data'} has no standard error for {len(missing)} of "
            f"{data.sizes['protocol']} protocols, such as {missing[0]!r} ({data.attrs['sem_missing']}); "
            "use --missing-errors pool (or drop), in Python analysis.data.record.with_pooled_errors(data) (or "
            "without_missing_errors)"
        )


def _problems_with_numbers(data: xr.Dataset) -> list[str]:
    names = [str(p) for p in data.protocol.values]
    problems = [f"protocol {p!r} occurs twice" for p, count in Counter(names).items() if count > 1]
    may_miss = bool(str(data.attrs.get("sem_missing", "")).strip())
    if not names:
        problems.append("there is no protocol")
    for name, value, sem in zip(names, data.value.values, data.sem.values, strict=True):
        if not np.isfinite(value):
            problems.append(f"value of {name!r} must be finite, got {value:g}")
        if np.isnan(sem) and not may_miss:
            problems.append(
                f"sem of {name!r} must be > 0, got nan; if none is known, state the reason in the attribute sem_missing"
            )
        elif not np.isnan(sem) and not (np.isfinite(sem) and sem > 0):
            problems.append(f"sem of {name!r} must be > 0, got {sem:g}")
    for name, n in zip(names, data.n.values.astype(float), strict=True):
        if not np.isnan(n) and (n < 1 or n != np.floor(n) or np.isinf(n)):
            problems.append(f"n of {name!r} must be a whole number of measurements, or nan if unknown, got {n:g}")
    return problems


def _problems_with_successes(data: xr.Dataset) -> list[str]:
    """Shares that are no whole numbers of successes, and choices that are neither 0 nor 1."""
    names = data.protocol.values.tolist()
    value, n = data.value.values.astype(float), data.n.values.astype(float)
    if data.attrs["kind"] == "choices":
        wrong = ~np.isin(value, (0, 1)) | (n != 1)
        return [f"value of {names[i]!r} must be a choice, 0 or 1, with n = 1" for i in np.flatnonzero(wrong)]
    k = value * n
    wrong = ~((value >= 0) & (value <= 1) & (np.abs(k - np.round(k)) < 1e-6))
    return [
        f"value of {names[i]!r} must be k/n with a whole number k of n successes, got {value[i]:g} with n = {n[i]:g}"
        for i in np.flatnonzero(wrong)
    ]


def _problems_with_times(data: xr.Dataset) -> list[str]:
    """Times that are not positive, or longer than was watched."""
    names, time = data.protocol.values.tolist(), data.value.values.astype(float)
    limit = data.followed.values if "followed" in data.coords else np.full(time.size, np.nan)
    wrong = ~(time > 0) | (time > limit)
    return [
        f"value of {names[i]!r} must be a time > 0, no longer than it was watched (followed), got {time[i]:g}"
        for i in np.flatnonzero(wrong)
    ]


def _problems_with_labels(data: xr.Dataset) -> list[str]:
    """Faults of the units of the measurements and of the labels of the kind."""
    kind = KINDS[data.attrs["kind"]]
    measured = {name: data[name].attrs["units"] for name in ("value", "sem")}
    problems = [f"units of {n!r} must be {kind.units!r}, got {u!r}" for n, u in measured.items() if u != kind.units]
    for label in kind.labels:
        if label.name not in data.coords:
            problems += [f"coordinate {label.name!r} [{label.units}] is missing"] if label.required else []
        elif data[label.name].attrs["units"] != label.units:
            units = data[label.name].attrs["units"]
            problems.append(f"units of {label.name!r} must be {label.units!r}, got {units!r}")
        else:
            problems += _problems_with_label(data, label)
    return problems


def _problems_with_label(data: xr.Dataset, label: Label) -> list[str]:
    names, values = data.protocol.values.tolist(), data[label.name].values
    if label.is_text:
        empty = [n for n, v in zip(names, values, strict=True) if label.required and not str(v).strip()]
        return [f"{label.name!r} of {n!r} is empty" for n in empty]
    if label.among:
        allowed = ", ".join(f"{number:g}" for number in label.among)
        wrong = np.flatnonzero(~np.isin(values, label.among))
        return [f"{label.name!r} of {names[i]!r} must be one of {allowed}, got {values[i]:g}" for i in wrong]
    known = ~np.isnan(values) if not label.required else np.full(values.shape, True)
    fine = np.isfinite(values) & ((values > label.low) if label.exclusive else (values >= label.low))
    sign = ">" if label.exclusive else ">="
    return [
        f"{label.name!r} of {names[i]!r} must be finite and {sign} {label.low:g} {label.units}, got {values[i]:g}"
        for i in np.flatnonzero(known & ~fine)
    ]


def _warn_of_label(data: xr.Dataset, label: Label) -> None:
    """Warn of a label whose typical size is that of another unit."""
    if not label.remedy or label.name not in data.coords:
        return
    sizes = np.abs(data[label.name].values.astype(float))
    sizes = sizes[sizes > 0]  # neither NaN nor zero
    low, high = label.usual
    if sizes.size and not low <= (typical := float(np.median(sizes))) <= high:
        warn_of_unit(f"{label.name} is typically {typical:g} {label.units}", label.remedy)


def _problems_with_spikes(data: xr.Dataset) -> list[str]:
    problems = []
    for side in (*SIDES, THIRD):
        if f"{side}_time" not in data.variables:
            problems += [f"'{side}_time' is missing"] if side in SIDES else []
            continue
        times = data[f"{side}_time"].values
        missing = np.isnan(times)
        with np.errstate(invalid="ignore"):  # differences of NaN and of infinities
            faults = {
                "has a gap; NaN may stand only at the end": np.any(missing[:, :-1] & ~missing[:, 1:], axis=1),
                "must increase strictly; sort the spikes": np.any(np.diff(times) <= 0, axis=1),
                "must be finite and >= 0 s": np.any(np.isinf(times) | (times < 0), axis=1),
            }
        for i in np.flatnonzero(np.any(list(faults.values()), axis=0)):
            fault = next(text for text, where in faults.items() if where[i])
            problems.append(f"{side}_time of {str(data.protocol.values[i])!r} {fault}")
    return problems
