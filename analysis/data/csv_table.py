"""A user's own measurements from a CSV file, checked cell by cell.

One protocol per row, columns in any order; the columns determine the kind of data (`analysis.data.kinds`)::

    spikes        protocol,pre_times_s,post_times_s,value,sem,n      optional: interval_s, frequency_hz, group
    frequency     protocol,frequency_hz,value,sem,n                  optional: group
    plateau       protocol,time_from_plateau_s,initial_ramp_mV,value_mV,sem_mV,n            optional: group
    trials        protocol,perturbation_deg,clamped,value_deg,sem_deg,n                     optional: group
    distribution  protocol,sd_log10,mixture_weight,unit,value_log10,sem_log10,n             optional: group
    quantities    protocol,unit,value,sem,n                          optional: group

``value`` of the first two is the fractional weight change (0.25 means +25 %), ``sem`` its standard error, ``n`` the
number of cells, pairs or people (empty: unknown); spike times [s] are separated by blanks. Names of columns include the
unit. Other columns are errors, so that no misspelt one is ignored silently.
"""

from __future__ import annotations

import csv
import math
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from analysis.data.kinds import KINDS, Kind, Label
from analysis.data.record import make_data, make_spike_data
from plasticity.errors import InputError

__all__ = ["read_csv"]

TRAINS = ("pre_times_s", "post_times_s")
OWN = {"doi": "", "figure": "", "rights": "the user's own"}


def read_csv(path: str | os.PathLike) -> xr.Dataset:
    r"""Read measurements of any kind from a comma-separated file with one header row.

    Parameters
    ----------
    path : str or path
        File with the columns of one kind, such as ``protocol,pre_times_s,post_times_s,value,sem,n``.

    Returns
    -------
    xarray.Dataset
        With the dimension ``protocol``, see `analysis.data.record`.

    Raises
    ------
    InputError
        If the file or one of its cells cannot be used; the message names file, row, column and remedy.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "mine.csv")
    >>> _ = path.write_text("protocol,pre_times_s,post_times_s,value,sem,n\nonce,0.0,0.01,0.2,0.1,5\n")
    >>> float(read_csv(path).value.sel(protocol="once"))
    0.2
    >>> folder.cleanup()
    """
    path = Path(path)
    header, rows = _cells(path)
    kind = _kind(path, header)
    cells = [_Row(path, number, dict(zip(header, row, strict=True))) for number, row in rows]
    names = [row.text("protocol") for row in cells]
    seen: set[str] = set()
    for row, name in zip(cells, names, strict=True):
        if name in seen:
            row.fail("protocol", f"{name!r} occurs twice; give every protocol its own name")
        seen.add(name)
    sem = [row.number(kind.sem_column) for row in cells]
    for row, value in zip(cells, sem, strict=True):
        if value <= 0:
            row.fail(kind.sem_column, f"a standard error must be > 0, got {value:g}")
    measured = ([row.number(kind.column) for row in cells], sem, [row.number("n", optional=True) for row in cells])
    labels = {label.name: [row.label(label) for row in cells] for label in kind.labels if label.column in header}
    about: dict[str, Any] = {
        "name": str(path),
        "title": f"Measurements in {path.name}",
        "provenance": f"read from {path.name}",
        **OWN,
        "citation": f"the user's own file {path.name}",
    }
    if kind.name != "spikes":
        return make_data(kind.name, names, *measured, labels, **about)
    pre, post = TRAINS
    trains = [(row.times(pre), row.times(post)) for row in cells]
    return make_spike_data(names, trains, *measured, coordinates=labels, **about)


def _required(kind: Kind) -> tuple[str, ...]:
    """Columns required in a file of this kind."""
    labels = tuple(label.column for label in kind.labels if label.required)
    return ("protocol", *(TRAINS if kind.name == "spikes" else labels), kind.column, kind.sem_column, "n")


def _kind(path: Path, header: list[str]) -> Kind:
    """The kind that shares most columns with the header, spikes in doubt; every column must be known and occur once."""
    for column in header:
        if header.count(column) > 1:
            raise InputError(f"{path}: column {column!r} occurs twice; remove one")

    def present(kind: Kind) -> tuple[float, int]:
        own = set(_required(kind)) - {"protocol", "value", "sem", "n"}
        return len(own & set(header)) / len(own), len(own & set(header))

    kind = max(KINDS.values(), key=present)
    for column in _required(kind):
        if column not in header:
            raise InputError(
                f"{path}: column {column!r} is missing (found: {', '.join(header)}); the header must be "
                f"{','.join(_required(kind))} for data of kind {kind.name}"
            )
    known = [*_required(kind), *(label.column for label in kind.labels if not label.required)]
    for column in header:
        if column not in known:
            raise InputError(
                f"{path}: column {column!r} is unknown; remove it (known for data of kind {kind.name}: "
                f"{', '.join(known)})"
            )
    return kind


def _cells(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Header and numbered, non-blank rows, all of the width of the header."""
    if not os.path.isfile(path):
        raise InputError(f"there is no file {path}; check the path")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            lines = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(row)]
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}; check its permissions") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} is no CSV text in UTF-8 ({error}); save it as comma-separated text") from error
    if not lines:
        columns = ",".join(_required(KINDS["spikes"]))
        raise InputError(f"{path} is empty; it needs a header such as {columns} and one row per protocol")
    header, rows = lines[0][1], lines[1:]
    _kind(path, header)
    if not rows:
        raise InputError(f"{path} has a header but no row; add one row per protocol")
    for number, row in rows:
        if len(row) != len(header):
            raise InputError(
                f"{path}, line {number}: {len(row)} cells where the header has {len(header)}; "
                "separate cells with commas and spike times with blanks"
            )
    return header, rows


class _Row:
    """One row of the file; its cells become numbers, or errors that name line and column."""

    def __init__(self, path: Path, line: int, cells: dict[str, str]):
        self.path, self.line, self.cells = path, line, cells

    def fail(self, column: str, problem: str) -> None:
        raise InputError(f"{self.path}, line {self.line}, column {column!r}: {problem}")

    def text(self, column: str) -> str:
        if not self.cells[column]:
            self.fail(column, "is empty; fill it in")
        return self.cells[column]

    def number(self, column: str, optional: bool = False) -> float:
        """Finite number in a cell; NaN if the cell is empty and may be."""
        if optional and not self.cells[column]:
            return float("nan")
        return self._finite(column, self.text(column))

    def label(self, label: Label) -> float | str:
        """Cell of a label; NaN or empty text if it is optional and empty."""
        if label.is_text:
            return self.cells[label.column] if not label.required else self.text(label.column)
        return self.number(label.column, optional=not label.required)

    def times(self, column: str) -> np.ndarray:
        """Strictly increasing spike times [s] ≥ 0."""
        times = [self._finite(column, word) for word in self.cells[column].split()]
        for earlier, later in pairwise(times):
            if later <= earlier:
                self.fail(column, f"spikes are out of order ({earlier:g} then {later:g} s); sort them")
        if times and times[0] < 0:
            self.fail(column, f"spike times must be >= 0 s, got {times[0]:g}; shift all times of the row")
        return np.array(times)

    def _finite(self, column: str, word: str) -> float:
        try:
            number = float(word)
        except ValueError:
            number = float("nan")
        if not math.isfinite(number) or "_" in word:
            self.fail(column, f"{word!r} is no finite number; write it like 0.25")
        return number
