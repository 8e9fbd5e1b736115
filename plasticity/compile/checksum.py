"""Compiled functions that numba stores, with a checksum at the end of each file: numba itself ignores what follows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

SIZE = hashlib.sha256().digest_size


def is_intact(path: Path) -> bool:
    """Whether a file ends in the checksum of what comes before; a file that another process has removed is."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return hashlib.sha256(content[:-SIZE]).digest() == content[-SIZE:]


@contextmanager
def checksums() -> Iterator[None]:
    """Let numba, where there is one, write the files of the functions that the body defines with a checksum."""
    try:
        from numba.core import caching
    except ImportError:
        yield
        return

    plain = caching.IndexDataCacheFile

    class WithChecksum(plain):  # type: ignore[misc, valid-type]
        """Files of the compiled versions of a function."""

        @contextmanager
        def _open_for_write(self, filepath: str) -> Iterator[_Hashed]:
            with super()._open_for_write(filepath) as file:
                hashed = _Hashed(file)
                yield hashed
                file.write(hashed.sum.digest())

    caching.IndexDataCacheFile = WithChecksum  # type: ignore[misc, assignment]
    try:
        yield
    finally:
        caching.IndexDataCacheFile = plain  # type: ignore[misc]


class _Hashed:
    """A file that is written through, and its checksum so far."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.sum = file, hashlib.sha256()

    def write(self, data: Any) -> int:
        self.sum.update(data)
        return self.file.write(data)
