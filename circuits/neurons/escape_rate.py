"""Escape-rate neurons, which fire at random, and the sources of given spikes that drive them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from circuits.neurons.model import NeuronModel
from plasticity.errors import UnknownNameError, require_number

_V, _RATE, _THRESHOLD, _WIDTH, _MOST = sp.symbols("v rate_at_threshold v_threshold width maximal_rate", real=True)
NONLINEARITIES = {
    "exponential": _RATE * sp.exp((_V - _THRESHOLD) / _WIDTH),
    "sigmoid": _MOST / (1 + (_MOST / _RATE - 1) * sp.exp(-(_V - _THRESHOLD) / _WIDTH)),
}


def spike_source(tau_psp: float = 0.02) -> NeuronModel:
    """Neuron that fires given spikes and knows the potential ``pre_psp`` that they evoke, ε(s) = e^{−s/tau_psp}.

    Parameters
    ----------
    tau_psp : float
        Time constant of the postsynaptic potential [s].

    Returns
    -------
    NeuronModel

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

    Returns
    -------
    NeuronModel

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
