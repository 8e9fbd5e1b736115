"""A recurrent network of rate neurons, all-to-all, with plastic recurrent weights."""

from __future__ import annotations

from collections.abc import Mapping
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
def recurrent_rate(
    size: int,
    rule: Rule | None,
    signal: Signal | None = None,
    *,
    patterns: Any = None,
    targets: Any = None,
    order: Any = None,
    hold: float | None = None,
    nonlinearity: Any = "tanh",
    tau: float = 0.01,
    bias: Any = 0.0,
    initial: Any = 0.0,
    gain: float = 0.5,
    weight: Any = None,
    input_weight: Any = None,
    feedback_weights: Any = None,
    parameters: Mapping[str, Any] | None = None,
    n_batch: int = 1,
    trials: ArrayLike | None = None,
    seed: int = 0,
) -> Circuit:
    """Population ``neurons`` with the projection ``recurrent``: ``τ dr/dt = −r + φ(W r + W_in x + bias)``.

    With targets for all neurons an exact error is the fixed point of ``τ dz/dt = −z + e + Wᵀ(φ' z)``, which the engine
    integrates; it is accurate when patterns are held for long against τ and eigenvalues of W are well below 1. Node and
    weight perturbation need no backward path: their noise is constant for as long as a pattern, at least 10 τ.

    Parameters
    ----------
    size : int
        Number of neurons.
    rule : Rule or None
        Of the recurrent weights.
    signal : Signal, optional
        Feeds the gradient of a derived rule.
    patterns, targets, order, hold
        Rates of the population ``input`` and targets of the neurons, see `circuits.Stimulus`; without
        patterns there is no input but the bias.
    nonlinearity : str or sympy expression in ``u``
    tau : float
        Time constant τ > 0 [s].
    bias, initial : float, (size,) array; initial also (n_batch, size)
        Constant input and rates at the start [Hz].
    gain : float
        Initial weights are normal with standard deviation ``gain/sqrt(size)``.
    weight : (size, size) or (n_batch, size, size) array, optional
        Initial recurrent weights instead.
    input_weight : (size, n_inputs) array, optional
        Fixed weights from the input; by default normal with standard deviation ``1/sqrt(n_inputs)``.
    feedback_weights : (size, size) array, optional
        F, for signals that read `learning_signal`; by default every neuron receives its own error.
    parameters, n_batch, trials, seed
        As in `circuits.feedforward_rate`.

    Examples
    --------
    >>> from plasticity.rules.oja import oja
    >>> recurrent_rate(5, oja()).projections[0].weight.shape
    (1, 5, 5)

    References
    ----------
    pineda_1987.
    """
    n_batch = require_whole("n_batch", n_batch, low=1)
    trials = np.arange(n_batch) if trials is None else require_indices("trials", trials, n_batch)
    neurons = Population("neurons", neuron=RateUnit(tau, nonlinearity, bias, initial), n=size)
    start = random_weights("recurrent", (size, size), trials, seed, gain) if weight is None else weight
    learnt = rate_rule(rule, signal)
    values = dict(parameters or {})
    populations: tuple[Population, ...] = (neurons,)
    projections = [Projection("recurrent", "neurons", "neurons", learnt, weight=start, parameters=values)]
    stimulus = None
    unused = {"targets": targets, "order": order, "hold": hold, "input_weight": input_weight}
    for name, value in unused.items():
        if patterns is None and value is not None:
            raise InputError(f"{name} needs patterns, which are missing; leave it out, or give patterns")
    if patterns is not None:
        stimulus = Stimulus(patterns, targets, order, hold)
        n_inputs = stimulus.patterns.shape[1]
        populations = (Population("input", neuron=RateUnit(), n=n_inputs), neurons)
        fixed = random_weights("input", (size, n_inputs), trials, seed) if input_weight is None else input_weight
        projections.append(Projection("input", "input", "neurons", weight=fixed))
    paths = () if feedback_weights is None else (error_feedback("neurons", "neurons", feedback_weights),)
    return Circuit("recurrent_rate", populations, tuple(projections), paths, stimulus, n_batch, trials)
