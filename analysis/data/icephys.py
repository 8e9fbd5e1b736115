"""Paired recordings from NWB files as laboratories store them, by a mapping that the user states.

A file says what was recorded, but not which neuron was the presynaptic one, nor which sweeps tested the synapse and
which induced the change. The mapping says so::

    pre, post   where the spikes of a neuron are: ``electrode:NAME`` (its voltage crosses `threshold_mV` upwards, in the
                responses of the table of intracellular recordings), ``unit:NAME`` (a row of the table of units, by its
                column ``unit_name``, ``label`` or ``id``), or ``intervals:TABLE`` (starts of a table of intervals, as
                for times of stimulation)
    phases      which times belong together: ``stimulus_type`` of the sequential recordings (default), a column of
                the intracellular recordings (``column:NAME``) or of a table of intervals (``intervals:TABLE:NAME``)
    test, induction
                the labels of the phases that test the synapse, and of those that change it; tests before the first
                induction are the baseline, those after the last one the outcome
    response    the amplitude of a test: ``electrode:NAME`` (default: the one of `post`), the peak of its recording
                within `window_ms` after an isolated pre spike over the mean of `before_ms` before it, downwards in
                voltage clamp; or ``series:NAME``, a time series of amplitudes that were measured already
    alone_ms    a test counts if no other pre spike was within this time before it

The value of a file is mean(outcome)/mean(baseline) − 1, with the standard error of both means.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from analysis.data.icephys_parts import REACH, Sweep, events, of_electrode, phases_of, sample_times, sweeps_of, within
from analysis.data.nwb import change, opened
from analysis.data.record import make_spike_data
from plasticity.errors import InputError, UnknownNameError
from plasticity.support.checks import checked

__all__ = ["Layout", "layout", "protocol_of", "read_recordings"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Layout:
    """Where the parts of an experiment are in a file; see the docstring of the module.

    Parameters
    ----------
    pre, post : str
        Sources of spikes.
    test, induction : str
        Labels of phases.
    phases : str
        Where these labels are.
    response : str
        Source of amplitudes; empty: the electrode of `post`.
    threshold_mV : float
    window_ms : tuple of float
        From and to, after a pre spike.
    before_ms, alone_ms : float
    """

    pre: str
    post: str
    test: str
    induction: str
    phases: str = "stimulus_type"
    response: str = ""
    threshold_mV: float = 0.0
    window_ms: tuple[float, float] = (1.0, 30.0)
    before_ms: float = 5.0
    alone_ms: float = 100.0


def layout(texts: Mapping[str, str]) -> Layout:
    """Layout from texts such as ``{"pre": "electrode:pre", "window_ms": "1:30"}``.

    Raises
    ------
    UnknownNameError
        If there is no such key.
    InputError
        If a key is missing or a number is none.

    Examples
    --------
    >>> layout({"pre": "unit:1", "post": "electrode:b", "test": "test", "induction": "pairing"}).phases
    'stimulus_type'
    """
    known = {field.name: field for field in fields(Layout)}
    values: dict[str, Any] = {}
    for key, text in texts.items():
        if key not in known:
            raise UnknownNameError("key of the mapping", key, known)
        try:
            if key == "window_ms":
                low, high = map(float, text.split(":"))
                values[key] = (low, high)
            else:
                values[key] = float(text) if known[key].type == "float" else text
        except ValueError:
            raise InputError(f"{key} must be a number (window_ms: FROM:TO) in ms or mV, got {text!r}") from None
    if missing := [name for name in ("pre", "post", "test", "induction") if name not in values]:
        raise InputError(f"the mapping lacks {missing[0]}; state {missing[0]}=… (needed: pre, post, test, induction)")
    chosen = Layout(**values)
    if not 0 <= chosen.window_ms[0] < chosen.window_ms[1] or chosen.before_ms <= 0 or chosen.alone_ms < 0:
        raise InputError("window_ms must be FROM:TO with 0 <= FROM < TO, before_ms > 0 and alone_ms >= 0")
    return chosen


@checked
def read_recordings(paths: Sequence[str | os.PathLike], mapping: Layout) -> xr.Dataset:
    """Read paired recordings, one protocol per file, named after it.

    Parameters
    ----------
    paths : sequence of str or path
        Files that end in ``.nwb``.
    mapping : Layout
        Where their parts are.

    Returns
    -------
    xarray.Dataset
        Kind ``spikes``, with the coordinates ``cell`` (the file), ``n_before`` and ``n_after`` (test responses).
        ``n`` is 1. Trains are those of the induction, from its first spike on.

    Raises
    ------
    InputError
        If pynwb is not installed, a file cannot be read, or lacks what the mapping names; offers what is there.

    Examples
    --------
    >>> mapping = layout({"pre": "electrode:a", "post": "electrode:b", "test": "test", "induction": "pairing"})
    >>> read_recordings([], mapping)
    Traceback (most recent call last):
    plasticity.errors.InputError: there is no file to read
    """
    if not paths:
        raise InputError("there is no file to read")
    rows = []
    for path in map(Path, paths):
        with opened(path) as content:
            rows.append(protocol_of(path, content, mapping))
    trains, values, errors, before, after = zip(*rows, strict=True)
    stems = [Path(path).stem for path in paths]
    names = ", ".join(Path(path).name for path in paths)
    return make_spike_data(
        stems,
        trains,
        values,
        errors,
        [1] * len(rows),
        coordinates={
            "cell": stems,
            "n_before": (before, "1", "test responses before the induction"),
            "n_after": (after, "1", "test responses after it"),
        },
        name=names,
        title=f"Paired recordings in {names}",
        citation=f"the user's own files {names}",
        doi="",
        figure="",
        rights="the user's own",
        provenance="; ".join(f"{field.name}={getattr(mapping, field.name)}" for field in fields(mapping)),
        caveat="Test responses in a row are correlated, so their standard errors are on the small side.",
    )


def protocol_of(path: Path, content: Any, m: Layout) -> tuple[tuple[Array, Array], float, float, int, int]:
    """Trains of the induction, the change, its error, and the numbers of test responses before and after."""
    sweeps = list(sweeps_of(content, m.phases))
    phases = phases_of(path, content, m.phases, sweeps)
    spans = {label: [span for name, *span in phases if name == label] for label, *_ in phases}
    for label in (m.test, m.induction):
        if label not in spans:
            raise UnknownNameError(f"phase in {path}, by {m.phases},", label, spans)
    pre, post = (events(path, content, source, sweeps, 1e-3 * m.threshold_mV) for source in (m.pre, m.post))
    first, last = min(a for a, _ in spans[m.induction]), max(b for _, b in spans[m.induction])
    trains = [spikes[within(spikes, spans[m.induction])] for spikes in (pre, post)]
    if not trains[0].size or not trains[1].size:
        raise InputError(
            f"{path}: no {'pre' if not trains[0].size else 'post'} spike during {m.induction!r}; check threshold_mV "
            f"({m.threshold_mV:g}) and the mapping"
        )
    times, amplitudes = _responses(path, content, sweeps, pre, m)
    tests = within(times, spans[m.test])
    before, after = amplitudes[tests & (times < first)], amplitudes[tests & (times >= last)]
    value, error = change(path, path.stem, before, after)
    start = min(train[0] for train in trains)
    return (trains[0] - start, trains[1] - start), value, error, before.size, after.size


def _responses(path: Path, content: Any, sweeps: list[Sweep], pre: Array, m: Layout) -> tuple[Array, Array]:
    """Times [s] and amplitudes of all responses to isolated pre spikes, or of a stored series."""
    kind, _, name = (m.response or m.post).partition(":")
    if kind == "series":
        if name not in content.acquisition:
            raise UnknownNameError(f"acquisition in {path}", name, content.acquisition)
        series = content.acquisition[name]
        return sample_times(series, slice(0, len(series.data))), np.asarray(series.data[:], float)
    if kind != "electrode":
        raise InputError(
            f"response must be electrode:NAME or series:NAME, got {m.response or m.post!r}; state response=…"
        )
    alone = pre[np.diff(pre, prepend=-np.inf) > 1e-3 * m.alone_ms]
    measured = [
        (t, a) for s in of_electrode(path, name, sweeps) for t in alone if (a := _amplitude(s, t, m)) is not None
    ]
    times, amplitudes = np.array(sorted(measured)).reshape(-1, 2).T
    return times, amplitudes


def _amplitude(sweep: Sweep, time: float, m: Layout) -> float | None:
    """Peak after a time over the mean before it; None where the sweep does not hold both."""
    start, stop = time + 1e-3 * m.window_ms[0], time + 1e-3 * m.window_ms[1]
    if time - 1e-3 * m.before_ms < sweep.times[0] - REACH or stop > sweep.times[-1] + REACH:
        return None
    rest = sweep.values[(sweep.times >= time - 1e-3 * m.before_ms) & (sweep.times < time)]
    peak = sweep.values[(sweep.times >= start) & (sweep.times <= stop)]
    if not rest.size or not peak.size:
        return None
    return float(rest.mean() - peak.min() if sweep.down else peak.max() - rest.mean())
