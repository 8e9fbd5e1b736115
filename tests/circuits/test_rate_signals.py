"""Signals in rate networks: their mean against the gradient of the loss by finite differences, or their known bias.

The weights hardly move (rate 1e-6), so the change of a weight measures the mean of the signal at the initial weights.
"""

import itertools

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose

from circuits import load, run
from plasticity import Objective, ObservedCurvature, derive, observe
from plasticity.errors import InputError
from plasticity.feedback import FeedbackChannel
from plasticity.local import local
from plasticity.rules.gradient_descent import gradient_descent
from plasticity.rules.multi_step import multi_step
from plasticity.rules.oja import oja
from plasticity.signals import load as signal
from tests.error_bounds import z

SIZES, DT, SLOW = (3, 4, 4, 2), 1e-3, 1e-6
RANDOM = np.random.default_rng(5)
PATTERNS, TARGETS = RANDOM.standard_normal((5, 3)), RANDOM.standard_normal((5, 2))
WEIGHTS = [RANDOM.standard_normal((b, a)) / np.sqrt(a) for a, b in itertools.pairwise(SIZES)]
RULE = gradient_descent(learning_rate=SLOW)
feedforward, recurrent = load("feedforward_rate"), load("recurrent_rate")


def network(name, n_batch=1, **options):
    options = {"patterns": PATTERNS, "targets": TARGETS, "weights": WEIGHTS, "output": "sigmoid"} | options
    return feedforward(SIZES, RULE, signal(name)(), n_batch=n_batch, **options)


def measured(circuit, n_steps, **options):
    """Mean signal (n_batch, n_post, n_pre) of every projection over a run."""
    final = run(circuit, n_steps * DT, dt=DT, **options).final
    return [(p.weight - final[p.name]) / (SLOW * n_steps * DT) for p in circuit.projections]


def loss(weights):
    r = PATTERNS
    for w in weights[:-1]:
        r = np.tanh(r @ w.T)
    return 0.5 * ((TARGETS - 1 / (1 + np.exp(-r @ weights[-1].T))) ** 2).sum(1).mean()


def difference_quotients(function, weights, h=1e-5):
    """Central differences, exact to h²."""
    slopes = [np.empty_like(w) for w in weights]
    for k, w in enumerate(weights):
        for at in np.ndindex(w.shape):
            ends = []
            for step in (h, -h):
                moved = [v.copy() for v in weights]
                moved[k][at] += step
                ends.append(function(moved))
            slopes[k][at] = (ends[0] - ends[1]) / (2 * h)
    return slopes


TRUE = difference_quotients(loss, WEIGHTS)


def test_exact_error_is_the_gradient_at_any_depth():
    """5e-6: weights move by 1e-6·dt·n in the run, and rounding of the weights is 1e-16/(1e-6·dt·n)."""
    for estimate, true in zip(measured(network("exact_error"), 50), TRUE, strict=True):
        assert_allclose(estimate[0], true, atol=5e-6)


@pytest.mark.parametrize("name", ["node_perturbation", "weight_perturbation"])
def test_perturbation_is_the_gradient_in_the_mean(name):
    """64 members of 2000 steps, 36 weights. The bias, σ² = 1e-4 times third derivatives, is far below the errors."""
    for estimate, true in zip(measured(network(name, n_batch=64), 2000), TRUE, strict=True):
        error = estimate.std(0, ddof=1) / 8
        assert np.abs((estimate.mean(0) - true) / error).max() < z(36, 63)
        assert error.max() < 0.2 * np.abs(true).max()  # it could have been seen


