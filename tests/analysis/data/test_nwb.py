"""An NWB file with spikes and a recorded weight becomes the data set that a CSV file with the same content gives."""

from datetime import UTC, datetime

import numpy as np
import pytest

from analysis.data.record import spike_trains
from analysis.datasets import load
from analysis.fit import fit
from plasticity.errors import InputError

pynwb = pytest.importorskip("pynwb")

PRE, POST = 30.0 + np.arange(20) * 0.1, 30.01 + np.arange(20) * 0.1
TIMES = np.arange(0.0, 100.0, 2.0)
EDGES = {"start_time": 0.0, "stop_time": 99.0, "induction_start": 30.0, "induction_stop": 35.0}


def written(path, sides=("pre", "post"), weight_name="weight", unit="amperes", edges=EDGES, columns=("protocol",)):
    """A file of one induction: weights around 50 before and 60 after it, with a known scatter of ±1."""
    file = pynwb.NWBFile("pairing", "test-1", datetime(2020, 1, 1, tzinfo=UTC))
    file.add_unit_column("side", "pre or post")
    for side, times in zip(sides, (PRE, POST), strict=True):
        file.add_unit(spike_times=times, side=side)
    weight = np.where(TIMES < 32, 50.0, 60.0) + np.tile([1.0, -1.0], TIMES.size // 2)
    file.add_acquisition(pynwb.TimeSeries(name=weight_name, data=weight, unit=unit, timestamps=TIMES))
    table = pynwb.epoch.TimeIntervals(name="protocols", description="inductions")
    for column in ("induction_start", "induction_stop", *columns):
        table.add_column(column, column)
    table.add_row(**edges, **dict.fromkeys(columns, "ten_hertz"))
    file.add_time_intervals(table)
    with pynwb.NWBHDF5IO(str(path), "w") as out:
        out.write(file)
    return path


def test_spikes_and_weights_become_a_protocol(tmp_path):
    data = load(written(tmp_path / "cell.nwb"))
    assert data.attrs["kind"] == "spikes"
    assert data.protocol.values.tolist() == ["ten_hertz"]
    pre, post = spike_trains(data)
    np.testing.assert_allclose(pre[0], PRE - 30.0, atol=1e-12)
    np.testing.assert_allclose(post[0], POST - 30.0, atol=1e-12)
    before, after = TIMES < 30, TIMES >= 35  # 15 and 32 responses
    mean_before = 50 + np.tile([1.0, -1.0], 25)[before].mean()
    mean_after = 60 + np.tile([1.0, -1.0], 25)[after].mean()
    ratio = mean_after / mean_before
    assert float(data.value[0]) == pytest.approx(ratio - 1, rel=1e-12)
    errors = [np.tile([1.0, -1.0], 25)[s].std(ddof=1) / np.sqrt(s.sum()) for s in (before, after)]
    expected = ratio * np.hypot(errors[0] / mean_before, errors[1] / mean_after)
    assert float(data.sem[0]) == pytest.approx(expected, rel=1e-12)
    assert fit("pair_stdp", data).predictions.size == 1


def test_the_same_content_as_csv_loads_alike(tmp_path):
    data = load(written(tmp_path / "cell.nwb"))
    trains = [" ".join(repr(float(t)) for t in side[0]) for side in spike_trains(data)]
    path = tmp_path / "cell.csv"
    row = f"ten_hertz,{trains[0]},{trains[1]},{float(data.value[0])!r},{float(data.sem[0])!r},1"
    path.write_text(f"protocol,pre_times_s,post_times_s,value,sem,n\n{row}\n", encoding="utf-8")
    own = load(path)
    for name in ("value", "sem", "n", "pre_time", "post_time"):
        np.testing.assert_array_equal(own[name].values, data[name].values)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sides": ("pre", "pre")}, "one unit of side 'pre', got 2"),
        ({"weight_name": "epsc"}, "'weight' is missing .found: epsc"),
        ({"unit": "unknown"}, "'weight' has no unit"),
        ({"columns": ()}, "column 'protocol' of 'protocols' is missing"),
        ({"edges": {**EDGES, "induction_start": 40.0}}, "times of protocol 'ten_hertz' must increase"),
        ({"edges": {**EDGES, "start_time": 27.0}}, "has 1 test responses before the induction; it needs 3"),
    ],
)
def test_what_is_missing_is_named(changes, message, tmp_path):
    with pytest.raises(InputError, match=message):
        load(written(tmp_path / "cell.nwb", **changes))


def test_no_nwb_file(tmp_path):
    (tmp_path / "no.nwb").write_text("hello")
    with pytest.raises(InputError, match="no NWB file that pynwb can read"):
        load(tmp_path / "no.nwb")
    with pytest.raises(InputError, match="there is no file"):
        load(tmp_path / "nowhere.nwb")
