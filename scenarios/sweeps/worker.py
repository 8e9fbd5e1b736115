"""One run of a sweep, as a worker does it."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Task:
    """One run: everything that a worker needs."""

    key: str
    scenario: str
    parameters: Mapping[str, Any]
    seed: int
    device: str | None
    folder: str
    code: str


@dataclass(frozen=True)
class Outcome:
    """Outcome of a task: `error` is empty if its file was written."""

    key: str
    error: str = ""


def run_task(task: Task) -> Outcome:
    """Run and write the result, if it is not there already."""
    from scenarios.running.run import run
    from scenarios.sweeps.folder import result, save

    runs = Path(task.folder)
    if result(runs, task.key):
        return Outcome(task.key)
    try:
        save(run(task.scenario, task.seed, task.device, **task.parameters), runs, task.key)
    except Exception as error:  # whatever it is, the other runs go on
        return failed(task, f"{type(error).__name__}: {error}", traceback.format_exc())
    return Outcome(task.key)


def failed(task: Task, message: str, trace: str = "", attempts: int = 1) -> Outcome:
    """Write the error of a task beside the results."""
    from scenarios.sweeps.folder import save_error
    from scenarios.sweeps.plan import text

    parameters = {key: text(value) for key, value in task.parameters.items()}
    record = {"scenario": task.scenario, "seed": task.seed, "parameters": parameters, "error": message}
    save_error(Path(task.folder), task.key, {**record, "attempts": attempts, "traceback": trace})
    return Outcome(task.key, message)
