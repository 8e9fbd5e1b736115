"""What `derive` finds equals closed forms, the numerical Riccati solution of `solve`, and textbook algorithms."""

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp
from scipy.linalg import solve_continuous_are

from plasticity import Objective, derive, solve
from plasticity.belief import FadingMemory, GaussianWeight, OrnsteinUhlenbeck, SwitchingTask
from plasticity.errors import InputError
from plasticity.landscapes import Quadratic
from plasticity.rule import CURVATURE, GRADIENT, WEIGHT

GAMMA, ETA, K = 0.3, 1.2, 0.8  # discount, plasticity, loss weight of the check values of the theory
H, MU, W = 2.0, 0.7, -0.4  # curvature, optimum, present weight


def velocity(rule, curvature=H, optimum=MU, weight=W, **states):
    """dw/dt of a derived rule on the loss ½ h (w − μ)²."""
    return number(rule, rule.weight_flow, curvature, optimum, weight, **states)


def number(rule, expression, curvature=H, optimum=MU, weight=W, **states):
    values = {p.symbol: p.value for p in rule.parameters}
    values |= {s.symbol: states[s.name] for s in rule.states if s.name in states}
    known = {GRADIENT: curvature * (weight - optimum), CURVATURE: curvature, WEIGHT: weight}
    return float(sp.sympify(expression).subs(values).subs(known))


@pytest.mark.parametrize("discount", [0, 0.05, 3.0, 20.0])
@pytest.mark.parametrize("curvature", [0.3, 5.0])
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"metric": 2.5},
        {"control": [[0.6]]},
        {"metric": [0.5, 2.0, 1.0], "control": [[0.6, -0.3, 1.1]]},
        {"metric": 2.5, "drift": -0.7, "control": [[1.3]]},
        {"drift": 0.02},
        {"hazard": 0.4, "prior_mean": -1.0},
        {"hazard": 0.4, "prior_mean": 0.3, "drift": -0.2, "metric": 0.5},
    ],
)
def test_it_is_the_numerical_optimum(discount, curvature, more):
    objective = Objective(discount, ETA, K, **more)
    optimal = solve(objective, Quadratic(curvature, MU)).velocity([W])[0]
    # both solve the problem exactly; what is left is rounding, amplified by at most γ²/(ηkv) ~ 1e3
    assert_allclose(velocity(derive(objective), curvature), optimal, rtol=1e-11)


@pytest.mark.parametrize("weight", [-0.9, 0.4, 1.3])
def test_a_nonlinear_drift_is_linearised_at_the_weight(weight):
    def drift(w):
        return w - w**3

    slope = 1 - 3 * weight**2
    centre = weight - drift(weight) / slope  # where the linearised drift vanishes
    shifted = solve(Objective(4.0, ETA, K, drift=slope), Quadratic(H, MU - centre))
    rule = derive(Objective(4.0, ETA, K, drift=drift))
    assert_allclose(velocity(rule, weight=weight), shifted.velocity([weight - centre])[0], rtol=1e-12)


def test_flat_losses_need_no_inverse():
    rule = derive(Objective(GAMMA, ETA, K))
    assert float(rule.weight_flow.subs(rule_values(rule) | {GRADIENT: 1.0, CURVATURE: 0})) == -ETA * K / GAMMA


def rule_values(rule):
    return {p.symbol: p.value for p in rule.parameters}


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (lambda w: 1 / w, WEIGHT),  # exponentiated gradient
        (lambda w: 1 / w**2, WEIGHT**2),
    ],
)
def test_mirror_descent_at_a_short_horizon(metric, expected):
    rule = derive(Objective(sp.oo, metric=metric))
    rate = sp.Symbol("learning_rate", positive=True)
    assert sp.simplify(rule.weight_flow + rate * expected * GRADIENT) == 0


