"""A request to end (scancel, a time limit, a closed terminal) lets a sweep end its workers and their programs first."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Terminated(BaseException):
    """The process was asked to end by a signal."""


@contextmanager
def orderly() -> Iterator[None]:
    """Let the body clean up when the process is told to end, then end it by the same signal.

    Signals that somebody handles or ignores (``nohup``) are left alone.
    """
    wanted = [
        number
        for number in (signal.SIGTERM, signal.SIGHUP)
        if threading.current_thread() is threading.main_thread() and signal.getsignal(number) is signal.SIG_DFL
    ]
    for number in wanted:
        signal.signal(number, _raise)
    try:
        yield
    except Terminated as told:
        signal.signal(told.args[0], signal.SIG_DFL)
        os.kill(os.getpid(), told.args[0])
        raise
    finally:
        for number in wanted:
            signal.signal(number, signal.SIG_DFL)


def _raise(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # once is enough; cleaning up should not be cut short
    raise Terminated(number)
