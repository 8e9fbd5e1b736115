"""A function that returns a circuit as a scenario: its arguments are the parameters, what is recorded is the result."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any, get_type_hints

from plasticity.errors import InputError
from plasticity.support import catalog
from scenarios.running.parameters import parameter

if TYPE_CHECKING:
    import xarray as xr

OF_RUN: dict[str, tuple[Any, Any]] = {  # arguments of `circuits.run`: type, and arguments of `parameter`
    "duration": (float, (1.0, "s", "duration of the run")),
    "dt": (float, (1e-3, "s", "time step")),
    "record_every": (float | None, (None, "s", "time between two records; none: at the start only")),
}


def circuit_scenario(name: str) -> ModuleType:
    """Scenario of a circuit: a module with ``Parameters``, ``SMOKE``, ``simulate`` and ``cost``.

    Parameters
    ----------
    name : str
        Function of the catalogue `circuits` that returns a `Circuit`, most often in a file of the user's (``--path``).
        All its arguments have defaults: numbers, texts or tuples of numbers. `duration`, `dt` [s] and `record_every`
        [s] are those of `circuits.run`.

    Raises
    ------
    UnknownNameError
        If there is no such circuit.
    InputError
        If an argument has no default, or the name of an argument of the run.
    """
    module = catalog.load_module("circuits", name, "circuit")
    make: Callable[..., Any] = getattr(module, name)
    hints = get_type_hints(make)
    fields = []
    for argument in inspect.signature(make).parameters.values():
        if argument.default is inspect.Parameter.empty:
            raise InputError(
                f"argument {argument.name!r} of circuit {name!r} has no default; as a scenario it needs one, which "
                "--set and --grid change: write a function of your own that fills it in"
            )
        if argument.name in OF_RUN:
            raise InputError(f"circuit {name!r} has an argument {argument.name!r}, as its run has; rename it")
        kind = hints.get(argument.name, type(argument.default))
        fields.append((argument.name, kind, parameter(argument.default, "1", f"argument of {name}")))
    fields += [(key, kind, parameter(*options)) for key, (kind, options) in OF_RUN.items()]
    scenario: Any = ModuleType(name, module.__doc__)
    scenario.__file__ = __file__
    scenario.Parameters = dataclasses.make_dataclass("Parameters", fields, frozen=True)
    scenario.SMOKE = {}

    def made(parameters: Any) -> tuple[Any, dict[str, Any]]:
        values = {f.name: getattr(parameters, f.name) for f in dataclasses.fields(parameters)}
        of_run = {key: values.pop(key) for key in OF_RUN}
        return make(**values), of_run

    def simulate(parameters: Any, seed: int, device: str | None) -> xr.Dataset:
        from circuits import as_dataset, run

        circuit, of_run = made(parameters)
        return as_dataset(run(circuit, seed=seed, device=device, **of_run))

    def cost(parameters: Any) -> tuple[float, float]:
        from circuits import estimate

        circuit, of_run = made(parameters)
        expected = estimate(circuit, of_run["duration"], of_run["dt"])
        return expected.seconds, expected.bytes

    scenario.simulate, scenario.cost = simulate, cost
    return scenario
