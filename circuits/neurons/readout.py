"""Readout neurons: they sum spikes to a rate or to votes, and send an error or a reward."""

from __future__ import annotations

from circuits.neurons.model import NeuronModel, with_units
from plasticity.support.checks import checked


@checked
def readout(tau_output: float = 0.02) -> NeuronModel:
    """Neuron that sums spikes to a rate y [Hz] and sends the error ``target(t) − y``; the target is a series.

    Parameters
    ----------
    tau_output : float
        Time constant of the sum [s].

    Raises
    ------
    InputError
        If a number is not finite, or a time constant not positive.

    Examples
    --------
    >>> readout().every_step
    'error = target(t, i)*hertz - y'

    References
    ----------
    bellec_2020.
    """
    return NeuronModel(
        "readout",
        "dy/dt = -y/tau_output : hertz\nerror : hertz",
        every_step="error = target(t, i)*hertz - y",
        receptors={"rate": "y_post += w/tau_output_post"},
        parameters=with_units({"tau_output": tau_output}),
    )


@checked
def critic(tau_decision: float = 0.05, scale: float = 3.0, tau_reward: float = 2.0) -> NeuronModel:
    """Neuron that counts votes and rewards: ``reward = target(t)·tanh(y/scale)``, y a leaky sum of the votes.

    It sends the deviation of the reward from its running mean, ``reward − mean_reward``. The rewarded action,
    +1 or −1, is the series ``target`` of its population.

    Parameters
    ----------
    tau_decision : float
        Memory of the votes [s].
    scale : float
        Votes that make a clear decision [1].
    tau_reward : float
        Memory of the mean reward [s].

    Raises
    ------
    InputError
        If a number is not finite, or a time constant not positive.

    Examples
    --------
    >>> sorted(critic().receptors)
    ['vote']
    """
    constants = {"tau_decision": tau_decision, "tau_reward": tau_reward, "scale": scale}
    return NeuronModel(
        "critic",
        "dy/dt = -y/tau_decision : 1\n"
        "dmean_reward/dt = (reward - mean_reward)/tau_reward : 1\n"
        "reward : 1\n"
        "deviation : 1",
        method="exponential_euler",
        every_step="reward = target(t, i)*tanh(y/scale)\ndeviation = reward - mean_reward",
        receptors={"vote": "y_post += w"},
        parameters=with_units(constants, scale="1"),
    )
