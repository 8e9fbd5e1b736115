"""Filters against the joint posterior of everything, written out and inverted; gains against their equations."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose
from oracles.kalman_bucy import kalman_bucy_gain
from oracles.trials import future_weights, tracker
from scipy.integrate import solve_ivp
from scipy.linalg import block_diag, solve_continuous_are
from scipy.stats import multivariate_normal

from plasticity import Objective, solve
from plasticity.belief import GaussianWeight, OrnsteinUhlenbeck, SwitchingTask
from plasticity.dataset import check_schema
from plasticity.errors import InputError
from plasticity.filters import (
    Fading,
    LinearGaussian,
    Switching,
    kalman_gain,
    ornstein_uhlenbeck,
    random_walk,
    states,
    steady_gain,
    track,
    trials,
)
from plasticity.landscapes import Quadratic

ONE = OrnsteinUhlenbeck(time_constant=0.7, stationary_std=1.5, observation_noise=0.4, mean=0.3)
TWO = OrnsteinUhlenbeck(time_constant=(0.2, 5.0), stationary_std=(1.0, 2.0), observation_noise=0.6, mean=(0.5, -1.0))
SMITH = trials([0.708, 0.9994], [1.82, 0.0173], 1.0)  # retention, process variance over that of the observation


def joint_posterior(model, observations):
    """Mean and covariance of the last state, and log density of the observations, from the joint Gaussian of all."""
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
    read_out = np.kron(np.eye(times)[seen], model.observation)
    noise = np.kron(np.eye(len(seen)), model.observation_covariance)
    joint = read_out @ state @ read_out.T + noise
    gain = state @ read_out.T @ np.linalg.inv(joint)
    surprise = np.ravel([observations[t] for t in seen]) - read_out @ prior_mean.ravel()
    mean, covariance = prior_mean.ravel() + gain @ surprise, state - gain @ read_out @ state
    return mean[-n:], covariance[-n:, -n:], multivariate_normal.logpdf(surprise, cov=joint)


def last_gain(model, n_times):
    """Kalman gain for the last of many observations."""
    state = model.init()
    for _ in range(n_times - 1):
        state = model.predict(model.update(state, np.zeros(len(model.observation)))[0])
    return kalman_gain(model, state)


MODELS = {
    "ou": ornstein_uhlenbeck(ONE, 0.25),
    "two components": ornstein_uhlenbeck(TWO, 0.1),
    "trials": SMITH,
    "weight": random_walk(GaussianWeight(0.25, process_noise=0.1), 0.5, dt=0.2, mean=0.7),
    "static weight": random_walk(GaussianWeight(2.0), 0.5, dt=0.2),
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
    actual = track(model, y)
    for t in range(8):
        mean, covariance, log_density = joint_posterior(model, y[: t + 1])
        np.testing.assert_allclose(actual.belief[t], mean, rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(actual.covariance[t], covariance, rtol=1e-10, atol=1e-10)
        assert float(actual.log_likelihood[: t + 1].sum()) == pytest.approx(log_density, rel=1e-10)


@pytest.mark.parametrize("name", ["ou", "two components", "trials", "weight", "full"])
def test_steady_gain_is_where_the_gain_ends(name):
    model = MODELS[name]
    n_times = 200 if name != "trials" else 20_000  # the slow part forgets 6e-4 per trial, but is seen to 1e-2
    np.testing.assert_allclose(last_gain(model, n_times), steady_gain(model), rtol=1e-9, atol=1e-12)


def test_samples_are_exact_whatever_their_distance():
    """Two samples a time 2dt apart have the same joint law as with an unseen one between them."""
    y = np.array([[0.4], [np.nan], [1.3]])
    fine = ornstein_uhlenbeck(TWO, 0.3)
    coarse = ornstein_uhlenbeck(TWO, 0.6)
    halved = LinearGaussian(**{**vars(coarse), "observation_covariance": fine.observation_covariance})
    np.testing.assert_allclose(track(fine, y).belief[2], track(halved, y[::2]).belief[1], rtol=1e-12)


def test_many_samples_approach_kalman_bucy():
    """The gain per time of samples dt apart differs from K(t) by a term of first order in dt."""
    errors = []
    for n in (200, 400, 800):
        model = ornstein_uhlenbeck(TWO, 1.0 / n)
        sampled = last_gain(model, n)[:, 0] * n
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
    actual = track(Fading(decay, n=2), y)
    t = np.arange(1, 31)
    gain = actual.covariance.values[:, 0, 0]  # posterior variance in units of the noise
    np.testing.assert_allclose(gain, (1 - decay) / (1 - decay**t), rtol=1e-12)
    average = np.zeros(2)
    for n, seen in enumerate(y):
        average = decay * average + (1 - decay) * seen
        np.testing.assert_allclose(actual.belief[n], average / (1 - decay ** (n + 1)), atol=1e-13)


def test_fading_memory_is_the_joint_posterior_of_a_drifting_value():
    """A random walk whose variance of each step, P_t(1/β − 1), inflates the prior by 1/β; diffuse start.

    The joint precision matrix of all values is written out and inverted.
    """
    decay, y = 0.8, np.array([0.3, -1.0, 2.0, 0.5, 0.7, -0.2])
    mean = track(Fading(decay), y[:, None]).belief.values[:, 0]
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
    gains = [last_gain(random_walk(GaussianWeight(s), 1.0, dt=0.5), 1)[0, 0] for s in (0.1, 1.0, 10.0)]
    np.testing.assert_allclose(gains, np.array([0.1, 1, 10]) / (np.array([0.1, 1, 10]) + 2), rtol=1e-14)
    q, r = 0.3 * 0.5, 2.0  # steady predicted variance P: P²/(P + r) = q
    p = q / 2 + np.sqrt(q**2 / 4 + q * r)
    assert steady_gain(random_walk(GaussianWeight(1.0, 0.3), 1.0, 0.5))[0, 0] == pytest.approx(p / (p + r), rel=1e-12)


def test_tracker_is_the_two_state_model_in_other_parameters():
    """B_i = a_i K_i = (0.44046, 0.07133); with weights 1 the two tie trial by trial (learning, clamp, reversal)."""
    a, gain = np.array([0.708, 0.9994]), steady_gain(SMITH)[:, 0]
    np.testing.assert_allclose(gain, [0.62211, 0.07137], atol=5e-6)
    np.testing.assert_allclose(a * gain, [0.44046, 0.07133], atol=5e-6)
    perturbation = np.concatenate([np.ones(100), -np.ones(15), np.zeros(50)])
    perturbation[40:43] = np.nan
    clamped = np.arange(165) >= 115
    output, estimates = tracker(SMITH, perturbation, clamped=clamped)
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
    exact = track(started, y[:, None]).belief.values @ SMITH.transition.T
    np.testing.assert_allclose(tracker(SMITH, y, weights=[0.5, 1.0])[1][1:], exact[:-1], atol=1e-10)


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
    """Mean, variance and evidence by summing over every pattern of switches, each a joint Gaussian; n = 1."""
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
    return mean / total, square / total - (mean / total) ** 2, total


def test_switching_filter_is_the_exact_posterior():
    """All 2⁷ patterns of switches between eight observations, one of them missing, to 1e-10."""
    task = SwitchingTask(hazard=0.6, prior_mean=0.5, prior_covariance=2.0, observation_noise=0.4)
    y = np.array([[1.9], [2.2], [2.0], [np.nan], [-0.7], [-0.4], [3.0], [2.9]])
    evidence = 0.0
    for t, (state, log_likelihood) in enumerate(states(Switching(task, dt=0.5, tolerance=0.0), y)):
        mean, variance, total = enumerated_posterior(task, y[: t + 1], 0.5)
        evidence += log_likelihood
        assert state.mean[0] == pytest.approx(mean, abs=1e-10)
        assert state.covariance[0, 0] == pytest.approx(variance, abs=1e-10)
        assert evidence == pytest.approx(np.log(total), abs=1e-10)
        assert len(state.probabilities) == t + 1


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
    state, _ = list(states(Switching(task, dt, n=2), y))[1]
    assert state.just_switched == pytest.approx(new / (same + new), rel=1e-10)
    np.testing.assert_allclose(state.mean, (same * stayed + new * replaced) / (same + new), atol=1e-10)


def test_no_hazard_is_the_kalman_filter():
    task = SwitchingTask(0.0, 0.7, 0.25, 0.5)
    y = np.random.default_rng(4).standard_normal((20, 1))
    exact, actual = track(random_walk(GaussianWeight(0.25), 0.5, dt=0.2, mean=0.7), y), track(Switching(task, 0.2), y)
    np.testing.assert_allclose(actual.belief, exact.belief, rtol=1e-12)
    np.testing.assert_allclose(actual.log_likelihood, exact.log_likelihood, rtol=1e-10)


def test_pruning_costs_no_more_than_it_says():
    """Dropped probability times the spread of the parts (under 10) bounds the error of a step; it does not build up."""
    random = np.random.default_rng(5)
    optimum = np.repeat(random.standard_normal(10) * 2, 30)
    task = SwitchingTask(0.05, 0.0, 4.0, 0.5)
    y = optimum[:, None] + 0.5 * random.standard_normal((300, 1))
    whole = [state for state, _ in states(Switching(task, 1.0, tolerance=0.0), y)]
    pruned = [state for state, _ in states(Switching(task, 1.0, tolerance=1e-6), y)]
    dropped = pruned[-1].dropped
    assert max(abs(a.mean[0] - b.mean[0]) for a, b in zip(whole, pruned, strict=True)) < 10 * 10 * dropped
    assert 0 < dropped < 1e-4
    assert max(len(s.means) for s in pruned) < 100 < max(len(s.means) for s in whole)


def test_belief_jumps_back_towards_the_prior_after_a_surprise():
    """After ten observations at 3, one at −1 (nearer to the prior mean 0 than 3 is) sets the belief back, and far.

    Without hazard it moves by 1/11 of the way. Where nothing is seen any more it decays as e^{−λt}.
    """
    y = np.array([[3.0]] * 10 + [[-1.0]] + [[np.nan]] * 5)
    believed = [s for s, _ in states(Switching(SwitchingTask(0.05, 0.0, 4.0, 0.7), 1.0, tolerance=0.0), y)]
    static = [s for s, _ in states(Switching(SwitchingTask(0.0, 0.0, 4.0, 0.7), 1.0), y)]
    assert static[10].mean[0] == pytest.approx(29 / (11 + 0.49 / 4), rel=1e-12)
    assert abs(believed[10].mean[0]) < 1 < static[10].mean[0]
    assert believed[10].just_switched > 0.99
    decay = [s.mean[0] / believed[10].mean[0] for s in believed[11:]]
    np.testing.assert_allclose(decay, np.exp(-0.05 * np.arange(1, 6)), rtol=1e-12)


ONE_TASK = SwitchingTask(0.1, 0.0, 1.0, 1.0)
BAD = {
    "model": (lambda: LinearGaussian(*[np.eye(2)] * 4, np.zeros(3), np.eye(2), np.zeros(2)), "mean must have shape"),
    "observations": (lambda: track(SMITH, np.zeros((4, 2))), "observations must have shape"),
    "dt": (lambda: ornstein_uhlenbeck(ONE, -1.0), "dt must be > 0"),
    "retention": (lambda: trials([1.0], [0.1], 1.0), "retention must be"),
    "process": (lambda: trials([0.9], [0.0], 1.0), "process_variance must be"),
    "trial shapes": (lambda: trials([0.9, 0.8], [0.1], 1.0), "one shape"),
    "decay": (lambda: Fading(1.0), "decay must lie"),
    "tolerance": (lambda: Switching(ONE_TASK, 1.0, tolerance=0.9), "tolerance must be"),
    "flat": (lambda: track(Switching(ONE_TASK, 1.0), [1.0]), "observations must have shape"),
    "prior": (lambda: Switching(SwitchingTask(0.1, (0.0, 1.0), 1.0, 1.0), 1.0), "prior_mean must be"),
}


@pytest.mark.parametrize(("call", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_a_missing_observation_changes_nothing_and_predicts_nothing():
    for filter, m in ((SMITH, 1), (Fading(0.9, n=2), 2), (Switching(ONE_TASK, 0.3, n=2), 2)):
        state, _ = filter.update(filter.init(), np.ones(m))
        later = filter.predict(state)
        same, log_likelihood = filter.update(later, np.full(m, np.nan))
        np.testing.assert_allclose(same.mean, later.mean, rtol=1e-14)
        np.testing.assert_allclose(same.covariance, later.covariance, rtol=1e-14)
        assert log_likelihood == 0


def test_likelihood_of_a_fading_memory_is_that_of_its_predictions():
    """Each observation after the first has N(m, (P + 1) σ²) with the prior mean and variance of the memory."""
    y, actual = np.array([[0.3], [-1.0], [2.0]]), []
    filter = Fading(0.8, noise_variance=0.5)
    state = filter.init()
    for k, observation in enumerate(y):
        state = filter.predict(state) if k else state
        prior = state
        state, log_likelihood = filter.update(state, observation)
        actual.append(log_likelihood)
        if k:
            expected = multivariate_normal.logpdf(observation, prior.mean, prior.covariance + 0.5)
            assert log_likelihood == pytest.approx(expected, rel=1e-12)
    assert actual[0] == 0
    check_schema(track(filter, y))


@pytest.mark.parametrize("kind", ["linear", "fading", "switching"])
def test_a_partly_missing_row_counts_for_what_it_holds(kind):
    """Components that are independent, in prior and noise: each is filtered as if it were alone."""
    y = np.array([[1.0, -2.0], [np.nan, 0.5], [0.3, np.nan], [0.2, 1.5]])

    def filter_of(n):
        one = np.eye(n)
        return {
            "linear": lambda: LinearGaussian(0.9 * one, 0.2 * one, one, 0.5 * one, np.zeros(n), one, np.zeros(n)),
            "fading": lambda: Fading(0.8, n=n),
            "switching": lambda: Switching(SwitchingTask(0.0, 0.0, 2.0, 0.7), dt=0.5, n=n),
        }[kind]()

    both = track(filter_of(2), y)
    alone = [track(filter_of(1), y[:, [i]]) for i in range(2)]
    total = sum(one.log_likelihood.values for one in alone)
    assert_allclose(both.belief.values, np.hstack([one.belief.values for one in alone]), rtol=1e-12, atol=1e-15)
    both_variances = np.diagonal(both.covariance.values, axis1=1, axis2=2)
    assert_allclose(both_variances, np.hstack([one.covariance.values[:, :, 0] for one in alone]), rtol=1e-12)
    assert_allclose(both.log_likelihood.values, total, rtol=1e-11, atol=1e-13)


def test_correlated_rows_give_what_joint_conditioning_gives():
    """Two sensors with correlated noise of two correlated states, the first alone at the second time."""
    a, q = np.array([[0.9, 0.2], [0.0, 0.7]]), np.array([[0.3, 0.1], [0.1, 0.2]])
    c, r, p = (
        np.array([[1.0, 0.5], [0.3, -1.0]]),
        np.array([[0.4, 0.15], [0.15, 0.3]]),
        np.array([[1.0, 0.4], [0.4, 2.0]]),
    )
    y = np.array([[1.0, -0.4], [0.6, np.nan]])
    belief = track(LinearGaussian(a, q, c, r, np.zeros(2), p, np.zeros(2)), y)
    # joint covariance of (x_1, x_2), of the three numbers that were seen, and between them
    states = np.block([[p, p @ a.T], [a @ p, a @ p @ a.T + q]])
    read = np.zeros((3, 4))
    read[:2, :2], read[2, 2:] = c, c[0]
    noise = np.zeros((3, 3))
    noise[:2, :2], noise[2, 2] = r, r[0, 0]
    gain = states @ read.T @ np.linalg.inv(read @ states @ read.T + noise)
    assert_allclose(belief.belief.values[1], (gain @ [1.0, -0.4, 0.6])[2:], rtol=1e-12)
    assert_allclose(belief.covariance.values[1], (states - gain @ read @ states)[2:, 2:], rtol=1e-12)
