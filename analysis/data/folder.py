"""Measurements in a folder: what was done, event by event, and what was observed, each in a table of its own.

::

    protocols.csv     protocol     optional: initial_weight, interval_s, frequency_hz, group, cell, animal, study
    events.csv        protocol,channel,time_s             optional: value
    observations.csv  protocol,observable,value,sem,n     sd may stand for sem; successes: k,n; single values: none

A channel is ``pre``, ``post``, or one of the names of a third factor (`THIRD_CHANNELS`), of which a folder has one;
channels ``x_NAME``, such as ``x_light``, are for a model of one's own, which sees their times as ``x_NAME_time``
(protocol, event) and their values, if there are any, as ``x_NAME_value``. An observable says in which convention a
change is stated, and all become the fractional change: ``fractional change`` (0.25), ``ratio`` (1.25), ``% change``
(25), ``% of baseline`` (125). The observable ``successes`` has k successes of n attempts in the place of a value. Any
other observable, such as ``latency``, needs a column ``unit`` and a model of one's own (kind ``quantities``); its
values are single ones where the table has neither ``sem``, ``sd`` nor ``n``. With
either `events.csv` may be missing. Any other column of `protocols.csv`, such as ``dose`` or ``drug``, is a covariate
for a model of one's own: numbers where all its cells are numbers, else text.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from analysis.data.columns import SINGLE, labels, measured, names, standard_error
from analysis.data.csv_table import about_file
from analysis.data.kinds import KINDS, REGRESSOR, Kind
from analysis.data.record import make_data, make_spike_data, padded
from analysis.data.text_table import Cell, Row, read_text_table, train
from plasticity.errors import InputError, UnknownNameError
from plasticity.support.checks import warn_of_unit

__all__ = ["CONVENTIONS", "FILES", "SUCCESSES", "THIRD_CHANNELS", "read_folder"]

FILES = {
    "protocols.csv": ("protocol",),
    "events.csv": ("protocol", "channel", "time_s"),
    "observations.csv": ("protocol", "observable"),
}
THIRD_CHANNELS = ("third_factor", "reward", "dopamine", "acetylcholine", "plateau")
CHANNELS = ("pre", "post", *THIRD_CHANNELS)
CONVENTIONS = {  # factor and offset to the fractional change
    "fractional change": (1.0, 0.0),
    "ratio": (1.0, -1.0),
    "% change": (0.01, 0.0),
    "% of baseline": (0.01, -1.0),
}
FRACTIONS = (("% of baseline", 5.0, "ratio"), ("% change", 1.0, "fractional change"))  # all smaller: not per cent
SUCCESSES = "successes"
MEASUREMENT = ("protocol", "observable", "unit", "value", "sem", "sd", "k", "n")
Events = dict[str, list[tuple[Cell, float]]]  # of every channel: cells with times, and values


def read_folder(path: str | os.PathLike) -> xr.Dataset:
    """Read protocols, events and observations; a data set of kind ``spikes``, ``successes`` or ``quantities``.

    Raises
    ------
    InputError
        If a file or column is missing or unknown, a protocol, channel or observable is unknown, observations are of
        several kinds, or a number cannot be used; the message names file, line and column.
    """
    folder = Path(path)
    protocols, observations = (_rows(folder / name) for name in ("protocols.csv", "observations.csv"))
    known = {row["protocol"].words(): row for row in protocols}
    for row in observations:
        _require(row["protocol"], "protocol", known)
    kinds = {_kind(row) for row in observations}
    if len(kinds) > 1:
        raise InputError(f"{folder / 'observations.csv'} mixes {' and '.join(sorted(kinds))}; make a folder of each")
    joined = [{**known[row["protocol"].text], **row} for row in observations]
    events = _events(folder / "events.csv", known, optional=kinds != {"spikes"})
    if kinds == {"spikes"}:
        data = _changes(folder, events, joined)
        return _with_events(data, events, [c for c in _channels(events) if c.startswith(REGRESSOR)])
    return _with_events(_of_own_models(folder, KINDS[kinds.pop()], joined), events, _channels(events))


def _kind(row: Row) -> str:
    """Kind of data to which an observation belongs."""
    observable = row["observable"]
    if observable.text == SUCCESSES:
        return SUCCESSES
    if "unit" in row and row["unit"].text and observable.words() not in CONVENTIONS:
        return "quantities"
    try:
        _require(observable, "observable", (*CONVENTIONS, SUCCESSES))
    except UnknownNameError as error:
        raise InputError(f"{error}; any other needs its unit, in a column 'unit'") from None
    return "spikes"


def _of_own_models(folder: Path, kind: Kind, rows: list[Row]) -> xr.Dataset:
    """Successes, or an observable with its own unit, single values where there are no columns of errors and numbers."""
    spread = kind.sd_column if kind.sd_column in rows[0] and kind.sem_column not in rows[0] else kind.sem_column
    is_single = bool(kind.counts) or not {"n", spread} & set(rows[0])
    _need(
        folder / "observations.csv", rows, kind.counts or ((kind.column,) if is_single else (kind.column, spread, "n"))
    )
    about = about_file(folder) | ({"sem_missing": SINGLE} if is_single else {})
    about |= {"sem_computed": "sd/sqrt(n)"} if spread == kind.sd_column else {}
    observable = ([row["observable"].text for row in rows], "1", "what was measured")
    of = _labels(kind, rows) | {"observable": observable}
    return make_data(kind.name, names(rows), *measured(kind, rows), of, **about)


def _warn_of_fractions(rows: list[Row]) -> None:
    """Warn of per cent that are probably fractions."""
    for observable, least, other in FRACTIONS:
        values = [abs(row["value"].number()) for row in rows if row["observable"].text == observable]
        if values and max(values) < least:
            problem = f"no value of {observable!r} is beyond {max(values):g}"
            warn_of_unit(problem, f"if they are fractions, name the observable {other!r}")


def _changes(folder: Path, events: dict[str, Events], rows: list[Row]) -> xr.Dataset:
    kind = KINDS["spikes"]
    spread = "sd" if "sd" in rows[0] and "sem" not in rows[0] else "sem"
    _need(folder / "observations.csv", rows, ("value", spread, "n"))
    third = next((c for c in _channels(events) if c in THIRD_CHANNELS), "")
    conventions = [CONVENTIONS[row["observable"].text] for row in rows]
    of_protocols = names(rows)
    _warn_of_fractions(rows)

    def trains(channel: str) -> list[np.ndarray]:
        return [_times(events[name].get(channel, [])) for name in of_protocols]

    return make_spike_data(
        of_protocols,
        list(zip(trains("pre"), trains("post"), strict=True)),
        [f * row["value"].number() + offset for row, (f, offset) in zip(rows, conventions, strict=True)],
        [f * standard_error(row, spread, spread == "sd") for row, (f, _) in zip(rows, conventions, strict=True)],
        [row["n"].number(optional=True) for row in rows],
        coordinates=_labels(kind, rows),
        third_factor=trains(third) if third else None,
        **about_file(folder),
        **({"sem_computed": "sd/sqrt(n)"} if spread == "sd" else {}),
    )


def _with_events(data: xr.Dataset, events: dict[str, Events], channels: Sequence[str]) -> xr.Dataset:
    """Data with times and values of channels, for a model of one's own."""
    for channel in channels:
        own = [events[name].get(channel, []) for name in data.protocol.values.tolist()]
        values = [np.array([value for _, value in one]) for one in own]
        meaning = f"of the events of channel {channel}, padded with NaN at the end"
        further = {"time": ([_times(one) for one in own], "s")}
        further |= {"value": (values, "1")} if any(np.isfinite(v).any() for v in values) else {}
        for name, (rows, units) in further.items():
            about = {"units": units, "long_name": f"{name}s {meaning}"}
            data = data.assign({f"{channel}_{name}": (("protocol", f"{channel}_event"), padded(rows), about)})
    return data


