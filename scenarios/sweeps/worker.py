"""A worker process: takes tasks from a connection until it closes. ``python -m scenarios.sweeps.worker FD PARENT``."""

from __future__ import annotations

import os
import signal
import sys
from multiprocessing.connection import Connection

KILL_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux


def main(descriptor: int, parent: int) -> None:
    """Say that this worker is ready, then answer every task with its outcome."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    _die_with(parent)
    os.dup2(2, 1)  # what a simulation prints is no result of the sweep
    from scenarios.sweeps.point import run_task

    with Connection(descriptor) as connection:
        try:
            connection.send(None)
            while True:
                connection.send(run_task(connection.recv()))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return  # the parent has gone, or needs this worker no more


def _die_with(parent: int) -> None:
    """End at once when the parent is killed; where the system cannot do that, end after the current task."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(KILL_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
