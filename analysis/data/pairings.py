"""Spike times of a table that states regular pairings by their numbers.

Columns ``interval_s`` (t_post − t_pre), ``frequency_hz`` and ``n_pairs`` state one train of pairs; with ``n_bursts``
and ``burst_every_s`` it is repeated, from start to start.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plasticity.errors import InputError
from plasticity.protocols import pairing

__all__ = ["SHORT", "bursts", "with_trains"]

SHORT = ("interval_s", "frequency_hz", "n_pairs")
REPEATED = ("n_bursts", "burst_every_s")
Row = tuple[int, list[str]]


def bursts(
    interval: float, frequency: float, n_pairs: int, n_bursts: int = 1, every: float = 0.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pre and post spike times [s] of bursts of pairs.

    Examples
    --------
    >>> pre, post = bursts(0.01, 50, 2, n_bursts=2, every=10)
    >>> pre.tolist(), post.tolist()
    ([0.0, 0.02, 10.0, 10.02], [0.01, 0.03, 10.01, 10.03])
    """
    pre, post = pairing(interval, frequency, n_pairs)
    if n_bursts > 1 and every * frequency < n_pairs:
        raise InputError(
            f"burst_every_s is {every:g} s, but a burst of {n_pairs} pairs at {frequency:g} Hz lasts longer"
        )
    starts = every * np.arange(n_bursts)[:, None]
    return np.round(starts + pre, 9).ravel(), np.round(starts + post, 9).ravel()


def with_trains(path: Path, header: list[str], rows: list[Row]) -> tuple[list[str], list[Row]]:
    """Header and rows with spike times in the place of numbers of pairs; unchanged if there are none.

    Raises
    ------
    InputError
        If a number cannot be used; the message names file, line and columns.
    """
    if "n_pairs" not in header:
        return header, rows
    if missing := [name for name in SHORT if name not in header]:
        raise InputError(f"{path}: column {missing[0]!r} is missing; pairings are stated by {','.join(SHORT)}")
    if {"pre_times_s", "post_times_s"} & set(header):
        raise InputError(f"{path}: spike times and n_pairs say the same; remove one of them")
    if len(set(REPEATED) & set(header)) == 1:
        raise InputError(f"{path}: {' and '.join(REPEATED)} belong together; add the other")
    left = [i for i, name in enumerate(header) if name not in ("n_pairs", *REPEATED)]
    expanded = [
        (number, [*(row[i] for i in left), *_trains(path, number, dict(zip(header, row, strict=False)))])
        for number, row in rows
        if len(row) == len(header)
    ]
    if len(expanded) < len(rows):
        number, row = next(r for r in rows if len(r[1]) != len(header))
        raise InputError(f"{path}, line {number}: {len(row)} cells where the header has {len(header)}")
    return [*(header[i] for i in left), "pre_times_s", "post_times_s"], expanded


def _trains(path: Path, line: int, cells: dict[str, str]) -> list[str]:
    numbers = []
    for name in (*SHORT, *(REPEATED if REPEATED[0] in cells else ())):
        try:
            numbers.append(float(cells[name].replace(",", ".")))
        except ValueError:
            raise InputError(f"{path}, line {line}, column {name!r}: {cells[name]!r} is no number") from None
    interval, frequency, n_pairs, *repeated = numbers
    n_bursts, every = repeated or (1.0, 0.0)
    for name, value in (("n_pairs", n_pairs), ("n_bursts", n_bursts)):
        if value < 1 or value != int(value):
            raise InputError(f"{path}, line {line}, column {name!r}: must be a whole number >= 1, got {value:g}")
    try:
        trains = bursts(interval, frequency, int(n_pairs), int(n_bursts), every)
    except InputError as error:
        raise InputError(f"{path}, line {line}: {error}") from None
    return [" ".join(repr(float(t)) for t in train) for train in trains]
