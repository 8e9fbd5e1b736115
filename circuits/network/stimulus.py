"""Stimuli of rate circuits: patterns and targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticity.errors import InputError
from plasticity.support.checks import checked, require_finite, require_number


@checked
@dataclass(frozen=True, eq=False)
class Stimulus:
    """Patterns that drive the first population of a rate circuit, and targets of the last one.

    Parameters
    ----------
    patterns : (n_patterns, n_inputs) array
        Rates of the input population [Hz].
    targets : (n_patterns, n_outputs) array or None
        Target rates of the output population [Hz].
    order : (n_presented,) or (n_batch, n_presented) array of int, or None
        Sequence of patterns, which is repeated after its end; None presents them in turn.
    hold : float or None
        Presentation time of each [s]; None is one time step.

    Raises
    ------
    InputError
        If shapes do not fit, or a value is not finite.
    """

    patterns: Any
    targets: Any = None
    order: Any = None
    hold: float | None = None

    def __post_init__(self) -> None:
        """Check shapes and values."""
        object.__setattr__(self, "patterns", _matrix("patterns", self.patterns))
        if self.targets is not None:
            object.__setattr__(self, "targets", _matrix("targets", self.targets))
            if len(self.targets) != len(self.patterns):
                raise InputError(
                    f"targets has {len(self.targets)} rows, patterns has {len(self.patterns)}; give one each"
                )
        if self.order is not None:
            object.__setattr__(self, "order", _checked_order(self.order, len(self.patterns)))
        if self.hold is not None:
            require_number("hold", self.hold, low=0, exclusive=True, unit="s")

    @property
    def sequence(self) -> NDArray[np.int64]:
        """Index of the pattern of each presentation, (n_presented,) or (n_batch, n_presented)."""
        return np.arange(len(self.patterns)) if self.order is None else self.order


def _matrix(name: str, values: Any) -> NDArray[np.float64]:
    array = require_finite(name, values)
    if array.ndim != 2 or array.size == 0:
        raise InputError(f"{name} must have shape (n_patterns, n), got {array.shape}")
    return array


def _checked_order(values: Any, n_patterns: int) -> NDArray[np.int64]:
    require_finite("order", values)
    order = np.asarray(values)
    if order.dtype.kind not in "iu" or order.ndim not in (1, 2) or order.size == 0:
        raise InputError(f"order must be integers of shape (n_presented,) or (n_batch, n_presented), got {order!r}")
    if order.min() < 0 or order.max() >= n_patterns:
        raise InputError(f"order names pattern {order.max()}, but there are {n_patterns}; count from 0")
    return order.astype(np.int64)
