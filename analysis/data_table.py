"""A user's own measurements from a CSV file, checked cell by cell.

One protocol per row, columns in any order::

    protocol,pre_times_s,post_times_s,value,sem,n
    once,0.0,0.01,0.2,0.1,5
    twice,0.0 0.1,0.01 0.11,0.35,0.1,

``value`` is the fractional weight change (0.25 means +25 %), ``sem`` its standard error, ``n`` the number of
cells or pairs (empty: unknown); spike times [s] are separated by blanks. The columns ``interval_s`` and
``frequency_hz`` are optional labels; other columns are refused, so that no misspelt one is lost silently.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import xarray as xr

from analysis.data_record import make_spike_data
from plasticity.errors import InputError

__all__ = ["read_csv"]

REQUIRED = ("protocol", "pre_times_s", "post_times_s", "value", "sem", "n")
LABELS = {
    "interval_s": ("interval", "s", "t_post − t_pre"),
    "frequency_hz": ("frequency", "Hz", "pairing frequency"),
}
HEADER = ",".join(REQUIRED)


def read_csv(path: str | os.PathLike) -> xr.Dataset:
    r"""Read measurements of kind ``spikes`` from a comma-separated file with one header row.

    Parameters
    ----------
    path : str or path
        File with the columns ``protocol,pre_times_s,post_times_s,value,sem,n``.

    Returns
    -------
    xarray.Dataset
        With the dimension ``protocol``, see `analysis.data_record`.

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
    cells = [_Row(path, number, dict(zip(header, row, strict=True))) for number, row in rows]
    names = [row.text("protocol") for row in cells]
    for row, name in zip(cells, names, strict=True):
        if names.index(name) < cells.index(row):
            row.refuse("protocol", f"{name!r} occurs twice; give every protocol its own name")
    sem = [row.number("sem") for row in cells]
    for row, value in zip(cells, sem, strict=True):
        if value <= 0:
            row.refuse("sem", f"a standard error must be > 0, got {value:g}")
    return make_spike_data(
        names,
        [(row.times("pre_times_s"), row.times("post_times_s")) for row in cells],
        [row.number("value") for row in cells],
        sem,
        [row.number("n", optional=True) for row in cells],
        name=str(path),
        title=f"Measurements in {path.name}",
        coordinates={
            LABELS[column][0]: ([row.number(column, optional=True) for row in cells], *LABELS[column][1:])
            for column in header
            if column in LABELS
        },
        citation=f"the user's own file {path.name}",
        doi="",
        figure="",
        rights="the user's own",
        provenance=f"read from {path.name}",
    )


def _cells(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Header and numbered, non-blank rows, all of the width of the header."""
    if not path.is_file():
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
        raise InputError(f"{path} is empty; it needs the header {HEADER} and one row per protocol")
    header, rows = lines[0][1], lines[1:]
    _check_header(path, header)
    if not rows:
        raise InputError(f"{path} has a header but no row; add one row per protocol")
    for number, row in rows:
        if len(row) != len(header):
            raise InputError(
                f"{path}, line {number}: {len(row)} cells where the header has {len(header)}; "
                "separate cells with commas and spike times with blanks"
            )
    return header, rows


def _check_header(path: Path, header: list[str]) -> None:
    found = ", ".join(header)
    for column in REQUIRED:
        if column not in header:
            raise InputError(f"{path}: column {column!r} is missing (found: {found}); the header must be {HEADER}")
    for column in header:
        if header.count(column) > 1:
            raise InputError(f"{path}: column {column!r} occurs twice; remove one")
        if column not in REQUIRED and column not in LABELS:
            raise InputError(
                f"{path}: column {column!r} is unknown; remove it (known: {', '.join([*REQUIRED, *LABELS])})"
            )


class _Row:
    """One row of the file, which turns its cells into numbers or says what is wrong with them."""

    def __init__(self, path: Path, line: int, cells: dict[str, str]):
        self.path, self.line, self.cells = path, line, cells

    def refuse(self, column: str, problem: str) -> None:
        raise InputError(f"{self.path}, line {self.line}, column {column!r}: {problem}")

    def text(self, column: str) -> str:
        if not self.cells[column]:
            self.refuse(column, "is empty; fill it in")
        return self.cells[column]

    def number(self, column: str, optional: bool = False) -> float:
        """Finite number in a cell; NaN if the cell is empty and may be."""
        if optional and not self.cells[column]:
            return float("nan")
        return self._finite(column, self.text(column))

    def times(self, column: str) -> np.ndarray:
        """Strictly increasing spike times [s] ≥ 0."""
        times = np.array([self._finite(column, word) for word in self.cells[column].split()])
        backward = np.flatnonzero(np.diff(times) <= 0)
        if backward.size:
            earlier, later = times[backward[0] : backward[0] + 2]
            self.refuse(column, f"spikes are out of order ({earlier:g} then {later:g} s); sort them")
        if times.size and times[0] < 0:
            self.refuse(column, f"spike times must be >= 0 s, got {times[0]:g}; shift all times of the row")
        return times

    def _finite(self, column: str, word: str) -> float:
        try:
            number = float(word)
        except ValueError:
            number = float("nan")
        if not np.isfinite(number):
            self.refuse(column, f"{word!r} is no finite number; write it like 0.25")
        return number
