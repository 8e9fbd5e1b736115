"""A user's own measurements from a CSV file, checked cell by cell.

One protocol per row, columns in any order; the columns determine the kind of data (`analysis.data.kinds`)::

    spikes        protocol,pre_times_s,post_times_s,value,sem,n      optional: third_factor_times_s, initial_weight,
                                                                     interval_s, frequency_hz, group
    frequency     protocol,frequency_hz,value,sem,n                  optional: group
    plateau       protocol,time_from_plateau_s,initial_ramp_mV,value_mV,sem_mV,n            optional: group
    trials        protocol,perturbation_deg,clamped,value_deg,sem_deg,n                     optional: group
    distribution  protocol,sd_log10,mixture_weight,unit,value_log10,sem_log10,n             optional: group
    quantities    protocol,unit,value,sem,n                          optional: group

``value`` of the first two is the fractional weight change (0.25 means +25 %), ``sem`` its standard error, ``n`` the
number of cells, pairs or people (empty: unknown); spike times [s] are separated by blanks. A column ``sd`` may take
the place of ``sem``: then ``sem = sd/√n``. Every kind may have the columns ``cell``, ``animal`` and ``study``. Names
of columns include the unit. In place of spike times regular pairings can be stated by
``interval_s,frequency_hz,n_pairs`` and, for bursts of so many pairs, ``n_bursts,burst_every_s``
(`analysis.data.pairings`). Other columns are errors, so that no misspelt one is ignored silently. Cells are separated
by commas, semicolons or tabs; with the latter two, numbers may have decimal commas.
"""

from __future__ import annotations

import csv
import io
import math
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from analysis.data.kinds import KINDS, Kind, Label
from analysis.data.pairings import with_trains
from analysis.data.record import make_data, make_spike_data
from plasticity.errors import InputError

__all__ = ["read_csv", "read_table", "required_columns"]

TRAINS = ("pre_times_s", "post_times_s")
THIRD_TRAIN = "third_factor_times_s"
SEPARATORS = (",", ";", "\t")
OWN = {"doi": "", "figure": "", "rights": "the user's own"}


