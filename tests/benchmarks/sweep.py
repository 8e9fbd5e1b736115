"""A sweep of 100 short runs: two workers against one, and against a loop in one process that writes the same files.

Prints wall seconds of interleaved rounds and ratios, then the seconds and the memory that collecting 1,000 runs takes.
The same work is proven: the Datasets are identical, and the runs of the loop equal those of the sweep.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import xarray as xr

from plasticity.dataset import read
from scenarios._workers import THREADS

N_SEEDS, ROUNDS = 20, 2
SCENARIO, SETTINGS = "digits", {"n_images": 400, "n_epochs": 2, "n_trials": 1, "n_rates": 1, "n_tuning_trials": 1}
GRID = {"discount": [1e-9, 1e-6, 1e-3, 1.0, 10.0]}
LOOP = f"""
import sys, scenarios
from plasticity.dataset import write
for discount in {GRID["discount"]}:
    for seed in range({N_SEEDS}):
        ds = scenarios.run({SCENARIO!r}, seed=seed, discount=discount, **{SETTINGS})
        write(ds, sys.argv[1] + f"/{{discount}}-{{seed}}.nc")
"""
SWEEP = f"""
import sys, scenarios
from pathlib import Path
from scenarios._design import grid_axes, seed_axis
from scenarios._sweep import run_sweep
axes = (*grid_axes({GRID}), seed_axis(range({N_SEEDS})))
run_sweep({SCENARIO!r}, axes, Path(sys.argv[1]), False, workers=int(sys.argv[2]), fixed={SETTINGS})
"""
COLLECT = """
import resource, sys, time
from pathlib import Path
from scenarios._collect import collect
from scenarios._design import grid_axes, seed_axis
from scenarios._plan import make_plan
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
result, n = Path(sys.argv[1]), int(sys.argv[2])
plan = make_plan("horizon", (seed_axis(range(n)),), {}, None)
begun = time.perf_counter()
collect(plan, {point.key: result for point in plan.points}, result.with_suffix(".all"))
print(time.perf_counter() - begun, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e3)
"""


def seconds(code: str, *arguments: str) -> tuple[float, str]:
    """Wall time of a process with one thread per library, and what it prints."""
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        check=True,
        env=os.environ | dict.fromkeys(THREADS, "1"),
        stderr=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    return time.perf_counter() - begun, done.stdout


def contest(folder: Path) -> dict[str, float]:
    """Smallest times of the loop and of sweeps with one and two workers."""
    times: dict[str, list[float]] = {"loop": [], "1": [], "2": []}
    for number in range(ROUNDS):
        for name, taken in times.items():
            where = folder / f"{name}-{number}"
            where.mkdir()
            taken.append(seconds(LOOP if name == "loop" else SWEEP, str(where), name)[0])
    one, two = (read(folder / f"{workers}-0" / "sweep.nc") for workers in "12")
    xr.testing.assert_identical(one.drop_attrs(deep=False), two.drop_attrs(deep=False))
    for seed in range(N_SEEDS):
        alone = read(folder / "loop-0" / f"{GRID['discount'][0]}-{seed}.nc")
        xr.testing.assert_equal(
            alone.test_accuracy, one.test_accuracy.isel(discount=0, drop=True).sel(seed=seed, drop=True)
        )
    return {name: min(taken) for name, taken in times.items()}


def main() -> None:
    """Print the comparisons."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seconds("import scenarios; scenarios.run('digits', n_images=100, n_epochs=1, n_rates=1)")  # compile
        best = contest(folder)
        n = N_SEEDS * len(GRID["discount"])
        print(f"{n} runs of {SCENARIO}, processes and imports included, smallest of {ROUNDS} interleaved rounds")
        print(f"loop in one process {best['loop']:.1f} s, 1 worker {best['1']:.1f} s, 2 workers {best['2']:.1f} s")
        print(
            f"loop/2 workers {best['loop'] / best['2']:.2f}; 1 worker/2 workers {best['1'] / best['2']:.2f}; "
            f"1 worker/loop {best['1'] / best['loop']:.2f}"
        )
        code = (
            "import scenarios, sys; from plasticity.dataset import write; write(scenarios.run('horizon'), sys.argv[1])"
        )
        result = folder / "run.nc"
        seconds(code, str(result))
        for n in (100, 1000):
            taken, memory = map(float, seconds(COLLECT, str(result), str(n))[1].split())
            size = (folder / "run.all").stat().st_size / 1e6
            print(f"collecting {n:4} runs into {size:.0f} MB: {taken:.1f} s, memory grows by {memory:.0f} MB")
    print(f"largest process of all: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3:.0f} MB")


if __name__ == "__main__":
    main()
