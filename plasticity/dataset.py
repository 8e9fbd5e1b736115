"""The labelled output of all simulations: one schema for every Dataset, its writer and its reader.

Dimensions stand in the order trial, time, then parameter, synapse, neuron or protocol; spikes are ragged, as
``spike_time(spike)``, ``spike_neuron(spike)``, ``spike_trial(spike)``. Every variable and coordinate has
``units`` and ``long_name``; times are in seconds. In the Dataset of a sweep the dimensions named by its attribute
``swept`` come first.
"""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from plasticity.errors import InputError
from plasticity.support.temporary import remove_left
from plasticity.support.whole_file import uninterrupted, whole_file

if TYPE_CHECKING:
    import xarray as xr

SCHEMA_VERSION = 2  # of what is written; files of version 1 do not state it, and are read as well
LEADING_DIMENSIONS = ("trial", "time")
ATTRIBUTES = (
    "title",
    "scenario",
    "rule",
    "engine",
    "seed",
    "parameters",
    "references",
    "versions",
    "created",
)


def make_dataset(
    variables: Mapping[str, tuple],
    coordinates: Mapping[str, tuple],
    *,
    title: str,
    rule: str = "",
    scenario: str = "",
    engine: str = "",
    seed: int = 0,
    parameters: Mapping[str, Any] | None = None,
    references: tuple[str, ...] = (),
    **attributes: Any,
) -> xr.Dataset:
    """Build a Dataset that follows the schema.

    Parameters
    ----------
    variables, coordinates : mapping of str to (dims, values, units, long_name)
    title, rule, scenario, engine, seed, parameters, references
        Global attributes; `parameters` is stored as JSON text, with non-finite numbers and objects as text.
    **attributes
        Further global attributes: text, numbers or arrays.

    Returns
    -------
    xarray.Dataset

    Raises
    ------
    InputError
        If the result violates the schema, or lengths of the same dimension differ.

    Examples
    --------
    >>> ds = make_dataset({"w": ("time", [1.0, 1.1], "1", "weight")}, {"time": ("time", [0, 1], "s", "time")},
    ...                   title="a weight")
    >>> ds.w.attrs["units"]
    '1'
    """
    import xarray as xr

    attrs = {
        "title": title,
        "scenario": scenario,
        "rule": rule,
        "engine": engine,
        "seed": int(seed),
        "parameters": json.dumps(dict(parameters or {}), default=encode_json),
        "references": " ".join(references),
        "versions": json.dumps(versions()),
        "schema_version": SCHEMA_VERSION,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        **attributes,
    }
    try:
        ds = xr.Dataset(
            {name: _variable(*entry) for name, entry in variables.items()},
            coords={name: _variable(*entry) for name, entry in coordinates.items()},
            attrs=attrs,
        )
    except ValueError as error:
        raise InputError(f"not a valid Dataset: {error}") from error
    check_schema(ds)
    return ds


def _variable(dims: str | tuple[str, ...], values: Any, units: str, long_name: str) -> xr.Variable:
    from xarray import Variable

    attrs = {"units": units, "long_name": long_name}
    return Variable(dims, np.asarray(values), attrs, fastpath=True)  # the slow path imports dask


