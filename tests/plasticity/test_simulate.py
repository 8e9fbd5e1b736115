"""Runs of rules on landscapes: exact flows, stationary laws, reproducible noise, equations one by one, refusals."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
from oracles.gradient_sequence import GradientSequence
from scipy.linalg import solve_discrete_lyapunov

from plasticity import Objective, derive, observe, rules, simulate
from plasticity.belief import FadingMemory, OrnsteinUhlenbeck
from plasticity.dataset import check_schema
from plasticity.errors import DivergedError, InputError
from plasticity.landscapes import DoubleWell, Quadratic
from plasticity.rule import CURVATURE, GRADIENT, WEIGHT, Parameter, Rule, State, Update
from plasticity.rules.pair_stdp import pair_stdp
from plasticity.signals.exact_error import exact_error
from tests.error_bounds import variance_error, z

H = np.array([[2.0, 0.5, 0.0], [0.5, 1.0, -0.3], [0.0, -0.3, 3.0]])
OPTIMUM = np.array([0.3, -1.0, 0.5])
START = np.array([1.0, 0.5, -1.0])


def momentum(rate=0.1, keep=0.9):
    """Clock rule with a state: velocity ← keep·velocity − rate·gradient, w ← w + velocity."""
    velocity = State("velocity")
    a, b = Parameter("rate", rate), Parameter("keep", keep)
    updates = (
        Update("velocity", b.symbol * velocity.symbol - a.symbol * GRADIENT),
        Update("w", WEIGHT + velocity.symbol),
    )
    return Rule("momentum", "Momentum", states=(velocity,), events={"clock": updates}, parameters=(a, b))


def branching():
    """A rule with branches, curvature, a tick, flows, a parameter per weight, bounds."""
    memory, step = State("memory", nonnegative=True), Parameter("clock_step", None, unit="s")
    gain = Parameter("gain", np.array([0.5, 1.0, 2.0]), unit="Hz")
    second = Parameter("one_second", 1.0, unit="s")
    memory = replace(memory, flow=(GRADIENT**2 - memory.symbol) * gain.symbol)
    size = sp.Piecewise((sp.sqrt(CURVATURE + gain.symbol * second.symbol), memory.symbol < 0.1), (sp.S(2), True))
    pace = step.symbol / second.symbol
    return Rule(
        "branching",
        "Branches",
        weight_flow=-GRADIENT * gain.symbol / (1 + size) - WEIGHT**3 / second.symbol,
        states=(memory,),
        events={"clock": (Update("w", WEIGHT - pace * sp.sign(GRADIENT) * sp.exp(-memory.symbol)),)},
        parameters=(gain, step, second),
        bounds=(-1.0, 1.0),
    )


def counting():
    """States that are the same for all parameters: a count that is used before and after it goes up, a decay."""
    count, decay, step = State("count"), State("decay", initial=1.0, nonnegative=True), Parameter("step", 0.3)
    second = Parameter("one_second", 1.0, unit="s")
    decay = replace(decay, flow=-decay.symbol * (1 + count.symbol) / second.symbol)
    move = Update("w", WEIGHT - step.symbol * GRADIENT * decay.symbol / (1 + count.symbol) ** 2)
    up = Update("count", count.symbol + step.symbol)
    events = {"clock": (move, up, move, up)}
    return Rule("counting", "Counts", states=(count, decay), events=events, parameters=(step, second))


def many_rates(rule, name, n=3):
    """The rule with another value of a parameter for each parameter of the landscape."""
    changed = tuple(
        replace(p, value=p.value * np.linspace(0.5, 0.9, n)) if p.name == name else p for p in rule.parameters
    )
    return replace(rule, parameters=changed)


RULES = {
    "finite": derive(Objective(discount=0.3, plasticity=1.2, loss_weight=0.8)),
    "short": derive(Objective(discount=sp.oo)),
    "long": derive(Objective(discount=0)),
    "metric": derive(Objective(discount=0.5, metric=np.array([0.5, 1.0, 2.0]))),
    "beliefs": derive(Objective(discount=0.5), FadingMemory(time_constant=0.3), FadingMemory(time_constant=1.0)),
    "clock": momentum(),
    "branching": branching(),
    "counting": counting(),
    "counting, each at its own step": many_rates(counting(), "step"),
    "adam, each with its own memory": many_rates(rules.load("adam")(learning_rate=0.05), "decay_mean"),
    "kalman": derive(Objective(0.3), OrnsteinUhlenbeck(0.8, 1.0, 0.4)),
    "heavy ball": rules.load("heavy_ball")(),
}


def test_euler_reaches_the_exact_flow_at_first_order():
    """Diagonal quadratic: θ = μ + (θ_0 − μ) e^{−rt}, r = sqrt(γ²/4 + ηkh) − γ/2; the error halves with dt."""
    gamma, eta, k, h = 0.3, 1.2, 0.8, np.array([0.2, 1.0, 4.0])
    rule = derive(Objective(gamma, eta, k))
    exact = OPTIMUM + (START - OPTIMUM) * np.exp(-(np.sqrt(gamma**2 / 4 + eta * k * h) - gamma / 2))
    errors = []
    for n_steps in (100, 200, 400, 800):
        ds = simulate(rule, Quadratic(h, OPTIMUM), START, n_steps, 1 / n_steps)
        errors.append(np.abs(ds.theta.values[0, -1] - exact).max())
    assert errors[-1] < 1e-3
    assert np.all(np.abs(np.log2(np.divide(errors[:-1], errors[1:])) - 1) < 0.03)  # next order is dt·r ≤ 0.02


def test_short_horizon_in_a_full_quadratic_is_gradient_flow_by_euler():
    """Every step multiplies θ − μ by 1 − dt·H, exactly."""
    dt, n_steps = 0.05, 40
    ds = simulate(RULES["short"], Quadratic(H, OPTIMUM), START, n_steps, dt)
    exact = OPTIMUM + np.linalg.matrix_power(np.eye(3) - dt * H, n_steps) @ (START - OPTIMUM)
    np.testing.assert_allclose(ds.theta.values[0, -1], exact, rtol=1e-12)


def one_by_one(rule, n_steps, dt, noise):
    """The equations of a rule, one trial, weight and variable after the other, as scalars of Python."""

    def value(expression, now):
        symbols = sorted(sp.sympify(expression).free_symbols, key=str)
        return sp.lambdify(symbols, expression, "math")(*(now[s.name] for s in symbols))

    values = {**rule.values, "clock_step": dt}
    now = [
        {name: np.broadcast_to(v, 3)[i] for name, v in values.items()}
        | {s.name: s.initial for s in rule.states}
        | {"w": START[i], "curvature": H[i, i]}
        for i in range(3)
    ]
    flowing = {"w": rule.weight_flow, **{s.name: s.flow for s in rule.states}}
    for step in range(n_steps):
        theta = np.array([variables["w"] for variables in now])
        for variables, gradient in zip(now, (theta - OPTIMUM) @ H + noise[step], strict=True):
            variables["gradient"] = gradient
            for update in rule.events.get("clock", ()):
                variables[update.target] = value(update.expression, variables)
                variables["w"] = np.clip(variables["w"], *rule.bounds or (-np.inf, np.inf))
            variables |= {name: variables[name] + dt * value(flow, variables) for name, flow in flowing.items()}
            variables["w"] = np.clip(variables["w"], *rule.bounds or (-np.inf, np.inf))
    return [variables["w"] for variables in now]


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_arrays_follow_the_equations_one_by_one(rule):
    """Rounding only: 20 steps of about 1e-16 each, none of them unstable."""
    noise = np.random.Generator(np.random.PCG64(3).jumped(2)).standard_normal((20, 3))
    runs = simulate(rule, Quadratic(H, OPTIMUM), START, 20, 0.02, 0.3, seed=3, n_trials=4, record_every=7)
    assert np.ptp(runs.theta.values[:, -1, 0]) > 0
    np.testing.assert_allclose(runs.theta[2, -1], one_by_one(rule, 20, 0.02, 0.3 * noise), rtol=0, atol=1e-13)
    np.testing.assert_allclose(runs.loss, Quadratic(H, OPTIMUM).loss(runs.theta.values), atol=1e-12)


def test_trial_k_is_the_same_whoever_else_runs(monkeypatch):
    """Noise depends on (seed, trial) alone: not on the number of trials, nor on how many are drawn ahead."""
    landscape = Quadratic(H, OPTIMUM)

    def run(n_trials, seed=5):
        return simulate(RULES["finite"], landscape, START, 50, 0.02, 0.5, seed=seed, n_trials=n_trials).theta.values

    few, many = run(3), run(40)
    np.testing.assert_array_equal(few, many[:3])
    monkeypatch.setitem(simulate.__globals__, "_NUMBERS_PER_STEP", 30)
    monkeypatch.setitem(simulate.__globals__, "_NUMBERS_AHEAD", 100)
    np.testing.assert_array_equal(run(40), many)
    ends = np.concatenate([many[:, -1, 0], run(40, seed=6)[:, -1, 0]])
    assert np.unique(ends).size == 80


def test_noise_is_the_documented_stream():
    """One step of dw/dt = −g from the optimum is −dt times the noise of PCG64(seed).jumped(trial)."""
    ds = simulate(RULES["short"], Quadratic(H, OPTIMUM), OPTIMUM, 1, 1.0, 1.0, seed=11, n_trials=4)
    stream = np.random.Generator(np.random.PCG64(11).jumped(3))
    np.testing.assert_allclose(OPTIMUM - ds.theta.values[3, 1], stream.standard_normal(3), rtol=1e-14)


def test_noise_on_one_observation_has_the_stated_spread():
    """One step of dw/dt = −g from the optimum is −dt times the noise: mean 0, its sd, independent."""
    n_trials, noise, dt = 4000, 0.7, 0.1
    ds = simulate(RULES["short"], Quadratic(H, OPTIMUM), OPTIMUM, 1, dt, noise, n_trials=n_trials)
    seen = (OPTIMUM - ds.theta.values[:, 1]) / dt
    np.testing.assert_allclose(seen.mean(0), 0, atol=z(3) * noise / np.sqrt(n_trials))
    np.testing.assert_allclose(np.cov(seen.T) / noise**2, np.eye(3), atol=variance_error(n_trials - 1, 6))


def euler_variance(flow, noise_in, dt):
    """Stationary variance of the first variable of x ← x + dt(flow x) + √dt noise_in ξ."""
    step = np.eye(len(flow)) + dt * np.asarray(flow)
    return solve_discrete_lyapunov(step, dt * np.outer(noise_in, noise_in))[0, 0]


def gradient_filter(belief, observation_noise):
    """Gain K and forgetting 1/τ of a gradient belief in its steady state."""
    if isinstance(belief, FadingMemory):
        return 1 / belief.time_constant, 0.0
    forgetting = 1 / belief.time_constant
    ratio = 2 * belief.stationary_std**2 * forgetting / observation_noise**2
    return -forgetting + np.sqrt(forgetting**2 + ratio), forgetting


@pytest.mark.parametrize(
    "belief", [None, FadingMemory(time_constant=0.5), OrnsteinUhlenbeck(0.8, 1.0, 0.4)], ids=["plain", "fading", "ou"]
)
def test_stationary_variance_under_white_gradient_noise(belief):
    """κσ²/(2h) for the plain rule and κKσ²/[2h(K + 1/τ)] with a gradient belief of gain K and forgetting 1/τ.

    A fading memory forgets nothing by itself (1/τ = 0): the same variance as no belief. The reference for the
    simulation is the exact variance of the Euler map, whose limit these formulas are. The bound for 20,000
    independent values is 5 %.
    """
    gamma, h, sigma, dt = 0.3, 2.0, 0.4, 0.05
    slowness = gamma / 2 + np.sqrt(gamma**2 / 4 + h)
    if belief is None:
        kappa, share = 1 / slowness, 1.0
        flow, noise_in = [[-kappa * h]], [kappa * sigma]
    else:
        gain, forgetting = gradient_filter(belief, sigma)
        kappa, share = 1 / (slowness + forgetting), gain / (gain + forgetting)
        flow, noise_in = [[0, -kappa], [gain * h, -gain - forgetting]], [0, gain * sigma]
    gaps = [euler_variance(flow, noise_in, s) / (kappa * share * sigma**2 / (2 * h)) - 1 for s in (1e-3, 5e-4)]
    assert abs(gaps[0]) < 0.01
    assert gaps[0] / gaps[1] == pytest.approx(2, abs=0.01)
    rule, landscape, noise = derive(Objective(gamma), belief), Quadratic(h, np.zeros(10)), sigma / np.sqrt(dt)
    ds = simulate(rule, landscape, np.zeros(10), 400, dt, noise, n_trials=2000, record_every=400)
    assert np.var(ds.theta.values[:, -1]) == pytest.approx(
        euler_variance(flow, noise_in, dt), rel=variance_error(20_000)
    )


def textbook_adam(rate=0.01, keep=0.9, keep_square=0.999, epsilon=1e-8):
    """Adam as published: moving averages from zero, bias correction, step."""
    mean, square, t = 0.0, 0.0, 0

    def step(gradient):
        nonlocal mean, square, t
        t += 1
        mean = keep * mean + (1 - keep) * gradient
        square = keep_square * square + (1 - keep_square) * gradient**2
        return -rate * mean / (1 - keep**t) / (np.sqrt(square / (1 - keep_square**t)) + epsilon)

    return step


def textbook_exact(rate=0.01, keep=0.9, keep_square=0.999, discount=0.7):
    """Adam with the denominator of a finite horizon, α/Δt = sqrt(ηk) = 1."""
    moments = textbook_adam(1.0, keep, keep_square, 0.0)
    square, t = 0.0, 0

    def step(gradient):
        nonlocal square, t
        t += 1
        square = keep_square * square + (1 - keep_square) * gradient**2
        curvature = square / (1 - keep_square**t)
        mean = -moments(gradient) * np.sqrt(curvature)
        return -rate * mean / (discount / 2 + np.sqrt(discount**2 / 4 + curvature))

    return step


def textbook_rmsprop(rate=0.01, keep=0.9, epsilon=1e-8):
    square = 0.0

    def step(gradient):
        nonlocal square
        square = keep * square + (1 - keep) * gradient**2
        return -rate * gradient / (np.sqrt(square) + epsilon)

    return step


OPTIMISERS = {
    "adam": (rules.load("adam")(learning_rate=0.01), textbook_adam),
    "rmsprop": (rules.load("rmsprop")(learning_rate=0.01), textbook_rmsprop),
    "sgd": (rules.load("gradient_descent")(learning_rate=1.0), lambda: lambda gradient: -0.01 * gradient),
    "adam, finite horizon": (derive(Objective(0.7), FadingMemory(0.9), FadingMemory(0.999)), textbook_exact),
}


@pytest.mark.parametrize(("rule", "textbook"), OPTIMISERS.values(), ids=OPTIMISERS)
def test_optimisers_on_shared_gradients_are_the_textbook_ones(rule, textbook):
    """500 steps on gradients of many sizes: a difference of rounding, 1e-12 relative to parameters of order 1."""
    random = np.random.default_rng(7)
    gradients = random.standard_normal((500, 6)) * np.logspace(-3, 2, 6) + 0.1
    actual = simulate(rule, GradientSequence(gradients), np.ones(6), 500, 0.01).theta.values[0]
    step, theta = textbook(), np.ones(6)
    for n, gradient in enumerate(gradients):
        np.testing.assert_allclose(actual[n], theta, rtol=1e-12, atol=1e-12)
        theta = theta + step(gradient)
    np.testing.assert_allclose(actual[-1], theta, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("rule", "textbook"), OPTIMISERS.values(), ids=OPTIMISERS)
def test_optimisers_on_a_landscape_are_the_textbook_ones(rule, textbook):
    """The same where the gradient depends on where the learner is.

    Every step starts from where the learner is, so that rounding can't grow from step to step; moving averages forget
    it. A gradient h(θ − θ*) is rounded by ε h|θ*|; RMSprop divides it by the gradients of about 0.01 h among which it
    ends, and multiplies it by its rate 0.01, so that one step is rounded by a few ε.
    """
    landscape = Quadratic(H, OPTIMUM)
    actual = simulate(rule, landscape, START, 200, 0.01).theta.values[0]
    step = textbook()
    for before, after in itertools.pairwise(actual):
        np.testing.assert_allclose(after, before + step(landscape.gradient(before)), rtol=0, atol=1e-14)


def test_clock_updates_come_in_order_once_per_step():
    """Momentum in its textbook loop, on gradients that do not depend on θ: equal to rounding."""
    gradients = np.random.default_rng(0).standard_normal((50, 4))
    ds = simulate(momentum(0.1, 0.9), GradientSequence(gradients), np.ones(4), 50, 1.0)
    theta, velocity = np.ones(4), np.zeros(4)
    for n, gradient in enumerate(gradients):
        np.testing.assert_allclose(ds.theta.values[0, n], theta, atol=1e-13)
        velocity = 0.9 * velocity - 0.1 * gradient
        theta = theta + velocity
    np.testing.assert_allclose(ds.theta.values[0, -1], theta, atol=1e-13)


def test_a_metric_per_parameter_divides_its_learning_rate():
    """Short horizon: rate ηk/(γG_i) for each parameter."""
    metric = np.array([0.5, 1.0, 4.0])
    rule = derive(Objective(sp.oo, metric=metric))
    ds = simulate(rule, Quadratic(1.0, np.zeros(3)), np.ones(3), 1, 0.1)
    np.testing.assert_allclose(ds.theta.values[0, 1], 1 - 0.1 / metric, rtol=1e-14)


def test_bounds_hold_at_every_step():
    rule = replace(RULES["short"], bounds=(-0.2, 0.4))
    ds = simulate(rule, Quadratic(H, OPTIMUM), np.zeros(3), 100, 0.05, 2.0, n_trials=5)
    assert ds.theta.values.min() == -0.2
    assert ds.theta.values.max() == 0.4


def test_thinned_records_are_a_subset_with_both_ends():
    landscape = Quadratic(H, OPTIMUM)
    whole = simulate(RULES["finite"], landscape, START, 23, 0.1, 0.1)
    thin = simulate(RULES["finite"], landscape, START, 23, 0.1, 0.1, record_every=5)
    recorded = [0, 5, 10, 15, 20, 23]
    np.testing.assert_allclose(thin.time, np.array(recorded) * 0.1)
    np.testing.assert_array_equal(thin.theta, whole.theta[:, recorded])
    np.testing.assert_array_equal(thin.loss, whole.loss[:, recorded])


def test_output_follows_the_schema_and_starts_at_the_start():
    start = np.random.default_rng(1).standard_normal((6, 3))
    ds = simulate(RULES["finite"], Quadratic(H, OPTIMUM), start, 5, 0.1, n_trials=6)
    check_schema(ds)
    assert dict(ds.sizes) == {"trial": 6, "time": 6, "parameter": 3}
    np.testing.assert_array_equal(ds.theta[:, 0], start)
    assert ds.attrs["rule"] == "derived"


@pytest.mark.parametrize(
    ("rule", "h", "message"),
    [
        (RULES["short"], [1.0, 1e9], r"theta\[1\] is no longer finite at t = 3\d s.*smaller dt"),
        (RULES["long"], [1.0, -1.0], r"theta\[1\] is no longer finite at t = 1 s.*zero or negative.*short horizon"),
        (derive(Objective(1.0), duration=sp.oo), [[1.0, 0.9e9], [0.9e9, 1.0]], r"neither dt nor a learning rate"),
    ],
)
def test_divergence_names_variable_time_and_remedy(rule, h, message):
    """θ grows by 1e9 a step from 1, and 1e308 is reached after 35; at no curvature a long horizon has no rule.

    A step −g/v with the diagonal of a coupled Hessian is a Jacobi iteration, which no learning rate slows down.
    """
    with pytest.raises(DivergedError, match=message):
        simulate(rule, Quadratic(h, [0.0, 0.0]), [1.0, 1.0], 100, 1.0)


def test_growth_beyond_every_scale_is_warned_of():
    """θ ← (1 − 2.5·1)θ grows by 1.5 a step: 1.5⁴⁰ = 1.1e7 is finite, but no learner's."""
    with pytest.warns(UserWarning, match=r"theta grew to 1.11e\+07: the learner diverges; use a smaller dt"):
        simulate(RULES["short"], Quadratic([1.0], [0.0]), [1.0], 40, 2.5)


