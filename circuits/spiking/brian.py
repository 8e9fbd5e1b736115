"""Brian2 in any thread, one at a time: it has one device and one set of preferences for the whole process.

When it is first imported it sets a handler of interrupts, which only the main thread can, and opens files for its log
that stay if the process is killed: those are in a temporary folder of this project, which the next command removes.
"""

from __future__ import annotations

import atexit
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any

from circuits.running.devices import compilers
from plasticity.support.temporary import temporary_folder

_ONE_AT_A_TIME = threading.RLock()


@contextmanager
def brian() -> Iterator[None]:
    """Import Brian2, and keep other threads from using it until the body has ended."""
    with _ONE_AT_A_TIME:
        if "brian2" not in sys.modules:
            _import()
        yield


def with_brian(function: Callable[..., Any]) -> Callable[..., Any]:
    """Run a function that uses Brian2 as in `brian`."""

    @wraps(function)
    def guarded(*arguments: Any, **named: Any) -> Any:
        with brian():
            return function(*arguments, **named)

    return guarded


def _import() -> None:
    files = ExitStack()
    folder = files.enter_context(temporary_folder())
    atexit.register(files.close)  # before the import: at the end Brian2 closes its log first
    earlier, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        with _signals_of_the_main_thread_alone(), compilers():
            from brian2.utils.logger import std_silent

            std_silent()  # opens the files for the output of compilers
    finally:
        tempfile.tempdir = earlier


@contextmanager
def _signals_of_the_main_thread_alone() -> Iterator[None]:
    """Let the body set handlers of signals without effect in a thread that cannot; other threads are not affected."""
    if threading.current_thread() is threading.main_thread():
        yield
        return
    own, earlier = threading.get_ident(), signal.signal

    def set_signal(number: int, handler: Any) -> Any:
        return signal.getsignal(number) if threading.get_ident() == own else earlier(number, handler)

    signal.signal = set_signal  # type: ignore[assignment]
    try:
        yield
    finally:
        signal.signal = earlier
