"""Cache of derived and compiled things: its folder, keys, atomic writing and size limit.

An entry is all files and folders of one kind whose names agree up to the first dot: source, compiled functions, lock.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import shutil
import stat
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

from plasticity.errors import InputError
from plasticity.support.temporary import new_part

LIMIT = 2e9  # bytes, unless $STEERSMAN_CACHE_LIMIT says otherwise
YOUNG = 600.0  # s; what was used since then may be in use
LOCK = ".lock"  # suffix of a file that stays when its entry is removed: others may be waiting for it
USED = ".used"  # suffix of an empty file whose age is that of the last use


@dataclass(frozen=True)
class Entry:
    """One derived or compiled thing, with the paths that belong to it, its size [bytes] and when it was last used."""

    kind: str
    name: str
    paths: tuple[Path, ...]
    size: int
    last_used: float


def cache_folder(kind: str) -> Path:
    """Folder for entries of one `kind`, made if needed.

    It is ``$STEERSMAN_CACHE``, else ``$XDG_CACHE_HOME/steersman``, else ``~/.cache/steersman``; a temporary folder of
    the user if none of these is defined or writable.

    Raises
    ------
    InputError
        If the folder belongs to another user, or others can write to it: what is in it would be executed.
    """
    base = _preferred_folder()
    try:
        if base is not None:
            base.mkdir(mode=0o700, parents=True, exist_ok=True)
            (base / kind).mkdir(mode=0o700, exist_ok=True)
            if os.access(base / kind, os.W_OK):
                return _own(base / kind, base)
    except OSError:
        pass
    folder = _temporary_folder() / kind
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return _own(folder, folder.parent)


def write_atomically(path: Path, data: str | bytes) -> None:
    """Write a file such that other processes see all of it or none."""
    file, part = new_part(path, FileIO)
    rest = memoryview(data.encode() if isinstance(data, str) else data)
    try:
        with file:
            while rest:
                rest = rest[file.write(rest) :]
            os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def key(*things: Any) -> str:
    """Name of a cache entry that depends on `things`: a hash of their `canonical` texts.

    Examples
    --------
    >>> key("oja", {"a": 1, "b": 2}) == key("oja", {"b": 2, "a": 1})
    True
    """
    return hashlib.sha256(canonical(things).encode()).hexdigest()[:20]


def canonical(value: Any) -> str:
    """Text of a value, the same in every process: records by their fields, arrays by all their numbers.

    Text of numbers, strings, tuples, records and SymPy expressions is a Python expression that makes them again.

    Raises
    ------
    InputError
        If an object has no text but its address.

    Examples
    --------
    >>> import numpy as np
    >>> canonical(np.array([0.1 + 1e-12])) == canonical(np.array([0.1]))  # although they are printed alike
    False
    """
    if isinstance(value, tuple | list):
        parts = "".join(f"{canonical(part)}, " for part in value)
        return f"({parts})" if isinstance(value, tuple) else f"[{parts}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(sorted(f'{canonical(k)}: {canonical(v)}' for k, v in value.items()))}}}"
    if isinstance(value, set | frozenset):
        return f"{{{', '.join(sorted(map(canonical, value)))}}}"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = (f"{f.name}={canonical(getattr(value, f.name))}" for f in dataclasses.fields(value) if f.init)
        return f"{type(value).__qualname__}({', '.join(fields)})"
    if hasattr(value, "tobytes") and hasattr(value, "tolist"):  # of NumPy
        return repr(value.item()) if value.shape == () else f"array({value.dtype}, {value.tolist()!r})"
    if hasattr(value, "free_symbols"):
        import sympy

        return sympy.srepr(value)
    text = repr(value)
    if " at 0x" in text:
        raise InputError(f"{text} cannot be distinguished from others; use a name or a record with a full repr")
    return text


def entries() -> list[Entry]:
    """All entries, the least recently used first."""
    paths: defaultdict[tuple[str, str], list[Path]] = defaultdict(list)
    for kind in (path for path in cache_folder("").resolve().iterdir() if path.is_dir()):
        for path in (*kind.glob("*"), *kind.glob("__pycache__/*")):
            if path.name != "__pycache__":
                paths[kind.name, path.name.split(".")[0]].append(path)
    listed = [_entry(*name, own) for name, own in paths.items() if any(path.suffix != LOCK for path in own)]
    return sorted(listed, key=lambda entry: entry.last_used)


def mark_used(path: Path) -> None:
    """Note that the entry of the file `path` is used now; where that cannot be written it will just seem older."""
    try:
        path.with_suffix(USED).touch()
    except OSError:
        return


def clear() -> list[Entry]:
    """Remove all entries that are not locked by a run, and return them."""
    return [entry for entry in entries() if _remove(entry)]


def trim(limit: float | None = None) -> list[Entry]:
    """Remove entries, the least recently used first, until the rest is below `limit`, and return them.

    Parameters
    ----------
    limit : float, optional
        Bytes; by default `size_limit`. Entries used in the last ten minutes stay.
    """
    known = entries()
    excess = sum(entry.size for entry in known) - (size_limit() if limit is None else limit)
    removed = []
    for entry in known:
        if excess <= 0 or entry.last_used > time.time() - YOUNG:
            break
        if _remove(entry):
            removed.append(entry)
            excess -= entry.size
    return removed


def size_limit() -> float:
    """Bytes that the cache may hold: ``$STEERSMAN_CACHE_LIMIT``, else 2 GB.

    Raises
    ------
    InputError
        If the environment variable is no number.
    """
    text = os.environ.get("STEERSMAN_CACHE_LIMIT", "")
    try:
        limit = float(text) if text else LIMIT
    except ValueError:
        limit = -1.0
    if not limit >= 0:
        raise InputError(f"STEERSMAN_CACHE_LIMIT must be a number of bytes such as 2e9, got {text!r}")
    return limit


def _preferred_folder() -> Path | None:
    """Folder named by the environment; None for a user without a home, as in some containers."""
    if own := os.environ.get("STEERSMAN_CACHE"):
        return Path(own).absolute()
    shared = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if shared.is_absolute():  # else it is to be ignored, says the specification of XDG
        return shared / "steersman"
    try:
        return Path.home() / ".cache" / "steersman"
    except RuntimeError:
        return None


def _temporary_folder() -> Path:
    """Temporary folder to which no other user can write."""
    user = os.environ.get("USERNAME", "anyone") if sys.platform == "win32" else str(os.getuid())
    folder = Path(tempfile.gettempdir()) / f"steersman-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _own(folder: Path, base: Path) -> Path:
    """Return `folder` unless it or its `base` is another user's, or others can write to one of them."""
    if sys.platform == "win32":
        return folder
    for path in (base, folder):
        status = path.stat()
        if status.st_uid != os.getuid() or path.lstat().st_uid not in (0, os.getuid()):  # a link may be root's
            raise InputError(f"{path} belongs to another user; set STEERSMAN_CACHE to a folder of your own")
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise InputError(
                f"others can write to {path}, whose content would be executed; run `chmod go-w {path}`, or set "
                "STEERSMAN_CACHE to a folder of your own"
            )
    return folder


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


def _remove(entry: Entry) -> bool:
    """Remove an entry, all but its lock; False if a run holds that."""
    with _locked([path for path in entry.paths if path.suffix == LOCK]) as is_free:
        if not is_free:
            return False
        for path in entry.paths:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif path.suffix != LOCK:
                path.unlink(missing_ok=True)
    return True


@contextmanager
def _locked(locks: list[Path]) -> Iterator[bool]:
    """Hold the locks; False if another process holds one of them."""
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
