"""Sweeps that are killed, interrupted or starved: after resuming, the Dataset is that of an undisturbed sweep."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from plasticity.dataset import read
from plasticity.support.workers import COMMAND
from scenarios.sweeps.sweep import sweep

pytestmark = [
    pytest.mark.slow,  # every test starts several interpreters
    pytest.mark.skipif(sys.platform != "linux", reason="kills processes found in /proc"),
]
GRID = {"discount": [0.0, 0.5, 1.0, 2.0]}
START = (1.0, 1.5)
SMALL = {"n_points": 11}
SCRIPT = """
import sys
sys.path.insert(0, {here!r})
from test_sweep_killing import GRID, SMALL, START, Trap
from scenarios.sweeps.sweep import sweep
sweep("horizon", GRID, range(2), sys.argv[1], workers=2, start=Trap(sys.argv[2]), **SMALL)
"""


class Trap(tuple):
    """The start of the runs; a worker that receives it evaluates `expression` first."""

    def __new__(cls, expression):
        self = super().__new__(cls, START)
        self.expression = expression
        return self

    def __reduce__(self):
        return eval, (f"({self.expression}, {START})[1]",)


def once(flag, deed):
    """Expression that does `deed` where the file `flag` does not exist yet, and makes it."""
    return f"__import__('os').path.exists({str(flag)!r}) or (open({str(flag)!r}, 'x').close(), {deed})"


KILL = "__import__('signal').raise_signal(9)"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return sweep("horizon", GRID, range(2), tmp_path_factory.mktemp("sweep"), workers=1, start=START, **SMALL)


def check(folder, undisturbed, finished=()):
    """Resume; compare; nothing is left over, and what was finished is untouched."""
    ds = sweep("horizon", GRID, range(2), folder, workers=1, start=START, **SMALL)
    xr.testing.assert_identical(ds.drop_attrs(deep=False), undisturbed.drop_attrs(deep=False))
    left = sorted(path.name for path in (folder / "runs").iterdir())
    assert not list(folder.glob("*.part"))
    assert len(left) == 8
    assert all(name.endswith(".nc") for name in left)
    assert set(finished) <= set(left)  # a name holds a checksum of the file, with the time at which it was made


def start(folder, expression, **environment):
    code = SCRIPT.format(here=str(Path(__file__).parent))
    command = [sys.executable, "-c", code, str(folder), expression]
    return subprocess.Popen(command, env=os.environ | environment, stderr=subprocess.PIPE, text=True)


def finished(folder):
    return [path.name for path in (folder / "runs").glob("*.nc")] if (folder / "runs").is_dir() else []


def processes(*wanted):
    """Process numbers of those whose command has all these words."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if {word.encode() for word in wanted} <= set(words):
            found.append(int(path.parent.name))
    return found


def killed(*wanted):
    """Process numbers of those that had to be killed."""
    found = processes(*wanted)
    for number in found:
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    return found


def workers_of(pid):
    """Process numbers of the workers that `pid` has started."""
    return processes(COMMAND, str(pid))


