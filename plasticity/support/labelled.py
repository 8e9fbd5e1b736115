"""Labelled arrays: what a Dataset holds, without xarray, whose import takes longer than many a run.

`label` makes them and checks the schema, ``to_xarray()`` turns them into the Dataset that users see, and
`plasticity.dataset.write` writes both alike.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

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


@dataclass(frozen=True, eq=False)
class Variable:
    """An array with the names of its dimensions, and what is said about it (``units``, ``long_name``)."""

    dims: tuple[str, ...]
    values: NDArray
    attrs: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Labelled:
    """Variables by name, which of them are coordinates, and attributes of the whole."""

    variables: Mapping[str, Variable]
    coordinates: frozenset[str]
    attrs: dict[str, Any]

    @property
    def sizes(self) -> dict[str, int]:
        """Length of every dimension.

        Raises
        ------
        InputError
            If two variables differ in it.
        """
        found: dict[str, int] = {}
        for name, variable in self.variables.items():
            if len(variable.dims) != variable.values.ndim:
                raise InputError(f"{name} has the shape {variable.values.shape}, which dimensions {variable.dims} miss")
            for dim, size in zip(variable.dims, variable.values.shape, strict=True):
                if found.setdefault(dim, size) != size:
                    raise InputError(f"{name} has {size} values along {dim!r}, others have {found[dim]}")
        return found

    def to_xarray(self) -> xr.Dataset:
        """Return the same as a Dataset of xarray."""
        import xarray as xr

        entries = {name: (v.dims, v.values, dict(v.attrs)) for name, v in self.variables.items()}
        coordinates = {name: entries.pop(name) for name in self.variables if name in self.coordinates}
        return xr.Dataset(entries, coords=coordinates, attrs=self.attrs)


def of_xarray(ds: xr.Dataset) -> Labelled:
    """Labelled arrays of a Dataset, not copied."""
    variables = {str(n): Variable(tuple(map(str, v.dims)), v.values, v.attrs) for n, v in ds.variables.items()}
    return Labelled(variables, frozenset(map(str, ds.coords)), dict(ds.attrs))


def label(
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
) -> Labelled:
    """Labelled arrays that follow the schema of `plasticity.dataset`.

    Parameters
    ----------
    variables, coordinates : mapping of str to (dims, values, units, long_name)
    title, rule, scenario, engine, seed, parameters, references
        Global attributes; `parameters` is stored as JSON text, with non-finite numbers and objects as text.
    **attributes
        Further global attributes: text, numbers or arrays.

    Raises
    ------
    InputError
        If the result violates the schema.

    Examples
    --------
    >>> found = label({"w": ("time", [1.0, 1.1], "1", "weight")}, {"time": ("time", [0, 1], "s", "time")},
    ...               title="a weight")
    >>> found.variables["w"].dims, found.sizes
    (('time',), {'time': 2})
    """
    found = {name: _variable(*entry) for name, entry in {**variables, **coordinates}.items()}
    attrs = {
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
    }
    made = Labelled(found, frozenset(coordinates), attrs)
    check(made.variables, attrs)
    return made


def _variable(dims: str | tuple[str, ...], values: Any, units: str, long_name: str) -> Variable:
    return Variable(
        (dims,) if isinstance(dims, str) else tuple(dims), np.asarray(values), {"units": units, "long_name": long_name}
    )


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


def check(variables: Mapping[Any, Any], attrs: Mapping[Any, Any]) -> None:
    """Raise with the list of every violation of the schema; return None if there is none.

    Parameters
    ----------
    variables : mapping of str to Variable, or to that of xarray
    attrs : mapping
        Attributes of the whole.
    """
    problems = [f"attribute {a!r} is missing" for a in ATTRIBUTES if a not in attrs]
    for owner, own in [("the Dataset", attrs), *((n, v.attrs) for n, v in variables.items())]:
        problems += [
            f"attribute {key!r} of {owner} is {value!r}, which netCDF cannot hold"
            for key, value in own.items()
            if value is None or isinstance(value, bool | dict)
        ]
    swept = str(attrs.get("swept", "")).split()
    for name, variable in variables.items():
        problems += [f"{name!r} has no {key}" for key in ("units", "long_name") if key not in variable.attrs]
        dims = [d for d in variable.dims if d not in swept]
        leading = [d for d in dims if d in LEADING_DIMENSIONS]
        expected = [d for d in LEADING_DIMENSIONS if d in dims]
        if leading != expected or dims[: len(leading)] != leading:
            problems.append(f"dimensions of {name!r} are {variable.dims}; trial, time come first")
    for key in ("parameters", "versions"):
        try:
            json.loads(attrs.get(key, "{}"))
        except (TypeError, ValueError):
            problems.append(f"attribute {key!r} is no JSON text")
    if problems:
        raise InputError("not a valid Dataset: " + "; ".join(problems))


def encode_json(value: Any) -> Any:
    """Turn arrays into lists, rules into their name and anything else into text, for `json.dumps`."""
    if getattr(value, "tolist", None):
        return value.tolist()
    return getattr(value, "name", None) or str(value)
