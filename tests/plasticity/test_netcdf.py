"""Files of h5py against files of xarray and h5netcdf: the same Dataset, the same structure of netCDF-4."""

import h5netcdf
import h5py
import numpy as np
import pytest
import xarray as xr

from plasticity.dataset import make_dataset, read, write
from plasticity.errors import InputError
from plasticity.support.labelled import label, of_xarray


def rich():
    """Every kind of values, dimensions with and without coordinates, of length 0 and 1, coordinates of all sorts."""
    return label(
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


def test_xarray_reads_what_it_would_have_written_itself(tmp_path):
    ds = rich().to_xarray()
    ds.to_netcdf(tmp_path / "xarray.nc", engine="h5netcdf")
    write(ds, tmp_path / "ours.nc")
    theirs, ours = (read(tmp_path / f"{name}.nc") for name in ("xarray", "ours"))
    xr.testing.assert_identical(ours, theirs)
    assert {n: v.dtype for n, v in ours.variables.items()} == {n: v.dtype for n, v in theirs.variables.items()}
    assert {n: v.dims for n, v in ours.variables.items()} == {n: v.dims for n, v in theirs.variables.items()}
    assert set(ours.coords) == set(theirs.coords)
    np.testing.assert_array_equal(ours.transposed.values, ds.transposed.values)


def test_it_is_netcdf_without_xarray_too(tmp_path):
    """Dimensions are numbered dimension scales, and every variable is attached to its own."""
    write(rich(), tmp_path / "ours.nc")
    with h5netcdf.File(tmp_path / "ours.nc") as file:
        assert {name: d.size for name, d in file.dimensions.items()} == rich().sizes
        assert file.variables["theta"].dimensions == ("trial", "time", "parameter")
    with h5py.File(tmp_path / "ours.nc") as file:
        assert [d[0].name for d in file["theta"].dims] == ["/trial", "/time", "/parameter"]
        scales = [item for item in file.values() if item.is_scale]
        assert sorted(int(s.attrs["_Netcdf4Dimid"]) for s in scales) == [0, 1, 2, 3]
        assert file["trial"].attrs["NAME"] == b"This is a netCDF dimension but not a netCDF variable.         1"
        assert file["time"].attrs["NAME"] == b"time"


def test_labelled_arrays_and_their_dataset_are_the_same(tmp_path):
    found = rich()
    paths = [write(one, tmp_path / f"{n}.nc") for n, one in enumerate((found, found.to_xarray()))]
    xr.testing.assert_identical(*map(read, paths))
    xr.testing.assert_identical(of_xarray(found.to_xarray()).to_xarray(), found.to_xarray())
    assert paths[0].read_bytes() == write(found, tmp_path / "again.nc").read_bytes()


def test_a_file_can_be_written_again_after_reading(tmp_path):
    once = read(write(rich(), tmp_path / "a.nc"))
    xr.testing.assert_identical(read(write(once, tmp_path / "b.nc")), once)


@pytest.mark.parametrize("values", [[1 + 2j], [None], np.array(["2026-01-01"], dtype="datetime64[s]"), [b"x"]])
def test_what_netcdf_cannot_hold_is_refused(tmp_path, values):
    ds = make_dataset({"odd": ("time", np.array(values), "1", "odd")}, {}, title="odd")
    with pytest.raises(InputError, match="odd has values of type .*use numbers or texts"):
        write(ds, tmp_path / "odd.nc")
    assert not list(tmp_path.iterdir())


def test_sizes_that_do_not_fit_are_named(tmp_path):
    two = {"a": ("time", [1.0], "1", "a"), "b": ("time", [1.0, 2.0], "1", "b")}
    with pytest.raises(InputError, match="b has 2 values along 'time', others have 1"):
        write(label(two, {}, title="two"), tmp_path / "run.nc")
    with pytest.raises(InputError, match="a has the shape"):
        write(label({"a": ("time", 1.0, "1", "a")}, {}, title="one"), tmp_path / "run.nc")
