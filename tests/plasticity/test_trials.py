"""Learners in trials: published models as special cases, exact steps, likelihoods, and what trials can tell."""

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose
from scipy.optimize import least_squares, minimize_scalar
from scipy.stats import multivariate_normal

from plasticity import (
    FeedbackChannel,
    InputError,
    Objective,
    OrnsteinUhlenbeck,
    RecurringContexts,
    SwitchingTask,
    derive_trials,
    filters,
)
from plasticity.optimal.tracking import tracking
from plasticity.pages.trial_card import equations, numbers
from plasticity.trial_system import visible_modes
from tests.error_bounds import z
from tests.oracles.switching import last_switch_means
from tests.oracles.trials import future_weights, tracker

TURNS = np.r_[np.zeros(32), np.full(100, 30.0), np.full(12, -30.0), np.zeros(40)]
CLAMPED, NONE = np.r_[np.zeros(144), np.ones(40)], np.r_[np.zeros(144), np.full(40, 2)]
AT_ONCE = Objective(1e-3, plasticity=1e12)  # changes cost nothing: R ≫ 1


def components(retention, ratio):
    """Belief with retentions a and noise ratios q/r, r = 1."""
    a, q = np.array(retention), np.array(ratio)
    return OrnsteinUhlenbeck(-1 / np.log(a), np.sqrt(q / (1 - a**2)), 1.0)


def with_horizon(total):
    """Objective whose γ = R = total/2 in continuous time."""
    return Objective(total / 2, plasticity=total**2 / 2)


SMITH = (0.708, 0.9994), (1.82, 0.0173)


@pytest.mark.parametrize("horizon", [0.05, 1.0, 403.0])
def test_output_at_once_is_the_weighted_tracker(horizon):
    """x = Σ w_i p̂_i with w = (γ + R)/(γ + R + 1/τ); for γ + R ≫ 1/τ the model of two rates."""
    weights = future_weights(0.0, horizon, -1 / np.log(SMITH[0]))
    expected = tracker(filters.trials(*SMITH, 1.0), TURNS, weights, CLAMPED == 1)[0]
    learner = derive_trials(with_horizon(horizon), components(*SMITH), step="continuous", approach=1.0)
    assert_allclose(learner.run(TURNS, CLAMPED).aim, expected, rtol=1e-9, atol=1e-9)


def test_every_horizon_has_a_learner_with_the_same_errors():
    """Retentions and ratios that keep the visible modes of the fit to 't Hart's medians, from γ + R = 403 down."""

    def learner(u, horizon):
        belief = components(1 / (1 + np.exp(-u[:2])), np.exp(u[2:]))
        return derive_trials(with_horizon(horizon), belief, step="continuous", approach=1.0)

    def modes(u, horizon):
        factors, drives = (np.real(part) for part in visible_modes(learner(u, horizon)))
        return np.log([*(1 - factors), *drives])

    a, ratio = np.array(SMITH)
    u = np.log([*(a / (1 - a)), *ratio])
    aims, wanted = learner(u, 403.0).run(TURNS, CLAMPED).aim.values, modes(u, 403.0)
    for horizon in (0.37, 0.00248):
        u = least_squares(lambda v, h=horizon: modes(v, h) - wanted, u, gtol=1e-12).x
        assert_allclose(learner(u, horizon).run(TURNS, CLAMPED).aim.values, aims, atol=1e-5)
    shown = learner(u, 0.00248).run(TURNS, NONE).aim.values
    assert np.abs(shown - learner(np.log([*(a / (1 - a)), *ratio]), 403.0).run(TURNS, NONE).aim.values).max() > 1


def relative_singular_values(kinds, approach):
    def aims(u):
        tau, ratio, gamma, eta = np.exp(u[:2]), np.exp(u[2:4]), *np.exp(u[4:])
        belief = components(np.exp(-1 / tau), ratio)
        return derive_trials(Objective(gamma, plasticity=eta), belief, approach=approach).run(TURNS, kinds).aim.values

    u, h = np.log([3.0, 100.0, 1.82, 0.0173, 0.3, 0.5]), 1e-4
    near, far = ([aims(u + s * e) - aims(u - s * e) for e in h * np.eye(6)] for s in (1, 2))
    values = np.linalg.svd((8 * np.array(near) - np.array(far)) / (12 * h), compute_uv=False)
    return values / values[0]


