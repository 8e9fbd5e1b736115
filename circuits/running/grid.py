"""Time grid of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuits.network.circuit import Circuit
from plasticity.errors import InputError, require_number

N_CHECKS = 100  # of finite values in a run


@dataclass(frozen=True)
class Grid:
    """Time step [s], simulated time [s] and seed of a run."""

    dt: float
    duration: float
    seed: int = 0

    @property
    def n_steps(self) -> int:
        """Number of time steps."""
        return int(np.ceil(self.duration / self.dt - 1e-9))

    def same(self, times: NDArray[np.floating]) -> NDArray[np.float64]:
        """Times [s] without rounding errors: equal times become equal numbers."""
        return np.round(times / self.dt, 3) * self.dt

    @property
    def check_every(self) -> float:
        """Interval [s] of the checks for finite values."""
        return max(1, self.n_steps // N_CHECKS) * self.dt


def check_grid(circuit: Circuit, duration: float, dt: float) -> None:
    """Check that prescribed spikes, delays and ticks are multiples of `dt`, and spikes before `duration`.

    Raises
    ------
    InputError
        Naming the population, neuron and spike, the projection, or the rule.
    """
    for population in circuit.populations:
        for neuron, times in enumerate(population.spike_trains):
            off = np.abs(times / dt - np.round(times / dt)) > 1e-6
            if off.any():
                raise InputError(
                    f"spike at {times[off][0]:.9g} s of {population.name}[{neuron}] is off the grid of dt = "
                    f"{dt:g} s; choose a dt that divides all spike times"
                )
            if times[-1:].max(initial=0) >= duration:
                raise InputError(
                    f"spike at {times[-1]:g} s of {population.name}[{neuron}] is not before the end; "
                    f"use a duration above it, got {duration:g} s"
                )
            if (np.diff(np.round(times / dt)) < 0.5).any():
                raise InputError(
                    f"{population.name}[{neuron}] has two spikes in one time step; use a smaller dt than {dt:g} s"
                )
    for projection in circuit.projections:
        rule = projection.rule
        delays = {f"delay of {projection.name!r}": projection.delay}
        if rule is not None:
            delays[f"pre_delay of {projection.name!r}"] = rule.values.get("pre_delay", 0.0)
            delays[f"clock_step of rule {rule.name!r}"] = rule.clock_dt if "clock" in rule.events else 0.0
        for name, delay in delays.items():
            if delay:
                steps_in(name, delay, dt)


def steps_in(name: str, duration: Any, dt: float) -> int:
    """Number of steps of `dt` in a duration.

    Raises
    ------
    InputError
        If it is no multiple of `dt`.
    """
    dt = require_number("dt", dt, low=0, exclusive=True, unit="s")
    steps = require_number(name, duration, low=0, exclusive=True, unit="s") / dt
    if round(steps) < 1 or abs(steps - round(steps)) > 1e-6 * max(1.0, steps * 1e-3):
        raise InputError(f"{name} is {duration:g} s, no multiple of dt = {dt:g} s; use {max(1, round(steps)) * dt:g} s")
    return round(steps)
