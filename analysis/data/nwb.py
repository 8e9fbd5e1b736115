"""Measurements from a Neurodata Without Borders file (NWB): spike times of two neurons and a recorded synaptic weight.

Required content:

- the table ``units`` with the column ``side``, which is ``pre`` for one unit and ``post`` for the other;
- a time series ``weight`` (an amplitude, in any unit) among the acquisitions: the test responses;
- a table of intervals ``protocols`` with the columns ``start_time``, ``induction_start``, ``induction_stop``,
  ``stop_time`` [s] and ``protocol`` (a name), one row per induction.

Recordings as laboratories store them are read by a mapping instead (`analysis.data.icephys`). The value of a protocol
is the mean weight from the end of the induction on over the mean weight before it, minus 1.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from analysis.data.record import make_spike_data
from plasticity.errors import InputError

__all__ = ["change", "opened", "read_nwb"]

COLUMNS = ("start_time", "induction_start", "induction_stop", "stop_time")
MIN_RESPONSES = 3  # test responses before and after the induction; fewer give no useful standard error


def read_nwb(path: str | os.PathLike) -> xr.Dataset:
    """Read measurements of kind ``spikes`` from an NWB file.

    ``value = mean(after)/mean(before) − 1``; its standard error is propagated from those of the two means. The spikes
    of the induction become the trains of the protocol, counted from ``induction_start``.

    Parameters
    ----------
    path : str or path
        File that ends in ``.nwb``; see the docstring of the module for its content.

    Returns
    -------
    xarray.Dataset
        With the dimension ``protocol``, see `analysis.data.record`. ``n`` is 1: one pair of neurons.

    Raises
    ------
    InputError
        If pynwb is not installed, the file cannot be read, a part of it is missing, times are out of order, or there
        are too few test responses.
    """
    path = Path(path)
    with opened(path) as content:
        return _data(path, content)


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Content of an NWB file while it is open; an `InputError` if it cannot be read."""
    if find_spec("pynwb") is None:
        raise InputError("reading NWB files needs pynwb; install it with: pip install 'steersman[data]'")
    if not os.path.isfile(path):
        raise InputError(f"there is no file {path}; check the path")
    from pynwb import NWBHDF5IO

    with ExitStack() as stack:
        try:
            content = stack.enter_context(NWBHDF5IO(str(path), "r")).read()
        except Exception as error:  # whatever h5py, hdmf and pynwb raise for a broken file
            raise InputError(f"{path} is no NWB file that pynwb can read: {error}") from error
        yield content


def _data(path: Path, content: Any) -> xr.Dataset:
    spikes = [_spikes(path, content, side) for side in ("pre", "post")]
    times, weight = _weight(path, content)
    names, trains, values, errors = [], [], [], []
    for row in _protocols(path, content).itertuples():
        name = str(row.protocol)
        edges = np.array([getattr(row, column) for column in COLUMNS], float)
        if not np.all(np.isfinite(edges)) or not np.all(np.diff(edges) > 0):
            raise InputError(f"{path}: times of protocol {name!r} must increase ({' < '.join(COLUMNS)}), got {edges}")
        start, first, last, stop = edges
        before = weight[(times >= start) & (times < first)]
        after = weight[(times >= last) & (times <= stop)]
        value, error = change(path, name, before, after)
        pre, post = (train[(train >= first) & (train < last)] - first for train in spikes)
        names.append(name)
        trains.append((pre, post))
        values.append(value)
        errors.append(error)
    return make_spike_data(
        names,
        trains,
        values,
        errors,
        [1] * len(names),
        name=str(path),
        title=f"Measurements in {path.name}",
        citation=str(content.related_publications or f"the user's own file {path.name}"),
        doi="",
        figure="",
        rights="the user's own",
        provenance=f"read from {path.name} (NWB {content.identifier})",
        caveat="Test responses in a row are correlated, so their standard errors are on the small side.",
    )


def _spikes(path: Path, content: Any, side: str) -> NDArray[np.float64]:
    """Spike times of the one unit of a side [s]."""
    if content.units is None or "side" not in content.units.colnames:
        remedy = "add it"
        if content.intracellular_recordings is not None:
            remedy = "read its intracellular recordings with: python -m analysis read"
        raise InputError(f"{path}: the table 'units' with the column 'side' (pre or post) is missing; {remedy}")
    rows = [i for i, label in enumerate(content.units["side"][:]) if label == side]
    if len(rows) != 1:
        raise InputError(f"{path}: 'units' must have one unit of side {side!r}, got {len(rows)}")
    return np.sort(np.asarray(content.units["spike_times"][rows[0]], float))


def _weight(path: Path, content: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times [s] and values of the recorded weight."""
    if "weight" not in content.acquisition:
        names = ", ".join(content.acquisition) or "none"
        raise InputError(f"{path}: the acquisition 'weight' is missing (found: {names}); add it as a time series")
    series = content.acquisition["weight"]
    values = np.asarray(series.data[:], float)
    if not series.unit or series.unit == "unknown":
        raise InputError(f"{path}: the time series 'weight' has no unit; give it one, such as 'amperes' or '1'")
    if series.timestamps is not None:
        return np.asarray(series.timestamps[:], float), values
    return series.starting_time + np.arange(values.size) / series.rate, values


def _protocols(path: Path, content: Any) -> Any:
    """The table of inductions."""
    if content.intervals is None or "protocols" not in content.intervals:
        raise InputError(f"{path}: the table of intervals 'protocols' is missing; add one row per induction")
    table = content.intervals["protocols"].to_dataframe()
    for column in (*COLUMNS, "protocol"):
        if column not in table.columns:
            raise InputError(f"{path}: column {column!r} of 'protocols' is missing (found: {', '.join(table.columns)})")
    return table


def change(path: Path, name: str, before: NDArray, after: NDArray) -> tuple[float, float]:
    """Fractional change and its standard error."""
    before, after = before[np.isfinite(before)], after[np.isfinite(after)]
    for when, values in (("before", before), ("after", after)):
        if values.size < MIN_RESPONSES:
            raise InputError(
                f"{path}: protocol {name!r} has {values.size} test responses {when} the induction; "
                f"it needs {MIN_RESPONSES}"
            )
    if not np.mean(before) > 0:
        raise InputError(f"{path}: the mean weight before protocol {name!r} must be > 0, got {np.mean(before):g}")
    ratio = np.mean(after) / np.mean(before)
    relative = [np.std(v, ddof=1) / np.sqrt(v.size) / np.mean(before) for v in (after, before)]
    return float(ratio - 1), float(np.hypot(relative[0], ratio * relative[1]))