@pytest.mark.parametrize("name", ["node_perturbation", "weight_perturbation"])
def test_neurons_with_a_time_constant_are_perturbed_for_as_long_as_a_pattern(name):
    """Noise that stays for 25 time constants in a recurrent network: the mean signal is Σ_t dL(t)/dξ over that time,
    here by finite differences of the same steps in NumPy. What it differs from the gradient at the
    fixed point, by which it is documented, is the time in which the loss settles, less than a tenth.
    """
    n, members, tau, hold, dt, h = 3, 64, 0.02, 0.5, 0.01, 1e-5
    random = np.random.default_rng(8)
    w, into, x, target = (random.standard_normal(s) for s in ((n, n), (n, 2), (1, 2), (1, n)))
    w *= 0.3

    def losses(weights, start, noise=0.0, slow=dt / tau, n_steps=50):  # one pattern
        r, estimate = start, []
        u = weights @ r + into @ x[0] + noise
        for _ in range(n_steps):
            estimate.append(0.5 * ((target[0] - r) ** 2).sum())
            r = r + slow * (np.tanh(u) - r)
            u = weights @ r + into @ x[0] + noise
        return np.array(estimate), r

    _, rest = losses(w, np.zeros(n), slow=1.0, n_steps=200)
    if name == "node_perturbation":
        slopes = difference_quotients(lambda v: losses(w, rest, v[0])[0].mean(), [np.zeros(n)], h)[0]
        expected = slopes[:, None] * rest
    else:
        expected = difference_quotients(lambda v: losses(v[0], rest)[0].mean(), [w], h)[0]
    true = difference_quotients(lambda v: losses(v[0], rest, slow=1.0, n_steps=200)[0][-1], [w], h)[0]
    circuit = recurrent(
        n,
        RULE,
        signal(name)(),
        patterns=x,
        targets=target,
        weight=w,
        input_weight=into,
        hold=hold,
        tau=tau,
        initial=rest,
        n_batch=members,
    )
    duration = 40 * hold
    estimate = (w - run(circuit, duration, dt).final["recurrent"]) / (SLOW * duration)
    error = estimate.std(0, ddof=1) / np.sqrt(members)
    assert np.abs((estimate.mean(0) - expected) / error).max() < z(n * n, members - 1)
    assert error.max() < 0.2 * np.abs(true).max()
    assert 0 < np.linalg.norm(expected - true) < 0.1 * np.linalg.norm(true)


def test_perturbations_of_weights_are_noisier_than_those_of_neurons():
    """The variance grows with the number of perturbed quantities: 36 weights against 10 neurons (werfel_2005)."""
    spread = [
        np.mean([f.var(0).mean() for f in measured(network(name, n_batch=64), 200)])
        for name in ("weight_perturbation", "node_perturbation")
    ]
    assert spread[0] > 2 * spread[1]


def test_random_feedback_is_exact_on_the_last_layer_only():
    *hidden, last = measured(network("random_feedback"), 50)
    assert_allclose(last[0], TRUE[-1], atol=5e-6)
    for estimate, true in zip(hidden, TRUE, strict=False):
        assert np.linalg.norm(estimate[0] - true) > 0.5 * np.linalg.norm(true)


def test_random_feedback_is_biased_by_its_weights():
    """In the layer below the output it is −(F e) φ' r, so the bias is ((W − Fᵀ)ᵀ e) φ' r; with F = Wᵀ there is none.

    (The slope of a sigmoid output is taken out: the message is e, not e φ'.)
    """
    linear = {"output": "linear"}
    routes = {"hidden_1": np.zeros((4, 2)), "hidden_2": np.random.default_rng(1).standard_normal((4, 2))}
    estimate = measured(network("random_feedback", feedback_weights=routes, **linear), 50)[1][0]
    r1 = np.tanh(PATTERNS @ WEIGHTS[0].T)
    r2 = np.tanh(r1 @ WEIGHTS[1].T)
    e = TARGETS - r2 @ WEIGHTS[2].T
    true = -((e @ WEIGHTS[2]) * (1 - r2**2)).T @ r1 / 5
    bias = ((e @ (WEIGHTS[2] - routes["hidden_2"].T)) * (1 - r2**2)).T @ r1 / 5
    assert_allclose(estimate - true, bias, atol=5e-6)
    aligned = {"hidden_1": routes["hidden_1"], "hidden_2": WEIGHTS[2].T}
    assert_allclose(measured(network("random_feedback", feedback_weights=aligned, **linear), 50)[1][0], true, atol=5e-6)


def test_random_feedback_has_no_direction_before_learning():
    """Over 200 networks the cosine between signal and gradient has the mean 0."""
    options = {"n_batch": 200, "weights": None}
    blind, exact = (measured(network(name, **options), 5)[1] for name in ("random_feedback", "exact_error"))
    cosine = (blind * exact).sum((1, 2)) / np.sqrt((blind**2).sum((1, 2)) * (exact**2).sum((1, 2)))
    assert abs(cosine.mean()) < z(degrees=199) * cosine.std(ddof=1) / np.sqrt(200)
    assert cosine.std() > 0.1


