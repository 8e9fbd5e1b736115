"""Labelled arrays as a netCDF-4 file, written by h5py in a tenth of the time that xarray and h5netcdf take.

A netCDF-4 file is an HDF5 file whose dimensions are dimension scales, numbered by ``_Netcdf4Dimid``. The names of
coordinates are written as xarray writes them: at the variables that they belong to, else at the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5ds, h5p, h5s, h5t
from numpy.typing import NDArray

from plasticity.errors import InputError
from plasticity.support.labelled import Labelled

TEXT = h5t.py_create(h5py.string_dtype(), logical=True)  # in the file; as a Python object:
OBJECT = h5t.py_create(h5py.string_dtype())
NO_VARIABLE = b"This is a netCDF dimension but not a netCDF variable.%10d"
SCALAR = h5s.create(h5s.SCALAR)


def write_netcdf(found: Labelled, file: IO[bytes]) -> None:
    """Write `found` to the open `file`.

    Raises
    ------
    InputError
        If a variable holds what netCDF cannot, or sizes do not fit together.
    """
    sizes = found.sizes
    owners = _owners(found)
    with h5py.File(file, "w", track_order=True) as out:
        add_dimensions(out, sizes, {d: stored(d, found.variables[d].values) for d in sizes if d in found.variables})
        for name, variable in found.variables.items():
            values = stored(name, variable.values)
            item = add_variable(out, name, variable.dims, values.shape, values.dtype)
            marks = {"dtype": "bool"} if variable.values.dtype.kind == "b" else {}  # as xarray marks them
            write_attributes(item, marks | dict(variable.attrs) | owners.get(name, {}))
            put(item, values)
        write_attributes(out.id, found.attrs | owners.get("", {}))


def stored(name: str, values: NDArray) -> NDArray:
    """Values as they are written: numbers, true and false as 1 and 0, texts as objects.

    Raises
    ------
    InputError
        If they are anything else.
    """
    kind = values.dtype.kind
    if kind in "fiu" and values.dtype.itemsize <= 8:
        return np.asarray(values, order="C")
    if kind == "b":
        return values.astype("i1")
    texts = values.astype(object)
    if kind in "UOT" and all(isinstance(v, str) for v in texts.flat):
        return texts
    raise InputError(f"{name} has values of type {values.dtype}, which netCDF cannot hold; use numbers or texts")


def add_dimensions(out: h5py.File, sizes: Mapping[str, int], coordinates: Mapping[str, NDArray]) -> None:
    """Make the dimensions `sizes` of a file; those in `coordinates` are variables too and have such values."""
    for number, (name, size) in enumerate(sizes.items()):
        values = coordinates.get(name)
        dtype = np.dtype(">f4") if values is None else values.dtype
        item = _create(out, name, (size,), dtype)
        h5ds.set_scale(item, name.encode() if name in coordinates else NO_VARIABLE % size)
        write_attributes(item, {"_Netcdf4Dimid": np.array(number, np.int32)})


def add_variable(
    out: h5py.File, name: str, dims: tuple[str, ...], shape: tuple[int, ...], dtype: np.dtype
) -> h5d.DatasetID:
    """Make an empty variable along dimensions that are there."""
    if name in dims:
        return h5d.open(out.id, name.encode())
    item = _create(out, name, shape, dtype)
    for axis, dim in enumerate(dims):
        h5ds.attach_scale(item, h5d.open(out.id, dim.encode()), axis)
    return item


def write_attributes(item: Any, attrs: Mapping[str, Any]) -> None:
    """Write texts, numbers, and arrays of them."""
    for name, value in attrs.items():
        array = np.asarray(value)
        if array.dtype.kind in "UOT":
            array = array.astype(object)
        elif np.isscalar(value):
            array = array[None]  # as netCDF writes numbers
        kind, space = _kind(array.dtype), h5s.create_simple(array.shape) if array.ndim else SCALAR
        h5a.create(item, name.encode(), kind, space).write(array, OBJECT if kind is TEXT else kind)


def put(item: h5d.DatasetID, values: NDArray) -> None:
    """Write all values of a variable."""
    if values.size:
        item.write(h5s.ALL, h5s.ALL, values, OBJECT if values.dtype.kind == "O" else None)


def _create(out: h5py.File, name: str, shape: tuple[int, ...], dtype: np.dtype) -> h5d.DatasetID:
    """Make a dataset; where a side is 0 it is unlimited, as netCDF has no empty dimensions."""
    how = h5p.create(h5p.DATASET_CREATE)
    how.set_attr_creation_order(h5p.CRT_ORDER_TRACKED | h5p.CRT_ORDER_INDEXED)
    how.set_obj_track_times(False)
    if 0 in shape:
        how.set_chunk(tuple(max(1, n) for n in shape))
    space = h5s.create_simple(shape, tuple(n or h5s.UNLIMITED for n in shape)) if shape else SCALAR
    return h5d.create(out.id, name.encode(), _kind(dtype), space, how)


def _kind(dtype: np.dtype) -> h5t.TypeID:
    return TEXT if dtype.kind == "O" else h5t.py_create(dtype, logical=True)


def _owners(found: Labelled) -> dict[str, dict[str, str]]:
    """Attribute ``coordinates`` of every variable that has such, and of the file ("") for what no variable names."""
    others = sorted(found.coordinates - set(found.sizes))
    named: dict[str, dict[str, str]] = {}
    left = set(others)
    for name, variable in found.variables.items():
        mine = [c for c in others if set(found.variables[c].dims) <= set(variable.dims)]
        if name not in found.coordinates and mine:
            named[name] = {"coordinates": " ".join(mine)}
            left -= set(mine)
    return named | ({"": {"coordinates": " ".join(sorted(left))}} if left else {})
