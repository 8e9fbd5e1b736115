"""A network with a million plastic synapses in the spiking engine, against the same work done elsewhere.

Every simulator runs the same 4000 neurons with the same synapses from the same start, in its own process, in turn.
Times are CPU seconds of simulating: of the whole binary in this project and Brian2, of the simulating call elsewhere.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from _peers import HERE, Report, Simulator, WorkerError, run_worker
from _table import Missing, Row
from _timing import interleaved

OURS = Simulator("spiking engine", "steersman_network")
BY_HAND = Simulator("Brian2 C++ by hand", "brian2_network")
IN_NEURONS = Simulator("Brian2 C++ by hand, traces in neurons", "brian2_neuron_traces")
LIMIT = Simulator("numba loop by hand", "numba_network")
NEST = Simulator("NEST", "nest_network", "nest", "nest-simulator")
ANNARCHY = Simulator("ANNarchy", "annarchy_network", "annarchy", "ANNarchy")
BRAINPY = Simulator("BrainPy", "brainpy_network", "brainpy", "brainpy 'jax[cpu]' numba")
WANTED = {LIMIT.worker: 0.45, IN_NEURONS.worker: 0.87, NEST.worker: 4.0}  # theirs/ours
SIZES = (1250, 4000, 8000)  # neurons: 10⁵, 10⁶ and 4·10⁶ plastic synapses
SHORT = 0.2  # s simulated by what takes more than a minute for a second
Runs = dict[str, list[Report]]


def rows(quick: bool) -> Iterator[Row | Missing]:
    """Rows of times, of memory and of what a start costs."""
    if shutil.which("g++") is None and shutil.which("clang++") is None and shutil.which("c++") is None:
        yield Missing("STDP network", "all", "no C++ compiler: install g++ or clang++")
        return
    duration, rounds = (1.0, 2) if quick else (5.0, 3)
    with _workplace(quick) as (task, n_plastic, folder):
        what = f"STDP network, {n_plastic:.2e} plastic synapses"
        compared = [BY_HAND, IN_NEURONS, LIMIT, NEST, ANNARCHY]
        present = [s for s in (OURS, *compared) if s.python]
        runs, failed = _measured(present, task, duration, rounds + (not quick), folder, quick)
        if OURS.worker not in runs:
            yield Missing(what, "all", failed[OURS.worker])
            return
        for simulator in compared:
            wanted = WANTED.get(simulator.worker, 1.0), math.inf
            yield from _row(f"{what}, {duration:g} s", simulator, runs, failed, wanted)
        yield from _memory(compared, runs, n_plastic)
        yield from _starts(runs, quick)
        yield from _warm((SHORT,) if quick else (0.1, 1.0, duration), task, folder)
        yield from _growth(SIZES[: 2 if quick else 3], folder)
        yield from _short(what, task, rounds - 1, folder)


@contextmanager
def _workplace(quick: bool) -> Iterator[tuple[Path, int, Path]]:
    """Network in a file, and the folder of what is built: an empty one, or a quick run's, that is kept."""
    sys.path.insert(0, str(HERE / "workers"))
    from network import write_task

    from plasticity.support.cache import cache_folder

    with tempfile.TemporaryDirectory() as name:
        task = Path(name) / "task.npz"
        n_plastic = write_task(task)
        yield task, n_plastic, cache_folder("benchmarks") if quick else Path(name)


def _measured(
    simulators: list[Simulator], task: Path, duration: float, rounds: int, folder: Path, peers_once: bool = False
) -> tuple[Runs, dict[str, str]]:
    """Reports of all rounds by worker, and why others failed."""
    runs: Runs = {}
    failed: dict[str, str] = {}
    for number in range(rounds):
        for simulator in (s for s in simulators if s.worker not in failed):
            if peers_once and number and simulator.environment:
                continue
            print(f"  round {number + 1} of {rounds}: {simulator.title}", file=sys.stderr, flush=True)
            try:
                runs.setdefault(simulator.worker, []).append(run_worker(simulator, task, duration, folder))
            except WorkerError as error:
                failed[simulator.worker] = f"failed: {error}"
                runs.pop(simulator.worker, None)
    return runs, failed


def _least(reports: list[Report], of: Callable[[Report], float]) -> float:
    return min(map(of, reports))


def _row(
    what: str, simulator: Simulator, runs: Runs, failed: dict[str, str], wanted: tuple[float, float]
) -> Iterator[Row | Missing]:
    """Simulating alone; events per second, rates and weights show that the work is the same."""
    if simulator.worker not in runs:
        yield Missing(what, simulator.title, failed.get(simulator.worker, simulator.remedy))
        return
    ours, theirs = runs[OURS.worker], runs[simulator.worker]
    a, b = ours[-1], theirs[-1]
    speeds = [r[-1].events / _least(r, lambda one: one.seconds) / 1e6 for r in (ours, theirs)]
    proof = (
        f"E {a.rates[0]:.2f} and {b.rates[0]:.2f} Hz, I {a.rates[1]:.2f} and {b.rates[1]:.2f} Hz, w/w_max "
        f"{a.mean:.4f}±{a.spread:.4f} and {b.mean:.4f}±{b.spread:.4f}; {speeds[0]:.3g} and {speeds[1]:.3g} M events/s"
    )
    times = [_least(r, lambda one: one.seconds) for r in (ours, theirs)]
    yield Row(what, f"{simulator.title} {b.version}", *times, "CPU s", wanted, proof)


