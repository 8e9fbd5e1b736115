"""A landscape that changes from step to step, such as the loss of one mini-batch after the other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any


class LandscapeSequence(ABC):
    """What `plasticity.simulate` asks of a landscape that depends on the step."""

    @property
    @abstractmethod
    def n(self) -> int:
        """Number of parameters."""

    @property
    @abstractmethod
    def n_steps(self) -> int:
        """Number of steps for which there is a landscape."""

    @abstractmethod
    def at(self, step: int) -> Any:
        """Landscape (``loss``, ``gradient``, ``hessian``, batched) at one step; the last one stays as it is."""
