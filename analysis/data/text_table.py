"""Tables in text files: cells between commas, semicolons or tabs, numbers with decimal points or commas.

Every cell knows its file, line and column, so that what is wrong with it can be named also where rows of several
files are joined.
"""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from plasticity.errors import InputError

__all__ = ["Cell", "Row", "Table", "read_text_table", "train", "whole"]

SEPARATORS = (",", ";", "\t")


class Marks:
    """How the numbers of a file are written: with a decimal point, or all with a decimal comma."""

    def __init__(self, separator: str):
        self.separator, self.marks = separator, "." if separator == "," else ".,"

    def parse(self, word: str) -> float | str:
        """The finite number in a word, or in words why there is none."""
        used = {mark for mark in ".," if mark in word}
        if "," in used and self.separator == ",":
            point = word.replace(",", ".")
            return f"{word!r} has a decimal comma; write {point}, or separate the cells of the file with semicolons"
        if len(used) > 1 or not used <= set(self.marks):
            return f"{word!r} has another decimal mark than the numbers before it ({self.marks!r}); use one throughout"
        if len(used) == 1:
            self.marks = used.pop()
        try:
            number = float(word.replace(",", "."))
        except ValueError:
            number = float("nan")
        if math.isfinite(number) and "_" not in word:
            return number
        return f"{word!r} is no finite number; write it like 0.25"


@dataclass(frozen=True)
class Cell:
    """Text of one cell, and where it stands."""

    path: Path
    line: int
    column: str
    text: str
    marks: Marks

    def fail(self, problem: str) -> NoReturn:
        """Raise the error that names the place."""
        raise InputError(f"{self.path}, line {self.line}, column {self.column!r}: {problem}")

    def words(self) -> str:
        """The text; an empty cell is an error."""
        if not self.text:
            self.fail("is empty; fill it in")
        return self.text

    def number(self, optional: bool = False) -> float:
        """Finite number; NaN if the cell is empty and may be."""
        return float("nan") if optional and not self.text else self._finite(self.words())

    def numbers(self) -> list[float]:
        """Finite numbers between blanks."""
        return [self._finite(word) for word in self.text.split()]

    def _finite(self, word: str) -> float:
        number = self.marks.parse(word)
        return self.fail(number) if isinstance(number, str) else number


Row = dict[str, Cell]


@dataclass(frozen=True)
class Table:
    """Header and non-blank rows of a file."""

    path: Path
    header: tuple[str, ...]
    rows: tuple[Row, ...]


def read_text_table(path: Path, expected: str) -> Table:
    """Table of a text file with one header row; `expected` names columns in the message if it is empty.

    Raises
    ------
    InputError
        If the file cannot be read, has no row, a column occurs twice, or a row is not as wide as the header.
    """
    text = _text(path)
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    try:
        lines = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(row)]
    except csv.Error as error:
        raise InputError(f"{path} is no CSV text in UTF-8 ({error}); save it as comma-separated text") from error
    if not lines:
        raise InputError(f"{path} is empty; it needs a header such as {expected} and one row per protocol")
    header, marks = tuple(lines[0][1]), Marks(separator)
    for column in header:
        if header.count(column) > 1:
            raise InputError(f"{path}: column {column!r} occurs twice; remove one")
    for line, row in lines[1:]:
        if len(row) != len(header):
            raise InputError(
                f"{path}, line {line}: {len(row)} cells where the header has {len(header)}; "
                f"separate cells as in the header ({separator!r}) and spike times with blanks"
            )
    rows = tuple(
        {name: Cell(path, line, name, text, marks) for name, text in zip(header, row, strict=True)}
        for line, row in lines[1:]
    )
    return Table(path, header, rows)


def train(times: Sequence[float], cell: Cell) -> NDArray[np.float64]:
    """Strictly increasing event times [s] ≥ 0; `cell` is named in errors."""
    for earlier, later in pairwise(times):
        if later <= earlier:
            cell.fail(f"spikes are out of order ({earlier:g} then {later:g} s); sort them")
    if len(times) and times[0] < 0:
        cell.fail(f"spike times must be >= 0 s, got {times[0]:g}; shift all times of the row")
    return np.array(times, dtype=float)


def whole(cell: Cell, low: int) -> int:
    """Whole number of at least `low`."""
    number = cell.number()
    if number < low or number != int(number):
        cell.fail(f"must be a whole number >= {low}, got {number:g}")
    return int(number)


def _text(path: Path) -> str:
    if not os.path.isfile(path):
        raise InputError(f"there is no file {path}; check the path")
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}; check its permissions") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no CSV text in UTF-8 ({error}); save it as comma-separated text") from error
