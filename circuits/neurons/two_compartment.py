"""Neuron with soma and dendrite, which makes plateau potentials of its own."""

from __future__ import annotations

from circuits.neurons.model import NeuronModel, with_units
from plasticity.support.checks import checked, require_number


@checked
def two_compartment(
    tau_soma: float = 0.02,
    tau_dendrite: float = 0.02,
    tau_synapse: float = 5e-3,
    coupling: float = 0.5,
    v_rest: float = -0.065,
    v_threshold: float = -0.050,
    v_reset: float = -0.060,
    v_plateau: float = -0.040,
    plateau_drive: float = 0.05,
    plateau_duration: float = 0.3,
    plateau_pause: float = 0.1,
    refractory: float = 2e-3,
    weight_unit: float = 1e-3,
) -> NeuronModel:
    """Leaky soma and dendrite, coupled; where the dendrite exceeds a threshold, a plateau begins that lasts.

    ``tau_soma dv/dt = v_rest − v + coupling (v_dendrite − v) + i_soma``, ``tau_dendrite dv_dendrite/dt = v_rest −
    v_dendrite + coupling (v − v_dendrite) + i_dendrite + plateau_drive·plateau``. A plateau begins where v_dendrite
    exceeds `v_plateau`: ``plateau`` is then 1 for `plateau_duration`, and 0 for `plateau_pause` at least. A rule can
    read it, ``NeuronVariable("plateau", "post")``, and both potentials. A spike of weight w adds ``w·weight_unit`` to
    the current of its receptor.

    Parameters
    ----------
    tau_soma, tau_dendrite, tau_synapse : float
        Time constants of the membranes and of the currents [s].
    coupling : float
        Conductance between soma and dendrite [leak conductance].
    v_rest, v_threshold, v_reset, v_plateau : float
        Potentials [V]; the threshold and reset are those of the soma.
    plateau_drive : float
        Current into the dendrite during a plateau [V].
    plateau_duration, plateau_pause, refractory : float
        [s]; whole time steps.
    weight_unit : float
        What a weight of 1 adds to a current [V].

    Raises
    ------
    InputError
        If a number is not finite, or a time not positive.

    Examples
    --------
    >>> sorted(two_compartment().receptors)
    ['dendrite', 'soma']

    References
    ----------
    bittner_2017 (plateaus of 300 ms; the other values are of no measured cell).
    """
    constants = dict(locals())
    refractory = constants.pop("refractory")
    for name in ("plateau_duration", "plateau_pause"):
        require_number(name, constants[name], low=0, exclusive=True, unit="s")
    units = {"coupling": "1", "plateau_duration": "second", "plateau_pause": "second"}
    return NeuronModel(
        "two_compartment",
        "dv/dt = (v_rest - v + coupling*(v_dendrite - v) + i_soma)/tau_soma : volt (unless refractory)\n"
        "dv_dendrite/dt = (v_rest - v_dendrite + coupling*(v - v_dendrite) + i_dendrite + plateau_drive*plateau)"
        "/tau_dendrite : volt\n"
        "di_soma/dt = -i_soma/tau_synapse : volt\n"
        "di_dendrite/dt = -i_dendrite/tau_synapse : volt\n"
        "plateau : 1\n"
        "plateau_end : second",
        threshold="v > v_threshold",
        reset="v = v_reset",
        refractory=refractory,
        method="rk4",
        every_step="begins = int(v_dendrite > v_plateau)*int(t + 0.5*dt > plateau_end + plateau_pause)\n"
        "plateau_end = plateau_end + begins*(t + plateau_duration - plateau_end)\n"
        "plateau = int(t + 0.5*dt < plateau_end)",
        receptors={
            "soma": "i_soma_post += w*weight_unit_post",
            "dendrite": "i_dendrite_post += w*weight_unit_post",
        },
        parameters=with_units(constants, **units),
        initial={"v": v_rest, "v_dendrite": v_rest, "plateau_end": -plateau_pause},
    )
