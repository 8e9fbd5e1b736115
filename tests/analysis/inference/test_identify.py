"""What takes what: every row of the table of identifiability, from noise-free paths and as an alias."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from analysis.infer import infer
from analysis.inference.design import best_pair, design, discount_error
from analysis.inference.experiment import Experiment
from analysis.inference.identify import identifiable
from plasticity import Objective, OrnsteinUhlenbeck, derive_trials, solve
from plasticity.errors import InputError
from plasticity.landscapes import Quadratic

COUPLED = np.array([[3.0, 1.0], [1.0, 0.5]])
OPTIMUM = [1.0, -0.5]
STARTS = np.array([[2.0, 1.0], [-1.0, 0.5]])
TIMES = np.linspace(0, 6, 31)
FULL = np.array([[2.0, 0.7], [0.7, 1.0]])
EXACT = 1e-6


def paths(objective, landscapes):
    """Paths of `solve` without noise, each start under each loss, and the loss of every path."""
    all_paths = [solve(objective, loss).path(start, TIMES) for loss in landscapes for start in STARTS]
    return np.array(all_paths), [loss for loss in landscapes for _ in STARTS]


def recovered(objective, landscapes, unknown=("discount", "metric"), **options):
    data, losses = paths(objective, landscapes)
    known = {"measurement_noise": 1e-5} | options.pop("known", {})
    return infer(data, losses, unknown, known=known, process_noise="none", times=TIMES, check=False, **options)


ROWS = {
    "two curvatures": (Objective(0.7), [Quadratic([1.0, 4.0], OPTIMUM)], {}, {"discount": 0.7, "metric": 1.0}),
    "diagonal metric and coupling": (
        Objective(0.7, metric=[0.5, 2.0]),
        [Quadratic(COUPLED, OPTIMUM)],
        {"metric": "diagonal"},
        {"discount": 0.7, "metric_1": 2.0, "metric_2": 0.5},
    ),
    "full metric and two levels": (
        Objective(0.7, metric=FULL),
        [Quadratic(COUPLED, OPTIMUM), Quadratic(4 * COUPLED, OPTIMUM)],
        {"metric": "full"},
        {"discount": 0.7},
    ),
    "unknown level": (
        Objective(0.7),
        [Quadratic([1.0, 4.0], OPTIMUM), Quadratic([1.0, 4.0], [0.0, 0.0])],
        {"unknown": ("discount", "metric", "loss_level")},
        {"discount": 0.7, "loss_level": 1.0},
    ),
    "decay from trials without loss": (
        Objective(0.7, drift=-0.3),
        [Quadratic([1.0, 4.0], OPTIMUM), Quadratic(0.0, OPTIMUM)],
        {"unknown": ("discount", "metric", "drift")},
        {"discount": 0.7, "metric": 1.0, "drift": 0.3},
    ),
    "any drift from trials without loss": (
        Objective(0.7, drift=[[-0.2, 1.5], [-1.0, 0.1]]),
        [Quadratic([1.0, 4.0], OPTIMUM), Quadratic(0.0, OPTIMUM)],
        {"unknown": ("discount", "metric", "drift_matrix")},
        {"discount": 0.7, "metric": 1.0},
    ),
    "one control in an unknown direction, two levels": (
        Objective(0.7, control=[[0.6], [-0.8]]),
        [Quadratic(COUPLED, OPTIMUM), Quadratic(4 * COUPLED, OPTIMUM)],
        {"metric": "full", "rank": 1},
        {"discount": 0.7},
    ),
    "hazard and decay, with trials without loss": (
        Objective(0.7, drift=-0.3, hazard=0.4, prior_mean=0.0),
        [Quadratic([1.0, 4.0], OPTIMUM), Quadratic(0.0, OPTIMUM)],
        {"unknown": ("metric", "drift", "hazard"), "known": {"discount": 0.7}},
        {"metric": 1.0, "drift": 0.3, "hazard": 0.4},
    ),
    "hazard from the rest point": (
        Objective(0.7, hazard=0.4, prior_mean=0.0),
        [Quadratic(2.0, OPTIMUM)],
        {"unknown": ("metric", "hazard"), "known": {"discount": 0.7}},
        {"metric": 1.0, "hazard": 0.4},
    ),
    "decay from the rest point": (
        Objective(0.7, drift=-0.3),
        [Quadratic(2.0, OPTIMUM)],
        {"unknown": ("metric", "drift"), "known": {"discount": 0.7}},
        {"metric": 1.0, "drift": 0.3},
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_what_is_identifiable_is_recovered_from_noise_free_paths(row):
    objective, landscapes, options, truth = ROWS[row]
    answer = recovered(objective, landscapes, **options)
    assert answer.shown.aliases == ()
    for name, value in truth.items():
        i = answer.names.index(name)
        assert_allclose(np.exp(answer.mode[i]), value, rtol=EXACT)
        assert answer.verdict(name) == "identified"


def test_full_metric_itself_is_recovered():
    objective, landscapes, options, _ = ROWS["full metric and two levels"]
    answer = recovered(objective, landscapes, **options)
    assert_allclose(answer.objective().metric, FULL, rtol=EXACT)


def test_drift_itself_is_recovered():
    objective, landscapes, options, _ = ROWS["any drift from trials without loss"]
    answer = recovered(objective, landscapes, **options)
    assert_allclose(answer.objective().drift, objective.drift, atol=EXACT)


def test_direction_of_control_itself_is_recovered():
    """Its sign is open: BG⁻¹Bᵀ is what shows."""
    objective, landscapes, options, _ = ROWS["one control in an unknown direction, two levels"]
    control = recovered(objective, landscapes, **options).objective().control
    assert_allclose(control @ control.T, objective.control @ objective.control.T, atol=EXACT)


ONE = [Quadratic([1.0, 4.0], OPTIMUM)]
FREE = {"process_noise": "free"}
ALIASES = {
    "eta and k": (ONE, ("plasticity", "loss_weight"), {"known": {"discount": 1.0}}, "only as ηk/G"),
    "eta, k and G": (ONE, ("discount", "metric", "plasticity", "loss_weight"), {}, "only as ηk/G"),
    "diagonal metric without coupling": (ONE, ("discount", "metric"), {"metric": "diagonal"}, "without coupling"),
    "one curvature": ([Quadratic(2.0, OPTIMUM)], ("discount", "metric"), {}, "two curvatures"),
    "full metric, one loss": (
        [Quadratic(COUPLED, OPTIMUM)],
        ("discount", "metric"),
        {"metric": "full"},
        "every γ another G",
    ),
    "any drift and metric": (ONE, ("discount", "metric", "drift_matrix"), {"metric": "full"}, "trials without loss"),
    "one control, one loss": (
        [Quadratic(COUPLED, OPTIMUM)],
        ("discount", "metric"),
        {"metric": "full", "rank": 1},
        "every γ another G",
    ),
    "B and G": (ONE, ("metric", "control"), {"known": {"discount": 1.0}, "metric": "diagonal"}, "only as BG⁻¹Bᵀ"),
    "hazard and horizon": ([Quadratic(2.0, OPTIMUM)], ("discount", "metric", "hazard"), {}, "where γ is known"),
}


@pytest.mark.parametrize("row", ALIASES)
def test_what_is_not_identifiable_is_named_before_any_data(row):
    landscapes, unknown, options, words = ALIASES[row]
    answer = identifiable(Experiment(landscapes[0], STARTS, TIMES), unknown, **FREE, **options)
    assert any(words in alias for alias in answer.aliases)
    assert np.all(np.isinf(answer.error[answer.aliased]))
    noise = [name.startswith(("process", "measurement")) for name in answer.names]
    assert not np.any(answer.aliased & noise)


@pytest.mark.parametrize(("discount", "hazard"), [(0.1, 0.4333), (1.0, 0.7333), (3.0, 1.4)])
def test_one_rate_and_one_rest_point_go_with_a_hazard_for_every_discount(discount, hazard):
    """R = 1.2 and a rest at W = 0.75 of the way: λ = (γ + R)(1 − W)/W, so that without γ neither is known."""
    rate, share = 1.2, 0.75
    exact = (discount + rate) * (1 - share) / share
    assert_allclose(exact, hazard, atol=5e-5)
    loss = Quadratic(2.0, [1.0])
    policy = solve(Objective(discount, metric=2.0 / (rate * (rate + discount)), hazard=exact, prior_mean=0.0), loss)
    assert_allclose([policy.closed_loop[0, 0], policy.rest_point[0]], [-rate, share])


def test_learners_in_trials_show_the_noise_of_world_and_observation_as_a_ratio_only():
    """Both times 3: the same aims; one changed by a known factor alone: others."""

    def aims(world, observation):
        belief = OrnsteinUhlenbeck(np.array([3.0, 100.0]), world * np.array([2.0, 4.0]), observation)
        return derive_trials(Objective(0.3, plasticity=0.5), belief).run(np.full(60, 30.0)).aim.values

    usual = aims(1.0, 1.0)
    assert_allclose(aims(3.0, 3.0), usual, rtol=1e-9)
    assert np.abs(aims(1.0, 3.0) - usual).max() > 1.0  # degrees


def test_noise_in_the_metric_breaks_the_alias():
    experiment = Experiment(ONE[0], STARTS, TIMES)
    answer = identifiable(experiment, metric="diagonal", process_noise="metric")
    assert answer.aliases == ()
    assert np.all(np.isfinite(answer.error))


def test_an_alias_is_no_number():
    """One curvature, noise-free: γ' goes with r(r + γ') = ηk'h for the same rate r."""
    with pytest.warns(UserWarning, match="two curvatures"):
        answer = recovered(Objective(0.7), [Quadratic(2.0, OPTIMUM)], known={"measurement_noise": 1e-2})
    assert np.isnan(answer.estimate("discount"))
    assert answer.verdict("discount") == answer.verdict("metric") == "alias"
    assert "is not identifiable" in str(answer)
    rate = -1.0 * solve(Objective(0.7), Quadratic(2.0, OPTIMUM)).closed_loop[0, 0]
    discount, gain = answer.values("discount"), answer.values("metric")
    assert_allclose(rate * (rate + discount), 2 * gain, rtol=0.1)  # rates are known to about s = 1 %
    assert np.ptp(np.log(discount)) > 1


