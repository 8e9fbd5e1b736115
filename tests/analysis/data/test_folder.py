"""Measurements by events: a folder of three tables, third factors, initial weights, pairings by numbers."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from analysis import datasets, fit
from analysis.data.spikes import spike_trains, third_factor
from plasticity import replay, rules
from plasticity.errors import InputError, UnitWarning, UnknownNameError

PROTOCOLS = "protocol,initial_weight,animal\nrewarded,0.5,a\nplain,,b\n"
EVENTS = """protocol,channel,time_s
rewarded,pre,0.1
rewarded,post,0.11
rewarded,dopamine,0.6
plain,pre,0.2
plain,post,0.21
"""
OBSERVATIONS = "protocol,observable,value,sem,n\nrewarded,% of baseline,125,5,8\nplain,ratio,1.02,0.03,9\n"
MIXED = "protocol,observable,unit,value,sem,n\nrewarded,latency,ms,125,5,8\nplain,ratio,,1.02,0.03,9\n"


def folder(tmp_path, protocols=PROTOCOLS, events=EVENTS, observations=OBSERVATIONS):
    for name, text in (("protocols", protocols), ("events", events), ("observations", observations)):
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


def test_a_folder_is_one_data_set_in_fractional_changes(tmp_path):
    data = datasets.load(folder(tmp_path))
    assert_allclose(data.value, [0.25, 0.02])
    assert_allclose(data.sem, [0.05, 0.03])
    assert [t.tolist() for t in third_factor(data)] == [[0.6], []]
    assert spike_trains(data)[0][0].tolist() == [0.1]
    assert data.animal.values.tolist() == ["a", "b"]


@pytest.mark.parametrize(("per_cent", "fraction"), [("% of baseline", "ratio"), ("% change", "fractional change")])
def test_fractions_under_the_name_of_per_cent_draw_a_warning(tmp_path, per_cent, fraction):
    rows = "protocol,observable,value,sem,n\nrewarded,{0},{1},0.05,8\nplain,{0},{2},0.03,9\n"
    with pytest.warns(UnitWarning, match=f"beyond 0.9.*if they are fractions, name the observable '{fraction}'"):
        datasets.load(folder(tmp_path, observations=rows.format(per_cent, 0.9, 0.8)))


def test_a_folder_of_something_else_is_named(tmp_path):
    with pytest.raises(InputError, match=r"has no protocols\.csv"):
        datasets.load(tmp_path)


def test_predictions_are_replays_from_the_initial_weight_with_the_third_factor(tmp_path):
    rule = rules.reward_stdp()
    data = datasets.load(folder(tmp_path))
    predicted = fit(rule, data).predictions
    assert predicted[0] != 0
    for k, (w, third) in enumerate(((0.5, [0.6]), (1.0, []))):
        pre, post = (trains[k] for trains in spike_trains(data))
        path = replay(rule, pre, post, w, duration=60.0, third_factor=third).weight.values
        assert_allclose(predicted[k], path[-1] / w - 1, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"events": EVENTS.replace("plain,pre", "plain,per")}, "channel in .*line 5.*per"),
        ({"events": EVENTS.replace("plain,pre", "plane,pre")}, "protocol in .*line 5.*plane"),
        ({"events": EVENTS + "plain,reward,3\n"}, "channels dopamine and reward"),
        ({"events": EVENTS.replace("0.11", "soon")}, "events.csv, line 3, column 'time_s': 'soon' is no finite number"),
        ({"observations": OBSERVATIONS.replace("ratio", "ration")}, "observable in .*line 3.*ration.*column 'unit'"),
        ({"events": EVENTS + "plain,x_light,0.3\nplain,x_light,0.2\n"}, "line 8.*out of order"),
        ({"observations": MIXED}, "mixes quantities and spikes"),
        ({"observations": OBSERVATIONS.replace("125", "much")}, "column 'value': 'much'"),
        ({"protocols": "name\nplain\n"}, "column 'protocol' is missing"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, change, message):
    with pytest.raises((InputError, UnknownNameError), match=message):
        datasets.load(folder(tmp_path, **change))


def test_events_and_observables_of_ones_own(tmp_path):
    events = "protocol,channel,time_s,value\nplain,x_light,0.2,3\nplain,x_light,0.7,4\nrewarded,pre,0.1,\n"
    observations = MIXED.replace("ratio,,", "latency,ms,")
    data = datasets.load(folder(tmp_path, events=events, observations=observations))
    assert (data.attrs["kind"], data.unit.values.tolist()) == ("quantities", ["ms", "ms"])
    assert data.x_light_time.values.tolist()[1] == [0.2, 0.7]
    assert data.x_light_value.values.tolist()[1] == [3.0, 4.0]
    assert np.isnan(data.x_light_time.values[0]).all()
    assert data.pre_time.values.tolist()[0] == [0.1]
    (tmp_path / "events.csv").unlink()
    assert "x_light_time" not in datasets.load(tmp_path)


def test_a_rule_does_not_pass_over_events_of_ones_own(tmp_path):
    data = datasets.load(folder(tmp_path, events=EVENTS + "plain,x_light,3\n"))
    assert data.x_light_time.values[1].tolist() == [3.0]
    with pytest.raises(InputError, match="rules do not react to the channel x_light"):
        fit("reward_stdp", data)


def test_a_missing_table_is_named(tmp_path):
    (folder(tmp_path) / "events.csv").unlink()
    with pytest.raises(InputError, match=r"events\.csv"):
        datasets.load(tmp_path)


def test_pairings_by_numbers_are_the_published_bursts(tmp_path):
    """15 bursts of 5 pairs at 50 Hz every 10 s, post 10 ms after pre: the trains of the published protocol."""
    path = tmp_path / "short.csv"
    path.write_text(
        "protocol,interval_s,frequency_hz,n_pairs,n_bursts,burst_every_s,value,sem,n\nb,0.01,50,5,15,10,0.5,0.1,6\n"
    )
    pre, post = spike_trains(datasets.load(path))
    true = datasets.load("sjostrom_2001_bursts")
    k = int(np.flatnonzero((true.interval.values == 0.01) & (true.frequency.values == 50))[0])
    published = [trains[k] for trains in spike_trains(true)]
    assert_allclose(pre[0] - pre[0][0], published[0] - published[0][0], atol=1e-9)
    assert_allclose(post[0] - pre[0], published[1] - published[0], atol=1e-9)


def test_lone_pairs_stand_beside_bursts(tmp_path):
    path = tmp_path / "short.csv"
    header = "protocol,interval_s,frequency_hz,n_pairs,n_bursts,burst_every_s,value,sem,n"
    path.write_text(f"{header}\nburst,0.01,50,5,15,10,0.5,0.1,6\nlone,0.01,0.1,50,,,0.1,0.1,6\n")
    pre, post = spike_trains(datasets.load(path))
    assert pre[0].size == 75
    assert_allclose(pre[1], 10.0 * np.arange(50), atol=1e-9)
    assert_allclose(post[1] - pre[1], 0.01, atol=1e-9)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ("0.01,50,5,3,", "'burst_every_s'.*is empty"),
        ("0.01,50,2.5,3,10", "n_pairs.*whole number"),
        ("0.01,50,5,3,0.05", "lasts longer"),
        ("0.01,x,5,3,1", "'x' is no finite number"),
    ],
)
def test_wrong_pairings_are_named(tmp_path, cells, message):
    path = tmp_path / "short.csv"
    path.write_text(
        f"protocol,interval_s,frequency_hz,n_pairs,n_bursts,burst_every_s,value,sem,n\nb,{cells},0.5,0.1,6\n"
    )
    with pytest.raises(InputError, match=message):
        datasets.load(path)
