"""Paths of learners from files: netCDF with ``theta(trial, time, parameter)``, or a table of numbers."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.inference.experiment import paths_of
from plasticity.dataset import read
from plasticity.errors import InputError

Array = NDArray[np.float64]


def read_paths(path: str) -> tuple[Array, Array]:
    """Paths (n_trials, n_times, n) and times [s] of a file.

    A table (``.csv``) has a header ``trial,time_s,…``; every further column is a weight. All trials have the same
    times.

    Raises
    ------
    InputError
        If the file cannot be read, a column is missing, a number is none, or trials differ in their times.
    """
    if not path.endswith(".csv"):
        return paths_of(read(path), None, "theta")
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            header, *rows = [row for row in csv.reader(file) if row]
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path}: {error}") from error
    if header[:2] != ["trial", "time_s"] or len(header) < 3:
        raise InputError(
            f"{path} must have the columns trial,time_s and one per weight; its header is {','.join(header)}"
        )
    try:
        table = np.array([[float(cell) for cell in row[1:]] for row in rows])
    except ValueError as error:
        raise InputError(f"{path}: {error}; every cell must be a number") from None
    names = [row[0] for row in rows]
    trials = [table[[name == trial for name in names]] for trial in dict.fromkeys(names)]
    times = trials[0][:, 0] if trials else np.empty(0)
    for trial, one in zip(dict.fromkeys(names), trials, strict=True):
        if one.shape[0] != times.size or not np.array_equal(one[:, 0], times):
            raise InputError(
                f"{path}: trial {trial} has other times than the first; record all trials at the same times"
            )
    return paths_of(np.stack([one[:, 1:] for one in trials]) if trials else np.empty((0, 0, 0)), times, "theta")