@cache
def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that influence the numbers."""
    installed = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in ("steersman", "brian2", "numpy", "scipy", "sympy", "numba", "xarray"):
        try:
            installed[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            installed[name] = "not installed"
    return installed


def encode_json(value: Any) -> Any:
    """Turn arrays into lists, rules into their name and anything else into text, for `json.dumps`."""
    if getattr(value, "tolist", None):
        return value.tolist()
    return getattr(value, "name", None) or str(value)


def check_schema(ds: xr.Dataset) -> None:
    """Raise with the list of every violation of the schema; return None if there is none.

    Raises
    ------
    InputError
        If a global attribute, a unit or a long name is missing, an attribute cannot be stored, or dimensions
        are out of order.

    Examples
    --------
    >>> import xarray as xr
    >>> check_schema(xr.Dataset(attrs={"title": "empty"}))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    plasticity.errors.InputError: not a valid Dataset: attribute 'scenario' is missing; ...
    """
    problems = [f"attribute {a!r} is missing" for a in ATTRIBUTES if a not in ds.attrs]
    for owner, own in [("the Dataset", ds.attrs), *((n, v.attrs) for n, v in ds.variables.items())]:
        problems += [
            f"attribute {key!r} of {owner} is {value!r}, which netCDF cannot hold"
            for key, value in own.items()
            if value is None or isinstance(value, bool | dict)
        ]
    swept = str(ds.attrs.get("swept", "")).split()
    for name, variable in ds.variables.items():
        problems += [f"{name!r} has no {key}" for key in ("units", "long_name") if key not in variable.attrs]
        dims = [d for d in variable.dims if d not in swept]
        leading = [d for d in LEADING_DIMENSIONS if d in dims]
        if dims[: len(leading)] != leading:
            problems.append(f"dimensions of {name!r} are {variable.dims}; trial, time come first")
    for key in ("parameters", "versions"):
        try:
            json.loads(ds.attrs.get(key, "{}"))
        except (TypeError, ValueError):
            problems.append(f"attribute {key!r} is no JSON text")
    if problems:
        raise InputError("not a valid Dataset: " + "; ".join(problems))


def write(ds: xr.Dataset, path: str | os.PathLike) -> Path:
    """Write `ds` to one netCDF-4 file, complete or not at all; an interrupt waits until then.

    Raises
    ------
    InputError
        If the Dataset violates the schema or has values that are neither numbers nor texts, or the path cannot be
        written.
    """
    with uninterrupted():
        content = encode(ds)
        with whole_file(path) as file:
            file.write(content)
    return Path(path)


def encode(ds: xr.Dataset) -> memoryview:
    """Content of the netCDF-4 file of `ds`, in memory, so that HDF5 never meets a full disk.

    Raises
    ------
    InputError
        If the Dataset violates the schema or has values that are neither numbers nor texts.
    """
    check_schema(ds)
    for name, variable in ds.variables.items():
        _check_values(str(name), variable.values)
    content = io.BytesIO()
    write_netcdf(ds, content)
    return content.getbuffer()


def write_netcdf(ds: xr.Dataset, file: IO[bytes]) -> None:
    """Write `ds` in the format netCDF-4; ``ds.to_netcdf`` does the same after importing dask, for a quarter second."""
    import h5netcdf
    import h5py
    from xarray import conventions

    variables, attrs = conventions.encode_dataset_coordinates(ds.drop_encoding())
    with h5netcdf.File(file, "w") as out:
        out.dimensions = dict(ds.sizes)
        for name, variable in variables.items():
            variable.encoding["_FillValue"] = None
            encoded = conventions.encode_cf_variable(variable, name=name)
            is_text = encoded.dtype.kind in "UOT"
            values = encoded.values.astype(object) if is_text else encoded.values
            item = out.create_variable(name, encoded.dims, h5py.string_dtype() if is_text else values.dtype, values)
            item.attrs.update(encoded.attrs)
        out.attrs.update(attrs)


def _check_values(name: str, values: np.ndarray) -> None:
    number = values.dtype.kind in "biuf" and values.dtype.itemsize <= 8
    if not number and not (values.dtype.kind in "UOT" and all(isinstance(v, str) for v in values.flat)):
        raise InputError(f"{name} has values of type {values.dtype}, which netCDF cannot hold; use numbers or texts")


def check_writable(path: str | os.PathLike) -> None:
    """Raise before a long run if its result could not be written to `path`; leaves no trace.

    What killed processes have left in its folder is removed.

    Raises
    ------
    InputError
        If the folder cannot be made or written, or `path` is a folder.
    """
    path = Path(path)
    try:
        folder = next(p for p in (*path.absolute().parents, path.absolute()) if p.exists())
        if "\0" in str(path):
            raise ValueError("it holds a null byte")
        if path.is_dir():
            raise IsADirectoryError(0, "it is a folder")
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (OSError, ValueError) as error:  # ValueError: a null byte
        raise InputError(f"cannot write {path}: {getattr(error, 'strerror', error)}; choose another path") from None
    remove_left(folder)


def read(path: str | os.PathLike) -> xr.Dataset:
    """Read a Dataset into memory and check its schema.

    Raises
    ------
    InputError
        If there is no such file, it is no netCDF-4 file, or it violates the schema.
    """
    import xarray as xr

    path = Path(path)
    if not os.path.isfile(path):
        raise InputError(f"there is no file {path}; check the path")
    try:
        with xr.open_dataset(path, engine="h5netcdf") as ds:
            loaded = ds.load()
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path} is no netCDF-4 file: {error}") from error
    check_schema(loaded)
    return loaded
