"""The value function on a grid: Riccati, its order of convergence, and the verdict over every pass."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from plasticity import DoubleWell, InputError, Objective, Quadratic, from_expression, plan, solve
from plasticity.optimal.families import surroundings
from plasticity.optimal.grid import value_on_grid

BOX = np.array([[-2.0, -2.0], [2.0, 2.0]])
HILLS = "(x**2-1)**2 - 0.4*x + y**2/4 + 2*exp(-(x**2+(y+0.15)**2)/0.3) + 3*exp(-(x**2+(y-1.2)**2)/0.5)"


def mixture(n, seed, n_wells=5):
    """A shallow bowl with random Gaussian wells."""
    random, names = np.random.default_rng(seed), "xyz"[:n]
    terms = [" + ".join(f"0.1*{x}**2" for x in names)]
    for _ in range(n_wells):
        centre, depth, width = random.uniform(-1.5, 1.5, n), random.uniform(0.5, 2), random.uniform(0.4, 0.8)
        square = " + ".join(f"({x} - ({c:.6f}))**2" for x, c in zip(names, centre, strict=True))
        terms.append(f"{depth:.6f}*exp(-({square})/{2 * width**2:.6f})")
    return from_expression(" - ".join(terms), " ".join(names))


@pytest.mark.parametrize("drift", [None, [[-0.1, -0.5], [0.5, -0.1]]])
def test_a_quadratic_loss_gives_the_riccati_solution(drift):
    objective = Objective(0.3, 1.2, 0.8, metric=[[1.0, 0.2], [0.2, 0.8]], drift=drift)
    loss = Quadratic([[2.0, 0.5], [0.5, 1.0]], [0.2, 0.0])
    exact, theta = solve(objective, loss), np.random.default_rng(0).uniform(-1, 1, (40, 2))
    grids = [value_on_grid(objective, loss, BOX, cells) for cells in (80, 160)]
    errors = [np.abs(grid.value(theta) - exact.value(theta)).max() for grid in grids]
    # extrapolated: better than the first order of the scheme, whose error is the one that is stated
    assert errors[1] < errors[0] / 2.5
    assert errors[1] < 0.5 * grids[1].error * np.ptp(grids[1].values)
    assert_allclose(grids[0].error / grids[1].error, 2, rtol=0.15)  # first order
    assert_allclose(grids[1].velocity(theta), exact.velocity(theta), atol=0.01)


def test_one_dimension_is_precise():
    exact, theta = solve(Objective(0.3), Quadratic([1.0], [0.2])), np.linspace(-1.5, 1.5, 31)[:, None]
    grid = value_on_grid(Objective(0.3), Quadratic([1.0], [0.2]), [[-2.0], [2.0]])
    # (4/2048)² = 4e-6 times the curvature, halved by the step of the finer grid
    assert_allclose(grid.value(theta), exact.value(theta), atol=1e-6)
    moving = np.abs(theta[:, 0] - 0.2) > 0.01
    assert_allclose(grid.velocity(theta)[moving], exact.velocity(theta)[moving], atol=1e-6)
    assert_allclose(grid.velocity(theta), exact.velocity(theta), atol=0.002)  # the rest is in the right cell


@pytest.mark.parametrize(
    ("text", "start", "critical"),
    [
        ("(x**2 - 1)**2 - x/2 + y**2", [-0.930403, 0.0], 0.539031),
        (HILLS, [-1.01173468, -0.09152195], 0.318),  # the way above the hill is worth 0.2746 only
    ],
)
def test_the_grid_certifies_the_critical_discount(text, start, critical):
    loss, box = from_expression(text, "x y"), [[-2.0, -2.5], [2.0, 2.0]]
    for factor, leaves in ((0.95, True), (1.05, False)):
        discount = factor * critical
        grid = value_on_grid(Objective(discount), loss, box, 160)
        saving = loss.loss(np.array(start)) / discount - grid.value(start).item()
        # γ_c is where the saving vanishes: the grid's own error (1e-3 of the range, extrapolated) decides at 5 %
        assert (saving > 1e-3 * np.ptp(grid.values)) == leaves


@pytest.mark.parametrize("seed", [104, 109])  # three minima each; 100 to 119 in the benchmark
def test_plans_reach_the_value_function(seed):
    loss, box, discount = mixture(2, seed), np.array([[-3.0, -3.0], [3.0, 3.0]]), 0.3
    grid = value_on_grid(Objective(discount), loss, box, 160)
    for minimum in surroundings(loss, box).minima:
        path = plan(Objective(discount), loss, minimum.position, 30 / discount)
        value = path.attrs["action"] + np.exp(-30) * loss.loss(path.theta.values[-1]) / discount
        assert_allclose(value, grid.value(minimum.position), rtol=0.01)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"objective": Objective(0)}, "discount"),
        ({"objective": Objective(0.3, metric=lambda w: np.eye(2))}, "metric"),
        ({"box": [[0.0, 0.0], [1.0, 0.0]]}, "box"),
        ({"box": np.stack([-np.ones(4), np.ones(4)])}, "dimensions"),
    ],
)
def test_bad_input_is_named(changes, words):
    with pytest.raises(InputError, match=words):
        value_on_grid(**({"objective": Objective(0.3), "landscape": DoubleWell(), "box": BOX} | changes))
    grid = value_on_grid(Objective(0.3), DoubleWell(), BOX, 20)
    with pytest.raises(InputError, match="larger box"):
        grid.value([3.0, 0.0])
