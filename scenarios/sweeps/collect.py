"""One Dataset of all runs of a sweep, copied from file to file: memory holds one variable of one run.

Every variable of a run gets the swept dimensions in front. Coordinates and attributes that are the same in all runs
stay as they are; where they differ, an attribute becomes a variable, and a coordinate along a dimension of its own name
becomes ``NAME_of_run``. Missing values (a run that failed, the end of a shorter run) are NaN, or an empty text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5netcdf
import h5py
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from plasticity.dataset import ATTRIBUTES, encode_json, write_netcdf
from plasticity.errors import InputError
from plasticity.support.whole_file import WholeFile, uninterrupted, whole_file
from scenarios.sweeps.plan import Plan, text

PER_RUN = {"created", "parameters", "seed", "scenario", "coordinates", "swept"}  # replaced by those of the sweep


@dataclass
class Column:
    """One variable in all runs: its first occurrence, and the largest shape and the common type of all."""

    first: xr.Variable
    shape: tuple[int, ...]
    dtype: np.dtype
    is_coordinate: bool
    n_runs: int = 0
    ragged: bool = False
    varies: bool = False


@dataclass
class Survey:
    """All variables of all runs, and the value of every attribute in every run that has it."""

    columns: dict[str, Column] = field(default_factory=dict)
    attrs: dict[str, list] = field(default_factory=dict)
    n_runs: int = 0

    @property
    def shared(self) -> dict[str, xr.Variable]:
        """Coordinates that are the same in all runs."""
        same = {n: c for n, c in self.columns.items() if c.is_coordinate and not c.varies and c.n_runs == self.n_runs}
        return {name: column.first for name, column in same.items()}

    @property
    def differing(self) -> set[str]:
        """Attributes that are not the same in all runs."""
        return {k for k, v in self.attrs.items() if len(v) < self.n_runs or not all(_equal(x, v[0]) for x in v)}


def collect(plan: Plan, files: Mapping[str, Path], path: Path) -> Path:
    """Write the Dataset of the sweep to `path`, complete or not at all.

    Parameters
    ----------
    plan : Plan
    files : mapping
        Key of a run → its file, for all that have one.
    path : Path

    Raises
    ------
    InputError
        If the file cannot be written, or a variable has other dimensions or types in different runs.
    """
    survey = survey_runs(files[point.key] for point in plan.points if point.key in files)
    names = {*survey.columns, *(str(dim) for column in survey.columns.values() for dim in column.first.dims)}
    swept = [f"swept_{axis.name}" if axis.name in names else axis.name for axis in plan.axes]
    with whole_file(path, "make room and resume the sweep") as file:
        _write_header(file, plan, survey, swept, names, np.array([point.key in files for point in plan.points]))
        with h5netcdf.File(file, "a") as out:
            targets = _add_variables(out, plan, survey, swept, len(files) < len(plan.points))
            for point in plan.points:
                if point.key in files:
                    with uninterrupted():
                        _copy(files[point.key], point.index, targets)
    return path


def survey_runs(paths: Iterable[Path]) -> Survey:
    """Read names, shapes, types and attributes from the file of every run, and the values of coordinates."""
    survey, bare = Survey(), set[str]()
    for path in paths:
        survey.n_runs += 1
        with h5py.File(path) as file:
            for name, value in file.attrs.items():
                if name not in PER_RUN and not name.startswith("_NC"):
                    _append(survey.attrs.setdefault(name, []), _plain(value))
            for name, item in file.items():
                if name not in survey.columns and name not in bare:
                    with xr.open_dataset(path, engine="h5netcdf", decode_times=False) as run:
                        bare |= set(file) - set(run.variables)
                        _add_columns(survey.columns, run, file)
                if name in survey.columns:
                    _compare(name, survey.columns[name], item)
    return survey


def _append(values: list, value: Any) -> None:
    """Append a value; one that equals the first takes no memory."""
    values.append(values[0] if values and _equal(value, values[0]) else value)


def _add_columns(columns: dict[str, Column], run: xr.Dataset, file: h5py.File) -> None:
    for name, variable in run.variables.items():
        if name not in columns:
            is_coordinate = name in run.coords
            first = variable.load() if is_coordinate else variable
            columns[str(name)] = Column(first, file[name].shape, file[name].dtype, is_coordinate)


def _compare(name: str, column: Column, item: h5py.Dataset) -> None:
    """Note how a variable of another run differs from those before."""
    column.n_runs += 1
    shape, dtype = item.shape, item.dtype
    if len(shape) != len(column.shape):
        dims = column.first.dims
        raise InputError(f"{name} has dimensions {dims} in some runs, {len(shape)} in others; use separate sweeps")
    if (dtype.kind == "O") != (column.dtype.kind == "O"):
        raise InputError(f"{name} holds texts in some runs and numbers in others; use separate sweeps")
    if shape != column.shape:
        column.ragged = column.varies = True
        column.shape = tuple(map(max, shape, column.shape))
    if dtype != column.dtype:
        column.dtype = np.promote_types(dtype, column.dtype)
    if column.is_coordinate and not column.varies:
        values = item.asstr()[()] if dtype.kind == "O" else item[()]
        column.varies = not _equal(values, column.first.values)


def _write_header(
    file: WholeFile, plan: Plan, survey: Survey, swept: list[str], names: set[str], completed: NDArray[np.bool_]
) -> None:
    """Write attributes, coordinates and what describes the runs: all but the variables of the runs."""
    used = names | set(swept) | {f"{name}_of_run" for name in survey.columns}
    flag = {"units": "1", "long_name": "1 where the run has a result"}
    variables = {"completed": (swept, completed.reshape(plan.shape).astype("i1"), flag)}
    for name in sorted(survey.differing - used - set(plan.labels)):
        values = survey.attrs[name]
        if len(values) == survey.n_runs and all(np.ndim(value) == 0 for value in values):
            column = np.full(completed.size, *_missing(np.asarray(values).dtype, not completed.all()))
            column[completed] = values
            attrs = {"units": "1", "long_name": f"attribute {name} of the run"}
            variables[name] = (swept, column.reshape(plan.shape), attrs)
    ds = xr.Dataset(variables, survey.shared | _axes(plan, swept, names), _attributes(plan, survey, swept))
    write_netcdf(ds, file)


def _attributes(plan: Plan, survey: Survey, swept: list[str]) -> dict[str, Any]:
    """Attributes of the whole: those that all runs share, and those of the schema."""
    attrs = {name: values[0] for name, values in survey.attrs.items() if name not in survey.differing}
    for name in survey.differing.intersection(ATTRIBUTES) - {"title", "versions"}:
        words = [word for value in survey.attrs[name] for word in str(value).split(" ")]
        attrs[name] = " ".join(dict.fromkeys(words))
    attrs.setdefault("title", plan.title)
    attrs.setdefault("versions", (survey.attrs.get("versions") or ["{}"])[0])
    return attrs | {
        "scenario": plan.scenario,
        "seed": np.array(plan.labels["seed"]),
        "parameters": json.dumps(plan.fixed, default=encode_json),
        "swept": " ".join(swept),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _axes(plan: Plan, swept: list[str], names: set[str]) -> dict[str, tuple]:
    """Coordinates of the swept dimensions: name → dims, values, attributes."""
    axes: dict[str, tuple] = {}
    for dim, axis in zip(swept, plan.axes, strict=True):
        if axis.name not in axis.keys:
            number = np.arange(len(axis.settings))
            axes[dim] = (dim, number, {"units": "1", "long_name": "number of the point"})
        for key in axis.keys:
            name = dim if key == axis.name else (f"swept_{key}" if key in names else key)
            units, meaning = plan.units[key]
            axes[name] = (dim, labels(plan.labels[key]), {"units": units, "long_name": meaning})
    return axes


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


def _missing(dtype: np.dtype, gaps: bool) -> tuple[Any, np.dtype]:
    """Value of a missing entry, and the type that can hold it."""
    if dtype.kind in "UO":
        return "", np.dtype(object)
    if dtype.kind == "f" or gaps:
        return np.nan, dtype if dtype.kind == "f" else np.dtype(float)
    return 0, dtype


def _add_variables(
    out: h5netcdf.File, plan: Plan, survey: Survey, swept: list[str], incomplete: bool
) -> dict[str, h5py.Dataset]:
    """Add empty variables for the values of all runs; by name of the variable of a run."""
    shared = survey.shared
    columns = {name: column for name, column in survey.columns.items() if name not in shared}
    sizes: dict[str, int] = {}
    for column in columns.values():
        for dim, size in zip(column.first.dims, column.shape, strict=True):
            sizes[str(dim)] = max(size, sizes.get(str(dim), 0))
    for dim in sizes.keys() - out.dimensions.keys():
        out.dimensions[dim] = sizes[dim]
    targets, coordinates = {}, out.attrs.get("coordinates", "").split()
    for name, column in columns.items():
        gaps = incomplete or column.ragged or column.n_runs < survey.n_runs
        missing, dtype = _missing(column.dtype, gaps)
        new = f"{name}_of_run" if name in column.first.dims else name
        text_type = h5py.string_dtype() if dtype.kind == "O" else dtype
        fill = dtype.type(missing) if dtype.kind == "f" else None
        variable = out.create_variable(new, (*swept, *column.first.dims), text_type, fillvalue=fill)
        variable.attrs.update(column.first.attrs)
        if column.first.dtype == bool and dtype == column.dtype:
            variable.attrs["dtype"] = "bool"  # the mark by which xarray knows true and false
        coordinates += [new] if column.is_coordinate else []
        targets[name] = out._h5group[new]
    if coordinates:
        out.attrs["coordinates"] = " ".join(coordinates)
    return targets


def _copy(path: Path, index: tuple[int, ...], targets: Mapping[str, h5py.Dataset]) -> None:
    """Copy the values of one run to its place."""
    with h5py.File(path) as run:
        for name, target in targets.items():
            try:
                values = run[name][()]
            except KeyError:
                continue  # a variable of other runs
            if np.size(values):
                target[(*index, *(slice(n) for n in np.shape(values)))] = values


def _plain(value: Any) -> Any:
    """Attribute as a text, a number or an array."""
    if isinstance(value, np.generic | np.ndarray) and np.size(value) == 1:
        value = value.item()
    if isinstance(value, np.ndarray) and value.dtype.kind == "O":
        return [_plain(text) for text in value.flat]
    return value.decode() if isinstance(value, bytes) else value


def _equal(a: Any, b: Any) -> bool:
    """Whether two values are equal, NaN included."""
    if isinstance(a, str):
        return isinstance(b, str) and a == b
    a, b = np.asarray(a), np.asarray(b)
    numbers = a.dtype.kind == "f" and b.dtype.kind == "f"
    return a.shape == b.shape and bool(np.array_equal(a, b, equal_nan=numbers))
