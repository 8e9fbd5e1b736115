"""Columns of measurements: which a kind of data has, and the numbers and labels in them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.data.kinds import KINDS, REGRESSOR, Kind, Label
from analysis.data.text_table import Row, whole
from plasticity.errors import InputError

__all__ = ["SINGLE", "TRAINS", "kind_of", "labels", "measured", "names", "required_columns"]

TRAINS = ("pre_times_s", "post_times_s")
THIRD_TRAIN = "third_factor_times_s"
SINGLE = "single values, choices, successes and times have a scatter of their own"  # why they have no standard errors
Columns = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


def required_columns(kind: Kind) -> tuple[str, ...]:
    """Columns required in a file of this kind."""
    of_labels = tuple(label.column for label in kind.labels if label.required)
    name = () if kind.name == "choices" else ("protocol",)
    return (*name, *(TRAINS if kind.name == "spikes" else of_labels), *kind.columns)


def optional_columns(kind: Kind) -> tuple[str, ...]:
    """Columns that a file of this kind may have, but for regressors ``x_NAME``."""
    name = ("protocol",) if kind.name == "choices" else ()
    return (*name, *(label.column for label in kind.labels if not label.required))


def kind_of(path: Path, header: Sequence[str]) -> Kind:
    """The kind that shares most columns with a header, spikes in doubt; every column must be known.

    Raises
    ------
    InputError
        If a column is missing or unknown, or two say the same.
    """

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
    extra = [THIRD_TRAIN] if kind.name == "spikes" else []
    extra += [kind.sd_column] if kind.sd_column in header else []
    known = [*required_columns(kind), *optional_columns(kind), *extra]
    for column in header:
        if column not in known and not (kind.has_regressors and column.startswith(REGRESSOR)):
            numbers = f", and numbers {REGRESSOR}NAME" if kind.has_regressors else ""
            raise InputError(
                f"{path}: column {column!r} is unknown; remove it (known for data of kind {kind.name}: "
                f"{', '.join(known)}{numbers})"
            )
    return kind


def names(rows: Sequence[Row]) -> list[str]:
    """Names of the protocols, all different; trials without names are numbered."""
    if rows and "protocol" not in rows[0]:
        return [f"trial_{i}" for i in range(1, len(rows) + 1)]
    seen: set[str] = set()
    for row in rows:
        name = row["protocol"].words()
        if name in seen:
            row["protocol"].fail(f"{name!r} occurs twice; give every protocol its own name")
        seen.add(name)
    return [row["protocol"].text for row in rows]


def measured(kind: Kind, rows: Sequence[Row]) -> Columns:
    """Values, standard errors and numbers n of the rows; each (n_rows,)."""
    none = np.full(len(rows), np.nan)
    if kind.counts == ("choice",):
        return np.array([_choice(row) for row in rows]), none, np.ones(len(rows))
    if kind.counts == ("time",):
        return np.array([_time(row) for row in rows]), none, np.ones(len(rows))
    if kind.counts:
        n = np.array([whole(row["n"], low=1) for row in rows], float)
        return np.array([_share(row) for row in rows]), none, n
    value = np.array([row[kind.column].number() for row in rows])
    spread = kind.sem_column if kind.sem_column in rows[0] else kind.sd_column
    if spread not in rows[0]:
        return value, none, np.ones(len(rows))
    errors = np.array([standard_error(row, spread, spread == kind.sd_column) for row in rows])
    return value, errors, np.array([row["n"].number(optional=True) for row in rows])


def standard_error(row: Row, spread: str, is_deviation: bool) -> float:
    """Standard error of the mean: the cell itself, or from a standard deviation and the number of measurements."""
    size = row[spread].number()
    if size <= 0:
        row[spread].fail(f"a standard {'deviation' if is_deviation else 'error'} must be > 0, got {size:g}")
    if not is_deviation:
        return size
    n = row["n"].number()
    if n < 2:
        row["n"].fail(f"a standard deviation needs n >= 2, got {n:g}")
    return size / math.sqrt(n)


def labels(kind: Kind, rows: Sequence[Row]) -> dict[str, Any]:
    """Labels of the kind that the rows have, and regressors, as `analysis.data.record.make_data` takes them."""
    header = rows[0] if rows else {}
    known = {label.name: [_label(row, label) for row in rows] for label in kind.labels if label.column in header}
    regressors = [column for column in header if kind.has_regressors and column.startswith(REGRESSOR)]
    return known | {x: ([row[x].number() for row in rows], "1", x.removeprefix(REGRESSOR)) for x in regressors}


def _label(row: Row, label: Label) -> float | str:
    """Cell of a label; NaN or empty text if it is optional and empty."""
    cell = row[label.column]
    if label.is_text:
        return cell.words() if label.required else cell.text
    return cell.number(optional=not label.required)


def _choice(row: Row) -> float:
    choice = row["choice"].number()
    if choice not in (0, 1):
        row["choice"].fail(f"must be 0 or 1, got {choice:g}; leave out trials without a choice")
    return choice


def _time(row: Row) -> float:
    time = row["time"].number()
    if time <= 0:
        row["time"].fail(f"must be > 0, got {time:g}")
    if "followed" in row and time > row["followed"].number(optional=True):
        row["time"].fail(f"is {time:g}, longer than it was watched ({row['followed'].text})")
    return time


def _share(row: Row) -> float:
    k, n = whole(row["k"], low=0), whole(row["n"], low=1)
    if k > n:
        row["k"].fail(f"{k} successes in {n} attempts; k must be at most n")
    return k / n
