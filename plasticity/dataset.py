"""The labelled output: one schema for every Dataset, and a writer that leaves a whole file or none.

Dimensions stand in the order trial, time, then parameter, synapse, neuron or protocol; spikes are ragged, as
``spike_time(spike)``, ``spike_neuron(spike)``, ``spike_trial(spike)``. Every variable and coordinate has
``units`` and ``long_name``; times are in seconds. In the Dataset of a sweep the dimensions that its attribute
``swept`` names stand in front.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plasticity.careful_file import careful_file
from plasticity.errors import InputError

if TYPE_CHECKING:
    import xarray as xr

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
        If the result violates the schema.

    Examples
    --------
    >>> ds = make_dataset({"w": ("time", [1.0, 1.1], "1", "weight")}, {"time": ("time", [0, 1], "s", "time")},
    ...                   title="a weight")
    >>> ds.w.attrs["units"]
    '1'
    """
    import xarray as xr

    def labelled(entry: tuple) -> tuple:
        dims, values, units, long_name = entry
        return (dims, values, {"units": units, "long_name": long_name})

    ds = xr.Dataset(
        {name: labelled(v) for name, v in variables.items()},
        coords={name: labelled(c) for name, c in coordinates.items()},
        attrs={
            "title": title,
            "scenario": scenario,
            "rule": rule,
            "engine": engine,
            "seed": int(seed),
            "parameters": json.dumps(dict(parameters or {}), default=encode_json),
            "references": " ".join(references),
            "versions": json.dumps(versions()),
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            **attributes,
        },
    )
    check_schema(ds)
    return ds


@cache
def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that shape the numbers."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in ("steersman", "brian2", "numpy", "scipy", "sympy", "numba", "xarray"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


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
    problems = [f"attribute {a!r} is missing" for a in ATTRIBUTES if a not in ds.attrs]
    for owner, attrs in [("the Dataset", ds.attrs), *((n, v.attrs) for n, v in ds.variables.items())]:
        problems += [
            f"attribute {key!r} of {owner} is {value!r}, which netCDF cannot hold"
            for key, value in attrs.items()
            if value is None or isinstance(value, bool | dict)
        ]
    swept = str(ds.attrs.get("swept", "")).split()
    for name, variable in ds.variables.items():
        problems += [f"{name!r} has no {key}" for key in ("units", "long_name") if key not in variable.attrs]
        dims = [d for d in variable.dims if d not in swept]
        leading = [d for d in dims if d in LEADING_DIMENSIONS]
        expected = [d for d in LEADING_DIMENSIONS if d in dims]
        if leading != expected or dims[: len(leading)] != leading:
            problems.append(f"dimensions of {name!r} are {variable.dims}; trial, time come first")
    for key in ("parameters", "versions"):
        try:
            json.loads(ds.attrs.get(key, "{}"))
        except (TypeError, ValueError):
            problems.append(f"attribute {key!r} is no JSON text")
    if problems:
        raise InputError("not a valid Dataset: " + "; ".join(problems))


def write(ds: xr.Dataset, path: str | os.PathLike) -> Path:
    """Write `ds` to one netCDF-4 file, whole or not at all.

    The file is written beside its destination as ``*.part`` and renamed when it is complete.

    Raises
    ------
    InputError
        If the Dataset violates the schema, or the path cannot be written.
    """
    check_schema(ds)
    path = Path(path)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(f"{path} is a folder")
        with careful_file(part) as file:
            ds.to_netcdf(file, engine="h5netcdf")  # type: ignore[call-overload]
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


def encode_json(value: Any) -> Any:
    """Turn arrays into lists, rules into their name and anything else into text, for `json.dumps`."""
    if getattr(value, "tolist", None):
        return value.tolist()
    return getattr(value, "name", None) or str(value)
