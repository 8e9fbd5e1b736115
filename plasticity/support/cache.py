"""Where generated code is kept between runs, so that nothing is compiled twice."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from plasticity.errors import InputError


def cache_folder(kind: str) -> Path:
    """Folder for generated code of one `kind`, made if needed.

    It is ``$STEERSMAN_CACHE``, else ``$XDG_CACHE_HOME/steersman``, else ``~/.cache/steersman``; a temporary
    folder of the user where there is none of these or it cannot be written.

    Raises
    ------
    InputError
        If the temporary folder belongs to somebody else: what is kept there is run.
    """
    base = _wanted()
    try:
        if base is not None:
            (base / kind).mkdir(parents=True, exist_ok=True)
            if os.access(base / kind, os.W_OK):
                return base / kind
    except OSError:
        pass
    folder = _temporary() / kind
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def keep(path: Path, text: str) -> None:
    """Write `text` to `path` in one piece; other processes see the whole file or none."""
    keep_bytes(path, text.encode())


def keep_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` in one piece; other processes see the whole file or none."""
    part = path.with_name(f"{path.name}.{os.urandom(8).hex()}.part")
    try:
        part.write_bytes(data)
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _wanted() -> Path | None:
    """Folder that the environment asks for; None for a user without a home, as in some containers."""
    if asked := os.environ.get("STEERSMAN_CACHE"):
        return Path(asked).absolute()
    shared = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if shared.is_absolute():  # else it is to be ignored, says the specification of XDG
        return shared / "steersman"
    try:
        return Path.home() / ".cache" / "steersman"
    except RuntimeError:
        return None


def _temporary() -> Path:
    """Temporary folder that nobody else can write to."""
    who = os.environ.get("USERNAME", "anyone") if sys.platform == "win32" else str(os.getuid())
    folder = Path(tempfile.gettempdir()) / f"steersman-{who}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if sys.platform != "win32" and folder.lstat().st_uid != os.getuid():
        raise InputError(f"{folder} belongs to somebody else; set STEERSMAN_CACHE to a folder of your own")
    return folder
