"""Weights streamed to a file: what is appended is read back; whatever ends a run leaves a whole file or none."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_array_equal

from circuits.running.weight_file import weight_file
from plasticity.dataset import read
from plasticity.errors import DivergedError, InputError
from plasticity.support.whole_file import WholeFile

SYNAPSES = {"first": np.indices((3, 4)).reshape(2, -1), "second": np.indices((2, 3)).reshape(2, -1)}
RANDOM = np.random.default_rng(0)
RECORDS = [{"first": RANDOM.standard_normal((2, 3, 4)), "second": RANDOM.standard_normal((2, 2, 3))} for _ in range(5)]


def write_records(path, records=RECORDS, failure=None):
    with weight_file(path, SYNAPSES, trials=[3, 8], title="two projections", rule="oja", seed=4) as file:
        for k, record in enumerate(records):
            file.append(0.1 * k, record)
        if failure is not None:
            raise failure


def test_what_is_appended_is_read_back(tmp_path):
    write_records(tmp_path / "new" / "w.nc")
    ds = read(tmp_path / "new" / "w.nc")  # checks the schema
    with xr.open_dataset(tmp_path / "new" / "w.nc", engine="h5netcdf") as plain:
        assert ds.identical(plain.load())
    assert_array_equal(ds.time, 0.1 * np.arange(5))
    assert_array_equal(ds.trial, [3, 8])
    assert (ds.attrs["rule"], ds.attrs["seed"]) == ("oja", 4)
    for name, shape in (("first", (3, 4)), ("second", (2, 3))):
        weights = ds[f"weight_{name}"]
        assert weights.dims == ("trial", "time", f"synapse_{name}")
        assert set(weights.coords) == {"trial", "time", f"synapse_{name}", f"post_{name}", f"pre_{name}"}
        for k, record in enumerate(RECORDS):
            assert_array_equal(weights[:, k].values.reshape(2, *shape), record[name])
        for synapse in (weights[0, 2, 0], weights[0, 2, 5]):
            at = int(synapse[f"post_{name}"]), int(synapse[f"pre_{name}"])
            assert synapse == RECORDS[2][name][(0, *at)]


def test_a_list_of_synapses_has_no_trial(tmp_path):
    with weight_file(tmp_path / "w.nc", {"synapses": ([0, 0, 1], [2, 0, 1])}, title="three") as file:
        for k in range(3):
            file.append(float(k), {"synapses": np.array([k, 1.0, 2.0])})
    ds = read(tmp_path / "w.nc")
    assert ds.weight_synapses.dims == ("time", "synapse")
    assert ds.pre_synapses.values.tolist() == [2, 0, 1]
    assert ds.weight_synapses.values[:, 0].tolist() == ds.time.values.tolist()


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), DivergedError("w", 0.5, "use a smaller dt"), OSError("mine")])
def test_a_run_that_ends_early_leaves_what_it_recorded(tmp_path, failure):
    with pytest.raises(type(failure)) as caught:
        write_records(tmp_path / "w.nc", RECORDS[:3], failure)
    assert caught.value is failure
    assert_array_equal(read(tmp_path / "w.nc").weight_first[:, 2].values.reshape(2, 3, 4), RECORDS[2]["first"])
    assert [p.name for p in tmp_path.iterdir()] == ["w.nc"]


def test_nothing_recorded_is_no_file(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        write_records(tmp_path / "w.nc", [], KeyboardInterrupt())
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "w.nc").write_text("old")
    write_records(tmp_path / "w.nc", [])
    assert [p.read_text() for p in tmp_path.iterdir()] == ["old"]


@pytest.fixture
def ctrl_c():
    """The usual response to an interrupt, also where this process ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield signal.default_int_handler
    signal.signal(signal.SIGINT, before)


def interrupt_next_write(monkeypatch):
    """Ctrl-C in the midst of a write of HDF5, once."""
    write, todo = WholeFile.write, [signal.SIGINT]

    def interrupted(self, data):
        if todo:
            os.kill(os.getpid(), todo.pop())
        return write(self, data)

    monkeypatch.setattr(WholeFile, "write", interrupted)


def test_an_interrupt_waits_until_hdf5_has_written(tmp_path, monkeypatch, ctrl_c):

    def interrupted_in_the_second_record():
        with weight_file(tmp_path / "w.nc", SYNAPSES, trials=[3, 8], title="two projections") as file:
            file.append(0.0, RECORDS[0])
            interrupt_next_write(monkeypatch)
            file.append(0.1, RECORDS[1])
            file.append(0.2, RECORDS[2])

    with pytest.raises(KeyboardInterrupt):
        interrupted_in_the_second_record()
    assert signal.getsignal(signal.SIGINT) is ctrl_c
    stored = read(tmp_path / "w.nc").weight_second.values
    assert_array_equal(stored.reshape(2, 2, 2, 3)[:, 1], RECORDS[1]["second"])


def test_an_interrupt_before_the_first_record_leaves_nothing(tmp_path, monkeypatch, ctrl_c):
    interrupt_next_write(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        write_records(tmp_path / "w.nc")
    assert list(tmp_path.iterdir()) == []


FULL = """
import resource, sys
from circuits.running.weight_file import weight_file
import numpy as np
k = 0
for room in (0, 1000, 5000, 20_000, 40_000, 60_000, 100_000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    try:
        with weight_file(sys.argv[1], {"a": np.indices((20, 20)).reshape(2, -1)}, title="full") as file:
            for k in range(100):
                file.append(k, {"a": np.full((20, 20), float(k))})
        print("written")
    except Exception as error:
        print(type(error).__name__, error, "early" if k < 50 else "late")
"""


def test_a_full_disk_is_named_and_the_old_file_is_left(tmp_path):
    """100 records take 320 kB; HDF5 by itself dies of SIGSEGV in such cases."""
    path = tmp_path / "w.nc"
    path.write_text("old")
    done = subprocess.run([sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=True)
    expected = f"InputError cannot write {path}: File too large; choose another path early"
    assert done.stdout.splitlines() == [expected] * 7
    assert done.stderr == ""
    assert [p.read_text() for p in tmp_path.iterdir()] == ["old"]


def test_memory_does_not_grow_with_the_number_of_records(tmp_path):
    """120 MB are written; the first records fill the caches of HDF5, which are bounded."""

    def resident():
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

    weights = np.ones((300, 500))
    with weight_file(tmp_path / "w.nc", {"a": np.indices(weights.shape).reshape(2, -1)}, title="many") as file:
        for k in range(100):
            if k == 10:
                before = resident()
            file.append(k, {"a": weights})
        assert resident() - before < 10
    assert (tmp_path / "w.nc").stat().st_size > 120e6


def test_bad_paths_and_names(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        write_records(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"cannot write .*file/w\.nc: .*; choose another path"):
        write_records(tmp_path / "file" / "w.nc")
    with (
        pytest.raises(InputError, match="projection 'a/b' cannot be a name in a file"),
        weight_file(tmp_path / "w.nc", {"a/b": ([0], [0])}, title="x"),
    ):
        pass
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
