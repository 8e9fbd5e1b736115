"""Assumptions under which a rule is optimal: the engine, solved under them, returns the rule."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from plasticity import rules, solve
from plasticity.__main__ import main
from plasticity.assumptions import as_dataset, assumptions_of
from plasticity.errors import InputError
from plasticity.landscapes import Quadratic, from_expression
from plasticity.objective import Objective
from plasticity.optimal.inverse import decay_of, momentum_discount

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


def test_command_prints_the_verdict_and_writes_it(capsys, tmp_path):
    main(["explain", "ballistic", "-o", str(tmp_path / "ballistic.nc")])
    assert "long horizon only" in capsys.readouterr().out
    main(["explain", "oja"])
    assert "descends a loss" in capsys.readouterr().out
    with pytest.raises(InputError, match="hessian"):
        main(["explain", "oja", "--hessian", "1,0;0,1"])


def test_dataset_holds_metrics_and_drifts():
    data = as_dataset(assumptions_of(0.7 * COUPLED, Quadratic(COUPLED, OPTIMUM)), discounts=[0.5])
    assert_allclose(data.inverse_metric[0], 0.49 * COUPLED + 0.35 * np.eye(2), atol=1e-12)
    assert not data.drift.any()


@pytest.mark.parametrize(
    "rule", [rules.gradient_descent(), rules.weight_decay(), rules.heavy_ball(), [[2, 3], [-3, 2]]]
)
def test_every_kind_of_answer_is_drawn(rule):
    from analysis.figures import draw

    figure = draw(as_dataset(assumptions_of(rule, Quadratic([1.0, 1.5], OPTIMUM))))
    assert len(figure.axes) == 3
