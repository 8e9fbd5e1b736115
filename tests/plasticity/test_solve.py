"""Closed forms, limits and refusals of the linear-quadratic solution."""

import numpy as np
import pytest
import sympy
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from plasticity.dataset import check_schema
from plasticity.errors import InputError
from plasticity.landscapes import Quadratic
from plasticity.objective import Objective
from plasticity.solve import solve

ROTATION = np.array([[0.0, -1.0], [1.0, 0.0]])
FIGURE_3 = {
    "metric": ({"metric": [1 / 50, 1]}, -0.5, (-2, -np.sqrt(200))),
    "free": ({}, -0.5, (-2, -2)),
    "rotation": ({"drift": 10 * ROTATION}, -2 / 104, (-2 - 10j, -2 + 10j)),
    "decay": ({"drift": -10.0}, -2 / 104, (-np.sqrt(104), -np.sqrt(104))),
}


@pytest.mark.paper
@pytest.mark.parametrize("case", FIGURE_3)
def test_figure_3_of_the_paper(case):
    fields, rest, eigenvalues = FIGURE_3[case]
    policy = solve(Objective(discount=0, **fields), Quadratic(4.0, [0, -0.5]))
    assert_allclose(policy.rest_point, [0, rest], atol=1e-9)
    assert_allclose(policy.eigenvalues, eigenvalues, atol=1e-9)
    assert (policy.curl > 1) == (case == "rotation")
    # a rest point away from the optimum costs for ever, and the policy says so
    assert bool(policy.notes) == (rest != -0.5)
    assert np.isinf(policy.value([1.5, 1.5])) == (rest != -0.5)


@pytest.mark.parametrize("discount", [0.0, 0.3, 7.0])
def test_free_learner_follows_the_matrix_root(discount):
    rng = np.random.default_rng(3)
    root, other = rng.standard_normal((2, 5, 5))
    hessian, metric = root @ root.T, other @ other.T + np.eye(5)
    policy = solve(Objective(discount, 1.3, 0.7, metric=metric), Quadratic(hessian, rng.standard_normal(5)))
    values, vectors = np.linalg.eig(np.linalg.solve(metric, hessian))
    rates = np.sqrt(discount**2 / 4 + 1.3 * 0.7 * values) - discount / 2
    expected = vectors @ np.diag(rates) @ np.linalg.inv(vectors)
    assert_allclose(policy.closed_loop, -expected, atol=1e-10)
    assert_allclose(policy.rest_point, policy.landscape.optimum, atol=1e-10)
    assert policy.curl < 1e-9


@pytest.mark.parametrize("discount", [0.0, 0.8])
def test_rotation_and_decay_closed_forms(discount):
    stiffness, q, j, optimum = 1.2 * 0.8 * 2.0, 0.7, 0.6, np.array([0.4, -1.0])
    loss = Quadratic(2.0, optimum)
    turning = solve(Objective(discount, 1.2, 0.8, drift=q * ROTATION), loss)
    rate = np.sqrt(discount**2 / 4 + stiffness) - discount / 2
    assert_allclose(turning.eigenvalues, [-rate - 1j * q, -rate + 1j * q], atol=1e-12)
    matrix = (stiffness + q**2) * np.eye(2) + discount * q * ROTATION
    rest = stiffness * matrix @ optimum / ((stiffness + q**2) ** 2 + discount**2 * q**2)
    assert_allclose(turning.rest_point, rest, atol=1e-12)
    assert_allclose(turning.curl, np.sqrt(2) * q, atol=1e-12)
    decaying = solve(Objective(discount, 1.2, 0.8, drift=-j), loss)
    inside = stiffness + j * (j + discount)
    assert_allclose(decaying.rates, np.sqrt(discount**2 / 4 + inside) - discount / 2, atol=1e-12)
    assert_allclose(decaying.rest_point, stiffness / inside * optimum, atol=1e-12)


def test_hazard_moves_the_target_towards_the_prior():
    policy = solve(Objective(0.3, 1.2, 0.8, hazard=0.5, prior_mean=0.25), Quadratic(2.0, [1.0]))
    assert_allclose(policy.rates, 1.2437360, atol=5e-8)  # soft-reset check value, 7 decimals
    assert_allclose(policy.rest_point, 0.7553500 * 1.0 + (1 - 0.7553500) * 0.25, atol=5e-8)


