"""Theory check: a network learns at the predicted rates, rests where it should, jitters by the predicted law."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import scenarios
from analysis.figures import draw
from analysis.figures.theory_check import theory_check
from plasticity.errors import InputError
from scenarios.support.linear_network import balanced_patterns
from scenarios.theory_check import Parameters, predicted_variance
from tests.error_bounds import z

GRID = {"discounts": (0.5, 4.0), "curvatures": (0.5, 2.0, 8.0), "plasticity": 1.2, "loss_weight": 0.8}
STRENGTH = 1.2 * 0.8


@pytest.fixture(scope="module")
def run():
    return scenarios.run("theory_check", **GRID, decay=1.5, n_outputs=100)


def rate(discount, curvature):
    return np.sqrt(discount**2 / 4 + STRENGTH * curvature) - discount / 2


def grid(run):
    return np.meshgrid(run.discount.values, run.curvature.values, indexing="ij")


def test_the_network_approaches_at_the_closed_form_rates(run):
    """sqrt(γ²/4 + ηkh) − γ/2; an Euler step of dt is off by dt·(γ + 2r)/2 at most, below 0.5 %."""
    expected = rate(*grid(run))
    assert_allclose(run.rate_predicted, expected, rtol=1e-12)
    assert_allclose(run.rate, expected, rtol=0.005)


def test_weights_that_decay_rest_at_the_closed_form_share(run):
    """ηkh/(ηkh + j(j + γ)); the ripple of patterns that follow each other is of the order of dt."""
    discount, curvature = grid(run)
    expected = STRENGTH * curvature / (STRENGTH * curvature + 1.5 * (1.5 + discount))
    assert_allclose(run.rest_decay_predicted, expected, rtol=1e-12)
    assert_allclose(run.rest_decay, expected, rtol=0.005)


def test_weights_that_turn_spiral_into_the_closed_form_rest(run):
    """ηkh[(ηkh + q²) + γqJ]μ/((ηkh + q²)² + γ²q²), at the rate without rotation and the angular velocity q."""
    curvature, q, turn = 2.0, 3.0, np.array([[0.0, -1.0], [1.0, 0.0]])
    stiff = STRENGTH * curvature
    for index, discount in enumerate(run.discount.values):
        matrix = (stiff + q**2) * np.eye(2) + discount * q * turn
        expected = stiff * matrix @ [0.5, -1.0] / ((stiff + q**2) ** 2 + (discount * q) ** 2)
        assert_allclose(run.rest_rotation_predicted[index], expected, rtol=1e-9)
        assert_allclose(run.rest_rotation[index], expected, atol=0.005 * np.abs(expected).max())
        assert_allclose(run.rate_rotation[index], rate(discount, curvature), rtol=0.01)
        assert_allclose(run.turn_rotation[index], q, rtol=0.01)


def test_noisy_feedback_spreads_the_weights_as_predicted(run):
    """Every variance and the mean of their ratios, but for 1 % that Euler steps add."""
    ratio, error = run.variance / run.variance_predicted, run.variance_error / run.variance_predicted
    assert np.all(np.abs(ratio - 1) < z(ratio.size) * error + 0.01)
    assert abs(ratio.mean() - 1) < z() * np.sqrt((error**2).sum()) / ratio.size + 0.01


def test_predicted_variances_are_the_closed_forms():
    """Without a belief κσ²/2h, σ² = noise²·h; a fading memory changes nothing; a filter learns more slowly."""
    p = Parameters(**GRID)
    discount, h = 0.5, 2.0
    kappa = STRENGTH / (discount + rate(discount, h))
    assert predicted_variance(p, "none", discount, h) == pytest.approx(kappa * p.noise**2 / 2)
    assert predicted_variance(p, "fading memory", discount, h) == pytest.approx(kappa * p.noise**2 / 2)
    kappa = STRENGTH / (discount + rate(discount, h) + 1 / p.tau_gradient)
    gain = -2 + np.sqrt(4 + 4)
    expected = kappa * gain / (gain + 2) * p.noise**2 / 2
    assert predicted_variance(p, "Ornstein-Uhlenbeck", discount, h) == pytest.approx(expected)


@pytest.mark.slow  # 20 s: the whole grid, discount 0 too, with 400 outputs
def test_the_whole_grid_agrees():
    run = scenarios.run("theory_check", seed=1)
    for name in ("rate", "rest_decay", "rate_rotation", "turn_rotation"):
        assert_allclose(run[name], run[f"{name}_predicted"], rtol=0.01)
    bound = z(run.variance.size) * run.variance_error + 0.01 * run.variance_predicted
    assert np.all(np.abs(run.variance - run.variance_predicted) < bound)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 8])
def test_patterns_show_every_synapse_its_exact_curvature(n):
    curvatures = np.linspace(0.5, 7.0, n)
    patterns = balanced_patterns(curvatures)
    assert_allclose(patterns**2, np.tile(curvatures, (len(patterns), 1)))
    assert_allclose(patterns.T @ patterns / len(patterns), np.diag(curvatures), atol=1e-14)
    assert_allclose(patterns.sum(axis=0), 0, atol=1e-12)


def test_figure_shows_the_network_on_the_policy(run):
    figure = draw(run)
    rates = figure.axes[0].lines
    assert_allclose(rates[0].get_ydata(), run.rate_predicted[0])
    assert_allclose(rates[1].get_ydata(), run.rate[0])
    assert len(figure.axes[3].containers) == 6
    with pytest.raises(InputError, match="is no run of theory_check"):
        theory_check(run.assign_attrs(scenario="horizon"))
