"""Cost of derived rules and of beliefs in spiking synapses, as C++, against a rule written by hand.

A million synapses from 1000 Poisson inputs to 1000 neurons. CPU seconds of the processes that `circuits.run` starts,
once everything is built.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from dataclasses import replace

import sympy as sp
from _table import Missing, Row
from _timing import children_cpu, interleaved, named

import circuits
from circuits.feedforward_spiking import feedforward_spiking
from plasticity import Objective, compile_rule, derive, observe
from plasticity.belief import FadingMemory
from plasticity.compile.brian import SynapseModel
from plasticity.poisson import poisson_trains
from plasticity.rules.derived_bcm import derived_bcm
from plasticity.signals.bcm import bcm

N, DURATION, DT = 1000, 2.0, 1e-3
SLOW = FadingMemory(time_constant=1.0, initial=1e4)
# What a belief may cost: ratios of the rule without one to the rule with it.
WANTED = {"derived": 0.95, "belief, clock of 0.1 s": 1 / 1.2, "curvature belief, lazily": 1 / 1.6}


def models() -> dict[str, SynapseModel]:
    """Synapse models by name; the first is the measure of all."""
    plain = compile_rule(derived_bcm(1e-6))
    by_hand = replace(
        plain,
        on_pre="w -= learning_rate*threshold*post_trace/tau_minus\npre_trace += 1",
        on_post="w += learning_rate*pre_trace*slow_post_trace/(tau_plus*tau_y)\npost_trace += 1\nslow_post_trace += 1",
    )
    averaging = derive(Objective(sp.oo, 1e-6), FadingMemory(decay=0.9))
    clocked = observe(averaging, bcm()).with_parameters(clock_step=0.1)
    lazy = compile_rule(derived_bcm(1e-6, discount=1.0, curvature_belief=SLOW))
    return dict(zip(("by hand", *WANTED), (by_hand, plain, compile_rule(clocked), lazy), strict=True))


def rows(quick: bool) -> Iterator[Row | Missing]:
    """One row per rule."""
    if not any(shutil.which(name) for name in ("g++", "clang++", "c++")):
        yield Missing("spiking rules", "by hand", "no C++ compiler: install g++ or clang++")
        return
    inputs = poisson_trains(10.0, N, DURATION, DT, seed=1)
    made = {n: feedforward_spiking(inputs, model, n_outputs=N, weight=0.75) for n, model in models().items()}
    chosen = {n: c for n, c in made.items() if n in ("by hand", "derived")} if quick else made  # each is built once
    found = {name: circuits.run(circuit, DURATION, DT, "cpp") for name, circuit in chosen.items()}
    runs = {n: lambda c=circuit: circuits.run(c, DURATION, DT, "cpp") for n, circuit in chosen.items()}
    best = interleaved(runs, 3 if quick else 5, children_cpu)
    for name in list(chosen)[1:]:
        rates = [found[n].counts["outputs"].mean() / DURATION for n in (name, "by hand")]
        weights = [found[n].final["synapses"].mean() for n in (name, "by hand")]
        proof = f"outputs {rates[0]:.1f} and {rates[1]:.1f} Hz, mean weight {weights[0]:.6f} and {weights[1]:.6f}"
        yield Row(
            f"triplet rule, {N * N:.0e} spiking synapses, {name}",
            f"by hand, {named('brian2', 'Brian2')} C++",
            best[name],
            best["by hand"],
            "CPU s",
            (WANTED[name], math.inf),
            proof,
        )
