"""The labelled output: one schema for every Dataset, and a writer that leaves a whole file or none.

Dimensions stand in the order trial, time, then parameter, synapse, neuron or protocol; spikes are ragged, as
``spike_time(spike)``, ``spike_neuron(spike)``, ``spike_trial(spike)``. Every variable and coordinate has
``units`` and ``long_name``; times are in seconds. In the Dataset of a sweep the dimensions that its attribute
``swept`` names stand in front.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plasticity.errors import InputError
from plasticity.support.careful_file import careful_file, uninterrupted
from plasticity.support.labelled import Labelled, check, label, of_xarray

if TYPE_CHECKING:
    import xarray as xr


def make_dataset(variables: Mapping[str, tuple], coordinates: Mapping[str, tuple], **attributes: Any) -> xr.Dataset:
    """Build a Dataset that follows the schema.

    Parameters
    ----------
    variables, coordinates : mapping of str to (dims, values, units, long_name)
    **attributes
        Global attributes, see `plasticity.support.labelled.label`; at least `title`.

    Returns
    -------
    xarray.Dataset

    Raises
    ------
    InputError
        If the result violates the schema.

    Examples
    --------
    >>> ds = make_dataset({"w": ("time", [1.0, 1.1], "1", "weight")}, {"time": ("time", [0, 1], "s", "time")},
    ...                   title="a weight")
    >>> ds.w.attrs["units"]
    '1'
    """
    return label(variables, coordinates, **attributes).to_xarray()


def check_schema(ds: xr.Dataset) -> None:
    """Raise with the list of every violation of the schema; return None if there is none.

    Raises
    ------
    InputError
        If a global attribute, a unit, a long name is missing, an attribute cannot be stored, or dimensions
        are out of order.

    Examples
    --------
    >>> import xarray as xr
    >>> check_schema(xr.Dataset(attrs={"title": "empty"}))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    plasticity.errors.InputError: not a valid Dataset: attribute 'scenario' is missing; ...
    """
    check(ds.variables, ds.attrs)


def write(ds: xr.Dataset | Labelled, path: str | os.PathLike) -> Path:
    """Write `ds` to one netCDF-4 file, whole or not at all.

    The file is written beside its destination as ``*.part`` and renamed when it is complete; an interrupt waits until
    then.

    Raises
    ------
    InputError
        If the Dataset violates the schema or has values that are neither numbers nor texts, or the path cannot be
        written.
    """
    from plasticity.support.netcdf import write_netcdf

    found = ds if isinstance(ds, Labelled) else of_xarray(ds)
    check(found.variables, found.attrs)
    path = Path(path)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(f"{path} is a folder")
        with uninterrupted():
            with careful_file(part) as file:
                write_netcdf(found, file)
            os.replace(part, path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}; choose another path") from error
    finally:
        part.unlink(missing_ok=True) if part.parent.is_dir() else None
    return path


def check_writable(path: str | os.PathLike) -> None:
    """Fail before a long run if its result could not be written to `path`; leaves no trace.

    Raises
    ------
    InputError
        If the folder cannot be made or written, or `path` is a folder.
    """
    path = Path(path)
    folder = next(p for p in path.absolute().parents if p.exists())
    try:
        if path.is_dir():
            raise IsADirectoryError(0, "it is a folder")
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}; choose another path") from None


def read(path: str | os.PathLike) -> xr.Dataset:
    """Read a Dataset back into memory and check its schema.

    Raises
    ------
    InputError
        If there is no such file, it is no netCDF-4 file, or it violates the schema.
    """
    import xarray as xr

    path = Path(path)
    if not path.is_file():
        raise InputError(f"there is no file {path}; check the path")
    try:
        with xr.open_dataset(path, engine="h5netcdf") as ds:
            loaded = ds.load()
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path} is no netCDF-4 file: {error}") from error
    check_schema(loaded)
    return loaded
