"""Excess cost of rules with memories, momentum and steps: Lyapunov equations against closed forms and runs."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import simpson
from scipy.linalg import expm, sqrtm

from plasticity import Objective, derive, excess, path_excess, rules, simulate, solve
from plasticity.belief import FadingMemory, OrnsteinUhlenbeck
from plasticity.errors import InputError
from plasticity.landscapes import Quadratic
from plasticity.pages.report import coupling_excess

ONE = Quadratic(1.0, [0.0])
COUPLED = Quadratic(0.1 * np.eye(3) + 0.9, [0.5, 0.0, -1.0])
START = np.array([1.5, -0.5, -0.7])


@pytest.mark.parametrize("tau", [0.1, 0.25, 1.0, 4.0])
def test_a_memory_of_the_gradient_costs_half_its_square(tau):
    """ẇ = −m, τṁ = w − m from m = w: the lag e = w − m obeys ë τ + ė + e = 0, and J − J* = ½∫e² = τ²/4, J* = ½."""
    rule = derive(Objective(0), gradient_belief=FadingMemory(time_constant=tau))
    assert_allclose(excess(rule, Objective(0), ONE).relative, tau**2 / 2, rtol=1e-8)


def test_momentum_as_an_order_of_one_costs_the_root_of_two():
    """ẅ = −w − √2ẇ from rest: ∫ẇ² = 1/(2√2), ∫w² = ∫ẇ² + 1/√2, so that J = 1/√2 where J* = ½."""
    report = excess(derive(Objective(0), order=2), Objective(0), ONE)
    assert_allclose(report.relative, np.sqrt(2) - 1, rtol=1e-8)


@pytest.mark.parametrize("discount", [0.0, 1.0])
def test_momentum_costs_what_a_fine_run_costs(discount):
    """Euler steps of 2 ms: rates are below 2/s, so that the cost is off by less than 1 %."""
    rule, objective = derive(Objective(discount), order=2), Objective(discount)
    run = simulate(rule, COUPLED, START, 15_000, 2e-3)
    exact = excess(rule, objective, COUPLED).start(START - COUPLED.optimum)
    assert_allclose(path_excess(run, objective, COUPLED)[0], exact, rtol=1e-2)


@pytest.mark.parametrize("kind", ["memory", "process"])
def test_beliefs_cost_what_the_path_of_their_equations_costs(kind):
    """Coupled weights w and beliefs m: J − J* by quadrature of a matrix exponential, written down by hand."""
    tau, n, h = 0.4, 3, COUPLED.hessian_matrix
    if kind == "memory":  # ẇ = −m/√v, τṁ = g − m; v = 1
        belief, rate, leak, gain = FadingMemory(time_constant=tau), 1.0, 1 / tau, 1 / tau
    else:  # steady Kalman gain K; the policy counts on a gradient that fades: ẇ = −m/(R + 1/τ), R = 1
        belief = OrnsteinUhlenbeck(tau, 1.0, 0.5)
        gain = -1 / tau + np.sqrt(1 / tau**2 + 2 / (tau * 0.25))
        rate, leak = 1 / (1 + 1 / tau), 1 / tau + gain
    system = np.block([[np.zeros((n, n)), -rate * np.eye(n)], [gain * h, -leak * np.eye(n)]])
    start = START - COUPLED.optimum
    state = np.concatenate([start, gain / leak * h @ start])
    step, best = expm(system * 0.02), np.real(sqrtm(h))
    path = [state]
    for _ in range(50_000):
        path.append(step @ path[-1])
    path = np.array(path)
    away = -rate * path[:, n:] + path[:, :n] @ best
    gap = simpson(0.5 * np.sum(away**2, axis=1), dx=0.02)
    report = excess(derive(Objective(0), gradient_belief=belief), Objective(0), COUPLED)
    # Simpson's rule with rates below 6/s: 0.12⁴/180 relative; the window leaves e^{−29}, with the slowest rate 0.0146/s
    assert_allclose(report.start(start), gap / (0.5 * start @ best @ start), rtol=2e-5)


def test_steps_cost_more_than_the_flow_and_approach_it():
    objective = Objective(0.5)
    rule = derive(objective)
    flow = excess(rule, objective, COUPLED).start(START - COUPLED.optimum)
    errors = []
    for dt in (0.08, 0.04, 0.02):
        run = simulate(rule, COUPLED, START, round(40 / dt), dt)
        errors.append(path_excess(run, objective, COUPLED)[0] - flow)
    assert_allclose(np.divide(errors[:-1], errors[1:]), 2, atol=0.2)  # of first order


def test_a_policy_in_fine_steps_costs_nothing_and_adam_costs():
    objective = Objective(0.5)
    best = solve(objective, COUPLED).trajectory([START], np.linspace(0, 30, 6001))
    assert path_excess(best, objective, COUPLED)[0] < 1e-5  # of second order in steps of 5 ms
    adam = rules.adam(learning_rate=0.05)
    noisy = simulate(adam, COUPLED, START, 3000, 0.05, gradient_noise=1.0, seed=1, n_trials=4)
    clear = simulate(adam, COUPLED, START, 3000, 0.05)
    assert 0 < path_excess(clear, objective, COUPLED)[0] < path_excess(noisy, objective, COUPLED).mean()


def test_what_moves_at_ticks_is_sent_to_its_path():
    with pytest.raises(InputError, match="path_excess"):
        excess(rules.adam(), Objective(0.5), ONE)


@pytest.mark.parametrize("rho", [0.5, 0.9])
def test_the_card_says_what_coupling_costs(rho):
    """Rule −w − ρw' with eigenvalues h = 1 ± ρ: (1 + h)/2 in place of √h, at a long horizon."""
    h = np.array([1 - rho, 1 + rho])
    exact = ((1 + h) / 2).sum() / np.sqrt(h).sum() - 1
    rule = derive(Objective(0, 2.0, 0.7))
    assert_allclose(coupling_excess(rule)[rho], exact, rtol=1e-7)
    assert f"{100 * exact:.3g} % at ρ = {rho:g}" in rule.card()


@pytest.mark.parametrize(
    ("name", "why"),
    [("adam", "moves in steps"), ("heavy_ball", "acceleration"), ("soft_reset", "the loss and on hazard")],
)
def test_a_card_without_that_number_says_why(name, why):
    (line,) = (line for line in rules.load(name)().card().splitlines() if "Excess cost" in line)
    assert "no number" in line
    assert why in line
