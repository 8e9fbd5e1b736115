"""Escape-rate neurons that learn target spike times: inputs with prescribed spikes excite every neuron."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from circuits.network.circuit import Circuit, Feedback, Population, Projection
from circuits.network.connectivity import all_to_all, learning_rule
from circuits.neurons.escape_rate import escape_rate, spike_source
from circuits.neurons.model import NeuronModel
from plasticity.compile.brian import SynapseModel
from plasticity.errors import InputError
from plasticity.replay import spike_trains
from plasticity.rule import Rule
from plasticity.signal import Signal
from plasticity.support.checks import checked


@checked
def escape_rate_neuron(
    inputs: Sequence[ArrayLike],
    targets: Sequence[ArrayLike] | int = 1,
    rule: Rule | SynapseModel | None = None,
    signal: Signal | None = None,
    weight: Any = 0.0,
    neuron: NeuronModel | None = None,
) -> Circuit:
    """Circuit of one layer of escape-rate neurons.

    Parameters
    ----------
    inputs : sequence of (n,) arrays
        Spike times [s] of each input.
    targets : sequence of (n,) arrays, or int
        Target spike times [s] of each neuron, which replace its own; or the number of neurons that spike on their own.
    rule : Rule or SynapseModel, optional
        Learning rule; None for fixed weights.
    signal : Signal, optional
        Feeds the gradient of a derived rule, such as `plasticity.signals.escape_rate_likelihood`.
    weight : float or (n_neurons, n_inputs) array
        Initial weights [1].
    neuron : NeuronModel, optional
        An escape-rate neuron; by default with an exponential escape rate.

    Returns
    -------
    Circuit
        With the populations ``"inputs"`` and ``"outputs"``, the projection ``"synapses"``, in the order of
        ``weight.ravel()``, and, where there are target spikes, the feedback ``"error"``, S* − ρ of each neuron [Hz].

    Raises
    ------
    InputError
        If a train is out of order, the weights do not fit, or the circuit does not provide what the signal reads.

    Examples
    --------
    >>> escape_rate_neuron([[0.01], [0.02]], [[0.03]]).projections[0].n_synapses
    2
    """
    model = neuron or escape_rate()
    if "current" not in model.receptors:
        raise InputError(f"neuron must be an escape-rate neuron, got {model.name!r}")
    trains = spike_trains("inputs", inputs)
    source = Population("inputs", trains, spike_source(model.parameters["tau_membrane"][0]))
    if isinstance(targets, int | np.integer):
        output = Population("outputs", neuron=model, n=targets)
    else:
        output = Population("outputs", spike_trains("targets", targets), model)
    wiring = all_to_all("synapses", source, output, weight)
    error = Feedback("error", "outputs", "error", "outputs", "spike_error", unit="Hz")
    return Circuit(
        "escape_rate_neuron",
        populations=(source, output),
        projections=(Projection(rule=learning_rule(rule, signal), receptor="current", **wiring),),
        feedback=(error,) if output.has_spike_trains else (),
    )
