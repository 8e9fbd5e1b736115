"""Balanced network of excitatory and inhibitory integrate-and-fire neurons, with plastic synapses.

Synapses among excitatory neurons learn by any rule that runs on spikes; those from inhibitory to excitatory neurons
keep the rates in balance (homeostasis). Without drive from outside it fires on its own: the resting potential lies
above the threshold. It is chaotic: devices and versions give the same statistics, not the same spikes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sympy as sp

from circuits.network.circuit import Circuit, Population, Projection
from circuits.network.connectivity import at_random, learning_rule
from circuits.neurons.integrate_and_fire import lif
from circuits.neurons.model import NeuronModel
from plasticity.compile.brian import SynapseModel
from plasticity.derive import derive
from plasticity.errors import UnknownNameError
from plasticity.objective import Objective
from plasticity.rule import Rule
from plasticity.signal import Signal, observe
from plasticity.signals.homeostasis import homeostasis
from plasticity.support.checks import checked, require_number
from plasticity.support.streams import stream

INHIBITORY_INPUTS = 16  # of a neuron, for which the weights are stated: 2 % of 800


@checked
def balanced_ei(
    n: int = 4000,
    rule: Rule | SynapseModel | None = None,
    signal: Signal | None = None,
    inhibition: Rule | SynapseModel | str | None = "homeostasis",
    probability: float = 0.02,
    probability_excitatory: float | None = None,
    weight: Any = None,
    weight_inhibitory: Any = None,
    target_rate: float = 5.0,
    delay: float = 1e-3,
    seed: int = 0,
    neuron: NeuronModel | None = None,
) -> Circuit:
    """Circuit of 80 % excitatory and 20 % inhibitory neurons, connected at random.

    Parameters
    ----------
    n : int
        Number of neurons.
    rule : Rule or SynapseModel, optional
        Learning rule of synapses among excitatory neurons; None for fixed weights.
    signal : Signal, optional
        Feeds the gradient of a derived rule; one that is computed from spikes.
    inhibition : "homeostasis", Rule, SynapseModel or None
        Learning rule of synapses from inhibitory to excitatory neurons: by default derived from the loss (y − y_0)²/2
        of `plasticity.signals.homeostasis`, at a short horizon; with weights between 0 and 100, or 1600 over the number
        of inhibitory inputs of a neuron where these are fewer than 16.
    probability, probability_excitatory : float
        Probability of a connection, and that among excitatory neurons if it is another.
    weight, weight_inhibitory : float or array, optional
        Initial weights [1], in units of the neuron's ``weight_unit`` (1 mV). By default those of Vogels & Abbott for 80
        excitatory and 20 inhibitory inputs (1.62 and 9), scaled to the number of inputs.
    target_rate : float
        y_0 of the homeostasis [Hz].
    delay : float
        Delay of all connections [s].
    seed : int
        Determines the wiring and the initial potentials.
    neuron : NeuronModel, optional
        By default `lif` with the resting potential above the threshold.

    Returns
    -------
    Circuit
        With the populations ``"excitatory"`` and ``"inhibitory"`` and the projections ``"ee"``, ``"ei"`` (excitatory to
        inhibitory), ``"ie"`` and ``"ii"``.

    Raises
    ------
    InputError
        If a number is out of range or the circuit does not provide what the signal reads.

    References
    ----------
    vogels_2005 (network), vogels_2011 (inhibitory plasticity).
    """
    require_number("n", n, low=10)
    n_excitatory = round(0.8 * n)
    model = neuron or lif(v_rest=-0.049)
    populations = (
        _population("excitatory", n_excitatory, model, seed),
        _population("inhibitory", int(n) - n_excitatory, model, seed),
    )
    among = probability if probability_excitatory is None else probability_excitatory
    inputs = {"ee": among * n_excitatory, "ei": probability * n_excitatory, "i": probability * (n - n_excitatory)}
    excites = {key: 1.62 * 64 / max(1.0, inputs[key]) for key in ("ee", "ei")}
    inhibits = 9.0 * INHIBITORY_INPUTS / max(1.0, inputs["i"]) if weight_inhibitory is None else weight_inhibitory
    wiring = {
        "ee": (0, 0, among, excites["ee"] if weight is None else weight, learning_rule(rule, signal)),
        "ei": (0, 1, probability, excites["ei"], None),
        "ie": (1, 0, probability, inhibits, learning_rule(_inhibition(inhibition, target_rate, inputs["i"]))),
        "ii": (1, 1, probability, inhibits, None),
    }
    projections = []
    for name, (pre, post, chance, start, learnt) in wiring.items():
        ends = at_random(name, populations[pre], populations[post], chance, seed, start)
        receptor = "inhibitory" if pre else "excitatory"
        projections.append(Projection(rule=learnt, receptor=receptor, delay=delay, **ends))
    return Circuit("balanced_ei", populations, tuple(projections))


def _population(name: str, size: int, model: NeuronModel, seed: int) -> Population:
    """Neurons that start at random potentials between reset and threshold."""
    values = {key: value for key, (value, _) in model.parameters.items()}
    low, high = values["v_reset"], values["v_threshold"]
    start = low + (high - low) * stream(seed, f"{name}/start").random(size)
    return Population(name, neuron=replace(model, initial={**model.initial, "v": start}), n=size)


def _inhibition(inhibition: Any, target_rate: float, n_inputs: float) -> Rule | SynapseModel | None:
    if not isinstance(inhibition, str):
        return inhibition
    if inhibition != "homeostasis":
        raise UnknownNameError("inhibition", inhibition, ["homeostasis"])
    rule = observe(derive(Objective(discount=sp.oo, plasticity=4e-3)), homeostasis(target_rate))
    highest = 100.0 * max(1.0, INHIBITORY_INPUTS / max(1.0, n_inputs))  # as the weights themselves
    return replace(rule, name="homeostasis", bounds=(0.0, highest))