def test_a_long_horizon_makes_changes_proportional_to_the_weight():
    rule = derive(Objective(0, metric=lambda w: 1 / w**2))
    doubled = rule.weight_flow.subs(WEIGHT, 6) / rule.weight_flow.subs(WEIGHT, 3)
    assert sp.simplify(doubled) == 2


# --- acceleration -------------------------------------------------------------------------------------------------


def closed_loop(rule, curvature=H):
    push = rule.states[0].flow.subs(rule_values(rule)).subs({CURVATURE: curvature, GRADIENT: curvature * WEIGHT})
    matrix = [[0.0, 1.0], [float(sp.diff(push, WEIGHT)), float(sp.diff(push, rule.states[0].symbol))]]
    return np.array(matrix)


@pytest.mark.parametrize("discount", [0, 0.3, 4.0])
@pytest.mark.parametrize("friction", [0.0, 0.5])
@pytest.mark.parametrize("metric", [1.0, 3.0])
def test_acceleration_is_the_numerical_optimum(discount, friction, metric):
    rule = derive(Objective(discount, ETA, K, metric=metric, drift=-friction), order=2)
    a = np.array([[0.0, 1.0], [0.0, -friction]])
    b = np.array([[0.0], [1.0]])
    cost, price = np.diag([K * H, 0.0]), np.array([[metric / ETA]])
    p = solve_continuous_are(a - discount / 2 * np.eye(2), b, cost, price)
    optimal = a - b @ np.linalg.solve(price, b.T @ p)
    assert_allclose(closed_loop(rule), optimal, rtol=1e-9, atol=1e-12)  # accuracy of the Schur method


@pytest.mark.parametrize("discount", [0, 0.3, 4.0])
def test_acceleration_has_the_eigenvalues_of_the_theory(discount):
    rule = derive(Objective(discount, ETA, K), order=2)
    root = np.sqrt(discount**2 / 4 + 1j * np.sqrt(ETA * K * H))
    computed = np.linalg.eigvals(closed_loop(rule))
    assert_allclose(sorted(computed, key=np.imag)[1], np.conj(discount / 2 - root), rtol=1e-12)


# --- acting between looks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("duration", [1e-3, 0.5, 20.0])
def test_acting_for_a_time_is_the_flow_of_the_closed_loop(duration):
    objective = Objective(GAMMA, ETA, K, metric=1.5, drift=-0.3)
    tick = derive(objective, duration=duration).events["clock"][0].expression
    policy = solve(objective, Quadratic(H, MU))
    path = solve_ivp(lambda t, w: policy.velocity(w), (0, duration), [W], rtol=1e-11, atol=1e-13)
    rule = derive(objective, duration=duration)
    after = number(rule, tick.rewrite(sp.exp))
    assert_allclose(after, path.y[0, -1], rtol=1e-8)  # ten times the accumulated tolerance of the integrator


def test_acting_for_a_time_is_finite_on_flat_losses():
    rule = derive(Objective(GAMMA, ETA, K), duration=0.5)
    tick = rule.events["clock"][0].expression.subs(rule_values(rule) | {GRADIENT: 1.0, CURVATURE: 0, WEIGHT: 0})
    assert_allclose(float(tick), -0.5 * ETA * K / GAMMA, rtol=1e-15)


# --- beliefs ------------------------------------------------------------------------------------------------------


def test_a_fading_gradient_is_followed_less():
    belief = OrnsteinUhlenbeck(time_constant=0.7, stationary_std=1.0, observation_noise=0.5)
    rule = derive(Objective(GAMMA, ETA, K), gradient_belief=belief)
    assert_allclose(velocity(rule, belief_mean=1.0), -0.32298, atol=5e-6)  # five printed digits
    lasting = derive(Objective(GAMMA, ETA, K), gradient_belief=OrnsteinUhlenbeck(1e12, 1.0, 0.5))
    assert_allclose(velocity(lasting, belief_mean=1.0), -0.62187, atol=5e-6)


