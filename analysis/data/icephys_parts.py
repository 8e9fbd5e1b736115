"""Parts of an NWB file with intracellular recordings: sweeps, labelled phases, and times of events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticity.errors import InputError, UnknownNameError

__all__ = ["REACH", "Sweep", "events", "of_electrode", "phases_of", "sample_times", "sweeps_of", "within"]

Array = NDArray[np.float64]
NAMES = ("unit_name", "label", "id")  # columns that may name a unit
REACH = 1e-9  # s, of rounding at the ends of phases


@dataclass(frozen=True)
class Sweep:
    """A part of a recording: times [s], values in volts or amperes, and the label of its phase."""

    electrode: str
    times: Array
    values: Array
    down: bool
    label: str


def sweeps_of(content: Any, phases: str) -> Iterator[Sweep]:
    """Every response of the table of intracellular recordings."""
    table = content.intracellular_recordings
    if table is None:
        return
    labels = _labels(content, phases, len(table))
    electrodes, responses = table.category_tables["electrodes"], table.category_tables["responses"]
    for row, label in zip(range(len(table)), labels, strict=True):
        reference = responses["response"][row]
        series, part = reference.timeseries, slice(reference.idx_start, reference.idx_start + reference.count)
        if reference.count <= 0:
            continue
        values = np.asarray(series.data[part], float) * float(series.conversion or 1.0) + float(series.offset or 0.0)
        yield Sweep(
            str(electrodes["electrode"][row].name), sample_times(series, part), values, _is_voltage_clamp(series), label
        )


def sample_times(series: Any, part: slice) -> Array:
    """Times of samples [s]."""
    if series.timestamps is not None:
        return np.asarray(series.timestamps[part], float)
    return np.asarray((series.starting_time or 0.0) + np.arange(part.start, part.stop) / series.rate)


def _is_voltage_clamp(series: Any) -> bool:
    return type(series).__name__.startswith("VoltageClamp")


def _labels(content: Any, phases: str, n: int) -> list[str]:
    """Label of every row of the table of intracellular recordings; empty where there is none."""
    if phases.startswith("column:"):
        column = phases.removeprefix("column:")
        table = content.intracellular_recordings
        if column not in table.colnames:
            raise UnknownNameError("column of the intracellular recordings", column, table.colnames)
        return [str(value) for value in table[column][:]]
    labels, sequential = [""] * n, content.icephys_sequential_recordings
    if phases != "stimulus_type" or sequential is None:
        return labels
    recordings = _members(content.icephys_simultaneous_recordings, "recordings")
    for label, members in zip(
        sequential["stimulus_type"][:], _members(sequential, "simultaneous_recordings"), strict=True
    ):
        for row in (int(r) for simultaneous in members for r in recordings[int(simultaneous)]):
            labels[row] = str(label)
    return labels


def _members(table: Any, column: str) -> list[NDArray]:
    """Rows of the table that a column of regions points to, for every row."""
    index = table[column]
    ends = np.asarray(index.data[:], int)
    return list(np.split(np.asarray(index.target.data[:], int), ends[:-1]))


def phases_of(path: Path, content: Any, phases: str, sweeps: list[Sweep]) -> list[tuple[str, float, float]]:
    """Label, start and stop [s] of every phase."""
    kind, _, rest = phases.partition(":")
    if kind == "intervals":
        name, _, column = rest.partition(":")
        table = _intervals(path, content, name)
        if column not in table.colnames:
            raise UnknownNameError(f"column of the intervals {name!r}", column, table.colnames)
        return [
            (str(label), float(a), float(b))
            for label, a, b in zip(table[column][:], table["start_time"][:], table["stop_time"][:], strict=True)
        ]
    if kind not in ("stimulus_type", "column"):
        raise InputError(f"phases must be stimulus_type, column:NAME or intervals:TABLE:NAME, got {phases!r}")
    labelled = [(s.label, float(s.times[0]), float(s.times[-1])) for s in sweeps if s.label]
    if not labelled:
        raise InputError(f"{path}: no intracellular recording has a label by {phases}; state where phases are labelled")
    return labelled


def events(path: Path, content: Any, source: str, sweeps: list[Sweep], threshold: float) -> Array:
    """Times [s] of the spikes (of an electrode: where it passes the threshold [V]) or stimuli of a source, in order."""
    kind, _, name = source.partition(":")
    if kind == "electrode":
        crossings = [_crossings(s, threshold) for s in of_electrode(path, name, sweeps) if not s.down]
        return np.sort(np.concatenate([np.empty(0), *crossings]))
    if kind == "unit":
        return _unit(path, content, name)
    if kind == "intervals":
        return np.sort(np.asarray(_intervals(path, content, name)["start_time"][:], float))
    raise InputError(f"a source of spikes must be electrode:NAME, unit:NAME or intervals:TABLE, got {source!r}")


def _crossings(sweep: Sweep, threshold: float) -> Array:
    """Times at which the recording passes the threshold upwards, between samples [s]."""
    v, t = sweep.values, sweep.times
    up = np.flatnonzero((v[:-1] < threshold) & (v[1:] >= threshold))
    return np.asarray(t[up] + (threshold - v[up]) / (v[up + 1] - v[up]) * (t[up + 1] - t[up]))


def of_electrode(path: Path, name: str, sweeps: list[Sweep]) -> list[Sweep]:
    """Sweeps of one electrode."""
    own = [s for s in sweeps if s.electrode == name]
    if not own:
        raise UnknownNameError(f"electrode in {path}", name, sorted({s.electrode for s in sweeps}))
    return own


def _unit(path: Path, content: Any, name: str) -> Array:
    table = content.units
    labelled = [] if table is None else [c for c in NAMES if c == "id" or c in table.colnames]
    known = [[str(v) for v in (table.id[:] if c == "id" else table[c][:])] for c in labelled]
    for names in known:
        if name in names:
            return np.sort(np.asarray(table["spike_times"][names.index(name)], float))
    raise UnknownNameError(f"unit in {path}", name, sorted({n for names in known for n in names}))


def _intervals(path: Path, content: Any, name: str) -> Any:
    tables = {str(k): v for k, v in (content.intervals or {}).items()}
    if name not in tables:
        raise UnknownNameError(f"table of intervals in {path}", name, tables)
    return tables[name]


def within(times: Array, spans: Sequence[Sequence[float]]) -> NDArray[np.bool_]:
    """Which times are within one of the spans (start, stop)."""
    inside = np.zeros(times.size, dtype=bool)
    for start, stop in spans:
        inside |= (times >= start - REACH) & (times <= stop + REACH)
    return inside
