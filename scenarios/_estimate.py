"""Expected time and memory of a run, by the cost model that a scenario offers; nothing heavy is imported for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scenarios._members import load
from scenarios._parameters import make


def estimate(name: str, parameters: Mapping[str, Any]) -> tuple[float, float] | None:
    """Seconds and peak bytes of a whole process that runs the scenario, warm, on one core; None without a model.

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
    >>> shown(0.5, 2e8), shown(7200, 3e9)
    ('about 0.5 s and 200 MB of memory', 'about 2 h and 3 GB of memory')
    """
    for unit, length in (("h", 3600.0), ("min", 60.0), ("s", 0.0)):
        if seconds >= 1.5 * length:
            time = f"{seconds / (length or 1.0):.1g} {unit}"
            break
    memory = f"{size / 1e9:.1g} GB" if size >= 1e9 else f"{size / 1e6:.1g} MB"
    return f"about {time} and {memory} of memory"
