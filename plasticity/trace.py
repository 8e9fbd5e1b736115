"""Synaptic traces: low-pass memories of spikes, the beliefs of a synapse about firing rates."""

from __future__ import annotations

import sympy as sp

from plasticity.errors import InputError
from plasticity.rule import Parameter, State, Update

INTERACTIONS = ("all_to_all", "nearest_spike")


def trace(name: str, tau: Parameter, estimates: str | None = None, unit: str = "1") -> State:
    """State that decays with time constant `tau` [s]: ``d name/dt = −name/tau``."""
    symbol = sp.Symbol(name, real=True)
    return State(name, -symbol / tau.symbol, unit, estimates=estimates, meaning=f"trace with {tau.name}")


def jump(state: State, interaction: str) -> Update:
    """What a spike does to a trace: add 1 (all spikes count) or set it to 1 (only the nearest counts).

    Raises
    ------
    InputError
        If `interaction` is neither ``"all_to_all"`` nor ``"nearest_spike"``.
    """
    if interaction not in INTERACTIONS:
        raise InputError(f"interaction must be one of {', '.join(INTERACTIONS)}, got {interaction!r}")
    added = state.symbol + 1 if interaction == "all_to_all" else sp.S.One
    return Update(state.name, added)


def time_constant(name: str, value: float, meaning: str) -> Parameter:
    """Time constant [s], strictly positive."""
    return Parameter(name, value, unit="s", meaning=meaning, positive=True)
