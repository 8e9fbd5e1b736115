"""Run a scenario by name: check its parameters, simulate, and record what is needed to repeat it."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from plasticity.errors import InputError
from scenarios.running.catalogue import load
from scenarios.running.parameters import make

if TYPE_CHECKING:
    import xarray as xr


def run(name: str, seed: int = 0, device: str | None = None, **parameters: Any) -> xr.Dataset:
    """Run the scenario `name` and return its Dataset.

    Parameters
    ----------
    name : str
        One of ``scenarios.names()``.
    seed : int
        Seed of everything random.
    device : {"cpp", "numpy"}, optional
        Brian2 device; by default the scenario chooses.
    **parameters
        Fields of the scenario's ``Parameters``; the rest keep their defaults.

    Returns
    -------
    xarray.Dataset
        With the attributes ``scenario``, ``seed`` and ``parameters`` (JSON), which repeat the run.

    Raises
    ------
    UnknownNameError
        If the scenario or a parameter does not exist.
    InputError
        If a value is out of range or the seed is no whole number >= 0.
    DivergedError
        If the simulation leaves the finite numbers.

    Examples
    --------
    >>> ds = run("pairing_frequency", rule="pair_stdp", frequencies=(20.0,), n_pairs=5)
    >>> dict(ds.sizes)["protocol"]
    2
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InputError(f"seed must be a whole number >= 0, got {seed!r}")
    module = load(name)
    checked = make(module.Parameters, parameters)
    from plasticity.dataset import check_schema, encode_json

    ds = module.simulate(checked, seed, device)
    values = {f.name: getattr(checked, f.name) for f in dataclasses.fields(checked)}
    ds.attrs |= {"scenario": name, "seed": seed, "parameters": json.dumps(values, default=encode_json)}
    check_schema(ds)
    return ds
