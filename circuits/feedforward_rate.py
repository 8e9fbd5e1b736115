"""Layers of rate neurons, all-to-all from one to the next, of any depth: a perceptron that learns while it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from circuits.network.circuit import Circuit, Population, Projection, Stimulus
from circuits.network.connectivity import error_feedback, random_weights, rate_rule
from circuits.neurons.rate_unit import RateUnit
from plasticity.errors import InputError
from plasticity.rule import Rule
from plasticity.signal import Signal
from plasticity.support.checks import checked, require_indices, require_whole


@checked
def feedforward_rate(
    sizes: Sequence[int],
    rule: Rule | Sequence[Rule | None] | None,
    signal: Signal | None = None,
    *,
    patterns: Any,
    targets: Any = None,
    order: Any = None,
    hold: float | None = None,
    nonlinearity: Any = "tanh",
    output: Any = "linear",
    tau: float = 0.0,
    weights: Sequence[Any] | None = None,
    feedback_weights: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    n_batch: int = 1,
    trials: ArrayLike | None = None,
    seed: int = 0,
) -> Circuit:
    """Layers ``input``, ``hidden_1``, …, ``output`` with projections ``layer_1``, ``layer_2``, …

    ``r_l = φ(W_l r_{l−1})``, at once (tau = 0) or with a time constant; the loss is ½ Σ (target − output)².

    Parameters
    ----------
    sizes : sequence of int
        Neurons per layer, from the input to the output.
    rule : Rule or sequence of Rule or None
        Of all projections, or one each; None for weights that stay.
    signal : Signal, optional
        Feeds the gradient of derived rules.
    patterns, targets, order, hold
        Patterns that drive the input and targets of the output, see `circuits.Stimulus`.
    nonlinearity, output : str or sympy expression in ``u``
        φ of the hidden layers and of the output.
    tau : float
        Time constant of hidden and output neurons [s]. Signals that compare the loss with and without noise then need
        patterns that are held for 10 of them, and are too small by the fraction of the time in which the layers relax.
    weights : sequence of arrays, optional
        Initial weights (n_post, n_pre) or (n_batch, n_post, n_pre) of every projection; by default normal with
        standard deviation ``1/sqrt(n_pre)``, other ones for every trial.
    feedback_weights : mapping of str to array, optional
        F by layer, for signals that read `learning_signal`; by default normal with standard deviation
        ``1/sqrt(n_outputs)`` for every hidden layer.
    parameters : mapping of str to float or (n_batch,) array, optional
        Parameters of the rule that differ between the members of the batch.
    n_batch : int
        Copies that run together.
    trials : (n_batch,) sequence of int, optional
        Random numbers of a member depend on the seed and its trial alone.
    seed : int
        Of initial and feedback weights.

    Raises
    ------
    InputError
        If there are fewer than two layers, or arrays do not fit.

    Examples
    --------
    >>> from plasticity.rules.gradient_descent import gradient_descent
    >>> from plasticity.signals.exact_error import exact_error
    >>> circuit = feedforward_rate((2, 3, 1), gradient_descent(), exact_error(), patterns=[[1, 0]], targets=[[1]])
    >>> [p.name for p in circuit.projections]
    ['layer_1', 'layer_2']
    """
    sizes = [require_whole(f"sizes[{k}]", n, low=1) for k, n in enumerate(sizes)]
    if len(sizes) < 2:
        raise InputError(f"sizes must name at least two layers, got {sizes}")
    n_batch = require_whole("n_batch", n_batch, low=1)
    trials = np.arange(n_batch) if trials is None else require_indices("trials", trials, n_batch)
    n_layers = len(sizes) - 1
    rules: list[Any] = list(rule) if isinstance(rule, list | tuple) else [rule] * n_layers
    initial: list[Any] = [None] * n_layers if weights is None else list(weights)
    if len(rules) != n_layers or len(initial) != n_layers:
        raise InputError(f"there are {n_layers} projections, but {len(rules)} rules and {len(initial)} weights")
    names = ["input", *(f"hidden_{k}" for k in range(1, n_layers)), "output"]
    populations = [Population(names[0], neuron=RateUnit(), n=sizes[0])]
    projections = []
    for k in range(1, n_layers + 1):
        unit = RateUnit(tau, nonlinearity if k < n_layers else output)
        populations.append(Population(names[k], neuron=unit, n=sizes[k]))
        shape, learnt = (sizes[k], sizes[k - 1]), rate_rule(rules[k - 1], signal)
        weight = random_weights(f"layer_{k}", shape, trials, seed) if initial[k - 1] is None else initial[k - 1]
        values = {} if learnt is None else dict(parameters or {})
        projections.append(Projection(f"layer_{k}", names[k - 1], names[k], learnt, weight=weight, parameters=values))
    if feedback_weights is None and targets is not None:
        feedback_weights = {
            name: random_weights(f"{name}/feedback", (n, sizes[-1]), trials, seed)
            for name, n in zip(names[1:-1], sizes[1:-1], strict=True)
        }
    return Circuit(
        "feedforward_rate",
        tuple(populations),
        tuple(projections),
        tuple(error_feedback("output", target, matrix) for target, matrix in (feedback_weights or {}).items()),
        Stimulus(patterns, targets, order, hold),
        n_batch,
        trials,
    )
