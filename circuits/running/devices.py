"""Devices of the spiking engine, and when compiling pays; without heavy imports, for cost estimates of scenarios."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

from plasticity.errors import InputError

DEVICES = ("cpp", "numpy")
STEP_TIME, SYNAPSE_TIME, BUILD_TIME = 1e-3, 1e-7, 8.0  # s: numpy per step, per synapse and step; C++ once


def is_short(n_steps: float, n_synapses: int) -> bool:
    """Whether Brian2's numpy target runs `n_steps` in less time than C++ needs to be built.

    Examples
    --------
    >>> is_short(1000, 4000), is_short(1e6, 4000)
    (True, False)
    """
    return n_steps * (STEP_TIME + SYNAPSE_TIME * n_synapses) < BUILD_TIME


def engine(kind: str) -> ModuleType:
    """Module that runs networks of ``"rate"`` or ``"spiking"`` neurons, imported now; raises as `compilers`.

    Examples
    --------
    >>> engine("rate").__name__
    'circuits.rate.engine'
    """
    with compilers():
        return import_module(f"circuits.{kind}.engine")


@contextmanager
def compilers() -> Iterator[None]:
    """Import Brian2 and Numba in the body.

    Raises
    ------
    InputError
        Where one of them is not installed, as in a browser.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in ("brian2", "numba", "llvmlite"):
            raise
        raise InputError(
            f"networks need {error.name}, which is not here (a browser has none); replay, simulate and fit do not"
        ) from error