def read_csv(path: str | os.PathLike) -> xr.Dataset:
    r"""Read measurements of any kind from a table in a text file with one header row.

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
    return read_table(Path(path), _text(Path(path)))


def read_table(path: Path, text: str) -> xr.Dataset:
    """Read measurements from the text of a table; `path` is named in errors and becomes the name of the data."""
    header, rows, numbers = _cells(path, text)
    kind = _kind(path, header)
    cells = [_Row(path, number, dict(zip(header, row, strict=True)), numbers) for number, row in rows]
    names = [row.text("protocol") for row in cells]
    seen: set[str] = set()
    for row, name in zip(cells, names, strict=True):
        if name in seen:
            row.fail("protocol", f"{name!r} occurs twice; give every protocol its own name")
        seen.add(name)
    spread = next(column for column in (kind.sem_column, kind.sd_column) if column in header)
    sem = [row.standard_error(spread, kind) for row in cells]
    measured = ([row.number(kind.column) for row in cells], sem, [row.number("n", optional=True) for row in cells])
    labels = {label.name: [row.label(label) for row in cells] for label in kind.labels if label.column in header}
    about: dict[str, Any] = {
        "name": str(path),
        "title": f"Measurements in {path.name}",
        "provenance": f"read from {path.name}",
        **OWN,
        "citation": f"the user's own file {path.name}",
    }
    if spread == kind.sd_column:
        about["sem_computed"] = "sd/sqrt(n)"
    if kind.name != "spikes":
        return make_data(kind.name, names, *measured, labels, **about)
    pre, post = TRAINS
    trains = [(row.times(pre), row.times(post)) for row in cells]
    third = [row.times(THIRD_TRAIN) for row in cells] if THIRD_TRAIN in header else None
    return make_spike_data(names, trains, *measured, coordinates=labels, third_factor=third, **about)


def required_columns(kind: Kind) -> tuple[str, ...]:
    """Columns required in a file of this kind."""
    labels = tuple(label.column for label in kind.labels if label.required)
    return ("protocol", *(TRAINS if kind.name == "spikes" else labels), kind.column, kind.sem_column, "n")


def _kind(path: Path, header: list[str]) -> Kind:
    """The kind that shares most columns with the header, spikes in doubt; every column must be known and occur once."""
    for column in header:
        if header.count(column) > 1:
            raise InputError(f"{path}: column {column!r} occurs twice; remove one")

    def present(kind: Kind) -> tuple[float, int]:
        own = set(required_columns(kind)) - {"protocol", "value", "sem", "n"}
        return len(own & set(header)) / len(own), len(own & set(header))

    kind = max(KINDS.values(), key=present)
    for column in required_columns(kind):
        if column not in header and not (column == kind.sem_column and kind.sd_column in header):
            raise InputError(
                f"{path}: column {column!r} is missing (found: {', '.join(header)}); the header must be "
                f"{','.join(required_columns(kind))} for data of kind {kind.name}"
            )
    if kind.sem_column in header and kind.sd_column in header:
        raise InputError(f"{path}: columns {kind.sem_column!r} and {kind.sd_column!r} say the same; remove one")
    optional = (label.column for label in kind.labels if not label.required)
    trains = [THIRD_TRAIN] if kind.name == "spikes" else []
    known = [*required_columns(kind), *optional, *trains, *([kind.sd_column] if kind.sd_column in header else [])]
    for column in header:
        if column not in known:
            raise InputError(
                f"{path}: column {column!r} is unknown; remove it (known for data of kind {kind.name}: "
                f"{', '.join(known)})"
            )
    return kind


def _text(path: Path) -> str:
    if not os.path.isfile(path):
        raise InputError(f"there is no file {path}; check the path")
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}; check its permissions") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no CSV text in UTF-8 ({error}); save it as comma-separated text") from error


def _cells(path: Path, text: str) -> tuple[list[str], list[tuple[int, list[str]]], _Numbers]:
    """Header and numbered, non-blank rows, all of the width of the header; and how numbers are written."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    try:
        lines = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(row)]
    except csv.Error as error:
        raise InputError(f"{path} is no CSV text in UTF-8 ({error}); save it as comma-separated text") from error
    if not lines:
        columns = ",".join(required_columns(KINDS["spikes"]))
        raise InputError(f"{path} is empty; it needs a header such as {columns} and one row per protocol")
    header, rows = with_trains(path, lines[0][1], lines[1:])
    _kind(path, header)
    if not rows:
        raise InputError(f"{path} has a header but no row; add one row per protocol")
    for number, row in rows:
        if len(row) != len(header):
            raise InputError(
                f"{path}, line {number}: {len(row)} cells where the header has {len(header)}; "
                f"separate cells as in the header ({separator!r}) and spike times with blanks"
            )
    return header, rows, _Numbers(separator)


class _Numbers:
    """How the numbers of a file are written: with a decimal point, or all with a decimal comma."""

    def __init__(self, separator: str):
        self.marks = "." if separator == "," else ".,"

    def parse(self, word: str) -> float | str:
        """The finite number in a word, or in words why there is none."""
        used = {mark for mark in ".," if mark in word}
        if "," in used and "," not in self.marks:
            point = word.replace(",", ".")
            return f"{word!r} has a decimal comma; write {point}, or separate the cells of the file with semicolons"
        if used and not used <= set(self.marks):
            return f"{word!r} has another decimal mark than the numbers before it ({self.marks!r}); use one throughout"
        if len(used) == 1:
            self.marks = used.pop()
        try:
            number = float(word.replace(",", "."))
        except ValueError:
            number = float("nan")
        return (
            number if math.isfinite(number) and "_" not in word else f"{word!r} is no finite number; write it like 0.25"
        )


class _Row:
    """One row of the file; its cells become numbers, or errors that name line and column."""

    def __init__(self, path: Path, line: int, cells: dict[str, str], numbers: _Numbers):
        self.path, self.line, self.cells, self.numbers = path, line, cells, numbers

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

    def standard_error(self, column: str, kind: Kind) -> float:
        """Standard error of the mean: the cell itself, or from a standard deviation and the number of measurements."""
        spread = self.number(column)
        if spread <= 0:
            self.fail(
                column,
                f"a standard {'error' if column == kind.sem_column else 'deviation'} must be > 0, got {spread:g}",
            )
        if column == kind.sem_column:
            return spread
        n = self.number("n")
        if n < 2:
            self.fail("n", f"a standard deviation needs n >= 2, got {n:g}")
        return spread / math.sqrt(n)

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
        number = self.numbers.parse(word)
        if isinstance(number, str):
            self.fail(column, number)
        return float(number)