def test_the_filter_of_the_gradient_is_kalman_bucy():
    belief = OrnsteinUhlenbeck(time_constant=0.7, stationary_std=1.3, observation_noise=0.5, mean=0.2)
    rule = derive(Objective(GAMMA), gradient_belief=belief)
    tau, sigma, noise, m, s, y = 0.7, 1.3, 0.5, -0.4, 0.6, 1.1
    gain = s / noise**2
    at = {"belief_mean": m, "belief_variance": s}
    values = rule_values(rule) | {x.symbol: at[x.name] for x in rule.states} | {GRADIENT: y}
    mean, variance = (float(x.flow.subs(values)) for x in rule.states)
    assert_allclose(mean, -(m - 0.2) / tau + gain * (y - m), rtol=1e-14)
    assert_allclose(variance, -2 * s / tau + 2 * sigma**2 / tau - s**2 / noise**2, rtol=1e-14)
    assert (rule.states[0].initial, rule.states[1].initial) == (0.2, pytest.approx(1.3**2))
    steady = next(step.equation.rhs for step in rule.steps if step.title == "Steady gain").subs(rule_values(rule))
    expected = -1 / tau + np.sqrt(1 / tau**2 + 2 * sigma**2 / (tau * noise**2))
    assert_allclose(float(steady), expected, rtol=1e-14)


def augmented_velocity(discount, rates, believed, centre, weight=W):
    """dw/dt from a Riccati equation for the weight and the components of the optimum together."""
    n = len(rates)
    a = np.diag([0.0, *(-r for r in rates)])
    b = np.zeros((n + 1, 1))
    b[0] = 1.0
    read = np.array([1.0, *[-1.0] * n])
    cost, price = K * H * np.outer(read, read), np.array([[1 / ETA]])
    p = solve_continuous_are(a - discount / 2 * np.eye(n + 1), b, cost, price)
    return float(-ETA * p[0] @ [weight - centre, *(z - centre / n for z in believed)])


def test_the_weights_of_the_future_optimum_solve_the_augmented_problem():
    taus, believed = (0.6, 25.0), (0.5, -1.1)
    rule = derive(Objective(GAMMA, ETA, K), optimum_belief=OrnsteinUhlenbeck(taus, 1.0, 0.5))
    computed = velocity(rule, belief_optimum_1=believed[0], belief_optimum_2=believed[1])
    assert_allclose(computed, augmented_velocity(GAMMA, [1 / t for t in taus], believed, 0.0), rtol=1e-9)
    pace = GAMMA / 2 + np.sqrt(GAMMA**2 / 4 + ETA * K * H)
    target = sum(pace / (pace + 1 / t) * z for t, z in zip(taus, believed, strict=True))
    assert_allclose(computed, -(pace - GAMMA) * (W - target), rtol=1e-13)  # theory (8a)


def test_means_of_the_optimum_count_fully():
    """In the stationary state, with every component at its mean, the target is the sum of the means."""
    belief = OrnsteinUhlenbeck((0.6, 25.0), 1.0, 0.5, mean=(0.3, -0.8))
    rule = derive(Objective(GAMMA, ETA, K), optimum_belief=belief)
    rest = velocity(rule, weight=-0.5, belief_optimum_1=0.3, belief_optimum_2=-0.8)
    assert_allclose(rest, 0, atol=1e-14)  # rounding of terms of order 1


def test_the_covariance_of_two_components_settles_at_the_riccati_solution():
    taus, stds, noise = np.array([0.6, 25.0]), np.array([0.7, 1.2]), 0.5
    rule = derive(Objective(GAMMA), optimum_belief=OrnsteinUhlenbeck(tuple(taus), tuple(stds), noise))
    drift, read = np.diag(-1 / taus), np.ones((2, 1))
    s = solve_continuous_are(drift.T, read, np.diag(2 * stds**2 / taus), np.array([[noise**2]]))
    at = {"belief_variance_1": s[0, 0], "belief_covariance_2_1": s[1, 0], "belief_variance_2": s[1, 1]}
    for state in rule.states:
        if state.name in at:
            assert_allclose(number(rule, state.flow, **at), 0, atol=1e-10)  # accuracy of the Schur method


