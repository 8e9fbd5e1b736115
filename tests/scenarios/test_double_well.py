"""Double well: a long horizon climbs out of a local minimum, a short one and gradient flow do not."""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

import scenarios
from analysis.figures import draw
from analysis.figures.double_well import double_well
from plasticity.errors import InputError, UnknownNameError

LEFT, RIDGE, RIGHT = np.sort(np.roots([4, 0, -4, -0.5]).real)  # 4x(x² − 1) − ½ = 0
PINNED = {"end": (1.0625, 0.0), "duration": 4.0, "discount": 0.1}


@pytest.fixture(scope="module")
def run():
    return scenarios.run("double_well")


def test_a_planner_crosses_the_ridge_and_gradient_flow_does_not(run):
    assert run.attrs["escapes"] == 1
    # the window ends after ten time constants of the wells, with the end free
    assert_allclose(run.theta[0, -1], [RIGHT, 0], atol=1e-4)
    assert_allclose(run.theta[1, -1], [LEFT, 0], atol=1e-6)
    assert float(run.action[0]) < float(run.rival_action) < float(run.action[1])


def test_an_impatient_planner_stays(run):
    """On its own, and as the learner that the default run is compared with."""
    alone = scenarios.run("double_well", discount=2.0)
    assert alone.attrs["escapes"] == 0
    assert float(alone.action[0]) < float(alone.action[1])
    assert_allclose(run.theta[2], alone.theta[0], atol=1e-6)
    assert_allclose(run.action[2], alone.action[0], rtol=1e-9)
    assert run.trial_discount.values.tolist() == [0.1, 0.1, 2.0]


@pytest.mark.parametrize(("share", "escapes"), [(0.95, 1), (1.05, 0)])
def test_a_learner_at_rest_leaves_below_the_critical_discount_only(share, escapes):
    exact = np.sqrt(2) * (LEFT + RIGHT - 2 * RIDGE)
    run = scenarios.run(
        "double_well", discount=share * exact, start=(LEFT, 0.0), duration=40.0, n_points=801, learning_rate=0.1
    )
    assert_allclose(run.critical_discount, exact, rtol=1e-6)  # as in test_critical_discount
    assert run.attrs["escapes"] == escapes


@pytest.mark.paper
def test_mean_action_of_the_published_figure():
    run = scenarios.run("double_well", **PINNED, n_points=50, quadrature="left")
    assert_allclose(run.mean_action[0], 0.169571, atol=5e-7)  # six digits, as given
    assert_allclose(run.theta[0, -1], [1.0625, 0.0])


def test_action_of_the_pinned_path_by_the_midpoint_rule():
    run = scenarios.run("double_well", **PINNED)
    assert_allclose(run.action[0], 0.619488, atol=5e-7)  # Newton on 400 intervals, by a program of its own


def test_costs_are_those_of_the_path(run):
    theta, times = run.theta.values, run.time.values
    middle, velocity = (theta[:, 1:] + theta[:, :-1]) / 2, np.diff(theta, axis=1) / np.diff(times)[:, None]
    x, y = middle[..., 0], middle[..., 1]
    assert_allclose(run.potential, (x**2 - 1) ** 2 - x / 2 + y**2, atol=1e-12)
    assert_allclose(run.kinetic, (velocity**2).sum(axis=-1) / 2, atol=1e-12)
    total = np.exp(-run.trial_discount * run["sample"]) * (run.kinetic + run.potential)
    assert_allclose(run.action, 0.025 * total.sum("sample"), rtol=1e-12)
    assert_allclose(run.mean_action, run.action / 10, rtol=1e-12)


def test_gradient_flow_follows_the_gradient_of_the_loss_that_is_drawn(run):
    """Half the gradient, as published, would end at x = −0.838."""
    flow = solve_ivp(
        lambda _, p: [-4 * p[0] * (p[0] ** 2 - 1) + 0.5, -2 * p[1]],
        (0, 10),
        [-0.6, 0.55],
        t_eval=run.time.values,
        rtol=1e-10,
        atol=1e-12,
    )
    # Euler steps of a fiftieth of the fastest time constant: error below a hundredth of the distance moved
    assert_allclose(run.theta[1], flow.y.T, atol=0.01 * 0.65)
    slope = np.gradient(run.loss_map.values, run.grid_x.values, axis=1)
    gradient = 4 * run.grid_x * (run.grid_x**2 - 1) - 0.5
    # central differences: h²L'''/6 with L''' = 24 x
    bound = 24 * np.abs(run.grid_x).max() * (run.grid_x[1] - run.grid_x[0]) ** 2 / 6
    assert np.abs(slope[:, 1:-1] - gradient.values[1:-1]).max() <= 1.01 * float(bound)


def test_a_mirrored_well_gives_the_mirrored_path(run):
    mirrored = scenarios.run("double_well", tilt=-0.5, start=(0.6, 0.55))
    assert_allclose(mirrored.theta, run.theta * [-1, 1], atol=1e-6)  # converged to 1e-8 of the kinetic norm
    assert_allclose(mirrored.critical_discount, run.critical_discount, rtol=1e-9)


@pytest.mark.parametrize("tilt", [0.0, 2.0])
def test_wells_that_cannot_be_left_have_no_critical_discount(tilt):
    run = scenarios.run("double_well", tilt=tilt, n_points=51, duration=2.0)
    assert np.isnan(run.critical_discount)
    assert run.attrs["escapes"] == 0


def test_text_of_the_command_line_pins_or_frees_the_end():
    for text, end in (("1.0625,0", [1.0625, 0.0]), ("none", None)):
        run = scenarios.run("double_well", end=text, n_points=21, duration="2")
        assert json.loads(run.attrs["parameters"])["end"] == end


def test_bad_values_are_named():
    with pytest.raises(InputError, match="start must be two numbers, start=X,Y, got 1,2,3"):
        scenarios.run("double_well", start=(1.0, 2.0, 3.0))
    with pytest.raises(InputError, match="end must be two numbers"):
        scenarios.run("double_well", end=(1.0,))
    with pytest.raises(UnknownNameError, match="did you mean 'left'"):
        scenarios.run("double_well", quadrature="lefty")


def test_figure_shows_the_paths_and_costs(run):
    impatient = scenarios.run("double_well", discount=2.0)
    figure = draw(run, impatient)
    chart, kinetic, potential = (ax for ax in figure.axes if ax.get_title(loc="left"))
    lines = {line.get_label(): line for line in chart.lines}
    for label, path in (
        ("gradient flow,\nrate 1 s⁻¹", run.theta[1]),
        ("optimal path,\ndiscount 2 s⁻¹", impatient.theta[0]),
    ):
        assert_allclose(np.transpose(lines[label].get_data()), path)
    for ax, name in ((kinetic, "kinetic"), (potential, "potential")):
        assert_allclose(ax.lines[1].get_xydata(), np.stack([run["sample"], run[name][0]], axis=1))
    alone = draw(run).axes[0]
    assert [line.get_label() for line in alone.lines][1:3] == [
        "optimal path,\ndiscount 0.1 s⁻¹",
        "optimal path,\ndiscount 2 s⁻¹",
    ]
    assert_allclose(alone.lines[2].get_xydata(), run.theta[2])
    with pytest.raises(InputError, match="is no run of double_well"):
        double_well(run.assign_attrs(scenario="horizon"))
    with pytest.raises(InputError, match="no measurements"):
        double_well(run, data=run)