@pytest.mark.parametrize("discount", [0.0, 0.4])
def test_hazard_solves_the_two_linear_equations(discount):
    rng = np.random.default_rng(8)
    root = rng.standard_normal((3, 3))
    hessian, drift, optimum, prior = root @ root.T, rng.standard_normal((3, 3)), *rng.standard_normal((2, 3))
    objective = Objective(discount, 0.9, 1.1, drift=drift, hazard=0.7, prior_mean=prior)
    policy = solve(objective, Quadratic(hessian, optimum))
    closed, cost = policy.closed_loop, 1.1 * hessian
    later = np.linalg.solve(discount * np.eye(3) - closed.T, -cost @ prior)
    now = np.linalg.solve((discount + 0.7) * np.eye(3) - closed.T, -cost @ optimum + 0.7 * later)
    assert_allclose(policy.rest_point, np.linalg.solve(closed, 0.9 * now), atol=1e-10)


@pytest.mark.parametrize("discount", [1e-6, 0.1, 1e4])
def test_a_hazard_is_a_penalty_that_grows_with_the_rate(discount):
    """Rest at W μ + (1 − W) μ_0 with W = h/(h + a), a = λR/ηk: λh/γ at a short horizon, λ sqrt(h/ηk) at a long one."""
    h, hazard, eta, k = np.logspace(-2, 2, 5), 0.5, 0.8, 1.5
    objective = Objective(discount, plasticity=eta, loss_weight=k, hazard=hazard, prior_mean=0.0)
    policy = solve(objective, Quadratic(np.diag(h), np.ones(5)))
    rates = -discount / 2 + np.sqrt(discount**2 / 4 + eta * k * h)
    penalty = hazard * rates / (eta * k)
    assert_allclose(policy.rest_point, h / (h + penalty), rtol=1e-8)
    limits = {1e4: hazard * h / discount, 1e-6: hazard * np.sqrt(h / (eta * k))}
    if discount in limits:
        assert_allclose(penalty, limits[discount], rtol=1e-4)


def test_value_under_a_hazard_satisfies_the_hjb_equation():
    prior = np.array([0.2, -0.4])
    objective = Objective(0.4, 0.9, 1.1, drift=0.3 * ROTATION - 0.1, hazard=0.7, prior_mean=prior)
    loss = Quadratic([[2.0, 0.5], [0.5, 1.0]], [1.0, 0.5])
    now = solve(objective, loss)
    later = solve(Objective(0.4, 0.9, 1.1, drift=0.3 * ROTATION - 0.1), Quadratic(loss.hessian_matrix, prior))
    theta = np.random.default_rng(1).standard_normal((5, 2))
    h = 1e-5
    along = (now.value(theta + h * now.velocity(theta)) - now.value(theta - h * now.velocity(theta))) / (2 * h)
    left = (0.4 + 0.7) * now.value(theta)
    # exact for a quadratic up to rounding, 1e-16 / h
    assert_allclose(left, now.running_cost(theta) + along + 0.7 * later.value(theta), rtol=1e-9)


def test_value_without_discount_is_the_action_of_the_path():
    policy = solve(Objective(0), Quadratic([[2.0, 0.3], [0.3, 1.0]], [1.0, -1.0]))
    result = solve_ivp(
        lambda t, y: [*policy.velocity(y[:2]), policy.running_cost(y[:2])],
        (0, 30),
        [0.0, 2.0, 0.0],
        rtol=1e-11,
        atol=1e-13,
    )
    assert_allclose(policy.value([0.0, 2.0]), result.y[2, -1], rtol=1e-8)


def test_a_rest_without_cost_off_the_optimum_has_a_finite_value():
    # nothing is lost along the first direction, along which drift pushes until decay holds it
    policy = solve(Objective(0, drift=[[-1.0, 0.0], [0.0, 0.0]]), Quadratic([0.0, 4.0], [3.0, 1.0]))
    assert_allclose(policy.rest_point, [0.0, 1.0], atol=1e-12)
    assert_allclose(policy.value([7.0, 2.0]), 1.0)  # ½ √(ηkh) with η = k = 1, h = 4
    assert policy.cost_rate == 0.0