def _channels(events: dict[str, Events]) -> list[str]:
    return sorted({channel for of_protocol in events.values() for channel in of_protocol})


def _times(events: list[tuple[Cell, float]]) -> NDArray[np.float64]:
    return train([cell.number() for cell, _ in events], events[-1][0]) if events else np.empty(0)


def _events(path: Path, known: dict[str, Row], optional: bool) -> dict[str, Events]:
    """Events of every protocol and channel; at most one channel is a third factor."""
    events: dict[str, Events] = {name: defaultdict(list) for name in known}
    if optional and not path.is_file():
        return events
    for row in _rows(path):
        _require(row["protocol"], "protocol", known)
        if not row["channel"].text.startswith(REGRESSOR):
            _require(row["channel"], "channel", (*CHANNELS, f"{REGRESSOR}NAME (for a model of your own)"))
        value = row["value"].number(optional=True) if "value" in row else float("nan")
        events[row["protocol"].text][row["channel"].text].append((row["time_s"], value))
    third = [channel for channel in _channels(events) if channel in THIRD_CHANNELS]
    if len(third) > 1:
        raise InputError(f"{path} has the channels {' and '.join(third)}; a rule has one third factor")
    return events


def _rows(path: Path) -> tuple[Row, ...]:
    needed = FILES[path.name]
    if not path.is_file():
        raise InputError(f"there is no file {path}; a folder of measurements has {', '.join(FILES)}")
    table = read_text_table(path, ",".join(needed))
    _need(path, table.rows, needed)
    return table.rows


def _need(path: Path, rows: Sequence[Row], needed: tuple[str, ...]) -> None:
    for column in needed:
        if not rows or column not in rows[0]:
            raise InputError(f"{path}: column {column!r} is missing or there is no row; it needs {','.join(needed)}")


def _labels(kind: Kind, rows: list[Row]) -> dict[str, Any]:
    """Labels of the kind, and the other columns of the protocols as covariates."""
    own = {label.column for label in kind.labels}
    covariates = {}
    for column in rows[0]:
        cells = [row[column] for row in rows]
        if column in own or column in MEASUREMENT:
            continue
        if cells[0].path.name == "observations.csv":
            known = ", ".join(MEASUREMENT)
            raise InputError(f"{cells[0].path}: column {column!r} is unknown; remove it (known: {known})")
        numbers = [cell.marks.parse(cell.text) for cell in cells]
        is_text = any(isinstance(number, str) for number in numbers)
        covariates[column] = ([cell.text for cell in cells] if is_text else numbers, "1", column)
    return labels(kind, rows) | covariates


def _require(cell: Cell, what: str, known: Iterable[str]) -> None:
    if cell.text not in known:
        raise UnknownNameError(f"{what} in {cell.path}, line {cell.line}", cell.text, known)
