"""States that neurons own in a rate network: the same paths as with a copy in every synapse."""

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

from circuits import load, run
from plasticity import WEIGHT, Controllability, Parameter, Rule, State, Update, rules
from plasticity.compile.layout import layout_of
from plasticity.compile.owner import rate_ownership
from plasticity.local import local
from plasticity.pages.report import report
from plasticity.rules.bcm import bcm
from plasticity.rules.sliding_bcm import sliding_bcm

PRE, POST = local("pre_rate"), local("post_rate")
trace, other, threshold, mean, count, own = (
    sp.Symbol(name, real=True) for name in ("trace", "other", "threshold", "mean", "count", "own")
)
tau = sp.Symbol("tau", positive=True)
PARAMETERS = (
    Parameter("tau", 0.05, "s", positive=True),
    Parameter("clock_step", 0.01, "s", positive=True),
    Parameter("zero", 0.0, "Hz", low=-1.0),
)
STATES = {  # name: owner, flow, initial value; all flow at once, from values before the step
    "trace": ("pre", (PRE - trace) / tau, 0.1),
    "other": ("pre", (trace - 2 * other) / tau, 0.2),
    "threshold": ("post", (POST - threshold) / tau, 0.3),
    "mean": ("post", (threshold - count * mean) / tau, 0.4),
    "count": ("all", sp.Integer(0), 1.0),
    "own": ("synapse", (2 * trace - threshold - own) / tau, 0.5),
}
TICKS = (  # in this order: what follows reads the new value
    Update("trace", trace / 2 + other),
    Update("count", count + 1),
    Update("threshold", threshold / count),
    Update("w", WEIGHT + (trace - threshold) * own * tau**2),
    Update("mean", mean + threshold),
    Update("other", (other + trace) / count),
)
DRIFT = PRE * (threshold - POST) * tau + trace - other * mean * tau - own * WEIGHT
CONTROLS = {
    "none": None,
    "each": Controllability(plastic_fraction=0.7, drift=-0.1),
    "coupled": Controllability(rank=2),
}


def rule(zero=0):
    """A rule with states of all owners; `zero` times the weight is added to everything that changes them."""
    units = {name: "1" if name == "count" else "Hz" for name in STATES}
    added = {name: zero * WEIGHT * (tau if name == "count" else 1) for name in STATES} | {"w": 0}
    states = tuple(State(n, f + added[n] / tau, units[n], x) for n, (_, f, x) in STATES.items())
    updates = tuple(replace(u, expression=u.expression + added[u.target]) for u in TICKS)
    return Rule("owners", "Owners", weight_flow=DRIFT, states=states, events={"clock": updates}, parameters=PARAMETERS)


def final(chosen, control=None, n=(7, 6, 4), steps=45):
    rng = np.random.default_rng(0)
    shown = {"patterns": rng.uniform(0.2, 1.0, (5, n[0])), "targets": rng.standard_normal((5, n[-1]))}
    circuit = load("feedforward_rate")(n, chosen, **shown)
    return run(circuit, steps * 1e-3, record_every=0.01, record=tuple(STATES), controllability=control)


@pytest.mark.parametrize("control", CONTROLS)
def test_states_of_neurons_are_those_of_synapses(control):
    """With 0·w added to every change the compiler must store a copy per synapse; no number may differ."""
    shared, copied = rule(), rule(sp.Symbol("zero", real=True))
    assert {n: s.owner for n, s in rate_ownership(shared).items()} == {n: owner for n, (owner, *_) in STATES.items()}
    assert {s.owner for s in rate_ownership(copied).values()} == {"synapse"}
    ours, theirs = (final(each, CONTROLS[control]) for each in (shared, copied))
    for name, weights in theirs.final.items():
        assert ours.final[name] == pytest.approx(weights, rel=1e-12)
        for state in STATES:
            assert ours.final_states[name][state] == pytest.approx(theirs.final_states[name][state], rel=1e-12)
            assert ours.states[name][state] == pytest.approx(theirs.states[name][state], rel=1e-12)


def test_memory_is_a_number_per_neuron():
    """n = 1000: two states of pre neurons, two of post neurons, one number for all, one per synapse."""
    assert layout_of(rule()).size(1000, 500) == 1000 * 500 + 2 * 500 + 2 * 1000 + 1


def test_threshold_of_a_neuron_relaxes_to_the_square_of_its_rate():
    """θ after n Euler steps at constant rate: the closed form of a geometric sum."""
    chosen = bcm(learning_rate=1e-15, tau_threshold=0.02)
    circuit = load("feedforward_rate")((3, 2), chosen, patterns=[[0.5, 1.0, 0.2]], targets=[[0.0, 0.0]])
    ran = run(circuit, 0.03, dt=1e-3)
    target = ran.final_rates["output"] ** 2 / chosen.values["target_rate"]
    start = next(s.initial for s in chosen.states if s.name == "threshold")
    expected = target + (start - target) * (1 - 1e-3 / 0.02) ** 30
    assert ran.final_states["layer_1"]["threshold"][0] == pytest.approx(np.tile(expected.T, 3), rel=1e-9)


def test_reports_name_the_owner():
    assert "in rate networks neurons own threshold (post neuron)" in report(bcm())
    assert "in rate networks neurons own belief_second_moment (post neuron)" in report(sliding_bcm())
    assert "each synapse has its own own, because it depends on threshold, trace" in report(rule())
    assert "all synapses share count" in report(rule())
    assert "rate networks" not in report(rules.load("clopath_voltage")())
