"""What the runs of a sweep have in common and where they differ: variables, shapes, coordinates, attributes.

There are many files, so they are read by the thin interface of HDF5, which is several times faster than h5py's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5f, h5g, h5p, h5s, h5t
from numpy.typing import NDArray

from plasticity.errors import InputError

PER_RUN = {"created", "parameters", "seed", "scenario", "coordinates", "swept"}  # told by the sweep itself
OF_STORAGE = {"DIMENSION_LIST", "REFERENCE_LIST", "CLASS", "NAME", "_FillValue", "coordinates"}
NO_VARIABLE = b"This is a netCDF dimension but not a netCDF variable"
ACCESS = h5p.create(h5p.FILE_ACCESS)
ACCESS.set_fclose_degree(h5f.CLOSE_STRONG)


@dataclass
class Column:
    """What the runs say about one variable or attribute; `kind` is its type in the first file."""

    dims: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: np.dtype
    attrs: dict[str, Any]
    first: Any
    varies: bool = False
    ragged: bool = False
    n_runs: int = 1
    kind: h5t.TypeID | None = None


@dataclass
class Survey:
    """All variables and attributes of all runs; `coordinates` are names of variables, `bare` of dimensions without."""

    columns: dict[str, Column] = field(default_factory=dict)
    attrs: dict[str, list] = field(default_factory=dict)
    coordinates: set[str] = field(default_factory=set)
    bare: set[str] = field(default_factory=set)
    n_runs: int = 0


@contextmanager
def open_run(path: Path) -> Iterator[h5f.FileID]:
    """File of a run, to be read."""
    file = h5f.open(str(path).encode(), h5f.ACC_RDONLY, ACCESS)
    try:
        yield file
    finally:
        file.close()


def survey_runs(paths: Iterable[Path]) -> Survey:
    """Read the outline of every run, and the values of coordinates."""
    found = Survey()
    for path in paths:
        found.n_runs += 1
        with open_run(path) as file:
            root = h5g.open(file, b"/")
            _survey_attributes(found, root)
            items = {name.decode(): h5d.open(file, name) for name in root if name.decode() not in found.bare}
            if found.n_runs == 1:  # which variables are coordinates is written at others, which may come later
                for item in map(h5py.Dataset, items.values()):
                    found.coordinates |= set(_plain(item.attrs.get("coordinates", "")).split())
            for name, item in items.items():
                if not _as_before(found, name, item):
                    _look(found, name, h5py.Dataset(item))
    return found


def _survey_attributes(found: Survey, root: h5g.GroupID) -> None:
    """Values of all attributes of the file; what is the same as in the first run takes no memory."""
    names: list[bytes] = []
    h5a.iterate(root, names.append)
    for key in names:
        name = key.decode()
        if name == "coordinates":
            found.coordinates |= set(_attribute(root, key).split())
        elif name not in PER_RUN and not name.startswith("_NC"):
            value, known = _attribute(root, key), found.attrs.setdefault(name, [])
            known.append(known[0] if known and same(value, known[0]) else value)


def _as_before(found: Survey, name: str, item: h5d.DatasetID) -> bool:
    """Whether a variable is known already, with this shape and type; values matter for coordinates only."""
    column = found.columns.get(name)
    if column is None or item.shape != column.shape or not item.get_type().equal(column.kind):
        return False
    column.n_runs += 1
    if name in found.coordinates and not column.varies:
        column.varies = column.first is None or not same(values(item, column.dtype), column.first)
    return True


def _look(found: Survey, name: str, item: h5py.Dataset) -> None:
    column = found.columns.get(name)
    if column is None:
        if item.attrs.get("NAME", b"").startswith(NO_VARIABLE):
            found.bare.add(name)
            return
        dims = _dims(item)
        attrs = {key: _plain(v) for key, v in item.attrs.items() if key not in OF_STORAGE and not key.startswith("_N")}
        found.coordinates |= {name} & set(dims)
        first = values(item.id, item.dtype) if name in found.coordinates else None
        found.columns[name] = Column(dims, item.shape, item.dtype, attrs, first, kind=item.id.get_type())
        return
    column.n_runs += 1
    if len(item.shape) != len(column.shape):
        raise InputError(
            f"{name} has dimensions {column.dims} in one run and {_dims(item)} in another; sweep them apart"
        )
    if (item.dtype.kind == "O") != (column.dtype.kind == "O"):
        raise InputError(f"{name} holds texts in one run and numbers in another; sweep them apart")
    if item.shape != column.shape:
        column.ragged = column.varies = True
        column.shape = tuple(map(max, item.shape, column.shape))
    if item.dtype != column.dtype:
        column.dtype = np.promote_types(item.dtype, column.dtype)
    if name in found.coordinates and not column.varies:
        column.varies = column.first is None or not same(values(item.id, item.dtype), column.first)


def values(item: h5d.DatasetID, dtype: np.dtype) -> NDArray:
    """All values of a variable as `dtype`; texts are bytes."""
    found = np.empty(item.shape, dtype)
    read_into(item, found)
    return found


def read_into(item: h5d.DatasetID, target: NDArray) -> None:
    """Read all values of a variable into an array of its shape."""
    if target.size:
        item.read(h5s.ALL, h5s.ALL, target, in_memory(target.dtype))


@cache
def in_memory(dtype: np.dtype) -> h5t.TypeID:
    """Type by which HDF5 knows the elements of an array."""
    return h5t.py_create(h5py.string_dtype() if dtype.kind == "O" else dtype)


def _dims(item: h5py.Dataset) -> tuple[str, ...]:
    if not item.shape:
        return ()
    if "DIMENSION_LIST" not in item.attrs:  # a coordinate along itself
        return (item.name.lstrip("/"),)
    return tuple(item.file[refs[0]].name.lstrip("/") for refs in item.attrs["DIMENSION_LIST"])


def _attribute(root: h5g.GroupID, name: bytes) -> Any:
    item = h5a.open(root, name)
    text = item.get_type().get_class() == h5t.STRING
    found = np.empty(item.shape, object if text else item.dtype)
    item.read(found, in_memory(found.dtype))
    return [_plain(v) for v in found.flat] if text and found.size > 1 else _plain(found)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray) and np.size(value) == 1:
        value = value.item()
    return value.decode() if isinstance(value, bytes) else value


def same(a: Any, b: Any) -> bool:
    """Whether two values are the same, NaN included."""
    if isinstance(a, str):
        return a == b
    a, b = np.asarray(a), np.asarray(b)
    numbers = a.dtype.kind == "f" and b.dtype.kind == "f"
    return a.shape == b.shape and bool(np.array_equal(a, b, equal_nan=numbers))
