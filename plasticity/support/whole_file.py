"""A file that is complete or absent, also after an error, an interrupt or on a full disk."""

from __future__ import annotations

import io
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from plasticity.errors import InputError
from plasticity.support.temporary import new_part

INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


class WholeFile(io.FileIO):
    """A file that never raises an error of the disk: HDF5 may crash the process when a write fails.

    The first error is stored in `error`; later writes do nothing. With `discarded` set, the file is removed at the end.
    """

    error: OSError | None = None
    discarded: bool = False

    def write(self, data: Any) -> int:
        """Write all of `data`."""
        rest = memoryview(data).cast("B")
        size = rest.nbytes
        try:
            while rest.nbytes and self.error is None:
                rest = rest[super().write(rest) :]
        except OSError as error:
            self.error = error
        return size

    def truncate(self, size: int | None = None) -> int:
        """Set the size of the file."""
        try:
            return super().truncate(size) if self.error is None else int(size or 0)
        except OSError as error:
            self.error = error
            return int(size or 0)

    def sync(self) -> None:
        """Wait until the data are on the disk."""
        try:
            os.fsync(self.fileno())
        except OSError as error:
            self.error = self.error or error


@contextmanager
def whole_file(path: str | os.PathLike, remedy: str = "choose another path") -> Iterator[WholeFile]:
    """Open a temporary file beside `path` that takes its place when the body ends without an error.

    Raises
    ------
    InputError
        If the file cannot be written; a file that was at `path` before is left unchanged.
    """
    path = Path(path)

    def failure(error: OSError | ValueError) -> InputError:
        return InputError(f"cannot write {path}: {getattr(error, 'strerror', None) or error}; {remedy}")

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(f"{path} is a folder")
        file, part = new_part(path, WholeFile)
    except (OSError, ValueError) as error:  # ValueError: a null byte
        raise failure(error) from error
    try:
        with file:
            try:
                yield file
                file.sync()
            except Exception:
                if file.error is None:
                    raise
            if file.error is not None:
                raise failure(file.error) from file.error
            if not file.discarded:
                os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Delay an interrupt until the body has ended; in the middle of a write it would corrupt the state of HDF5."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is interrupted
        return
    handlers = {number: signal.getsignal(number) for number in INTERRUPTS}
    before = {number: handler for number, handler in handlers.items() if callable(handler)}
    delayed: list[tuple] = []
    for number in before:
        signal.signal(number, lambda *event: delayed.append(event))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if delayed:
            before[delayed[0][0]](*delayed[0])
