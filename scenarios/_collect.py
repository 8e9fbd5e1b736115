"""One Dataset of all runs of a sweep, streamed from file to file by h5py: memory holds one variable of one run.

Every variable of a run gets the swept dimensions in front. Coordinates and attributes that are the same in all runs
stay as they are; where they differ, an attribute becomes a variable, and a coordinate along a dimension of its own name
becomes ``NAME_of_run``. What is missing (a run that failed, the end of a shorter run) is NaN, or an empty text.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import h5netcdf
import h5py
import numpy as np

from plasticity.careful_file import careful_file
from plasticity.errors import InputError
from plasticity.labelled import ATTRIBUTES, encode_json
from scenarios._outline import Column, Survey, open_variable, same, survey_runs
from scenarios._plan import Plan, Point, text


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
    runs = [(point, files[point.key]) for point in plan.points if point.key in files]
    found = survey_runs(runs)
    part = path.with_name(f"{path.name}.{uuid4().hex}.part")
    try:
        with careful_file(part) as file:
            layout = _create(file, plan, found, len(runs) < len(plan.points))
            with h5py.File(file, "r+") as out:
                _fill(out, runs, layout)
        os.replace(part, path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}; make room and resume the sweep") from error
    finally:
        part.unlink(missing_ok=True)
    return path


@dataclass(frozen=True)
class Layout:
    """Where things go: variable of a run → variable of the sweep with its dims and dtype; attribute → variable."""

    variables: Mapping[str, tuple[str, Column]]
    shared: Mapping[str, Column]
    attributes: Mapping[str, list]


def _create(file: IO[bytes], plan: Plan, found: Survey, gaps: bool) -> Layout:
    """Make the file with its dimensions, coordinates and attributes, and empty variables."""
    inner = set(found.columns) | {d for c in found.columns.values() for d in c.dims}
    outer = [f"swept_{axis.name}" if axis.name in inner else axis.name for axis in plan.axes]
    shared, variables = {}, {}
    for name, column in found.columns.items():
        if name in found.coordinates and not column.varies and (column.n_runs == found.n_runs):
            shared[name] = column
        else:
            variables[name] = (f"{name}_of_run" if name in column.dims else name, column)
    used = inner | set(outer) | {new for new, _ in variables.values()}
    differing = {k: v for k, v in found.attrs.items() if len(v) < found.n_runs or not all(same(x, v[0]) for x in v)}
    attributes = {
        k: v
        for k, v in differing.items()
        if k not in used and k not in plan.labels and len(v) == found.n_runs and all(np.ndim(x) == 0 for x in v)
    }
    with h5netcdf.File(file, "w") as out:
        sizes = dict(zip(outer, plan.shape, strict=True))
        for column in found.columns.values():
            for dim, size in zip(column.dims, column.shape, strict=True):
                sizes[dim] = max(size, sizes.get(dim, 0))
        out.dimensions = sizes
        out.attrs.update(_attributes(plan, found, differing, outer))
        names = _write_axes(out, plan, outer, inner)
        for name, column in shared.items():
            _write(out, name, column.dims, column.first, column.attrs)
        names += [name for name, column in shared.items() if name not in column.dims]
        for new, column in variables.values():
            _empty(out, new, outer, column, gaps or column.ragged or column.n_runs < found.n_runs)
        names += [new for name, (new, _) in variables.items() if name in found.coordinates]
        for name, values in attributes.items():
            like = np.asarray(values)
            column = Column((), (), h5py.string_dtype() if like.dtype.kind == "U" else like.dtype, {}, None)
            column.attrs.update(units="1", long_name=f"attribute {name} of the run")
            _empty(out, name, outer, column, gaps)
        flag = Column((), (), np.dtype("i1"), {"units": "1", "long_name": "1 where the run has a result"}, None)
        _empty(out, "completed", outer, flag, False)
        if names:
            out.attrs["coordinates"] = " ".join(names)
    return Layout(variables, shared, attributes)


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


def _write_axes(out: h5netcdf.File, plan: Plan, outer: list[str], inner: set[str]) -> list[str]:
    """Coordinates of the swept dimensions; gives the names of those that do not bear the name of a dimension."""
    others = []
    for dim, axis in zip(outer, plan.axes, strict=True):
        if axis.name not in axis.keys:
            _write(out, dim, (dim,), np.arange(len(axis.settings)), {"units": "1", "long_name": "number of the point"})
        for key in axis.keys:
            name = dim if key == axis.name else (f"swept_{key}" if key in inner else key)
            units, meaning = plan.units[key]
            _write(out, name, (dim,), labels(plan.labels[key]), {"units": units, "long_name": meaning})
            others += [name] if name != dim else []
    return others


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


def _write(out: h5netcdf.File, name: str, dims: tuple[str, ...], values: Any, attrs: Mapping[str, Any]) -> None:
    array = np.asarray(values)
    dtype = h5py.string_dtype() if array.dtype.kind in "UO" else array.dtype
    variable = out.create_variable(name, dims, dtype)
    variable[...] = array.astype(object) if array.dtype.kind == "U" else array
    variable.attrs.update(attrs)


def _empty(out: h5netcdf.File, name: str, outer: list[str], column: Column, gaps: bool) -> None:
    """Variable for the values of all runs; NaN where one may be missing."""
    dtype, attrs = column.dtype, dict(column.attrs)
    if gaps and dtype.kind in "iu":
        dtype = np.dtype(float)
        attrs.pop("dtype", None)  # how xarray marks numbers that were true or false
    variable = out.create_variable(name, (*outer, *column.dims), dtype, fillvalue=np.nan if dtype.kind == "f" else None)
    variable.attrs.update(attrs)


def _fill(out: h5py.File, runs: list[tuple[Point, Path]], layout: Layout) -> None:
    """Copy run by run."""
    targets = {name: out[new] for name, (new, _) in layout.variables.items()}
    attributes = {name: out[name] for name in layout.attributes}
    completed = out["completed"]
    for number, (point, path) in enumerate(runs):
        completed[point.index] = 1
        for name, target in attributes.items():
            target[point.index] = layout.attributes[name][number]
        with h5py.File(path, "r") as file:
            for name, target in targets.items():
                if name in file:
                    _copy(open_variable(file, name), target.id, point.index)


def _copy(source: h5py.h5d.DatasetID, target: h5py.h5d.DatasetID, index: tuple[int, ...]) -> None:
    """Copy the values of one run to its place."""
    values = np.empty(source.shape, source.dtype)
    if not values.size:
        return
    source.read(h5py.h5s.ALL, h5py.h5s.ALL, values)
    place, count = target.get_space(), (1,) * len(index) + source.shape
    place.select_hyperslab(index + (0,) * values.ndim, count)
    target.write(h5py.h5s.create_simple(count), place, values.reshape(count))
