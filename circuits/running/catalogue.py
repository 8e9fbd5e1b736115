"""The catalogue of circuits: one per file of this folder."""

from collections.abc import Callable

from plasticity.support import catalog


def names() -> list[str]:
    """Names of all circuits."""
    return catalog.names("circuits")


def load(name: str) -> Callable:
    """Function that makes the circuit `name`."""
    return catalog.load("circuits", name, "circuit")
