"""The catalogue of scenarios: one per file of this folder."""

from types import ModuleType

from plasticity.support import catalog


def names() -> list[str]:
    """Names of all scenarios."""
    return catalog.names("scenarios")


def load(name: str) -> ModuleType:
    """Module of the scenario `name`: its ``Parameters``, ``SMOKE`` and ``simulate``."""
    return catalog.load_module("scenarios", name, "scenario")
