"""Names of earlier versions for rate circuits: they warn, and make the records of today."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import circuits
from circuits import Circuit, Population, Projection, RateUnit, Run, Stimulus, run
from circuits.network.connectivity import error_feedback
from plasticity import observe, rules, signals

W, F = np.array([[0.1, -0.2], [0.3, 0.4]]), np.ones((2, 2))
STIMULUS = Stimulus(np.eye(2), np.ones((2, 2)))
RULE = observe(rules.gradient_descent(0.5), signals.random_feedback())


def test_a_circuit_of_old_names_runs_as_one_of_new_names():
    with pytest.warns(DeprecationWarning, match="use circuits.Population"):
        old = [circuits.RatePopulation(n, 2, nonlinearity="tanh") for n in ("input", "hidden", "output")]
    with pytest.warns(DeprecationWarning, match="use circuits.Projection"):
        projections = (
            circuits.RateProjection("first", "input", "hidden", W, RULE),
            circuits.RateProjection("second", "hidden", "output", weight=W),
        )
    with pytest.warns(DeprecationWarning, match="use circuits.Circuit"):
        before = circuits.RateCircuit("c", tuple(old), projections, STIMULUS, feedback_weights={"hidden": F})
    populations = tuple(Population(p.name, neuron=RateUnit(nonlinearity="tanh"), n=2) for p in old)
    after = Circuit(
        "c",
        populations,
        (Projection("first", "input", "hidden", RULE, weight=W), Projection("second", "hidden", "output", weight=W)),
        (error_feedback("output", "hidden", F),),
        STIMULUS,
    )
    one, other = (run(circuit, 0.5, dt=0.1) for circuit in (before, after))
    assert isinstance(one, Run)
    assert_array_equal(one.final["first"], other.final["first"])
    assert np.abs(one.final["first"] - W).max() > 1e-3


def test_the_old_record_is_the_new_one_and_is_not_offered():
    with pytest.warns(DeprecationWarning, match="use circuits.Run"):
        assert circuits.RateRun is Run
    assert not [name for name in dir(circuits) if name.startswith("Rate") and name != "RateUnit"]
