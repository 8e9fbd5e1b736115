"""Traces that neurons own: every synapse of a network has the weight that exact replay of its two trains has."""

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

import circuits
from circuits import Circuit, Population, Projection
from plasticity import WEIGHT, Parameter, Rule, State, Update, compile_rule, replay, rules
from plasticity.compile.brian import neuron_traces
from plasticity.compile.owner import ownership

N, DURATION, DT = 100, 2.0, 1e-3
x, tau = sp.symbols("x tau")
TAU = Parameter("tau", 0.02, "s")
EVENTS = np.array([0.3, 0.9, 1.5])  # of third factors, between the spikes


def trains(seed, n=N):
    """Trains on the grid with coincidences: 20 spikes in a second."""
    rng = np.random.default_rng(seed)
    return [np.sort(rng.choice(np.arange(1, 1950), 40, replace=False)) * DT for _ in range(n)]


def network(rule, delay=0.0, n=N):
    synapses = Projection("s", "pre", "post", rule=rule, weight=np.full((n, n), 0.5), delay=delay)
    return Circuit("network", (Population("pre", trains(1, n)), Population("post", trains(2, n))), (synapses,))


def check_weights(name, delay, device):
    rule = rules.load(name)()
    third = EVENTS if "third_factor" in rule.events else np.empty(0)
    circuit = network(rule, delay)
    assert circuit.learning[0][1].traces
    events = [third] if third.size else None
    weights = circuits.run(circuit, DURATION, DT, device=device, third_factor=events).final["s"].reshape(N, N)
    pre, post = (circuit.population(side).spike_trains for side in ("pre", "post"))
    for i, j in [(0, 0), (3, 7), (11, 2), (99, 99)]:
        expected = replay(rule, np.round(pre[j] + delay, 6), post[i], 0.5, DURATION, third)
        assert weights[i, j] == pytest.approx(float(expected["weight"][-1]), rel=1e-10)
    assert np.ptp(weights) > 1e-3


@pytest.mark.parametrize("delay", [0.0, 0.003])
@pytest.mark.parametrize("name", ["triplet_stdp", "curvature_bcm", "derived_pairing", "reward_stdp", "derived_plateau"])
def test_weights_are_those_of_replay(name, delay):
    check_weights(name, delay, "numpy")


@pytest.mark.compiled
def test_compiled_weights_are_those_of_replay():
    check_weights("triplet_stdp", 0.003, "cpp")


def test_recorded_traces_are_those_of_replay():
    rule = rules.load("pair_stdp")()
    circuit = network(rule)
    run = circuits.run(circuit, DURATION, DT, record_every=0.1, record=("pre_trace",), n_tracked=7, device="numpy")
    tau = next(p.value for p in rule.parameters if p.name == "tau_plus")
    for index, trace in zip(run.tracked["s"], run.states["s"]["pre_trace"].T, strict=True):
        spikes = circuit.population("pre").spike_trains[index % N]
        steps = np.round((run.times[:, None] - spikes) / DT)
        exact = np.where(steps > 0, np.exp(-steps * DT / tau), 0.0).sum(axis=1)
        assert trace == pytest.approx(exact, abs=1e-12)


def test_own_parameters_keep_traces_in_synapses():
    """A time constant per synapse, and few synapses per neuron."""
    rule = rules.load("pair_stdp")()
    tau = np.linspace(0.01, 0.02, N * N)
    assert ownership(rule.with_parameters(tau_plus=tau))["pre_trace"].owner == "synapse"
    assert ownership(rule.with_parameters(A_plus=tau))["pre_trace"].owner == "pre"
    assert network(rule, n=4).learning[0][1].traces == ()


def test_models_changed_by_hand_stay_as_they_are():
    model = compile_rule(rules.load("pair_stdp")())
    changed = replace(model, on_pre=model.on_pre + "\nw = w")
    assert neuron_traces(changed) is changed
    assert neuron_traces(model).traces


@pytest.mark.parametrize(("order", "follows"), [("jump last", True), ("jump first", False)])
def test_jumps_before_and_after_the_reading(order, follows):
    updates = (Update("w", WEIGHT + x), Update("x", x + 1))
    updates = updates if follows else updates[::-1]
    rule = Rule("counting", "Counting", states=(State("x", flow=-x / tau),), events={"pre": updates}, parameters=(TAU,))
    assert ownership(rule)["x"].follows == follows
    circuit = network(rule)
    weights = circuits.run(circuit, DURATION, DT, device="numpy").final["s"].reshape(N, N)
    expected = replay(rule, circuit.population("pre").spike_trains[2], [], 0.5, DURATION)["weight"][-1]
    assert weights[5, 2] == pytest.approx(float(expected), rel=1e-12)


def test_a_trace_read_before_and_after_its_jump_stays_in_the_synapse():
    updates = (Update("w", WEIGHT + x), Update("x", x + 1), Update("w", WEIGHT + x))
    rule = Rule("twice", "Twice", states=(State("x", flow=-x / tau),), events={"pre": updates}, parameters=(TAU,))
    assert ownership(rule)["x"].reason == "is read before and after its jump"