@pytest.mark.paper
@pytest.mark.parametrize(("ratio", "error"), [(2, 16.4), (4, 8.4), (10, 5.3), (100, 3.2), (1e4, 2.4)])
def test_best_curvatures_straddle_the_squared_discount(ratio, error):
    """sd(ln γ) = hypot(s_1, s_2)(2R_1 + γ)(2R_2 + γ)/(γ|R_1 − R_2|), s = (R + γ)/(2R + γ), per error of rates."""
    middle, best = best_pair(ratio)
    assert round(best, 1) == error
    assert best > np.sqrt(5)
    assert 0.75 < middle < (1.05 if ratio <= 100 else 2.0)
    h = middle * np.array([ratio**0.5, ratio**-0.5])
    rate = np.sqrt(0.25 + h) - 0.5
    share = (rate + 1) / (2 * rate + 1)
    closed = np.hypot(*share) * np.prod(2 * rate + 1) / abs(rate[0] - rate[1])
    assert_allclose(best, closed, rtol=1e-9)


def test_curvatures_far_from_the_squared_discount_tell_little():
    assert_allclose([discount_error([0.02, 0.005]), discount_error([200, 50])], [100, 42], rtol=0.01)


def test_design_prefers_two_levels_for_a_full_metric():
    base = Quadratic(COUPLED, OPTIMUM)
    choices = {
        "one level": Experiment(base, STARTS, TIMES),
        "two levels": Experiment([base, Quadratic(4 * COUPLED, OPTIMUM)], STARTS, TIMES),
        "many": Experiment(base, np.tile(STARTS, (100, 1)), TIMES),
    }
    ranked = design(("discount", "metric"), choices, metric="full", process_noise="free", budget=100)
    assert [name for name, _ in ranked] == ["two levels", "one level"]
    assert np.isinf(ranked[1][1])
    with pytest.raises(InputError, match="budget"):
        design(("discount",), choices, budget=1)
    with pytest.raises(InputError, match="target"):
        design(("metric",), choices, known={"discount": 1.0})
