"""Spike times of a table that states regular pairings by their numbers.

Columns ``interval_s`` (t_post − t_pre), ``frequency_hz`` and ``n_pairs`` state one train of pairs; with ``n_bursts``
and ``burst_every_s`` it is repeated, from start to start; where both are empty it is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.data.text_table import Row, whole
from plasticity.errors import InputError
from plasticity.protocols import pairing

__all__ = ["REPEATED", "SHORT", "bursts", "check_columns", "row_bursts"]

SHORT = ("interval_s", "frequency_hz", "n_pairs")
REPEATED = ("n_bursts", "burst_every_s")


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


def check_columns(path: Path, header: Sequence[str]) -> None:
    """Check that the columns that state pairings are complete, and that spike times do not say the same.

    Raises
    ------
    InputError
    """
    if missing := [name for name in SHORT if name not in header]:
        raise InputError(f"{path}: column {missing[0]!r} is missing; pairings are stated by {','.join(SHORT)}")
    if {"pre_times_s", "post_times_s"} & set(header):
        raise InputError(f"{path}: spike times and n_pairs say the same; remove one of them")
    if len(set(REPEATED) & set(header)) == 1:
        raise InputError(f"{path}: {' and '.join(REPEATED)} belong together; add the other")


def row_bursts(row: Row) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pre and post spike times [s] that a row of a table states by numbers.

    Raises
    ------
    InputError
        If a number cannot be used; the message names file, line and columns.
    """
    interval, frequency = (row[name].number() for name in SHORT[:2])
    n_bursts, every = 1, 0.0
    if REPEATED[0] in row and (row[REPEATED[0]].text or row[REPEATED[1]].text):
        n_bursts, every = whole(row[REPEATED[0]], low=1), row[REPEATED[1]].number()
    place = row["n_pairs"]
    n_pairs = whole(place, low=1)
    try:
        return bursts(interval, frequency, n_pairs, n_bursts, every)
    except InputError as error:
        raise InputError(f"{place.path}, line {place.line}: {error}") from None
