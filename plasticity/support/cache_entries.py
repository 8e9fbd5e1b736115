"""What the cache of generated code holds: list it, keep it below a limit, clear it.

An entry is all files and folders of one kind whose names agree up to the first dot: source, compiled functions, lock.
"""

from __future__ import annotations

import os
import shutil
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from plasticity.errors import InputError
from plasticity.support.cache import cache_folder

LIMIT = 2e9  # bytes, unless $STEERSMAN_CACHE_LIMIT says otherwise
YOUNG = 600.0  # s; what was used since then may be in use
LOCK = ".lock"  # suffix of a file that stays when what it guards is removed: others may be waiting for it
USED = ".used"  # suffix of an empty file whose age is that of the last use


@dataclass(frozen=True)
class Entry:
    """One thing that was generated, with the paths that belong to it."""

    kind: str
    name: str
    paths: tuple[Path, ...]
    size: int
    last_used: float


def entries() -> list[Entry]:
    """All entries, the one that was not used for longest first."""
    found: defaultdict[tuple[str, str], list[Path]] = defaultdict(list)
    base = cache_folder("").resolve()
    for kind in (path for path in base.iterdir() if path.is_dir()):
        for path in (*_inside(kind), *_inside(kind / "__pycache__")):
            if path.name != "__pycache__":
                found[kind.name, path.name.split(".")[0]].append(path)
    filled = {key: paths for key, paths in found.items() if any(path.suffix != LOCK for path in paths)}
    listed = [_entry(kind, name, paths) for (kind, name), paths in filled.items()]
    return sorted(listed, key=lambda entry: entry.last_used)


def mark_used(path: Path) -> None:
    """Note that the entry of the file `path` is used now; where that cannot be noted it will just seem older."""
    try:
        path.with_suffix(USED).touch()
    except OSError:
        return


def clear() -> list[Entry]:
    """Remove all entries that are not locked by a run, and give them back."""
    return [entry for entry in entries() if _removed(entry)]


def trim(limit: float | None = None) -> list[Entry]:
    """Remove entries, the one not used for longest first, until the rest is below `limit`; give them back.

    Parameters
    ----------
    limit : float, optional
        Bytes; by default ``$STEERSMAN_CACHE_LIMIT``, else 2 GB. Entries used in the last ten minutes stay.

    Raises
    ------
    InputError
        If the environment variable is no number.
    """
    room = limit_in_use() if limit is None else limit
    known = entries()
    excess = sum(entry.size for entry in known) - room
    removed = []
    for entry in known:
        if excess <= 0 or entry.last_used > time.time() - YOUNG:
            break
        if _removed(entry):
            removed.append(entry)
            excess -= entry.size
    return removed


def limit_in_use() -> float:
    """Bytes that the cache may hold."""
    text = os.environ.get("STEERSMAN_CACHE_LIMIT", "")
    try:
        limit = float(text) if text else LIMIT
    except ValueError:
        limit = -1.0
    if not limit >= 0:
        raise InputError(f"STEERSMAN_CACHE_LIMIT must be a number of bytes such as 2e9, got {text!r}")
    return limit


def _inside(folder: Path) -> Iterator[Path]:
    try:
        yield from folder.iterdir()
    except OSError:
        return


def _entry(kind: str, name: str, paths: list[Path]) -> Entry:
    size, last_used = 0, 0.0
    for path in paths:
        for file in [path, *path.rglob("*")] if path.is_dir() else [path]:
            try:
                status = file.lstat()
            except FileNotFoundError:  # another process has just removed it
                continue
            size += status.st_size if not file.is_dir() else 0
            last_used = max(last_used, status.st_mtime)
    return Entry(kind, name, tuple(paths), size, last_used)


def _removed(entry: Entry) -> bool:
    """Remove an entry, all but its lock, unless a run holds that."""
    locks = [path for path in entry.paths if path.suffix == LOCK]
    contents = [path for path in entry.paths if path.suffix != LOCK]
    with _all_locked(locks) as free:
        if not free:
            return False
        for path in contents:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
    return True


@contextmanager
def _all_locked(locks: list[Path]) -> Iterator[bool]:
    """Hold the locks if nobody else does."""
    if not locks:
        yield True
        return
    import fcntl

    with ExitStack() as files:
        try:
            for lock in locks:
                fcntl.flock(files.enter_context(open(lock, "a")), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
