"""Place fields by plateaus: made, moved, as wide as the speed has it; weights against a Brian2 program."""

import warnings

import numpy as np
import pytest

import circuits
import scenarios
from plasticity.errors import InputError, UnitWarning
from scenarios.place_field_plateaus import (
    Parameters,
    learning_rule,
    network,
    passages,
    places,
    plateaus,
    stage_duration,
)
from tests.oracles.plain_brian import milstein_2021


@pytest.fixture(scope="module")
def run():
    return scenarios.run("place_field_plateaus", device="numpy", n_inputs=60, dt=0.05)


def test_weights_are_those_of_a_brian2_program():
    p = Parameters(n_inputs=12, speeds=(25.0,), dt=0.02)
    duration = 2 * stage_duration(p)
    expected = milstein_2021([passages(p, x, 25.0) for x in places(p)], plateaus(p)[0], duration, p.dt)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnitWarning)
        done = circuits.run(network(p, learning_rule("published")), duration, p.dt, "numpy", third_factor=plateaus(p))
    assert np.ptp(expected) > 1
    np.testing.assert_allclose(done.final["synapses"], expected, rtol=1e-9)


@pytest.mark.parametrize("rule", Parameters().rules)
def test_plateaus_make_a_field_and_move_it(run, rule):
    """Bidirectional: inputs at the second plateaus grow, those at the first shrink, though the cell is active there."""
    p = Parameters()
    ran = run.sel(rule=rule)
    assert np.isnan(ran.field_place.sel(stage="before")).all()
    for stage, place in (("first", p.first), ("second", p.second)):
        assert (abs(ran.field_place.sel(stage=stage) - place) < 5.0).all()
    change = ran.weight.sel(stage="second") - ran.weight.sel(stage="first")
    assert (change.sel(place=p.second, method="nearest") > 1.0).all()
    assert (change.sel(place=p.first, method="nearest") < -1.0).all()


def test_inputs_before_the_plateau_change_more_than_those_after(run):
    """Both rules remember an input longer than a plateau; 25 cm are 2 s of the slow animal and 1 s of the fast one."""
    first = run.weight.sel(stage="first")
    before, after = (first.sel(place=50.0 + x, method="nearest") for x in (-25.0, 25.0))
    assert (before > after + 0.1).all()


def test_the_width_is_a_time(run):
    """Twice as wide at twice the speed: within the resolution for the derived rule, for both wider by half and more."""
    slow, fast = (run.field_width.sel(stage="first", speed=speed) for speed in (12.5, 25.0))
    assert (fast > 1.5 * slow).all()
    assert float((fast / slow).sel(rule="derived")) == pytest.approx(2.0, abs=0.3)


def test_bad_input_is_named():
    with pytest.raises(InputError, match=r"second is 200 cm; it must lie on the track, below 187 cm"):
        scenarios.run("place_field_plateaus", second=200.0)
