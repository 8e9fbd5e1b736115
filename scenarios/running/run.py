"""Scenarios by name: their catalogue, a run of one, and what it costs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from plasticity.support import catalog
from plasticity.support.checks import checked, require_whole
from scenarios.running.circuit_scenario import circuit_scenario
from scenarios.running.parameters import check_device, make

if TYPE_CHECKING:
    import xarray as xr


def names() -> list[str]:
    """Names of all scenarios."""
    return catalog.names("scenarios")


def load(name: str) -> ModuleType:
    """Module of the scenario `name`: its ``Parameters``, ``SMOKE`` and ``simulate``; a circuit is one, too."""
    if _catalogue(name) == "circuits":
        return circuit_scenario(name)
    return catalog.load_module("scenarios", name, "scenario")


def title(name: str) -> str:
    """First line of the docstring of a scenario, read without importing it.

    Raises
    ------
    UnknownNameError
        If there is no such scenario.
    """
    return catalog.title(_catalogue(name), name, "scenario")


def _catalogue(name: str) -> str:
    """Where a scenario stands: circuits of users are scenarios, too; those of this project need arguments."""
    circuit = None if name in catalog.members("scenarios") else catalog.members("circuits").get(name)
    return "scenarios" if circuit is None or circuit.module.startswith("circuits.") else "circuits"


@checked
def run(name: str, seed: int = 0, device: str | None = None, **parameters: Any) -> xr.Dataset:
    """Run the scenario `name` and return its Dataset.

    Parameters
    ----------
    name : str
        One of ``scenarios.names()``, or a circuit whose arguments all have defaults (`circuit_scenario`).
    seed : int
        Seed of everything random.
    device : {"cpp", "numpy"}, optional
        Brian2 device; by default the scenario chooses.
    **parameters
        Fields of the scenario's ``Parameters``; the rest keep their defaults.

    Returns
    -------
    xarray.Dataset
        With the attributes ``scenario``, ``seed`` and ``parameters`` (JSON), which repeat the run; a run with
        parameters of ``--quick`` names them in the attribute ``reduced``, and its title says so.

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
    seed, module = require_whole("seed", seed, low=0), load(name)
    check_device(device)
    checked = make(module.Parameters, parameters)
    from plasticity.dataset import check_schema, encode_json

    ds = module.simulate(checked, seed, device)
    values = {f.name: getattr(checked, f.name) for f in dataclasses.fields(checked)}
    ds.attrs |= {"scenario": name, "seed": seed, "parameters": json.dumps(values, default=encode_json)}
    question = title(name).partition(": ")[2]
    if question:
        ds.attrs["question"] = question[:1].upper() + question[1:]
    if reduced := _reduced(module, values):
        ds.attrs |= {"title": f"{ds.attrs['title']} (reduced run)", "reduced": reduced}
    check_schema(ds)
    return ds


def _reduced(module: ModuleType, values: Mapping[str, Any]) -> str:
    """Parameters that are as in a quick run and not as by default, in words."""
    quick, usual = make(module.Parameters, module.SMOKE), module.Parameters()
    names = [name for name in module.SMOKE if values[name] == getattr(quick, name) != getattr(usual, name)]
    return ", ".join(f"{name} {in_words(values[name])} for {in_words(getattr(usual, name))}" for name in names)


def in_words(value: Any) -> str:
    """Value of a parameter as the command line takes it."""
    if isinstance(value, tuple):
        return ",".join(map(in_words, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def cost(name: str, parameters: Mapping[str, Any]) -> tuple[float, float] | None:
    """CPU seconds and peak bytes of a process that runs the scenario, warm, on one core; None without a cost model.

    The numbers in the models were measured on one machine; `tests/benchmarks/cost.py` compares them with others.

    Raises
    ------
    UnknownNameError, InputError
        If a parameter is wrong, as for a run.
    """
    module = load(name)
    checked = make(module.Parameters, parameters)
    model = getattr(module, "cost", None)
    return None if model is None else model(checked)


def cost_text(seconds: float, size: float) -> str:
    """Cost in words.

    Examples
    --------
    >>> cost_text(12.34, 2.44e8), cost_text(7200, 3e9)
    ('about 12 s of computing and 240 MB of memory', 'about 2 h of computing and 3 GB of memory')
    """
    unit, length = ("h", 3600.0) if seconds >= 5400 else ("min", 60.0) if seconds >= 90 else ("s", 1.0)
    memory = f"{_rounded(size / 1e9)} GB" if size >= 1e9 else f"{_rounded(size / 1e6)} MB"
    return f"about {_rounded(seconds / length)} {unit} of computing and {memory} of memory"


def _rounded(number: float) -> str:
    return f"{float(f'{number:.2g}'):g}"
