"""Files of the runs of a sweep: ``KEY.DIGEST.nc``, whole or absent, so that damage shows; ``KEY.error.json`` else."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    import xarray as xr


def save(ds: xr.Dataset, folder: Path, key: str) -> Path:
    """Write the result of the run `key`; its file appears under its name in one step, when it is complete."""
    from plasticity.dataset import write

    part = folder / f"{key}.{uuid4().hex}.part"
    try:
        write(ds, part)
        whole = folder / f"{key}.{digest(part)}.nc"
        os.replace(part, whole)
    finally:
        part.unlink(missing_ok=True)
    error_file(folder, key).unlink(missing_ok=True)
    return whole


def digest(path: Path) -> str:
    """Checksum of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def is_whole(path: Path) -> bool:
    """Whether a file is what its name says."""
    return digest(path) == path.name.split(".")[1]


def survey(folder: Path, keys: Iterable[str]) -> tuple[dict[str, Path], list[str]]:
    """Whole files by key, and the keys of damaged ones, which are removed; so are pieces left by a killed run."""
    wanted = set(keys)
    whole: dict[str, Path] = {}
    damaged = []
    for path in sorted(folder.iterdir()):
        key = path.name.split(".")[0]
        if key not in wanted:
            continue
        if path.suffix == ".part":
            path.unlink(missing_ok=True)
        elif path.suffix == ".nc" and is_whole(path):
            whole[key] = path
        elif path.suffix == ".nc":
            path.unlink(missing_ok=True)
            damaged.append(key)
    return whole, [key for key in damaged if key not in whole]


def remove_pieces(folder: Path) -> None:
    """Remove pieces of the collected file and of the manifest that a killed sweep has left, which nobody else does."""
    for path in folder.glob("*.part"):
        path.unlink(missing_ok=True)


def find(folder: Path, key: str) -> Path | None:
    """Whole file of a run, if there is one."""
    names = [name for name in os.listdir(folder) if name.startswith(f"{key}.") and name.endswith(".nc")]
    return next((path for path in map(folder.joinpath, sorted(names)) if is_whole(path)), None)


def error_file(folder: Path, key: str) -> Path:
    """Where the error of a run is kept."""
    return folder / f"{key}.error.json"


def keep_error(folder: Path, key: str, record: dict[str, Any]) -> None:
    """Keep what went wrong, with the number of attempts so far; quietly do without where nothing can be written."""
    from plasticity.support.cache import write_atomically

    path = error_file(folder, key)
    try:
        earlier = json.loads(path.read_text(encoding="utf-8"))["attempts"] if path.exists() else 0
    except (OSError, ValueError, KeyError, TypeError):
        earlier = 0
    record["attempts"] += earlier
    try:
        write_atomically(path, json.dumps(record, indent=1) + "\n")
    except OSError:
        return  # a full disk: the outcome of the run, which is reported, still has the message
