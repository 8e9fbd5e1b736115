"""The critical discount: exact for quartics, and where plan itself changes its mind."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from plasticity.critical_discount import critical_discount
from plasticity.errors import InputError
from plasticity.landscapes import DoubleWell, Quadratic, from_expression
from plasticity.objective import Objective
from plasticity.plan import plan

QUARTICS = [
    (1.0, 0.5, 1.0, 1.0),
    (1.0, 0.1, 1.0, 1.0),
    (2.0, 0.7, 1.5, 0.6),
    (5.0, 3.0, 0.1, 7.0),
    (1.0, 1.2, 1.0, 1.0),
]


@pytest.mark.parametrize(("barrier", "tilt", "plasticity", "weight"), QUARTICS)
def test_tilted_quartics_are_exact(barrier, tilt, plasticity, weight):
    loss = from_expression(f"{barrier}*(x**2 - 1)**2 - {tilt}*x", "x")
    left, ridge, right = np.sort(np.roots([4 * barrier, 0, -4 * barrier, -tilt]).real)
    exact = np.sqrt(2 * plasticity * weight * barrier) * (left + right - 2 * ridge)
    computed = critical_discount(Objective(7.0, plasticity, weight), loss, [left], [right])
    assert_allclose(computed, exact, rtol=1e-6)  # windows cut at e^{-20}, three meshes extrapolated: 1e-7 and better


@pytest.mark.paper
def test_left_minimum_of_the_double_well():
    well = DoubleWell()
    assert_allclose(critical_discount(Objective(0), well, *well.minima), 0.539031, atol=5e-7)
    # approximate minima are polished
    assert_allclose(critical_discount(Objective(0), well, [-0.93, 0.001], [1.06, 0]), 0.539031, atol=5e-7)


def test_a_metric_is_a_change_of_coordinates():
    turn = np.array([[2.0, 0.3], [-0.4, 1.5]])
    well = DoubleWell()

    class Turned:
        def loss(self, z):
            return well.loss(np.asarray(z) @ turn.T)

        def gradient(self, z):
            return well.gradient(np.asarray(z) @ turn.T) @ turn

        def hessian(self, z):
            return turn.T @ well.hessian(np.asarray(z) @ turn.T) @ turn

    minima = np.linalg.solve(turn, well.minima.T).T
    computed = critical_discount(Objective(0, metric=turn.T @ turn), Turned(), *minima)
    assert_allclose(computed, 0.5390310808616, rtol=1e-6)


TWO_OTHERS = {
    "coupled, without symmetry": (
        from_expression("x**4 - 2*x**2 + 0.3*x + y**2 + 0.8*x*y + 0.3*y**4 - 0.2*y", "x y"),
        [0.99063893, -0.28269984],
        [-1.07556893, 0.46851816],
    ),
    "curved valley": (
        from_expression("(x**2 - 1)**2 - 0.3*x + 3*(y - x**2)**2", "x y"),
        [-0.96014961, 0.92188726],
        [1.03557869, 1.07242323],
    ),
}


def gain_of_leaving(landscape, start, end, discount, n_points):
    """What the planned path saves against staying, on the same mesh and with the same endless tail."""
    duration = 40.0
    share = 1 / (1 + np.exp(-(np.linspace(0, duration, n_points) - 4) / 0.5))  # go at once; else the plan waits
    first = np.asarray(start) + share[:, None] * (np.asarray(end) - start)
    path = plan(Objective(discount), landscape, start, duration, end, n_points, first)
    assert path.attrs["converged"] == 1
    step = duration / (n_points - 1)
    weights = step * np.exp(-discount * step * (np.arange(n_points - 1) + 0.5))
    tail = np.exp(-discount * duration) / discount
    staying = landscape.loss(np.array(start)) * (weights.sum() + tail)
    return staying - path.attrs["action"] - landscape.loss(np.array(end)) * tail


@pytest.mark.parametrize("name", TWO_OTHERS)
def test_plan_leaves_below_and_stays_above(name):
    landscape, start, end = TWO_OTHERS[name]
    critical = critical_discount(Objective(0), landscape, start, end)
    start, end = (
        point - np.linalg.solve(landscape.hessian(point), landscape.gradient(point))
        for point in (np.array(start), np.array(end))
    )
    below = [gain_of_leaving(landscape, start, end, 0.95 * critical, n) for n in (801, 1601)]
    above = [gain_of_leaving(landscape, start, end, 1.05 * critical, n) for n in (801, 1601)]
    mesh_error = max(abs(below[0] - below[1]), abs(above[0] - above[1]))
    assert min(below) > 10 * mesh_error
    assert max(above) < mesh_error


@pytest.mark.parametrize(
    ("objective", "points", "words"),
    [
        (Objective(0), ([0.0, 0.0], [1.06, 0.0]), "from_minimum must be a minimum"),
        (Objective(0), ([-0.8, 0.2], [1.06, 0.0]), "from_minimum must be a minimum"),
        (Objective(0), ([1.06, 0.0], [-0.93, 0.0]), "lower"),
        (Objective(0), ([-0.93, 0.0], [-0.93, 0.0]), "lower"),
        (Objective(0), ([np.nan, 0.0], [1.06, 0.0]), "finite"),
        (Objective(0, drift=-1.0), ([-0.93, 0.0], [1.06, 0.0]), "drift"),
        (Objective(0, hazard=1.0, prior_mean=0.0), ([-0.93, 0.0], [1.06, 0.0]), "hazard"),
        (Objective(0, metric=np.eye(3)), ([-0.93, 0.0], [1.06, 0.0]), "metric"),
    ],
)
def test_bad_input_is_named(objective, points, words):
    with pytest.raises(InputError, match=words):
        critical_discount(objective, DoubleWell(), *points)


def test_flat_minima_are_refused():
    with pytest.raises(InputError, match="positive curvature"):
        critical_discount(Objective(0), Quadratic([1.0, 0.0], [0.0, 0.0]), [0.0, 0.0], [0.0, 1.0])