def _memory(compared: list[Simulator], runs: Runs, n_plastic: int) -> Iterator[Row]:
    """Peak memory beyond what is imported, over the number of plastic synapses."""
    for simulator in (s for s in compared if s.worker in runs):
        found = [runs[s.worker][-1].memory / n_plastic for s in (OURS, simulator)]
        if min(found) > 0:  # 0 where the system does not tell
            label = f"{simulator.title} {runs[simulator.worker][-1].version}"
            wanted = (0.0 if simulator is LIMIT else 1.0, math.inf)
            yield Row("  peak memory per plastic synapse", label, *found, "bytes", wanted, "all processes")


def _growth(sizes: tuple[int, ...], folder: Path) -> Iterator[Row | Missing]:
    """Time per event and peak memory of growing networks, one second each, and the slope of memory."""
    from network import write_task

    memory: dict[int, list[float]] = {}
    for n in sizes:
        task = folder / f"task-{n}.npz"
        n_plastic = write_task(task, n)
        runs, failed = _measured([OURS, IN_NEURONS], task, 1.0, 2, folder)  # the first run builds
        what = f"  {n_plastic:.1e} plastic synapses: time per event"
        if failed:
            yield Missing(what, "all", "; ".join(failed.values()))
            continue
        ours, theirs = (runs[s.worker][-1] for s in (OURS, IN_NEURONS))
        times = [1e9 * r.seconds / r.events for r in (ours, theirs)]
        proof = f"E {ours.rates[0]:.2f} and {theirs.rates[0]:.2f} Hz; {_place_of_traces(n)}"
        yield Row(what, f"{IN_NEURONS.title} {theirs.version}", *times, "ns", (0.0, math.inf), proof)
        memory[n_plastic] = [ours.memory, theirs.memory]
    small, large = min(memory), max(memory)
    slopes = [(b - a) / max(large - small, 1) for a, b in zip(memory[small], memory[large], strict=True)]
    if min(slopes) > 0:
        label = f"from {small:.1e} to {large:.1e} synapses"
        yield Row("  bytes per synapse, by the slope", IN_NEURONS.title, *slopes, "bytes", (1.0, math.inf), label)


def _place_of_traces(n: int) -> str:
    """Which way the compiler goes for the network of n neurons."""
    from network import circuit

    ((projection, model),) = (made := circuit(n)).learning
    ends = made.population(projection.pre).size + made.population(projection.post).size
    where = "neurons" if model.traces else "synapses"
    return f"{projection.n_synapses / ends:.1f} synapses per neuron, traces in the {where}"


def _warm(durations: tuple[float, ...], task: Path, folder: Path) -> Iterator[Row]:
    """Wall time of a run in a process that has run before, all tables and results included, against a bare binary."""
    command = [sys.executable, str(HERE / "workers" / "steersman_warm.py"), str(task), *map(str, durations)]
    environment = os.environ | {"STEERSMAN_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    for duration, ours in zip(durations, json.loads(done.stdout.splitlines()[-1]), strict=True):
        report = run_worker(IN_NEURONS, task, duration, folder)  # builds what is not built
        (place,) = folder.glob(f"brian2-1-*-{duration:g}")
        program = {"theirs": lambda place=place: subprocess.run(["./main"], cwd=place, check=True, capture_output=True)}
        theirs = interleaved(program, 5, time.perf_counter)["theirs"]
        label = f"{IN_NEURONS.title} {report.version}, bare binary"
        proof = "smallest of 5, one after the other"
        yield Row(f"  warm run of {duration:g} s", label, ours, theirs, "wall s", (1 / 1.5, math.inf), proof)


def _starts(runs: Runs, quick: bool) -> Iterator[Row]:
    """Everything but simulating: imports, building, compiling, reading; the first time and later."""
    for simulator in (s for s in (BY_HAND, ANNARCHY, NEST) if s.worker in runs):
        ours, theirs = runs[OURS.worker], runs[simulator.worker]
        label = f"{simulator.title} {theirs[-1].version}"
        simulating = [_least(r, lambda one: one.seconds) for r in (ours, theirs)]
        if not quick:
            figures = [r[0].whole - s for r, s in zip((ours, theirs), simulating, strict=True)]
            yield Row(
                "  first start, nothing built", label, *figures, "CPU s", (0.0, math.inf), _walls(ours, theirs, 0)
            )
        figures = [_least(r, lambda one: one.whole) - s for r, s in zip((ours, theirs), simulating, strict=True)]
        yield Row("  later start", label, *figures, "CPU s", (1.0, math.inf), _walls(ours, theirs, -1))


def _walls(ours: list[Report], theirs: list[Report], number: int) -> str:
    return f"whole process {ours[number].wall:.1f} and {theirs[number].wall:.1f} s wall"


def _short(what: str, task: Path, rounds: int, folder: Path) -> Iterator[Row | Missing]:
    """A contest over a short time, for a simulator whose cost goes with the steps."""
    failed: dict[str, str] = {}
    runs: Runs = {}
    if BRAINPY.python:
        runs, failed = _measured([OURS, BRAINPY], task, SHORT, rounds, folder)
    yield from _row(f"{what}, {SHORT:g} s", BRAINPY, runs, failed, (1.0, math.inf))