@pytest.mark.parametrize(("approach", "n_hidden"), [(None, 1), (1.0, 2)])  # at once γ and η enter as γ + R alone
def test_errors_hide_one_number_and_trials_without_feedback_show_it(approach, n_hidden):
    assert np.sum(relative_singular_values(CLAMPED, approach) < 1e-9) == n_hidden
    assert np.sum(relative_singular_values(NONE, approach) < 1e-9) == n_hidden - 1


@pytest.mark.parametrize(("gain", "retained", "drive"), [(0.5, 0.9405, 0.4455), (0.2, 0.9702, 0.1782)])
def test_retention_falls_on_a_line_in_the_drive(gain, retained, drive):
    """A = a − ((1 − w)/w)B: a = 0.99, w = 0.9, γ + R = −ln a · w/(1 − w)."""
    a, w, p = 0.99, 0.9, gain / (1 - gain)
    learner = derive_trials(
        with_horizon(-np.log(a) * w / (1 - w)), components([a], [p - a**2 * gain]), step="continuous", approach=1.0
    )
    factors, drives = visible_modes(learner)
    assert_allclose([factors[0], drives[0]], [retained, drive], rtol=1e-9)


def test_two_gains_show_the_horizon():
    """Blur or volatility change the gain alone: the slope of A against B is −(1 − w)/w, so γ + R is 0.0905 a trial."""
    a, w = 0.99, 0.9
    modes = []
    for gain in (0.5, 0.2):
        p = gain / (1 - gain)
        horizon = with_horizon(-np.log(a) * w / (1 - w))
        learner = derive_trials(horizon, components([a], [p - a**2 * gain]), step="continuous", approach=1.0)
        modes.append(np.real([v[0] for v in visible_modes(learner)]))
    (high, strong), (low, weak) = modes
    slope = (high - low) / (strong - weak)
    assert_allclose([slope, np.log(a) / slope, learner.tracking.decay], [-1 / 9, 0.0905, 0.0905], atol=5e-5)


def test_known_drift_shows_the_discount():
    gamma, j = 0.7, 0.3
    step = tracking(Objective(gamma, plasticity=2.0, drift=-j), continuous=True)
    r, left = -np.log(step.retention), 1 - step.reach
    assert_allclose([r, step.reach, r * left], [1.2064382, 0.8695652, 0.1573615], atol=5e-8)
    assert_allclose((r**2 * left - j**2) / (j - r * left), gamma)
    loss_weights = [tracking(Objective(gamma, loss_weight=k, drift=-j), continuous=True) for k in (1.0, 4.0)]
    decays = [-np.log(t.retention) * (1 - t.reach) for t in loss_weights]
    assert decays[1] < decays[0]  # more weight of the loss: slower decay in a clamp


@pytest.mark.parametrize(("gamma", "power"), [(1e6, 1), (0.0, 2)])
def test_what_drift_leaves_is_j_over_r_or_its_square(gamma, power):
    """1 − A = j(j + γ)/(r(r + γ)): the state-space model at a short horizon, its square at a long one."""
    j = 0.3
    step = tracking(Objective(gamma, plasticity=2.0 * max(gamma, 1.0), drift=-j), continuous=True)
    r = -np.log(step.retention)
    assert_allclose(1 - step.reach, (j / r) ** power, rtol=1e-5)


@pytest.mark.parametrize(("gamma", "expected"), [(0.1, [3.5, 1.9, -2.5]), (20.0, None)])
def test_the_discount_that_drift_shows_is_ill_conditioned(gamma, expected):
    """Elasticities of γ = (r²(1 − A) − j²)/(j − r(1 − A)) to r, 1 − A and j, by differences of the engine's numbers."""
    j = 0.05
    step = tracking(Objective(gamma, plasticity=0.5, drift=-j), continuous=True)
    numbers = np.array([-np.log(step.retention), 1 - step.reach, j])

    def log_discount(x):
        r, left, decay = x
        return np.log((r**2 * left - decay**2) / (decay - r * left))

    assert_allclose(np.exp(log_discount(numbers)), gamma)
    h = 1e-6
    elasticity = [
        (log_discount(numbers * (1 + h * e)) - log_discount(numbers * (1 - h * e))) / (2 * h) for e in np.eye(3)
    ]
    if expected is None:  # γ ≫ r
        assert np.abs(elasticity).min() > 200
    else:
        assert_allclose(elasticity, expected, atol=0.05)


