"""One run of a sweep, and the worker process that executes runs one after the other."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

KILL_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux


@dataclass(frozen=True)
class Task:
    """One run: everything that a worker needs."""

    key: str
    scenario: str
    parameters: Mapping[str, Any]
    seed: int
    device: str | None
    folder: str
    code: str


@dataclass(frozen=True)
class Outcome:
    """Outcome of a task: `error` is empty if its file was written."""

    key: str
    error: str = ""


def run_task(task: Task) -> Outcome:
    """Run and write the result, if it is not there already."""
    from scenarios.running.run import run
    from scenarios.sweeps.folder import result, save

    runs = Path(task.folder)
    if result(runs, task.key):
        return Outcome(task.key)
    try:
        save(run(task.scenario, task.seed, task.device, **task.parameters), runs, task.key)
    except Exception as error:  # whatever it is, the other runs go on
        return failed(task, f"{type(error).__name__}: {error}", traceback.format_exc())
    return Outcome(task.key)


def failed(task: Task, message: str, trace: str = "", attempts: int = 1) -> Outcome:
    """Write the error of a task beside the results."""
    from scenarios.sweeps.folder import save_error
    from scenarios.sweeps.plan import text

    parameters = {key: text(value) for key, value in task.parameters.items()}
    record = {"scenario": task.scenario, "seed": task.seed, "parameters": parameters, "error": message}
    save_error(Path(task.folder), task.key, {**record, "attempts": attempts, "traceback": trace})
    return Outcome(task.key, message)


def work(descriptor: int, parent: int) -> None:
    """Report that this process is ready, then answer every task with its outcome until the connection closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles interrupts
    _end_with(parent)
    os.dup2(2, 1)  # what a simulation prints is no result of the sweep
    with Connection(descriptor) as connection:
        try:
            connection.send(None)
            while True:
                connection.send(run_task(connection.recv()))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return  # the parent has ended, or needs this worker no more


def _end_with(parent: int) -> None:
    """End immediately when the parent is killed; where the system does not support that, after the current task."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(KILL_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit(1)
