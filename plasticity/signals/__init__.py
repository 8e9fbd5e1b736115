"""Catalogue of signals: how a synapse observes the gradient of a loss. One file each."""

from plasticity import catalog


def names() -> list[str]:
    """Names of all signals."""
    return catalog.names(__name__)


def load(name: str):
    """Function that makes the signal `name`."""
    return catalog.load(__name__, name, "signal")
