"""Files are complete or absent: errors of the body, full disks, interrupts; HDF5 survives them all."""

import signal
import subprocess
import sys

import h5py
import numpy as np
import pytest

from plasticity.support.whole_file import uninterrupted, whole_file

FULL = """
import resource, sys
import h5py, numpy as np
from plasticity.dataset import make_dataset, write
from plasticity.errors import InputError
from plasticity.support.whole_file import whole_file

def hdf5(path):
    with whole_file(path) as file, h5py.File(file, "w") as h5:
        for k in range(20):
            h5[f"x{k}"] = np.arange(500.0)

weight = {"w": ("time", np.arange(10_000.0), "1", "weight")}
ds = make_dataset(weight, {}, title="a weight")
for room in (0, 1000, 5000, 20_000, 60_000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    for fill in (hdf5, lambda path: write(ds, path)):
        try:
            fill(sys.argv[1])
        except InputError as error:
            print(error)
"""


def test_a_full_disk_is_an_error_and_the_old_file_is_left(tmp_path):
    """Both files take 80 kB; HDF5 by itself dies of SIGSEGV in some of these cases."""
    path = tmp_path / "run.nc"
    path.write_text("old")
    done = subprocess.run([sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"cannot write {path}: File too large; choose another path"] * 10
    assert [p.read_text() for p in tmp_path.iterdir()] == ["old"]


def test_what_is_written_is_there(tmp_path):
    with whole_file(tmp_path / "new" / "a.h5") as file, h5py.File(file, "w") as h5:
        h5["x"] = np.arange(5)
        assert not (tmp_path / "new" / "a.h5").exists()
    with h5py.File(tmp_path / "new" / "a.h5") as h5:
        assert h5["x"][:].tolist() == [0, 1, 2, 3, 4]
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["a.h5"]


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), OSError("of the body"), ValueError("of the body")])
def test_an_error_of_the_body_leaves_the_old_file(tmp_path, failure):
    (tmp_path / "a").write_text("old")

    def fail():
        with whole_file(tmp_path / "a") as file:
            file.write(b"new")
            raise failure

    with pytest.raises(type(failure)) as caught:
        fail()
    assert caught.value is failure
    assert [p.read_text() for p in tmp_path.iterdir()] == ["old"]


def test_an_interrupt_waits_for_the_end_of_the_body():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    reached = []

    def interrupted():
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            reached.append("end of the body")
        reached.append("code after it")

    try:
        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert reached == ["end of the body"]
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
