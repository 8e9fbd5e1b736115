"""Replay of the pairing-frequency protocols: many parameter vectors in one call, against Brian2 run for each."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from _table import Row
from _timing import interleaved, named

import circuits
from circuits.pairing import pairing as pairing_circuit
from plasticity.protocols import pairing
from plasticity.replay import merge_protocols, run_events
from plasticity.rules.triplet_stdp import triplet_stdp

N_VECTORS = 1000


def rows(quick: bool) -> Iterator[Row]:
    """One row: ten protocols with one vector of parameters."""
    rule = triplet_stdp()
    protocols = [pairing(lag, f) for lag in (0.01, -0.01) for f in (0.1, 10.0, 20.0, 40.0, 50.0)]
    pre, post = zip(*protocols, strict=True)
    events = merge_protocols(pre, post)
    vectors = np.tile([p.value for p in rule.parameters], (N_VECTORS, 1))

    def ours() -> np.ndarray:
        return run_events(rule, events, vectors)

    def theirs() -> circuits.Run:
        return circuits.run(pairing_circuit(pre, post, rule), 591.0, device="numpy")

    difference = np.abs(theirs().final["synapses"] / ours()[0] - 1).max()
    best = interleaved({"ours": ours, "theirs": theirs}, 2 if quick else 3)
    yield Row(
        "replay of 10 pairing protocols, one vector",
        f"{named('brian2', 'Brian2')} numpy, gaps skipped",
        1e6 * best["ours"] / N_VECTORS,
        1e6 * best["theirs"],
        "CPU µs",
        (100.0, float("inf")),
        f"weights differ by {difference:.0e}, relative; {N_VECTORS} vectors in one call",
    )
