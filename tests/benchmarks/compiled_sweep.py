"""A sweep of a spiking scenario: one compiled binary for all its runs.

Against a loop that compiles each run (a few of them, with an empty cache and without ccache; the time of one is
multiplied), wall seconds; against the bare binaries for runs of more than a second, CPU seconds; one worker against
two. Results are the same: compared between one and two workers, and with the run that was compiled for itself.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import xarray as xr
from _table import Missing, Row
from _timing import children_cpu

from circuits.running.run import compiler
from plasticity.dataset import read
from plasticity.support.workers import THREADS

SHORT = {"rules": ["gradient"], "n_presentations": 10}  # 2 s simulated
LONG = {"rules": ["gradient"], "n_presentations": 900}
ONE = """
import json, sys, scenarios
from plasticity.dataset import write
settings = json.loads(sys.argv[1])
write(scenarios.run("spike_timing", seed=int(sys.argv[2]), device="cpp", **settings), sys.argv[3])
"""
LOOP = """
import json, resource, sys, scenarios
settings, n = json.loads(sys.argv[1]), int(sys.argv[2])
for seed in range(n):
    scenarios.run("spike_timing", seed=seed, device="cpp", **settings)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime)
"""
SWEEP = """
import json, sys, scenarios
settings, n, folder, workers = json.loads(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
scenarios.sweep("spike_timing", None, range(n), folder, False, workers=workers, device="cpp", **settings)
"""


def process(code: str, *arguments: object, **environment: str) -> str:
    """Run code in a process with one thread per library; what it prints."""
    environment = os.environ | dict.fromkeys(THREADS, "1") | environment
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, check=True, env=environment, capture_output=True, text=True).stdout


def wall(*arguments: object, **environment: str) -> float:
    """Wall seconds of a process."""
    begin = time.perf_counter()
    process(*arguments, **environment)
    return time.perf_counter() - begin


def rows(quick: bool) -> Iterator[Row | Missing]:
    """Rows of short runs, then of long ones."""
    if compiler() is None:
        yield Missing("sweep of a spiking scenario", "a loop that compiles", "needs a C++ compiler")
        return
    with tempfile.TemporaryDirectory() as name:
        yield from short(Path(name), 20 if quick else 100, 1 if quick else 2)
        yield from long(Path(name), 12)


def short(folder: Path, n: int, n_built: int) -> Iterator[Row]:
    """Runs of 2 s simulated time."""
    settings = json.dumps(SHORT)
    built = min(
        wall(ONE, settings, 0, folder / "one.nc", STEERSMAN_CACHE=str(folder / f"cache{k}"), CCACHE_DISABLE="1")
        for k in range(n_built)
    )
    process(ONE, settings, 0, folder / "warm.nc")
    times = {workers: wall(SWEEP, settings, n, folder / workers, workers) for workers in "12"}
    one, two = (read(folder / workers / "sweep.nc") for workers in "12")
    xr.testing.assert_identical(one.drop_attrs(deep=False), two.drop_attrs(deep=False))
    alone = read(folder / "one.nc").loss
    xr.testing.assert_equal(alone, one.loss.sel(seed=0, drop=True))
    what, same = f"sweep of {n} compiled runs, 2 s simulated", "identical Datasets; processes and imports included"
    loop = f"loop that compiles each, {n} x {built:.1f} s"
    yield Row(f"{what}, 2 workers", loop, times["2"], n * built, "wall s", (20.0, math.inf), same)
    yield Row(f"{what}, 2 workers", "1 worker", times["2"], times["1"], "wall s", (1.0, math.inf), same)


def long(folder: Path, n: int) -> Iterator[Row]:
    """Runs in which the binary takes more than a second."""
    settings = json.dumps(LONG)
    process(LOOP, settings, 1)  # compiled
    bare = float(process(LOOP, settings, n))
    before = children_cpu()
    process(SWEEP, settings, n, folder / "long", 1)
    used = children_cpu() - before
    what, high = f"sweep of {n} compiled runs of {bare / n:.1f} s, 1 worker", math.inf
    yield Row(what, "the bare binaries", used, bare, "CPU s", (1 / 1.3, high), "the same runs; imports included")
