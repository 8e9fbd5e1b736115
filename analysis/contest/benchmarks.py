"""What the table of rules is about: data sets ready to be fitted, and who competes on each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import xarray as xr

from analysis import datasets
from analysis.contest.candidates import CURVE, HIPPOCAMPUS, KERNEL, PLATEAU, VISUAL, WINDOW, Candidate
from analysis.data.record import with_pooled_errors, without_missing_errors
from plasticity.errors import UnknownNameError

__all__ = ["BENCHMARKS", "Benchmark", "benchmark"]


@dataclass(frozen=True)
class Benchmark:
    """A data set, and who is fitted to it.

    Parameters
    ----------
    name, title : str
        Key and heading of the benchmark.
    load : callable
        Makes the data, all with standard errors.
    candidates : tuple of Candidate
    unit : str
        What is left out in cross-validation.
    note : str
        What a reader of the table must know about the data.
    interpretation : str
        How assumptions matter on these data, in words: written by hand; the numbers are in the table.
    """

    name: str
    title: str
    load: Callable[[], xr.Dataset]
    candidates: tuple[Candidate, ...]
    unit: str = "protocol"
    note: str = ""
    interpretation: str = ""


def benchmark(name: str) -> Benchmark:
    """Benchmark of a name.

    Raises
    ------
    UnknownNameError
        If there is none.
    """
    if name not in BENCHMARKS:
        raise UnknownNameError("benchmark", name, BENCHMARKS)
    return BENCHMARKS[name]


def _group(name: str, group: str) -> xr.Dataset:
    """One group of a data set, without protocols that have no standard error."""
    data = without_missing_errors(datasets.load(name))
    return data.isel(protocol=np.flatnonzero(data.group.values == group))


VISUAL_INTERPRETATION = (
    "Derived from the BCM objective with a fixed threshold and a short horizon, the rule is the minimal triplet rule "
    "in other parameters: the two tie whenever their traces count the same spikes. Reading the pre trace from the "
    "nearest spike lowers E; a pair objective adds nothing here. The likelihood of post spikes alone is a pair rule, "
    "blind to the frequency, and fails like one. Where a calcium rule has the lower E, its thresholds fit the points "
    "more closely; whether that carries over to what it has not seen is told by the left-out scores."
)
HIPPOCAMPUS_INTERPRETATION = (
    "The pair objective buys most: BCM alone has no potentiation for lone pairs. Next come the nearest pre spike and a "
    "window of its own, which rules written by hand can have as well, so that they tie. A belief about the curvature "
    "at a finite horizon, where a synapse slows down after large gradients, is what the derived rule has beyond them; "
    "how long that memory lasts matters little. Calcium rules mend the same misses by thresholds and by saturation, "
    "but their E has many local minima, and more starts may lower it."
)
CURVE_INTERPRETATION = (
    "The derived rule with a fixed threshold grows with the square of the frequency and nothing in its objective "
    "saturates; the data do. In the calcium rule the weight relaxes towards a bound."
)
PLATEAU_INTERPRETATION = (
    "The derived rule treats the plateau as a teacher: the weight moves towards a target, by a fast belief about the "
    "timing of the input for growth and a slow one for decay. That change falls linearly with the weight, as measured. "
    "The two-trace rule is held at its published nonlinearities; freed, it would have nine parameters."
)
CORRELATED = "Bins of one induction are correlated, so standard errors of scores are too small."

BENCHMARKS: Mapping[str, Benchmark] = {
    b.name: b
    for b in (
        Benchmark(
            "bi_poo_1998",
            "Window of spike timing, hippocampal culture",
            lambda: with_pooled_errors(datasets.load("bi_poo_1998")),
            WINDOW,
            note="Every point is one cell; the scatter of neighbours is taken as its standard error.",
        ),
        Benchmark(
            "sjostrom_2001",
            "Frequency × timing, visual cortex",
            lambda: datasets.load("sjostrom_2001"),
            VISUAL,
            interpretation=VISUAL_INTERPRETATION,
        ),
        Benchmark(
            "wang_2005",
            "Triplets and quadruplets, hippocampal culture",
            lambda: datasets.load("wang_2005"),
            HIPPOCAMPUS,
            interpretation=HIPPOCAMPUS_INTERPRETATION,
        ),
        *(
            Benchmark(
                f"kirkwood_1996_{group}",
                f"Frequency curve, {group}-reared visual cortex",
                partial(_group, "kirkwood_1996", group),
                CURVE,
                note="Four points with a published error: a score over four points says little.",
                interpretation=CURVE_INTERPRETATION,
            )
            for group in ("light", "dark")
        ),
        Benchmark(
            "milstein_2021_kernel",
            "Kernel of behavioural time scale plasticity, silent cells of CA1",
            lambda: _group("milstein_2021", "silent"),
            KERNEL,
            note=CORRELATED,
            interpretation=PLATEAU_INTERPRETATION,
        ),
        Benchmark(
            "milstein_2021",
            "Kernel and weight dependence of behavioural time scale plasticity, CA1",
            lambda: datasets.load("milstein_2021"),
            PLATEAU,
            unit="group",
            interpretation=PLATEAU_INTERPRETATION,
            note=f"Whole classes of initial ramp are left out. {CORRELATED}",
        ),
    )
}
