"""Wiring of published models."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def in_groups(sources: NDArray[np.integer], n: int) -> dict[str, Any]:
    """Arguments of a `Projection` in which each of `n` neurons has as many inputs of its own, group after group.

    Examples
    --------
    >>> in_groups(np.array([4, 5, 6, 7]), 2)["targets"]
    array([0, 0, 1, 1])
    """
    return {"sources": sources, "targets": np.repeat(np.arange(n), sources.size // n)}