def test_unreachable_directions_at_no_discount_are_the_limit():
    loss, control = Quadratic([[2, 1], [1, 3]], [0, 0]), [[1.0], [0.0]]
    policy = solve(Objective(0, control=control), loss)
    assert_allclose(policy.gain, [[np.sqrt(2), 1 / np.sqrt(2)]], atol=1e-12)
    near = solve(Objective(1e-7, control=control), loss)
    assert_allclose(policy.gain, near.gain, atol=1e-6)
    assert "limit" in policy.notes[0]
    with pytest.raises(InputError, match=r"depends on the start.*trajectory"):
        _ = policy.rest_point
    with pytest.raises(InputError, match="infinite"):
        _ = policy.value_matrix
    path = policy.trajectory([1.0, 1.0], [0.0, 40.0])
    assert_allclose(path.theta.values[-1], [-0.5, 1.0], atol=1e-12)
    assert np.isinf(policy.value([1.0, 1.0]))


def test_directions_that_cost_nothing_are_left_alone():
    policy = solve(Objective(0.5, drift=1.0), Quadratic(0.0, [0.0]))
    assert policy.value_matrix == 0.0  # 1.5 solves the equation too, and is not the optimum
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((4, 4)))[0]
    drift, hessian = turn @ np.diag([1, 2, 0.5, -1]) @ turn.T, turn @ np.diag([0, 1, 0, 1.0]) @ turn.T
    policy = solve(Objective(0.5, drift=drift), Quadratic(hessian, np.zeros(4)))
    expected = [a - 0.25 + np.sqrt((a - 0.25) ** 2 + 1) for a in (2, -1)]
    assert_allclose(turn.T @ policy.value_matrix @ turn, np.diag([0, expected[0], 0, expected[1]]), atol=1e-12)


@pytest.mark.parametrize("margin", [1e-3, 1e-6, 1e-9])
def test_concave_losses_up_to_the_conjugate_limit(margin):
    discount, plasticity, weight = 1.4, 1.3, 0.6
    limit = discount**2 / (4 * plasticity * weight)
    turn = np.linalg.qr(np.random.default_rng(5).standard_normal((3, 3)))[0]
    curvature = np.array([-limit * (1 - margin), 0.5, 2.0])
    hessian = turn @ np.diag(curvature) @ turn.T
    policy = solve(Objective(discount, plasticity, weight), Quadratic((hessian + hessian.T) / 2, [0.1, 0.2, 0.3]))
    rates = np.sqrt(discount**2 / 4 + plasticity * weight * curvature) - discount / 2
    # next to a double root an error ε of the data moves the rate by √ε at most, here by ε/√margin
    assert_allclose(policy.closed_loop, -turn @ np.diag(rates) @ turn.T, atol=1e-13 / np.sqrt(margin))


def test_ill_conditioned_problems_are_solved():
    curvature = 10.0 ** np.arange(-12, 13, 4)
    policy = solve(Objective(0), Quadratic(curvature, np.zeros(7)))
    assert_allclose(-np.diag(policy.closed_loop), np.sqrt(curvature), rtol=1e-7)
    weak = solve(Objective(0.1, drift=[[0.2, 1.0], [0.0, 0.3]], control=[[0.0], [1e-6]]), Quadratic(1.0, [0.0, 0.0]))
    p, a, b = (
        weak.value_matrix,
        np.array([[0.2, 1.0], [0.0, 0.3]]) - 0.05 * np.eye(2),
        np.array([[0, 0], [0, 1e-12]]),
    )
    residual = a.T @ p + p @ a - p @ b @ p + np.eye(2)
    assert np.abs(residual).max() < 1e-12 * np.abs(p).max()
    assert weak.eigenvalues.real.max() < 0.05


