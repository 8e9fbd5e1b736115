"""Arguments of projections: connectivity, initial weights, learning rule."""

from __future__ import annotations

from typing import Any

import numpy as np

from circuits.network.population import Population
from circuits.network.projection import Feedback
from plasticity.compile.brian import SynapseModel
from plasticity.errors import InputError
from plasticity.rule import GRADIENT, Rule
from plasticity.signal import Signal, observe
from plasticity.support.catalog import require_made
from plasticity.support.checks import checked, require_finite, require_number
from plasticity.support.streams import stream


def learning_rule(rule: Rule | SynapseModel | None, signal: Signal | None = None) -> Rule | SynapseModel | None:
    """Rule that reads its gradient from the signal, if there is one; None, a synapse that does not learn, stays None.

    Raises
    ------
    InputError
        If it is no rule, or the signal does not provide what it asks for.
    """
    if rule is None or isinstance(rule, SynapseModel):
        return rule
    require_made(rule, Rule, "plasticity.rules")
    return rule if signal is None else observe(rule, signal)


def rate_rule(rule: Rule | None, signal: Signal | None) -> Any:
    """`learning_rule` of a rate circuit, in which a signal is for those of its rules that ask for a gradient."""
    asks = isinstance(rule, Rule) and GRADIENT in rule.inputs
    return learning_rule(rule, signal if asks else None)


@checked
def all_to_all(name: str, pre: Population, post: Population, weight: Any) -> dict[str, Any]:
    """Arguments of a `Projection` between all neurons.

    Parameters
    ----------
    name : str
        Of the projection.
    pre, post : Population
    weight : float, (n_post, n_pre) or (n_post·n_pre,) array
        Initial weights [1]; those of a matrix in the order of ``weight.ravel()``, as a run returns them, fit as well.

    Returns
    -------
    dict
        Arguments of `Projection`: name, pre, post, weight (n_post, n_pre).

    Raises
    ------
    InputError
        If the weights do not fit.

    Examples
    --------
    >>> source = Population("source", (np.array([0.1]), np.array([0.2])))
    >>> all_to_all("synapses", source, source, 0.5)["weight"]
    array([[0.5, 0.5],
           [0.5, 0.5]])
    """
    shape = post.size, pre.size
    try:
        stated = require_finite(f"weight of {name!r}", weight)
        stated = stated.reshape(shape) if stated.shape == (shape[0] * shape[1],) else stated
        weights = np.array(np.broadcast_to(stated, shape))
    except InputError:
        raise
    except ValueError:
        raise InputError(f"weight of {name!r} must be a number or have shape {shape}, got {np.shape(weight)}") from None
    return {"name": name, "pre": pre.name, "post": post.name, "weight": weights}


@checked
def at_random(
    name: str, pre: Population, post: Population, probability: float, seed: int, weight: Any = 1.0
) -> dict[str, Any]:
    """Arguments of a `Projection` whose synapses exist independently with `probability`, without self-connections.

    They are sorted by source. Which of them exist depends on `seed` and `name` alone.

    Parameters
    ----------
    name : str
        Of the projection.
    pre, post : Population
    probability : float
    seed : int
    weight : float or (n_synapses,) array
        Initial weights [1].

    Returns
    -------
    dict
        Arguments of `Projection`: name, pre, post, sources, targets, weight.

    Raises
    ------
    InputError
        If the probability is not between 0 and 1.

    Examples
    --------
    >>> source = Population("source", (np.array([0.1]), np.array([0.2])))
    >>> at_random("loop", source, source, probability=1.0, seed=0)["targets"]  # without self-connections
    array([1, 0])
    """
    require_number(f"probability of {name!r}", probability, low=0, high=1)
    weight = require_finite(f"weight of {name!r}", weight)
    random, n_pairs = stream(seed, f"{name}/wiring"), pre.size * post.size
    if probability == 1:
        pairs = np.arange(n_pairs)
    elif probability == 0:
        pairs = np.empty(0, dtype=np.int64)
    else:
        count = int(n_pairs * probability + 10 * np.sqrt(n_pairs * probability) + 20)
        pairs = np.cumsum(random.geometric(probability, count)) - 1
        pairs = pairs[pairs < n_pairs]
    sources, targets = pairs // post.size, pairs % post.size
    if pre.name == post.name:
        distinct = sources != targets
        sources, targets = sources[distinct], targets[distinct]
    ends = {"sources": sources, "targets": targets}
    return {"name": name, "pre": pre.name, "post": post.name, "weight": weight, **ends}


def error_feedback(source: str, target: str, weights: Any) -> Feedback:
    """Path on which a population of rate units receives the error of the output through fixed `weights`."""
    return Feedback(f"{target}_feedback", source, "error", target, "learning_signal", weights=weights, unit="Hz")


def random_weights(name: str, shape: tuple[int, int], trials: Any, seed: int, gain: float = 1.0) -> np.ndarray:
    """Gaussian weights (n_batch, n_post, n_pre) of standard deviation gain/sqrt(n_pre), one random stream per trial."""
    numbers = [int(trial) for trial in trials]
    drawn = {trial: stream(seed, f"{name}/start", trial).standard_normal(shape) for trial in set(numbers)}
    return gain / np.sqrt(shape[1]) * np.stack([drawn[trial] for trial in numbers])
