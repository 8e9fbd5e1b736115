"""Integrate-and-fire neurons.

A synapse adds its weight to a receptor of the neuron, in the unit that the neuron gives to a weight of 1.
"""

from __future__ import annotations

from circuits.neurons.model import NeuronModel, with_units
from plasticity.support.checks import checked


@checked
def lif(
    tau_membrane: float = 0.02,
    tau_excitatory: float = 5e-3,
    tau_inhibitory: float = 10e-3,
    v_rest: float = -0.060,
    v_threshold: float = -0.050,
    v_reset: float = -0.060,
    refractory: float = 5e-3,
    weight_unit: float = 1e-3,
) -> NeuronModel:
    """Leaky integrate-and-fire neuron with two exponential currents: a spike of weight w adds ``w·weight_unit``.

    ``tau_membrane dv/dt = v_rest − v + i_excitatory − i_inhibitory``.

    Parameters
    ----------
    tau_membrane, tau_excitatory, tau_inhibitory : float
        Time constants [s].
    v_rest, v_threshold, v_reset : float
        Potentials [V]; with v_rest above v_threshold the neuron fires on its own.
    refractory : float
        [s]
    weight_unit : float
        What a weight of 1 adds to the current [V].

    Raises
    ------
    InputError
        If a number is not finite, or a time constant not positive.

    Examples
    --------
    >>> sorted(lif().receptors)
    ['excitatory', 'inhibitory']

    References
    ----------
    vogels_2005 (values).
    """
    constants = dict(locals())
    refractory = constants.pop("refractory")
    return NeuronModel(
        "lif",
        "dv/dt = (v_rest - v + i_excitatory - i_inhibitory)/tau_membrane : volt (unless refractory)\n"
        "di_excitatory/dt = -i_excitatory/tau_excitatory : volt\n"
        "di_inhibitory/dt = -i_inhibitory/tau_inhibitory : volt",
        threshold="v > v_threshold",
        reset="v = v_reset",
        refractory=refractory,
        method="exponential_euler",
        receptors={
            "excitatory": "i_excitatory_post += w*weight_unit_post",
            "inhibitory": "i_inhibitory_post += w*weight_unit_post",
        },
        parameters=with_units(constants, weight_unit="volt"),
        initial={"v": v_reset},
    )


@checked
def conductance_lif(
    tau_membrane: float = 0.01,
    tau_excitatory: float = 5e-3,
    tau_inhibitory: float = 5e-3,
    v_rest: float = -0.074,
    v_threshold: float = -0.054,
    v_reset: float = -0.060,
    v_excitatory: float = 0.0,
    v_inhibitory: float = -0.070,
    refractory: float = 0.0,
    weight_unit: float = 0.01,
) -> NeuronModel:
    """Leaky integrate-and-fire neuron with two exponential conductances, in units of its leak.

    ``tau_membrane dv/dt = v_rest − v + g_excitatory (v_excitatory − v) + g_inhibitory (v_inhibitory − v)``.

    Parameters
    ----------
    tau_membrane, tau_excitatory, tau_inhibitory : float
        Time constants [s].
    v_rest, v_threshold, v_reset, v_excitatory, v_inhibitory : float
        Potentials [V].
    refractory : float
        [s]
    weight_unit : float
        What a weight of 1 adds to the conductance [leak conductance].

    Raises
    ------
    InputError
        If a number is not finite, or a time constant not positive.

    Examples
    --------
    >>> conductance_lif(tau_membrane=0.02).parameters["tau_membrane"]
    (0.02, 'second')

    References
    ----------
    song_2000 (values).
    """
    constants = dict(locals())
    refractory = constants.pop("refractory")
    return NeuronModel(
        "conductance_lif",
        "dv/dt = (v_rest - v + g_excitatory*(v_excitatory - v) + g_inhibitory*(v_inhibitory - v))/tau_membrane"
        " : volt (unless refractory)\n"
        "dg_excitatory/dt = -g_excitatory/tau_excitatory : 1\n"
        "dg_inhibitory/dt = -g_inhibitory/tau_inhibitory : 1",
        threshold="v > v_threshold",
        reset="v = v_reset",
        refractory=refractory,
        method="euler",
        receptors={
            "excitatory": "g_excitatory_post += w*weight_unit_post",
            "inhibitory": "g_inhibitory_post += w*weight_unit_post",
        },
        parameters=with_units(constants, weight_unit="1"),
        initial={"v": v_rest},
    )


@checked
def pulse_lif(
    tau_membrane: float = 0.02,
    v_threshold: float = 1.0,
    refractory: float = 2e-3,
    surrogate_rate: float = 50.0,
    surrogate_width: float = 1.0,
) -> NeuronModel:
    """Leaky integrate-and-fire neuron whose potential v [1] rests at 0 and jumps by the weight of every spike.

    It is reset to 0. Its synapses can read the trace ``pre_psp`` of its spikes, as they act on others, and the
    pseudo-derivative ``surrogate_rate·max(0, 1 − |v − v_threshold|/surrogate_width)``, 0 while it is refractory.

    Parameters
    ----------
    tau_membrane : float
        [s]
    v_threshold : float
        [1]
    refractory : float
        [s]
    surrogate_rate : float
        Pseudo-derivative at the threshold [Hz].
    surrogate_width : float
        Distance from the threshold at which it vanishes [1].

    Raises
    ------
    InputError
        If a number is not finite, or a time constant not positive.

    Examples
    --------
    >>> pulse_lif().provides
    ('pseudo_derivative', 'pre_psp')

    References
    ----------
    bellec_2020.
    """
    constants = dict(locals())
    refractory = constants.pop("refractory")
    return NeuronModel(
        "pulse_lif",
        "dv/dt = -v/tau_membrane : 1 (unless refractory)\n"
        "dpre_psp/dt = -pre_psp/tau_membrane : 1\n"
        "pseudo_derivative : hertz",
        threshold="v > v_threshold",
        reset="v = 0\npre_psp += 1",
        refractory=refractory,
        every_step="pseudo_derivative = "
        "int(not_refractory)*surrogate_rate*clip(1 - abs(v - v_threshold)/surrogate_width, 0, 1)",
        receptors={"current": "v_post += w*int(not_refractory_post)"},
        parameters=with_units(constants, v_threshold="1", surrogate_rate="hertz", surrogate_width="1"),
        provides=("pseudo_derivative", "pre_psp"),
    )
