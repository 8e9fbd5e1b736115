"""The exact learner under noise: published cost rates, optimality of every gain, one weight against `derive`."""

import numpy as np
import pytest
import sympy as sp

from plasticity import LinearGaussian, Objective, OrnsteinUhlenbeck, Quadratic, derive, solve
from plasticity.errors import InputError
from plasticity.optimal.lqg import average_cost


def random_problem(seed, n=3, discount=0.0):
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((4, n, n))
    hessian, metric, diffusion = (r @ r.T + 0.3 * np.eye(n) for r in root[:3])
    drift, transition = 0.3 * rng.standard_normal((n, n)), 0.3 * root[3] - np.eye(n)
    objective = Objective(discount, metric=metric, drift=drift)
    return solve(objective, Quadratic(hessian, np.zeros(n)), LinearGaussian(transition, diffusion, 0.5))


@pytest.mark.parametrize(
    ("tau", "noise", "cost"),
    [(2, 0.3, 0.335), (2, 1, 0.415), (2, 3, 0.480), (20, 0.3, 0.088), (20, 1, 0.169), (20, 3, 0.319)],
)
def test_cost_rates_of_a_wandering_optimum(tau, noise, cost):
    """Reference values (three digits) of an independent Lyapunov equation for one weight, η = k = h = 1, γ → 0."""
    belief = LinearGaussian(-1 / tau, 2 / tau, noise**2)
    cost_rate = solve(Objective(0), Quadratic([1.0], [0.0]), belief).cost_rate
    assert cost_rate == pytest.approx(cost, abs=5.1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_one_per_cent_on_any_gain_costs_more(seed):
    """The average cost is stationary and convex at the optimum, and every gain matters in a coupled problem."""
    policy = random_problem(seed)
    gains = {"tracking": policy.tracking, "filter_gain": policy.filter_gain, "feedback": policy.known.gain}
    for name, gain in gains.items():
        for index in np.ndindex(gain.shape):
            for factor in (0.99, 1.01):
                changed = gain.copy()
                changed[index] *= factor
                assert average_cost(policy, **{**gains, name: changed}) > policy.cost_rate


def test_the_law_minimises_the_discounted_cost_of_the_mean_path():
    """Without noise the belief is a known future: u from V = min over all controls, so the HJB residual vanishes."""
    policy = random_problem(5, discount=0.7)
    known, (transition, _, _) = policy.known, policy.belief.matrices(3)
    hessian, gamma = known.landscape.hessian_matrix, 0.7
    metric, control = known.objective.metric, np.eye(3)
    drift = known.closed_loop + control @ known.gain
    cross = -metric @ policy.tracking  # η = 1, B = 1
    p = known.value_matrix
    theta, state = np.array([0.4, -1.0, 0.7]), np.array([-0.5, 0.2, 1.1])
    gradient = p @ theta + cross @ state  # ∂V/∂θ
    np.testing.assert_allclose(policy.control(theta, state), -np.linalg.solve(metric, gradient), rtol=1e-12)
    # the mixed part of γV = kL + ∇V·f − ½∇VᵀG⁻¹∇V, and of the motion of z
    residual = -hessian + drift.T @ cross + cross @ transition - p @ np.linalg.solve(metric, cross) - gamma * cross
    np.testing.assert_allclose(residual, 0, atol=1e-11)


@pytest.mark.parametrize("discount", [0.0, 0.4])
def test_one_weight_is_the_derived_rule_with_a_belief_about_its_optimum(discount):
    """Two components with their own time constants: the same velocity as the printed rule, to rounding."""
    taus, stds, noise, h = (1.5, 40.0), (0.8, 1.3), 0.6, 1.7
    rule = derive(Objective(discount), optimum_belief=OrnsteinUhlenbeck(taus, stds, noise))
    belief = LinearGaussian(
        [-1 / t for t in taus], [2 * s**2 / t for s, t in zip(stds, taus, strict=True)], (h * noise) ** 2,
        readout=[[1.0, 1.0]],
    )  # fmt: skip
    policy = solve(Objective(discount), Quadratic([h], [0.0]), belief)
    states = {"belief_optimum_1": 0.3, "belief_optimum_2": -0.9}
    values = {"w": 0.7, "curvature": h, "gradient": 0.0, **rule.values, **states}
    flow = rule.weight_flow.subs({s: values[s.name] for s in rule.weight_flow.free_symbols})
    expected = float(sp.N(flow, 20))
    assert policy.velocity([0.7], [0.3, -0.9])[0] == pytest.approx(expected, rel=1e-10)


def test_a_random_walk_can_be_followed_without_discount():
    """dμ = σ dW, η = k = h = 1: cost rate ½(Σ + 2·½·σ²…): θ − ẑ and the error are independent; R = 1, Σ = σ s."""
    sigma, s = 0.5, 0.8
    policy = solve(Objective(0), Quadratic([1.0], [0.0]), LinearGaussian(0.0, sigma**2, s**2))
    innovations = sigma**2  # what the belief moves by per second, whatever the noise
    expected = 0.5 * sigma * s + 0.5 * innovations  # ½Σ, and V''/2 of following: P = 1
    assert policy.cost_rate == pytest.approx(expected, rel=1e-12)


def test_a_state_that_is_never_seen_is_refused():
    with pytest.raises(InputError, match="never shows"):
        solve(Objective(0.5), Quadratic([1.0, 0.0], [0.0, 0.0]), LinearGaussian([-1.0, 0.0], 1.0, 1.0))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"transition": "fast"}, "transition must be numbers"),
        ({"observation_noise": 0.0}, "observation_noise must be a covariance"),
        ({"process_noise": -1.0}, "process_noise must be a covariance"),
        ({"transition": [-1.0, -1.0, -1.0]}, "transition must have shape"),
    ],
)
def test_bad_beliefs_are_named(arguments, message):
    fine = {"transition": -1.0, "process_noise": 1.0, "observation_noise": 1.0}
    with pytest.raises(InputError, match=message):
        solve(Objective(0.5), Quadratic([1.0, 2.0], [0.0, 0.0]), LinearGaussian(**fine | arguments))


@pytest.mark.parametrize(
    ("belief", "message"),
    [
        (lambda: LinearGaussian(-1.0, 1.0, 1.0, covariance=2.0), "covariance must be left out"),
        (lambda: LinearGaussian(None, 1.0, 1.0), "transition"),
        (lambda: LinearGaussian(-1.0, 1.0, 1.0, mean=[0.0, 1.0, 2.0]), r"mean must be a number or \(2,\)"),
        (lambda: LinearGaussian(-1.0, [1.0, -1.0], 1.0), "process_noise must be a covariance"),
        (lambda: LinearGaussian(-1.0, 1.0, 0.0), "observation_noise must be a covariance, symmetric with positive"),
    ],
)
def test_beliefs_that_are_none(belief, message):
    with pytest.raises(InputError, match=message):
        solve(Objective(0.5), Quadratic([1.0, 2.0], [0.0, 0.0]), belief())
