"""Catalogue of signals: how a synapse observes the gradient of a loss. One file each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from plasticity.support import catalog

if TYPE_CHECKING:
    from plasticity.signal import Signal


def names() -> list[str]:
    """Names of all signals."""
    return catalog.names(__name__)


def load(name: str) -> Callable[..., Signal]:
    """Function that makes the signal `name`."""
    return catalog.load(__name__, name, "signal")