def wait_for(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_worker_killed_once_costs_nothing(tmp_path, undisturbed):
    trap = Trap(once(tmp_path / "killed", KILL))
    ds = sweep("horizon", GRID, range(2), tmp_path, workers=2, start=trap, **SMALL)
    assert (tmp_path / "killed").exists()
    xr.testing.assert_identical(ds.drop_attrs(deep=False), undisturbed.drop_attrs(deep=False))


def test_a_run_that_always_kills_its_worker_is_given_up(tmp_path, undisturbed):
    points = [{"start": Trap(KILL), "discount": 0.0}, {"start": START, "discount": 0.5}]
    ds = sweep("horizon", points=points, directory=tmp_path, workers=1, **SMALL)
    assert ds.completed.values.ravel().tolist() == [0, 1]
    (path,) = (tmp_path / "runs").glob("*.error.json")
    record = json.loads(path.read_text())
    assert record["error"] == "its worker was killed by SIGKILL"
    assert record["attempts"] == 3
    points[0]["start"] = START
    ds = sweep("horizon", points=points, directory=tmp_path, workers=1, **SMALL)
    np.testing.assert_array_equal(ds.theta.values[:, 0], undisturbed.theta.values[:2, 0])
    assert not path.exists()


def test_workers_killed_from_outside(tmp_path, undisturbed):
    process = start(tmp_path, "__import__('time').sleep(0.3)")
    wait_for(lambda: finished(tmp_path))
    for pid in workers_of(process.pid):
        os.kill(pid, signal.SIGKILL)
    assert process.wait(60) == 0
    ds = read(tmp_path / "sweep.nc")
    xr.testing.assert_identical(ds.drop_attrs(deep=False), undisturbed.drop_attrs(deep=False))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_parent_killed_or_interrupted(tmp_path, undisturbed, how):
    """Where it can, it ends the programs that its workers have started, and removes their files."""
    program = ["sleep", f"4{how:02d}.{os.getpid()}"]
    (tmp_path / "temporary").mkdir()
    deed = (
        f"(__import__('tempfile').mkdtemp(), __import__('subprocess').Popen({program}), __import__('time').sleep(0.3))"
    )
    folder = tmp_path / "sweep"
    process = start(folder, deed, TMPDIR=str(tmp_path / "temporary"))
    wait_for(lambda: len(finished(folder)) >= 2)
    assert processes(*program)
    process.send_signal(how)
    assert process.wait(60) == -how
    wait_for(lambda: not workers_of(process.pid))
    if how == signal.SIGKILL:
        (folder / f"sweep.nc.steersman-{process.pid}-0123456789abcdef.part").write_text("left by a killed sweep")
        wait_for(lambda: not killed(*program))
    else:
        assert not list((tmp_path / "temporary").iterdir())
        wait_for(lambda: not processes(*program))
    done = finished(folder)
    assert len(done) < 8
    check(folder, undisturbed, done)


def test_an_interrupt_leaves_nothing_half_written_and_no_process(tmp_path):
    command = ["sweep", "digits", "--quick", "--seeds", "20", "--workers", "2", "-o", str(tmp_path)]
    process = subprocess.Popen([sys.executable, "-m", "scenarios", *command], stderr=subprocess.PIPE, text=True)
    wait_for(lambda: finished(tmp_path))
    process.send_signal(signal.SIGINT)
    _, message = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in message
    assert not workers_of(process.pid)
    assert not list(tmp_path.rglob("sweep.nc*"))
    again = subprocess.run(
        [sys.executable, "-m", "scenarios", "sweep", "digits", "--quick", "--seeds", "20", "-o", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert again.returncode == 2
    assert "--resume" in again.stderr


def test_a_full_disk_keeps_errors_and_the_sweep_can_be_resumed(tmp_path, undisturbed):
    """Files are cut off at a size that the manifest and the errors fit in, and the results do not."""
    room = 30_000
    code = SCRIPT.format(here=str(Path(__file__).parent))
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), "0"],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
    )
    assert done.returncode == 1
    assert "all 8 runs failed" in done.stderr
    records = [json.loads(path.read_text()) for path in (tmp_path / "runs").glob("*.error.json")]
    assert len(records) == 8
    assert all("cannot write" in record["error"] for record in records)
    assert not finished(tmp_path)
    assert not list(tmp_path.rglob("*.part"))
    check(tmp_path, undisturbed)


def test_no_room_for_the_collected_file(tmp_path, undisturbed):
    code = SCRIPT.format(here=str(Path(__file__).parent))
    room = 300_000  # eight runs have 8 × 81² × 8 bytes of loss maps alone, one run a seventh of the limit
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), "0"],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
    )
    assert done.returncode == 1
    assert "cannot write" in done.stderr
    assert "InputError" in done.stderr
    assert len(finished(tmp_path)) == 8
    assert not list(tmp_path.glob("sweep.nc*"))
    check(tmp_path, undisturbed, finished(tmp_path))


def test_a_second_sweep_on_the_folder_is_refused(tmp_path, undisturbed):
    """The first one is at work until it sees a file that is made when the second one has been answered."""
    seen = f"__import__('os').path.exists({str(tmp_path / 'answered')!r})"
    process = start(tmp_path, f"list(iter(lambda: __import__('time').sleep(0.05) or {seen}, True))")
    wait_for((tmp_path / "manifest.json").exists)
    second = start(tmp_path, "0")
    _, message = second.communicate(timeout=30)
    assert second.returncode == 1
    assert "another sweep is running" in message
    assert not finished(tmp_path)
    (tmp_path / "answered").touch()
    assert process.wait(60) == 0
    check(tmp_path, undisturbed, finished(tmp_path))