def test_an_unannounced_switch_moves_the_moments_as_the_jump_process_does():
    """Ticks that see nothing (noise 1e9) keep the first two moments of the mixture exact."""
    hazard, centre, spread, step = 0.4, 0.3, 1.7, 0.1
    belief = SwitchingTask(hazard, centre, spread, observation_noise=1e9)
    rule = derive(Objective(GAMMA), optimum_belief=belief).with_parameters(clock_step=step)
    m0, s0 = 1.2, 0.1
    start = {"first_mean": m0, "first_variance": s0, "second_mean": m0, "second_variance": s0}
    rule = replace(rule, states=tuple(replace(s, initial=start.get(s.name, s.initial)) for s in rule.states))
    after = final(rule, np.zeros(8))
    stay = np.exp(-hazard * 8 * step)  # probability of no switch
    mean = stay * m0 + (1 - stay) * centre
    variance = stay * (s0 + m0**2) + (1 - stay) * (spread + centre**2) - mean**2
    q, away = after["second_share"], after["second_mean"] - after["first_mean"]
    assert_allclose(after["belief_optimum"], mean, rtol=1e-10)  # the least probability of a hypothesis is 1e-12
    spread_after = (1 - q) * after["first_variance"] + q * after["second_variance"] + q * (1 - q) * away**2
    assert_allclose(spread_after, variance, rtol=1e-10)


def test_switching_and_hazard_agree_when_the_optimum_is_known():
    known = derive(Objective(GAMMA, ETA, K, hazard=0.5, prior_mean=-0.2))
    believed = derive(Objective(GAMMA, ETA, K), optimum_belief=SwitchingTask(0.5, -0.2, 1.0, 0.5))
    (moved,) = (u.expression for u in believed.events["clock"] if u.target == "w")
    short = 1e-6  # the rates of weight and task are below 2/s: the change of the velocity in this time is 2e-6
    change = number(believed.with_parameters(clock_step=short), moved, belief_optimum=MU) - W
    assert_allclose(change / short, velocity(known), rtol=2e-6)


def test_the_soft_reset_has_the_target_of_the_theory():
    rule = derive(Objective(GAMMA, ETA, K, hazard=0.5, prior_mean=0.0))
    share = 0.7553500  # (γ + R)/(γ + R + λ), theory (9)
    assert_allclose(velocity(rule, weight=share * MU), 0, atol=1e-7)
    assert_allclose(velocity(rule), -1.2437360 * (W - share * MU), rtol=1e-6)


def test_an_uncertain_weight_learns_in_proportion_to_its_variance():
    rule = derive(Objective(sp.oo, plasticity=0.5), weight_belief=GaussianWeight(0.2, process_noise=0.01))
    assert_allclose(velocity(rule, belief_variance=0.2), -0.5 * 0.2 * H * (W - MU), rtol=1e-14)
    shrink = number(rule, rule.states[0].flow, belief_variance=0.2)
    assert_allclose(shrink, -0.5 * 0.2**2 * H + 0.01, rtol=1e-14)
    assert rule.states[0].initial == 0.2


def test_the_variance_of_a_weight_approaches_that_of_bayes():
    """With ηk/γ = 1 the variance follows ds²/dt = −s⁴ v, so that 1/s² grows by v per second, as evidence does."""
    rule = derive(Objective(sp.oo), weight_belief=GaussianWeight(0.5))
    flow = sp.lambdify(rule.states[0].symbol, rule.states[0].flow.subs(rule_values(rule)).subs(CURVATURE, H))
    end = solve_ivp(lambda t, s: flow(s), (0, 3), [0.5], rtol=1e-10, atol=1e-12).y[0, -1]
    assert_allclose(1 / end, 1 / 0.5 + 3 * H, rtol=1e-8)


