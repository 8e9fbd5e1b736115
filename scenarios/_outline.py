"""What the runs of a sweep have in common and where they differ: variables, shapes, coordinates, attributes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from plasticity.errors import InputError
from scenarios._plan import Point

PER_RUN = {"created", "parameters", "seed", "scenario", "coordinates", "swept"}  # told by the sweep itself
OF_STORAGE = {"DIMENSION_LIST", "REFERENCE_LIST", "CLASS", "NAME", "_FillValue", "coordinates"}
NO_VARIABLE = b"This is a netCDF dimension but not a netCDF variable"


@dataclass
class Column:
    """What the runs say about one variable or attribute."""

    dims: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: np.dtype
    attrs: dict[str, Any]
    first: Any
    varies: bool = False
    ragged: bool = False
    n_runs: int = 1


@dataclass
class Survey:
    """All variables and attributes of all runs; `coordinates` are names of variables, `bare` of dimensions without."""

    columns: dict[str, Column] = field(default_factory=dict)
    attrs: dict[str, list] = field(default_factory=dict)
    coordinates: set[str] = field(default_factory=set)
    bare: set[str] = field(default_factory=set)
    n_runs: int = 0


def survey_runs(runs: list[tuple[Point, Path]]) -> Survey:
    """Read the outline of every run, and the values of coordinates."""
    found = Survey()
    for _, path in runs:
        found.n_runs += 1
        with h5py.File(path, "r") as file:
            for name, value in file.attrs.items():
                if name == "coordinates":
                    found.coordinates |= set(_plain(value).split())
                elif name not in PER_RUN and not name.startswith("_NC"):
                    found.attrs.setdefault(name, []).append(_plain(value))
            if found.n_runs == 1:  # which variables are coordinates is written at others, which may come later
                for item in file.values():
                    found.coordinates |= set(_plain(item.attrs.get("coordinates", "")).split())
            for name in file:
                if name not in found.bare and not _as_before(found, name, file):
                    _look(found, name, file[name])
    return found


def _as_before(found: Survey, name: str, file: h5py.File) -> bool:
    """Whether a variable is known already, with this shape and type; values matter for coordinates only."""
    column = found.columns.get(name)
    if column is None or (name in found.coordinates and not column.varies):
        return False
    item = open_variable(file, name)
    column.n_runs += item.shape == column.shape and item.dtype == column.dtype
    return item.shape == column.shape and item.dtype == column.dtype


def _look(found: Survey, name: str, item: h5py.Dataset) -> None:
    column = found.columns.get(name)
    if column is None:
        if item.attrs.get("NAME", b"").startswith(NO_VARIABLE):
            found.bare.add(name)
            return
        dims = _dims(item)
        attrs = {key: _plain(v) for key, v in item.attrs.items() if key not in OF_STORAGE and not key.startswith("_N")}
        found.coordinates |= {name} & set(dims)
        first = _read(item) if name in found.coordinates else None
        found.columns[name] = Column(dims, item.shape, item.dtype, attrs, first, n_runs=1)
        return
    column.n_runs += 1
    if len(item.shape) != len(column.shape):
        raise InputError(
            f"{name} has dimensions {column.dims} in one run and {_dims(item)} in another; sweep them apart"
        )
    if item.shape != column.shape:
        column.ragged = column.varies = True
        column.shape = tuple(map(max, item.shape, column.shape))
    if item.dtype != column.dtype:
        column.dtype = np.promote_types(item.dtype, column.dtype)
    if name in found.coordinates and not column.varies:
        column.varies = column.first is None or not same(_read(item), column.first)


def _dims(item: h5py.Dataset) -> tuple[str, ...]:
    if not item.shape:
        return ()
    if "DIMENSION_LIST" not in item.attrs:  # a coordinate along itself
        return (item.name.lstrip("/"),)
    return tuple(item.file[refs[0]].name.lstrip("/") for refs in item.attrs["DIMENSION_LIST"])


def open_variable(file: h5py.File, name: str) -> h5py.h5d.DatasetID:
    """Variable by the thin interface of HDF5, which is several times faster; there are many files."""
    return h5py.h5d.open(file.id, name.encode())


def _read(item: h5py.Dataset) -> Any:
    return item.asstr()[()] if h5py.check_string_dtype(item.dtype) else item[()]


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    return value.item() if isinstance(value, np.generic | np.ndarray) and np.size(value) == 1 else value


def same(a: Any, b: Any) -> bool:
    """Whether two values are the same, NaN included."""
    a, b = np.asarray(a), np.asarray(b)
    numbers = a.dtype.kind == "f" and b.dtype.kind == "f"
    return a.shape == b.shape and bool(np.array_equal(a, b, equal_nan=numbers))
