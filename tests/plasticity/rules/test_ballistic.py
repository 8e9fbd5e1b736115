"""Ballistic rule: a fourfold curvature only doubles the rate."""

import pytest

from plasticity.rule import CURVATURE, GRADIENT
from plasticity.rules.ballistic import ballistic


def test_the_rate_is_the_root_of_the_curvature():
    rule = ballistic(plasticity=2.0, loss_weight=3.0)
    values = {p.symbol: p.value for p in rule.parameters}
    rates = [-float(rule.weight_flow.subs(values).subs({GRADIENT: h, CURVATURE: h})) for h in (1.0, 4.0)]
    assert rates == pytest.approx([6**0.5, 2 * 6**0.5], rel=1e-12)
