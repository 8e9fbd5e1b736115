"""Cell of the voltage rule: an adaptive exponential integrate-and-fire neuron with an after-depolarisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from circuits.neurons.model import NeuronModel

STEP = 1e-3  # s, of the authors' program: a spike lasts two of them, and filters are read three late
EQUATIONS = """
v : volt
adaptation : amp
after_current : amp
v_threshold : volt
phase : 1
v_1 : volt
v_2 : volt
v_3 : volt
"""
EACH_STEP = """
v_3 = v_2
v_2 = v_1
v_1 = v
over = int(phase > 1.5)
v = over*v_after + (1 - over)*v
adaptation = adaptation + over*jump_adaptation
after_current = over*jump_after + (1 - over)*after_current
v_threshold = over*(threshold_rest + jump_threshold) + (1 - over)*v_threshold
phase = phase*(1 - over)
upswing = leak*slope*exp((v - v_threshold)/slope)
dv = dt*(upswing - leak*(v - v_rest) - adaptation + after_current + current(t, i)*picoampere)/capacitance
da = dt*(coupling*(v - v_rest) - adaptation)/tau_adaptation
v = v + dv
adaptation = adaptation + da
after_current = after_current - dt*after_current/tau_after
v_threshold = v_threshold + dt*(threshold_rest - v_threshold)/tau_threshold
second = int(phase > 0.5)
v = second*v_second + (1 - second)*v
adaptation = adaptation - second*da
first = int(v > v_spike)*(1 - second)
v = first*v_first + (1 - first)*v
phase = phase + first + second
"""
CONSTANTS = {
    "v_rest": (-70.6e-3, "volt"),
    "v_spike": (20e-3, "volt"),
    "v_first": (29.4e-3, "volt"),
    "v_second": (32.862e-3, "volt"),
    "v_after": (-49.5016e-3, "volt"),
    "threshold_rest": (-50.4e-3, "volt"),
    "jump_threshold": (20e-3, "volt"),
    "slope": (2e-3, "volt"),
    "capacitance": (281e-12, "farad"),
    "leak": (30e-9, "siemens"),
    "coupling": (4e-9, "siemens"),
    "jump_after": (400e-12, "amp"),
    "tau_adaptation": (0.144, "second"),
    "tau_after": (0.04, "second"),
    "tau_threshold": (0.05, "second"),
    "picoampere": (1e-12, "amp"),
}


def pyramidal_cell(spike_adaptation: float) -> NeuronModel:
    """Neuron of Clopath et al., in steps of 1 ms, driven by the series ``current`` [pA].

    ``C v̇ = −g (v − E) + g Δ exp((v − V_T)/Δ) − a + z + I``, where a follows the voltage, z is an after-depolarising
    current of 400 pA after a spike and V_T a threshold that rises by 20 mV. A spike stands for two steps, at values
    that have the area of one simulated finely, while a does not change; then v continues at −49.5 mV. ``v_3`` is the
    voltage three steps before, so that filters of it are read as they were before a spike.

    Parameters
    ----------
    spike_adaptation : float
        What a spike adds to the current a [pA].

    Examples
    --------
    >>> pyramidal_cell(80.5).variables["v_3"]
    'volt'

    References
    ----------
    clopath_2010 (equations; values and steps from the authors' program, ModelDB 144566).
    """
    from circuits import NeuronModel

    constants = {**CONSTANTS, "jump_adaptation": (spike_adaptation * 1e-12, "amp")}
    at_rest = ("v", "v_1", "v_2", "v_3")
    return NeuronModel(
        "pyramidal_cell",
        EQUATIONS.strip(),
        threshold="phase > 0.5 and phase < 1.5",
        every_step=EACH_STEP.strip(),
        parameters=constants,
        initial=dict.fromkeys(at_rest, CONSTANTS["v_rest"][0]) | {"v_threshold": CONSTANTS["threshold_rest"][0]},
    )
