"""Other simulators, each in an environment of its own, never in that of this project.

The variable ``STEERSMAN_PEERS`` names a folder with one virtual environment per peer. A worker is a script that its
interpreter runs; see ``workers/worker.py`` for what it reads and what it prints.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from _timing import children_cpu

HERE = Path(__file__).resolve().parent
LIMIT = 1200.0  # s of wall time for one worker


@dataclass(frozen=True)
class Simulator:
    """A simulator that runs the network.

    Parameters
    ----------
    title : str
    worker : str
        Stem of the worker's file.
    environment : str
        Folder of its environment in ``$STEERSMAN_PEERS``; empty for the interpreter of this process.
    packages : str
        What to install there.
    """

    title: str
    worker: str
    environment: str = ""
    packages: str = ""

    @property
    def python(self) -> Path | None:
        """Interpreter, if it is there."""
        if not self.environment:
            return Path(sys.executable)
        base = os.environ.get("STEERSMAN_PEERS", "")
        found = Path(base) / self.environment / "bin" / "python"
        return found if base and found.exists() else None

    @property
    def remedy(self) -> str:
        """How to install it."""
        base = "$STEERSMAN_PEERS" if os.environ.get("STEERSMAN_PEERS") else "peers"
        there = f"{base}/{self.environment}"
        remedy = "" if base.startswith("$") else "; make bench STEERSMAN_PEERS=$PWD/peers"
        return f"not installed: python3 -m venv {there} && {there}/bin/pip install {self.packages}{remedy}"


@dataclass(frozen=True)
class Report:
    """What a worker told, with the CPU and wall seconds of the whole process and its children."""

    version: str
    seconds: float
    memory: float
    rates: tuple[float, float]
    mean: float
    spread: float
    events: float
    whole: float
    wall: float


class WorkerError(Exception):
    """A worker failed; the last line of what it wrote says why."""


def run_worker(simulator: Simulator, task: Path, duration: float, folder: Path) -> Report:
    """Run a worker once.

    Raises
    ------
    WorkerError
        If it fails or takes longer than `LIMIT`.
    """
    python = simulator.python
    script = HERE / "workers" / f"{simulator.worker}.py"
    paths = os.pathsep.join([str(python.parent), os.environ.get("PATH", "")])  # a build there may ask for its python
    caches = {"NUMBA_CACHE_DIR": str(folder / "numba"), "STEERSMAN_CACHE": str(folder / "cache")}
    environment = os.environ | {"PATH": paths, "OMP_NUM_THREADS": "1"} | caches
    before, begin = children_cpu(), time.perf_counter()
    try:
        done = subprocess.run(
            [python, script, task, f"{duration:g}", folder],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise WorkerError(f"took longer than {LIMIT:g} s") from None
    whole, wall = children_cpu() - before, time.perf_counter() - begin
    lines = [text for text in done.stdout.splitlines() if text.startswith("{")]
    if done.returncode or not lines:
        raise WorkerError((done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1][:150])
    report = json.loads(lines[-1])
    return Report(**report | {"rates": tuple(report["rates"])}, whole=whole, wall=wall)
