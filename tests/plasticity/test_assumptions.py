"""Assumptions under which a rule is optimal: the engine, solved under them, returns the rule."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from plasticity import rules, solve
from plasticity.__main__ import main
from plasticity.assumption_set import as_dataset
from plasticity.assumptions import assumptions_of
from plasticity.errors import InputError
from plasticity.landscapes import Quadratic, from_expression
from plasticity.objective import Objective
from plasticity.optimal.inverse import antisymmetry, decay_of, momentum_discount
from plasticity.textbook import feedback_alignment

COUPLED = np.array([[3.0, 1.0], [1.0, 0.5]])
OPTIMUM = np.array([1.0, -0.5])
SPREAD = Quadratic([1.0, 4.0], OPTIMUM)
DISCOUNTS = (0.01, 0.7, 10.0)
SLOPE = 1e-7  # relative error of slopes by finite differences of fourth order


@pytest.mark.parametrize("discount", DISCOUNTS)
@pytest.mark.parametrize(
    "gain", [0.7 * COUPLED, np.diag([0.2, 5.0]) @ COUPLED, np.eye(2), np.array([[2.0, 0.5], [0.0, 0.0]]) / 2]
)
def test_a_symmetric_preconditioner_has_a_metric_at_every_horizon(gain, discount):
    """Gradient descent, a diagonal gain, Newton's method, and control along one direction (N = e₁e₁ᵀ·h₁)."""
    hessian = COUPLED if gain[1].any() else np.array([[2.0, 0.5], [0.5, 1.0]])
    loss = Quadratic(hessian, OPTIMUM)
    found = assumptions_of(gain, loss)
    assert found.kind == "any horizon"
    assert_allclose(solve(found.objective(discount), loss).closed_loop, -gain, atol=SLOPE * np.abs(gain).max())


@pytest.mark.parametrize("discount", DISCOUNTS)
def test_metric_of_gradient_descent(discount):
    """G⁻¹ = a²H + γa·1."""
    found = assumptions_of(rules.gradient_descent(learning_rate=0.7), Quadratic(COUPLED, OPTIMUM))
    assert_allclose(found.reach(discount), 0.49 * COUPLED + discount * 0.7 * np.eye(2), rtol=SLOPE, atol=1e-9)


def test_rotation_has_no_metric_and_needs_itself_as_drift():
    turning = np.array([[2.0, 3.0], [-3.0, 2.0]])
    loss = Quadratic(1.0, [0.0, 0.0])
    found = assumptions_of(turning, loss)
    assert found.kind == "drift"
    assert "rotation" in found.verdict
    for discount in DISCOUNTS:
        assert_allclose(found.drift(discount), [[0, -3], [3, 0]], atol=1e-4)
        assert_allclose(solve(found.objective(discount), loss).closed_loop, -turning, atol=1e-5)


def test_feedback_alignment_needs_a_drift():
    """A linear layer with readout W and feedback F descends Fe: R = FW on H = WᵀW, N = FW⁻ᵀ is not symmetric."""
    readout = np.array([[1.0, 0.2], [-0.4, 0.8]])
    feedback = np.array([[0.9, 0.3], [0.1, 0.7]])
    loss = Quadratic(readout.T @ readout, [0.0, 0.0])
    found = assumptions_of(lambda w: -feedback @ readout @ w, loss)
    assert found.kind == "drift"
    assert_allclose(solve(found.objective(1.0), loss).closed_loop, -feedback @ readout, atol=1e-5)
    aligned = assumptions_of(lambda w: -readout.T @ readout @ w, loss)
    assert aligned.kind == "any horizon"


HORIZON = {
    "gradient_descent": np.inf,
    "natural_gradient": np.inf,
    "ballistic": 0.0,
    "adam": 0.0,  # ε = γ/(2√(ηk)), 10⁻⁸ by default
    "newton": np.nan,
    "multi_step": 1.0,
    "fisher_gradient": np.nan,
}


@pytest.mark.parametrize("name", HORIZON)
def test_horizon_at_which_one_metric_serves_all_losses(name):
    found = assumptions_of(rules.load(name)(), SPREAD)
    assert found.kind == "any horizon"
    assert_allclose(found.fixed_metric_discount, HORIZON[name], atol=1e-5)


def test_momentum_shows_its_horizon():
    for discount in (0.0, 0.4):
        found = assumptions_of(rules.heavy_ball(discount=discount), SPREAD)
        assert found.kind == "momentum"
        assert_allclose(found.fixed_metric_discount, discount, atol=1e-5)
    assert np.isinf(assumptions_of(rules.polyak(), SPREAD).fixed_metric_discount)


