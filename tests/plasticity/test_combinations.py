"""Pairs and triples of assumptions: what `derive` finds solves the augmented problem, what it refuses has a reason."""

import random

import pytest
from numpy.testing import assert_allclose

from plasticity import Objective, derive
from plasticity.belief import OrnsteinUhlenbeck
from plasticity.rule import WEIGHT
from tests.oracles.combinations import REASONS, combinations, error_of, value_of

BASE = {"plasticity": 1.3, "loss_weight": 0.8}
TASKS = {"hazard": 0.5, "prior_mean": 0.4}
OPTIMUM = OrnsteinUhlenbeck(0.7, 1.0, 1.0, mean=0.2)
# numbers: Schur method; 0: the oracle at γ = 1e-9, whose slowest mode costs half the digits; oo: at γ = 3e5, O(1/γ)
TOLERANCE = {"number": 1e-9, "0": 1e-6, "oo": 1e-4}


@pytest.mark.parametrize(
    ("more", "arguments", "exact"),
    [
        (TASKS, {"order": 2}, -0.842149),
        ({}, {"optimum_belief": OPTIMUM, "order": 2}, -1.101193),
        ({}, {"optimum_belief": OPTIMUM, "duration": 0.8}, -0.407242),
        (TASKS, {"optimum_belief": OPTIMUM}, -0.729623),
    ],
)
def test_two_assumptions_have_the_published_values(more, arguments, exact):
    """Six digits each, computed by an augmented Riccati equation of another program."""
    rule = derive(Objective(0.3, **BASE, **more), **arguments)
    tick = [u.expression - WEIGHT for u in rule.events.get("clock", ()) if u.target == WEIGHT.name]
    flow = rule.states[-1].flow if "order" in arguments else rule.weight_flow
    assert_allclose(value_of(rule, tick[0] if tick else flow), exact, atol=5e-7)


@pytest.mark.parametrize("size", [1, 2])
def test_every_pair_is_the_augmented_optimum_or_refused_with_a_reason(size):
    check((names, "number") for names in combinations(size))


def test_triples_and_limits_too():
    draw = random.Random(5)
    triples = draw.sample(list(combinations(3)), 25)
    check((names, draw.choice(list(TOLERANCE))) for names in triples)


def check(cases):
    for names, discount in cases:
        error = error_of(names, discount)
        assert error in REASONS.values() if isinstance(error, str) else error < TOLERANCE[discount], (names, discount)
