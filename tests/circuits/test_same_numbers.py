"""What must not change a number: the device, what is recorded and how often, which inputs are silent, trials beside."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import circuits
from circuits.running.grid import Grid
from circuits.running.recording import Recording, recording
from circuits.spiking.model import describe
from plasticity import FeedbackChannel, Quadratic, compile_rule, poisson_trains, rules, signals, simulate
from plasticity.errors import InputError

DURATION, DT, N = 0.3, 1e-3, 12
POST = circuits.feedforward_spiking([[0.001]]).populations[-1].name
PLAIN = circuits.conductance_lif()
NOISY = replace(PLAIN, model=PLAIN.model.replace("v_rest - v", "v_rest - v + 0.03*volt*noise(t, i)", 1))
RECORDS = {
    "often": {"record_every": 0.01},
    "seldom": {"record_every": 0.15},
    "traces and spikes": {"record_every": 0.03, "record": ("pre_trace", POST, f"{POST}.v"), "n_tracked": 5},
}


@cache
def spiking(n=N, n_outputs=3, extra=0):
    trains = poisson_trains(60.0, n, DURATION, DT, seed=5)
    rule = rules.pair_stdp(A_plus=0.05)
    weight = np.tile(np.r_[np.full(n, 0.5), np.zeros(extra)], (n_outputs, 1))
    inputs = [*trains, *[[]] * extra]
    return circuits.feedforward_spiking(inputs, rule, weight=weight, n_outputs=n_outputs, neuron=NOISY)


@cache
def noisy(n=N, n_outputs=2):
    """Escape-rate neurons that draw random numbers and learn from disturbed errors."""
    trains = poisson_trains(60.0, n, DURATION, DT, seed=6)
    targets = poisson_trains(20.0, n_outputs, DURATION, DT, seed=7, name="targets")
    rule = rules.gradient_descent(learning_rate=0.02)
    return circuits.escape_rate_neuron(trains, targets, rule, signals.escape_rate_likelihood())


def weights(circuit, **options):
    final = circuits.run(circuit, DURATION, DT, **{"device": "numpy", "seed": 3, **options}).final
    return np.concatenate([w.ravel() for w in final.values()])


@cache
def plain(which):
    return weights(which())


@pytest.mark.parametrize("choice", RECORDS)
def test_records_change_nothing(choice):
    assert_array_equal(weights(spiking(), **RECORDS[choice]), plain(spiking))


def test_the_seed_of_what_is_drawn_changes_numbers_and_the_same_seed_does_not():
    feedback = FeedbackChannel(noise=0.5)
    first = weights(noisy(), feedback=feedback)
    assert_array_equal(weights(noisy(), feedback=feedback, record_every=0.05), first)
    assert np.abs(weights(noisy(), feedback=feedback, seed=4) - first).max() > 1e-6


def test_silent_inputs_change_nothing():
    run = circuits.run(spiking(extra=2), DURATION, DT, device="numpy", seed=3)
    final = next(iter(run.final.values())).reshape(3, N + 2)
    assert_array_equal(final[:, :N].ravel(), plain(spiking))
    assert_array_equal(final[:, N:], 0)


@pytest.mark.compiled
@pytest.mark.parametrize("circuit", [spiking, noisy])
def test_devices_agree_and_one_program_has_all_sizes(circuit):
    """Sums may be in another order: 1e-12 is 10⁴ roundings. The program is told no size when it is made."""
    others = [circuit(*size) for size in ((5, 1), (2 * N, 9))]
    structures = [describe(each, Grid(DT, DURATION), Recording())[0] for each in (circuit(), *others)]
    assert structures[0] == structures[1] == structures[2]
    np.testing.assert_allclose(weights(circuit(), device="cpp"), plain(circuit), rtol=0, atol=1e-12)
    for other in others:
        np.testing.assert_allclose(weights(other, device="cpp"), weights(other), rtol=0, atol=1e-12)


@pytest.mark.compiled
def test_one_program_makes_all_records():
    """Of spikes or none, of variables or none, of any number of synapses; what is not asked for is not there."""
    without = describe(spiking(), Grid(DT, DURATION), Recording())[0]
    for choice in RECORDS.values():
        asked = recording(spiking(), choice["record_every"], choice.get("record", ()), choice.get("n_tracked", 20))
        assert describe(spiking(), Grid(DT, DURATION), asked)[0] == without
        ours, reference = (
            circuits.run(spiking(), DURATION, DT, device, seed=3, **choice) for device in ("cpp", "numpy")
        )
        for name, other in reference.spikes.items():
            assert_array_equal(np.stack(ours.spikes[name]), np.stack(other))
        recorded = [
            {**run.weights, **run.states["synapses"], **run.variables, **run.counts} for run in (ours, reference)
        ]
        assert recorded[0].keys() == recorded[1].keys()
        for name, values in recorded[1].items():
            np.testing.assert_allclose(recorded[0][name], values, rtol=0, atol=1e-12)
        assert ours.spikes.keys() == reference.spikes.keys() == {*choice.get("record", ())} & {POST}


def test_trials_of_simulate_do_not_depend_on_their_number():
    options = {"start": [1.0, -1.0], "n_steps": 20, "dt": 0.1, "gradient_noise": 0.3, "seed": 4}
    bowl = Quadratic([1.0, 2.0], [0.0, 0.0])
    few, many = (simulate(rules.gradient_descent(), bowl, n_trials=n, **options).theta for n in (2, 2500))
    assert_array_equal(few, many[:2])
    sparse = simulate(rules.gradient_descent(), bowl, n_trials=2, record_every=7, **options).theta
    assert_array_equal(sparse[:, -1], few[:, -1])


def test_a_duration_off_the_grid_is_refused():
    with pytest.raises(InputError, match=r"duration is 0\.3004 s, no multiple of dt = 0\.001 s; use 0\.3 s"):
        circuits.run(spiking(), 0.3004, DT)


def test_random_numbers_in_any_string_of_a_synapse_are_refused():
    model = compile_rule(rules.pair_stdp())
    for name in ("on_pre", "on_pre_delayed", "on_third_factor", "on_clock"):
        with pytest.raises(InputError, match="rand"):
            circuits.Projection("s", "a", "b", rule=replace(model, **{name: "w = w + 0.1*rand()"}))


@pytest.mark.parametrize("name", ["a b", "ü", "../x", "1st", ""])
def test_names_that_equations_cannot_have_are_refused(name):
    with pytest.raises(InputError, match="name of a population must be letters"):
        circuits.Population(name, [[0.01]])
    with pytest.raises(InputError, match="name of a projection must be letters"):
        circuits.Projection(name, "a", "b")


def test_counts_that_fit_into_no_memory_are_refused():
    with pytest.raises(InputError, match=r"n_steps must be at most 1e\+15"):
        simulate(rules.gradient_descent(), Quadratic([1.0], [0.0]), [1.0], 1e300, 0.1)