def test_noise_of_the_channel_has_the_mean_zero():
    noisy = measured(network("exact_error", n_batch=64), 200, feedback=FeedbackChannel(noise=0.1))
    for estimate, true in zip(noisy, TRUE, strict=True):
        error = estimate.std(0, ddof=1) / 8
        assert np.abs((estimate.mean(0) - true) / error).max() < z(36, 63)
        assert error.max() > 1e-4


def test_exact_error_of_a_recurrent_network_is_the_gradient_at_its_fixed_point():
    n, hold = 4, 2.0
    random = np.random.default_rng(8)
    w, into, x, target = (random.standard_normal(s) for s in ((n, n), (n, 3), (1, 3), (1, n)))
    w *= 0.3

    def rest(weights):
        r = np.zeros(n)
        for _ in range(200):
            r = np.tanh(weights[0] @ r + into @ x[0])
        return 0.5 * ((target[0] - r) ** 2).sum()

    circuit = recurrent(
        n, RULE, signal("exact_error")(), patterns=x, targets=target, weight=w, input_weight=into, hold=hold, tau=0.01
    )
    settled = run(circuit, hold, dt=DT, record_every=0.5, n_tracked=n * n)
    path = settled.weights["recurrent"][0]
    true = difference_quotients(rest, [w])[0].ravel()
    assert_allclose((path[1] - path[-1]) / (SLOW * 1.5), true, atol=5e-6)  # after 50 time constants


def test_variance_is_the_gradient_and_with_its_drift_the_rule_finds_the_first_component(random):
    x = random.standard_normal((40, 3)) @ np.diag([2.0, 1.0, 0.5]) @ np.linalg.qr(random.standard_normal((3, 3)))[0]
    x -= x.mean(0)
    w = np.array([[0.4, 0.3, -0.2]])
    circuit = feedforward((3, 1), RULE, signal("variance")(), patterns=x, weights=[w], output="linear")
    assert_allclose(measured(circuit, 40)[0][0], -w @ x.T @ x / 40, atol=5e-6)

    pull = derive(Objective(discount=sp.oo, plasticity=0.05, drift=lambda w: -0.05 * local("post_rate") ** 2 * w))
    derived = feedforward((3, 1), pull, signal("variance")(), patterns=x, weights=[w], output="linear")
    by_hand = feedforward((3, 1), oja(learning_rate=0.05), patterns=x, weights=[w], output="linear")
    ends = [run(c, 400.0, dt=0.1).final["layer_1"][0, 0] for c in (derived, by_hand)]
    assert_allclose(*ends, rtol=1e-9)
    first = np.linalg.eigh(x.T @ x)[1][:, -1]
    assert_allclose(np.abs(ends[0] @ first), 1, atol=0.01)  # the patterns keep it moving by about the rate, 0.05·0.1·y²


def test_output_synapses_know_their_curvature():
    """∂²L/∂w² of a linear output: the mean of r². A rule that needs it is fed by it."""
    x = np.array([[1.5, -0.4]])
    rule = multi_step(discount=0.7, plasticity=1.3)
    fed = observe(rule, signal("exact_error")())
    assert not {s.name for s in fed.inputs} & {"gradient", "curvature"}
    now = observe(rule, signal("exact_error")(), ObservedCurvature(time_constant=0.0))
    circuit = feedforward((2, 1), now, patterns=x, targets=[[1.0]], weights=[[[0.0, 0.0]]], output="linear")
    moved = run(circuit, DT, dt=DT).final["layer_1"][0, 0] / DT
    expected = 1.3 * x[0] / (0.35 + np.sqrt(0.35**2 + 1.3 * x[0] ** 2))
    assert_allclose(moved, expected, rtol=1e-12)


def test_signals_of_spikes_are_refused():
    from plasticity.signal import Signal

    reward = Signal("reward", "reward", density=-local("reward_deviation") * local("pre_rate"), loss_unit="Hz")
    circuit = feedforward((2, 1), RULE, reward, patterns=[[1, 1]], targets=[[1]])
    with pytest.raises(InputError, match="asks for reward_deviation .* which rate networks do not have"):
        run(circuit, 1.0, dt=0.1)
    both = [observe(RULE, signal("exact_error")()), observe(RULE, signal("node_perturbation")())]
    with pytest.raises(InputError, match="use one kind of feedback"):
        run(feedforward((2, 2, 1), both, patterns=[[1, 1]], targets=[[1]]), 1.0, dt=0.1)
