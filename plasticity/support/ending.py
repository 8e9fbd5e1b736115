"""The end of a process and of what it has started: orderly after a signal, complete when it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

LIMIT = 2.5  # s, from the signal that ends a command to its end
KILL_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux
GUARD = """
import os, signal, subprocess, sys, threading
def end():
    os.read(0, 1)  # returns when no process is left that could write
    os.killpg(0, signal.SIGKILL)
threading.Thread(target=end, daemon=True).start()
status = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL).returncode
sys.stdout.flush()
os._exit(status if status >= 0 else 1)
"""


class Terminated(BaseException):
    """The process received a signal to end."""


@contextmanager
def orderly_end() -> Iterator[None]:
    """Let the body clean up when a signal (scancel, a time limit, a closed terminal) ends the process.

    Signals that are handled elsewhere or ignored (``nohup``) are left alone.
    """
    with _handled(_terminate, {signal.SIGTERM: signal.SIG_DFL, signal.SIGHUP: signal.SIG_DFL}):
        yield


def end_with(parent: int) -> None:
    """End immediately when the parent is killed; where the system does not support that, when its pipe closes."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(KILL_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit(1)


def run_program(
    command: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a program in `folder`; it and all that it starts end when this process ends, however that ends."""
    watched, held = os.pipe()
    try:
        process = subprocess.Popen(
            [sys.executable, "-ISc", GUARD, *command],
            cwd=folder,
            env=environment,
            stdin=watched,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        os.close(watched)
        out, message = process.communicate()
    finally:
        os.close(held)
    return subprocess.CompletedProcess(command, process.returncode, out, message)


@contextmanager
def prompt_end() -> Iterator[None]:
    """For a command: as `orderly_end`, and the process ends within `LIMIT` after a signal or an interrupt in any case.

    Python may swallow the exception of an interrupt (in a weak reference's callback, say), and cleaning up may take
    long; what is left then are files, which the next command removes.
    """
    deadlines: list[threading.Timer] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        deadline = threading.Timer(LIMIT, os._exit, (128 + number,))
        deadline.daemon = True
        deadline.start()
        deadlines.append(deadline)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        _terminate(number, frame)

    ours: dict[int, Any] = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
        signal.SIGHUP: signal.SIG_DFL,
    }
    with _handled(interrupt, ours):
        try:
            yield
        except Exception as error:
            if deadlines:  # some libraries turn an interrupt while they are imported into an ImportError
                raise KeyboardInterrupt from error
            raise
        finally:
            for deadline in deadlines:
                deadline.cancel()


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], Any], defaults: Mapping[int, Any]) -> Iterator[None]:
    """Let `handler` answer those signals that have their default; one that ended the body then ends the process."""
    is_main = threading.current_thread() is threading.main_thread()
    before = {number: usual for number, usual in defaults.items() if is_main and signal.getsignal(number) == usual}
    for number in before:
        signal.signal(number, handler)
    try:
        yield
    except Terminated as end:
        signal.signal(end.args[0], signal.SIG_DFL)
        os.kill(os.getpid(), end.args[0])
        raise
    finally:
        for number, usual in before.items():
            signal.signal(number, usual)


def _terminate(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # a second signal must not cut the cleaning up short
    raise Terminated(number)