def test_discount_of_momentum_is_that_of_the_engine():
    """Position and speed of one parameter with friction: the gains K and C of `solve` give γ back."""
    for discount, friction in ((0.0, 0.0), (0.7, 0.0), (0.7, 0.5), (3.0, 1.2)):
        objective = Objective(discount, control=[[0.0], [1.0]], drift=[[0.0, 1.0], [0.0, -friction]])
        stiffness, damping = -solve(objective, Quadratic([2.0, 0.0], [0.0, 0.0])).closed_loop[1]
        assert_allclose(momentum_discount(stiffness, damping, friction), discount, atol=1e-8)


def test_decay_is_one_decay_at_a_short_horizon_only():
    found = assumptions_of(rules.weight_decay(decay=0.1), SPREAD)
    assert found.kind == "decay or tasks"
    assert np.isnan(found.hazard)
    assert_allclose(found.drift(1e6), -0.1 * np.eye(2), atol=1e-6)
    assert np.ptp(np.diag(found.drift(1.0))) > 0.1


def test_decay_of_the_engine_comes_back_at_its_discount():
    policy = solve(Objective(0.7, drift=-0.3), SPREAD)
    decay = decay_of(-policy.closed_loop, np.diag(policy.rest_point / OPTIMUM), 0.7)
    assert_allclose(decay, 0.3 * np.eye(2), atol=1e-10)


def test_hazard_and_horizon_of_a_soft_reset():
    found = assumptions_of(rules.soft_reset(hazard=0.1, discount=1.0), SPREAD)
    assert found.kind == "decay or tasks"
    assert_allclose([found.hazard, found.fixed_metric_discount], [0.1, 1.0], atol=1e-5)


def test_oja_is_preconditioned_descent_of_the_reconstruction_error():
    """At the first component e₁: R = (2λ₁, λ₁ − λ₂), H = (4λ₁, λ₁ − λ₂), so N = (½, 1) in those directions."""
    patterns = np.array([[2.0, 0.0], [0.0, 1.0]])  # E[xxᵀ] = diag(2, ½)
    loss = from_expression("-(2*x**2 + y**2/2) + (x**2 + y**2)*(2*x**2 + y**2/2)/2", symbols="x y")
    found = assumptions_of(rules.oja(learning_rate=1.0), loss, near=[0.9, 0.1], patterns=patterns)
    assert found.kind == "any horizon"
    assert_allclose(found.motion.slope, np.diag([4.0, 1.5]), atol=1e-6)
    assert_allclose(found.motion.hessian, np.diag([8.0, 1.5]), atol=1e-6)


def test_bcm_descends_its_objective_near_its_fixed_point():
    """L = −E[y³]/3 + E[y²]²/4 (y_0 = 1), threshold at its steady state: N = 1."""
    patterns = np.array([[1.0, 0.2], [0.3, 0.8]])
    y = "((x + y/5)**{0} + (3*x/10 + 4*y/5)**{0})/2"
    loss = from_expression(f"-{y.format(3)}/3 + ({y.format(2)})**2/4", symbols="x y")
    rule = rules.bcm(learning_rate=1.0, target_rate=1.0)
    selective = np.linalg.solve(patterns, [2.0, 0.0])
    found = assumptions_of(rule, loss, near=selective, patterns=patterns)
    assert found.kind == "any horizon"
    assert_allclose(found.motion.rest, selective, atol=1e-8)
    assert_allclose(found.motion.slope, found.motion.hessian, atol=1e-6)
    alone = assumptions_of(rule, near=selective + 0.05, patterns=patterns)
    assert_allclose(alone.motion.hessian, found.motion.hessian, atol=1e-5)


def test_a_rule_that_climbs_is_called_so():
    found = assumptions_of(np.diag([1.0, -1.0]), Quadratic(1.0, [0.0, 0.0]))
    assert found.kind in ("drift", "none")
    assert "climbs" in found.verdict


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((rules.oja(), SPREAD), "patterns"),
        (([[1.0, 0.0]], SPREAD), "gain"),
        ((np.eye(2), Quadratic([1.0, 0.0], [0.0, 0.0])), "curvature 0"),
        ((rules.gradient_descent(), from_expression("x**2 + y**2", symbols="x y")), "near"),
        ((rules.gradient_descent(), "bowl"), "landscape"),
    ],
)
def test_what_cannot_be_read_is_refused(arguments, words):
    with pytest.raises(InputError, match=words):
        assumptions_of(*arguments)


