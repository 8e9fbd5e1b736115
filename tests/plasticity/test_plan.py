"""Planned paths: published numbers, closed forms, another program's answer, and honest convergence."""

import numpy as np
import pytest
import sympy
from numpy.testing import assert_allclose
from scipy.integrate import quad, solve_bvp

from plasticity.dataset import check_schema
from plasticity.errors import InputError
from plasticity.landscapes import DoubleWell, Quadratic, from_expression
from plasticity.objective import Objective
from plasticity.optimal.cost import running_cost
from plasticity.optimal.path import PathAction
from plasticity.optimal.window import Window
from plasticity.plan import plan
from plasticity.solve import solve

OBJECTIVE, START, END = Objective(0.1), [-0.6, 0.55], [1.0625, 0.0]


def double_well_action(n_intervals, **options):
    path = plan(OBJECTIVE, DoubleWell(), START, 4.0, END, n_intervals + 1, **options)
    assert path.attrs["converged"] == 1
    return path.attrs["action"]


@pytest.mark.paper
def test_left_end_rule_of_the_published_figure():
    with pytest.warns(RuntimeWarning, match="coarse"):  # 0.678 instead of 0.619
        path = plan(OBJECTIVE, DoubleWell(), START, 4.0, END, n_points=50, quadrature="left")
    assert_allclose(path.attrs["mean_action"], 0.169571, atol=5e-7)  # printed as 1.6957e-01 by the authors
    assert path.attrs["converged"] == 1
    check_schema(path)


def test_midpoint_rule_is_of_second_order():
    coarse, middle, fine = (double_well_action(n, quadrature="midpoint") for n in (200, 400, 800))
    assert_allclose(middle, 0.619488, atol=5e-7)
    assert_allclose((coarse - middle) / (middle - fine), 4, rtol=1e-3)
    assert_allclose(fine + (fine - middle) / 3, 0.619463, atol=5e-7)


def test_gradients_alone_find_the_same_path():
    newton = plan(OBJECTIVE, DoubleWell(), START, 4.0, END, 201)
    gradient = plan(OBJECTIVE, DoubleWell(), START, 4.0, END, 201, method="gradient", tolerance=1e-7)
    assert_allclose(newton.theta, gradient.theta, atol=1e-7)
    finer = plan(OBJECTIVE, DoubleWell(), START, 4.0, END, 1601, method="gradient", tolerance=1e-7)  # 1e-8 is rounding
    assert finer.attrs["iterations"] < 1.5 * gradient.attrs["iterations"]  # does not depend on the mesh


def test_agrees_with_a_boundary_value_solver():
    well = DoubleWell()
    times = np.linspace(0, 4, 101)
    guess = np.vstack([np.linspace(START, END, 101).T, np.zeros((2, 101))])
    reference = solve_bvp(
        lambda t, y: np.vstack([y[2:], 0.1 * y[2:] + well.gradient(y[:2].T).T]),  # θ̈ = γθ̇ + ηk∇L
        lambda a, b: np.concatenate([a[:2] - START, b[:2] - END]),
        times,
        guess,
        tol=1e-9,
        max_nodes=10000,
    )
    fine = np.linspace(0, 4, 20001)
    y = reference.sol(fine)
    action = np.trapezoid(np.exp(-0.1 * fine) * ((y[2:] ** 2).sum(0) / 2 + well.loss(y[:2].T)), fine)
    coarse, double = double_well_action(400), double_well_action(800)
    assert_allclose(double + (double - coarse) / 3, action, atol=1e-8)
    path = plan(OBJECTIVE, well, START, 4.0, END, 801)
    assert_allclose(path.theta, reference.sol(path.time.values)[:2].T, atol=2e-5)  # h² = 2.5e-5


@pytest.mark.parametrize("method", ["newton", "gradient"])
def test_quadratic_loss_gives_the_optimal_policy(method):
    rng = np.random.default_rng(4)
    root = rng.standard_normal((3, 3))
    objective = Objective(
        0.7,
        plasticity=1.3,
        loss_weight=0.8,
        metric=0.2 * root @ root.T + np.eye(3),
        drift=0.2 * rng.standard_normal((3, 3)),
        control=0.2 * rng.standard_normal((3, 3)) + np.eye(3),
    )
    landscape, start = Quadratic([3.0, 1.0, 2.0], [1.0, 0.0, -1.0]), np.array([0.0, 2.0, 1.0])
    policy = solve(objective, landscape)
    paths = [
        plan(objective, landscape, start, 30.0, n_points=n + 1, method=method, tolerance=1e-7) for n in (1000, 2000)
    ]
    early = policy.trajectory(start, paths[0].time.values[:200]).theta.values
    # second order: extrapolating two meshes leaves h⁴ ~ 1e-6; the free end is felt with e^{−0.7·24}
    extrapolated = (4 * paths[1].theta.values[:400:2] - paths[0].theta.values[:200]) / 3
    assert_allclose(extrapolated, early, atol=1e-5)
    action = (4 * paths[1].attrs["action"] - paths[0].attrs["action"]) / 3
    assert_allclose(action, policy.value(start), rtol=1e-6)


