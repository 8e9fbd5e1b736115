"""Exported synapses in NEST itself: a module of two rules on random trains and on the golden sequences."""

import math

import pytest

from plasticity import conformance
from tests.conformance import exported

LABELS = ["triplet_stdp", "reward_stdp"]  # slow traces of both neurons; a third factor and a flow in closed form
DELAYS = (0.1, 1.0, 3.7)  # ms
DURATION = 50.0  # s, with a silence in which exp(t/τ) of a fast trace overflows; the benchmark has 100 s
INSTALL = "python3 -m venv $STEERSMAN_PEERS/nest && $STEERSMAN_PEERS/nest/bin/pip install nest-simulator nestml"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Exported files, built when they are first used."""
    if exported.python() is None:
        pytest.skip(f"NEST and NESTML are not installed: {INSTALL}")
    folder = tmp_path_factory.mktemp("nest")
    exported.write(LABELS, folder)
    lacking = exported.answer(folder, []).get("missing")
    if lacking:
        pytest.skip(f"a module of NEST cannot be built here without {'; '.join(lacking)}")
    return folder


def test_weights_in_nest_are_those_of_replay(folder):
    """Coincidences at the synapse, a silence of 15 s, and delays of NEST."""
    found = exported.differences(folder, LABELS, DELAYS, DURATION)
    assert len(found) == len(LABELS) * len(DELAYS)
    assert {case: difference for case, difference in found.items() if not difference < 1e-9} == {}


def test_golden_sequences_in_nest(folder):
    kit = conformance.make(LABELS)
    outcomes = conformance.check(kit, exported.runner(folder, kit, LABELS), LABELS, 1e-9)
    assert len(outcomes) == 14 + 21
    assert [(o.rule, o.sequence) for o in outcomes if not o.passed] == []


def test_a_weight_whose_pre_spikes_come_late_is_no_number(folder):
    """With a shortest delay of ten steps the transmitter advances synapses to the end of a slice before its spikes."""
    case = exported.case("reward_stdp", 1.0, *exported.trains(0, 1.0, 5.0))
    late, in_time = (exported.answer(folder, [case], shortest=ms)["variables"][0]["w"] for ms in (1.0, exported.STEP))
    assert math.isnan(late)
    assert in_time == pytest.approx(float(exported.replayed("reward_stdp", case).weight[-1]), rel=1e-9)
    assert in_time != 1
