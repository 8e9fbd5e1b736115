"""Voltage rule: depression where a pre spike meets a depolarised cell, potentiation where a depolarised cell spikes.

dw = −A_LTD X [ū₋ − θ₋]₊ dt + A_LTP x̄ [u − θ₊]₊ [ū₊ − θ₋]₊ dt, with x̄ the trace of the pre spikes X and ū₋, ū₊
low-pass filters of the voltage u. An observation model infers the voltage from spikes: a post spike is a pulse of fixed
width and peak, followed by an after-depolarisation that decays; pre spikes have no effect on it.
"""

from __future__ import annotations

import sympy as sp

from plasticity.rule import WEIGHT, Parameter, Rule, State, Update, jump, time_constant, trace
from plasticity.support.checks import checked


@checked
def clopath_voltage(
    A_LTD: float = 1.4e-4,
    A_LTP: float = 8e-5,
    theta_minus: float = -70.6,
    theta_plus: float = -45.3,
    tau_x: float = 15e-3,
    tau_minus: float = 10e-3,
    tau_plus: float = 7e-3,
    rest: float = -70.6,
    spike_peak: float = 30.0,
    spike_width: float = 2e-3,
    afterdepolarisation: float = 20.0,
    tau_after: float = 40e-3,
) -> Rule:
    """Voltage rule, event by event, with the voltage of a cell that fires the post spikes.

    ``w −= A_LTD [u_minus − theta_minus]₊`` at pre spikes,
    ``w += A_LTP x (spike_peak − theta_plus) spike_width [u_plus − theta_minus]₊`` at post spikes.

    ``u_minus`` and ``u_plus`` are filters of the voltage just before the spike; ``x`` is the pre trace over tau_x.
    After a post spike the voltage stands `afterdepolarisation` above `rest` and decays with `tau_after`; it must stay
    below `theta_plus`, so that potentiation happens at post spikes only.

    Parameters
    ----------
    A_LTD, A_LTP : float
        Amplitudes [1/mV] and [1/mV²]. Another public code has A_LTP = 1.2e-4.
    theta_minus, theta_plus : float
        Thresholds of the filtered and of the momentary voltage [mV].
    tau_x, tau_minus, tau_plus : float
        Time constants of the pre trace and of the two filters [s]. Defaults: visual cortex.
    rest, spike_peak : float
        Voltage at rest and in a spike [mV]: observation model.
    spike_width : float
        Duration of a spike [s]: observation model.
    afterdepolarisation, tau_after : float
        Its height [mV] and time constant [s]: observation model. `tau_after` differs from both filters.

    Examples
    --------
    >>> [s.name for s in clopath_voltage().states]
    ['pre_trace', 'after', 'slow_part', 'fast_part']

    References
    ----------
    clopath_2010 (rule and its seven parameters, as tabulated in public code).
    """
    lowest = float("-inf")
    strengths = (
        Parameter("A_LTD", A_LTD, meaning="depression [1/mV]"),
        Parameter("A_LTP", A_LTP, unit="1", meaning="potentiation [1/mV²]"),
    )
    levels = (
        Parameter("theta_minus", theta_minus, meaning="threshold of the filtered voltage [mV]", low=lowest),
        Parameter("theta_plus", theta_plus, meaning="threshold of the voltage [mV]", low=lowest),
        Parameter("rest", rest, meaning="voltage at rest [mV]", low=lowest),
        Parameter("spike_peak", spike_peak, meaning="voltage in a spike [mV]", low=lowest),
    )
    taus = (
        time_constant("tau_x", tau_x, "pre trace"),
        time_constant("tau_minus", tau_minus, "filter of the voltage for depression"),
        time_constant("tau_plus", tau_plus, "filter of the voltage for potentiation"),
        time_constant("tau_after", tau_after, "after-depolarisation"),
    )
    width = time_constant("spike_width", spike_width, "duration of a spike")
    height = Parameter("afterdepolarisation", afterdepolarisation, meaning="voltage above rest after a spike [mV]")
    theta_low, theta_high, ground, peak = (p.symbol for p in levels)

    pre, after = trace("pre_trace", taus[0], "pre_rate"), trace("after", taus[3])
    slow, slow_jump, slow_voltage = _filter("slow_part", taus[1], taus[3], after, ground, peak, width, height)
    fast, fast_jump, fast_voltage = _filter("fast_part", taus[2], taus[3], after, ground, peak, width, height)
    in_spike = (peak - theta_high) * width.symbol
    depression = strengths[0].symbol * _positive(slow_voltage - theta_low)
    potentiation = strengths[1].symbol * pre.symbol / taus[0].symbol * in_spike * _positive(fast_voltage - theta_low)
    return Rule(
        name="clopath_voltage",
        title="Voltage rule, voltage from spikes with an after-depolarisation",
        states=(pre, after, slow, fast),
        events={
            "pre": (Update("w", WEIGHT - depression), jump(pre, "all_to_all")),
            "post": (Update("w", WEIGHT + potentiation), slow_jump, fast_jump, Update("after", height.symbol)),
        },
        parameters=(*strengths, *levels, *taus, width, height),
        assumptions=(
            "Depression needs a pre spike and a filtered voltage above a threshold.",
            "Potentiation needs a pre trace, a voltage above a high threshold and another filtered voltage.",
            "The voltage is that of the post spikes and their after-depolarisation; pre spikes do not move it.",
            "Between post spikes the voltage stays below the high threshold.",
        ),
        references=("clopath_2010",),
        cautions=(
            "The published simulations use an exponential integrate-and-fire neuron; shape of the spike and "
            "after-depolarisation here are an observation model with values of our choice.",
            "Voltages are plain numbers in mV, since units of a rule are powers of the second.",
        ),
    )


def _positive(x: sp.Expr) -> sp.Expr:
    """``[x]₊``."""
    return x * sp.Heaviside(x)


def _filter(
    name: str,
    tau: Parameter,
    tau_after: Parameter,
    after: State,
    ground: sp.Symbol,
    peak: sp.Symbol,
    width: Parameter,
    height: Parameter,
) -> tuple[State, Update, sp.Expr]:
    """Filter of the voltage as share·after + a part that decays with its own `tau`, so that both are exact.

    The filter is continuous when the after-depolarisation is set anew, and rises by the area of a spike over tau.
    """
    share = tau_after.symbol / (tau_after.symbol - tau.symbol)
    part = State(
        name, -sp.Symbol(name, real=True) / tau.symbol, meaning=f"filter with {tau.name}, beyond the share [mV]"
    )
    area = (peak - ground) * width.symbol
    rise = area / tau.symbol - share * (height.symbol - after.symbol)
    return part, Update(name, part.symbol + rise), ground + share * after.symbol + part.symbol
