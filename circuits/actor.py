"""Actor and critic: escape-rate neurons vote between two actions and learn from one reward."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from circuits.network.circuit import Circuit, Feedback, Population, Projection
from circuits.network.connectivity import all_to_all, learning_rule
from circuits.neurons.escape_rate import escape_rate, spike_source
from circuits.neurons.model import NeuronModel
from circuits.neurons.readout import critic
from plasticity.compile.brian import SynapseModel
from plasticity.errors import InputError
from plasticity.replay import spike_trains
from plasticity.rule import Rule
from plasticity.signal import Signal
from plasticity.support.checks import checked, require_finite, require_number


@checked
def actor(
    inputs: Sequence[ArrayLike],
    targets: ArrayLike,
    step: float,
    rule: Rule | SynapseModel | None = None,
    signal: Signal | None = None,
    n_neurons: int = 10,
    weight: Any = 0.1,
    neuron: NeuronModel | None = None,
    judge: NeuronModel | None = None,
) -> Circuit:
    """Circuit of an actor of `n_neurons` and a critic that rewards its votes.

    The spikes of the first half of the actor's neurons vote for the action +1, those of the second half for −1.

    Parameters
    ----------
    inputs : sequence of (n,) arrays
        Spike times [s] of each input.
    targets : (n_steps,) array
        Action that is rewarded, +1 or −1, in every interval of length `step`.
    step : float
        Length of an interval of `targets` [s].
    rule : Rule or SynapseModel, optional
        Learning rule; None for fixed weights.
    signal : Signal, optional
        Feeds the gradient of a derived rule, such as `plasticity.signals.reward_modulated`.
    n_neurons : int
        Even number of neurons of the actor.
    weight : float or (n_neurons, n_inputs) array
        Initial weights [1].
    neuron, judge : NeuronModel, optional
        By default `escape_rate` with a sigmoid, and `critic`.

    Returns
    -------
    Circuit
        With the populations ``"inputs"``, ``"actor"`` and ``"critic"``, the projections ``"synapses"`` and ``"votes"``,
        and the feedback ``"reward"``, its deviation from the mean, broadcast to the actor.

    Raises
    ------
    InputError
        If `targets` has values other than +1 and −1, `n_neurons` is odd, or the circuit does not provide what the
        signal reads.

    References
    ----------
    fremaux_2016.
    """
    model = neuron or escape_rate(nonlinearity="sigmoid", maximal_rate=100.0)
    choice = np.atleast_1d(require_finite("targets", targets))
    if choice.ndim != 1 or not np.isin(choice, (-1.0, 1.0)).all():
        raise InputError(f"targets must be +1 or -1 in every interval, got {targets!r}")
    if require_number("n_neurons", n_neurons, low=2) % 2:
        raise InputError(f"n_neurons must be even, got {n_neurons}: half of them vote for each action")
    require_number("step", step, low=0, exclusive=True, unit="s")
    trains = spike_trains("inputs", inputs)
    source = Population("inputs", trains, spike_source(model.parameters["tau_membrane"][0]))
    chooser = Population("actor", neuron=model, n=n_neurons)
    rewarder = Population("critic", neuron=judge or critic(), n=1, series={"target": (choice[:, None], step)})
    votes = np.where(np.arange(n_neurons) < n_neurons // 2, 1.0, -1.0)
    return Circuit(
        "actor",
        populations=(source, chooser, rewarder),
        projections=(
            Projection(
                rule=learning_rule(rule, signal), receptor="current", **all_to_all("synapses", source, chooser, weight)
            ),
            Projection(receptor="vote", **all_to_all("votes", chooser, rewarder, votes[None])),
        ),
        feedback=(Feedback("reward", "critic", "deviation", "actor", "reward_deviation"),),
    )
