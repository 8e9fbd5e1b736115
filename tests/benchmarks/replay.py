"""Replay of the pairing-frequency protocols: many parameter vectors in one call, against Brian2 run for each."""

from __future__ import annotations

import time

import numpy as np

import circuits
from circuits.pairing import pairing as pairing_circuit
from plasticity.protocols import pairing
from plasticity.replay import merge_protocols, run_events
from plasticity.rules.triplet_stdp import triplet_stdp

N_VECTORS = 1000


def main() -> None:
    """Print seconds per evaluation of ten protocols, and the ratio to Brian2's numpy target."""
    rule = triplet_stdp()
    protocols = [pairing(lag, f) for lag in (0.01, -0.01) for f in (0.1, 10.0, 20.0, 40.0, 50.0)]
    pre, post = zip(*protocols, strict=True)
    events = merge_protocols(pre, post)
    vectors = np.tile([p.value for p in rule.parameters], (N_VECTORS, 1))
    run_events(rule, events, vectors[:1])  # compile, or load what was compiled
    ours, brian = [], []
    for _ in range(3):  # interleaved, so that other load hits both
        start = time.perf_counter()
        weights = run_events(rule, events, vectors)
        ours.append((time.perf_counter() - start) / N_VECTORS)
        start = time.perf_counter()
        result = circuits.run(pairing_circuit(pre, post, rule), 591.0, device="numpy")
        brian.append(time.perf_counter() - start)
    difference = np.abs(result.final["synapses"] / weights[0] - 1).max()
    print(f"replay, 10 protocols, 1 parameter vector of {N_VECTORS}: {min(ours) * 1e6:.1f} µs")
    print(f"Brian2 numpy, the same, silent gaps skipped:          {min(brian) * 1e3:.0f} ms")
    print(f"ratio {min(brian) / min(ours):.0f}; largest relative difference of the weights {difference:.1e}")


if __name__ == "__main__":
    main()
