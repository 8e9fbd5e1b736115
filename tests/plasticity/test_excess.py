"""Excess cost of a rule: Lyapunov equation against simulated costs and closed forms."""

import numpy as np
import pytest

from plasticity import Objective, derive, excess, optimality, solve
from plasticity.errors import InputError
from plasticity.landscapes import Quadratic

COUPLED = Quadratic(0.1 * np.eye(3) + 0.9, np.zeros(3))


@pytest.mark.parametrize("discount", [0.0, 1.0])
def test_optimal_policy_has_none(discount):
    objective = Objective(discount=discount)
    report = excess(solve(objective, COUPLED), objective, COUPLED)
    # the Jacobian by differences is good to ~1e-12, and the gap is of second order in its error
    assert abs(report.worst) < 1e-15


def test_local_rule_without_discount_by_hand():
    """Rule −Hθ (unit diagonal): eigenvalue h costs (1 + h)/2 in place of √h, in the eigenbasis of H."""
    h = np.array([0.1, 0.1, 2.8])
    objective = Objective(discount=0.0)
    report = excess(derive(objective), objective, COUPLED)
    cost, best = (1 + h) / 2, np.sqrt(h)
    assert report.relative == pytest.approx(cost.sum() / best.sum() - 1, rel=1e-8)
    assert report.worst == pytest.approx((cost / best).max() - 1, rel=1e-8)


@pytest.mark.parametrize("discount", [0.0, 1.0])
def test_agrees_with_the_path(discount):
    """The gap integrated along one path; its sampling error is of second order, 1e-4 at these times."""
    objective, start = Objective(discount=discount), np.array([1.0, -0.5, 0.3])
    rule = derive(objective)
    path = optimality(rule, objective, COUPLED, start, np.linspace(0, 60, 6001))
    assert excess(rule, objective, COUPLED).start(start) == pytest.approx(path.gap / path.optimum, rel=1e-3)


def test_a_rule_that_diverges_costs_without_bound():
    objective = Objective(discount=1.0)
    assert excess(lambda w: w, objective, COUPLED).relative == np.inf
    assert np.isfinite(excess(lambda w: 0.4 * w, objective, COUPLED).relative)  # grows below γ/2


def test_refuses_a_rule_that_rests_elsewhere():
    with pytest.raises(InputError, match="rest at the optimum"):
        excess(lambda w: 1.0 - w, Objective(discount=1.0), COUPLED)