@pytest.mark.parametrize(
    ("objective", "hessian", "words"),
    [
        (Objective(0.5), [1.0, -2.0], [r"curvature -2", r"\[0.0, 1.0\]", "2.82842712"]),
        (Objective(0.5, drift=1.0), [1.0, -2.0], ["curvature -2", "4.82842712"]),
        (Objective(0), [1.0, -1e-3], ["curvature -0.001", "0.063245553"]),
        (
            Objective(0.5, control=[[1], [0]], drift=[[0, 1], [0, 2]]),
            [1.0, 1.0],
            [r"\[0.0, 1.0\]", "rate 2 1/s", "greater than 4,"],
        ),
        (
            Objective(1, control=[[1], [0], [0]], drift=[[0, 1, 0], [0, 1, -3], [0, 3, 1]]),
            [1.0, 0.0, 0.0],
            ["1 ± 3i", "greater than 2,"],
        ),
    ],
)
def test_no_finite_optimum_is_explained_and_the_remedy_works(objective, hessian, words):
    loss = Quadratic(hessian, np.zeros(len(hessian)))
    for word in words:
        with pytest.raises(InputError, match=word):
            solve(objective, loss)
    needed = float(words[-1].removeprefix("greater than ").rstrip(","))
    fields = {name: getattr(objective, name) for name in ("drift", "control")}
    assert np.all(np.isfinite(solve(Objective(needed * (1 + 1e-6), **fields), loss).value_matrix))
    with pytest.raises(InputError):
        solve(Objective(needed * (1 - 1e-6), **fields), loss)


def test_a_growing_mode_that_costs_nothing_is_no_obstacle():
    objective = Objective(0.5, control=[[1], [0]], drift=[[0, 0], [0, 2]])
    policy = solve(objective, Quadratic([1.0, 0.0], [0.0, 0.0]))
    assert_allclose(policy.gain, [[np.sqrt(0.25**2 + 1) - 0.25, 0.0]], atol=1e-12)


def test_trajectory_is_the_flow_of_the_policy():
    policy = solve(Objective(0.2, drift=0.5 * ROTATION), Quadratic([3.0, 1.0], [1.0, 2.0]))
    starts = np.array([[0.0, 0.0], [3.0, -1.0]])
    for times in (np.linspace(0.5, 4, 8), np.array([0.0, 0.1, 1.0, 5.0])):
        path = policy.trajectory(starts, times)
        check_schema(path)
        assert path.theta.dims == ("trial", "time", "parameter")
        for start, trial in zip(starts, path.theta.values, strict=True):
            exact = [policy.rest_point + expm(policy.closed_loop * t) @ (start - policy.rest_point) for t in times]
            assert_allclose(trial, exact, atol=1e-12)
    assert_allclose(policy.velocity(policy.rest_point), 0, atol=1e-13)


def test_symbolic_discounts_are_sent_to_derive():
    with pytest.raises(InputError, match="derive"):
        solve(Objective(sympy.Symbol("gamma")), Quadratic(1.0, [0.0]))


def coupled(n, seed):
    """Hessian with eigenvalues between 0.1 and 3 in random directions, a metric, and a start."""
    random = np.random.default_rng(seed)
    turn = np.linalg.qr(random.normal(size=(n, n)))[0]
    metric = random.normal(size=(n, n))
    return turn @ np.diag(np.linspace(0.1, 3, n)) @ turn.T, metric @ metric.T + np.eye(n), random.normal(size=n)


@pytest.mark.parametrize("more", [{}, {"drift": -0.3 * np.eye(3)}, {"control": np.array([[1.0], [0.5], [-1.0]])}])
def test_a_short_horizon_is_natural_gradient_descent(more):
    """At γ = 1e7 and the same learning rate ηk/γ = 0.96 what is left is of order 1/γ."""
    h, metric, start = coupled(3, 1)
    metric = metric[:1, :1] if "control" in more else metric
    loss = Quadratic(h, [0.2, -0.1, 0.4])
    limit = solve(Objective(sympy.oo, 1.2, 0.8, metric=metric, **more), loss)
    near = solve(Objective(1e7, 1.2e7, 0.8, metric=metric, **more), loss)
    assert_allclose(limit.velocity(start), near.velocity(start), rtol=1e-5)
    assert "learning rate ηk/γ = 0.96" in limit.notes[0]
    assert_allclose(limit.running_cost(start), 0.8 * loss.loss(start), rtol=1e-15)
    if not more:
        assert_allclose(limit.velocity(start), -0.96 * np.linalg.solve(metric, loss.gradient(start)), rtol=1e-12)


