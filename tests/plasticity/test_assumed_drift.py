"""Limits of control spare the drift that a rule counts on, in every executor."""

import numpy as np
import pytest
import sympy as sp

import circuits
from circuits.escape_rate_neuron import escape_rate_neuron
from circuits.feedforward_rate import feedforward_rate
from plasticity import Controllability, Objective, derive, simulate, solve
from plasticity.controllability import separate_drift
from plasticity.landscapes import Quadratic
from plasticity.rule import WEIGHT
from plasticity.signals.escape_rate_likelihood import escape_rate_likelihood
from plasticity.signals.exact_error import exact_error

DECAY, CURVATURE = 1.5, 2.0
RULES = {discount: derive(Objective(discount, drift=-DECAY)) for discount in (0, 0.4, sp.oo)}
MASK = np.array([True, False])


@pytest.mark.parametrize("rule", RULES.values(), ids=map(str, RULES))
def test_rule_and_drift_add_up_to_what_they_were(rule):
    control, limits = separate_drift(rule, Controllability(rank=1))
    drift = next(p.symbol for p in rule.parameters if p.name == "drift")
    assert sp.simplify(control.weight_flow + drift * WEIGHT - rule.weight_flow) == 0
    assert limits.drift == -DECAY
    assert limits.rank == 1


@pytest.mark.parametrize("rule", RULES.values(), ids=map(str, RULES))
def test_what_is_separate_stays_as_it_is(rule):
    once = separate_drift(rule, Controllability(mask=MASK))
    twice = separate_drift(*once)
    assert twice == once
    plain = derive(Objective(0.4)), Controllability(drift=-1.0)
    assert separate_drift(*plain) == plain


def test_a_learner_may_be_wrong_about_its_drift():
    """It counts on −1.5, but the weights do not decay: it rests where its push vanishes, beyond the optimum."""
    limits = separate_drift(RULES[0.4], Controllability(drift=0.0))[1]
    assert limits.drift == 0
    ds = simulate(
        RULES[0.4], Quadratic(CURVATURE, [1.0]), [0.0], 4000, 0.01, controllability=Controllability(drift=0.0)
    )
    rate = -(0.2 + DECAY) + np.sqrt((0.2 + DECAY) ** 2 + CURVATURE)  # ρ of the local form, with p = ρ
    assert float(ds.theta[0, -1, 0]) == pytest.approx(CURVATURE / (CURVATURE - DECAY * rate), rel=1e-8)


def network(rule):
    """A linear network with loss ½·2|w − (1, 1)|²."""
    patterns = np.sqrt(CURVATURE) * np.array([[1.0, 1.0], [1.0, -1.0], [1.0, -1.0], [1.0, 1.0]])
    return feedforward_rate(
        (2, 1),
        rule,
        exact_error(),
        patterns=patterns,
        targets=patterns.sum(1, keepdims=True),
        output="linear",
        weights=[[[0.5, 0.5]]],
    )


def test_frozen_weights_of_a_rate_network_decay_while_the_others_rest_where_solve_says():
    dt, n_steps = 1e-3, 8000
    limits = Controllability(mask=MASK)
    run = circuits.run(network(RULES[0.4]), n_steps * dt, dt, controllability=limits)
    policy = solve(
        Objective(0.4, drift=-DECAY * np.eye(2), control=np.eye(2)[:, MASK]), Quadratic(CURVATURE, [1.0, 1.0])
    )
    plastic, frozen = run.final["layer_1"][0, 0]
    assert frozen == pytest.approx(0.5 * (1 - DECAY * dt) ** n_steps, rel=1e-8)
    assert plastic == pytest.approx(policy.rest_point[0], rel=5e-3)  # patterns follow each other in steps of dt


def test_frozen_synapses_of_a_spiking_network_decay():
    rule = derive(Objective(sp.oo, plasticity=0.02, drift=-DECAY))
    circuit = escape_rate_neuron([[0.01], [0.02, 0.03]], [[0.05]], rule, escape_rate_likelihood(), 0.05)
    run = circuits.run(circuit, 0.1, 1e-3, "numpy", controllability=Controllability(mask=MASK))
    plastic, frozen = run.final["synapses"]
    assert frozen == pytest.approx(0.05 * (1 - DECAY * 1e-3) ** 100, rel=1e-8)
    assert plastic != pytest.approx(frozen, rel=1e-3)