@pytest.mark.parametrize("method", ["newton", "gradient"])
def test_a_metric_of_theta_gives_its_geodesic(method):
    # G = 1/w² is flat in ln w: a straight line there, at (ln w_T/w_0)²/2ηT
    objective = Objective(0, plasticity=1.7, metric=lambda w: 1 / w**2)
    actions = []
    for n in (100, 200):
        path = plan(objective, Quadratic(0.0, [0.0]), [0.5], 2.0, [4.0], n + 1, method=method, tolerance=1e-7)
        assert path.attrs["converged"] == 1
        actions.append(path.attrs["action"])
    assert_allclose((4 * actions[1] - actions[0]) / 3, np.log(8) ** 2 / (2 * 1.7 * 2), rtol=1e-6)
    assert_allclose(path.theta.values[:, 0], 0.5 * 8 ** (path.time.values / 2), rtol=1e-3)


@pytest.mark.parametrize("method", ["newton", "gradient"])
def test_without_loss_the_path_follows_the_drift(method):
    # θ̇ = −θ³ is free of charge; its solution is θ_0/√(1 + 2θ_0²t)
    objective = Objective(0.3, drift=lambda theta: -(theta**3))
    path = plan(objective, Quadratic(0.0, [0.0]), [1.5], 2.0, n_points=401, method=method, tolerance=1e-7)
    assert path.attrs["action"] < 1e-12
    # implicit midpoint with h = 1/200: second order
    assert_allclose(path.theta.values[:, 0], 1.5 / np.sqrt(1 + 4.5 * path.time.values), atol=1e-4)


@pytest.mark.parametrize("middle", [0.5, 0.0])
@pytest.mark.parametrize("kind", ["constant", "functions of theta"])
def test_derivatives_of_the_action(middle, kind):
    rng = np.random.default_rng(7)
    constant = {"metric": [[2.0, 0.4], [0.4, 1.0]], "drift": [[0.1, -0.5], [0.7, 0.2]]}
    varying = {
        "metric": lambda w: np.array([[2 + np.sin(w[1]), 0.3], [0.3, 1 + w[0] ** 2]]),
        "drift": lambda w: np.array([np.sin(w[1]) - w[0], w[0] * w[1]]),
    }
    objective = Objective(0.5, 1.2, 0.7, **(constant if kind == "constant" else varying))
    action = PathAction(running_cost(objective, DoubleWell(), 2), 0.5, 0.3, middle, free_end=True)
    path, h = rng.standard_normal((4, 2)), 1e-5

    def along(function, point, axis):
        unit = np.zeros_like(path)
        unit[point, axis] = h
        return (function(path + unit) - function(path - unit)) / (2 * h)

    gradient = [[along(lambda p: action.value(p)[0], i, a) for a in range(2)] for i in range(4)]
    # differences of step h: h² ~ 1e-10 times third derivatives of order 100
    assert_allclose(action.gradient(path), gradient, rtol=1e-6, atol=1e-7)
    diagonal, onward = action.curvature(path)
    for i in range(4):
        columns = [along(action.gradient, i, a) for a in range(2)]
        assert_allclose(diagonal[i], np.stack([c[i] for c in columns], axis=-1), rtol=1e-5, atol=1e-6)
        if i < 3:
            assert_allclose(onward[i], np.stack([c[i + 1] for c in columns], axis=0), rtol=1e-5, atol=1e-6)


def test_many_parameters_by_gradients_only():
    class Valleys:
        """A separable quartic without a Hessian, as a network would be."""

        def loss(self, theta):
            return np.sum(0.25 * theta**4 + 0.5 * theta**2, axis=-1)

        def gradient(self, theta):
            return theta**3 + theta

    start = np.linspace(0.5, 1.5, 300)
    path = plan(Objective(0.2), Valleys(), start, 5.0, n_points=101, tolerance=1e-8)
    assert path.attrs["converged"] == 1
    assert "gradient" in path.attrs["engine"]
    for i in (0, 299):  # parameters do not interact: each is a one-dimensional problem
        alone = plan(Objective(0.2), from_expression("x**4/4 + x**2/2", "x"), start[i : i + 1], 5.0, n_points=101)
        assert_allclose(path.theta[:, i], alone.theta[:, 0], atol=1e-6)


