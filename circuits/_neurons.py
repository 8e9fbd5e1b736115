"""Models of neurons: Brian2 equations as text, and what of a neuron its synapses can see.

The membrane potential of an escape-rate neuron is dimensionless; integrate-and-fire neurons are in volt. A synapse
adds its weight to a receptor of the neuron, in the unit that the neuron gives to a weight of 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from plasticity.errors import UnknownNameError, require_number

_V, _RATE, _THRESHOLD, _WIDTH, _MOST = sp.symbols("v rate_at_threshold v_threshold width maximal_rate", real=True)
NONLINEARITIES = {
    "exponential": _RATE * sp.exp((_V - _THRESHOLD) / _WIDTH),
    "sigmoid": _MOST / (1 + (_MOST / _RATE - 1) * sp.exp(-(_V - _THRESHOLD) / _WIDTH)),
}


@dataclass(frozen=True)
class NeuronModel:
    """A neuron as Brian2 strings.

    Parameters
    ----------
    name : str
    model : str
        Equations of its variables; constants are in `parameters`.
    threshold, reset : str
        Condition of a spike and what it does; empty for neurons that only fire given spikes.
    refractory : float
        Time [s] after a spike in which variables marked ``(unless refractory)`` stand still.
    method : str
        Brian2 integration method.
    every_step : str
        Statements at every step, after its spikes have arrived and before its neurons fire.
    receptors : mapping of str to str
        What a spike with weight ``w`` does to the neuron, by receptor.
    on_given : str
        What a given spike does to the neuron that fires it.
    parameters : mapping of str to (value, unit)
    initial : mapping of str to number or (n,) array
        Initial values in SI units; 0 where nothing is said.
    provides : tuple of str
        Local variables (`plasticity.local`) that its synapses can read.
    draws : bool
        Whether `threshold` uses ``draw(t, i)``, a uniform random number per step and neuron.
    """

    name: str
    model: str
    threshold: str = ""
    reset: str = ""
    refractory: float = 0.0
    method: str = "exact"
    every_step: str = ""
    receptors: Mapping[str, str] = field(default_factory=dict)
    on_given: str = ""
    parameters: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    initial: Mapping[str, Any] = field(default_factory=dict)
    provides: tuple[str, ...] = ()
    draws: bool = False

    def receptor(self, name: str) -> str:
        """Statement of the receptor `name`.

        Raises
        ------
        UnknownNameError
            If the neuron has no such receptor.
        """
        if name not in self.receptors:
            raise UnknownNameError(f"receptor of neuron {self.name!r}", name, self.receptors)
        return self.receptors[name]


def spike_source(tau_psp: float = 0.02) -> NeuronModel:
    """Neuron that fires given spikes and knows the potential ``pre_psp`` that they evoke, ε(s) = e^{−s/tau_psp}.

    Parameters
    ----------
    tau_psp : float
        Time constant of the postsynaptic potential [s].
    """
    return NeuronModel(
        "spike_source",
        "dpre_psp/dt = -pre_psp/tau_psp : 1\ntau_psp : second (shared, constant)",
        on_given="pre_psp_post += 1",
        parameters={"tau_psp": (require_number("tau_psp", tau_psp, low=0, exclusive=True, unit="s"), "second")},
        provides=("pre_psp",),
    )


def escape_rate(
    tau_membrane: float = 0.02,
    rate_at_threshold: float = 10.0,
    v_threshold: float = 1.0,
    width: float = 0.3,
    maximal_rate: float = 500.0,
    nonlinearity: str = "exponential",
) -> NeuronModel:
    """Neuron that fires with probability ρ(v)·dt in a time step, in which a spike of weight w adds ``w`` to v.

    ``ρ = rate_at_threshold·exp((v − v_threshold)/width)``, or a sigmoid that does so at low rates and saturates at
    `maximal_rate`. The slope ρ' is its derivative. Given spikes S*, if any, replace its own: the neuron is told when it
    should have fired, and can send the ``error`` S* − ρ. There is no refractoriness.

    Parameters
    ----------
    tau_membrane : float
        Time constant of v [s].
    rate_at_threshold : float
        ρ at v = v_threshold [Hz].
    v_threshold, width : float
        Potential [1] and sharpness of the threshold [1].
    maximal_rate : float
        Saturation of the sigmoid [Hz].
    nonlinearity : {"exponential", "sigmoid"}

    Raises
    ------
    UnknownNameError
        If the nonlinearity is unknown.
    InputError
        If a number is out of range.

    References
    ----------
    gerstner_2014, chapter 9; pfister_2006b.
    """
    if nonlinearity not in NONLINEARITIES:
        raise UnknownNameError("nonlinearity", nonlinearity, NONLINEARITIES)
    rate = NONLINEARITIES[nonlinearity]
    positive = {"tau_membrane": tau_membrane, "rate_at_threshold": rate_at_threshold, "width": width}
    for name, value in positive.items():
        require_number(name, value, low=0, exclusive=True)
    units = {"tau_membrane": "second", "rate_at_threshold": "Hz", "width": "1", "v_threshold": "1"}
    values = {**positive, "v_threshold": require_number("v_threshold", v_threshold)}
    if nonlinearity == "sigmoid":
        values["maximal_rate"] = require_number("maximal_rate", maximal_rate, low=rate_at_threshold, exclusive=True)
        units["maximal_rate"] = "Hz"
    lines = ["dv/dt = -v/tau_membrane : 1", "escape_rate : Hz", "escape_slope : Hz", "error : Hz"]
    return NeuronModel(
        f"escape_rate_{nonlinearity}",
        "\n".join([*lines, *(f"{name} : {unit} (shared, constant)" for name, unit in units.items())]),
        threshold="draw(t, i) < escape_rate*dt",
        every_step=f"escape_rate = {rate}\nescape_slope = {sp.diff(rate, _V)}\nerror = given/dt - escape_rate",
        receptors={"current": "v_post += w"},
        parameters={name: (float(value), units[name]) for name, value in values.items()},
        provides=("escape_rate", "escape_slope"),
        draws=True,
    )


def critic(tau_decision: float = 0.05, scale: float = 3.0, tau_reward: float = 2.0) -> NeuronModel:
    """Neuron that counts votes and rewards: ``reward = wanted(t)·tanh(y/scale)``, y a leaky sum of the votes.

    It sends the deviation of the reward from its running mean, ``reward − mean_reward``. ``wanted`` is a series of its
    population, +1 or −1.

    Parameters
    ----------
    tau_decision : float
        Memory of the votes [s].
    scale : float
        Votes that make a clear decision [1].
    tau_reward : float
        Memory of the mean reward [s].
    """
    values = {"tau_decision": (tau_decision, "second"), "tau_reward": (tau_reward, "second"), "scale": (scale, "1")}
    return NeuronModel(
        "critic",
        _with_constants(
            "dy/dt = -y/tau_decision : 1\n"
            "dmean_reward/dt = (reward - mean_reward)/tau_reward : 1\n"
            "reward : 1\n"
            "deviation : 1\n",
            values,
        ),
        method="exponential_euler",
        every_step="reward = wanted(t, i)*tanh(y/scale)\ndeviation = reward - mean_reward",
        receptors={"vote": "y_post += w"},
        parameters=_checked(values),
    )


def rate_function(neuron: NeuronModel) -> Callable[[Any], Any]:
    """Escape rate [Hz] as a function of the potential v, for arrays.

    Raises
    ------
    UnknownNameError
        If the neuron is no escape-rate neuron.

    Examples
    --------
    >>> round(float(rate_function(escape_rate())(1.0)), 9)
    10.0
    """
    kind = neuron.name.removeprefix("escape_rate_")
    if kind not in NONLINEARITIES:
        raise UnknownNameError("nonlinearity", kind, NONLINEARITIES)
    values = {sp.Symbol(name, real=True): value for name, (value, _) in neuron.parameters.items()}
    return sp.lambdify(_V, NONLINEARITIES[kind].subs(values), "numpy")


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

    References
    ----------
    vogels_2005 (values).
    """
    values = {
        "tau_membrane": (tau_membrane, "second"),
        "tau_excitatory": (tau_excitatory, "second"),
        "tau_inhibitory": (tau_inhibitory, "second"),
        "v_rest": (v_rest, "volt"),
        "v_threshold": (v_threshold, "volt"),
        "v_reset": (v_reset, "volt"),
        "weight_unit": (weight_unit, "volt"),
    }
    return NeuronModel(
        "lif",
        _with_constants(
            "dv/dt = (v_rest - v + i_excitatory - i_inhibitory)/tau_membrane : volt (unless refractory)\n"
            "di_excitatory/dt = -i_excitatory/tau_excitatory : volt\n"
            "di_inhibitory/dt = -i_inhibitory/tau_inhibitory : volt\n",
            values,
        ),
        threshold="v > v_threshold",
        reset="v = v_reset",
        refractory=require_number("refractory", refractory, low=0, unit="s"),
        method="exponential_euler",
        receptors={
            "excitatory": "i_excitatory_post += w*weight_unit_post",
            "inhibitory": "i_inhibitory_post += w*weight_unit_post",
        },
        parameters=_checked(values),
        initial={"v": v_reset},
    )


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

    References
    ----------
    song_2000 (values).
    """
    values = {
        "tau_membrane": (tau_membrane, "second"),
        "tau_excitatory": (tau_excitatory, "second"),
        "tau_inhibitory": (tau_inhibitory, "second"),
        "v_rest": (v_rest, "volt"),
        "v_threshold": (v_threshold, "volt"),
        "v_reset": (v_reset, "volt"),
        "v_excitatory": (v_excitatory, "volt"),
        "v_inhibitory": (v_inhibitory, "volt"),
        "weight_unit": (weight_unit, "1"),
    }
    return NeuronModel(
        "conductance_lif",
        _with_constants(
            "dv/dt = (v_rest - v + g_excitatory*(v_excitatory - v) + g_inhibitory*(v_inhibitory - v))/tau_membrane"
            " : volt (unless refractory)\n"
            "dg_excitatory/dt = -g_excitatory/tau_excitatory : 1\n"
            "dg_inhibitory/dt = -g_inhibitory/tau_inhibitory : 1\n",
            values,
        ),
        threshold="v > v_threshold",
        reset="v = v_reset",
        refractory=require_number("refractory", refractory, low=0, unit="s"),
        method="euler",
        receptors={
            "excitatory": "g_excitatory_post += w*weight_unit_post",
            "inhibitory": "g_inhibitory_post += w*weight_unit_post",
        },
        parameters=_checked(values),
        initial={"v": v_rest},
    )


def _with_constants(equations: str, values: Mapping[str, tuple[float, str]]) -> str:
    return equations + "\n".join(f"{name} : {unit} (shared, constant)" for name, (_, unit) in values.items())


def _checked(values: Mapping[str, tuple[float, str]]) -> dict[str, tuple[float, str]]:
    """Values that are finite; time constants that are positive."""
    return {
        name: (require_number(name, value, **({"low": 0, "exclusive": True} if name[:4] == "tau_" else {})), unit)
        for name, (value, unit) in values.items()
    }
