"""Judging rules and paths: the optimum has no gap, everything else has the gap that closed forms say."""

import numpy as np
import pytest
import sympy
from numpy.testing import assert_allclose

from plasticity.derive import derive
from plasticity.errors import DivergedError, InputError
from plasticity.landscapes import DoubleWell, Quadratic
from plasticity.objective import Objective
from plasticity.optimality import angle_to_gradient, curl_of, follow, optimality, velocity_field
from plasticity.plan import plan
from plasticity.replay import replay
from plasticity.rule import GRADIENT, Parameter, Rule, State
from plasticity.rules.pair_stdp import pair_stdp
from plasticity.simulate import simulate
from plasticity.solve import solve

ROTATION = np.array([[0.0, -1.0], [1.0, 0.0]])


def test_gradient_descent_has_its_closed_form_gap():
    # ẋ = −hx pays ½h(h+1)/(γ+2h) from x = 1; the optimum ½(√(γ²/4+h) − γ/2)
    curvature = np.array([1.0, 4.0])
    loss = Quadratic(curvature, [0.0, 0.0])
    report = optimality(lambda w: -loss.gradient(w), Objective(1.0), loss, [1.0, 1.0], np.linspace(0, 20, 8001))
    action = np.sum(0.5 * curvature * (curvature + 1) / (1 + 2 * curvature))
    optimum = np.sum(0.5 * (np.sqrt(0.25 + curvature) - 0.5))
    assert_allclose(report.optimum, optimum, rtol=1e-12)
    assert_allclose(report.action, action, rtol=1e-5)  # midpoint rule, (h dt)² = 1e-4 / 24
    assert_allclose(report.gap, action - optimum, rtol=1e-4)
    assert report.angle < 1e-6
    assert report.curl < 1e-9


@pytest.mark.parametrize("discount", [0.0, 0.6])
def test_the_optimal_policy_has_no_gap(discount):
    objective = Objective(discount, drift=0.7 * ROTATION - 0.2, metric=[[2.0, 0.3], [0.3, 1.0]])
    loss = Quadratic([[2.0, 0.5], [0.5, 1.0]], [1.0, -1.0])
    policy = solve(objective, loss)
    times = np.linspace(0, 5, 2001)
    as_field, as_path = (
        optimality(policy, objective, loss, [0.0, 2.0], times),
        optimality(policy.trajectory([[0.0, 2.0], [3.0, 1.0]], times), objective, loss),
    )
    # a squared difference of second order in dt = 2.5e-3: dt⁴ ~ 4e-11
    assert 0 <= as_field.gap < 1e-9
    assert as_path.gap.shape == (2,)
    assert as_path.gap.max() < 1e-9
    assert_allclose(as_field.curl, policy.curl, rtol=1e-8)
    assert np.isnan(as_path.curl)
    if discount == 0:  # the optimum is the limit of a cost per unit time, which the report says
        assert "limit" in as_field.notes[0]
    else:
        assert_allclose(as_path.action, policy.value([[0.0, 2.0], [3.0, 1.0]]), rtol=1e-5)


def test_gap_is_action_minus_optimum_for_any_rule():
    objective = Objective(0.5, drift=-0.3, control=[[1.0], [0.5]])
    loss = Quadratic([[2.0, 0.5], [0.5, 1.0]], [1.0, -1.0])

    def law(w):  # another feedback through the same control: reachable, and not optimal
        return -0.3 * w + ((w - 1.0) @ [[0.4], [-0.3]] - 0.2) * [1.0, 0.5]

    report = optimality(law, objective, loss, [2.0, 0.0], np.linspace(0, 30, 6001))
    assert report.gap > 0.01
    assert_allclose(report.action - report.optimum, report.gap, rtol=1e-4)


def test_double_well_gap_is_against_the_plan():
    objective, well = Objective(0.1), DoubleWell()
    start, times = [-0.6, 0.55], np.linspace(0, 4, 401)
    descent = optimality(lambda w: -well.gradient(w), objective, well, start, times)
    assert descent.gap > 0.01
    path = plan(objective, well, start, 4.0, n_points=401)
    planned = optimality(path, objective, well)
    assert abs(planned.gap) < 1e-6  # explain and plan weigh intervals with a relative difference (γh)²/24
    assert_allclose(planned.optimum, descent.optimum, rtol=1e-9)