VERDICTS = {
    "gradient_descent": "every horizon",
    "natural_gradient": "every horizon",
    "newton": "metric follows the loss",
    "ballistic": "long horizon only",
    "adam": "long horizon only",
    "momentum": "γ = 0 /s, whatever the metric",
    "decay": "one decay of 0.1 /s in all directions",
    "oja": "descends a loss",
    "bcm": "descends a loss",
    "feedback_alignment": "least drift that makes it optimal is a rotation",
}


@pytest.mark.parametrize("name", VERDICTS)
def test_the_command_says_for_whom_a_known_rule_is_optimal(name, capsys):
    main(["explain", name])
    assert VERDICTS[name] in capsys.readouterr().out


def test_command_writes_the_set_and_its_figure(capsys, tmp_path):
    main(["explain", "decay", "-o", str(tmp_path / "decay.nc"), "--figure", str(tmp_path / "decay.png")])
    out = capsys.readouterr().out
    assert all((tmp_path / name).stat().st_size for name in ("decay.nc", "decay.png"))
    assert str(tmp_path / "decay.png") in out
    with pytest.raises(InputError, match="hessian"):
        main(["explain", "oja", "--hessian", "1,0;0,1"])
    with pytest.raises(InputError, match="no fixed feedback"):
        main(["explain", "oja", "--feedback", "1,0;0,1"])


def test_fixed_feedback_turned_by_an_angle_has_its_sine_as_antisymmetry():
    """R = T·H, so N = RH⁻¹ = T; with the weights themselves it is descent, N = 1."""
    hessian = np.array([[3.0, 1.0], [1.0, 0.5]])
    assert_allclose(antisymmetry(feedback_alignment(hessian) @ np.linalg.inv(hessian)), np.sin(np.pi / 4), rtol=1e-9)
    readout = np.array([[1.5, 0.4], [0.4, 1.0]])
    assert_allclose(feedback_alignment(readout @ readout, readout), readout @ readout, rtol=1e-9)


def test_dataset_holds_metrics_and_drifts():
    data = as_dataset(assumptions_of(0.7 * COUPLED, Quadratic(COUPLED, OPTIMUM)), discounts=[0.5])
    assert_allclose(data.inverse_metric[0], 0.49 * COUPLED + 0.35 * np.eye(2), atol=1e-12)
    assert not data.drift.any()


def test_rates_that_are_predicted_of_a_fixed_metric_are_those_of_the_engine():
    found = assumptions_of(rules.multi_step(), SPREAD)
    data = as_dataset(found, discounts=[0.3, 1.0, 5.0])
    for level, ratio in zip(data.discount.values, data.predicted_ratio.values, strict=True):
        raised = solve(found.objective(level), Quadratic(4 * SPREAD.hessian_matrix, OPTIMUM)).closed_loop
        assert_allclose(np.sort(np.linalg.eigvals(-raised).real), ratio * data.rate, rtol=1e-6)
    assert_allclose(data.rate_ratio, data.predicted_ratio[1], rtol=1e-5)  # its own γ is 1 /s


def test_curves_of_the_set_meet_at_the_truth():
    """Hazards of all modes at the discount of a soft reset; one decay at a short horizon; γ of a heavy ball."""
    reset = as_dataset(assumptions_of(rules.soft_reset(hazard=0.1, discount=1.0), SPREAD), discounts=[1.0])
    assert_allclose(reset.hazard, 0.1, rtol=1e-4)
    decay = as_dataset(assumptions_of(rules.weight_decay(decay=0.1), SPREAD), discounts=[1e6])
    assert_allclose(decay.decay, 0.1, rtol=1e-4)
    ball = as_dataset(assumptions_of(rules.heavy_ball(discount=0.4), SPREAD))
    assert_allclose(ball.momentum_discount[0], 0.4, atol=1e-5)


@pytest.mark.parametrize(
    ("rule", "panels"),
    [
        (rules.gradient_descent(), 3),
        (rules.weight_decay(), 3),
        (rules.heavy_ball(), 2),
        ([[2, 3], [-3, 2]], 4),
        ([[-2, 0], [0, -2]], 4),  # it flees: all is drift
    ],
)
def test_every_kind_of_answer_is_drawn(rule, panels):
    from analysis.figures import draw

    figure = draw(as_dataset(assumptions_of(rule, Quadratic([1.0, 1.5], OPTIMUM)), discounts=[0.1, 1.0, 9.0]))
    assert len(figure.axes) == panels


def test_a_rule_that_does_not_move_is_refused():
    with pytest.raises(InputError, match="does not move near"):
        assumptions_of(np.zeros((2, 2)), Quadratic([1.0, 4.0], [0.0, 0.0]))
