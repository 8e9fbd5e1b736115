"""A sweep of 100 short runs: two workers against one, and against a loop in one process that writes the same files.

Wall seconds, as the workers run at the same time; every process has one thread per library. The Datasets of one and two
workers are identical, and the runs of the loop equal those of the sweep. Then what collecting 1,000 runs takes.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import xarray as xr
from _table import Row
from _timing import PEAK, interleaved

from plasticity.dataset import read
from plasticity.support.workers import THREADS

SCENARIO, SETTINGS = "digits", {"n_images": 400, "n_epochs": 2, "n_trials": 1, "n_rates": 1, "n_tuning_trials": 1}
GRID = {"discount": [1e-9, 1e-6, 1e-3, 1.0, 10.0]}
LOOP = f"""
import sys, scenarios
from plasticity.dataset import write
for discount in {GRID["discount"]}:
    for seed in range(int(sys.argv[1])):
        ds = scenarios.run({SCENARIO!r}, seed=seed, discount=discount, **{SETTINGS})
        write(ds, sys.argv[2] + f"/{{discount}}-{{seed}}.nc")
"""
SWEEP = f"""
import sys, scenarios
seeds, folder, workers = range(int(sys.argv[1])), sys.argv[2], int(sys.argv[3])
scenarios.sweep({SCENARIO!r}, {GRID}, seeds, folder, resume=False, workers=workers, **{SETTINGS})
"""
COLLECT = f"""{PEAK}
import sys, time
from pathlib import Path
from scenarios.sweeps.collect import collect
from scenarios.sweeps.design import grid_axes, seed_axis
from scenarios.sweeps.make_plan import make_plan
result, n = Path(sys.argv[1]), int(sys.argv[2])
plan = make_plan("horizon", (seed_axis(range(n)),), {{}}, None)
begun = time.perf_counter()
collect(plan, {{point.key: result for point in plan.points}}, result.with_suffix(".all"))
print(1e3 * (time.perf_counter() - begun), peak() / 1e6)
"""


def process(code: str, *arguments: object) -> str:
    """Run code in a process with one thread per library; what it prints."""
    environment = os.environ | dict.fromkeys(THREADS, "1")
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, check=True, env=environment, capture_output=True, text=True).stdout


def rows(quick: bool) -> Iterator[Row]:
    """Rows of running, then of collecting."""
    n_seeds = 4 if quick else 20
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        process("import scenarios; scenarios.run('digits', n_images=100, n_epochs=1, n_rates=1)")  # compile
        yield from running(folder, n_seeds, 1 if quick else 2)
        yield from collecting(folder / "run.nc")


def running(folder: Path, n_seeds: int, rounds: int) -> Iterator[Row]:
    """The loop, one worker and two."""
    last = {}

    def go(where: str) -> None:
        last[where] = Path(tempfile.mkdtemp(dir=folder))
        process(LOOP if where == "loop" else SWEEP, n_seeds, last[where], where)

    functions = {where: partial(go, where) for where in ("loop", "1", "2")}
    best = interleaved(functions, rounds, time.perf_counter)
    one, two = (read(last[workers] / "sweep.nc") for workers in "12")
    xr.testing.assert_identical(one.drop_attrs(deep=False), two.drop_attrs(deep=False))
    for seed in range(n_seeds):
        alone = read(last["loop"] / f"{GRID['discount'][0]}-{seed}.nc")
        found = one.test_accuracy.isel(discount=0, drop=True).sel(seed=seed, drop=True)
        xr.testing.assert_equal(alone.test_accuracy, found)
    what, high = f"sweep of {n_seeds * len(GRID['discount'])} runs of {SCENARIO}", math.inf
    same = "identical Datasets; processes and imports included"
    yield Row(f"{what}, 2 workers", "loop in one process", best["2"], best["loop"], "wall s", (1.0, high), same)
    yield Row(f"{what}, 2 workers", "1 worker", best["2"], best["1"], "wall s", (1.0, high), same)
    yield Row(f"{what}, 1 worker", "loop in one process", best["1"], best["loop"], "wall s", (0.8, high), same)


def collecting(result: Path) -> Iterator[Row]:
    """Ten times as many runs take at most ten times as long and no more memory."""
    code = "import scenarios, sys; from plasticity.dataset import write; write(scenarios.run('horizon'), sys.argv[1])"
    process(code, result)
    few, many = (tuple(map(float, process(COLLECT, result, n).split())) for n in (100, 1000))
    shown = f"{result.with_suffix('.all').stat().st_size / 1e6:.0f} MB written"
    times = (many[0] / 1000, few[0] / 100)
    yield Row("collecting 1000 runs, time per run", "collecting 100 runs", *times, "wall ms", (0.7, math.inf), shown)
    memory = (many[1], few[1])
    yield Row("collecting 1000 runs, peak memory", "collecting 100 runs", *memory, "MB", (0.8, math.inf), shown)
