"""Rules that read variables of their neurons: against a plain Brian2 program, closed forms, and who refuses them."""

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

import circuits
from circuits import Circuit, NeuronModel, Population, Projection, RateUnit, Stimulus
from circuits.running.run import compiler
from plasticity import (
    NeuronVariable,
    Objective,
    Parameter,
    Quadratic,
    Rule,
    State,
    Update,
    compile_rule,
    derive,
    export,
    observe,
    replay,
    simulate,
)
from plasticity.compile.brian import neuron_traces
from plasticity.errors import InputError
from plasticity.signal import Signal
from tests.oracles.plain_brian import two_neurons

DURATION, DT, DRIVE = 0.5, 2.5e-4, (25.0, 30.0)
VOLTAGE = NeuronVariable("v", "post", "mV", "membrane potential")
ADAPTATION = NeuronVariable("a", "pre", "1", "adaptation")
NEURON = NeuronModel(
    "adapting",
    "dv/dt = (v_rest - v + current - a*20*mV)/(20*ms) : volt\nda/dt = -a/(100*ms) : 1\ncurrent : volt (constant)",
    threshold="v > -50*mV",
    reset="v = v_rest\na += 0.1",
    method="euler",
    receptors={"push": "v_post += 4*mV*w"},
    parameters={"v_rest": (-0.065, "volt")},
    initial={"v": -0.065},
)
FREQUENCY = Parameter("frequency", 20.0, "Hz", "speed of learning")
RULE = Rule(
    "voltage_reader",
    "Reads the voltage behind the synapse and the adaptation before it",
    weight_flow="frequency*x*(v_post - u)/10 - frequency*a_pre/200",
    states=(State("x", "-x/tau_x"), State("u", "(v_post - u)/tau_u", initial=-65.0)),
    events={
        "pre": (Update("w", "w - 0.01*(u + 60)"), Update("x", "x + 1")),
        "post": (Update("w", "w + 0.02*a_pre*(v_post + 50)"),),
    },
    parameters=(FREQUENCY, Parameter("tau_x", 0.015, "s"), Parameter("tau_u", 0.01, "s")),
    variables=(VOLTAGE, ADAPTATION),
)


def network(rule, drive=DRIVE, **options):
    """Neurons that are driven by constant currents [mV], two or two populations."""
    pre, post = (
        Population(name, neuron=replace(NEURON, initial={"v": -0.065, "current": np.multiply(mV, 1e-3)}), n=np.size(mV))
        for name, mV in zip(("pre", "post"), drive, strict=True)
    )
    return Circuit("driven", (pre, post), (Projection("s", "pre", "post", rule, **options),))


def large(n=110):
    """Network in which neurons own the filter of their voltage, each pair with currents of its own."""
    return network(RULE, (np.linspace(20.0, 30.0, n), np.linspace(25.0, 40.0, n)), weight=np.ones((n, n)))


def test_weight_is_that_of_a_brian2_program():
    spikes, weight, filtered = two_neurons(DRIVE, DURATION, DT)
    assert min(len(train) for train in spikes) > 5
    run = circuits.run(network(RULE, receptor="push"), DURATION, DT, "numpy", record=("pre", "post"))
    for name, train in zip(("pre", "post"), spikes, strict=True):
        np.testing.assert_allclose(run.spikes[name][0], train, atol=1e-9)
    assert abs(weight - 1) > 0.1
    assert run.final["s"][0] == pytest.approx(weight, rel=1e-9)
    assert run.state["s.u"][0] == pytest.approx(filtered, rel=1e-9)


def test_filters_belong_to_neurons_that_have_many_synapses():
    """Every synapse of a large network learns as alone between its two neurons: there the filter is in the synapse."""
    circuit = large()
    assert {(trace.name, trace.side) for trace in circuit.learning[0][1].traces} == {("u", "post")}
    weights = circuits.run(circuit, 0.2, DT, "numpy").final["s"].reshape(110, 110)
    pre, post = (circuit.population(name).neuron_model.initial["current"] * 1e3 for name in ("pre", "post"))
    for i, j in [(0, 0), (30, 90), (109, 109)]:
        alone = network(RULE, (pre[[j]], post[[i]]))
        assert alone.learning[0][1].traces == ()
        assert weights[i, j] == pytest.approx(circuits.run(alone, 0.2, DT, "numpy").final["s"][0], rel=1e-12)
    assert np.ptp(weights) > 0.1


def test_other_methods_keep_filters_in_synapses():
    assert neuron_traces(compile_rule(RULE, method="rk4")).traces == ()


@pytest.mark.slow  # compiles a model
@pytest.mark.compiled
@pytest.mark.skipif(compiler() is None, reason="needs a C++ compiler")
def test_also_as_a_compiled_program():
    weights, expected = (circuits.run(large(), 0.2, DT, device).final["s"] for device in ("cpp", "numpy"))
    np.testing.assert_allclose(weights, expected, rtol=1e-10)


