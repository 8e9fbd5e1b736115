"""Integrate-and-fire neurons in Brian2 against a loop in NumPy, closed forms, messages."""

import signal
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

import circuits
from circuits.feedforward_spiking import feedforward_spiking
from circuits.neurons.integrate_and_fire import conductance_lif, lif
from circuits.running.run import choose_device, compiler
from plasticity.errors import DivergedError, InputError, UnknownNameError
from plasticity.poisson import poisson_trains
from plasticity.rules.pair_stdp import pair_stdp
from plasticity.rules.triplet_stdp import triplet_stdp

DT, DURATION, N = 1e-3, 0.6, 60
INPUTS = poisson_trains(30.0, N, DURATION, DT, seed=2)
NEEDS_COMPILER = pytest.mark.skipif(compiler() is None, reason="no C++ compiler on this machine")


def loop(n_outputs, weights, rule=None):
    """Conductance neurons by Euler steps, pair rule by its definition: pre before post in a step, then the traces."""
    steps = round(DURATION / DT)
    arriving = np.zeros((steps, N))
    for j, train in enumerate(INPUTS):
        arriving[np.round(train / DT).astype(int), j] = 1
    w, v, g = weights.copy(), np.full(n_outputs, -0.074), np.zeros(n_outputs)
    x, y, spikes = np.zeros(N), np.zeros(n_outputs), []
    a_plus, a_minus, tau_plus, tau_minus = (0, 0, 1, 1) if rule is None else rule.values.values()
    for n in range(steps):
        fired = v > -0.054
        g = g + 0.01 * (w @ arriving[n])
        w = w - a_minus * np.outer(y, arriving[n])
        x = x + arriving[n]
        w = w + a_plus * np.outer(fired, x)
        y = y + fired
        v = np.where(fired, -0.060, v)
        v, g = v + DT * (-0.074 - v + g * (0 - v)) / 0.01, g * (1 - DT / 5e-3)
        x, y = x * np.exp(-DT / tau_plus), y * np.exp(-DT / tau_minus)
        spikes.append(fired)
    return w, np.array(spikes)


def test_brian_equals_a_loop_in_numpy():
    rule = pair_stdp(A_plus=0.05, A_minus=0.06)
    weights = np.random.default_rng(1).uniform(2.0, 6.0, (2, N))
    w, spikes = loop(2, weights, rule)
    result = circuits.run(feedforward_spiking(INPUTS, rule, None, 2, weights), DURATION, DT, "numpy")
    assert spikes.sum() > 10
    np.testing.assert_array_equal(result.counts["outputs"], spikes.sum(axis=0))
    np.testing.assert_allclose(result.final["synapses"], w.ravel(), rtol=1e-9)


def test_currents_add_up_below_threshold():
    """v of the linear neuron converges to its closed form, a difference of exponentials, at first order."""
    neuron, errors = lif(v_threshold=0.0), []
    for dt in (5e-4, 2.5e-4):
        circuit = feedforward_spiking([[0.01]], None, None, 1, 3.0, neuron)
        result = circuits.run(circuit, 0.05, dt, "numpy", record_every=5e-3, record=("outputs.v",))
        since = np.maximum(result.times - 0.01, 0)
        tau, tau_e = 0.02, 5e-3
        exact = -0.060 + 3e-3 * tau_e / (tau - tau_e) * (np.exp(-since / tau) - np.exp(-since / tau_e))
        errors.append(np.abs(result.variables["outputs.v"][:, 0] - exact).max())
    assert np.log2(errors[0] / errors[1]) == pytest.approx(1, abs=0.15)


def test_a_neuron_rests_after_a_spike():
    """A constant drive: intervals are the refractory time plus the time to threshold, rounded up to the grid."""
    rise = 0.02 * np.log(2)  # from −60 to −50 mV towards −40 mV
    for dt, refractory in product((DT, 5e-4), (0.0, 1e-3, 2e-3, 7e-3)):
        neuron = lif(v_rest=-0.040, refractory=refractory)
        circuit = feedforward_spiking([[0.0]], None, None, 1, 0.0, neuron)
        result = circuits.run(circuit, 0.2, dt, "numpy", record=("outputs",))
        exact = refractory + np.ceil(rise / dt) * dt
        np.testing.assert_allclose(np.diff(result.spikes["outputs"][0]), exact, atol=1e-9)


