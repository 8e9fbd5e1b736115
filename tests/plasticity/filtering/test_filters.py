"""Filters against the joint posterior of everything, written out and inverted; gains against their equations."""

import itertools

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import block_diag, solve_continuous_are
from scipy.stats import multivariate_normal

from plasticity import Objective, solve
from plasticity.belief import GaussianWeight, OrnsteinUhlenbeck, SwitchingTask
from plasticity.errors import InputError
from plasticity.filtering.filters import (
    LinearGaussian,
    fading_memory,
    kalman_filter,
    ornstein_uhlenbeck_model,
    steady_gain,
    weight_model,
)
from plasticity.filtering.kalman_bucy import kalman_bucy_gain
from plasticity.filtering.switching import switching_filter
from plasticity.filtering.trials import future_weights, track, trial_model
from plasticity.landscapes import Quadratic

ONE = OrnsteinUhlenbeck(time_constant=0.7, stationary_std=1.5, observation_noise=0.4, mean=0.3)
TWO = OrnsteinUhlenbeck(time_constant=(0.2, 5.0), stationary_std=(1.0, 2.0), observation_noise=0.6, mean=(0.5, -1.0))
SMITH = trial_model([0.708, 0.9994], [1.82, 0.0173], 1.0)  # retention, process variance over that of the observation


def joint_posterior(model, observations):
    """Mean and covariance of the state at the last time, from the joint Gaussian of all states and observations."""
    times, n = len(observations), len(model.mean)
    a = np.asarray(model.transition)
    prior_mean, cause = np.empty((times, n)), np.zeros((times, n, times, n))  # state = mean + cause·(start, shocks)
    for t in range(times):
        prior_mean[t] = model.mean if t == 0 else model.rest + a @ (prior_mean[t - 1] - model.rest)
        if t:
            cause[t] = np.einsum("ij,jsk->isk", a, cause[t - 1])
        cause[t, :, t] = np.eye(n)
    cause = cause.reshape(times * n, times * n)
    shocks = block_diag(model.covariance, *[model.process_covariance] * (times - 1))
    state = cause @ shocks @ cause.T
    seen = [t for t in range(times) if not np.isnan(observations[t]).any()]
    look = np.kron(np.eye(times)[seen], model.observation)
    noise = np.kron(np.eye(len(seen)), model.observation_covariance)
    gain = state @ look.T @ np.linalg.inv(look @ state @ look.T + noise)
    mean = prior_mean.ravel() + gain @ (np.ravel([observations[t] for t in seen]) - look @ prior_mean.ravel())
    covariance = state - gain @ look @ state
    return mean[-n:], covariance[-n:, -n:]


