"""Noise in rules: moments of stochastic weights, the same numbers on both devices and in a run that is cut."""

from dataclasses import replace

import numpy as np
import pytest

import circuits
from circuits import Circuit, Phase, Population, Projection, RateUnit, Stimulus
from circuits.running.run import compiler
from plasticity import Controllability, Parameter, Rule, Update, compile_rule, replay
from plasticity.errors import InputError
from plasticity.local import local
from tests.error_bounds import variance_error, z

N, DT, TAU, STD = 4000, 1e-3, 0.02, 0.3
RELAXING = Rule(
    "relaxing",
    "A weight that relaxes and diffuses",
    weight_flow="-w/tau + sqrt(2*variance/tau)*white_noise",
    parameters=(Parameter("tau", TAU, "s"), Parameter("variance", STD**2)),
)
SPEED = Parameter("speed", 1.0, "Hz")
GEOMETRIC = Rule("geometric", "Noise in proportion", "sqrt(speed)*w*white_noise", parameters=(SPEED,))


def rates(rule, n=N, weight=0.0, n_batch=1):
    """A layer of `n` units at rest, with one input that is silent."""
    layers = Population("a", neuron=RateUnit(), n=1), Population("b", neuron=RateUnit(), n=n)
    synapses = Projection("s", "a", "b", rule, weight=np.full((n, 1), weight))
    return Circuit("rates", layers, (synapses,), stimulus=Stimulus([[0.0]], hold=0.1), n_batch=n_batch)


def network(rule, n=N, weight=0.0):
    inputs, cells = Population("inputs", [[]]), Population("cells", [[]] * n)
    synapses = Projection("s", "inputs", "cells", rule, weight=np.full((n, 1), weight))
    return Circuit("noisy", (inputs, cells), (synapses,))


def run(rule, duration=0.3, device="numpy", seed=1, **options):
    return circuits.run(network(rule, **options), duration, DT, device, seed=seed).final["s"]


@pytest.mark.parametrize("circuit", [network, rates])
def test_the_stationary_variance_is_that_of_ornstein_and_uhlenbeck(circuit):
    """Of steps w → (1 − a) w + σ√(2a) ξ with a = dt/τ it is σ²/(1 − a/2); after 15 τ nothing is left of the start."""
    weights = circuits.run(circuit(RELAXING), 0.3, DT, "numpy", seed=1).final["s"].ravel()
    variance = STD**2 / (1 - DT / TAU / 2)
    assert abs(weights.mean()) < z() * np.sqrt(variance / N)
    assert abs(weights.var(ddof=1) / variance - 1) < variance_error(N - 1)


@pytest.mark.parametrize("circuit", [network, rates])
def test_a_step_forgets_as_much_as_it_must(circuit):
    """Correlation over k steps: (1 − dt/τ)^k; its estimate from n pairs has the standard error (1 − ρ²)/√n."""
    ends = (circuits.run(circuit(RELAXING), t, DT, "numpy", seed=1).final["s"].ravel() for t in (0.3, 0.31))
    early, late = ends
    expected = (1 - DT / TAU) ** 10
    fisher = np.arctanh(np.corrcoef(early, late)[0, 1]) - np.arctanh(expected)
    assert abs(fisher) < z() / np.sqrt(N - 3)


def test_noise_is_that_of_ito():
    """The mean of a martingale stays: of Stratonovich's integral it would grow by exp(speed·t/2), here by 16 %."""
    weights = run(GEOMETRIC, weight=1.0)
    assert abs(weights.mean() - 1) < z() * np.sqrt(((1 + DT) ** 300 - 1) / N) < 0.16


def test_numbers_depend_on_the_seed_and_the_synapse():
    weights = run(RELAXING)
    assert np.unique(weights).size == N
    np.testing.assert_array_equal(weights, run(RELAXING))
    assert abs(np.corrcoef(weights, run(RELAXING, seed=2))[0, 1]) < z() / np.sqrt(N)


@pytest.mark.parametrize("made", [network, rates])
def test_a_run_that_is_cut_is_the_whole_run(made):
    circuit = made(RELAXING, n=20)
    first, second = circuits.run(circuit, [Phase(0.05), Phase(0.07)], dt=DT, device="numpy", seed=1)
    np.testing.assert_array_equal(second.final["s"], circuits.run(circuit, 0.12, DT, "numpy", seed=1).final["s"])
    assert (first.final["s"] != second.final["s"]).all()


def test_members_of_a_batch_have_noise_of_their_own():
    weights = circuits.run(rates(RELAXING, n=20, n_batch=2), 0.1, DT, seed=1).final["s"]
    assert (weights[0] != weights[1]).all()


@pytest.mark.parametrize("made", [network, rates])
def test_frozen_weights_stand_still(made):
    circuit = made(RELAXING, n=20, weight=0.5)
    frozen = circuits.run(circuit, [Phase(0.05, plastic=False)], dt=DT, device="numpy")[0]
    assert (frozen.final["s"] == 0.5).all()


def test_bounds_and_directions_of_control_hold_for_noise():
    bounded = run(RELAXING.with_bounds(-0.1, 0.1))
    assert bounded.min() == -0.1
    assert bounded.max() == 0.1
    circuit = network(RELAXING, n=20)
    moved = circuits.run(circuit, 0.05, DT, "numpy", controllability=Controllability(rank=1)).final["s"]
    other = circuits.run(circuit, 0.08, DT, "numpy", controllability=Controllability(rank=1)).final["s"]
    assert np.linalg.matrix_rank(np.stack([moved, other]), tol=1e-12) == 1


@pytest.mark.slow  # compiles a model
@pytest.mark.compiled
@pytest.mark.skipif(compiler() is None, reason="needs a C++ compiler")
def test_both_devices_draw_the_same_numbers():
    np.testing.assert_allclose(run(RELAXING, 0.1, "cpp"), run(RELAXING, 0.1), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (replace(RELAXING, weight_flow="sqrt(1/tau)*white_noise**2/white_noise + white_noise**2"), "must be linear"),
        (replace(RELAXING, events={"pre": (Update("w", "w + white_noise*sqrt(tau)"),)}), "at an event"),
    ],
)
def test_noise_enters_flows_to_the_first_power(rule, message):
    with pytest.raises(InputError, match=message):
        compile_rule(rule)


def test_other_methods_are_refused():
    with pytest.raises(InputError, match="method 'rk4' does not fit rule 'relaxing', which reads white_noise"):
        compile_rule(RELAXING, method="rk4")


def test_who_has_no_noise_names_it():
    with pytest.raises(InputError, match="needs white_noise"):
        replay(RELAXING, [0.1], [0.2])
    estimate = local("loss_difference") * local("perturbation") / SPEED.symbol**2
    perturbed = replace(GEOMETRIC, weight_flow=GEOMETRIC.weight_flow + estimate)
    with pytest.raises(InputError, match="white_noise and another the change of the loss"):
        circuits.run(replace(rates(perturbed, n=1), stimulus=Stimulus([[1.0]], [[0.0]], hold=0.1)), 0.1)
