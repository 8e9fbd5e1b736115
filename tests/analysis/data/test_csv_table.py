"""A user's CSV: what is written comes back, and every fault is named with file, line and column."""

from time import process_time

import numpy as np
import pytest
import xarray as xr

from analysis.data.kinds import KINDS
from analysis.data.record import spike_trains
from analysis.datasets import load
from analysis.fit import fit
from analysis.leave_out import leave_out
from plasticity.errors import InputError

HEADER = "protocol,pre_times_s,post_times_s,value,sem,n"
GOOD = "once,0.0,0.01,0.2,0.1,5"


def written(path, *lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def as_csv(data, path):
    """Write a data set in the user's format, in another order of columns."""
    pre, post = spike_trains(data)
    lines = ["sem,n,value,post_times_s,pre_times_s,protocol,interval_s,frequency_hz"]
    for i, name in enumerate(data.protocol.values):
        row = data.isel(protocol=i)
        n = "" if np.isnan(row.n) else f"{float(row.n):g}"
        trains = [" ".join(repr(float(t)) for t in train) for train in (post[i], pre[i])]
        lines.append(
            f"{float(row.sem)},{n},{float(row.value)},{trains[0]},{trains[1]},{name},"
            f"{float(row.interval)},{float(row.frequency)}"
        )
    return written(path, *lines)


@pytest.mark.parametrize("name", ["sjostrom_2001", "wang_2005"])
def test_published_data_written_as_csv_load_the_same(name, tmp_path):
    data = load(name)
    own = load(as_csv(data, tmp_path / "own.csv"))
    for variable in ("value", "sem", "n", "pre_time", "post_time", "interval", "frequency", "protocol"):
        np.testing.assert_array_equal(own[variable].values, data[variable].values)
    assert own.attrs["kind"] == data.attrs["kind"]
    assert isinstance(own, xr.Dataset)


def test_blank_lines_spaces_and_a_byte_order_mark_do_no_harm(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text(f"\ufeff{HEADER}\r\n\r\n twice , 0 0.1 ,  0.01   0.11 , 0.35, 0.1 , \r\n", encoding="utf-8")
    data = load(path)
    assert data.protocol.values.tolist() == ["twice"]
    assert data.pre_time.values.tolist() == [[0.0, 0.1]]
    assert np.isnan(data.n.values[0])


@pytest.mark.parametrize(
    ("lines", "parts"),
    [
        ([], ["is empty", HEADER]),
        ([HEADER], ["no row"]),
        (["protocol,pre_times_s,post_times_s,value,n", "once,0,1,0.2,5"], ["column 'sem' is missing"]),
        ([HEADER.replace(",", ":"), "a:0:1:2:3:4"], ["'protocol' is missing", HEADER]),
        ([HEADER, 'a,0,0.01,"0,25",0.1,5'], ["'0,25' has a decimal comma", "write 0.25", "semicolons"]),
        ([HEADER.replace(",", ";"), "a;0;0,01;0.25;0,1;5"], ["'0,1' has another decimal mark"]),
        ([HEADER.replace(",", ";"), "a;0;0,01;1.000,5;0,1;5"], ["'1.000,5' has another decimal mark"]),
        ([HEADER.replace("sem", "sd"), "a,0,0.01,0.2,0.1,1"], ["column 'n'", "needs n >= 2, got 1"]),
        ([HEADER.replace("sem", "sd"), "a,0,0.01,0.2,0.1,"], ["column 'n'", "is empty"]),
        ([HEADER + ",sd", GOOD + ",0.2"], ["'sem' and 'sd' say the same"]),
        ([HEADER + ",remark", GOOD + ",x"], ["column 'remark' is unknown", "remove"]),
        ([HEADER + ",sem", GOOD + ",0.1"], ["column 'sem' occurs twice"]),
        ([HEADER, "once,0,0.01,big,0.1,5"], ["line 2", "column 'value'", "'big' is no finite number"]),
        ([HEADER, "once,0,0.01,nan,0.1,5"], ["line 2", "column 'value'", "'nan' is no finite number"]),
        ([HEADER, GOOD, "b,0,0.01,,0.1,5"], ["line 3", "column 'value'", "is empty"]),
        ([HEADER, "once,0 zero,0.01,0.2,0.1,5"], ["line 2", "column 'pre_times_s'", "'zero'"]),
        ([HEADER, "once,0.2 0.1,0.01,0.2,0.1,5"], ["line 2", "column 'pre_times_s'", "out of order", "sort"]),
        ([HEADER, "once,0,-1 0.01,0.2,0.1,5"], ["line 2", "column 'post_times_s'", ">= 0 s"]),
        ([HEADER, GOOD, GOOD], ["line 3", "column 'protocol'", "'once' occurs twice"]),
        ([HEADER, "once,0,0.01,0.2,0,5"], ["line 2", "column 'sem'", "> 0"]),
        ([HEADER, "once,0,0.01,0.2,-0.1,5"], ["line 2", "column 'sem'", "> 0, got -0.1"]),
        ([HEADER, "once,0,0.01,0.2,,5"], ["line 2", "column 'sem'", "is empty"]),
        ([HEADER, ",0,0.01,0.2,0.1,5"], ["line 2", "column 'protocol'", "is empty"]),
        ([HEADER, "once,0,0,01,0.2,0.1,5"], ["line 2", "7 cells", "6"]),
    ],
)
def test_every_fault_is_named(lines, parts, tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load(path)
    for part in ["own.csv", *parts]:
        assert part in str(caught.value)


@pytest.mark.parametrize("separator", [";", "\t"])
@pytest.mark.parametrize("comma", [False, True])
def test_other_separators_and_decimal_commas_give_the_same_data(separator, comma, tmp_path):
    rows = ["once|0.0 0.5|0.01 0.51|0.2|0.1|5", "back|0.01|0|-0.15|0.05|4"]
    plain = load(written(tmp_path / "own.csv", HEADER, *(row.replace("|", ",") for row in rows)))
    other = [row.replace(".", "," if comma else ".").replace("|", separator) for row in rows]
    data = load(written(tmp_path / "other.csv", HEADER.replace(",", separator), *other))
    for name in ("value", "sem", "n", "pre_time", "post_time", "protocol"):
        np.testing.assert_array_equal(data[name].values, plain[name].values)


def test_a_standard_deviation_becomes_a_standard_error(tmp_path):
    data = load(written(tmp_path / "own.csv", HEADER.replace("sem", "sd"), "once,0,0.01,0.2,0.3,9"))
    assert float(data.sem[0]) == pytest.approx(0.1, rel=1e-15)
    assert data.attrs["sem_computed"] == "sd/sqrt(n)"


def test_what_a_measurement_is_of_can_be_left_out(tmp_path):
    rows = [f"p{i},0 1,0.0{i} 1.0{i},0.{i},0.1,1,c{i % 2}" for i in range(1, 5)]
    data = load(written(tmp_path / "own.csv", HEADER + ",cell", *rows))
    assert leave_out(fit("pair_stdp", data), unit="cell").units == ("c1", "c0")


KIND_FILES = {
    "frequency": ("protocol,frequency_hz,value,sem,n,group", "low,1,-0.1,0.03,8,light", "frequency", 1.0),
    "plateau": (
        "protocol,time_from_plateau_s,initial_ramp_mV,value_mV,sem_mV,n",
        "a,-1.5,0,5,0.4,9",
        "initial_ramp",
        0.0,
    ),
    "trials": ("protocol,perturbation_deg,clamped,value_deg,sem_deg,n", "t1,30,0,3.8,1,15", "perturbation", 30.0),
    "distribution": (
        "protocol,sd_log10,mixture_weight,unit,value_log10,sem_log10,n",
        "s,0.24,0.77,µm³,-1.4,0.02,1960",
        "sd_log",
        0.24,
    ),
    "quantities": ("protocol,unit,value,sem,n", "turnover,%,20.4,2.6,14", "unit", "%"),
    "choices": ("stimulus,choice,reward,session", "tone,1,0.5,day 1", "reward", 0.5),
    "successes": ("protocol,k,n,x_contrast", "weak,3,4,0.1", "x_contrast", 0.1),
    "times": ("protocol,time,followed", "mouse,3,4", "followed", 4.0),
}


@pytest.mark.parametrize("kind", KIND_FILES)
def test_the_columns_tell_the_kind(kind, tmp_path):
    header, row, label, expected = KIND_FILES[kind]
    data = load(written(tmp_path / "own.csv", header, row))
    assert data.attrs["kind"] == kind
    assert data[label].values[0] == expected
    assert data.value.attrs["units"] == KINDS[kind].units


def test_every_kind_can_be_read():
    assert {"spikes", *KIND_FILES} == set(KINDS)


@pytest.mark.parametrize(
    ("kind", "old", "new", "message"),
    [
        ("frequency", "frequency_hz", "frequency", "'frequency_hz' is missing|'pre_times_s' is missing"),
        ("frequency", ",1,", ",0,", "'frequency' of 'low' must be finite and > 0 Hz, got 0"),
        ("plateau", "sem_mV", "sem", "'sem_mV' is missing"),
        ("plateau", ",0.4,", ",0,", "'sem_mV': a standard error must be > 0, got 0"),
        ("trials", ",30,", ",,", "'perturbation_deg': is empty"),
        ("quantities", ",%,", ",,", "'unit': is empty"),
        ("distribution", ",0.24,", ",-0.24,", "'sd_log' of 's' must be finite and > 0 1, got -0.24"),
    ],
)
def test_units_and_ranges_of_every_kind_are_checked(kind, old, new, message, tmp_path):
    header, row, *_ = KIND_FILES[kind]
    text = (header + "\n" + row).replace(old, new, 1)
    with pytest.raises(InputError, match=message):
        load(written(tmp_path / "own.csv", text))


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"there is no file .*nowhere\.csv"):
        load(tmp_path / "nowhere.csv")


def test_file_that_is_no_text(tmp_path):
    path = tmp_path / "own.csv"
    path.write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(InputError, match="no CSV text"):
        load(path)


def test_file_that_is_no_netcdf(tmp_path):
    path = written(tmp_path / "own.nc", "hello")
    with pytest.raises(InputError, match=r"own\.nc is no netCDF"):
        load(path)


def test_reading_takes_time_in_proportion_to_the_rows(tmp_path):
    """Eight times the rows: about 8 times the time of the processor, where comparing all pairs would take 64."""

    def seconds(n):
        path = written(tmp_path / f"{n}.csv", HEADER, *(f"p{i},0 0.1,0.01 0.11,0.2,0.1,5" for i in range(n)))
        times = []
        for _ in range(3):
            start = process_time()
            load(path)
            times.append(process_time() - start)
        return min(times)

    assert seconds(16_000) < 24 * seconds(2_000)