@pytest.mark.parametrize("drift", [0.0, -0.2])
@pytest.mark.parametrize("fading", [1.0, 0.9])
def test_exact_step_is_the_first_of_the_best_plan(drift, fading):
    """Minimum over all jumps of Σ βⁿ[Δ²/2η + k(x − aⁿz)²/2], a linear system."""
    objective, n, x, z = Objective(0.3, plasticity=0.4, loss_weight=1.5, drift=drift), 150, 0.7, 2.0
    beta, m = np.exp(-0.3) ** np.arange(n), np.exp(drift)
    lags = np.subtract.outer(np.arange(n), np.arange(n))
    response = np.where(lags >= 0, m ** np.maximum(lags, 0), 0.0)
    free, optimum = x * m ** np.arange(1, n + 1), z * fading ** np.arange(n)
    normal = np.diag(beta / 0.4) + response.T @ (1.5 * beta[:, None] * response)
    jumps = np.linalg.solve(normal, response.T @ (1.5 * beta * (optimum - free)))
    step = tracking(objective, continuous=False)
    assert_allclose(step.retention * x + step.follow(fading) * z, m * x + jumps[0], rtol=1e-9)


@pytest.mark.parametrize("plasticity", [1e-3, 1.0, 1e12])
def test_a_constant_is_reached_whatever_change_costs(plasticity):
    assert_allclose(tracking(Objective(0.3, plasticity=plasticity), continuous=False).reach, 1, rtol=1e-12)


@pytest.mark.parametrize("discount", [0.3, 4.0])
def test_short_steps_are_those_of_continuous_time(discount):
    def difference(scale):
        pair = [tracking(Objective(discount * scale, plasticity=scale**2), c) for c in (True, False)]
        return abs(np.subtract(*((1 - t.retention) * t.weights(np.exp(-scale)) for t in pair))) / scale

    assert difference(1e-3) < 0.6 * difference(2e-3) < 0.1 * difference(2e-2)


def test_no_feedback_is_not_an_error_of_zero_and_clamps_impose_any_error():
    """One component, output at once: retention a without feedback, a(1 − K(1 − w)) in a clamp at 0, linear in e."""
    learner = derive_trials(Objective(0.1), components([0.9], [0.5]), approach=1.0)
    gain, w = filters.steady_gain(learner.filter)[0, 0], learner.tracking.weights(0.9)

    def ratio(kind, error=0.0):
        aims = learner.run([10.0] * 5 + [0.0] * 2, [0] * 5 + [kind] * 2, error).aim.values
        return aims[6] / aims[5], aims[6]

    assert_allclose(ratio(2)[0], 0.9)
    assert_allclose(ratio(1)[0], 0.9 * (1 - gain * (1 - w)))
    assert_allclose(ratio(1, 4.0)[1] - ratio(1, 2.0)[1], ratio(1, 2.0)[1] - ratio(1, 0.0)[1])
    assert ratio(1, 4.0)[1] > ratio(1, 2.0)[1]


class Draws:
    """Source of the random numbers of a list."""

    def __init__(self, values):
        self.values = list(values)

    def standard_normal(self):
        return self.values.pop(0)


