"""A network of Brian2 objects runs as the circuit does, takes more objects, and runs once."""

import brian2
import numpy as np
import pytest

import circuits
from plasticity import FeedbackChannel, observe
from plasticity.errors import InputError
from plasticity.feedback import disturb
from plasticity.rules.adam import adam
from plasticity.signals.escape_rate_likelihood import escape_rate_likelihood
from plasticity.signals.exact_error import exact_error


def test_it_runs_as_the_circuit_does_and_can_be_watched():
    """Also a rule that ticks, which a network starts and stops for."""
    rule = observe(adam(0.01), escape_rate_likelihood()).with_parameters(clock_step=0.02)
    inputs = [np.arange(k, 90, 9) * 1e-3 for k in range(1, 6)]
    circuit = circuits.load("escape_rate_neuron")(inputs, [[0.03, 0.07]], rule)
    how = {"duration": 0.1, "record_every": 0.01, "feedback": FeedbackChannel(noise=1.0, delay=3e-3), "seed": 4}
    made = circuits.build(circuit, **how)
    rates = brian2.PopulationRateMonitor(made.objects["inputs"])
    made.network.add(rates)
    ours, expected = made.run(), circuits.run(circuit, device="numpy", **how)
    np.testing.assert_array_equal(ours.weights["synapses"], expected.weights["synapses"])
    assert np.any(ours.final["synapses"] != 0)
    assert np.sum(rates.rate / brian2.Hz) * 1e-3 * len(inputs) == pytest.approx(sum(t.size for t in inputs))
    with pytest.raises(InputError, match="has run already"):
        made.run()


def test_rates_do_not_run_in_brian():
    rule = observe(adam(0.01), exact_error())
    circuit = circuits.load("feedforward_rate")((2, 1), rule, patterns=np.eye(2), targets=np.ones((2, 1)))
    with pytest.raises(InputError, match="do not run in Brian2; use circuits.run"):
        circuits.build(circuit, 1.0)


def test_a_single_path_of_feedback_has_the_noise_of_the_other_engines():
    """Those draw from the seed, the trial and the name ``feedback``."""
    rule = observe(adam(0.01), escape_rate_likelihood())
    circuit = circuits.load("escape_rate_neuron")([[0.001]], [[0.002], [0.003]], rule)
    channel = FeedbackChannel(noise=1.0, sparsity=0.3)
    tables = circuits.build(circuit, 0.02, feedback=channel, seed=5).inputs.tables
    expected = disturb(channel, 20, 2, 1e-3, seed=5)
    np.testing.assert_array_equal(tables["error_noise"].values, expected.noise)
    np.testing.assert_array_equal(tables["error_delivered"].values, np.broadcast_to(expected.delivered, (20, 2)))
