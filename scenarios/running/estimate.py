"""Expected time and memory of a run, by the cost model that a scenario offers; nothing heavy is imported for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scenarios.running.catalogue import load
from scenarios.running.parameters import make


def estimate(name: str, parameters: Mapping[str, Any]) -> tuple[float, float] | None:
    """CPU seconds and peak bytes of a whole process that runs the scenario, warm, on one core; None without a model.

    The numbers in the models were measured on one machine; `tests/benchmarks/cost.py` compares them with that at hand.

    Raises
    ------
    UnknownNameError, InputError
        If a parameter is wrong, as for a run.
    """
    module = load(name)
    cost = getattr(module, "cost", None)
    checked = make(module.Parameters, parameters)
    return None if cost is None else cost(checked)


def shown(seconds: float, size: float) -> str:
    """One line for people.

    Examples
    --------
    >>> shown(12.34, 2.44e8), shown(7200, 3e9)
    ('about 12 s of computing and 240 MB of memory', 'about 2 h of computing and 3 GB of memory')
    """
    unit, length = ("h", 3600.0) if seconds >= 5400 else ("min", 60.0) if seconds >= 90 else ("s", 1.0)
    memory = f"{_rounded(size / 1e9)} GB" if size >= 1e9 else f"{_rounded(size / 1e6)} MB"
    return f"about {_rounded(seconds / length)} {unit} of computing and {memory} of memory"


def _rounded(number: float) -> str:
    return f"{float(f'{number:.2g}'):g}"