@pytest.mark.parametrize(("drift", "gain", "mean"), [(None, 1.0, 0.0), (-0.2, 0.8, 1.5)])
@pytest.mark.parametrize("missing", [[], [1, 2, 5]])
def test_density_is_that_of_the_joint_gaussian(drift, gain, mean, missing):
    """Outputs are linear in all noise, so their joint law follows from the response to each draw."""
    turns, kinds, errors = np.repeat([30.0, -30.0], [4, 3]), np.array([0, 0, 1, 2, 0, 1, 0]), np.arange(7.0)
    belief = OrnsteinUhlenbeck((3.0, 80.0), (5.0, 8.0), 4.0, mean=mean)
    channel = FeedbackChannel(noise=2.0, gain=gain)
    learner = derive_trials(Objective(0.3, drift=drift), belief, channel, output_noise=1.5)

    def outputs(draws):
        source, state, done = Draws(draws), learner.init(), []
        for p, kind, error in zip(turns, kinds, errors, strict=True):
            state, y, _ = type(learner).step.__wrapped__(
                learner, state, p, ("seen", "clamped", "none")[kind], error, None, source
            )
            done.append(y)
        return np.array(done)

    center = outputs(np.zeros(13))
    response = np.array([outputs(e) - center for e in np.eye(13)])
    observed = center + np.random.default_rng(1).standard_normal(13) @ response
    there = np.setdiff1d(np.arange(7), missing)
    covariance = (response.T @ response)[np.ix_(there, there)]
    expected = multivariate_normal(center[there], covariance).logpdf(observed[there])
    observed[missing] = np.nan
    assert_allclose(learner.log_density(observed, turns, kinds, errors).sum(), expected, rtol=1e-9)


def test_a_replaced_task_leaves_no_memory():
    """Posterior means of the exact switching filter, 30 outcomes of 3, 30 of 0, then 3 again: no savings."""
    task = SwitchingTask(0.03, 0.0, 9.0, 1.0)
    reports = derive_trials(AT_ONCE, task, reports=True).run(np.repeat([3.0, 0.0, 3.0, 0.0], [30, 30, 3, 1])).aim
    assert_allclose(reports[1:4], [2.700, 2.841, 2.891], atol=6e-4)
    assert_allclose(reports[61:64], [0.974, 2.655, 2.854], atol=6e-4)


def first_step(size, spread, blur, growth):
    """What one trial of the perturbation `size` changes, if its error is seen with noise `blur` + `growth`·size."""
    belief = RecurringContexts([[0.0]], 1e12, 1.0, 0.0, blur + growth * size, initial_std=spread)
    return derive_trials(AT_ONCE, belief, approach=1.0).run([size, size]).aim.values[1]


def test_large_errors_are_learned_from_less_where_noise_grows_with_them():
    """K(p)p, K = s²/(s² + (c_0 + c_1 p)²), peaks at sqrt(s² + c_0²)/c_1; blur counts most where K = ½ (c_0 → 0)."""
    s, blur, growth = 2.0, 1.0, 0.5
    peak = np.hypot(s, blur) / growth
    assert_allclose(first_step(peak, s, blur, growth), peak * s**2 / (s**2 + (blur + growth * peak) ** 2), rtol=1e-6)
    found = minimize_scalar(lambda p: -first_step(p, s, blur, growth), bounds=(0.1, 50), method="bounded")
    assert_allclose(found.x, peak, rtol=1e-3)

    def lost(p):
        return first_step(p, s, 1e-3, growth) - first_step(p, s, 0.0, growth)

    assert_allclose(minimize_scalar(lost, bounds=(0.1, 50), method="bounded").x, s / growth, rtol=2e-3)


def change_points(n_sequences, n_outcomes=60, spread=86.6):
    """Outcomes (n_outcomes, n) of optima N(150, spread²), noise 10 and hazard 0.1, and outcomes since the change."""
    rng, shape, number = np.random.default_rng(0), (n_outcomes, n_sequences), np.arange(n_outcomes)[:, None]
    last = np.maximum.accumulate(np.where((rng.random(shape) < 0.1) | (number == 0), number, 0))
    optima = np.take_along_axis(150 + spread * rng.standard_normal(shape), last, axis=0)
    return optima + 10 * rng.standard_normal(shape), number - last