def test_the_search_ends_at_a_minimum_and_not_at_a_saddle():
    # staying on the ridge is stationary; rolling off and back costs less when the window is long enough
    ridge = from_expression("(x**2 - 1)**2", "x")
    path = plan(Objective(0), ridge, [0.0], 10.0, [0.0], n_points=201)
    assert path.attrs["converged"] == 1
    assert path.attrs["action"] < 0.5 * 10.0  # staying costs L·T = 10
    assert np.abs(path.theta).max() > 0.9


def test_the_first_path_chooses_between_two_ways_round_a_hill():
    hill = from_expression("4*exp(-(x**2 + y**2)*4)", "x y")
    left, right = (
        plan(Objective(0), hill, [-1, 0], 3.0, [1, 0], 101, initial_path=[[-1, 0], [0, side], [1, 0]])
        for side in (1, -1)
    )
    assert left.theta.values[50, 1] > 0.2
    assert_allclose(left.theta.values[:, 1], -right.theta.values[:, 1], atol=1e-6)
    again = plan(Objective(0), hill, [-1, 0], 3.0, [1, 0], 101, initial_path=left)
    assert again.attrs["iterations"] <= 2


def test_no_convergence_is_said():
    with pytest.warns(RuntimeWarning, match="not converged after 2 iterations"):
        path = plan(OBJECTIVE, DoubleWell(), START, 4.0, END, n_iterations=2)
    assert path.attrs["converged"] == 0
    assert path.attrs["gradient_norm"] > 1e-8
    falling = from_expression("-x**4", "x")  # falls without bound: there is no minimum
    with pytest.warns(RuntimeWarning, match="not converged"):
        path = plan(Objective(0), falling, [1.0], 4.0, n_iterations=50)
    assert path.attrs["converged"] == 0


@pytest.mark.parametrize(("discount", "duration"), [(5.0, 8.0), (10.0, 10.0), (20.0, 10.0), (50.0, 10.0), (50.0, 14.0)])
def test_the_mesh_resolves_the_motion_and_not_the_discount(discount, duration):
    # the window misses e^{−γT} < 1e-17 of the value
    objective, loss = Objective(discount), Quadratic([1.0, 4.0], [0.0, 0.0])
    value = solve(objective, loss).value([1.0, 1.0])
    chosen = plan(objective, loss, [1.0, 1.0], duration)
    # the estimate is of leading order: the truth lies within twice of it, and below the stated accuracy
    assert abs(chosen.attrs["action"] / value - 1) < max(2 * chosen.attrs["error"], 2e-6)
    assert chosen.attrs["error"] < 1e-4
    coarse = plan(objective, loss, [1.0, 1.0], duration, n_points=21)
    assert_allclose(coarse.attrs["action"], value, rtol=5e-3)  # γh = 2 to 25


def test_the_weight_of_an_interval_is_of_second_order_and_exact_for_costs_linear_in_time():
    for ratio, share in ((1e-4, 0.5 - 1e-4 / 12), (0.1, 0.4916680554), (3.0, 0.2809375), (1000.0, 1e-3)):
        window = Window(running_cost(Objective(ratio), DoubleWell(), 2), ratio, 4.0, "gauss", True, "newton", 1e-8, 9)
        action = window.action(4)  # h = 1: ∫ t e^{−γt} dt / ∫ e^{−γt} dt over the unit interval
        lever = quad(lambda t, g=ratio: t * np.exp(-g * t), 0, 1)[0] / quad(lambda t, g=ratio: np.exp(-g * t), 0, 1)[0]
        if ratio < 100:  # beyond it the reference is rounding
            assert_allclose(action.middle, lever, rtol=1e-9)
        assert_allclose(action.middle, share, rtol=1e-3)
        assert_allclose(action.weights(4).sum(), -np.expm1(-4 * ratio) / ratio, rtol=1e-12)