# --- beliefs per step ---------------------------------------------------------------------------------------------


def ticks(rule, gradients, weight=0.0, curvature=1.0):
    """Weight and states after every tick, by carrying out the assignments one by one."""
    values = {s.name: s.initial for s in rule.states} | rule.values | {"w": weight, "curvature": curvature}
    names = [sp.Symbol(n) for n in (*values, "gradient")]
    assignments = [(u.target, sp.lambdify(names, _bare(u.expression))) for u in rule.events["clock"]]
    for gradient in gradients:
        for target, expression in assignments:
            values[target] = expression(*values.values(), gradient)
        yield dict(values)


def run(rule, gradients, weight=0.0):
    """Weights after every tick."""
    return np.array([after["w"] for after in ticks(rule, gradients, weight)])


def final(rule, gradients):
    """Weight and states after the last tick."""
    return list(ticks(rule, gradients))[-1]


def _bare(expression):
    return expression.xreplace({s: sp.Symbol(s.name) for s in expression.free_symbols})


GRADIENTS = np.random.default_rng(3).normal(0.3, 1.0, 200)


def test_fading_memories_and_a_long_horizon_make_adam():
    rule = derive(
        Objective(0, plasticity=0.04, loss_weight=0.25),
        gradient_belief=FadingMemory(decay=0.9),
        curvature_belief=FadingMemory(decay=0.99),
    ).with_parameters(clock_step=0.1)
    m = v = w = 0.0
    expected = []
    for t, g in enumerate(GRADIENTS, 1):
        m, v = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g**2
        w -= 0.1 * 0.1 * (m / (1 - 0.9**t)) / np.sqrt(v / (1 - 0.99**t))  # α = sqrt(ηk)Δt = 0.1·0.1
        expected.append(w)
    assert_allclose(run(rule, GRADIENTS), expected, rtol=1e-12, atol=1e-14)


def test_adam_with_the_exact_denominator():
    rule = derive(
        Objective(0.5, ETA, K), gradient_belief=FadingMemory(decay=0.8), curvature_belief=FadingMemory(decay=0.95)
    )
    m = v = w = 0.0
    expected = []
    for t, g in enumerate(GRADIENTS, 1):
        m, v = 0.8 * m + 0.2 * g, 0.95 * v + 0.05 * g**2
        v_hat = v / (1 - 0.95**t)
        w -= ETA * K * (m / (1 - 0.8**t)) / (0.25 + np.sqrt(0.0625 + ETA * K * v_hat))
        expected.append(w)
    assert_allclose(run(rule, GRADIENTS), expected, rtol=1e-12)


def test_the_gain_of_a_fading_memory_is_that_of_a_kalman_filter():
    """A constant with a wide prior, variance inflated by 1/β before each observation of unit variance."""
    beta, variance, mean, means = 0.9, 1e14, 0.0, []
    for y in GRADIENTS[:30]:
        variance /= beta
        gain = variance / (variance + 1)
        mean, variance = mean + gain * (y - mean), gain
        means.append(mean)
    rule = derive(Objective(sp.oo), gradient_belief=FadingMemory(decay=beta))
    path = run(rule, GRADIENTS[:30])
    assert_allclose(-np.diff([0.0, *path]), means, rtol=1e-11)  # the prior weighs 1e-14


def test_beliefs_are_updated_before_the_weight():
    rule = derive(Objective(0), FadingMemory(decay=0.9), FadingMemory(decay=0.99))
    assert [u.target for u in rule.events["clock"]] == ["count", "belief_mean", "belief_curvature", "w"]


def test_a_velocity_is_updated_before_the_weight():
    rule = derive(Objective(sp.oo, drift=-1.0), FadingMemory(decay=0.9), order=2)
    assert [u.target for u in rule.events["clock"]] == ["count", "belief_mean", "velocity", "w"]


# --- bad input ----------------------------------------------------------------------------------------------------