MODELS = {
    "ou": ornstein_uhlenbeck_model(ONE, 0.25),
    "two components": ornstein_uhlenbeck_model(TWO, 0.1),
    "trials": SMITH,
    "weight": weight_model(GaussianWeight(0.25, process_noise=0.1), 0.5, dt=0.2, mean=0.7),
    "static weight": weight_model(GaussianWeight(2.0), 0.5, dt=0.2),
    "full": LinearGaussian(
        np.array([[0.9, 0.3], [-0.2, 0.7]]),
        np.array([[0.5, 0.1], [0.1, 0.3]]),
        np.array([[1.0, 0.5], [0.0, 2.0]]),
        np.array([[0.4, -0.1], [-0.1, 0.9]]),
        np.array([1.0, -1.0]),
        np.array([[2.0, 0.4], [0.4, 1.0]]),
        np.array([0.2, 0.1]),
    ),
}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_kalman_filter_is_the_joint_posterior(model):
    """Every prefix of eight observations, one of them missing, to 1e-10."""
    y = np.random.default_rng(2).standard_normal((8, len(model.observation)))
    y[3] = np.nan
    found = kalman_filter(model, y)
    for t in range(8):
        mean, covariance = joint_posterior(model, y[: t + 1])
        np.testing.assert_allclose(found.mean[t], mean, rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(found.covariance[t], covariance, rtol=1e-10, atol=1e-10)
    assert not found.gain[3].any()


@pytest.mark.parametrize("name", ["ou", "two components", "trials", "weight", "full"])
def test_steady_gain_is_where_the_gain_ends(name):
    model = MODELS[name]
    n_times = 200 if name != "trials" else 20_000  # the slow part forgets 6e-4 per trial, but is seen to 1e-2
    found = kalman_filter(model, np.zeros((n_times, len(model.observation))))
    np.testing.assert_allclose(found.gain[-1], steady_gain(model), rtol=1e-9, atol=1e-12)


def test_samples_are_exact_whatever_their_distance():
    """Two samples a time 2dt apart have the same joint law as with an unseen one between them."""
    y = np.array([[0.4], [np.nan], [1.3]])
    fine = ornstein_uhlenbeck_model(TWO, 0.3)
    coarse = ornstein_uhlenbeck_model(TWO, 0.6)
    halved = LinearGaussian(**{**vars(coarse), "observation_covariance": fine.observation_covariance})
    np.testing.assert_allclose(kalman_filter(fine, y).mean[2], kalman_filter(halved, y[::2]).mean[1], rtol=1e-12)


def test_many_samples_approach_kalman_bucy():
    """The gain per time of samples dt apart differs from K(t) by a term of first order in dt."""
    errors = []
    for n in (200, 400, 800):
        model = ornstein_uhlenbeck_model(TWO, 1.0 / n)
        sampled = kalman_filter(model, np.zeros((n, 1))).gain[-1, :, 0] * n
        errors.append(np.abs(sampled - kalman_bucy_gain(TWO, [1.0])[0]).max())
    np.testing.assert_allclose(np.log2(np.divide(errors[:-1], errors[1:])), 1, atol=0.05)


@pytest.mark.parametrize("variance", [None, 0.0, 20.0])
def test_transient_gain_solves_its_riccati_equation(variance):
    """Scalar: dS/dt = −2S/τ + 2σ²/τ − S²/σ_o², integrated by an independent solver to 1e-10."""
    tau, sd, noise = ONE.time_constant, ONE.stationary_std, ONE.observation_noise
    times = np.array([0.0, 0.01, 0.1, 1.0, 5.0])
    start = sd**2 if variance is None else variance
    numeric = solve_ivp(
        lambda _, s: -2 * s / tau + 2 * sd**2 / tau - s**2 / noise**2,
        (0, 5),
        [start],
        method="DOP853",
        t_eval=times,
        rtol=1e-12,
        atol=1e-13,
    )
    np.testing.assert_allclose(kalman_bucy_gain(ONE, times, variance)[:, 0], numeric.y[0] / noise**2, atol=1e-10)


def test_steady_gain_in_continuous_time():
    """K = −1/τ + sqrt(1/τ² + 2σ²/(τσ_o²)); several components: the algebraic Riccati equation. Also after 1e6 s."""
    tau, sd, noise = ONE.time_constant, ONE.stationary_std, ONE.observation_noise
    exact = -1 / tau + np.sqrt(1 / tau**2 + 2 * sd**2 / (tau * noise**2))
    np.testing.assert_allclose(kalman_bucy_gain(ONE, [20.0, 1e4])[:, 0], exact, rtol=1e-12)
    rate, std = 1 / np.array(TWO.time_constant), np.array(TWO.stationary_std)
    r = np.array([[TWO.observation_noise**2]])
    s = solve_continuous_are(-np.diag(rate), np.ones((2, 1)), np.diag(2 * std**2 * rate), r)
    np.testing.assert_allclose(kalman_bucy_gain(TWO, [60.0])[0], s.sum(1) / r[0, 0], rtol=1e-10)


@pytest.mark.parametrize("decay", [0.5, 0.9, 0.999])
def test_fading_memory_gain_and_mean(decay):
    """Gain (1 − β)/(1 − βᵗ); the mean is Adam's bias-corrected moving average."""
    y = np.random.default_rng(0).standard_normal((30, 2))
    mean, gain = fading_memory(y, decay)
    t = np.arange(1, 31)
    np.testing.assert_allclose(gain, (1 - decay) / (1 - decay**t), rtol=1e-12)
    average = np.zeros(2)
    for n, seen in enumerate(y):
        average = decay * average + (1 - decay) * seen
        np.testing.assert_allclose(mean[n], average / (1 - decay ** (n + 1)), atol=1e-13)


def test_fading_memory_is_the_joint_posterior_of_a_drifting_value():
    """A random walk whose variance of each step, P_t(1/β − 1), inflates the prior by 1/β; diffuse start.

    The joint precision matrix of all values is written out and inverted.
    """
    decay, y = 0.8, np.array([0.3, -1.0, 2.0, 0.5, 0.7, -0.2])
    mean, _ = fading_memory(y, decay)
    precision = np.zeros((0, 0))
    for t in range(y.size):
        if t:
            variance = np.linalg.inv(precision)[-1, -1]
            coupling = 1 / (variance * (1 / decay - 1))
            grown = np.zeros((t + 1, t + 1))
            grown[:t, :t] = precision
            grown[t - 1 :, t - 1 :] += coupling * np.array([[1, -1], [-1, 1]])
            precision = grown
        else:
            precision = np.zeros((1, 1))
        precision[t, t] += 1.0
        assert np.linalg.solve(precision, y[: t + 1])[-1] == pytest.approx(mean[t], abs=1e-10)


def test_uncertain_synapses_learn_faster():
    """Gain s²/(s² + r) of the first observation; process noise keeps the gain from vanishing."""
    y = np.zeros((4, 1))
    gains = [kalman_filter(weight_model(GaussianWeight(s), 1.0, dt=0.5), y).gain[0, 0, 0] for s in (0.1, 1.0, 10.0)]
    np.testing.assert_allclose(gains, np.array([0.1, 1, 10]) / (np.array([0.1, 1, 10]) + 2), rtol=1e-14)
    q, r = 0.3 * 0.5, 2.0  # steady predicted variance P: P²/(P + r) = q
    p = q / 2 + np.sqrt(q**2 / 4 + q * r)
    assert steady_gain(weight_model(GaussianWeight(1.0, 0.3), 1.0, 0.5))[0, 0] == pytest.approx(p / (p + r), rel=1e-12)


def test_tracker_is_the_two_state_model_in_other_parameters():
    """B_i = a_i K_i = (0.44046, 0.07133); with weights 1 the two tie trial by trial (learning, clamp, reversal)."""
    a, gain = np.array([0.708, 0.9994]), steady_gain(SMITH)[:, 0]
    np.testing.assert_allclose(gain, [0.62211, 0.07137], atol=5e-6)
    np.testing.assert_allclose(a * gain, [0.44046, 0.07133], atol=5e-6)
    perturbation = np.concatenate([np.ones(100), -np.ones(15), np.zeros(50)])
    perturbation[40:43] = np.nan
    clamped = np.arange(165) >= 115
    output, estimates = track(SMITH, perturbation, clamped=clamped)
    x = np.zeros(2)
    for n in range(165):
        np.testing.assert_allclose(estimates[n], x, atol=1e-12)
        error = 0.0 if clamped[n] else perturbation[n] - x.sum()
        x = a * x + a * gain * (0.0 if np.isnan(error) else error)
    assert output[120:135].max() > 0.1 > output[115]  # spontaneous recovery after the reversal


def test_tracker_estimates_are_posterior_means():
    """With the gains at their steady state from the start, the estimates are those of the Kalman filter."""
    y = np.random.default_rng(3).standard_normal(30)
    predicted = steady_covariance(SMITH)
    started = LinearGaussian(**{**vars(SMITH), "covariance": predicted})
    exact = kalman_filter(started, y[:, None]).mean @ np.asarray(SMITH.transition).T
    np.testing.assert_allclose(track(SMITH, y, weights=[0.5, 1.0])[1][1:], exact[:-1], atol=1e-10)


def steady_covariance(model):
    """Fixed point of the predicted covariance, by iteration."""
    p, c, r = np.asarray(model.covariance), np.asarray(model.observation), np.asarray(model.observation_covariance)
    for _ in range(20_000):
        left = np.eye(len(p)) - p @ c.T @ np.linalg.inv(c @ p @ c.T + r) @ c
        p = model.transition @ left @ p @ np.transpose(model.transition) + model.process_covariance
    return p


def test_future_weights_against_an_augmented_riccati_equation():
    """The optimum is a sum of parts that decay at 1/τ_i; in (θ, μ_1, μ_2) the problem is linear-quadratic.

    u = −ηP_θ· (θ, μ) must be −R(θ − Σ w_i μ_i). Matrix H, so R and the weights are matrices.
    """
    gamma, eta, k, tau = 0.3, 1.2, 0.8, np.array([0.7, 4.0])
    hessian = np.array([[2.0, 0.6], [0.6, 0.5]])
    one = np.eye(2)
    drift = block_diag(0 * one, -one / tau[0], -one / tau[1])
    control = np.vstack([one, 0 * one, 0 * one])
    miss = np.hstack([one, -one, -one])
    p = solve_continuous_are(drift - gamma / 2 * np.eye(6), control, k * miss.T @ hessian @ miss, one / eta)
    feedback = eta * control.T @ p
    rate = -solve(Objective(gamma, eta, k), Quadratic(hessian, np.zeros(2))).closed_loop
    np.testing.assert_allclose(feedback[:, :2], rate, atol=1e-10)
    weights = future_weights(gamma, rate, tau)
    for i in range(2):
        np.testing.assert_allclose(feedback[:, 2 + 2 * i : 4 + 2 * i], -rate @ weights[i], atol=1e-10)


def test_future_weights_of_what_stays_and_what_goes():
    np.testing.assert_allclose(future_weights(0.3, 1.0, [1e-9, 1.0, np.inf]), [0, 1.3 / 2.3, 1], atol=2e-9)


def enumerated_posterior(task, observations, dt):
    """Mean of the present optimum by summing over every pattern of switches, each a joint Gaussian; n = 1."""
    y, s, m = np.ravel(observations), task.prior_covariance, task.prior_mean
    r, switch = task.observation_noise**2 / dt, 1 - np.exp(-task.hazard * dt)
    total, mean, square = 0.0, 0.0, 0.0
    for pattern in itertools.product([False, True], repeat=y.size - 1):
        block = np.cumsum([0, *pattern])
        same = block[:, None] == block[None]
        seen = ~np.isnan(y)
        covariance = s * same + r * np.eye(y.size)
        probability = np.prod(np.where(pattern, switch, 1 - switch))
        if seen.any():
            inside = np.ix_(seen, seen)
            probability *= multivariate_normal.pdf(y[seen], np.full(seen.sum(), m), covariance[inside])
            gain = np.linalg.solve(covariance[inside], s * same[-1, seen])
            one, variance = m + gain @ (y[seen] - m), s - gain @ (s * same[-1, seen])
        else:
            one, variance = m, s
        total += probability
        mean += probability * one
        square += probability * (variance + one**2)
    return mean / total, square / total - (mean / total) ** 2


def test_switching_filter_is_the_exact_posterior():
    """All 2⁷ patterns of switches between eight observations, one of them missing, to 1e-10."""
    task = SwitchingTask(hazard=0.6, prior_mean=0.5, prior_covariance=2.0, observation_noise=0.4)
    y = np.array([[1.9], [2.2], [2.0], [np.nan], [-0.7], [-0.4], [3.0], [2.9]])
    found = switching_filter(task, y, dt=0.5, tolerance=0.0)
    for t in range(8):
        mean, variance = enumerated_posterior(task, y[: t + 1], 0.5)
        assert found.mean[t, 0] == pytest.approx(mean, abs=1e-10)
        assert found.covariance[t, 0, 0] == pytest.approx(variance, abs=1e-10)
    np.testing.assert_array_equal(found.n_parts, np.arange(1, 9))


def test_two_tasks_exactly():
    """Two observations: the odds that the task was replaced between them, times the two posteriors (2-D)."""
    spread = np.array([[2.0, 0.5], [0.5, 1.0]])
    task = SwitchingTask(0.3, (0.0, 1.0), spread.tolist(), 0.5)
    y, dt, prior = np.array([[2.0, 1.0], [-1.0, 0.5]]), 0.8, np.array([0.0, 1.0])
    r, switch = 0.25 / dt * np.eye(2), 1 - np.exp(-0.3 * dt)
    joint = np.block([[spread + r, spread], [spread, spread + r]])
    same = (1 - switch) * multivariate_normal.pdf(y.ravel(), np.tile(prior, 2), joint)
    new = switch * np.prod(multivariate_normal.pdf(y, prior, spread + r))
    stayed = prior + np.hstack([spread, spread]) @ np.linalg.solve(joint, y.ravel() - np.tile(prior, 2))
    replaced = prior + spread @ np.linalg.solve(spread + r, y[1] - prior)
    found = switching_filter(task, y, dt)
    assert found.just_switched[1] == pytest.approx(new / (same + new), rel=1e-10)
    np.testing.assert_allclose(found.mean[1], (same * stayed + new * replaced) / (same + new), atol=1e-10)


def test_no_hazard_is_the_kalman_filter():
    task = SwitchingTask(0.0, 0.7, 0.25, 0.5)
    y = np.random.default_rng(4).standard_normal((20, 1))
    exact = kalman_filter(weight_model(GaussianWeight(0.25), 0.5, dt=0.2, mean=0.7), y)
    np.testing.assert_allclose(switching_filter(task, y, dt=0.2).mean, exact.mean, rtol=1e-12)


def test_pruning_costs_no_more_than_it_says():
    """Dropped probability times the spread of the parts (under 10) bounds the error of a step; it does not build up."""
    random = np.random.default_rng(5)
    optimum = np.repeat(random.standard_normal(10) * 2, 30)
    task = SwitchingTask(0.05, 0.0, 4.0, 0.5)
    y = optimum[:, None] + 0.5 * random.standard_normal((300, 1))
    whole = switching_filter(task, y, dt=1.0, tolerance=0.0)
    pruned = switching_filter(task, y, dt=1.0, tolerance=1e-6)
    assert np.abs(whole.mean - pruned.mean).max() < 10 * 10 * pruned.dropped
    assert 0 < pruned.dropped < 1e-4
    assert pruned.n_parts.max() < 100 < whole.n_parts.max()


def test_belief_jumps_back_towards_the_prior_after_a_surprise():
    """After ten observations at 3, one at −1 (nearer to the prior mean 0 than 3 is) sets the belief back, and far.

    Without hazard it moves by 1/11 of the way. Where nothing is seen any more it decays as e^{−λt}.
    """
    y = np.array([[3.0]] * 10 + [[-1.0]] + [[np.nan]] * 5)
    believed = switching_filter(SwitchingTask(0.05, 0.0, 4.0, 0.7), y, dt=1.0, tolerance=0.0)
    static = switching_filter(SwitchingTask(0.0, 0.0, 4.0, 0.7), y, dt=1.0)
    assert static.mean[10, 0] == pytest.approx(29 / (11 + 0.49 / 4), rel=1e-12)
    assert abs(believed.mean[10, 0]) < 1 < static.mean[10, 0]
    assert believed.just_switched[10] > 0.99
    decay = believed.mean[11:, 0] / believed.mean[10, 0]
    np.testing.assert_allclose(decay, np.exp(-0.05 * np.arange(1, 6)), rtol=1e-12)


BAD = {
    "model": (lambda: LinearGaussian(*[np.eye(2)] * 4, np.zeros(3), np.eye(2), np.zeros(2)), "mean must have shape"),
    "observations": (lambda: kalman_filter(SMITH, np.zeros((4, 2))), "observations must have shape"),
    "dt": (lambda: ornstein_uhlenbeck_model(ONE, -1.0), "dt must be > 0"),
    "retention": (lambda: trial_model([1.0], [0.1], 1.0), "retention must be"),
    "process": (lambda: trial_model([0.9], [0.0], 1.0), "process_variance must be"),
    "trial shapes": (lambda: trial_model([0.9, 0.8], [0.1], 1.0), "one shape"),
    "weights": (lambda: track(SMITH, [1.0], weights=[1.0]), "weights"),
    "times": (lambda: kalman_bucy_gain(ONE, [1.0, 0.5]), "times must be increasing"),
    "variance": (lambda: kalman_bucy_gain(ONE, [1.0], np.eye(2)), "variance must have shape"),
    "decay": (lambda: fading_memory([1.0], 1.0), "decay must lie"),
    "tau": (lambda: future_weights(0.1, 1.0, [0.0]), "time_constants must be > 0"),
    "rate": (lambda: future_weights(0.1, [1.0], [1.0]), "rate must be"),
    "flat": (lambda: switching_filter(SwitchingTask(0.1, 0.0, 1.0, 1.0), [1.0], 1.0), "observations must have shape"),
    "prior": (
        lambda: switching_filter(SwitchingTask(0.1, (0.0, 1.0), 1.0, 1.0), [[1.0]], 1.0),
        "prior_mean must be",
    ),
}


@pytest.mark.parametrize(("call", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()