@pytest.mark.parametrize(("discount", "duration"), [(50.0, 16.0), (10.0, 60.0), (2.0, 500.0)])
def test_windows_beyond_the_smallest_number(discount, duration):
    # e^{−γT} = e^{−600} to e^{−1000}; every part of the path is the optimal one of what follows
    loss, well = Quadratic([1.0, 4.0], [0.0, 0.0]), DoubleWell()
    policy = solve(Objective(discount), loss)
    path = plan(Objective(discount), loss, [1.0, 1.0], duration)
    assert path.attrs["error"] < 2e-3
    assert_allclose(path.attrs["action"], policy.value([1.0, 1.0]), rtol=max(2 * path.attrs["error"], 1e-5))
    # the free end is felt over its last horizons
    inner = path.time.values < duration - 10 / discount
    assert_allclose(path.theta.values[inner], policy.path([1.0, 1.0], path.time.values)[inner], atol=5e-3)
    down = plan(Objective(discount), well, [-0.3, 0.55], duration)
    assert np.all(np.diff(well.loss(down.theta.values)) < 1e-9)
    assert np.abs(down.theta.values[:, 0] + 0.6).max() < 0.4  # towards the minimum at −0.93


def test_coarse_meshes_are_reported():
    with pytest.warns(RuntimeWarning, match="coarse.*more n_points"):
        plan(Objective(0.0), Quadratic([1.0, 4.0], [0.0, 0.0]), [1.0, 1.0], 16.0, n_points=6)


@pytest.mark.parametrize("duration", [4.0, 10.0, 40.0])
def test_the_search_leaves_a_minimum_where_that_is_optimal(duration):
    well = DoubleWell()
    best = plan(Objective(0.3), well, well.minima[0], duration)
    near = plan(Objective(0.3), well, well.minima[0], duration, search=False)
    # the straight line across by another program (20,000 points): 1.0425, 0.6111, 0.5261 to 5 digits within its mesh
    assert_allclose(best.attrs["action"], {4.0: 1.0425, 10.0: 0.6111, 40.0: 0.5259}[duration], rtol=5e-4)
    resting = well.loss(well.minima[0]) * -np.expm1(-0.3 * duration) / 0.3
    assert_allclose(near.attrs["action"], resting, rtol=1e-9)
    assert near.attrs["scope"] == "local: near the initial path"
    assert best.attrs["scope"].startswith("best of")
    assert best.attrs["passes_searched"] == 1
    assert "(1.06, 0)" in best.attrs["family"]


def test_the_search_stays_above_the_critical_discount():
    well = DoubleWell()  # γ_c = 0.539031
    below, above = (plan(Objective(g), well, well.minima[0], 40.0) for g in (0.5, 0.58))
    assert below.theta.values[:, 0].max() > 1.0
    assert above.attrs["family"] == "rest at the start"
    from_the_slope = plan(Objective(0.3), well, [-0.6, 0.55], 10.0)
    assert_allclose(from_the_slope.attrs["action"], 0.4903, rtol=2e-4)


def test_the_search_takes_the_lower_of_two_passes():
    # the straight line to the deeper minimum passes the wrong side of a hill (γ_c 0.2746 there, 0.318 on the other)
    hills = from_expression(
        "(x**2-1)**2 - 0.4*x + y**2/4 + 2*exp(-(x**2+(y+0.15)**2)/0.3) + 3*exp(-(x**2+(y-1.2)**2)/0.5)", "x y"
    )
    start = [-1.01173468, -0.09152195]
    path = plan(Objective(0.3), hills, start, 40.0)
    crossing = path.theta.values[np.argmin(np.abs(path.theta.values[:, 0])), 1]
    assert crossing < -0.5
    assert path.attrs["action"] < hills.loss(np.array(start)) / 0.3 * -np.expm1(-12.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"start": [[0.0, 1.0]]}, "start"),
        ({"start": [np.nan, 1.0]}, "start"),
        ({"end": [1.0]}, "end"),
        ({"duration": 0.0}, "duration"),
        ({"n_points": 2}, "n_points"),
        ({"n_points": 10.5}, "n_points"),
        ({"quadrature": "right"}, "unknown quadrature 'right'"),
        ({"method": "magic"}, "method"),
        ({"tolerance": -1}, "tolerance"),
        ({"initial_path": [[0.0], [1.0]]}, "initial_path"),
        ({"objective": Objective(sympy.oo)}, "derive"),
        ({"objective": Objective(0, hazard=1, prior_mean=0)}, "hazard"),
        ({"objective": Objective(0, metric=np.eye(3))}, "metric"),
        ({"objective": Objective(0, drift=np.eye(3))}, "drift"),
        ({"objective": Objective(0, control=[[1.0], [0.0]])}, "control"),
        ({"objective": Objective(0, drift=lambda theta: theta[0])}, "drift"),
        ({"landscape": from_expression("log(x) + y", "x y")}, "not finite"),
    ],
)
def test_bad_input_is_named(changes, words):
    arguments = {"objective": OBJECTIVE, "landscape": DoubleWell(), "start": START, "duration": 4.0} | changes
    with pytest.raises(InputError, match=words):
        plan(**arguments)