def test_seeds_and_records():
    circuit = feedforward_spiking(INPUTS, triplet_stdp(), None, 3, 4.0)
    one = circuits.run(circuit, DURATION, DT, "numpy", record_every=0.1, n_tracked=5)
    again = circuits.run(circuit, DURATION, DT, "numpy", record_every=0.1, n_tracked=5)
    np.testing.assert_array_equal(one.final["synapses"], again.final["synapses"])
    assert one.weights["synapses"].shape == (6, 5)
    assert one.tracked["synapses"].tolist() == [0, 45, 90, 134, 179]
    other = feedforward_spiking(poisson_trains(30.0, N, DURATION, DT, seed=3), triplet_stdp(), None, 3, 4.0)
    assert not np.array_equal(one.final["synapses"], circuits.run(other, DURATION, DT, "numpy").final["synapses"])


@pytest.mark.slow  # starts the compiler
@NEEDS_COMPILER
def test_the_message_of_a_compiler_that_fails_is_stored(monkeypatch, tmp_path):
    monkeypatch.setenv("STEERSMAN_CACHE", str(tmp_path))
    monkeypatch.setenv("CXX", "g++ -include no_such_header.h")
    circuit = feedforward_spiking([[0.1]], pair_stdp())
    with pytest.raises(InputError, match=r"the C\+\+ compiler failed: .*no_such_header.h.*the whole message is in"):
        circuits.run(circuit, 0.2, DT, "cpp")
    assert "no_such_header.h" in next(tmp_path.rglob("build.log")).read_text()


def test_a_long_run_is_compiled_and_a_short_one_is_not(monkeypatch, capsys):
    monkeypatch.setattr("circuits.running.run.compiler", lambda: "/usr/bin/g++")
    circuit = feedforward_spiking(INPUTS, pair_stdp())
    assert choose_device(circuit, None, 1000) == "numpy"
    assert capsys.readouterr().err == ""
    assert choose_device(circuit, None, 1e6) == "cpp"
    assert "compiled C++" in capsys.readouterr().err


def test_bad_input_is_named():
    circuit = feedforward_spiking(INPUTS, pair_stdp())
    with pytest.raises(UnknownNameError, match="unknown receptor of neuron 'conductance_lif' 'excitation'"):
        feedforward_spiking(INPUTS, pair_stdp(), receptor="excitation")
    with pytest.raises(InputError, match="tau_membrane must be > 0"):
        conductance_lif(tau_membrane=0)
    with pytest.raises(UnknownNameError, match="did you mean 'g_excitatory'"):
        circuits.run(circuit, DURATION, DT, "numpy", 0.1, record=("outputs.g_excitator",))
    with pytest.raises(InputError, match="needs an interval; set record_every"):
        circuits.run(circuit, DURATION, DT, "numpy", record=("outputs.v",))
    with pytest.raises(InputError, match="not before the end"):
        circuits.run(circuit, 0.3, DT, "numpy")


def test_a_network_that_explodes_names_variable_and_time():
    """Euler with dt far above tau_membrane; a run that ends before the time in the error passes the checks."""
    unstable = replace(conductance_lif(tau_membrane=1e-5), threshold="", reset="")
    circuit = feedforward_spiking([[0.01]], None, None, 1, 10.0, unstable)
    with np.errstate(all="ignore"), pytest.raises(DivergedError, match="v of neuron 0 of 'outputs'") as error:
        circuits.run(circuit, DURATION, DT, "numpy")
    with pytest.raises(KeyboardInterrupt):  # no run is left that Brian2 would stop instead
        signal.raise_signal(signal.SIGINT)
    when = error.value.time
    assert 0.01 < when < DURATION / 2
    circuits.run(circuit, when - 2 * DURATION / 100, DT, "numpy")
