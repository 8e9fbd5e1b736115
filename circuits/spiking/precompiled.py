"""Header that all models share, compiled once per toolchain: a file of the cache whose name holds its checksum."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from circuits.spiking.toolchain import compiler, toolchain
from plasticity.support.cache import cache_folder, key, mark_used, write_atomically
from plasticity.support.cli import say

KIND = "headers"


def fetch_header(path: Path) -> None:
    """Put the compiled header at `path` if the cache has it; a damaged one is removed."""
    if not _is_portable():
        return
    for known in cache_folder(KIND).glob(f"{_stem()}.*.gch"):
        if not is_intact(known):
            known.unlink(missing_ok=True)
            say(f"the compiled header {known} is damaged and will be made again")
            continue
        try:
            os.link(known, path)
        except OSError:  # another file system, or one without such links
            shutil.copyfile(known, path)
        mark_used(cache_folder(KIND) / _stem())
        return


def store_header(path: Path) -> None:
    """Store the compiled header at `path` for other models."""
    if not _is_portable() or not path.is_file():
        return
    stored = cache_folder(KIND) / f"{_stem()}.{_checksum(path)}.gch"
    if not stored.exists():
        write_atomically(stored, path.read_bytes())


def is_intact(path: Path) -> bool:
    """Whether a stored header is what was written."""
    return path.name.split(".")[-2] == _checksum(path)


def _is_portable() -> bool:
    """Whether a header that was compiled in one folder serves in another: with GCC, not with Clang."""
    command = shutil.which((compiler() or "none").split()[-1])
    return command is not None and "clang" not in Path(command).resolve().name


def _stem() -> str:
    return key(toolchain())


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:32]
