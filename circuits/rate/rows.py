"""Rows of numbers, one per member of a batch, which hold named arrays one after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuits.rate.network import NONE

Array = NDArray[np.float64]
LINE = 8  # numbers in a line of the processor's cache, where arrays begin


@dataclass(eq=False)
class Rows:
    """Named arrays of all members, one after the other in rows of numbers."""

    n_batch: int
    places: dict[tuple, tuple[int, tuple[int, ...]]] = field(default_factory=dict)
    size: int = 0
    numbers: Array = field(default_factory=lambda: np.zeros((0, 0)))

    def add(self, *name: Any, shape: tuple[int, ...]) -> None:
        """Reserve a place."""
        self.places[name] = (self.size, shape)
        self.size += -(-int(np.prod(shape)) // LINE) * LINE

    def allocate(self) -> None:
        """Make the rows, with zeros, from the beginning of a line of the cache."""
        room = np.zeros(self.n_batch * self.size + LINE)
        first = -(room.ctypes.data // room.itemsize) % LINE
        self.numbers = room[first : first + self.n_batch * self.size].reshape(self.n_batch, self.size)

    def start(self, *name: Any) -> int:
        """Place of an array in a row; NONE if there is no such array."""
        return self.places[name][0] if name in self.places else NONE

    def view(self, *name: Any) -> Array:
        """Array of all members, (n_batch, ...)."""
        start, shape = self.places[name]
        return self.numbers[:, start : start + int(np.prod(shape))].reshape(self.n_batch, *shape)
