"""Folder of a sweep: its manifest, its lock, and a file for every run.

The result of a run is ``runs/KEY.CHECKSUM.nc``, complete or absent, so that damage is detected; its error is
``runs/KEY.error.json``.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plasticity.errors import InputError
from plasticity.support.cache import canonical, write_atomically
from plasticity.support.temporary import remove_left
from scenarios.sweeps.plan import Plan, text, version

if TYPE_CHECKING:
    import xarray as xr

FORMAT = 1
MANIFEST = "manifest.json"
OWN = re.compile(r"runs|(whole|shard-\d+-of-\d+)\.lock|manifest\.json\.steersman-.*\.part")  # made before the manifest
NAMES = {"code": "code of this project", "axes": "swept values"}  # parts of a manifest, for messages


def manifest(plan: Plan) -> dict[str, Any]:
    """Description of a sweep, as plain JSON."""
    content = {
        "format": FORMAT,
        "scenario": plan.scenario,
        "version": version(),
        "code": plan.code,
        "device": plan.device,
        "parameters": plan.fixed,
        "axes": [{"name": a.name, "values": {k: list(map(text, plan.labels[k])) for k in a.keys}} for a in plan.axes],
        "points": [{"key": p.key, "index": p.index, "seed": p.seed} for p in plan.points],
    }
    return json.loads(json.dumps(content, default=canonical))


def prepare(folder: Path) -> Path:
    """Make the folder of a sweep, and return that for its runs.

    Raises
    ------
    InputError
        If it cannot be made, or holds something that is no sweep.
    """
    runs = folder.absolute() / "runs"
    try:
        if (folder / MANIFEST).exists():
            _existing(folder / MANIFEST)
        elif folder.is_dir():
            foreign = sorted(path.name for path in folder.iterdir() if not OWN.fullmatch(path.name))
            if foreign or (runs.is_dir() and any(runs.iterdir())):
                what = ", ".join(foreign[:3]) or "runs/ without a manifest"
                raise InputError(f"{folder} holds {what}, and no sweep; choose a new or an empty folder")
        runs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make {runs}: {error.strerror}; choose another folder") from error
    for place in (folder, runs):
        remove_left(place)
    return runs


def claim(folder: Path, plan: Plan, resume: bool) -> None:
    """Write the manifest of the sweep `plan` to `folder`, or compare it with the one there.

    Raises
    ------
    InputError
        If the folder holds another sweep, or this one and `resume` is false, or it cannot be written.
    """
    path = folder / MANIFEST
    new = manifest(plan)
    if not path.exists():
        try:
            write_atomically(path, json.dumps(new, indent=1) + "\n")
        except OSError as error:
            raise InputError(f"cannot write {path}: {error.strerror}; choose another folder") from error
        return
    old = _existing(path)
    if differ := [key for key in new if old.get(key) != new[key]]:
        if "scenario" in differ and "code" in differ:
            differ.remove("code")  # every scenario has code of its own
        what = ", ".join(NAMES.get(key, key) for key in differ if key != "points") or "points"
        remedy = "finish it with the code that started it, or choose" if "code" in differ else "choose"
        raise InputError(f"{folder} holds another sweep: it differs in {what}; {remedy} another folder")
    if not resume:
        raise InputError(
            f"{folder} already holds this sweep; finish it with resume=True (--resume), or use another folder"
        )


def _existing(path: Path) -> dict[str, Any]:
    """The manifest at `path`, which must be that of a sweep."""
    try:
        old = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}; remove it to restart the sweep") from error
    if not isinstance(old, dict) or not {"format", "scenario"} <= old.keys():
        raise InputError(f"{path} is no manifest of a sweep; choose another folder")
    return old


@contextmanager
def locked(folder: Path, shard: tuple[int, int] | None = None) -> Iterator[None]:
    """Keep other sweeps out of `folder` while the body runs; different shards of one sweep share it.

    The lock ends with the process, however that ends.

    Raises
    ------
    InputError
        If another sweep is running there.
    """
    try:
        import fcntl
    except ImportError:
        raise InputError("a sweep needs a POSIX system; on Windows use WSL") from None
    names = ["whole.lock"] + ([f"shard-{shard[0]}-of-{shard[1]}.lock"] if shard else [])
    with ExitStack() as files:
        for name in names:
            kind = fcntl.LOCK_SH if shard and name == "whole.lock" else fcntl.LOCK_EX
            try:
                fcntl.flock(files.enter_context(open(folder / name, "a+")), kind | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InputError(
                    f"another sweep is running in {folder}; wait for it to end, or choose another folder"
                ) from None
            except OSError as error:
                raise InputError(f"cannot lock {folder}: {error.strerror}; choose another folder") from error
        yield


def save(ds: xr.Dataset, runs: Path, key: str) -> None:
    """Write the result of the run `key`."""
    from plasticity.dataset import encode
    from plasticity.support.whole_file import whole_file

    content = encode(ds)
    with whole_file(runs / f"{key}.{checksum(content)}.nc") as file:
        file.write(content)
    error_file(runs, key).unlink(missing_ok=True)


def checksum(content: bytes | memoryview) -> str:
    """Hash of the content of a file."""
    return hashlib.sha256(content).hexdigest()[:16]


def survey(runs: Path, keys: Iterable[str]) -> tuple[dict[str, Path], list[str]]:
    """Intact files by key, and the keys of damaged ones; damaged files are removed."""
    ours = set(keys)
    intact: dict[str, Path] = {}
    damaged = []
    for path in sorted(runs.iterdir()):
        key = path.name.split(".")[0]
        if key not in ours or path.suffix != ".nc":
            continue
        if is_intact(path):
            intact[key] = path
            continue
        path.unlink(missing_ok=True)
        damaged.append(key)
    return intact, [key for key in damaged if key not in intact]


def is_intact(path: Path) -> bool:
    """Whether the content of a file has the checksum in its name."""
    return checksum(path.read_bytes()) == path.name.split(".")[1]


def result(runs: Path, key: str) -> Path | None:
    """Intact file of a run, if there is one."""
    return next((path for path in sorted(runs.glob(f"{key}.*.nc")) if is_intact(path)), None)


def error_file(runs: Path, key: str) -> Path:
    """File for the error of a run."""
    return runs / f"{key}.error.json"


def save_error(runs: Path, key: str, record: dict[str, Any]) -> None:
    """Write the error of a run, with the number of attempts so far."""
    path = error_file(runs, key)
    try:
        earlier = json.loads(path.read_text(encoding="utf-8"))["attempts"] if path.exists() else 0
    except (OSError, ValueError, KeyError, TypeError):
        earlier = 0
    record = {**record, "attempts": record["attempts"] + earlier}
    try:
        write_atomically(path, json.dumps(record, indent=1) + "\n")
    except OSError:
        return  # a full disk: the message is also in the outcome of the run, which is reported
