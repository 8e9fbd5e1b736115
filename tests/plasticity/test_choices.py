"""Learners that choose: policies by score function are REINFORCE, values by delta rule are Q-learning, by hand."""

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose

from plasticity import GRADIENT, InputError, Objective, Parameter, Rule, derive, rules, simulate
from plasticity.choices import ChoiceLearner, trials
from plasticity.landscapes import from_expression
from tests.error_bounds import z

DESCENT = derive(Objective(sp.oo, plasticity=0.4))


def done(rng, n=120, k=2):
    """Regressors of two kinds, rewards of both choices, two sequences."""
    x = np.column_stack([rng.integers(0, 2, n), rng.standard_normal(n)])[:, :k]
    return trials(x, rng.random((n, 2)), np.arange(n) % 70 == 0)


@pytest.mark.parametrize("baseline", [0.0, 0.15])
def test_gradient_descent_on_the_score_function_is_reinforce(baseline, random):
    """Williams' w ← w + α(r − b)(c − p)x, with b = v·x, v ← v + β(r − b)x, to rounding."""
    did = done(random)
    learner = ChoiceLearner(DESCENT)
    choices, probability, weights = learner.run(did, random, [0.4, baseline])
    w = v = np.zeros(2)
    for t, x in enumerate(did.regressors):
        if did.starts[t]:
            w = v = np.zeros(2)
        p = 1 / (1 + np.exp(-w @ x))
        assert_allclose(probability[t], p, rtol=1e-13)
        surprise = did.rewards[t, int(choices[t])] - v @ x
        w = w + 0.4 * surprise * (choices[t] - p) * x
        v = v + baseline * surprise * x
        assert_allclose(weights[t, 1], w, rtol=1e-13)
    assert set(choices) == {0.0, 1.0}
    seen = learner.probabilities(choices, did, [[0.4, baseline], [0.1, 0.0]])
    assert_allclose(seen[0], probability, rtol=1e-13)
    assert not np.allclose(seen[1], probability)


def test_gradient_descent_on_expected_rewards_is_q_learning(random):
    """Q ← Q + α(r − Q) for the choice that was made in a state, softmax with inverse temperature 3, to rounding."""
    states = random.integers(0, 3, 150)
    did = trials(np.eye(3)[states], random.random((150, 2)))
    choices, probability, weights = ChoiceLearner(DESCENT, "value").run(did, random, [0.4, 3.0])
    q = np.zeros((3, 2))
    for t, s in enumerate(states):
        odds = np.exp(3.0 * q[s])
        assert_allclose(probability[t], odds[1] / odds.sum(), rtol=1e-12)
        c = int(choices[t])
        q[s, c] += 0.4 * (did.rewards[t, c] - q[s, c])
        assert_allclose(weights[t], q.T, rtol=1e-12)


RULES = {
    "momentum": rules.heavy_ball,
    "adaptive steps": rules.adam,
    "hazard": lambda: derive(Objective(1.0, hazard=0.2, prior_mean=0.1), duration=1.0),
    "bounds": lambda: derive(Objective(sp.oo, plasticity=0.7)).with_bounds(-0.3, 0.3),
}


@pytest.mark.parametrize("name", RULES)
def test_any_rule_takes_the_step_that_it_takes_on_a_landscape(name):
    """One choice that is always made and rewarded: the policy descends −r ln p, whose curvature is the Fisher one."""
    rule = RULES[name]()
    did = trials(np.ones((25, 1)), np.full((25, 2), 1.0))
    _, _, weights = ChoiceLearner(rule).run(did, np.random.default_rng(0))
    choices = ChoiceLearner(rule).probabilities(np.ones(25), did)
    path = simulate(rule, from_expression("-log(1/(1 + exp(-w)))", "w"), [0.0], 24, 1.0).theta.values[0, :, 0]
    assert_allclose(choices[0], 1 / (1 + np.exp(-path)), rtol=1e-9)
    assert np.isfinite(weights).all()


def test_the_score_function_is_right_on_average(random):
    """Mean change of many learners after one trial: α dE[r]/dw = α p(1 − p)(r_1 − r_0), whatever the baseline."""
    n = 20_000
    did = trials(np.ones((n, 1)), np.tile([0.3, 0.9], (n, 1)), np.ones(n, bool))
    weights = ChoiceLearner(DESCENT).run(did, random, [0.4, 0.0])[2][:, 1, 0]
    assert abs(weights.mean() - 0.4 * 0.25 * 0.6) < z() * weights.std() / np.sqrt(n)


def test_a_weight_without_its_stimulus_rests(random):
    """Also under a rule that divides by a curvature, which is 0 there."""
    did = trials([[1.0, 0.0]] * 20, [[0.0, 1.0]] * 20)
    weights = ChoiceLearner(derive(Objective(0))).run(did, random)[2]
    assert np.all(weights[:, 1, 1] == 0)
    assert weights[-1, 1, 0] > 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ChoiceLearner(rules.pair_stdp()), "acts at 'pre' events, which trials do not have"),
        (lambda: ChoiceLearner(Rule("r", "r", "-k*w", parameters=(Parameter("k", 0.1, "Hz"),))), "reads no gradient"),
        (lambda: ChoiceLearner(DESCENT, "values"), "unknown feedback 'values'; did you mean 'value'"),
        (
            lambda: ChoiceLearner(Rule("r", "r", -GRADIENT * sp.Symbol("a"), parameters=(Parameter("a", None),))).run(
                trials([[1.0]], [[0.0, 1.0]]), np.random.default_rng(0)
            ),
            "a of rule 'r' has no value",
        ),
        (lambda: trials([1.0], [[0.0, 1.0]]), "regressors must have shape"),
        (lambda: trials([[1.0]], [[0.0]]), "rewards must have shape"),
        (lambda: trials([[1.0]], [[0.0, 1.0]], [False]), "begin with True"),
        (lambda: ChoiceLearner(DESCENT).probabilities([2], trials([[1.0]], [[0.0, 1.0]])), "0 or 1 on each of 1"),
    ],
)
def test_what_cannot_learn_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
