"""Heavy ball: a far-sighted learner damps its weight with the ratio 1/√2, whatever the curvature."""

import numpy as np
import pytest

from plasticity.rule import CURVATURE, GRADIENT
from plasticity.rules.heavy_ball import heavy_ball


def stiffness_and_damping(rule, h):
    values = {p.symbol: p.value for p in rule.parameters}
    velocity = rule.states[0]
    push = velocity.flow.subs(values).subs(CURVATURE, h)
    return -float(push.coeff(GRADIENT)) * h, -float(push.coeff(velocity.symbol))


@pytest.mark.parametrize("h", [0.01, 1.0, 50.0])
def test_damping_ratio(h):
    stiffness, damping = stiffness_and_damping(heavy_ball(plasticity=2.0, loss_weight=0.7), h)
    assert stiffness == pytest.approx(np.sqrt(2.0 * 0.7 * h), rel=1e-12)
    assert damping / (2 * np.sqrt(stiffness)) == pytest.approx(1 / np.sqrt(2), rel=1e-12)


def test_a_shorter_horizon_damps_less():
    damping = [stiffness_and_damping(heavy_ball(discount=g), 1.0)[1] for g in (0.5, 2.0, 8.0)]
    assert damping == sorted(damping, reverse=True)
