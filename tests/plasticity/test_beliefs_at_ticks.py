"""A belief about a process that is observed at clock ticks is Kalman's filter, and the weight follows its forecast."""

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose

from plasticity import Objective, derive, simulate
from plasticity.belief import OrnsteinUhlenbeck
from plasticity.filters import ornstein_uhlenbeck, track
from plasticity.landscapes import Quadratic
from plasticity.rule import CURVATURE, GRADIENT, WEIGHT

ONE = OrnsteinUhlenbeck(0.7, 1.2, 0.5, mean=0.2)
TWO = OrnsteinUhlenbeck((0.7, 9.0), (1.2, 0.6), 0.5, mean=(0.2, -0.1))


def ticks(rule, observations, weight=0.3, curvature=1.7):
    """States after every tick, the assignments one by one; the gradient is that of the observed optimum."""
    values = {s.name: s.initial for s in rule.states} | rule.values | {"w": weight, "curvature": curvature}
    names = [WEIGHT, CURVATURE, GRADIENT, *(s.symbol for s in rule.states), *(p.symbol for p in rule.parameters)]
    updates = [(u.target, sp.lambdify(names, u.expression, ["scipy", "numpy"])) for u in rule.events["clock"]]
    for y in observations:
        values["gradient"] = curvature * (values["w"] - y)
        for target, function in updates:
            values[target] = function(*(values[s.name] for s in names))
        yield dict(values)


@pytest.mark.parametrize("belief", [ONE, TWO], ids=["one", "two"])
def test_it_is_the_filter_of_the_discrete_observations(belief):
    observations, duration = np.array([0.4, 1.5, -0.7, 0.1, 0.9]), 0.8
    rule = derive(Objective(0.3), optimum_belief=belief, duration=duration)
    path = list(ticks(rule, observations))
    exact = track(ornstein_uhlenbeck(belief, duration), observations[:, None])
    suffix = [""] if belief.n == 1 else ["_1", "_2"]
    for i, one in enumerate(suffix):
        assert_allclose([at[f"belief_optimum{one}"] for at in path], exact.belief.values[:, i], rtol=1e-12)
        assert_allclose([at[f"belief_variance{one}"] for at in path], exact.covariance.values[:, i, i], rtol=1e-12)
    if belief.n == 2:
        between = [at["belief_covariance_2_1"] for at in path]
        assert_allclose(between, exact.covariance.values[:, 0, 1], rtol=1e-11)


def test_it_runs_at_any_time_between_ticks():
    """Ticks far apart for the filter (S/σ_o² ~ 10⁴/s); the weight rests between the prior mean 0 and the optimum."""
    rule = derive(Objective(0.5), optimum_belief=OrnsteinUhlenbeck(1.0, 1.0, 0.01), duration=2.0)
    run = simulate(rule, Quadratic([1.0], [0.3]), [1.0], 200, 2.0)
    assert 0 < run.theta.values[0, -1, 0] < 0.3
    assert_allclose(run.theta.values[0, -1], run.theta.values[0, -2], rtol=1e-12)


def test_after_a_long_time_nothing_is_left_of_an_observation():
    rule = derive(Objective(0.3), optimum_belief=ONE, duration=sp.oo)
    (at,) = ticks(rule, [0.4])
    assert at["w"] == pytest.approx(0.2, rel=1e-12)
    assert at["belief_variance"] == pytest.approx(0.0, abs=1e-12)  # an average over an endless time has no noise
