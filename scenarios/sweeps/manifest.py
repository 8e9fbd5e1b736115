"""Manifest of a sweep: which sweep a folder holds, and who is at work on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from plasticity.errors import InputError
from plasticity.support.cache import canonical, write_atomically
from scenarios.sweeps.plan import Plan, text, version

FORMAT = 1
NAME = "manifest.json"


def claim(folder: Path, plan: Plan, resume: bool) -> None:
    """Make `folder` the home of the sweep `plan`, or check that it is.

    Raises
    ------
    InputError
        If it holds another sweep, or this one and `resume` is false, or it cannot be written.
    """
    path = folder / NAME
    mine = manifest(plan)
    if path.exists():
        _compare(folder, _read(path), mine)
        if not resume:
            raise InputError(
                f"{folder} already holds this sweep; finish it with resume=True (--resume), or use another folder"
            )
        return
    try:
        write_atomically(path, json.dumps(mine, indent=1) + "\n")
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}; choose another folder") from error


def manifest(plan: Plan) -> dict[str, Any]:
    """What is written: plain JSON."""
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


@contextmanager
def locked(folder: Path, shard: tuple[int, int] | None = None) -> Iterator[None]:
    """Keep other sweeps out of `folder` while the body runs; different shards of one sweep share it.

    The lock goes with the process, however it ends.

    Raises
    ------
    InputError
        If a sweep is at work there.
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
                    f"another sweep is at work in {folder}; wait for it to end, or choose another folder"
                ) from None
            except OSError as error:
                raise InputError(f"cannot lock {folder}: {error.strerror}; choose another folder") from error
        yield


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}; remove it to start the sweep again") from error
    if not isinstance(found, dict):
        raise InputError(f"{path} is no manifest of a sweep; choose another folder")
    return found


def _compare(folder: Path, found: dict[str, Any], mine: dict[str, Any]) -> None:
    differ = [key for key in mine if key != "points" and found.get(key) != mine[key]]
    if "scenario" in differ and "code" in differ:  # each scenario has its own code
        differ.remove("code")
    if differ or found.get("points") != mine["points"]:
        names = {"code": "code of this project", "axes": "swept values"}
        what = ", ".join(names.get(key, key) for key in differ) or "points"
        remedy = "finish it with the code it was begun with, or choose" if "code" in differ else "choose"
        raise InputError(f"{folder} holds another sweep: it differs in {what}; {remedy} another folder")