@pytest.mark.parametrize(
    ("hazard", "noise", "expected"),
    [
        (0.1, 10.0, (0.989, 0.565, 0.412, 0.336, 0.297, 0.269, 0.196)),
        (0.3, 10.0, (0.990, 0.617, 0.495, 0.437, 0.414, 0.391, 0.352)),
        (0.1, 30.0, (0.871, 0.479, 0.335, 0.270, 0.228, 0.200, 0.123)),
    ],
)
def test_learning_rate_after_a_change(hazard, noise, expected):
    """Slope of the update on the error at outcomes 1 to 6 and from 10 on after a change.

    The learner is a program of its own on two sequences, which has the values on 4,000 others than the published.
    """
    task, (seen, since) = SwitchingTask(-np.log1p(-hazard), 150.0, 86.6**2, noise), change_points(4000)
    means = last_switch_means(task, 1.0, seen)
    learner = derive_trials(AT_ONCE, task, reports=True)
    for k in range(2):
        assert_allclose(learner.run(seen[:, k]).aim.values[1:], means[:-1, k], rtol=1e-6)
    slow = derive_trials(AT_ONCE, task, reports=True, approach=0.4).run(seen[:20, 0]).aim.values
    assert_allclose(np.diff(slow), 0.4 * (means[:19, 0] - slow[:-1]), rtol=1e-6)  # not 0.4 of the changes of the belief
    error, update, since = seen[10:] - means[9:-1], np.diff(means[9:], axis=0), since[10:]
    for those, slope in zip([*(since == i for i in range(6)), since >= 9], expected, strict=True):
        squares, products = np.sum(those * error**2, axis=0), np.sum(those * error * update, axis=0)
        measured = products.sum() / squares.sum()
        each = np.linalg.norm(products - measured * squares) / squares.sum()  # error of a ratio of two sums
        assert_allclose(measured, slope, atol=z(21) * np.sqrt(2) * each + 0.0005)
        assert each < 0.005


def reports(u, seen, spread):
    """Reports (n_outcomes, n) of people with ln of hazard and noise as they assume them, and their approach, in u."""
    task, now, done = SwitchingTask(np.exp(u[0]), 150.0, spread**2, np.exp(u[1])), np.full(seen.shape[1], 150.0), []
    for mean in last_switch_means(task, 1.0, seen):
        now = now + u[2] * (mean - now)
        done.append(now)
    return np.array(done)


ASSUMED = np.array([np.log(0.2), np.log(13.0), 0.8])


def report_errors(seen, spread, noise):
    """Expected standard errors of `ASSUMED` from reports with a standard deviation of `noise`."""
    sides = [[reports(ASSUMED + h, seen, spread) for h in s * 1e-4 * np.eye(3)] for s in (1, -1)]
    jacobian = np.reshape(np.subtract(*sides), (3, -1)) / 2e-4 / noise
    return np.sqrt(np.diag(np.linalg.inv(jacobian @ jacobian.T)))


def test_assumptions_of_20_people_are_recovered_from_75_reports():
    """σ̂_o to 10 %, the approach to 0.02 and λ̂ to a factor of 2, from the learner's reports with noise of 0.3 σ_o."""
    seen, _ = change_points(20, 75)
    task = SwitchingTask(np.exp(ASSUMED[0]), 150.0, 86.6**2, np.exp(ASSUMED[1]))
    learner = derive_trials(AT_ONCE, task, reports=True, approach=ASSUMED[2])
    made = np.column_stack([learner.run(np.append(y, 0.0)).aim.values[1:] for y in seen.T])
    made += 3.0 * np.random.default_rng(1).standard_normal(made.shape)
    fitted = least_squares(lambda u: (reports(u, seen, 86.6) - made).ravel(), [np.log(0.1), np.log(10.0), 0.9])
    errors = report_errors(seen, 86.6, 3.0)
    assert (np.abs(fitted.x - ASSUMED) < z(3) * errors).all()
    assert (1.96 * errors < [np.log(2), 0.1, 0.02]).all()


def test_a_clear_jump_hides_the_hazard():
    """Jumps ≫ σ_o speak for themselves: ln λ̂ is known four times worse than ln σ̂_o; jumps of 2 σ_o show it better."""
    clear, unclear = (report_errors(change_points(20, 75, s)[0], s, 3.0) for s in (86.6, 20.0))
    assert clear[0] > 4 * clear[1]
    assert unclear[0] < 0.7 * clear[0]
    assert clear[2] < 0.3 * unclear[2]  # what they show well is the approach


def test_belief_of_a_learner_is_that_of_its_filter():
    learner = derive_trials(with_horizon(0.3), components(*SMITH))
    seen = TURNS[:144]
    tracked = filters.track(learner.filter, seen[:, None]).belief.values
    run = learner.run(seen)
    forecast = np.vstack([np.zeros(2), tracked[:-1] * np.array(SMITH[0])])
    assert_allclose(run.belief.values, forecast.sum(axis=1), atol=1e-11)


