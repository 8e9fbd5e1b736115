"""Escape-rate neurons in Brian2 against a loop in NumPy, finite differences of the likelihood, and statistics."""

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

import circuits
from circuits.escape_rate_neuron import escape_rate_neuron
from circuits.feedforward_rate import feedforward_rate
from circuits.neurons.escape_rate import escape_rate
from circuits.neurons.integrate_and_fire import lif
from plasticity import Controllability, FeedbackChannel, Objective, derive, observe
from plasticity.belief import FadingMemory, GaussianWeight
from plasticity.controllability import constrain, move
from plasticity.errors import DivergedError, InputError, UnknownNameError
from plasticity.feedback import open_channel
from plasticity.poisson import poisson_trains
from plasticity.rules.adam import adam
from plasticity.rules.gradient_descent import gradient_descent
from plasticity.rules.weight_decay import weight_decay
from plasticity.signals.escape_rate_likelihood import escape_rate_likelihood
from plasticity.signals.exact_error import exact_error
from tests.error_bounds import z

DT, DURATION, N = 1e-3, 0.5, 12
TARGETS = poisson_trains(20.0, 3, DURATION, seed=1, name="targets")
INPUTS = poisson_trains(40.0, N, DURATION, seed=1)
NOISY = FeedbackChannel(noise=1.0, delay=0.01, sparsity=0.3, sign_error=0.1, quantum=0.5, gain=0.8)


def circuit(rule, targets=TARGETS, weight=0.05, signal=None, neuron=None):
    signal = (signal or escape_rate_likelihood()) if rule is not None else None
    return escape_rate_neuron(INPUTS, targets, rule, signal, weight, neuron)


def on_grid(trains):
    spikes = np.zeros((round(DURATION / DT), len(trains)))
    for j, train in enumerate(trains):
        spikes[np.round(train / DT).astype(int), j] = 1
    return spikes


def potentials(tau=0.02):
    """PSP of every input at every step: a spike counts in its own step."""
    psp, path = np.zeros(N), []
    for now in on_grid(INPUTS):
        psp = psp + now
        path.append(psp)
        psp = psp * np.exp(-DT / tau)
    return np.array(path)


def negative_log_likelihood(weights):
    rate = 10 * np.exp((potentials() @ weights.T - 1) / 0.3)
    return (rate * DT - on_grid(TARGETS) * np.log(rate)).sum(axis=0)


def true_gradient(weights, step=1e-5):
    shifts = step * np.eye(N)
    ahead, behind = (np.array([negative_log_likelihood(weights + s * d) for d in shifts]) for s in (1, -1))
    return ((ahead - behind) / (2 * step)).T


def sender(channel):
    """What becomes of the errors of three neurons in one channel, or in a channel each."""
    if isinstance(channel, FeedbackChannel):
        return open_channel(channel, 3, DT, streams=[(3, 0)])
    lines = [open_channel(c, 1, DT, streams=[(3, k)]) for k, c in enumerate(channel)]
    return lambda sent: np.concatenate([line(sent[:, k : k + 1]) for k, line in enumerate(lines)], axis=1)


CHANNELS = {
    "perfect": FeedbackChannel(),
    "noisy": NOISY,
    "low_dimensional": FeedbackChannel(projection=2, gain=0.3, noise=0.5, delay=5e-3),
    "one_each": [FeedbackChannel(noise=s, sparsity=p, gain=g) for s, p, g in ((0, 0, 1), (1, 0.5, 1), (3, 0, 0.5))],
}


@pytest.mark.parametrize("channel", CHANNELS.values(), ids=CHANNELS)
def test_brian_equals_a_loop_in_numpy(channel):
    result = circuits.run(circuit(gradient_descent(0.02)), DURATION, DT, "numpy", seed=3, feedback=channel)
    send = sender(channel)
    decay = np.exp(-DT / 0.02)
    w, v, psp = np.full((3, N), 0.05), np.zeros(3), np.zeros(N)
    for arriving, target in zip(on_grid(INPUTS), on_grid(TARGETS), strict=True):
        psp, v = psp + arriving, v + w @ arriving
        rate = 10 * np.exp((v - 1) / 0.3)
        error = send((target / DT - rate)[None])[0]
        w = w + DT * 0.02 * (error / 0.3)[:, None] * psp
        v, psp = v * decay, psp * decay
    np.testing.assert_allclose(result.final["synapses"], w.ravel(), rtol=1e-11)


