"""A full disk or an interrupt is an error at the end of the writing, not the end of the process."""

import resource
import signal
import subprocess
import sys

import h5py
import numpy as np
import pytest

from plasticity.dataset import make_dataset, read, write
from plasticity.support.careful_file import CarefulFile, careful_file

CODE = """
import sys
from pathlib import Path
import numpy as np, xarray as xr
from plasticity.dataset import make_dataset, write
ds = make_dataset({"w": ("time", np.arange(1000.0), "1", "weight")}, {"time": ("time", np.arange(1000.0), "s", "time")},
                  title="a weight")
write(ds, sys.argv[1])
"""


def test_an_interrupt_waits_until_the_file_is_whole(tmp_path, monkeypatch):
    write_bytes, todo = CarefulFile.write, [signal.SIGINT]

    def interrupted(self, data):
        if todo:
            signal.raise_signal(todo.pop())
        return write_bytes(self, data)

    monkeypatch.setattr(CarefulFile, "write", interrupted)
    ds = make_dataset({"w": ("time", np.arange(5.0), "1", "weight")}, {}, title="a weight")
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        write(ds, tmp_path / "run.nc")
    assert read(tmp_path / "run.nc").w.values.tolist() == [0, 1, 2, 3, 4]
    assert [path.name for path in tmp_path.iterdir()] == ["run.nc"]
    assert signal.getsignal(signal.SIGINT) is handler


def test_what_is_written_is_there(tmp_path):
    with careful_file(tmp_path / "a.h5") as file, h5py.File(file, "w") as h5:
        h5["x"] = np.arange(5)
    with h5py.File(tmp_path / "a.h5") as h5:
        assert h5["x"][:].tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("room", [0, 1000, 10_000, 20_000])
def test_hdf5_survives_a_full_disk_and_the_old_file_is_left(tmp_path, room):
    """The file would take 16 kB for the numbers alone; HDF5 by itself dies of SIGSEGV in some of these cases."""
    (tmp_path / "run.nc").write_text("old")
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(tmp_path / "run.nc")],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
    )
    assert done.returncode == 1
    assert "InputError: cannot write" in done.stderr
    assert "File too large" in done.stderr
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]