@pytest.mark.parametrize("metric", [lambda w: w, lambda w: 1 / w])
def test_weights_stay_where_their_metric_is_positive(metric):
    """At w < 0 a metric w is negative and the rule would climb the loss: no start there, no step across."""
    rule = derive(Objective(0.3, metric=metric))
    assert rule.bounds == (0.0, np.inf)
    with pytest.raises(InputError, match="start.* is -1, outside its bounds 0"):
        simulate(rule, Quadratic([0.01], [0.0]), [-1.0], 3000, 0.01)


def test_a_step_across_the_edge_of_a_metric_ends_there():
    """In the metric 1/w² the step −ηw²g/γ from w = 1 at g = 6 would end at −5."""
    rule = derive(Objective(sp.oo, metric=lambda w: 1 / w**2))
    assert simulate(rule, Quadratic([1.0], [-5.0]), [1.0], 1, 1.0).theta.values[0, -1, 0] == -5
    rule = derive(Objective(sp.oo, metric=lambda w: 1 / w))
    assert simulate(rule, Quadratic([1.0], [-5.0]), [1.0], 1, 1.0).theta.values[0, -1, 0] == 0


def test_a_finite_horizon_descends_through_concave_parts():
    """The curvature −3.52 on the ridge is beyond −γ²/4; taken as 0, the rate is ηk/γ."""
    well, start = DoubleWell(), np.array([-0.2, 0.1])
    rule = derive(Objective(0.5))
    first = simulate(rule, well, start, 1, 1e-3).theta.values[0, -1]
    slope = well.gradient(start)
    np.testing.assert_allclose(first[0] - start[0], -1e-3 * slope[0] / 0.5, rtol=1e-9)
    np.testing.assert_allclose(first[1] - start[1], -1e-3 * slope[1] / (0.25 + np.sqrt(0.0625 + 2)), rtol=1e-9)
    path = simulate(rule, well, start, 4000, 1e-3)
    assert np.all(np.diff(path.loss.values[0]) < 0)
    np.testing.assert_allclose(path.theta.values[0, -1], well.minima[0], atol=0.01)


