"""Escape-rate neurons, which spike at random, and sources of prescribed spikes that drive them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from circuits.neurons.model import NeuronModel, with_units
from plasticity.errors import UnknownNameError
from plasticity.support.checks import checked, require_number

_V, _RATE, _THRESHOLD, _WIDTH, _MOST = sp.symbols("v rate_at_threshold v_threshold width maximal_rate", real=True)
NONLINEARITIES = {
    "exponential": _RATE * sp.exp((_V - _THRESHOLD) / _WIDTH),
    "sigmoid": _MOST / (1 + (_MOST / _RATE - 1) * sp.exp(-(_V - _THRESHOLD) / _WIDTH)),
}


@checked
def spike_source(tau_psp: float = 0.02) -> NeuronModel:
    """Neuron with prescribed spikes and the potential ``pre_psp`` that they evoke, ε(s) = e^{−s/tau_psp}.

    Parameters
    ----------
    tau_psp : float
        Time constant of the postsynaptic potential [s].

    Raises
    ------
    InputError
        If `tau_psp` is not positive.

    Examples
    --------
    >>> spike_source().provides
    ('pre_psp',)
    """
    return NeuronModel(
        "spike_source",
        "dpre_psp/dt = -pre_psp/tau_psp : 1",
        on_prescribed_spike="pre_psp_post += 1",
        parameters=with_units({"tau_psp": tau_psp}),
        provides=("pre_psp",),
    )


@checked
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
    `maximal_rate`. The slope ρ' is its derivative. Prescribed spikes S*, if any, replace its own: they are its targets,
    and it can send the ``error`` S* − ρ. There is no refractoriness.

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

    Examples
    --------
    >>> escape_rate().provides
    ('escape_rate', 'escape_slope')

    References
    ----------
    gerstner_2014, chapter 9; pfister_2006b.
    """
    if nonlinearity not in NONLINEARITIES:
        raise UnknownNameError("nonlinearity", nonlinearity, NONLINEARITIES)
    rate = NONLINEARITIES[nonlinearity]
    for name, value in {"rate_at_threshold": rate_at_threshold, "width": width}.items():
        require_number(name, value, low=0, exclusive=True)
    constants = {
        "tau_membrane": tau_membrane,
        "rate_at_threshold": rate_at_threshold,
        "width": width,
        "v_threshold": v_threshold,
    }
    if nonlinearity == "sigmoid":
        require_number("maximal_rate", maximal_rate, low=rate_at_threshold, exclusive=True)
        constants["maximal_rate"] = maximal_rate
    units = {"rate_at_threshold": "Hz", "width": "1", "v_threshold": "1", "maximal_rate": "Hz"}
    return NeuronModel(
        f"escape_rate_{nonlinearity}",
        "dv/dt = -v/tau_membrane : 1\nescape_rate : Hz\nescape_slope : Hz\nerror : Hz",
        threshold="draw(t, i) < escape_rate*dt",
        every_step=f"escape_rate = {rate}\nescape_slope = {sp.diff(rate, _V)}\nerror = prescribed/dt - escape_rate",
        receptors={"current": "v_post += w"},
        parameters=with_units(constants, **units),
        provides=("escape_rate", "escape_slope"),
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
