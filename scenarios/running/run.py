"""Run a scenario by name: check its parameters, simulate, and record what is needed to repeat it."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from plasticity.errors import InputError
from scenarios.running.catalogue import load
from scenarios.running.parameters import make

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr

    from plasticity.support.labelled import Labelled


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
    return simulated(name, seed, device, parameters).to_xarray()


def simulated(name: str, seed: int, device: str | None, parameters: Mapping[str, Any]) -> Labelled:
    """The same as `run`, without xarray, whose import takes longer than many a run."""
    from plasticity.support.labelled import Labelled, check, encode_json, of_xarray

    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InputError(f"seed must be a whole number >= 0, got {seed!r}")
    module = load(name)
    checked = make(module.Parameters, parameters)
    found = module.simulate(checked, seed, device)
    if not isinstance(found, Labelled):
        found = of_xarray(found)
    resolved = {f.name: getattr(checked, f.name) for f in dataclasses.fields(checked)}
    found.attrs.update(scenario=name, seed=seed, parameters=json.dumps(resolved, default=encode_json))
    check(found.variables, found.attrs)
    return found
