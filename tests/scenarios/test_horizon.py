"""Horizon: rates go with the curvature for short horizons, with its square root for long ones."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import scenarios
from analysis.figures import draw
from analysis.figures.horizon import horizon
from plasticity.errors import InputError

DISCOUNTS = (0.0, 0.1, 1.0, 10.0)
MEASURED = 1e-7  # a slope over distances down to 1e-10, each known to 1e-16: relative error about 1e-16/1e-10/10


def closed_form(discount, curvature, plasticity=1.0, loss_weight=1.0):
    return np.sqrt(discount**2 / 4 + plasticity * loss_weight * curvature) - discount / 2


@pytest.fixture(scope="module")
def runs():
    return [scenarios.run("horizon", discount=discount) for discount in DISCOUNTS]


def test_rates_on_the_path_are_the_closed_form(runs):
    for run, discount in zip(runs, DISCOUNTS, strict=True):
        assert_allclose(run.rate, closed_form(discount, np.array([1.0, 4.0])), rtol=MEASURED)


@pytest.mark.paper
def test_ratio_of_rates_is_two_for_a_long_horizon_and_four_for_a_short_one(runs):
    assert_allclose(runs[0].rate_ratio, 2.0, rtol=MEASURED)
    short = scenarios.run("horizon", discount=100.0)
    assert_allclose(short.rate_ratio, 4 * (1 - 3 / 100**2), rtol=30 / 100**4)  # next order: 27/γ⁴
    ratios = [float(run.rate_ratio) for run in (*runs, short)]
    assert ratios == sorted(ratios)


def test_path_bends_by_the_ratio_of_rates(runs):
    """From (1, 1) the path is θ_2 = θ_1^ratio: a parabola for the long horizon."""
    for run in runs:
        flat, steep = run.theta.values.T
        assert_allclose(steep, flat ** float(run.rate_ratio), atol=1e-7)


@pytest.mark.parametrize("angle", [0.3, -2.0])
def test_turned_and_scaled_valleys(angle):
    given = {"discount": 0.7, "plasticity": 1.3, "loss_weight": 0.6, "curvature": 2.0, "curvature_ratio": 9.0}
    run = scenarios.run("horizon", **given, angle=angle, optimum=(0.4, -0.3), start=(-1.0, 0.5), duration=6.0)
    assert_allclose(run.rate, closed_form(0.7, np.array([2.0, 18.0]), 1.3, 0.6), rtol=MEASURED)
    away = run.theta.values - [0.4, -0.3]
    flat = away @ [np.cos(angle), np.sin(angle)]
    steep = away @ [-np.sin(angle), np.cos(angle)]
    assert_allclose(run.loss, 0.5 * (2.0 * flat**2 + 18.0 * steep**2), rtol=1e-9, atol=1e-15)
    assert_allclose(run.distance, np.stack([flat, steep], axis=1), atol=1e-12)


def test_curve_of_ratios_is_the_closed_form(runs):
    discount = runs[0].curve_discount.values
    assert discount[0] == 0
    assert_allclose(runs[0].ratio_curve, closed_form(discount, 4.0) / closed_form(discount, 1.0), rtol=1e-10)


def test_action_is_the_cost_along_the_path():
    run = scenarios.run("horizon", discount=1.0, n_points=2001)
    velocity = np.gradient(run.theta.values, run.time.values, axis=0, edge_order=2)
    cost = np.exp(-run.time.values) * ((velocity**2).sum(axis=1) / 2 + run.loss.values)
    total = np.trapezoid(cost, run.time.values)
    # both are of second order: h²/12 (r² of the cost, about 16) from the sum, h²/3 r² from the derivative
    assert_allclose(run.action, total, rtol=10 * (20 / 2000) ** 2)


def test_starts_without_a_rate_are_refused():
    with pytest.raises(InputError, match="start must differ .* it does not along the steep"):
        scenarios.run("horizon", start=(1.0, 0.0))
    with pytest.raises(InputError, match="start must differ"):
        scenarios.run("horizon", start=(0.0, 0.0))
    with pytest.raises(InputError, match="n_points is too small"):
        scenarios.run("horizon", n_points=3, duration=100.0)
    with pytest.raises(InputError, match="curvature_ratio must be >= 1"):
        scenarios.run("horizon", curvature_ratio=0.5)


def test_figure_overlays_runs_in_the_order_of_their_discounts(runs):
    figure = draw(*runs[::-1])
    paths, loss, distances, ratios = (ax for ax in figure.axes if ax.get_title(loc="left"))
    labels = [f"discount {discount:g} s⁻¹" for discount in DISCOUNTS]
    drawn = [line for line in paths.lines if line.get_label().startswith("discount")]
    assert [line.get_label() for line in drawn] == labels
    for run, line, loss_line in zip(runs, drawn, loss.lines, strict=True):
        assert_allclose(line.get_xydata(), run.theta)
        assert_allclose(loss_line.get_ydata(), run.loss)
    assert_allclose(distances.lines[1].get_ydata(), np.abs(runs[0].distance[:, 1]))
    points = [line.get_xydata()[0] for line in ratios.lines if line.get_marker() not in ("None", "")]
    assert_allclose(points, [[discount, run.rate_ratio] for discount, run in zip(DISCOUNTS, runs, strict=True)])
    assert len(draw(runs[0]).axes) == len(figure.axes)
    alone = draw(scenarios.run("horizon")).axes[1]  # the default: three learners
    assert_allclose([line.get_ydata() for line in alone.lines], [runs[i].loss for i in (0, 2, 3)], rtol=1e-12)
    many = draw(*runs, *runs)  # more runs than colours
    assert len({str(line.get_color()) for line in many.axes[1].lines}) == 8
    with pytest.raises(InputError, match="is no run of horizon"):
        horizon(runs[0], runs[0].assign_attrs(scenario="double_well"))
