"""Names, units and attributes of what circuits record, the same in Datasets and in files of weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from circuits.network.circuit import Circuit
from plasticity.errors import InputError
from plasticity.rule import Rule, divisors


def attributes(circuit: Circuit, engine: str, seed: int, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Global attributes of a record of `circuit`; those of the run come before the parameters of its rules."""
    rules = circuit.rules
    values = {f"{name}.{p.name}": p.value for name, rule in rules.items() for p in rule.parameters}
    return {
        "title": f"record of {circuit.name}",
        "rule": " ".join(dict.fromkeys(rule.name for rule in rules.values())),
        "engine": engine,
        "seed": seed,
        "parameters": {**parameters, **{k: v for k, v in values.items() if np.ndim(v) == 0}},
        "references": tuple(dict.fromkeys(key for rule in rules.values() for key in rule.references)),
    }


def division_remedy(rules: Iterable[Rule]) -> str:
    """What to add to the remedy of a run that diverges, if rules divide by what may be 0."""
    found = sorted({name for rule in rules for name in divisors(rule)})
    told = "which must not be 0: a positive discount keeps a curvature from it"
    return f"; the rule divides by {', '.join(found)}, {told}" if found else ""


def synapse_coordinates(name: str, indices: ArrayLike, targets: ArrayLike, sources: ArrayLike) -> dict[str, tuple]:
    """Coordinates of synapses of a projection: which they are, and the neurons at their ends.

    Raises
    ------
    InputError
        If the name cannot stand in a file.
    """
    if "/" in name:
        raise InputError(f"projection {name!r} cannot be a name in a file; leave out the '/'")
    along = f"synapse_{name}"
    return {
        along: (along, np.asarray(indices), "1", f"synapse of {name}"),
        f"post_{name}": (along, np.asarray(targets, np.int32), "1", f"postsynaptic neuron of {name}"),
        f"pre_{name}": (along, np.asarray(sources, np.int32), "1", f"presynaptic neuron of {name}"),
    }
