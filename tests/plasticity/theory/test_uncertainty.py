"""A Gaussian belief about a weight: the exact problem in its mean and variance, whose Fisher metric changes."""

import numpy as np
import pytest
import sympy as sp

from plasticity.belief import GaussianWeight
from plasticity.derive import derive
from plasticity.landscapes import from_expression
from plasticity.objective import Objective
from plasticity.plan import plan
from plasticity.rule import CURVATURE, GRADIENT

ETA, K, V = 1.3, 0.8, 1.7


def flows(gradient, variance):
    """Velocities of mean and variance by the rule of a long horizon."""
    rule = derive(Objective(0, ETA, K), weight_belief=GaussianWeight(1.0))
    values = {p.symbol: p.value for p in rule.parameters}
    values |= {GRADIENT: gradient, CURVATURE: V, rule.states[0].symbol: variance}
    return [float(sp.N(e.subs(values))) for e in (rule.weight_flow, rule.states[0].flow)]


@pytest.mark.parametrize("variance", [0.2, 1.0, 3.0])
def test_at_the_optimum_the_variance_shrinks_by_the_three_halves_law(variance):
    """Without discount ẍ = ηkv eˣ for x = ln S, at rest for x → −∞: ẋ = −sqrt(2ηkv S)."""
    assert flows(0.0, variance) == pytest.approx([0, -np.sqrt(2 * ETA * K * V) * variance**1.5], rel=1e-14)


def test_near_the_optimum_the_undiscounted_energy_vanishes_to_fourth_order():
    """Effort equals loss on an optimal path at γ = 0; what is left out is of fourth order in (w − μ)/s."""

    def imbalance(distance, variance=0.5):
        mean, spread = flows(V * distance, variance)
        effort = (mean**2 / variance + spread**2 / (2 * variance**2)) / (2 * ETA)
        return effort - K * V * (distance**2 + variance) / 2

    assert imbalance(0.02) / imbalance(0.01) == pytest.approx(16, rel=1e-3)


@pytest.mark.parametrize(
    ("discount", "duration", "mean", "variance", "exact", "tolerance"),
    [(3.0, 6.0, 0.0, 1.0, -0.30470, 1e-4), (1.0, 10.0, 0.0, 1.0, -0.66184, 1e-4), (0.3, 25.0, 3.0, 0.5, 1.006, 0.01)],
)
def test_a_plan_in_mean_and_log_variance_is_exact_at_any_discount(discount, duration, mean, variance, exact, tolerance):
    """Against the stable manifold of the Euler–Lagrange equation (5 digits) and direct transcription (1 %)."""
    landscape = from_expression("m**2/2 + exp(x)/2", "m x")
    objective = Objective(discount, metric=lambda p: np.diag([np.exp(-p[1]), 0.5]))
    start = [mean, np.log(variance)]
    path = plan(objective, landscape, start, duration, n_points=401, search=False).theta.values
    step = duration / (len(path) - 1)
    velocity = variance * (-3 * path[0, 1] + 4 * path[1, 1] - path[2, 1]) / (2 * step)
    assert velocity == pytest.approx(exact, rel=tolerance)


def test_the_printed_value_solves_the_printed_equations_and_gives_the_rule():
    rule = derive(Objective(0), weight_belief=GaussianWeight(1.0))
    printed = {step.title: step.equation for step in rule.steps}
    value, fisher = printed["Value at γ = 0"].rhs, printed["Fisher matrix of (m, S)"]
    symbols = {s.name: s for s in value.free_symbols}
    d, variance, eta, k = symbols["d"], symbols["S"], symbols["plasticity"], symbols["loss_weight"]
    slope = sp.Matrix([sp.diff(value, d), sp.diff(value, variance)])
    loss = CURVATURE * (d**2 + variance) / 2
    balance = sp.expand(k * loss - eta * (slope.T * fisher.inv() * slope)[0] / 2)
    assert [sp.simplify(balance.coeff(d, n)) for n in (0, 1, 2, 3)] == [0, 0, 0, 0]
    control = (-eta * fisher.inv() * slope).subs({d: GRADIENT / CURVATURE, variance: rule.states[0].symbol})
    assert sp.simplify(control[0] - rule.weight_flow) == 0
    left = sp.simplify(rule.states[0].flow - control[1])
    assert [s.name for s in left.free_symbols] == ["process_noise"]
