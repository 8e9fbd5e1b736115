"""Feedforward spiking layer: prescribed spikes drive integrate-and-fire neurons through plastic synapses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import ArrayLike

from circuits.network.circuit import Circuit, Population, Projection
from circuits.network.connectivity import all_to_all, learning_rule
from circuits.neurons.integrate_and_fire import conductance_lif
from circuits.neurons.model import NeuronModel
from plasticity.compile.brian import SynapseModel
from plasticity.replay import spike_trains
from plasticity.rule import Rule
from plasticity.signal import Signal
from plasticity.support.checks import checked


@checked
def feedforward_spiking(
    inputs: Sequence[ArrayLike],
    rule: Rule | SynapseModel | None = None,
    signal: Signal | None = None,
    n_outputs: int = 1,
    weight: Any = 0.5,
    neuron: NeuronModel | None = None,
    receptor: str = "excitatory",
) -> Circuit:
    """Circuit of one layer of neurons that all inputs excite.

    With the defaults, a thousand inputs and pair STDP it is the model of Song, Miller & Abbott.

    Parameters
    ----------
    inputs : sequence of (n,) arrays
        Spike times [s] of each input; `plasticity.poisson.poisson_trains` draws them.
    rule : Rule or SynapseModel, optional
        Learning rule; None for fixed weights.
    signal : Signal, optional
        Feeds the gradient of a derived rule. Integrate-and-fire neurons provide spikes alone, so it must be computed
        from spikes, such as `plasticity.signals.bcm`.
    n_outputs : int
    weight : float or (n_outputs, n_inputs) array
        Initial weights [1], in units of the neuron's ``weight_unit``.
    neuron : NeuronModel, optional
        By default `conductance_lif`.
    receptor : str
        Receptor of the neuron that the inputs act on.

    Returns
    -------
    Circuit
        With the populations ``"inputs"`` and ``"outputs"`` and the projection ``"synapses"``, in the order of
        ``weight.ravel()``.

    Raises
    ------
    InputError
        If a train is out of order, the weights do not fit, or the circuit does not provide what the signal reads.

    Examples
    --------
    >>> feedforward_spiking([[0.01], [0.02]], n_outputs=3).projections[0].n_synapses
    6

    References
    ----------
    song_2000.
    """
    source = Population("inputs", spike_trains("inputs", inputs))
    output = Population("outputs", neuron=neuron or conductance_lif(), n=n_outputs)
    wiring = all_to_all("synapses", source, output, weight)
    return Circuit(
        "feedforward_spiking",
        populations=(source, output),
        projections=(Projection(rule=learning_rule(rule, signal), receptor=receptor, **wiring),),
    )
