"""The schema, and a writer that leaves a whole file or none."""

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