def test_the_signal_is_the_gradient_of_the_likelihood():
    """With a rate of learning of 1e-9 the weights stand still: their change is the gradient at the start."""
    rate = 1e-9
    weights = np.random.default_rng(0).normal(0.05, 0.05, (3, N))
    result = circuits.run(circuit(gradient_descent(rate), weight=weights), DURATION, DT, "numpy")
    estimate = (weights.ravel() - result.final["synapses"]) / rate
    np.testing.assert_allclose(estimate.reshape(3, N), true_gradient(weights), rtol=1e-5, atol=1e-6)


def test_noise_leaves_the_mean_of_the_gradient():
    """200 learners with their own noise, 12 synapses."""
    n, rate = 200, 1e-6
    copies = circuit(gradient_descent(rate), targets=[TARGETS[0]] * n)
    result = circuits.run(copies, DURATION, DT, "numpy", seed=5, feedback=FeedbackChannel(noise=5.0))
    estimate = (0.05 - result.final["synapses"].reshape(n, N)) / rate
    error = estimate.std(axis=0, ddof=1) / np.sqrt(n)
    expected = true_gradient(np.full((3, N), 0.05))[0]
    assert (error > 0).all()
    assert (np.abs(estimate.mean(axis=0) - expected) < z(estimate.shape[1], n - 1) * error).all()


@pytest.mark.parametrize("nonlinearity", ["exponential", "sigmoid"])
def test_neurons_fire_at_their_escape_rate(nonlinearity):
    """Spikes of 400 neurons against the mean of Σ ρ dt; sd of a sum of independent steps."""
    neuron = escape_rate(nonlinearity=nonlinearity, maximal_rate=100.0)
    free = circuit(None, targets=400, weight=0.3, neuron=neuron)
    result = circuits.run(free, DURATION, DT, "numpy", seed=2, record=("outputs",))
    u = potentials() @ np.full(N, 0.3)
    grown = 10 * np.exp((u - 1) / 0.3)
    rate = grown if nonlinearity == "exponential" else 100 / (1 + 9 * np.exp(-(u - 1) / 0.3))
    chance = np.minimum(1, rate * DT)
    expected, variance = 400 * chance.sum(), 400 * (chance * (1 - chance)).sum()
    assert abs(result.counts["outputs"].sum() - expected) < z() * np.sqrt(variance)
    times, neurons = result.spikes["outputs"]
    assert times.size == result.counts["outputs"].sum()
    assert neurons.max() < 400


def test_an_uncertain_synapse_learns_the_fisher_information():
    """d(s²)/dt = −s⁴ J: 1/s² grows by the Fisher information Σ ρ'²/ρ ε² dt of the path of weights that stand still."""
    rule = derive(Objective(sp.oo, plasticity=1e-11), weight_belief=GaussianWeight(variance=1e3))
    result = circuits.run(
        circuit(rule), DURATION, DT, "numpy", record_every=0.1, record=("belief_variance",), n_tracked=36
    )
    v = potentials() @ np.full(N, 0.05)
    information = (10 * np.exp((v - 1) / 0.3) / 0.3**2)[:, None] * potentials() ** 2
    gained = 1 / result.states["synapses"]["belief_variance"][-1].reshape(3, N)[0] - 1e-3
    until = round(result.times[-1] / DT)
    expected = 1e-11 * information[:until].sum(axis=0) * DT
    moved = np.abs(result.final["synapses"] - 0.05).max() * potentials().sum(axis=1).max()  # of a potential
    assert moved / 0.3 < 1e-4
    np.testing.assert_allclose(gained, expected, rtol=moved / 0.3 + 1e-8)  # 1e-8: rounding of a difference from 1e-3


def test_knowing_the_noise_scales_the_gradient():
    """With σ² far above ρ the score is (S* − ρ)ρ'/σ² ε."""
    plain = circuits.run(circuit(gradient_descent(1e-9)), DURATION, DT, "numpy").final["synapses"] - 0.05
    noise = 1e3
    known = circuit(gradient_descent(1e-9), signal=escape_rate_likelihood(noise))
    estimate = circuits.run(known, DURATION, DT, "numpy").final["synapses"] - 0.05
    assert np.abs(estimate).max() < 1e-4 * np.abs(plain).max()
    assert np.abs(estimate).max() > 0


def test_squares_of_a_spike_train_need_a_clock():
    rule = derive(Objective(discount=1.0), curvature_belief=FadingMemory(time_constant=1.0))
    with pytest.raises(InputError, match="decay per step"):
        circuit(rule)


