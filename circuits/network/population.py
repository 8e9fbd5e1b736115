"""Populations: neurons of one kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuits.neurons.model import NeuronModel
from circuits.neurons.rate_unit import RateUnit
from plasticity.errors import InputError
from plasticity.replay import spike_trains
from plasticity.support.checks import checked, require_finite, require_identifier, require_whole


@checked
@dataclass(frozen=True, eq=False)
class Population:
    """Neurons that follow a spiking model, rate units, or neurons with prescribed spike trains.

    Parameters
    ----------
    name : str
    spike_times : sequence of (n_spikes,) arrays, optional
        Spike times [s] of each neuron, strictly increasing. With a spiking model they replace its own spikes.
    neuron : NeuronModel or RateUnit, optional
    n : int, optional
        Number of neurons; by default the number of spike trains.
    series : mapping of str to (values, step)
        Functions of time that the equations of the model read as ``name(t, i)``: values (n_steps, n) [1], one row
        every `step` seconds; the last row holds until the end. A third entry is the time [s] at which they begin.

    Raises
    ------
    InputError
        If it has neither spike times nor a neuron and a size, or rate units with spike times or series; if spike times
        are no trains, or values of neurons do not fit their number.

    Examples
    --------
    >>> Population("output", neuron=RateUnit(nonlinearity="tanh"), n=10).size
    10
    """

    name: str
    spike_times: Any = None
    neuron: NeuronModel | RateUnit | None = None
    n: int | None = None
    series: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check that neurons and size are determined."""
        require_identifier("name of a population", self.name)
        if self.neuron is not None and not isinstance(self.neuron, NeuronModel | RateUnit):
            raise InputError(f"neuron of {self.name!r} must be a NeuronModel or a RateUnit, got {self.neuron!r}")
        if self.is_rate and (self.spike_times is not None or self.series):
            raise InputError(f"population {self.name!r} has rate units, which take neither spike_times nor series")
        if self.spike_times is not None:
            self._check_trains()
            if self.n not in (None, len(self.spike_times)):
                raise InputError(f"population {self.name!r} has {len(self.spike_times)} spike trains, but n = {self.n}")
        elif self.neuron is None or self.n is None:
            raise InputError(f"population {self.name!r} needs spike_times, or a neuron model and a size n")
        else:
            require_whole(f"n of {self.name!r}", self.n, low=1)
        for name, value in self._start.items():
            shape = np.shape(value)
            if shape and shape[-1] != self.size:
                raise InputError(
                    f"{name} of {self.name!r} has shape {shape}; give a number, or one for each of {self.size}"
                )
        for name, (values, *_) in self.series.items():
            if np.ndim(values) != 2 or np.shape(values)[1] != self.size:
                raise InputError(
                    f"{name} of {self.name!r} must have shape (n_steps, {self.size}), got {np.shape(values)}"
                )
            require_finite(f"{name} of {self.name!r}", values)

    def _check_trains(self) -> None:
        trains = self.spike_times
        many = isinstance(trains, Sequence | np.ndarray) and not isinstance(trains, str)
        if not many or any(np.ndim(train) == 0 for train in trains):
            raise InputError(
                f"spike_times of {self.name!r} must be a train of spike times [s] for each neuron, got {trains!r}; "
                "one neuron has [times]"
            )
        object.__setattr__(self, "spike_times", spike_trains(f"spike_times of {self.name!r}", trains))

    @property
    def _start(self) -> dict[str, Any]:
        """What its neurons start from, by name: numbers, or one for each neuron."""
        if isinstance(self.neuron, RateUnit):
            return {"bias": self.neuron.bias, "initial": self.neuron.initial}
        return {f"initial {k}": value for k, value in (self.neuron.initial if self.neuron else {}).items()}

    @property
    def size(self) -> int:
        """Number of neurons."""
        return len(self.spike_trains) if self.n is None else int(self.n)

    @property
    def is_rate(self) -> bool:
        """Whether it has rate units."""
        return isinstance(self.neuron, RateUnit)

    @property
    def rate_unit(self) -> RateUnit:
        """Its rate units.

        Raises
        ------
        InputError
            If its neurons spike.
        """
        if not isinstance(self.neuron, RateUnit):
            raise InputError(f"population {self.name!r} has no rate units")
        return self.neuron

    @property
    def neuron_model(self) -> NeuronModel | None:
        """Its spiking model; None where there are spike trains alone, or rate units."""
        return self.neuron if isinstance(self.neuron, NeuronModel) else None

    @property
    def is_passive(self) -> bool:
        """Whether its state changes at prescribed spikes alone."""
        return self.neuron_model is None or self.neuron_model.is_passive

    @property
    def has_spike_trains(self) -> bool:
        """Whether its spikes are prescribed."""
        return self.spike_times is not None

    @property
    def spike_trains(self) -> tuple[NDArray[np.float64], ...]:
        """Prescribed spike times [s] of each neuron; empty where a model decides when they spike."""
        return self.spike_times or ()
