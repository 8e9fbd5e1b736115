"""What a sweep leaves behind on a machine when it ends, in whatever way."""

import os
import signal
import subprocess
import sys
import time

import pytest

from scenarios.sweeps.scratch import LOCK, PREFIX, YOUNG, scratch

TOLD_TO_END = """
import os, sys, time
from scenarios.sweeps.scratch import scratch
from scenarios.sweeps.termination import orderly
with orderly(), scratch() as folder:
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
    with scratch() as used:
        assert not killed.exists()
        assert young.exists()
        os.utime(used, (time.time() - 2 * YOUNG,) * 2)
        with scratch() as other:
            assert used.exists()
            assert other != used
        assert not other.exists()
    assert sorted(base.iterdir()) == [young]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP])
def test_who_is_told_to_end_cleans_up_and_ends_by_the_same_signal(tmp_path, how):
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", TOLD_TO_END, str(int(how))], env=environment, timeout=9, check=False)
    assert done.returncode == -how
    assert not list(tmp_path.iterdir())
