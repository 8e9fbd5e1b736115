"""Where generated code is kept between runs, so that nothing is compiled twice."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def cache_folder(kind: str) -> Path:
    """Folder for generated code of one `kind`, made if needed.

    It is ``$STEERSMAN_CACHE``, else ``$XDG_CACHE_HOME/steersman``, else ``~/.cache/steersman``; a temporary
    folder where none of these can be written.
    """
    base = os.environ.get("STEERSMAN_CACHE")
    folder = Path(base) if base else Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "steersman"
    try:
        (folder / kind).mkdir(parents=True, exist_ok=True)
        if os.access(folder / kind, os.W_OK):
            return folder / kind
    except OSError:
        pass
    folder = Path(tempfile.gettempdir()) / f"steersman-{_user()}" / kind
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def keep(path: Path, text: str) -> None:
    """Write `text` to `path` in one piece; other processes see the whole file or none."""
    keep_bytes(path, text.encode())


def keep_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` in one piece; other processes see the whole file or none."""
    with tempfile.NamedTemporaryFile("wb", dir=path.parent, suffix=".part", delete=False) as f:
        f.write(data)
    os.replace(f.name, path)


def _user() -> str:
    """Name that keeps the temporary folders of different users apart."""
    return os.environ.get("USER") or os.environ.get("USERNAME") or "anyone"