def test_limits_of_control_hold_in_the_network():
    mask = np.ones((3, N), bool)
    mask[:, ::2] = False
    limits = Controllability(mask=mask, bounds=(0.04, 0.06))
    result = circuits.run(circuit(gradient_descent(0.02)), DURATION, DT, "numpy", controllability=limits)
    w = result.final["synapses"].reshape(3, N)
    assert (w[:, ::2] == 0.05).all()
    assert ((w >= 0.04) & (w <= 0.06)).all()
    assert set(w[:, 1::2].ravel()) & {0.04, 0.06}


def coupled_limits(rank=3):
    """Three controllers for 36 synapses of which some are fixed; a drift in which every weight moves the others."""
    drift = np.random.default_rng(4).normal(0, 0.2, (3 * N, 3 * N))
    return Controllability(rank=rank, plastic_fraction=0.8, drift=drift, bounds=(0.0, 0.12))


LIMITS = {
    "rank and coupled drift": coupled_limits(),
    "coupled drift": coupled_limits(rank=None),
    "sums and drift": Controllability(conserved="both", mask=np.arange(N) % 3 > 0, bounds=(0.0, 0.12), drift=-0.5),
    "mask, sign, bounds and drift": Controllability(
        mask=np.arange(N) % 3 > 0, sign=np.arange(N) % 2, bounds=(-1.0, 0.12), drift=np.linspace(-2, 1, N)
    ),
}


@pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS)
def test_synapses_move_in_spiking_networks_as_they_move_elsewhere(limits):
    """A NumPy loop that moves the weights by `controllability.move`, as `simulate` and rate circuits do."""
    result = circuits.run(circuit(gradient_descent(0.2)), DURATION, DT, "numpy", seed=3, controllability=limits)
    constraint = constrain(limits, (3, N), 3, name="synapses")
    decay = np.exp(-DT / 0.02)
    w, v, psp = np.full((3, N), 0.05), np.zeros(3), np.zeros(N)
    for arriving, target in zip(on_grid(INPUTS), on_grid(TARGETS), strict=True):
        psp, v = psp + arriving, v + w @ arriving
        error = target / DT - 10 * np.exp((v - 1) / 0.3)
        w = move(constraint, w, DT * 0.2 * (error / 0.3)[:, None] * psp, DT)
        v, psp = v * decay, psp * decay
    np.testing.assert_allclose(result.final["synapses"], w.ravel(), rtol=1e-11)
    assert {0.0, 0.12} & set(result.final["synapses"].round(12))


def test_ticks_of_a_shared_controller_stay_in_its_span():
    """Adam asks for changes in all directions at ticks; the weights move along two."""
    rule = observe(adam(0.01), escape_rate_likelihood()).with_parameters(clock_step=0.05)
    directions = np.random.default_rng(5).normal(size=(3 * N, 2))
    taught = escape_rate_neuron(INPUTS, TARGETS, rule, None, 0.05)
    result = circuits.run(taught, DURATION, DT, "numpy", controllability=Controllability(rank=directions))
    moved = result.final["synapses"] - 0.05
    outside = moved - directions @ np.linalg.lstsq(directions, moved, rcond=None)[0]
    assert np.abs(outside).max() < 1e-14 < 1e-3 < np.abs(moved).max()


@pytest.mark.parametrize("name", ["incoming", "outgoing"])
def test_conserved_sums_stay_at_every_step(name):
    learning = circuit(gradient_descent(0.02))
    ends = {"incoming": learning.projections[0].targets, "outgoing": learning.projections[0].sources}[name]
    limits = Controllability(conserved=name)
    watch = {"controllability": limits, "record_every": DT, "n_tracked": 3 * N}
    moved = circuits.run(learning, DURATION, DT, "numpy", **watch).weights["synapses"] - 0.05
    sums = np.array([np.bincount(ends, step) for step in moved.reshape(-1, 3 * N)])
    assert np.abs(sums).max() < 1e-13 < 1e-3 < np.abs(moved).max()


def test_a_drift_moves_what_is_not_plastic():
    limits = Controllability(plastic_fraction=0.0, drift=-2.0)
    result = circuits.run(circuit(gradient_descent(0.02)), DURATION, DT, "numpy", controllability=limits)
    np.testing.assert_allclose(result.final["synapses"], 0.05 * (1 - 2.0 * DT) ** 500, rtol=1e-12)