@pytest.mark.parametrize("step", ["exact", "continuous"])
def test_printed_equations_are_those_of_a_trial(step):
    objective = Objective(0.3, plasticity=0.4, loss_weight=1.5, drift=-0.2)
    learner = derive_trials(objective, OrnsteinUhlenbeck((3.0, 80.0), (5.0, 8.0), 4.0, mean=(1.0, 2.0)), step=step)
    state, error = learner.init(), 2.5
    after, y, _ = learner.step(state, 0.0, "clamped", error)
    values = numbers(learner) | {
        "e": error, "y": y, "x": state.aim, "eta": 0.4, "k": 1.5, "G": 1.0, "gamma": 0.3, "j": 0.2, "rest_1": 1.0,
        "rest_2": 2.0, "decay": learner.tracking.decay, "R": -np.log(learner.tracking.retention), "o": error + y,
        "x_next": after.aim, "g_0": float(learner.tracking.follow(1.0)), "a": 0.5,
    }  # fmt: skip
    values["g"] = float(learner.tracking.follow(0.5))
    for i in (1, 2):
        values |= {f"p_{i}": state.belief.mean[i - 1], f"p_{i}_next": after.belief.mean[i - 1]}
    printed = [s.equation for s in equations(learner) if isinstance(s.equation, sp.Eq)]
    assert len(printed) >= 6
    for equation in printed:
        left, right = (float(side.subs({s: values[s.name] for s in side.free_symbols})) for side in equation.args)
        assert_allclose(left, right, rtol=1e-9, err_msg=str(equation))


@pytest.mark.parametrize("format", ["markdown", "latex", "text"])
def test_card_of_every_belief(format):
    for belief in (components(*SMITH), SwitchingTask(0.1, 0.0, 9.0, 1.0)):
        for step in ("exact", "continuous"):
            assert "trials tell" in derive_trials(Objective(0.3, drift=-0.1), belief, step=step).card(format)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"objective": Objective(0.3, hazard=0.1, prior_mean=0.0)}, "hazard"),
        ({"objective": Objective(sp.oo)}, "discount"),
        ({"objective": Objective(0.3, control=[[1.0, 2.0]])}, "control"),
        ({"feedback": FeedbackChannel(delay=1.0)}, "delay"),
        ({"approach": 0.0}, "approach"),
        ({"step": "half"}, "step"),
        ({"beliefs": SwitchingTask(0.1, (0.0, 1.0), 1.0, 1.0)}, "prior_mean"),
        ({"beliefs": 3}, "beliefs"),
    ],
)
def test_wrong_learners_are_refused(change, problem):
    with pytest.raises(InputError, match=problem):
        derive_trials(**{"objective": Objective(0.3), "beliefs": components([0.9], [0.5])} | change)


def test_densities_that_nobody_knows_are_refused():
    silent, switching = components([0.9], [0.5]), SwitchingTask(0.1, 0.0, 9.0, 1.0)
    with pytest.raises(InputError, match="output_noise"):
        derive_trials(Objective(0.3), silent).log_density([1.0], [1.0])
    with pytest.raises(InputError, match="sparsity"):
        derive_trials(Objective(0.3), silent, FeedbackChannel(sparsity=0.5), output_noise=1.0).log_density([1.0], [1.0])
    with pytest.raises(InputError, match="noise"):
        derive_trials(Objective(0.3), switching, FeedbackChannel(noise=1.0), output_noise=1.0).log_density([1.0], [1.0])


@pytest.mark.parametrize(
    ("washout", "counter", "again"), [(10, 0, 26.08), (40, 0, 22.59), (160, 0, 19.99), (0, 6, 24.71)]
)
def test_a_linear_learner_has_no_savings_after_a_full_washout(washout, counter, again):
    """Mean of trials 2 to 9 of 30°: 19.90 at first, and the same again once both memories have faded."""
    turns = np.r_[np.full(80, 30.0), np.zeros(washout), np.full(counter, -30.0), np.full(80, 30.0)]
    aim = derive_trials(AT_ONCE, components(*SMITH), approach=1.0).run(turns).aim.values
    second = 80 + washout + counter
    assert_allclose(aim[1:9].mean(), 19.90, atol=6e-3)
    assert_allclose(aim[second + 1 : second + 9].mean(), again, atol=6e-3)
