"""A full disk is an error at the end of the writing, not the end of the process."""

import resource
import subprocess
import sys

import h5py
import numpy as np
import pytest

from plasticity.careful_file import careful_file

CODE = """
import sys
from pathlib import Path
import numpy as np, xarray as xr
from plasticity.dataset import make_dataset, write
ds = make_dataset({"w": ("time", np.arange(1000.0), "1", "weight")}, {"time": ("time", np.arange(1000.0), "s", "time")},
                  title="a weight")
write(ds, sys.argv[1])
"""


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
