"""What every worker tells: one line of JSON with its version, times, memory, rates and weights.

A worker is a script, run by the interpreter of its simulator: ``python X.py task.npz duration folder``. It reads the
network from `task.npz`, may build in `folder` and keep there what it builds, and simulates `duration` seconds.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np


def read_task() -> SimpleNamespace:
    """Network, duration and folder that the command line names."""
    path, duration, folder = sys.argv[1:]
    with np.load(path) as file:
        task = {name: file[name][()] for name in file.files}
    return SimpleNamespace(**task, duration=float(duration), folder=Path(folder))


def own_cpu() -> float:
    """CPU seconds of this process with all its threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def children_cpu() -> float:
    """CPU seconds of the processes that this one has started and waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def peak(process: str = "self") -> float:
    """Largest memory of a process so far [bytes]; 0 where the system does not tell."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    found = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return float(found[0].split()[1]) * 1024 if found else 0.0


class ChildPeak:
    """Largest memory [bytes] of any child process while the block runs: its parent looks 50 times a second."""

    def __enter__(self) -> ChildPeak:
        """Start to look."""
        self.bytes, self._done = 0.0, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Stop."""
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(0.02):
            for task in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
                try:
                    children = task.read_text(encoding="utf-8").split()
                except OSError:  # a thread that has just ended
                    continue
                self.bytes = max([self.bytes, *(peak(child) for child in children if _runs_another_program(child))])


def _runs_another_program(process: str) -> bool:
    """Whether a child has begun its own program: until then its memory is a copy of its parent's."""
    try:
        return os.readlink(f"/proc/{process}/exe") != os.readlink("/proc/self/exe")
    except OSError:
        return False


def tell(version: str, seconds: float, memory: float, counts: np.ndarray, w: np.ndarray, task: SimpleNamespace) -> None:
    """Print the report; `counts` are the spikes of all neurons, excitatory ones first, `w` relative to the largest."""
    n = int(task.n_excitatory)
    rates = [float(part.mean()) / task.duration for part in (counts[:n], counts[n:])]
    report = {"version": version, "seconds": seconds, "memory": memory, "rates": rates}
    report |= {"mean": float(np.mean(w)), "spread": float(np.std(w)), "events": _events(counts, task)}
    print(json.dumps(report), flush=True)


def _events(counts: np.ndarray, task: SimpleNamespace) -> float:
    """How often a spike reaches a synapse: all synapses forward, plastic ones also backward."""
    n = int(task.n_excitatory)
    forward = np.bincount(task.ee_i, minlength=n) + np.bincount(task.ei_i, minlength=n)
    inhibits = np.bincount(task.ie_i, minlength=len(counts) - n) + np.bincount(task.ii_i, minlength=len(counts) - n)
    backward = np.bincount(task.ee_j, minlength=n)
    return float(counts[:n] @ (forward + backward) + counts[n:] @ inhibits)


class Stopwatch:
    """CPU seconds of this process since it was made."""

    def __init__(self) -> None:
        self._begin, self._wall = own_cpu(), time.perf_counter()

    def __call__(self) -> float:
        """CPU seconds."""
        return own_cpu() - self._begin
