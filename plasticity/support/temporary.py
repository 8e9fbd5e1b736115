"""Temporary files and folders: named after the process that made them, removed by the next command if that was killed.

One is in use while its maker holds its lock, which ends with that process, however it ends. So nothing in use is
removed, also on a file system that several machines share, and nothing that others have made.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import TypeVar

NAME = re.compile(r"(?:^|\.)steersman-\d+-[0-9a-f]{16}(?:\.part)?$")
LOCK = ".lock"
File = TypeVar("File", bound=FileIO)


def own_name() -> str:
    """Name that no other process makes: ``steersman-PROCESS-RANDOM``."""
    return f"steersman-{os.getpid()}-{secrets.token_hex(8)}"


def new_part(path: Path, kind: type[File]) -> tuple[File, Path]:
    """File beside `path` for its content until it is complete, and its own path.

    It must stay open until it is renamed.
    """
    while True:
        part = path.with_name(f"{path.name}.{own_name()}.part")
        file = kind(part, "x+")
        if _hold(file.fileno(), part):
            return file, part
        file.close()


def _hold(descriptor: int, path: Path) -> bool:
    """Lock a file that was just made, for as long as it is open; False if another process was about to remove it."""
    try:
        _lock(descriptor)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return path.exists()


@contextmanager
def temporary_folder(base: Path | None = None) -> Iterator[Path]:
    """Folder in `base` (by default that of the system for temporary files), removed at the end.

    What processes that were killed have left there is removed before.
    """
    base = Path(tempfile.gettempdir()) if base is None else base
    remove_left(base)
    folder, lock = _locked_folder(base)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def remove_left(base: Path) -> list[Path]:
    """Remove the temporary files and folders in `base` whose makers have ended, and return their paths."""
    removed = []
    with suppress(OSError):
        for name in os.listdir(base):
            path = base / name
            if NAME.search(name) and _remove_if_left(path):
                removed.append(path)
    return removed


def _locked_folder(base: Path) -> tuple[Path, int]:
    while True:
        folder = base / own_name()
        folder.mkdir(mode=0o700)
        try:
            lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:  # another process took it for one that was left
            continue
        if _hold(lock, folder / LOCK):
            return folder, lock
        os.close(lock)


def _remove_if_left(path: Path) -> bool:
    """Remove a file or folder of ours that nobody uses; links and what belongs to others stay."""
    descriptor = None
    try:
        status = path.lstat()
        is_folder = stat.S_ISDIR(status.st_mode)
        if not (is_folder or stat.S_ISREG(status.st_mode)) or status.st_uid != os.getuid():
            return False
        flags = os.O_RDWR | os.O_NOFOLLOW | (os.O_CREAT if is_folder else 0)
        descriptor = os.open(path / LOCK if is_folder else path, flags, 0o600)
        _lock(descriptor)
        if is_folder:
            shutil.rmtree(path)
        else:
            path.unlink()
    except (OSError, AttributeError):  # in use, gone, or no POSIX system
        return False
    finally:
        if descriptor is not None:
            os.close(descriptor)
    return True


def _lock(descriptor: int) -> None:
    try:
        import fcntl
    except ImportError:
        raise OSError("no locks on this system") from None
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
