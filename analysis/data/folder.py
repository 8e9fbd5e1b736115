"""Measurements in a folder: what was done, event by event, and what was observed, each in a table of its own.

::

    protocols.csv     protocol     optional: initial_weight, interval_s, frequency_hz, group, cell, animal, study
    events.csv        protocol,channel,time_s
    observations.csv  protocol,observable,value,sem,n     sd may take the place of sem

A channel is ``pre``, ``post``, or one of the names of a third factor (`THIRD_CHANNELS`), of which a folder has one. An
observable says in which convention a change is stated, and all become the fractional change: ``fractional change``
(0.25), ``ratio`` (1.25), ``% change`` (25), ``% of baseline`` (125).
"""

from __future__ import annotations

import csv
import io
import os
from collections import defaultdict
from pathlib import Path

import xarray as xr

from analysis.data.csv_table import THIRD_TRAIN, TRAINS, read_table
from analysis.data.kinds import KINDS
from plasticity.errors import InputError, UnknownNameError

__all__ = ["CONVENTIONS", "FILES", "THIRD_CHANNELS", "read_folder"]

FILES = {
    "protocols.csv": ("protocol",),
    "events.csv": ("protocol", "channel", "time_s"),
    "observations.csv": ("protocol", "observable", "value"),
}
THIRD_CHANNELS = ("third_factor", "reward", "dopamine", "acetylcholine", "plateau")
CONVENTIONS = {  # factor and offset to the fractional change
    "fractional change": (1.0, 0.0),
    "ratio": (1.0, -1.0),
    "% change": (0.01, 0.0),
    "% of baseline": (0.01, -1.0),
}
Rows = list[dict[str, str]]


def read_folder(path: str | os.PathLike) -> xr.Dataset:
    """Read protocols, events and observations; a data set of kind ``spikes``.

    Raises
    ------
    InputError
        If a file or column is missing, or a protocol, channel or observable is unknown; what is wrong with a number is
        said as for one table (`analysis.data.csv_table`).
    """
    folder = Path(path)
    protocols, events, observations = (_rows(folder / name, needed) for name, needed in FILES.items())
    known = {row["protocol"]: row for row in protocols}
    times: dict[str, dict[str, list[str]]] = {name: defaultdict(list) for name in known}
    for k, row in enumerate(events, start=2):
        _require(folder / "events.csv", k, row, known)
        if row["channel"] not in ("pre", "post", *THIRD_CHANNELS):
            raise UnknownNameError(
                f"channel in {folder / 'events.csv'}, line {k}", row["channel"], ("pre", "post", *THIRD_CHANNELS)
            )
        times[row["protocol"]][row["channel"]].append(row["time_s"])
    third = sorted({row["channel"] for row in events} - {"pre", "post"})
    if len(third) > 1:
        raise InputError(f"{folder / 'events.csv'} has the channels {' and '.join(third)}; a rule has one third factor")
    labels = [label.column for label in KINDS["spikes"].labels if label.column in (protocols[0] if protocols else {})]
    spread = "sem" if "sem" in (observations[0] if observations else {}) else "sd"
    header = ["protocol", *TRAINS, *([THIRD_TRAIN] if third else []), *labels, "value", spread, "n"]
    table = []
    for k, row in enumerate(observations, start=2):
        _require(folder / "observations.csv", k, row, known)
        name, factor = row["protocol"], _factor(folder / "observations.csv", k, row["observable"])
        trains = [" ".join(times[name][channel]) for channel in ("pre", "post", *third)]
        value = _scaled(folder / "observations.csv", k, "value", row["value"], *factor)
        error = _scaled(folder / "observations.csv", k, spread, row.get(spread, ""), factor[0], 0.0)
        table.append([name, *trains, *(known[name][label] for label in labels), value, error, row.get("n", "")])
    text = io.StringIO()
    csv.writer(text).writerows([header, *table])
    return read_table(folder, text.getvalue())


def _rows(path: Path, needed: tuple[str, ...]) -> Rows:
    if not path.is_file():
        raise InputError(f"there is no file {path}; a folder of measurements has {', '.join(FILES)}")
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = [{k.strip(): (v or "").strip() for k, v in row.items() if k} for row in csv.DictReader(file)]
    for column in needed:
        if not rows or column not in rows[0]:
            raise InputError(f"{path}: column {column!r} is missing or there is no row; it needs {','.join(needed)}")
    return rows


def _require(path: Path, line: int, row: dict[str, str], known: dict[str, dict[str, str]]) -> None:
    if row["protocol"] not in known:
        raise UnknownNameError(f"protocol in {path}, line {line}", row["protocol"], known)


def _factor(path: Path, line: int, observable: str) -> tuple[float, float]:
    if observable not in CONVENTIONS:
        raise UnknownNameError(f"observable in {path}, line {line}", observable, CONVENTIONS)
    return CONVENTIONS[observable]


def _scaled(path: Path, line: int, column: str, cell: str, factor: float, offset: float) -> str:
    try:
        return repr(factor * float(cell) + offset)
    except ValueError:
        raise InputError(f"{path}, line {line}, column {column!r}: {cell!r} is no number; write it like 0.25") from None