OU = OrnsteinUhlenbeck(1.0, 1.0, 1.0)
TWO = OrnsteinUhlenbeck((1.0, 2.0), 1.0, 1.0)
STEP = FadingMemory(decay=0.9)


@pytest.mark.parametrize(
    ("objective", "arguments", "named"),
    [
        ({"drift": np.eye(2)}, {}, "drift is a 2×2"),
        ({"metric": np.eye(3)}, {}, "metric is a 3×3"),
        ({"control": np.ones((2, 1))}, {}, "control has 2 rows"),
        ({"control": [[0.0]]}, {}, "control is 0"),
        ({"metric": [1.0, 2.0], "control": [[1.0, 1.0, 1.0]]}, {}, "metric has 2 entries"),
        ({}, {"order": 3}, "order must be 1"),
        ({}, {"order": 2, "duration": 1.0}, "order=2 takes no"),
        ({}, {"gradient_belief": 0.9}, "gradient_belief must be a FadingMemory or a OrnsteinUhlenbeck"),
        ({}, {"optimum_belief": STEP}, "optimum_belief must be"),
        ({}, {"gradient_belief": OU, "optimum_belief": OU}, "leave one of them out"),
        ({}, {"duration": -1.0}, "duration must be > 0"),
        ({}, {"weight_belief": GaussianWeight(1.0), "order": 2}, "metric is curved"),
        ({"discount": 0, "drift": -1.0}, {"weight_belief": GaussianWeight(1.0)}, "closed form is due to the scaling"),
        ({"hazard": 1.0, "prior_mean": 0.0}, {"optimum_belief": TWO}, "splits over"),
        ({"discount": 0.3}, {"weight_belief": GaussianWeight(1.0)}, "no closed form at discount=0.3.*`plan`"),
        ({}, {"gradient_belief": OrnsteinUhlenbeck((1.0, 2.0), 1.0, 1.0)}, "one component"),
    ],
)
def test_what_is_not_derived_is_refused_with_a_remedy(objective, arguments, named):
    with pytest.raises(InputError, match=named):
        derive(Objective(**{"discount": 1.0} | objective), **arguments)


@pytest.mark.parametrize("discount", [0, 0.5, 1.9])
@pytest.mark.parametrize("drift", [1.0, lambda w: w])
def test_growth_of_what_costs_nothing_is_left_alone_as_solve_does(discount, drift):
    """At v = 0 the optimum is no control; the least curvature is worth stabilising where growth exceeds γ/2."""
    rule = derive(Objective(discount, drift=drift))
    for v in (0.0, 1e-9, 0.3):
        exact = solve(Objective(discount, drift=1.0), Quadratic([v], [0.0])).velocity([W])[0]
        # the root is taken of (growth − γ/2)² + v ~ v + 0.0025 at least: eps/√(1e-9) in the worst case
        assert_allclose(velocity(rule, curvature=v, optimum=0.0), exact, rtol=1e-9)
    tick = derive(Objective(discount, drift=drift), duration=0.7)
    moved = number(tick, tick.events["clock"][0].expression.rewrite(sp.exp), curvature=0.0, optimum=0.0)
    assert_allclose(moved, W * np.exp(0.7), rtol=1e-12)


def test_acceleration_keeps_its_digits_at_any_discount():
    """Against 50 digits: no difference of large numbers is left."""
    for discount in (1e-8, 1.0, 1e4, 1e10):
        for friction in (0.0, 0.5):
            flow = (rule := derive(Objective(discount, drift=-friction), order=2)).states[0].flow
            values = rule.values | {"gradient": 0.65, "curvature": 1.7, "velocity": 0.27}
            names = sorted(flow.free_symbols, key=str)
            exact = flow.subs({s: sp.Float(values[s.name], 50) for s in names})
            assert_allclose(float(sp.lambdify(names, flow)(*(values[s.name] for s in names)) / exact), 1, rtol=1e-14)
