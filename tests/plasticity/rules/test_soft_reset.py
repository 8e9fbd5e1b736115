"""Soft reset: flat directions are pulled most to the prior mean, and none without a hazard."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from plasticity import simulate
from plasticity.landscapes import Quadratic
from plasticity.rules.multi_step import multi_step
from plasticity.rules.soft_reset import soft_reset


@pytest.mark.parametrize("discount", [0.3, 2.0])
def test_the_rest_point_weighs_optimum_and_prior(discount):
    h, hazard, prior = np.array([0.3, 1.0, 10.0]), 0.5, -1.0
    rule = soft_reset(hazard, prior, discount)
    ds = simulate(rule, Quadratic(h, np.ones(3)), np.zeros(3), n_steps=6000, dt=0.05)
    pace = discount / 2 + np.sqrt(discount**2 / 4 + h)
    target = (pace * 1.0 + hazard * prior) / (pace + hazard)  # (γ + R) μ + λ μ_0 over their sum
    assert_allclose(ds.theta.values[0, -1], target, rtol=1e-10)
    assert (np.diff(ds.theta.values[0, -1]) > 0).all()


def test_without_hazard_it_is_the_multi_step_rule():
    bowl = Quadratic([0.5, 2.0], [1.0, 1.0])
    paths = [simulate(r, bowl, [0.0, 0.0], 100, 0.01).theta.values for r in (soft_reset(1e-14), multi_step())]
    assert_allclose(*paths, rtol=1e-12)
