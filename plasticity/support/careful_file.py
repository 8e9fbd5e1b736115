"""A file for HDF5 to write to: where a disk is full HDF5 may end the process; this file keeps the error for later.

An interrupt waits likewise.
"""

from __future__ import annotations

import io
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class CarefulFile(io.FileIO):
    """Pretends that all goes well after the first write that failed, whose error is in `error`."""

    error: OSError | None = None

    def write(self, data: Any) -> int:
        """Write all of `data`, or note why not."""
        rest = memoryview(data).cast("B")
        size = rest.nbytes
        try:
            while rest.nbytes and self.error is None:
                rest = rest[super().write(rest) :]
        except OSError as error:
            self.error = error
        return size

    def truncate(self, size: int | None = None) -> int:
        """Set the size, or note why not."""
        try:
            return super().truncate(size) if self.error is None else int(size or 0)
        except OSError as error:
            self.error = error
            return int(size or 0)


@contextmanager
def careful_file(path: Path, mode: str = "w+") -> Iterator[CarefulFile]:
    """File at `path` for the body to write to.

    Raises
    ------
    OSError
        At the end, if something could not be written; whatever HDF5 says then is but a consequence.
    """
    with CarefulFile(path, mode) as file:
        try:
            yield file
        except Exception:
            if file.error is None:
                raise
        if file.error is not None:
            raise file.error


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let an interrupt wait for the end of the body: in the midst of a write it would leave HDF5 in pieces."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield  # interrupts come to the main thread only
        return
    waiting: list[tuple] = []
    signal.signal(signal.SIGINT, lambda *caught: waiting.append(caught))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if waiting:
            before(*waiting[0])
