"""Measurements in a folder: what was done, event by event, and what was observed, each in a table of its own.

::

    protocols.csv     protocol     optional: initial_weight, interval_s, frequency_hz, group, cell, animal, study
    events.csv        protocol,channel,time_s
    observations.csv  protocol,observable,value,sem,n     sd may take the place of sem; successes: k,n

A channel is ``pre``, ``post``, or one of the names of a third factor (`THIRD_CHANNELS`), of which a folder has one. An
observable says in which convention a change is stated, and all become the fractional change: ``fractional change``
(0.25), ``ratio`` (1.25), ``% change`` (25), ``% of baseline`` (125). The observable ``successes`` has k successes of n
attempts in the place of a value; then `events.csv` may be missing. Any other column of `protocols.csv`, such as
``dose`` or ``drug``, is a covariate for a model of one's own: numbers where all its cells are numbers, else text.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from analysis.data.columns import SINGLE, labels, measured, names, standard_error
from analysis.data.csv_table import about_file
from analysis.data.kinds import KINDS, Kind
from analysis.data.record import make_data, make_spike_data
from analysis.data.text_table import Cell, Row, read_text_table, train
from plasticity.errors import InputError, UnknownNameError

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
SUCCESSES = "successes"
MEASUREMENT = ("protocol", "observable", "value", "sem", "sd", "k", "n")
Trains = dict[str, list[Cell]]  # cells with the times of every channel


def read_folder(path: str | os.PathLike) -> xr.Dataset:
    """Read protocols, events and observations; a data set of kind ``spikes``, or ``successes``.

    Raises
    ------
    InputError
        If a file or column is missing or unknown, a protocol, channel or observable is unknown, some observations are
        successes and others are not, or a number cannot be used; the message names file, line and column.
    """
    folder = Path(path)
    protocols, observations = (_rows(folder / name) for name in ("protocols.csv", "observations.csv"))
    known = {row["protocol"].words(): row for row in protocols}
    for row in observations:
        _require(row["protocol"], "protocol", known)
        _require(row["observable"], "observable", (*CONVENTIONS, SUCCESSES))
    kinds = {row["observable"].text == SUCCESSES for row in observations}
    if len(kinds) > 1:
        raise InputError(f"{folder / 'observations.csv'} mixes successes and changes; make a folder of each")
    joined = [{**known[row["protocol"].text], **row} for row in observations]
    return _successes(folder, joined) if kinds == {True} else _changes(folder, known, joined)


def _successes(folder: Path, rows: list[Row]) -> xr.Dataset:
    kind = KINDS["successes"]
    _need(folder / "observations.csv", rows, ("k", "n"))
    about = about_file(folder) | {"sem_missing": SINGLE}
    return make_data(kind.name, names(rows), *measured(kind, rows), _labels(kind, rows), **about)


def _changes(folder: Path, known: dict[str, Row], rows: list[Row]) -> xr.Dataset:
    kind = KINDS["spikes"]
    spread = "sd" if "sd" in rows[0] and "sem" not in rows[0] else "sem"
    _need(folder / "observations.csv", rows, ("value", spread, "n"))
    times, third = _events(folder / "events.csv", known)
    conventions = [CONVENTIONS[row["observable"].text] for row in rows]
    of_protocols = names(rows)

    def trains(channel: str) -> list[np.ndarray]:
        cells = [times[name][channel] for name in of_protocols]
        return [train([cell.number() for cell in own], own[-1]) if own else np.empty(0) for own in cells]

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


def _events(path: Path, known: dict[str, Row]) -> tuple[dict[str, Trains], str]:
    """Times of the events of every protocol and channel, and the channel of the third factor, if there is one."""
    rows = _rows(path)
    times: dict[str, Trains] = {name: defaultdict(list) for name in known}
    for row in rows:
        _require(row["protocol"], "protocol", known)
        _require(row["channel"], "channel", CHANNELS)
        times[row["protocol"].text][row["channel"].text].append(row["time_s"])
    third = sorted({row["channel"].text for row in rows} - {"pre", "post"})
    if len(third) > 1:
        raise InputError(f"{path} has the channels {' and '.join(third)}; a rule has one third factor")
    return times, "".join(third)


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
