"""One run of a sweep, as a worker does it: make the file of the run or keep its error."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Task:
    """What a worker must know; plain enough to be sent."""

    key: str
    scenario: str
    parameters: Mapping[str, Any]
    seed: int
    device: str | None
    folder: str
    code: str


@dataclass(frozen=True)
class Outcome:
    """What has come out of a task: `error` is empty where its file is there."""

    key: str
    error: str = ""


def run_task(task: Task) -> Outcome:
    """Run, write the file, and give back only whether that went well; a file that is there is left alone."""
    from scenarios.running.run import run
    from scenarios.sweeps.point_file import find, save

    folder = Path(task.folder)
    if find(folder, task.key):
        return Outcome(task.key)
    try:
        save(run(task.scenario, task.seed, task.device, **task.parameters), folder, task.key)
    except Exception as error:  # whatever it is, the other runs go on
        return failed(task, f"{type(error).__name__}: {error}", traceback.format_exc())
    return Outcome(task.key)


def failed(task: Task, message: str, trace: str = "", attempts: int = 1) -> Outcome:
    """Keep the error of a task beside the results."""
    from scenarios.sweeps.plan import text
    from scenarios.sweeps.point_file import keep_error

    shown = {key: text(value) for key, value in task.parameters.items()}
    record = {"scenario": task.scenario, "seed": task.seed, "parameters": shown, "error": message}
    keep_error(Path(task.folder), task.key, {**record, "attempts": attempts, "traceback": trace})
    return Outcome(task.key, message)
