"""Times of functions that run in turn, so that other load on the machine meets all of them."""

from __future__ import annotations

import importlib.metadata
import resource
import time
from collections.abc import Callable, Mapping
from typing import Any


def interleaved(
    functions: Mapping[str, Callable[[], Any]], rounds: int, clock: Callable[[], float] = time.process_time
) -> dict[str, float]:
    """Smallest time [s] of each function in `rounds` rounds; by default CPU seconds of this process."""
    best = dict.fromkeys(functions, float("inf"))
    for _ in range(rounds):
        for name, function in functions.items():
            begin = clock()
            function()
            best[name] = min(best[name], clock() - begin)
    return best


def per_step(functions: Mapping[str, Callable[[int], Any]], rounds: int, steps: tuple[int, int]) -> dict[str, float]:
    """Smallest CPU time [s] of a step: the difference of a long and a short run is without building and copying."""
    best = dict.fromkeys(functions, float("inf"))
    for _ in range(rounds):
        for name, function in functions.items():
            marks = [time.process_time()]
            for n in steps:
                function(n)
                marks.append(time.process_time())
            best[name] = min(best[name], (marks[2] - 2 * marks[1] + marks[0]) / (steps[1] - steps[0]))
    return best


def children_cpu() -> float:
    """CPU seconds of all processes that this one has started and waited for, with theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def named(package: str, title: str | None = None) -> str:
    """Title of an installed package and its version."""
    return f"{title or package} {importlib.metadata.version(package)}"


# Code for another process: its largest memory so far [bytes]. What the kernel counts for a process may include the one
# that started it; what it counts for its memory does not.
PEAK = """
def peak():
    import pathlib, resource
    try:
        status = pathlib.Path("/proc/self/status").read_text().splitlines()
        return 1024.0 * int([line for line in status if line.startswith("VmHWM")][0].split()[1])
    except OSError:
        return 1024.0 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
"""
