"""Each assumption has one name at its one end and another at its other; the named rules are loops written by hand."""

import numpy as np
import pytest

import scenarios
from scenarios import named_rules

ENDS = {
    "gradient descent": ("ballistic rule", "gradient descent"),
    "momentum": ("gradient descent", "momentum"),
    "natural gradient": ("gradient descent", "natural gradient"),
    "non-gradient rules": ("gradient in a metric", "non-gradient rule"),
    "Adam": ("ballistic rule", "Adam"),
    "weight resetting": ("multi-step rule", "weight resetting"),
    "leaving a minimum": ("leaving the minimum", "rest in the minimum"),
}


@pytest.mark.parametrize("parameters", [{}, named_rules.SMOKE], ids=["whole", "quick"])
def test_the_rule_changes_its_name_with_the_assumption(parameters):
    run = scenarios.run("named_rules", seed=5, **parameters)
    for system, ends in ENDS.items():
        names = run.name.values[run.system.values == system]
        assert (names[0], names[-1]) == ends, system
    middle = run.sel(case=run.assumption == "memory of g²")
    assert middle.name.item() == "RMSprop"
    horizon = run.name.values[run.system.values == "gradient descent"]
    assert set(horizon[1:-1]) <= {"multi-step rule"}


def test_exact_identities_hold_to_rounding():
    """At discount 0, with memories, in the other metric and under a hazard nothing is a limit or an approximation."""
    run = scenarios.run("named_rules")
    exact = [c for c in range(run.sizes["case"]) if run.system.values[c] != "gradient descent"]
    for c in (*exact, 0):
        if run.name.values[c] != "no name":
            assert run.distance.sel(case=c, rule=run.name.values[c]) < 1e-6, run.assumption.values[c]


def test_the_multi_step_rule_lies_between_its_limits():
    run = scenarios.run("named_rules", discounts=(0.0, 0.3, 1.0, 3.0, 300.0))
    horizon = run.sel(case=run.system == "gradient descent").distance
    assert np.all(np.diff(horizon.sel(rule="ballistic rule")) > 0)
    assert np.all(np.diff(horizon.sel(rule="gradient descent")) < 0)


def test_a_rotation_by_hand_is_no_gradient():
    """Weights that turn and shrink, w' = (−1 + ωJ) w: ω is the share of what no metric explains."""
    probes = np.random.default_rng(0).normal(size=(500, 2))
    motion = -np.eye(2) + 0.3 * named_rules.TURN
    distance = named_rules.apart(probes @ motion.T, -probes, is_scaled=True)
    assert distance == pytest.approx(0.3 / np.hypot(1, 0.3), rel=1e-12)
