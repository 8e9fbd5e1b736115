"""Cost of derived rules and of beliefs in spiking synapses, as C++: run times relative to a rule written by hand.

A million synapses from 1000 Poisson inputs to 1000 neurons, 2 s of simulated time. Every binary is built once and
kept; they are run in turn, and the smallest CPU time of each counts. Expected: derived over hand-written 1.0, a belief
with a clock of 100 ms below 1.2, one that is updated lazily below 1.6.
"""

import os
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import sympy as sp

import circuits
from circuits._recording import Recording
from circuits.engines import spiking
from circuits.feedforward_spiking import feedforward_spiking
from plasticity import Objective, compile_rule, derive, observe
from plasticity.belief import FadingMemory
from plasticity.cache import cache_folder
from plasticity.poisson import poisson_trains
from plasticity.rules.derived_bcm import derived_bcm
from plasticity.signals.bcm import bcm

N, DURATION, DT, REPEATS = 1000, 2.0, 1e-3, 5
SLOW = FadingMemory(time_constant=1.0, initial=1e4)


def models():
    """Synapse models by name; the first is the measure of all."""
    plain = compile_rule(derived_bcm(1e-6))
    by_hand = replace(
        plain,
        on_pre="w -= learning_rate*threshold*post_trace/tau_minus\npre_trace += 1",
        on_post="w += learning_rate*pre_trace*slow_post_trace/(tau_plus*tau_y)\npost_trace += 1\nslow_post_trace += 1",
    )
    averaging = derive(Objective(sp.oo, 1e-6), FadingMemory(decay=0.9))
    clocked = observe(averaging, bcm()).with_parameters(clock_step=0.1)
    return {
        "hand-written minimal triplet rule": by_hand,
        "derived, short horizon": plain,
        "derived, belief with a clock of 100 ms": compile_rule(clocked),
        "derived, curvature belief, lazily": compile_rule(derived_bcm(1e-6, discount=1.0, curvature_belief=SLOW)),
    }


def build(model):
    """Folder of the binary for a model, built if it is not there."""
    inputs = poisson_trains(10.0, N, DURATION, DT, seed=1)
    circuit = feedforward_spiking(inputs, model, n_outputs=N, weight=0.75)
    result = circuits.run(circuit, DURATION, DT, "cpp")
    folder = cache_folder("brian") / spiking._structure_key(circuit, DURATION, DT, Recording(), {})
    return folder, result.counts["outputs"].mean() / DURATION


def cpu_time(folder: Path) -> float:
    """CPU seconds of one run of a binary."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([folder / "main"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Build all, run in turn, print the ratios."""
    if circuits._run.compiler() is None:
        print("no C++ compiler: nothing to measure")
        return
    folders = {}
    for name, model in models().items():
        folders[name] = build(model)
        print(f"built: {name}, outputs fire at {folders[name][1]:.1f} Hz", file=sys.stderr, flush=True)
    times = {name: [] for name in folders}
    for _ in range(REPEATS):
        for name, (folder, _) in folders.items():
            times[name].append(cpu_time(folder))
    least = {name: min(t) for name, t in times.items()}
    reference = least["derived, short horizon"]
    print(f"{N * N:.0e} synapses, {DURATION:g} s simulated, {os.cpu_count()} cores")
    for name, seconds in least.items():
        print(f"{name:45s} {seconds:6.2f} CPU s   ratio to the derived rule {seconds / reference:.2f}")


if __name__ == "__main__":
    import circuits._run

    main()
