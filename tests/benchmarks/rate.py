"""The rate engine against NumPy with BLAS for the same recurrent network with Oja's rule on all N × N weights.

The work is bound by memory: every step reads and writes all weights once. Then, for a million synapses, what beliefs
cost: two of them on a clock of 100 ms (Adam), and one that follows the gradient at every step. And what it saves that
the threshold of the BCM rule is a number of the neuron: time, and memory at the peak of a run.
"""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import sympy as sp
from _table import Row
from _timing import named, per_step
from scipy.linalg.blas import dger

from circuits import load, run
from plasticity import WEIGHT, Objective, Parameter, derive, observe
from plasticity.belief import FadingMemory
from plasticity.compile.mean_field import on_rates
from plasticity.rules.adam import adam
from plasticity.rules.bcm import bcm
from plasticity.rules.gradient_descent import gradient_descent
from plasticity.rules.oja import oja
from plasticity.signals.exact_error import exact_error

TAU, DT, RATE = 0.01, 1e-4, 1.0
WIDE, SLOW = 1000, 1e-6
STEPS = {100: 4000, 500: 400, 2000: 30}


def rows(quick: bool) -> Iterator[Row]:
    """One row per size, and one per kind of belief."""
    rounds = 3 if quick else 7
    for size in STEPS:
        yield contest(size, rounds)
    costs = beliefs(rounds)
    plain = costs.pop("no belief")
    for name, cost in costs.items():
        what = f"rate engine, {WIDE**2:.0e} synapses, {name}"
        wanted = (1 / 1.2, math.inf) if "clock" in name else (0.3, math.inf)  # the other reads and writes twice as much
        yield Row(
            what, "the same engine, no belief", 1e6 * cost, 1e6 * plain, "CPU µs", wanted, "a step of the same size"
        )
    yield from thresholds(rounds)


def by_blas(w: np.ndarray, bias: np.ndarray, n_steps: int) -> np.ndarray:
    """The same Euler steps by matrix-vector products and rank-one updates in place."""
    w, r = np.asfortranarray(w), np.zeros(len(w))
    for _ in range(n_steps):
        following = r + DT / TAU * (np.tanh(w @ r + bias) - r)
        w *= (1 - DT * RATE * r * r)[:, None]
        w = dger(DT * RATE, r, r, a=w, overwrite_a=1)
        r = following
    return w


def contest(size: int, rounds: int) -> Row:
    """Times per step of the engine and of BLAS; both do the same."""
    random = np.random.default_rng(0)
    w, bias = random.standard_normal((size, size)) / np.sqrt(size), 0.2 * random.standard_normal(size)
    circuit = load("recurrent_rate")(size, oja(RATE), tau=TAU, bias=bias, weight=w)

    def ours(n: int) -> np.ndarray:
        return run(circuit, n * DT, dt=DT, n_tracked=0).final["recurrent"][0]

    def theirs(n: int) -> np.ndarray:
        return by_blas(w, bias, n)

    np.testing.assert_allclose(ours(20), theirs(20), rtol=1e-9, atol=1e-12)
    difference = np.abs(ours(20) - theirs(20)).max()
    best = per_step({"ours": ours, "theirs": theirs}, rounds, (1, STEPS[size] + 1))
    return Row(
        f"rate network with Oja's rule, N = {size}, one step",
        f"{named('numpy', 'NumPy')} with BLAS",
        1e6 * best["ours"],
        1e6 * best["theirs"],
        "CPU µs",
        (2.0 if size == 500 else 1.0, math.inf),
        f"weights differ by {difference:.0e}",
    )


def beliefs(rounds: int) -> dict[str, float]:
    """Smallest times per step [s] of rules with a million synapses, dt = 1 ms."""
    random = np.random.default_rng(0)
    shown = {"patterns": random.standard_normal((50, WIDE)), "targets": 0.1 * random.standard_normal((50, WIDE))}
    short = Objective(discount=sp.oo, plasticity=SLOW)
    rules = {
        "no belief": gradient_descent(SLOW),
        "two beliefs, clock of 0.1 s": observe(adam(SLOW), exact_error()).with_parameters(clock_step=0.1),
        "one belief, every step": derive(short, gradient_belief=FadingMemory(time_constant=1.0)),
    }
    functions = {}
    for name, rule in rules.items():
        circuit = load("feedforward_rate")((WIDE, WIDE), rule, exact_error(), output="linear", **shown)
        functions[name] = lambda n, circuit=circuit: run(circuit, n * 1e-3, dt=1e-3, n_tracked=0)
        functions[name](1)  # compiles
    return per_step(functions, rounds, (100, 800))


def thresholds(rounds: int) -> Iterator[Row]:
    """The BCM rule, and the same with a threshold in every synapse, to whose flow 0·w is added."""
    zero = Parameter("zero", 0.0, "Hz")
    (threshold,) = (shared := on_rates(bcm(learning_rate=SLOW))).states
    copied = replace(threshold, flow=threshold.flow + zero.symbol * WEIGHT / sp.Symbol("tau_threshold", positive=True))
    rules = {"ours": shared, "theirs": replace(shared, states=(copied,), parameters=(*shared.parameters, zero))}
    patterns = np.random.default_rng(0).random((50, WIDE))
    functions, peaks, weights = {}, {}, {}
    for name, rule in rules.items():
        circuit = load("feedforward_rate")((WIDE, WIDE), rule, patterns=patterns)
        functions[name] = lambda n, circuit=circuit: run(circuit, n * 1e-3, dt=1e-3, n_tracked=0)
        functions[name](1)  # compiles
        tracemalloc.start()
        (weights[name],) = functions[name](20).final.values()
        peaks[name] = tracemalloc.get_traced_memory()[1] / WIDE**2
        tracemalloc.stop()
    same = f"weights differ by {np.abs(weights['ours'] - weights['theirs']).max():.0e}"
    best = per_step(functions, rounds, (100, 800))
    what, other = f"rate engine, {WIDE**2:.0e} synapses, BCM rule", "a threshold in every synapse"
    yield Row(what, other, 1e6 * best["ours"], 1e6 * best["theirs"], "CPU µs", (1.0, math.inf), same)
    yield Row("  peak memory per synapse", other, peaks["ours"], peaks["theirs"], "bytes", (1.0, math.inf), same)
