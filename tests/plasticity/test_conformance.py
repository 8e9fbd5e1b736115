"""Golden weights against a program that reads nothing but the texts of the file, and against closed forms."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from plasticity import conformance
from plasticity.__main__ import main
from plasticity.errors import InputError, UnknownNameError
from tests.oracles import golden_text

RULES = ("pair_stdp nearest_spike", "triplet_stdp", "reward_stdp", "sliding_bcm", "adam+plateau", "polyak+bcm")
LONG = ("partners", "partners_third_factor", "silence")  # for the oracle


@pytest.fixture(scope="module")
def kit(tmp_path_factory):
    """As it is read from its file."""
    path = tmp_path_factory.mktemp("kit") / "kit.json"
    return conformance.read(conformance.write(conformance.make(["pair_stdp", *RULES]), path))


@pytest.mark.parametrize("rule", RULES)
def test_a_program_that_reads_the_texts_finds_the_golden_weights(kit, rule):
    def run(golden, sequence):
        if sequence.name in LONG:
            raise NotImplementedError("long")
        return golden_text.weights(golden, sequence)

    outcomes = conformance.check(kit, run, [rule], tolerance=1e-8)
    assert [o for o in outcomes if not o.passed and o.sequence not in LONG] == []
    assert max(o.scale for o in outcomes) > 1e-5


def test_pairs_have_their_closed_form(kit):
    """Pair STDP by hand: A_plus·exp(−Δt/τ₊) for pre first, −A_minus·exp(−Δt/τ₋) for post first; a tie is pre first."""
    rule, weights = kit.rules["pair_stdp"].parameters, kit.weights["pair_stdp"]
    up = rule["A_plus"] * math.exp(-0.01 / rule["tau_plus"])
    down = -rule["A_minus"] * math.exp(-0.01 / rule["tau_minus"])
    across = rule["A_plus"] * math.exp(-0.03 / rule["tau_plus"]) - rule["A_minus"] * math.exp(-0.03 / rule["tau_minus"])
    expected = {
        "lone_pre": 0.0,
        "lone_post": 0.0,
        "pre_then_post": up,
        "post_then_pre": down,
        "coincidence": 2 * rule["A_plus"] + across,
        "delayed_coincidence": 2 * rule["A_plus"] + across,
    }
    found = {name: weights[name][0] - 1 for name in expected}
    assert found == pytest.approx(expected, abs=1e-14)


def test_the_delay_is_axonal(kit):
    """Spikes that are sent 10 ms before post and arrive 5 ms after it: those of the undelayed lag."""
    rule, weights = kit.rules["pair_stdp"].parameters, kit.weights["pair_stdp"]
    lags = np.array([[-0.005, -0.105], [0.095, -0.005]])  # t_post − arrival, post by pre
    up = rule["A_plus"] * np.exp(-lags[lags > 0] / rule["tau_plus"]).sum()
    down = rule["A_minus"] * np.exp(lags[lags < 0] / rule["tau_minus"]).sum()
    assert weights["delay"][0] - 1 == pytest.approx(up - down, abs=1e-14)


def test_every_convention_shows_on_some_sequence(kit):
    """A simulator with another convention fails, and where it should: post first at ties, dendritic delay, nearest."""
    from dataclasses import replace

    def swapped(rule, sequence):
        """Post first at ties: what counts as pre comes a little later."""
        return golden_text.weights(rule, replace(sequence, pre=[np.add(p, 1e-8) for p in sequence.pre]))

    def dendritic(rule, sequence):
        later = replace(sequence, post=tuple(np.add(sequence.post, sequence.delay)), delay=0.0)
        return golden_text.weights(rule, later)

    def nearest(rule, sequence):
        return golden_text.weights(replace(rule, events=kit.rules["pair_stdp nearest_spike"].events), sequence)

    failed = {}
    for name, run in {"swapped": swapped, "dendritic": dendritic, "nearest": nearest}.items():
        short = conformance.Kit(
            kit.sequences,
            kit.rules,
            {"pair_stdp": {s: w for s, w in kit.weights["pair_stdp"].items() if s not in LONG}},
        )
        outcomes = conformance.check(short, run, ["pair_stdp"], tolerance=1e-5)
        failed[name] = {o.sequence for o in outcomes if not o.passed}
    ties = {"coincidence", "delayed_coincidence", "clock_ties"}
    assert failed["swapped"] == ties
    assert failed["dendritic"] == {"delay", "delayed_coincidence"}
    assert {"bursts", "pairing_50Hz"} <= failed["nearest"]
    assert not failed["nearest"] & {"lone_pre", "pre_then_post", "post_then_pre"}


def test_every_rule_that_runs_on_spikes_is_in_the_kit():
    """Labels are derived from the catalogues: those of spikes, and those of gradients under signals of spikes."""
    from plasticity.rule import GRADIENT
    from plasticity.support import catalog

    labels = conformance.labels()
    for name in catalog.names("plasticity.rules"):
        rule = catalog.load("plasticity.rules", name, "rule")()
        if not rule.inputs:
            assert name in labels
        elif rule.inputs == (GRADIENT,):
            assert f"{name}+bcm" in labels


def test_sequences_are_on_the_grid_and_named_for_what_they_show():
    for sequence in conformance.sequences().values():
        for train in (*sequence.pre, sequence.post, sequence.third_factor):
            assert np.allclose(np.array(train) * 1e4, np.round(np.array(train) * 1e4), atol=1e-6)
            assert list(train) == sorted(set(train))
            assert max(train, default=0) + sequence.delay < sequence.duration
        assert sequence.meaning.endswith(".")


def test_the_command_writes_the_file_and_it_is_plain_json(tmp_path, capsys):
    path = tmp_path / "kit.json"
    main(["conformance", "pair_stdp", "-o", str(path)])
    assert "1 rules" in capsys.readouterr().out
    content = json.loads(path.read_text(encoding="utf-8"))
    assert set(content) == {"format", "versions", "conventions", "start", "sequences", "rules", "weights"}
    assert conformance.read(path).weights["pair_stdp"] == conformance.make(["pair_stdp"]).weights["pair_stdp"]


def test_wrong_use_is_answered(kit, tmp_path):
    with pytest.raises(UnknownNameError, match="pair_sdtp"):
        conformance.make(["pair_sdtp"])
    with pytest.raises(UnknownNameError, match="oja"):
        conformance.check(kit, lambda *_: [1.0], ["oja"])
    with pytest.raises(InputError, match="run must return 1 weights after 'lone_pre'"):
        conformance.check(kit, lambda *_: [1.0, 2.0], ["pair_stdp"])
    for text in ("{}", "[", '{"format": "other"}'):
        (tmp_path / "other.json").write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=r"other\.json"):
            conformance.read(tmp_path / "other.json")
    with pytest.raises(InputError, match="nowhere"):
        conformance.read(tmp_path / "nowhere.json")


def test_the_page_explains_every_sequence():
    page = (Path(__file__).parents[2] / "docs" / "conformance.md").read_text(encoding="utf-8")
    assert conformance.sequence_table() in page


def test_what_a_simulator_does_not_run_is_no_pass(kit):
    def run(*_):
        raise NotImplementedError("no such rule")

    outcomes = conformance.check(kit, run, ["pair_stdp"])
    assert not any(o.passed for o in outcomes)
    assert "not run: no such rule" in conformance.summary(outcomes)
