"""Multi-step rule: rate sqrt(γ²/4 + ηkh) − γ/2, between gradient descent and the ballistic rule."""

import numpy as np
import pytest
import sympy as sp

from plasticity.rule import CURVATURE, GRADIENT
from plasticity.rules.multi_step import multi_step


@pytest.mark.parametrize("discount", [0.1, 2.0, 30.0])
def test_rate_on_a_quadratic_loss(discount):
    rule, h = multi_step(discount, plasticity=1.2, loss_weight=0.8), 2.0
    rate = -rule.weight_flow.subs({p.symbol: p.value for p in rule.parameters}).subs({GRADIENT: h, CURVATURE: h})
    assert float(rate) == pytest.approx(np.sqrt(discount**2 / 4 + 1.2 * 0.8 * h) - discount / 2, rel=1e-12)


def test_a_symbolic_discount_stays_general():
    rule = multi_step(discount=sp.Symbol("gamma", positive=True))
    assert rule.values["gamma"] is None
    assert rule.limit(discount=sp.oo).values == {"learning_rate": 1.0}