@pytest.mark.parametrize("discount", [0, 0.7, sympy.oo])
def test_acting_for_long_is_newtons_step_and_converges_where_the_diagonal_one_diverges(discount):
    h = 0.1 * np.eye(3) + 0.9  # 2 diag(h) − h has the eigenvalue −0.8
    loss, start = Quadratic(h, [0.3, 0.0, -1.0]), np.array([1.0, -0.5, 0.3])
    policy = solve(Objective(discount, metric=coupled(3, 2)[1]), loss)
    newton = -np.linalg.solve(h, loss.gradient(start))
    assert_allclose(policy.change(start, sympy.oo), newton, rtol=1e-12)
    assert_allclose(policy.change(start, 1e5), newton, rtol=1e-9)
    jacobi = np.eye(3) - h / np.diag(h)[:, None]
    assert np.abs(np.linalg.eigvals(jacobi)).max() > 1


def test_acting_for_a_time_is_the_path():
    h, metric, start = coupled(4, 3)
    policy = solve(Objective(0.5, metric=metric, drift=0.1 * np.eye(4)), Quadratic(h, [1.0, 0.0, 0.0, -1.0]))
    moved = policy.path(start, [0.8])[0] - start
    assert_allclose(policy.change(start, 0.8), moved, rtol=1e-11)
    assert_allclose(policy.change(np.stack([start, start]), 0.8)[1], moved, rtol=1e-11)
    flat = solve(Objective(0.5), Quadratic([1.0, 0.0], [0.0, 0.0]))
    with pytest.raises(InputError, match="does not decay"):
        flat.change([1.0, 1.0], sympy.oo)


def test_wrong_sizes_and_functions_are_refused():
    loss = Quadratic(1.0, [0.0, 0.0])
    for objective, word in [
        (Objective(1, metric=np.eye(3)), "metric"),
        (Objective(1, control=np.eye(3)), "control"),
        (Objective(1, drift=np.eye(3)), "drift"),
        (Objective(1, metric=lambda theta: theta), "metric"),
        (Objective(1, hazard=1, prior_mean=[1.0, 2.0, 3.0]), "prior_mean"),
    ]:
        with pytest.raises(InputError, match=word):
            solve(objective, loss)
    with pytest.raises(InputError, match="landscape"):
        solve(Objective(1), "quadratic")
    policy = solve(Objective(1), loss)
    with pytest.raises(InputError, match="theta"):
        policy.velocity([1.0])
    with pytest.raises(InputError, match="start"):
        policy.trajectory([1.0], [0, 1])
    with pytest.raises(InputError, match="times"):
        policy.trajectory([1.0, 2.0], [1, 0])


def test_costed_directions_out_of_reach_and_neutral_chains_are_told_from_rounding():
    turn = np.linalg.qr(np.random.default_rng(11).standard_normal((3, 3)))[0]
    # the loss lies across the control: nothing can be done, and nothing is
    across = solve(Objective(0, control=turn[:, :1]), Quadratic(np.outer(turn[:, 1], turn[:, 1]), np.zeros(3)))
    assert_allclose(across.gain, 0, atol=1e-12)
    # a chain of integrators out of reach keeps its size up to a power of t: at no discount the gain has a limit
    chain = turn @ np.diag([1.0, 1.0], 1) @ turn.T
    loss = Quadratic(turn @ np.diag([2.0, 1.0, 0.5]) @ turn.T, np.zeros(3))
    limit, near = (solve(Objective(g, drift=chain, control=turn[:, :1]), loss) for g in (0, 1e-6))
    assert "limit" in limit.notes[0]
    assert_allclose(limit.gain, near.gain, atol=1e-5)


def test_gains_of_controls_count_and_a_subspace_has_no_scale():
    """γ = 0, η = k = h = 1: with θ̇ = Bu and cost u²/2 the closed loop is −|B|; to project onto 2B is to onto B."""
    from plasticity.controllability import Controllability, constrain, move

    for gain in (1.0, 2.0):
        policy = solve(Objective(0, control=[[gain]]), Quadratic([[1.0]], [0.0]))
        assert policy.velocity([1.0])[0] == pytest.approx(-gain, rel=1e-12)
    b, change = np.array([[1.0], [2.0]]), np.array([1.0, 0.0])
    for scale in (1.0, 2.0):
        moved = move(constrain(Controllability(rank=scale * b), (2,)), np.zeros(2), change, 0.1)
        assert_allclose(moved, [0.2, 0.4], rtol=1e-12)  # b (b·change)/(b·b)