@pytest.mark.parametrize(
    ("unit", "declared", "value", "number"),
    [("V", "volt", -0.07, -0.07), ("mV", "volt", -0.07, -70.0), ("pA", "amp", 2e-10, 200.0), ("1", "1", 3.0, 3.0)],
)
def test_a_constant_is_read_in_the_unit_of_the_rule(unit, declared, value, number):
    """dw/dt = 2 Hz · number for 0.1 s."""
    q = NeuronVariable("q", "post", unit, "quantity")
    rule = Rule("reader", "Reader", "2*rate*q_post", parameters=(Parameter("rate", 1.0, "Hz"),), variables=(q,))
    cells = Population("cells", neuron=NeuronModel("still", f"q : {declared}", initial={"q": value}), n=1)
    circuit = Circuit("c", (Population("inputs", [[0.05]]), cells), (Projection("s", "inputs", "cells", rule),))
    assert circuits.run(circuit, 0.1, 1e-3, "numpy").final["s"][0] == pytest.approx(1 + 0.2 * number, rel=1e-12)


def test_a_power_of_the_second_keeps_its_unit():
    """A rate in the neuron is one in the rule, so units are checked across the border."""
    rate = NeuronVariable("r", "post", "Hz", "rate")
    assert Rule("r", "R", "r_post", variables=(rate,)).inputs == (rate.symbol,)
    with pytest.raises(InputError, match="dw/dt must have the unit Hz, but v_post has 1"):
        Rule("r", "R", "v_post", variables=(VOLTAGE,))


def test_a_signal_may_read_a_variable():
    """At a short horizon dw/dt = −learning_rate·∂L/∂w, here of a loss with the gradient v·x."""
    signal = Signal("s", "S", density="v_post", variables=(VOLTAGE,))
    rule = observe(derive(Objective(discount=sp.oo)), signal)
    assert rule.variables == (VOLTAGE,)
    assert "v_post/mvolt" in compile_rule(rule).model


@pytest.mark.parametrize(
    ("neuron", "message"),
    [
        (NeuronModel("other", "u : volt\ncurrent : volt", threshold="u > 0*mV"), "have u, current; rename it, or add"),
        (NeuronModel("number", "dv/dt = -v/(5*ms) : 1\ncurrent : volt", threshold="v > 1"), "declare it in 1; they mu"),
        (None, "population 'post' has spike trains alone"),
    ],
)
def test_a_circuit_without_the_variable_refuses_the_rule(neuron, message):
    rule = replace(RULE, weight_flow="frequency*v_post", states=(), events={})
    post = Population("post", [[0.1]]) if neuron is None else Population("post", neuron=neuron, n=1)
    with pytest.raises(InputError, match=rf"reads 'v' \[mV\] of its post neuron, but .*{message}"):
        Circuit("c", (Population("pre", [[0.1]]), post), (Projection("s", "pre", "post", rule),))


@pytest.mark.parametrize(
    "use",
    [
        lambda rule: replay(rule, [0.1], [0.2]),
        lambda rule: simulate(replace(rule, events={}), Quadratic([1.0], [0.0]), [1.0], 5, 0.1),
        lambda rule: compile_rule(rule).to_nestml(),
        lambda rule: export.files(rule, "brian2"),
        lambda rule: export.files(replace(rule, events={}), "torch"),
        lambda rule: circuits.run(
            Circuit(
                "c",
                (Population("a", neuron=RateUnit(), n=1), Population("b", neuron=RateUnit(tau=0.01), n=1)),
                (Projection("s", "a", "b", rule, weight=[[1.0]]),),
                stimulus=Stimulus([[1.0]], hold=0.1),
            ),
            0.1,
        ),
    ],
)
def test_where_there_are_no_neurons_the_variable_is_named(use):
    rule = replace(RULE, weight_flow="frequency*v_post", variables=(VOLTAGE,), states=(), events={"pre": ()})
    with pytest.raises(InputError, match=r"(reads|needs|asks for) '?v(_post)?\b"):
        use(rule)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("v", "synapse", "mV", ""), "index of neuron variable 'v' must be 'pre' or 'post', got 'synapse'"),
        (("v", "post", "kV", ""), "unit of neuron variable 'v' must be one of V, mV"),
        (("2v", "post", "mV", ""), "name of a neuron variable"),
    ],
)
def test_wrong_variables_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        NeuronVariable(*arguments)


def test_one_variable_is_declared_once():
    with pytest.raises(InputError, match="declares 'v_post' twice"):
        replace(RULE, variables=(VOLTAGE, replace(VOLTAGE, unit="V"), ADAPTATION))
