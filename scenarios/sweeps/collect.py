"""One Dataset of all runs of a sweep, streamed from file to file: memory holds one variable of one block of runs.

Every variable of a run gets the swept dimensions in front. Coordinates and attributes that are the same in all runs
stay as they are; where they differ, an attribute becomes a variable, and a coordinate along a dimension of its own name
becomes ``NAME_of_run``. What is missing (a run that failed, the end of a shorter run) is NaN, or an empty text.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

import h5py
import numpy as np
from h5py import h5d, h5f, h5s
from numpy.typing import NDArray

from plasticity.errors import InputError
from plasticity.support.careful_file import careful_file
from plasticity.support.labelled import ATTRIBUTES, encode_json
from plasticity.support.netcdf import add_dimensions, add_variable, put, stored, write_attributes
from scenarios.sweeps.outline import Column, Survey, in_memory, open_run, read_into, same, survey_runs
from scenarios.sweeps.plan import Plan, text

AT_ONCE = 64  # files that are open together
BLOCK = 2**23  # bytes of one variable that are held and written together


def collect(plan: Plan, files: Mapping[str, Path], path: Path) -> Path:
    """Write the Dataset of the sweep to `path`, whole or not at all.

    Parameters
    ----------
    plan : Plan
    files : mapping
        Key of a run → its file, for all that have one.
    path : Path

    Raises
    ------
    InputError
        If the file cannot be written, or a name means different things in different runs.
    """
    there = np.array([point.key in files for point in plan.points])
    found = survey_runs(files[point.key] for point in plan.points if point.key in files)
    part = path.with_name(f"{path.name}.{uuid4().hex}.part")
    try:
        with careful_file(part) as file, h5py.File(file, "w", track_order=True) as out:
            _fill(out, plan, files, _create(out, plan, found, there))
        os.replace(part, path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}; make room and resume the sweep") from error
    finally:
        part.unlink(missing_ok=True)
    return path


@dataclass(frozen=True)
class Target:
    """Variable `name` of the sweep for a variable of the runs: shape of one run, with room for the longest; type."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype


def _create(out: h5py.File, plan: Plan, found: Survey, there: NDArray[np.bool_]) -> dict[str, Target]:
    """Make all of the file but the values of variables; gives the place of every variable of the runs."""
    inner = set(found.columns) | {d for c in found.columns.values() for d in c.dims}
    outer = [f"swept_{axis.name}" if axis.name in inner else axis.name for axis in plan.axes]
    sizes = dict(zip(outer, plan.shape, strict=True))
    for column in found.columns.values():
        for dim, size in zip(column.dims, column.shape, strict=True):
            sizes[dim] = max(size, sizes.get(dim, 0))
    shared = {n: c for n, c in found.columns.items() if n in found.coordinates and _is_shared(c, found)}
    whole = _axes(plan, outer, inner) | {n: (c.dims, c.first, c.attrs) for n, c in shared.items()}
    add_dimensions(out, sizes, {n: values for n, (dims, values, _) in whole.items() if n in dims})
    new = {n: f"{n}_of_run" if n in c.dims else n for n, c in found.columns.items() if n not in shared}
    others = [n for n, (dims, _, _) in whole.items() if n not in dims] + [new[n] for n in new if n in found.coordinates]
    differing = {k: v for k, v in found.attrs.items() if len(v) < found.n_runs or not all(same(x, v[0]) for x in v)}
    used = inner | set(outer) | set(new.values())
    whole |= _of_runs(plan, outer, there, {k: v for k, v in differing.items() if k not in used}, found.n_runs)
    for name, (dims, values, attrs) in whole.items():
        item = add_variable(out, name, dims, values.shape, values.dtype)
        write_attributes(item, attrs)
        put(item, values)
    write_attributes(out.id, _attributes(plan, found, differing, outer))
    write_attributes(out.id, {"coordinates": " ".join(others)} if others else {})
    targets = {}
    for name in new:
        column, gaps = found.columns[name], not there.all()
        targets[name] = _empty(out, new[name], outer, sizes, column, gaps or column.n_runs < found.n_runs)
    return targets


def _is_shared(column: Column, found: Survey) -> bool:
    return not column.varies and column.n_runs == found.n_runs


