"""What a sweep leaves behind on a machine when it ends, in whatever way."""

import os
import signal
import subprocess
import sys
import time

import pytest

from scenarios.sweeps.processes import LOCK, PREFIX, YOUNG, temporary_folder

TERMINATED = """
import os, sys, time
from scenarios.sweeps.processes import orderly_end, temporary_folder
with orderly_end(), temporary_folder() as folder:
    (folder / "numbers").touch()
    os.kill(os.getpid(), int(sys.argv[1]))
    time.sleep(10)
"""


@pytest.fixture
def base(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def left_over(base, name, age):
    folder = base / f"{PREFIX}{name}"
    folder.mkdir()
    (folder / LOCK).touch()
    os.utime(folder, (time.time() - age,) * 2)
    return folder


def test_what_killed_sweeps_have_left_is_removed_and_what_is_in_use_stays(base):
    killed, young = left_over(base, "killed", 2 * YOUNG), left_over(base, "young", 0)
    with temporary_folder() as used:
        assert not killed.exists()
        assert young.exists()
        os.utime(used, (time.time() - 2 * YOUNG,) * 2)
        with temporary_folder() as other:
            assert used.exists()
            assert other != used
        assert not other.exists()
    assert sorted(base.iterdir()) == [young]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP])
def test_a_terminated_sweep_cleans_up_and_ends_by_the_same_signal(tmp_path, how):
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", TERMINATED, str(int(how))], env=environment, timeout=9, check=False)
    assert done.returncode == -how
    assert not list(tmp_path.iterdir())
