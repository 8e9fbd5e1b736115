"""Recurrent network of integrate-and-fire neurons with readouts that learn target rates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from circuits.network.circuit import Circuit, Feedback, Population, Projection
from circuits.network.connectivity import all_to_all, at_random, learning_rule
from circuits.neurons.escape_rate import spike_source
from circuits.neurons.integrate_and_fire import pulse_lif
from circuits.neurons.model import NeuronModel
from circuits.neurons.readout import readout
from plasticity.compile.brian import SynapseModel
from plasticity.errors import InputError, UnknownNameError
from plasticity.replay import spike_trains
from plasticity.rule import Rule
from plasticity.signal import Signal
from plasticity.support.checks import checked, require_finite, require_number
from plasticity.support.streams import stream

FEEDBACK = ("symmetric", "random")


@checked
def recurrent_lif(
    inputs: Sequence[ArrayLike],
    targets: ArrayLike,
    step: float,
    rule: Rule | SynapseModel | None = None,
    signal: Signal | None = None,
    n: int = 50,
    probability: float = 0.2,
    feedback: str = "symmetric",
    weight_input: Any = None,
    weight_recurrent: Any = None,
    weight_output: Any = None,
    tau_output: float = 0.02,
    neuron: NeuronModel | None = None,
    seed: int = 0,
) -> Circuit:
    """Circuit of inputs, `n` recurrent neurons and readouts; input and recurrent synapses are plastic.

    Parameters
    ----------
    inputs : sequence of (n,) arrays
        Spike times [s] of each input.
    targets : (n_steps, n_outputs) array
        Target rates of the readouts [Hz] in every interval of length `step`.
    step : float
        Length of an interval of `targets` [s].
    rule : Rule or SynapseModel, optional
        Learning rule of both; None for fixed weights.
    signal : Signal, optional
        Feeds the gradient of a derived rule, such as `plasticity.signals.eprop`.
    n : int
        Recurrent neurons.
    probability : float
        Probability of a recurrent connection.
    feedback : {"symmetric", "random"}
        Whether errors are fed back through the weights of the readout, or through fixed random ones, with which
        nothing aligns, as the readout does not learn.
    weight_input : number or (n, n_inputs) array, optional
    weight_recurrent : number or (n_synapses,) array, optional
    weight_output : (n_outputs, n) array, optional
        Initial weights [1]; by default Gaussian, from the seed, with variances of about one over the number of inputs;
        recurrent ones inhibit on average, which keeps the network from bursting.
    tau_output : float
        Time constant of the readouts [s]; that of the signal should be the same.
    neuron : NeuronModel, optional
        By default `pulse_lif`.
    seed : int
        Determines wiring and weights.

    Returns
    -------
    Circuit
        With the populations ``"inputs"``, ``"recurrent"`` and ``"readout"``, the projections ``"input"``,
        ``"recurrence"`` and ``"output"``, and the feedback ``"errors"``.

    Raises
    ------
    InputError
        If weights or `targets` do not fit, or the circuit does not provide what the signal reads.

    References
    ----------
    bellec_2020; lillicrap_2016 (random feedback).
    """
    if feedback not in FEEDBACK:
        raise UnknownNameError("feedback", feedback, FEEDBACK)
    require_number("step", step, low=0, exclusive=True, unit="s")
    rates = require_finite("targets", targets)
    if rates.ndim != 2:
        raise InputError(f"targets must have shape (n_steps, n_outputs), got {rates.shape}")
    model = neuron or pulse_lif()
    trains = spike_trains("inputs", inputs)
    source = Population("inputs", trains, spike_source(model.parameters["tau_membrane"][0]))
    network = Population("recurrent", neuron=model, n=n)
    reader = Population("readout", neuron=readout(tau_output), n=rates.shape[1], series={"target": (rates, step)})
    first = _gaussian(seed, "input", (n, len(trains)), len(trains)) if weight_input is None else weight_input
    drawn_output = _gaussian(seed, "output", (reader.size, n), n)
    out = drawn_output if weight_output is None else require_finite("weight_output", weight_output)
    loop = at_random("recurrence", network, network, probability, seed)
    count = loop["sources"].size
    spread = max(1, count // n)
    drawn = 0.5 * (_gaussian(seed, "recurrence", count, spread) - 1 / np.sqrt(spread))
    loop["weight"] = drawn if weight_recurrent is None else weight_recurrent
    back = out.T if feedback == "symmetric" else _gaussian(seed, "errors", (n, reader.size), n)
    learnt = learning_rule(rule, signal)
    return Circuit(
        "recurrent_lif",
        populations=(source, network, reader),
        projections=(
            Projection(rule=learnt, receptor="current", **all_to_all("input", source, network, first)),
            *([Projection(rule=learnt, receptor="current", **loop)] if count else []),
            Projection(receptor="rate", **all_to_all("output", network, reader, out)),
        ),
        feedback=(Feedback("errors", "readout", "error", "recurrent", "learning_signal", weights=back, unit="Hz"),),
    )


def _gaussian(seed: int, name: str, shape: Any, n_inputs: int) -> np.ndarray:
    """Weights with the variance 1/n_inputs."""
    return stream(seed, f"{name}/weights").standard_normal(shape) / np.sqrt(n_inputs)