def test_the_gap_of_a_learner_that_stays_is_against_one_that_leaves():
    objective, well = Objective(0.1), DoubleWell()
    stays = simulate(derive(Objective(3.0)), well, [-0.6, 0.55], 2000, 0.005)
    report = optimality(stays, objective, well)
    across = plan(objective, well, [-0.6, 0.55], 10.0, n_points=801, initial_path=[[-0.6, 0.55], [1.06, 0]])
    # the mesh of 801 points is four times coarser than the records: 2e-5 of J's terms
    assert report.optimum.item() <= across.attrs["action"] + 1e-4
    assert_allclose(report.gap, 4.418, atol=2e-3)
    assert "upper bound" in report.notes[0]


def test_natural_gradient_is_curl_free_and_straight_in_its_metric_only():
    well = DoubleWell()

    def metric(w):
        return np.array([[2 + np.sin(w[1]), 0.3], [0.3, 1 + w[0] ** 2]])

    def natural(w):
        rows = [-np.linalg.solve(metric(p), well.gradient(p)) for p in w.reshape(-1, 2)]
        return np.reshape(rows, w.shape)

    theta = np.random.default_rng(0).standard_normal((5, 2))
    with_metric, plain = Objective(1.0, metric=metric), Objective(1.0)
    assert np.abs(curl_of(natural, theta, with_metric)).max() < 1e-8
    assert np.abs(curl_of(natural, theta, plain)).min() > 1e-3
    assert_allclose(angle_to_gradient(natural(theta), theta, with_metric, well), 0, atol=1e-7)
    assert angle_to_gradient(natural(theta), theta, plain, well).max() > 0.05


def test_angle_of_a_turned_gradient():
    loss = Quadratic(1.0, [0.0, 0.0])
    turn = np.array([[np.cos(0.4), -np.sin(0.4)], [np.sin(0.4), np.cos(0.4)]])
    theta = np.random.default_rng(0).standard_normal((5, 2))
    assert_allclose(angle_to_gradient(-theta @ turn.T, theta, Objective(1.0), loss), 0.4)
    assert np.isnan(angle_to_gradient([0.0, 0.0], [1.0, 0.0], Objective(1.0), loss))


def test_derived_rules_are_judged_by_their_own_objective():
    # for a single parameter with its curvature known, the derived rule is the optimal policy
    objective, loss = Objective(0.7, 1.3, 0.8), Quadratic([3.0], [1.0])
    times = np.linspace(0, 10, 2001)
    exact = optimality(derive(objective), objective, loss, [0.0], times)
    assert exact.gap < 1e-8 * exact.optimum
    short = optimality(
        derive(objective).limit(discount=sympy.oo).with_parameters(learning_rate=1.3 * 0.8 / 0.7),
        objective,
        loss,
        [0.0],
        times,
    )
    assert short.gap > 0.01 * short.optimum


def test_simulated_trials_and_replayed_synapses():
    objective, loss = Objective(0.7), Quadratic([3.0, 1.0], [1.0, 0.0])
    run = simulate(derive(objective), loss, [0.0, 1.0], 500, 0.01, gradient_noise=0.5, seed=1, n_trials=3)
    report = optimality(run, objective, loss)
    assert report.gap.shape == (3,)
    assert np.all(report.gap > 0)
    spikes = np.arange(0.1, 2, 0.1)
    weights = replay(pair_stdp(), spikes, spikes + 0.01)
    stdp = optimality(weights, objective, Quadratic([1.0], [0.5]), variable="weight")
    assert stdp.gap > 0


def test_rules_with_memory_are_sent_to_simulate():
    rate = Parameter("rate", 1.0, unit="Hz")
    m = State("m", GRADIENT)
    momentum = Rule("momentum", "momentum", -m.symbol * rate.symbol, states=(m,), parameters=(rate,))
    with pytest.raises(InputError, match=r"states or events.*simulate"):
        velocity_field(momentum, Quadratic([1.0], [0.0]))


def test_bad_input_is_named():
    loss = Quadratic([1.0], [0.0])
    for start, times, words in [
        (None, [0, 1], "start and times"),
        ([[1.0]], [0, 1], "start"),
        ([1.0], [1, 0], "times"),
        ([1.0], [0.0], "times"),
    ]:
        with pytest.raises(InputError, match=words):
            optimality(np.negative, Objective(1.0), loss, start, times)
    with pytest.raises(DivergedError), np.errstate(all="ignore"):
        follow(lambda w: w**3, [2.0], [0.0, 5.0])
