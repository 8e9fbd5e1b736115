"""Feedback on landscapes: its closed loop costs what the best plan costs, and it leaves wells when it should."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from plasticity import DoubleWell, InputError, Objective, Quadratic, from_expression, plan, policy, solve
from tests.plasticity.optimal.test_grid import mixture

DISCOUNT = 0.3


def closed_loop(feedback, start):
    """J of the feedback from a start, then rest."""
    times = np.linspace(0, feedback.duration, 8001)
    flow = solve_ivp(
        lambda t, theta: feedback.velocity(theta),
        times[[0, -1]],
        start,
        t_eval=times,
        rtol=1e-7,
        atol=1e-9,
        max_step=feedback.duration / 400,
    )
    theta = flow.y.T
    running = 0.5 * np.sum(feedback.velocity(theta) ** 2, axis=-1) + feedback.landscape.loss(theta)
    tail = np.exp(-DISCOUNT * times[-1]) * feedback.landscape.loss(theta[-1]) / DISCOUNT
    return np.trapezoid(np.exp(-DISCOUNT * times) * running, times) + tail


@pytest.mark.parametrize(("n", "accuracy", "n_starts"), [(1, 1e-4, 4), (2, 1e-3, 2), (3, 1e-2, 1)])
def test_the_closed_loop_costs_what_the_best_plan_costs(n, accuracy, n_starts):
    loss, objective = mixture(n, 0, 4), Objective(DISCOUNT)
    feedback = policy(objective, loss, [[-2.5] * n, [2.5] * n])
    for start in np.random.default_rng(n).uniform(-1.4, 1.4, (n_starts, n)):
        paths = [feedback.path(start), plan(objective, loss, start, feedback.duration)]
        # the mesh of a plan by accuracy leaves 1e-4: a finer one, so that the comparison is of the policies
        paths = [plan(objective, loss, start, feedback.duration, n_points=1001, initial_path=path) for path in paths]
        tails = [np.exp(-DISCOUNT * feedback.duration) * loss.loss(path.theta.values[-1]) / DISCOUNT for path in paths]
        best = min(path.attrs["action"] + tail for path, tail in zip(paths, tails, strict=True))
        assert_allclose(closed_loop(feedback, start), best, rtol=accuracy)
        assert_allclose(feedback.value(start), best, rtol=max(10 * accuracy, feedback.error))


def test_random_wells_are_left_below_their_critical_discount_only():
    random = np.random.default_rng(1)
    for _ in range(10):
        barrier, tilt, plasticity, weight = random.uniform([0.5, 0.1, 0.5, 0.5], [3, 0.8, 2, 2])
        tilt *= barrier
        x = np.sort(np.roots([4 * barrier, 0.0, -4 * barrier, -tilt]).real)
        critical = np.sqrt(2 * plasticity * weight * barrier) * (x[0] + x[2] - 2 * x[1])  # exact
        loss = from_expression(f"{barrier}*(x**2 - 1)**2 - {tilt}*x", "x")
        for factor, leaves in ((0.99, True), (1.01, False)):
            path = policy(Objective(factor * critical, plasticity, weight), loss, [[-2.0], [2.0]]).path(x[:1])
            assert (path.theta.values[-1, 0] > x[1]) == leaves


def test_default_box_minima_and_saddles():
    feedback = policy(Objective(DISCOUNT), DoubleWell())
    assert_allclose([p.position for p in feedback.minima[::-1]], DoubleWell().minima, atol=1e-6)
    [saddle] = feedback.saddles
    assert_allclose(DoubleWell().gradient(saddle.position), 0, atol=1e-9)
    assert feedback.error < 0.01
    assert "global" in feedback.path([-0.6, 0.55]).attrs["scope"]
    with pytest.raises(InputError, match="box"):
        feedback.path([20.0, 0.0])


def test_without_a_grid_every_velocity_is_planned():
    objective = Objective(0.5, metric=lambda w: np.array([[2.0, 0.3], [0.3, 1.0]]))  # constant, which is not known
    loss = Quadratic([[2.0, 0.5], [0.5, 1.0]], [0.2, 0.0])
    feedback = policy(objective, loss)
    assert feedback.grid is None
    exact = solve(Objective(0.5, metric=[[2.0, 0.3], [0.3, 1.0]]), loss)
    theta = np.array([[1.0, 1.0], [0.9, 0.95], [-1.0, 0.5]])
    # a mesh with 1e-4 in J has about its root in the velocity
    assert_allclose(feedback.velocity(theta), exact.velocity(theta), rtol=0.01, atol=0.01)
    assert_allclose(feedback.value(theta), exact.value(theta), rtol=1e-3)


@pytest.mark.slow
def test_separate_parameters_in_four_dimensions_move_as_each_alone():
    wells = {"a": 0.5, "b": 0.3, "c": 0.4, "d": 0.6}
    together = from_expression(
        " + ".join(f"({x}**2 - 1)**2 - {tilt}*{x}" for x, tilt in wells.items()), " ".join(wells)
    )
    theta = np.array([-0.7, 0.8, 1.2, -0.2])
    feedback = policy(Objective(0.4), together)
    assert len(feedback.minima) == 16
    alone = [policy(Objective(0.4), from_expression(f"(x**2 - 1)**2 - {tilt}*x", "x")) for tilt in wells.values()]
    expected = [one.velocity(theta[i : i + 1]).item() for i, one in enumerate(alone)]
    assert_allclose(feedback.velocity(theta), expected, atol=0.02)
    assert_allclose(
        feedback.value(theta), sum(one.value(theta[i : i + 1]).item() for i, one in enumerate(alone)), rtol=2e-3
    )


def test_bad_input_is_named():
    with pytest.raises(InputError, match="discount must be > 0"):
        policy(Objective(0), DoubleWell())
    with pytest.raises(InputError, match="no minimum"):
        policy(Objective(0.3), from_expression("-x**2", "x"))


def test_shapes_are_those_of_the_points():
    """One point, a list, a table of points: V (...) and θ̇ (..., n), the same numbers."""
    law = policy(Objective(0.5), from_expression("(x**2 - 1)**2 - x/2", "x"))
    table = np.array([[[0.2], [0.4]], [[0.6], [0.8]]])
    assert law.velocity([0.2]).shape == (1,)
    assert law.value([0.2]).shape == ()
    assert law.velocity(table).shape == table.shape
    np.testing.assert_array_equal(law.value(table)[0, 1], law.value([0.4]))


def test_a_metric_that_changes_on_the_way_is_exact_where_the_local_rule_is_not():
    """Stable manifold in φ = ln w by another program: 0.1055 at w = 0.2, where the frozen metric gives 0.0800."""
    objective = Objective(0.3, metric=lambda w: 1 / w**2)
    exact = policy(objective, Quadratic([1.0], [1.0]), box=[[0.05], [4.0]]).velocity([0.2])[0]
    assert exact == pytest.approx(0.1055, abs=5e-5)  # four printed digits
