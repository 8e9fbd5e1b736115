"""The schema, and a writer that leaves a complete file or none, in the format that xarray writes itself."""

import signal
import time

import h5netcdf
import numpy as np
import pytest
import xarray as xr

from plasticity.dataset import check_schema, check_writable, make_dataset, read, write
from plasticity.errors import InputError


def example(**attributes):
    return make_dataset(
        {"theta": (("trial", "time", "parameter"), np.arange(12.0).reshape(2, 3, 2), "1", "parameters")},
        {"time": ("time", [0.0, 0.1, 0.2], "s", "time")},
        title="example",
        parameters={"a": np.float64(1.5), "b": np.arange(2), "c": None},
        references=("x_2000", "y_2001"),
        **attributes,
    )


def test_round_trip_is_identical(tmp_path):
    ds = example()
    xr.testing.assert_identical(read(write(ds, tmp_path / "a" / "b.nc")), ds)
    assert ds.attrs["parameters"] == '{"a": 1.5, "b": [0, 1], "c": null}'
    assert ds.attrs["references"] == "x_2000 y_2001"


def test_every_violation_is_listed():
    ds = example()
    del ds.attrs["title"], ds.theta.attrs["units"]
    ds.attrs |= {"odd": None, "worse": True, "versions": "{"}
    ds["theta"] = ds.theta.transpose("time", "trial", "parameter")
    with pytest.raises(InputError) as error:
        check_schema(ds)
    for problem in (
        "'title' is missing",
        "'theta' has no units",
        "'odd'",
        "'worse'",
        "no JSON",
        "trial, time come first",
    ):
        assert problem in str(error.value)


def test_paths_that_cannot_be_written_are_refused_before_a_run(tmp_path):
    (tmp_path / "file").write_text("x")
    for path in (tmp_path, tmp_path / "file" / "run.nc", "/proc/run.nc"):
        with pytest.raises(InputError, match="cannot write"):
            check_writable(path)
    check_writable(tmp_path / "new" / "run.nc")
    assert not (tmp_path / "new").exists()
    with pytest.raises(InputError, match="cannot write"):
        write(example(), tmp_path)


def test_what_is_no_netcdf_is_refused(tmp_path):
    text = tmp_path / "text.nc"
    text.write_text("not netCDF")
    with pytest.raises(InputError, match="text.nc is no netCDF-4 file"):
        read(text)
    with pytest.raises(InputError, match="there is no file"):
        read(tmp_path / "missing.nc")
    whole = write(example(), tmp_path / "whole.nc").read_bytes()
    (tmp_path / "cut.nc").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="cut.nc is no netCDF-4 file"):
        read(tmp_path / "cut.nc")
    stranger = tmp_path / "stranger.nc"
    xr.Dataset({"x": ("n", [1.0])}).to_netcdf(stranger, engine="h5netcdf")
    with pytest.raises(InputError, match="not a valid Dataset"):
        read(stranger)


def rich():
    """Every kind of values, dimensions with and without coordinates, of length 0 and 1, coordinates of all sorts."""
    return make_dataset(
        {
            "theta": (("trial", "time", "parameter"), np.arange(12.0).reshape(1, 3, 4), "1", "parameters"),
            "single": ("time", np.float32([1.5, np.nan, -np.inf]), "Hz", "in single precision"),
            "count": ("parameter", np.array([1, 2, 3, -4], dtype=np.int32), "1", "whole numbers"),
            "switch": (("trial", "parameter"), [[True, False, True, False]], "1", "switches"),
            "word": ("parameter", ["a", "", "τ₊ → 0", "long" * 40], "1", "texts, not all ASCII"),
            "number": ((), 2.5, "s", "a number"),
            "text": ((), "ẇ", "1", "a text"),
            "spike_time": ("spike", np.empty(0), "s", "no spike"),
            "transposed": (("time", "parameter"), np.arange(12.0).reshape(4, 3).T, "1", "not in the order of C"),
        },
        {
            "time": ("time", [0.0, 0.1, 0.2], "s", "time"),
            "parameter": ("parameter", ["w", "x", "y", "z"], "1", "names"),
            "group": ("parameter", [0, 0, 1, 1], "1", "a coordinate beside that of the dimension"),
            "place": (("trial", "spike"), np.empty((1, 0)), "1", "a coordinate that no variable has"),
            "origin": ((), 3.0, "1", "a coordinate without dimensions"),
        },
        title="all kinds",
        references=("x_2000",),
        number=1.5,
        numbers=[1, 2, 3],
        words=["a", "ε"],
    )


def test_the_file_is_that_of_xarray_itself(tmp_path):
    ds = rich()
    ds.to_netcdf(tmp_path / "xarray.nc", engine="h5netcdf")
    write(ds, tmp_path / "ours.nc")
    theirs, ours = (read(tmp_path / f"{name}.nc") for name in ("xarray", "ours"))
    xr.testing.assert_identical(ours, theirs)
    assert {n: (v.dims, v.dtype) for n, v in ours.variables.items()} == {
        n: (v.dims, v.dtype) for n, v in theirs.variables.items()
    }
    assert set(ours.coords) == set(theirs.coords) == set(ds.coords)
    with h5netcdf.File(tmp_path / "ours.nc") as file:
        assert {name: d.size for name, d in file.dimensions.items()} == ds.sizes


def test_a_file_can_be_written_again_after_reading(tmp_path):
    once = read(write(rich(), tmp_path / "a.nc"))
    xr.testing.assert_identical(read(write(once, tmp_path / "b.nc")), once)


@pytest.mark.parametrize("values", [[1 + 2j], [None], np.array(["2026-01-01"], dtype="datetime64[s]"), [b"x"]])
def test_what_netcdf_cannot_hold_is_refused(tmp_path, values):
    ds = make_dataset({"odd": ("time", np.array(values), "1", "odd")}, {}, title="odd")
    with pytest.raises(InputError, match="odd has values of type .*use numbers or texts"):
        write(ds, tmp_path / "odd.nc")
    assert not list(tmp_path.iterdir())


def test_sizes_that_do_not_fit_are_named():
    two = {"a": ("time", [1.0], "1", "a"), "b": ("time", [1.0, 2.0], "1", "b")}
    with pytest.raises(InputError, match="conflicting sizes for dimension 'time'"):
        make_dataset(two, {}, title="two")
    with pytest.raises(InputError, match="not a valid Dataset"):
        make_dataset({"a": ("time", 1.0, "1", "a")}, {}, title="one")


def test_an_interrupt_at_any_time_leaves_the_old_file_or_the_new_one(tmp_path):
    """A timer interrupts the process at 30 moments spread over the time that writing takes; no interrupt is lost."""
    ds, path = rich(), tmp_path / "run.nc"
    handlers = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGALRM: lambda number, frame: signal.raise_signal(signal.SIGINT),
    }
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        for moment in np.geomspace(1e-4, 0.03, 30):
            path.write_text("old")
            with pytest.raises(KeyboardInterrupt):
                write_and_wait(ds, path, moment)
            if path.read_bytes() != b"old":
                xr.testing.assert_identical(read(path), ds)
            assert [p.name for p in tmp_path.iterdir()] == ["run.nc"]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def write_and_wait(ds, path, moment):
    signal.setitimer(signal.ITIMER_REAL, moment)
    write(ds, path)
    time.sleep(10)
