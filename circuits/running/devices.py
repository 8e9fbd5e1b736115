"""Devices of the spiking engine, and when compiling pays; without heavy imports, for cost estimates of scenarios."""

from __future__ import annotations

DEVICES = ("cpp", "numpy")
STEP_TIME, SYNAPSE_TIME, BUILD_TIME = 1e-3, 1e-7, 20.0  # s: numpy per step, per synapse and step; C++ once


def is_short(n_steps: float, n_synapses: int) -> bool:
    """Whether Brian2's numpy target runs `n_steps` in less time than C++ needs to be built.

    Examples
    --------
    >>> is_short(1000, 4000), is_short(1e6, 4000)
    (True, False)
    """
    return n_steps * (STEP_TIME + SYNAPSE_TIME * n_synapses) < BUILD_TIME
