"""What the parts of a Brian2 network are built from: a circuit, its numbers, its clock and its functions of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import brian2
import numpy as np

from circuits.network.circuit import Circuit, Population, Projection
from circuits.running.recording import Recording
from circuits.spiking.inputs import Given, Grid
from circuits.spiking.lines import Lines
from plasticity.local import seconds_power


@dataclass(frozen=True, eq=False)
class Blueprint:
    """A network to be built.

    Parameters
    ----------
    circuit, grid, given, record, channels
        As the engine has them.
    clock : brian2.Clock
        The time steps.
    compiled : bool
        Whether a binary will read the numbers: then those that only fill the network are left out.
    """

    circuit: Circuit
    grid: Grid
    given: Given
    record: Recording
    channels: Mapping[str, Lines]
    clock: brian2.Clock
    compiled: bool

    def instructed(self, population: Population) -> tuple[Projection, ...]:
        """Projections onto a population whose synapses hear of third-factor events."""
        return tuple(p for p in self.circuit.plastic if p.post == population.name and p.third_factor)

    def function(self, table: str, unit: str = "1") -> brian2.Function:
        """Function of time and neuron that reads a table; `unit` is a power of the second."""
        read = self.given.tables[table]

        def look_up(t: float, i: np.ndarray) -> np.ndarray:
            return read(t, i)

        found = brian2.Function(
            look_up, arg_units=[brian2.second, 1], return_unit=_unit(unit), arg_names=["t", "i"], stateless=True
        )
        found.implementations.add_numpy_implementation(look_up, discard_units=True)
        which = list(self.given.tables).index(table)
        found.implementations.add_implementation(
            "cpp",
            f"static inline double {table}(const double t, const int i) {{ return given::tables[{which}](t, i); }}",
            name=table,
        )
        return found


def _unit(unit: str) -> brian2.Unit | int:
    power = seconds_power(unit)
    return brian2.second**power if power else 1
