"""Unsupervised digits: the published network spike by spike, the derived rule written out, its loss, the readout."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

import circuits
import scenarios
from circuits.network.population import Population
from plasticity.errors import InputError
from plasticity.poisson import poisson_trains
from scenarios.support.digit_images import BUNDLED, load_digits
from scenarios.unsupervised_digits import (
    N_PIXELS,
    TAU,
    Parameters,
    initial_weights,
    likelihood,
    network,
    readout,
    scaled,
)
from tests.oracles.plain_brian import diehl_2015

SMALL = Parameters(rules=("published", "derived"), n_cells=8, n_trials=1)
SHOWN, LASTS, N_IMAGES = 0.2, 0.25, 3  # s, s


@pytest.fixture(scope="module")
def images():
    """Spike times of all pixels, for three images."""
    pixels = load_digits(BUNDLED, 0, np.random.default_rng(1)).train.images[:N_IMAGES]
    rates = [SMALL.brightest * image for image in pixels]
    return pixels, [poisson_trains(rate, N_PIXELS, SHOWN, SMALL.dt, seed=k) for k, rate in enumerate(rates)]


@pytest.fixture(scope="module")
def runs(images):
    phases = [circuits.Phase(LASTS, {"inputs": trains}) for trains in images[1]]
    circuit = network(SMALL, Population("inputs", [[]] * N_PIXELS), initial_weights(SMALL, 2))
    record = [f"{name}_cells" for name in SMALL.rules]
    return circuits.run(circuit, phases, SMALL.dt, "numpy", record=record, after_phase=partial(scaled, SMALL))


def spikes(runs, name):
    """Times and neurons of all images."""
    return [np.concatenate([run.spikes[f"{name}_cells"][k] for run in runs]) for k in (0, 1)]


def test_the_network_is_that_of_a_brian2_program(images, runs):
    """Same spikes, and weights to rounding, of images after each of which weights are scaled.

    Thresholds of the program lack the decay of the last step, which is dt/10⁴ s = 5e-8 of them.
    """
    start = initial_weights(SMALL, 2)[0]
    times, neurons, thresholds, final = diehl_2015(images[1], start, LASTS, SMALL.dt, SMALL.weight_sum)
    assert times.size > 30
    assert np.abs(final - start).max() > 0.05
    found = spikes(runs, "published")
    np.testing.assert_allclose(found[0], times, atol=1e-9)
    np.testing.assert_array_equal(found[1], neurons)
    state = runs[-1].state
    np.testing.assert_allclose(1e3 * state["published_cells.theta"], thresholds, rtol=1e-7)
    np.testing.assert_allclose(state["published.w"].reshape(final.shape), final, rtol=1e-9, atol=1e-12)


def test_the_derived_rule_written_out(images, runs):
    """Δw = κ(x − wΣx/Σw) at the spikes of a neuron, x the traces of the inputs then; sums stay, to rounding."""
    weights = initial_weights(SMALL, 2)[0].copy()
    before = [np.concatenate([k * LASTS + image[j] for k, image in enumerate(images[1])]) for j in range(N_PIXELS)]
    times, neurons = spikes(runs, "derived")
    assert times.size > 30
    for time, cell in zip(times, neurons, strict=True):
        ages = [time - train[train < time + SMALL.dt / 2] for train in before]
        x = np.array([np.exp(-age / TAU).sum() for age in ages])
        weights[cell] += SMALL.plasticity * (x - weights[cell] * x.sum() / SMALL.weight_sum)
    final = runs[-1].state["derived.w"].reshape(weights.shape)
    np.testing.assert_allclose(final, weights, rtol=1e-9)
    np.testing.assert_allclose(final.sum(1), SMALL.weight_sum, rtol=1e-9)


def test_the_signal_is_the_gradient_of_its_loss(random):
    """∂L/∂w of L = −Σ_j x_j ln(w_j/Σw) by central differences, where the weights have their sum."""
    x, w = random.random(5), random.uniform(0.5, 2.0, 5)
    signal = likelihood(replace(SMALL, weight_sum=w.sum()))
    impulse = signal.gradient["post"]

    def gradient(weight, trace):
        values = {"weight_sum": w.sum(), "evidence_post": x.sum(), "w": weight, "x": trace}
        return float(impulse.subs({symbol: values[symbol.name] for symbol in impulse.free_symbols}))

    def loss(weights):
        return -np.sum(x * np.log(weights / weights.sum()))

    h = 1e-5 * np.eye(5)
    expected = [(loss(w + step) - loss(w - step)) / 2e-5 for step in h]
    np.testing.assert_allclose([gradient(*pair) for pair in zip(w, x, strict=True)], expected, atol=1e-8)


def test_a_linear_readout_is_good():
    """Least squares names more than nine of ten images rightly that it has not seen, as is known of this set."""
    digits = load_digits(BUNDLED, 0, np.random.default_rng(1))
    assert readout(digits.train, digits.test) > 0.9


def test_bad_input_is_named():
    with pytest.raises(InputError, match=r"n_label is 500; it must be at most n_train, 100"):
        scenarios.run("unsupervised_digits", n_train=100)
    with pytest.raises(InputError, match=r"shown is 0.36 s; it must be a multiple of 0.05 s"):
        scenarios.run("unsupervised_digits", shown=0.36)
    with pytest.raises(InputError, match=r"n_test is 400, but there are 359 such images; use fewer"):
        scenarios.run("unsupervised_digits", n_test=400)
