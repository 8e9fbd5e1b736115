"""A user's own measurements from a CSV file, checked cell by cell.

One protocol per row, columns in any order; the columns determine the kind of data (`analysis.data.kinds`)::

    spikes        protocol,pre_times_s,post_times_s,value,sem,n      optional: third_factor_times_s, initial_weight,
                                                                     interval_s, frequency_hz, group
    frequency     protocol,frequency_hz,value,sem,n                  optional: group
    plateau       protocol,time_from_plateau_s,initial_ramp_mV,value_mV,sem_mV,n            optional: group
    trials        protocol,perturbation_deg,clamped,value_deg,sem_deg,n                     optional: group
    distribution  protocol,sd_log10,mixture_weight,unit,value_log10,sem_log10,n             optional: group
    quantities    protocol,unit,value,sem,n                          optional: group
    choices       choice,reward               optional: protocol, stimulus, session, reward_0, reward_1, x_NAME, group
    successes     protocol,k,n                optional: session, x_NAME, group
    times         protocol,time               optional: followed, unit, session, x_NAME, group

``value`` of the first two is the fractional weight change (0.25 means +25 %), ``sem`` its standard error, ``n`` the
number of cells, pairs or people (empty: unknown); spike times [s] are separated by blanks. A column ``sd`` may take
the place of ``sem``: then ``sem = sd/√n``. Every kind may have the columns ``cell``, ``animal`` and ``study``. Names
of columns include the unit. In place of spike times regular pairings can be stated by
``interval_s,frequency_hz,n_pairs`` and, for bursts of so many pairs, ``n_bursts,burst_every_s``
(`analysis.data.pairings`). A choice is 0 or 1, ``reward_0`` and ``reward_1`` are what either choice would have had
(needed to simulate a learner). A time that reaches ``followed``, as long as it was watched, is a lower bound (the
criterion was not reached). ``x_NAME`` is any number for a model, such as ``x_contrast``. Other columns are
errors, so that no misspelt one is ignored silently. Cells are separated by commas, semicolons or tabs; with the latter
two, numbers may have decimal commas.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from analysis.data.columns import SINGLE, THIRD_TRAIN, TRAINS, kind_of, labels, measured, names, required_columns
from analysis.data.kinds import KINDS
from analysis.data.pairings import REPEATED, SHORT, check_columns, row_bursts
from analysis.data.record import make_data, make_spike_data
from analysis.data.text_table import Row, read_text_table, train
from plasticity.errors import InputError

__all__ = ["about_file", "read_csv"]


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
    path = Path(path)
    table = read_text_table(path, ",".join(required_columns(KINDS["spikes"])))
    rows, header, is_short = table.rows, table.header, "n_pairs" in table.header
    if is_short:
        check_columns(path, header)
        header = (*(name for name in header if name not in (SHORT[-1], *REPEATED)), *TRAINS)
    kind = kind_of(path, header)
    if not rows:
        raise InputError(f"{path} has a header but no row; add one row per protocol")
    of_protocols, columns, about = names(rows), measured(kind, rows), about_file(path)
    if kind.sd_column in header:
        about["sem_computed"] = "sd/sqrt(n)"
    if kind.counts:
        about["sem_missing"] = SINGLE
    if kind.name != "spikes":
        return make_data(kind.name, of_protocols, *columns, labels(kind, rows), **about)
    trains = [row_bursts(row) if is_short else _trains(row) for row in rows]
    third = [train(row[THIRD_TRAIN].numbers(), row[THIRD_TRAIN]) for row in rows] if THIRD_TRAIN in header else None
    return make_spike_data(of_protocols, trains, *columns, coordinates=labels(kind, rows), third_factor=third, **about)


def _trains(row: Row) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    pre, post = (train(row[name].numbers(), row[name]) for name in TRAINS)
    return pre, post


def about_file(path: Path) -> dict[str, Any]:
    """Attributes of measurements that a user has in a file or folder."""
    return {
        "name": str(path),
        "title": f"Measurements in {path.name}",
        "provenance": f"read from {path.name}",
        "doi": "",
        "figure": "",
        "rights": "the user's own",
        "citation": f"the user's own file {path.name}",
    }
