"""Controllability: the four cases of the paper, with their rest points, eigenvalues, curl and cost at rest."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import scenarios
from analysis.figures import draw
from analysis.figures.controllability import controllability
from plasticity.errors import InputError

TURN = np.array([[0.0, -1.0], [1.0, 0.0]])
GENERAL = {"discount": 3.0, "plasticity": 1.4, "loss_weight": 0.7, "rotation": -2.0, "decay": 1.5, "curvature": 2.5}
STIFFNESS = 1.4 * 0.7 * 2.5  # ηkh of the general case
MU = np.array([0.6, -0.5])


@pytest.fixture(scope="module")
def run():
    return scenarios.run("controllability")


@pytest.fixture(scope="module")
def general():
    return scenarios.run("controllability", **GENERAL, optimum=tuple(MU), metric=(0.3, 2.0), duration=8.0)


def case(run, name):
    return run.isel(trial=run.case.values.tolist().index(name))


@pytest.mark.paper
def test_values_of_the_published_figure(run):
    assert run.case.values.tolist() == ["plain", "metric", "rotation", "decay"]
    rest = [[0, -0.5], [0, -0.5], [0, -0.019230769], [0, -0.019230769]]
    assert_allclose(run.rest_point, rest, atol=5e-10)  # digits given
    values = run.eigenvalue_real.values + 1j * run.eigenvalue_imag.values
    expected = [[-2, -2], [-2, -14.142136], [-2 - 10j, -2 + 10j], [-10.198039, -10.198039]]
    assert_allclose(values, expected, atol=5e-7)


def test_only_rotation_is_no_gradient_rule(run, general):
    for ds, angular in ((run, 10.0), (general, -2.0)):
        assert_allclose(case(ds, "rotation").curl, np.sqrt(2) * abs(angular), rtol=1e-9)
        for name in ("plain", "metric", "decay"):
            assert_allclose(case(ds, name).curl, 0, atol=1e-9)


def test_closed_forms_with_a_discount(general):
    slow = np.sqrt(9 / 4 + STIFFNESS) - 3 / 2
    assert_allclose(case(general, "plain").eigenvalue_real, -slow, rtol=1e-9)
    assert_allclose(case(general, "metric").rest_point, MU, rtol=1e-9)
    by_metric = np.sqrt(9 / 4 + STIFFNESS / np.array([2.0, 0.3])) - 3 / 2
    assert_allclose(case(general, "metric").eigenvalue_real, -by_metric, rtol=1e-9)

    turned, q = case(general, "rotation"), -2.0
    assert_allclose(turned.eigenvalue_real, -slow, rtol=1e-9)
    assert_allclose(turned.eigenvalue_imag, [-2, 2], rtol=1e-9)
    both = STIFFNESS + q**2
    rest = STIFFNESS * (both * np.eye(2) + 3 * q * TURN) @ MU / (both**2 + 9 * q**2)
    assert_allclose(turned.rest_point, rest, rtol=1e-9)

    decayed, costly = case(general, "decay"), 1.5 * (1.5 + 3)  # j(j + γ); the published code has j(j − γ)
    assert_allclose(decayed.eigenvalue_real, -(np.sqrt(9 / 4 + STIFFNESS + costly) - 3 / 2), rtol=1e-9)
    assert_allclose(decayed.rest_point, STIFFNESS / (STIFFNESS + costly) * MU, rtol=1e-9)


def test_without_a_discount_the_rest_is_where_resting_costs_least(run):
    """Holding θ against a drift f of size j|θ| costs j²θ²/2 + h(θ − μ)²/2: least h j² μ²/2(h + j²)."""
    least = 4 * 100 * 0.25 / (2 * 104)
    assert_allclose(run.cost_rate, [0, 0, least, least], atol=1e-9)
    assert "rotation: solved as the limit discount -> 0+" in run.attrs["assumptions"]
    assert "plain" not in run.attrs["assumptions"]


def test_paths_follow_the_field_and_end_at_rest(general):
    theta, times = general.theta.values, general.time.values
    h = times[1]
    measured = (theta[:, 2:] - theta[:, :-2]) / (2 * h)
    jacobian = {
        name: np.stack(
            [
                np.gradient(case(general, name).velocity.values, general[axis].values, axis=k)[0, 0]
                for k, axis in ((1, "grid_x"), (0, "grid_y"))
            ],
            axis=1,
        )
        for name in general.case.values
    }
    for path, speed, name in zip(theta, measured, general.case.values, strict=True):
        away = path[1:-1] - case(general, name).rest_point.values
        law = away @ jacobian[name].T
        fastest = np.abs(np.linalg.eigvals(jacobian[name])).max()
        error = np.linalg.norm(speed - law, axis=1).max()  # h²/6 times the third derivative, a tenth more at most
        assert error < 1.1 * (fastest * h) ** 2 / 6 * np.linalg.norm(law, axis=1).max()
        left = np.exp(case(general, name).eigenvalue_real.values[0] * times[-1])
        assert np.linalg.norm(path[-1] - case(general, name).rest_point.values) < 4 * left


def test_running_cost_counts_effort_against_the_drift(general):
    decayed = case(general, "decay")
    h = general.time.values[1]
    theta = decayed.theta.values
    velocity = (theta[2:] - theta[:-2]) / (2 * h)
    effort = ((velocity + 1.5 * theta[1:-1]) ** 2).sum(axis=1) / (2 * 1.4)
    loss = 0.7 * 2.5 * ((theta[1:-1] - MU) ** 2).sum(axis=1) / 2
    rate = -float(decayed.eigenvalue_real[0])
    # the velocity is known to (rate h)²/6
    assert_allclose(decayed.running_cost[1:-1], effort + loss, rtol=2 * (rate * h) ** 2)
    assert_allclose(decayed.loss[1:-1] * 0.7, loss, rtol=1e-12)


def test_bad_values_are_named():
    with pytest.raises(InputError, match="metric must be two numbers"):
        scenarios.run("controllability", metric=(1.0,))
    with pytest.raises(InputError, match=r"metric\[0\] must be >= 1e-09"):
        scenarios.run("controllability", metric=(-1.0, 1.0))


def test_figure_has_a_panel_per_case_with_path_and_rest_point(run, general):
    figure = draw(run)
    panels = [ax for ax in figure.axes if ax.get_title(loc="left")]
    assert [ax.get_title().split(":")[0] for ax in panels] == run.case.values.tolist()
    for ax, name in zip(panels, run.case.values, strict=True):
        lines = {line.get_label(): line for line in ax.lines}
        assert_allclose(lines["optimal path, discount 0 s⁻¹"].get_xydata(), case(run, name).theta)
        assert_allclose(lines["rest point"].get_xydata()[0], case(run, name).rest_point)
        assert ax.patches  # arrows of the field
    assert "−2 ± 10i" in panels[2].texts[0].get_text()
    assert panels[0].texts[0].get_text().endswith("rest 0")
    both = draw(run, general)
    assert len([line for line in both.axes[0].lines if line.get_label().startswith("optimal path")]) == 2
    with pytest.raises(InputError, match="is no run of controllability"):
        controllability(run.assign_attrs(scenario="horizon"))