def test_bad_input_is_named():
    learning = circuit(gradient_descent(0.02))
    with pytest.raises(InputError, match="shorter than the time step"):
        circuits.run(learning, DURATION, DT, "numpy", feedback=FeedbackChannel(delay=1e-4))
    with pytest.raises(UnknownNameError, match="unknown feedback 'errors'; did you mean 'error'"):
        circuits.run(learning, DURATION, DT, "numpy", feedback={"errors": FeedbackChannel()})
    with pytest.raises(InputError, match="has 2 channels for 3 components"):
        circuits.run(learning, DURATION, DT, "numpy", feedback=[FeedbackChannel(noise=1.0)] * 2)
    with pytest.raises(InputError, match="must share delay and quantum"):
        circuits.run(learning, DURATION, DT, "numpy", feedback=[FeedbackChannel(delay=d) for d in (0, 0.01, 0)])
    with pytest.raises(InputError, match="outside its bounds"):
        circuits.run(learning, DURATION, DT, "numpy", controllability=Controllability(bounds=(0.1, 1.0)))
    with pytest.raises(InputError, match=r"mask has shape \(2, 2\)"):
        circuits.run(learning, DURATION, DT, "numpy", controllability=Controllability(mask=np.ones((2, 2))))
    with pytest.raises(UnknownNameError, match="did you mean 'outputs'"):
        circuits.run(learning, DURATION, DT, "numpy", record=("output",))
    with pytest.raises(InputError, match="escape-rate neuron, got 'lif'"):
        circuit(gradient_descent(), neuron=lif())
    with pytest.raises(InputError, match="finite"):
        circuit(gradient_descent(), targets=[[np.nan]])
    with pytest.raises(InputError, match=r"weight of 'synapses' must be a number or have shape \(3, 12\)"):
        circuit(gradient_descent(), weight=np.ones(5))
    with pytest.raises(InputError, match="asks for gradient"):
        escape_rate_neuron(INPUTS, TARGETS, weight_decay())
    with pytest.raises(InputError, match="asks for 'spike_error'"):  # nobody says when it should have fired
        circuit(gradient_descent(), targets=2)
    with pytest.raises(InputError, match=r"signal must be a Signal, got <function .* call it: escape_rate_likelihood"):
        circuit(gradient_descent(), signal=escape_rate_likelihood)
    with pytest.raises(InputError, match=r"or a SynapseModel, got 'adam'; write plasticity.rules.load\('adam'\)"):
        circuit("adam")


def test_arguments_of_run_are_checked_in_every_engine():
    rates = feedforward_rate((2, 1), gradient_descent(), exact_error(), patterns=[[1, 0]], targets=[[1]])
    still = feedforward_rate((2, 1), None, patterns=[[1, 0]])
    for learning, fixed in ((circuit(gradient_descent(0.02)), circuit(None)), (rates, still)):
        for arguments, words in (
            ({"record": "rate"}, r"record must be a sequence, got 'rate'; write \('rate',\)"),
            ({"n_tracked": 2.5}, "n_tracked must be a whole number, got 2.5"),
            ({"controllability": 3}, "controllability must be a Controllability, .* got 3"),
            ({"feedback": 3.0}, "feedback .*must be a FeedbackChannel, .* got 3.0"),
            ({"record_every": 2.5 * DT}, "record_every is 0.0025 s, no multiple of dt = 0.001 s; use 0.002 s"),
        ):
            with pytest.raises(InputError, match=words):
                circuits.run(learning, DURATION, DT, **arguments)
        with pytest.raises(InputError, match="no plastic projection, so a Controllability changes nothing"):
            circuits.run(fixed, DURATION, DT, controllability=Controllability(rank=1))
    with pytest.raises(InputError, match="circuit must be .* got None"):
        circuits.run(None, DURATION, DT)


def test_weights_start_within_the_bounds_of_their_rule():
    rule = replace(gradient_descent(0.02), bounds=(0.0, 1.0))
    with pytest.raises(InputError, match=r"weight of 'synapses'\[0\] is 5, outside its bounds 0 … 1"):
        circuits.run(circuit(rule, weight=5.0), DURATION, DT, "numpy")


def test_a_network_that_explodes_is_reported():
    with np.errstate(all="ignore"), pytest.raises(DivergedError, match="no longer finite at t = "):
        circuits.run(circuit(gradient_descent(1e4)), DURATION, DT, "numpy", record_every=0.01)
