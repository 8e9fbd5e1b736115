"""Exported synapses in NEST against replay, every rule: no times, but differences of weights against a tolerance."""

from __future__ import annotations

from collections.abc import Iterator

from _peers import Simulator
from _table import Missing, Row

from plasticity.conformance import check, make
from tests.conformance import exported

NEST = Simulator("NEST", "nest", "nest", "nest-simulator nestml")
TOLERANCE = 1e-9  # of the largest change
AT_ONCE = 4  # synapses in one module: the build takes the longest
DELAYS = (0.1, 1.0, 3.7)  # ms


def rows(quick: bool) -> Iterator[Row | Missing]:
    """One row per exported rule; `quick` takes those of the first module only."""
    what = "exported synapses, trains of 100 s"
    if NEST.python is None:
        yield Missing(what, "replay", NEST.remedy)
        return
    labels = exported.labels()
    for folder, chosen, lacking in exported.in_modules(labels[:AT_ONCE] if quick else labels, AT_ONCE):
        if lacking:
            yield Missing(what, "replay", "; ".join(lacking))
            return
        differences = exported.differences(folder, chosen, DELAYS, 100.0)
        kit = make(chosen)
        outcomes = check(kit, exported.runner(folder, kit, chosen), chosen, TOLERANCE)
        for label in chosen:
            worst = max(difference for (rule, _), difference in differences.items() if rule == label)
            passed = [o.passed for o in outcomes if o.rule == label]
            proof = f"golden sequences passed: {sum(passed)} of {len(passed)}"
            yield Row(f"{label} in NEST", "replay of 100 s, 3 delays", worst, TOLERANCE, "", proof=proof)
