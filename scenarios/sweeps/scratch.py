"""Folder for temporary files of the workers: killed workers leave numbers of their runs, which may be gigabytes."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX, LOCK = "steersman-sweep-", "lock"
YOUNG = 60.0  # s; a folder that has no lock yet may be about to get one


@contextmanager
def scratch() -> Iterator[Path]:
    """Make a folder for the body, and remove it afterwards; so are now those whose sweeps were killed."""
    _remove_left_over(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        with _locked(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, which goes with this process.

    Raises
    ------
    OSError
        If it is not ours, or another process holds it.
    """
    import fcntl

    with open(folder / LOCK, "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def _remove_left_over(base: Path) -> None:
    for folder in base.glob(f"{PREFIX}*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > YOUNG:
                with _locked(folder):
                    shutil.rmtree(folder, ignore_errors=True)