def observing(duration):
    """A clock rule that acts for a duration between observations of the gradient."""
    span = Parameter("duration", duration, unit="s")
    return Rule(
        "observing", "Observes", events={"clock": (Update("w", WEIGHT - span.symbol * GRADIENT),)}, parameters=(span,)
    )


BAD = {
    "duration": ({"rule": observing(0.2)}, "dt is 0.1 s, but rule 'observing' acts for 0.2 s"),
    "spikes": ({"rule": pair_stdp()}, "acts at 'pre' events.*replay"),
    "rewards": (
        {"rule": Rule("rewarded", "Grows", events={"third_factor": (Update("w", WEIGHT + 1),)})},
        "acts at 'third_factor' events",
    ),
    "activity": ({"rule": observe(derive(Objective(sp.oo)), exact_error())}, "needs 'pre_rate'"),
    "no value": ({"rule": derive(Objective(sp.Symbol("discount")))}, "discount.*no value.*with_parameters"),
    "metric size": ({"rule": derive(Objective(0.5, metric=np.ones(2)))}, r"metric.*shape \(2,\)"),
    "dt": ({"dt": 0.0}, "dt must be > 0"),
    "n_steps": ({"n_steps": 2.5}, "n_steps must be a whole number"),
    "n_trials": ({"n_trials": 0}, "n_trials must be >= 1"),
    "noise": ({"gradient_noise": -1.0}, "gradient_noise must be >= 0"),
    "seed": ({"seed": -1}, "seed must be >= 0"),
    "every": ({"record_every": 0}, "record_every must be >= 1"),
    "text": ({"start": "here"}, "start must be numbers"),
    "scalar": ({"start": 1.0}, "start must have shape"),
    "trials": ({"start": np.zeros((2, 3))}, "start must have shape"),
    "nan": ({"start": [0.0, np.nan, 0.0]}, "start must be finite"),
    "n": ({"start": [0.0, 1.0]}, "2 parameters.*does not fit"),
    "sequence": ({"landscape": GradientSequence(np.ones((4, 3)))}, "only 4 gradients"),
}


@pytest.mark.parametrize(("change", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_named(change, message):
    good = {
        "rule": RULES["finite"],
        "landscape": Quadratic(H, OPTIMUM),
        "start": START,
        "n_steps": 5,
        "dt": 0.1,
    }
    with pytest.raises(InputError, match=message):
        simulate(**{**good, **change})


@pytest.mark.parametrize("gradients", [np.ones(3), np.zeros((0, 2)), [[np.nan]]])
def test_gradient_sequences_must_be_finite_matrices(gradients):
    with pytest.raises(InputError, match="gradients must"):
        GradientSequence(gradients)
