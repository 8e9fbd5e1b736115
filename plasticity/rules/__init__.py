"""Catalogue of learning rules, derived and hand-written. One file each."""

from plasticity import catalog


def names() -> list[str]:
    """Names of all rules."""
    return catalog.names(__name__)


def load(name: str):
    """Function that makes the rule `name`."""
    return catalog.load(__name__, name, "rule")
