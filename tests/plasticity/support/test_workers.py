"""Worker processes: what comes of tasks, and what is left when their parent ends, in whatever way."""

import os
import signal
import subprocess
import sys

import pytest

from plasticity.support.workers import run_in_processes

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
TERMINATED = """
import os, sys, time
from plasticity.support.ending import orderly_end
from plasticity.support.temporary import temporary_folder
with orderly_end(), temporary_folder() as folder:
    (folder / "numbers").touch()
    os.kill(os.getpid(), int(sys.argv[1]))
    time.sleep(60)
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP])
def test_a_terminated_process_cleans_up_and_ends_by_the_same_signal(tmp_path, how):
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", TERMINATED, str(int(how))], env=environment, timeout=50, check=False)
    assert done.returncode == -how
    assert not list(tmp_path.iterdir())


def test_every_task_is_answered_and_one_that_ends_its_worker_is_given_up():
    tasks = [str(signal.SIGKILL.value), "0", "0", "3"]  # a signal, or none that exists
    answers = list(run_in_processes("signal:raise_signal", map(int, tasks[:1]), 1, attempts=2))
    assert [(a.task, a.value, a.ending) for a in answers] == [(9, None, "was killed by SIGKILL")]
    answers = sorted(run_in_processes("math:sqrt", [4.0, 9.0, 16.0], 2), key=lambda answer: answer.task)
    assert [(a.value, a.ending) for a in answers] == [(2.0, ""), (3.0, ""), (4.0, "")]


@pytest.mark.parametrize("models", ["a", "ab"])
def test_what_waits_for_a_build_is_put_off(tmp_path, models):
    """Two workers build two models at the same time, although the tasks of the first come first; one model is built
    once, and those that have nothing else to do wait for it."""
    tasks = [(str(tmp_path), model, models) for model in models for _ in range(3)]
    function = "tests.plasticity.support.building:build_and_run"
    answers = list(run_in_processes(function, tasks, 2, group=lambda task: task[1]))
    assert sorted(answer.task for answer in answers) == tasks
    assert sorted(str(answer.value) for answer in answers) == ["None"] * 2 * len(models) + ["True"] * len(models)


SWALLOWED = """
import signal, time
from plasticity.support import ending
from plasticity.support.cli import exit_status
ending.LIMIT = 0.2
def command(argv):
    try:
        print("begun", flush=True)
        time.sleep(60)
    except BaseException:
        time.sleep(60)
exit_status(command, [])
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_command_ends_although_the_exception_of_the_signal_is_swallowed(how):
    process = subprocess.Popen([sys.executable, "-c", SWALLOWED], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "begun\n"
    process.send_signal(how)
    process.communicate(timeout=50)  # both sleeps are longer
    assert process.returncode == 128 + how
