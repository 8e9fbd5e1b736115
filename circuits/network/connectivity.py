"""Who is connected to whom, and with which synapse."""

from __future__ import annotations

from typing import Any

import numpy as np

from circuits.network.circuit import Population
from plasticity.compile.brian import SynapseModel, compile_rule
from plasticity.errors import InputError, require_number
from plasticity.rule import Rule
from plasticity.signal import Signal
from plasticity.support.catalog import require_made
from plasticity.support.streams import stream


def synapse_of(rule: Rule | SynapseModel | None, signal: Signal | None = None) -> SynapseModel | None:
    """Compiled rule; None stays None: a synapse that does not learn."""
    if rule is None or isinstance(rule, SynapseModel):
        return rule
    require_made(rule, Rule, "plasticity.rules")
    return compile_rule(rule, signal)


def all_to_all(name: str, pre: Population, post: Population, weight: Any) -> dict[str, Any]:
    """Ends and weights of synapses between all neurons, in the order of ``weight.ravel()`` of (n_post, n_pre).

    Parameters
    ----------
    name : str
        Of the projection.
    pre, post : Population
    weight : float or (n_post, n_pre) array

    Returns
    -------
    dict
        Arguments of `Projection`: name, pre, post, sources, targets, weight.

    Raises
    ------
    InputError
        If the weights do not fit.

    Examples
    --------
    >>> source = Population("source", (np.array([0.1]), np.array([0.2])))
    >>> all_to_all("synapses", source, source, 0.5)["targets"]
    array([0, 0, 1, 1])
    """
    try:
        weights = np.array(np.broadcast_to(np.asarray(weight, dtype=float), (post.size, pre.size)))
    except (TypeError, ValueError):
        raise InputError(
            f"weight of {name!r} must be a number or have shape ({post.size}, {pre.size}), got {np.shape(weight)}"
        ) from None
    targets, sources = np.indices(weights.shape)
    ends = {"sources": sources.ravel(), "targets": targets.ravel()}
    return {"name": name, "pre": pre.name, "post": post.name, "weight": weights.ravel(), **ends}


def at_random(
    name: str, pre: Population, post: Population, probability: float, seed: int, weight: Any = 1.0
) -> dict[str, Any]:
    """Ends of synapses that exist independently with `probability`; a neuron does not connect to itself.

    They stand in the order of their source. Where they are depends on `seed` and `name` alone.

    Parameters
    ----------
    name : str
        Of the projection.
    pre, post : Population
    probability : float
    seed : int
    weight : float or (n_synapses,) array

    Returns
    -------
    dict
        Arguments of `Projection`: name, pre, post, sources, targets, weight.

    Raises
    ------
    InputError
        If the probability is no probability.

    Examples
    --------
    >>> source = Population("source", (np.array([0.1]), np.array([0.2])))
    >>> at_random("loop", source, source, probability=1.0, seed=0)["targets"]  # nobody connects to oneself
    array([1, 0])
    """
    require_number(f"probability of {name!r}", probability, low=0, high=1)
    random, cells = stream(seed, f"{name}/wiring"), pre.size * post.size
    if probability == 1:
        found = np.arange(cells)
    elif probability == 0:
        found = np.empty(0, dtype=np.int64)
    else:
        count = int(cells * probability + 10 * np.sqrt(cells * probability) + 20)
        found = np.cumsum(random.geometric(probability, count)) - 1
        found = found[found < cells]
    sources, targets = found // post.size, found % post.size
    if pre.name == post.name:
        apart = sources != targets
        sources, targets = sources[apart], targets[apart]
    return {
        "name": name,
        "pre": pre.name,
        "post": post.name,
        "sources": sources,
        "targets": targets,
        "weight": weight,
    }