def _attributes(plan: Plan, found: Survey, differing: Mapping[str, list], outer: list[str]) -> dict[str, Any]:
    """Attributes of the whole: those that all runs share, and what the schema asks for."""
    attrs = {k: v[0] for k, v in found.attrs.items() if k not in differing}
    for name in (k for k in ATTRIBUTES if k in differing and k not in ("title", "versions")):
        words = [word for value in found.attrs[name] for word in str(value).split(" ")]
        attrs[name] = " ".join(dict.fromkeys(words))
    attrs.setdefault("title", plan.title)
    attrs.setdefault("versions", (found.attrs.get("versions") or ["{}"])[0])
    return attrs | {
        "scenario": plan.scenario,
        "seed": np.array(plan.labels["seed"]),
        "parameters": json.dumps(plan.fixed, default=encode_json),
        "swept": " ".join(outer),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _axes(plan: Plan, outer: list[str], inner: set[str]) -> dict[str, tuple]:
    """Coordinates of the swept dimensions: name → dims, values, attributes."""
    found = {}
    for dim, axis in zip(outer, plan.axes, strict=True):
        if axis.name not in axis.keys:
            number = np.arange(len(axis.settings))
            found[dim] = ((dim,), number, {"units": "1", "long_name": "number of the point"})
        for key in axis.keys:
            name = dim if key == axis.name else (f"swept_{key}" if key in inner else key)
            units, meaning = plan.units[key]
            found[name] = ((dim,), stored(name, labels(plan.labels[key])), {"units": units, "long_name": meaning})
    return found


def labels(values: tuple) -> np.ndarray:
    """Values of a parameter as coordinate: numbers where all are, else texts.

    Examples
    --------
    >>> labels((0, 0.5)), labels((None, (1.0, 2.5)))
    (array([0. , 0.5]), array(['None', '1,2.5'], dtype='<U5'))
    """
    if all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
        return np.array(values)
    return np.array([text(v) for v in values])


def _of_runs(
    plan: Plan, outer: list[str], there: NDArray[np.bool_], attributes: Mapping[str, list], n_runs: int
) -> dict[str, tuple]:
    """Variables that tell which runs there are, and what differs between their attributes."""
    flag = {"units": "1", "long_name": "1 where the run has a result"}
    found = {"completed": (outer, there.reshape(plan.shape).astype("i1"), flag)}
    for name, given in attributes.items():
        if name not in plan.labels and len(given) == n_runs and all(np.ndim(x) == 0 for x in given):
            like = np.asarray(given)
            values = np.full(there.size, *_nothing(like.dtype, not there.all()))
            values[there] = given
            attrs = {"units": "1", "long_name": f"attribute {name} of the run"}
            found[name] = (outer, values.reshape(plan.shape), attrs)
    return found


def _nothing(dtype: np.dtype, gaps: bool) -> tuple[Any, np.dtype]:
    """What stands where a run has nothing, and the type that can hold it; 0 where nothing is missing."""
    if dtype.kind in "UO":
        return "", np.dtype(object)
    if dtype.kind == "f" or gaps:
        return np.nan, dtype if dtype.kind == "f" else np.dtype(float)
    return 0, dtype


def _empty(out: h5py.File, name: str, outer: list[str], sizes: Mapping[str, int], column: Column, gaps: bool) -> Target:
    """Variable for the values of all runs; NaN where one may be missing."""
    _, dtype = _nothing(column.dtype, gaps or column.ragged)
    attrs = dict(column.attrs)
    if dtype != column.dtype:
        attrs.pop("dtype", None)  # how xarray marks numbers that were true or false
    if dtype.kind == "f":
        attrs["_FillValue"] = dtype.type(np.nan)
    dims = (*outer, *column.dims)
    write_attributes(add_variable(out, name, dims, tuple(sizes[d] for d in dims), dtype), attrs)
    return Target(name, tuple(sizes[d] for d in column.dims), dtype)


def _fill(out: h5py.File, plan: Plan, files: Mapping[str, Path], targets: Mapping[str, Target]) -> None:
    """Copy the values of all runs, block by block."""
    largest = max((math.prod(t.shape) * t.dtype.itemsize for t in targets.values()), default=0)
    points = iter(plan.points)
    for start, count in _blocks(plan.shape, min(AT_ONCE, max(1, BLOCK // max(largest, 1)))):
        with ExitStack() as opened:
            runs = [
                opened.enter_context(open_run(files[point.key])) if point.key in files else None
                for point in islice(points, math.prod(count))
            ]
            for name, target in targets.items():
                values = _gathered(runs, name, target)
                if values.size:
                    item = h5d.open(out.id, target.name.encode())
                    place, extent = item.get_space(), count + target.shape
                    place.select_hyperslab(start + (0,) * len(target.shape), extent)
                    item.write(h5s.create_simple(extent), place, values.reshape(extent), in_memory(values.dtype))


def _gathered(runs: list[h5f.FileID | None], name: str, target: Target) -> NDArray:
    """Values of a variable in some runs, shape (n_runs, …)."""
    nothing, dtype = _nothing(target.dtype, False)
    values = np.full((len(runs), *target.shape), nothing, dtype)
    for row, run in enumerate(runs):
        if run is not None and name.encode() in run:
            item = h5d.open(run, name.encode())
            shape = item.shape
            if shape == target.shape:
                read_into(item, values[row, ...])
            else:
                part = np.empty(shape, dtype)
                read_into(item, part)
                values[row][tuple(slice(n) for n in shape)] = part
    return values


def _blocks(shape: tuple[int, ...], limit: int) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Start and extent of boxes of at most `limit` runs, in the order of the runs.

    Examples
    --------
    >>> list(_blocks((2, 3), 2))
    [((0, 0), (1, 2)), ((0, 2), (1, 1)), ((1, 0), (1, 2)), ((1, 2), (1, 1))]
    >>> list(_blocks((3, 2), 4))
    [((0, 0), (2, 2)), ((2, 0), (1, 2))]
    """
    axis = next(a for a in range(len(shape)) if math.prod(shape[a + 1 :]) <= limit)
    step = limit // math.prod(shape[axis + 1 :])
    for lead in np.ndindex(*shape[:axis]):
        for begin in range(0, shape[axis], step):
            rest = (0,) * (len(shape) - axis - 1)
            yield (*lead, begin, *rest), ((1,) * axis + (min(step, shape[axis] - begin),) + shape[axis + 1 :])
