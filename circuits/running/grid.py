"""Time grid of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticity.errors import InputError
from plasticity.support.checks import require_number

N_CHECKS = 100  # of finite values in a run, at most
CHECK_WORK = 0.1  # synapses that are checked in a step on average, for every neuron that is advanced


@dataclass(frozen=True)
class Grid:
    """Time step [s], simulated time [s], seed and trial of a run, and the step at which it starts."""

    dt: float
    duration: float
    seed: int = 0
    trial: int = 0
    first: int = 0
    shown: int = 0  # step from which the times of stimuli count

    @property
    def start(self) -> float:
        """Time at which the run starts [s]."""
        return self.first * self.dt

    @property
    def end(self) -> float:
        """Time at which the run ends [s]."""
        return self.last * self.dt

    @property
    def last(self) -> int:
        """Step at which the run ends."""
        return self.first + self.n_steps

    @property
    def n_steps(self) -> int:
        """Number of time steps."""
        return round(self.duration / self.dt)

    def same(self, times: NDArray[np.floating]) -> NDArray[np.float64]:
        """Times [s] without rounding errors: equal times become equal numbers."""
        return np.round(times / self.dt, 3) * self.dt

    def check_every(self, synapses_per_neuron: float) -> float:
        """Interval [s] of the checks for finite values, which cost little beside the steps between them.

        Examples
        --------
        >>> Grid(1e-4, 10.0).check_every(20.0), round(Grid(1e-4, 10.0).check_every(640.0), 9)
        (0.1, 0.64)
        """
        return max(1, self.n_steps // N_CHECKS, int(synapses_per_neuron / CHECK_WORK)) * self.dt


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
