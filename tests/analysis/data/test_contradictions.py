"""Numbers that cannot be right together are refused, and those that are probably in other units draw a warning."""

import warnings

import numpy as np
import pytest

from analysis import datasets
from analysis.data.examples import example
from analysis.data.record import make_spike_data
from analysis.fit import fit
from plasticity.errors import InputError, UnitWarning
from plasticity.protocols import pairing, quadruplet, triplet

ABOUT = {"name": "", "title": "made up", "citation": "", "doi": "", "figure": "", "rights": "", "provenance": "made up"}


def made(trains, value, sem=0.1, **coordinates):
    n = len(trains)
    names = [f"p{i}" for i in range(n)]
    return make_spike_data(names, trains, value, [sem] * n, [5] * n, coordinates=coordinates, **ABOUT)


@pytest.mark.parametrize("name", ["reward_stdp", "btsp_two_trace", "derived_plateau"])
def test_a_rule_whose_channel_never_comes_is_refused(name):
    with pytest.raises(InputError, match=rf"rule {name!r} acts at .*third_factor; it does not react to pre, post"):
        fit(name, "sjostrom_2001")


def test_a_change_below_all_of_the_weight_is_refused():
    with pytest.raises(InputError, match=r"value of 'p1' is -40, .*divide value and sem by 100"):
        made([pairing(0.01, 1.0)] * 2, [25.0, -40.0], 5.0)
    made([pairing(0.01, 1.0)], [-1.0])  # a synapse can be lost


@pytest.mark.parametrize("value", [[125.0], [9.0]])
def test_large_changes_draw_a_warning(value):
    with pytest.warns(UnitWarning, match=r"in per cent.*per cent of baseline: subtract 100"):
        made([pairing(0.01, 1.0)], value)


def test_errors_in_per_cent_and_ratios_draw_a_warning():
    trains = [pairing(0.01, 1.0), pairing(-0.01, 1.0)]
    with pytest.warns(UnitWarning, match="sem holds an error of 8; if it is in per cent"):
        made(trains, [0.4, -0.2], 8.0)
    with pytest.warns(UnitWarning, match=r"on both sides of 1 .*ratios after/before, subtract 1"):
        made(trains, [1.35, 0.8])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made(trains, [1.35, -0.2])
        made(trains, [1.35, 1.1])  # all grow


@pytest.mark.parametrize(
    ("kind", "old", "new", "message"),
    [
        ("plateau", "before,-1,", "before,-1000,", "time_from_plateau is typically 501 s; if it is in milliseconds"),
        ("plateau", "0.6,12", "0.6,12", ""),
        ("trials", ",30,", ",0.52,", "perturbation is typically 0.52 deg; if it is in radians"),
        ("plateau", ",4.5,", ",0.0045,", "initial_ramp is typically 0.0045 mV; if it is in volts"),
    ],
)
def test_labels_in_other_units_draw_a_warning(kind, old, new, message, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(example(kind).replace(old, new), encoding="utf-8")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        datasets.load(path)
    assert [message in str(one.message) for one in caught] == ([True] if message else [])


def test_pairings_in_milliseconds_draw_a_warning(tmp_path):
    path = tmp_path / "short.csv"
    path.write_text(
        "protocol,interval_s,frequency_hz,n_pairs,value,sem,n\na,10,1,60,0.3,0.1,6\nb,-10,1,60,-0.2,0.1,6\n"
    )
    with pytest.warns(UnitWarning, match="interval is typically 10 s; if it is in milliseconds, divide by 1000"):
        datasets.load(path)


def test_feedback_of_a_trial_is_seen_clamped_or_absent(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(example("trials").replace(",30,0,", ",30,7,"), encoding="utf-8")
    with pytest.raises(InputError, match="'clamped' of 'trial_2' must be one of 0, 1, 2, got 7"):
        datasets.load(path)


def test_pairs_at_a_low_frequency_draw_no_warning(recwarn):
    every = 10.0 * np.arange(60)
    made([(every, every + 0.01)], [0.2])
    assert not recwarn.list
    with pytest.warns(UnitWarning, match="typical protocol are 10 s apart"):
        made([(every, [])], [0.2])


def test_spikes_far_apart_draw_a_warning():
    with pytest.warns(UnitWarning, match="typically 10 s from the nearest pre spike; if times are in milliseconds"):
        made([([100.0], [110.0])], [0.2])


@pytest.mark.parametrize(
    ("label", "stated"),
    [("interval", [-0.01]), ("interval", [10.0]), ("frequency", [77.0]), ("frequency", [0.1])],
)
def test_labels_that_the_spikes_contradict_are_refused(label, stated):
    with pytest.raises(InputError, match=f"{label} of 'p0' is {stated[0]:g} .*correct one of the two"):
        made([pairing(0.01, 10.0)], [0.2], **{label: stated})


@pytest.mark.parametrize(
    "trains",
    [
        pairing(0.01, 1.0, 5),
        triplet(0.01, -0.02, 5),
        quadruplet(0.01, 0.05, 5),
        pairing(0.01, 1.0, 1),
        (np.arange(20) + 0.02 * np.sin(np.arange(20)) + 0.02, np.arange(20) + 0.03),  # jitter
    ],
    ids=["pairs", "triplets", "quadruplets", "one", "jitter"],
)
def test_labels_that_agree_with_the_spikes_pass(trains):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made([trains], [0.2], interval=[0.01], frequency=[1.0])


def test_rows_that_exclude_each_other_draw_a_warning():
    trains = [pairing(0.01, 1.0, 5)] * 2
    with pytest.warns(UserWarning, match=r"'p0' and 'p1' are one protocol, .* no rule has both"):
        made(trains, [0.5, -0.2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made(trains, [0.3, 0.1])  # two standard errors apart
        made(trains, [0.5, -0.2], cell=["a", "b"])


@pytest.mark.parametrize("name", datasets.names())
def test_published_data_draw_no_warning(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        datasets.load(name)
