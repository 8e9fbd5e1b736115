"""Pairs of neurons with prescribed spike trains and a plastic synapse each, in one network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from circuits.network.circuit import Circuit, Population, Projection
from circuits.network.connectivity import learning_rule
from plasticity.compile.brian import SynapseModel
from plasticity.errors import InputError
from plasticity.replay import spike_trains
from plasticity.rule import Rule
from plasticity.signal import Signal
from plasticity.support.checks import checked


@checked
def pairing(
    pre: Sequence[ArrayLike],
    post: Sequence[ArrayLike],
    rule: Rule | SynapseModel,
    signal: Signal | None = None,
    weight: float = 1.0,
) -> Circuit:
    """One synapse per protocol, between a presynaptic and a postsynaptic neuron with prescribed spikes.

    Parameters
    ----------
    pre, post : sequences of (n,) arrays
        Spike times [s] of each protocol.
    rule : Rule or SynapseModel
    signal : Signal, optional
        Feeds the gradient of a derived rule.
    weight : float
        Initial weight [1].

    Returns
    -------
    Circuit
        With the projection ``"synapses"``.

    Raises
    ------
    InputError
        If the numbers of trains differ, a train is out of order, or the rule cannot run on spikes.

    Examples
    --------
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> pairing([[0.01]], [[0.02]], pair_stdp()).projections[0].name
    'synapses'
    """
    if len(pre) != len(post):
        raise InputError(f"pre has {len(pre)} protocols, post has {len(post)}; give one train each")
    each = np.arange(len(pre))
    return Circuit(
        "pairing",
        populations=(
            Population("pre", spike_trains("pre", pre)),
            Population("post", spike_trains("post", post)),
        ),
        projections=(Projection("synapses", "pre", "post", learning_rule(rule, signal), each, each, weight),),
    )
