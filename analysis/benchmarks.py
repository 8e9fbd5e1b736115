"""What the table of rules is about: data sets ready to be fitted, and who competes on each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from analysis import datasets
from analysis.contenders import CURVE, HIPPOCAMPUS, KERNEL, PLATEAU, VISUAL, WINDOW, Contender
from analysis.missing_errors import with_pooled_errors, without_missing_errors
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
    contenders : tuple of Contender
    unit : str
        What is left out in cross-validation.
    note : str
        What a reader of the table must know about the data.
    """

    name: str
    title: str
    load: Callable[[], xr.Dataset]
    contenders: tuple[Contender, ...]
    unit: str = "protocol"
    note: str = ""


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
        Benchmark("sjostrom_2001", "Frequency × timing, visual cortex", lambda: datasets.load("sjostrom_2001"), VISUAL),
        Benchmark(
            "wang_2005",
            "Triplets and quadruplets, hippocampal culture",
            lambda: datasets.load("wang_2005"),
            HIPPOCAMPUS,
        ),
        *(
            Benchmark(
                f"kirkwood_1996_{group}",
                f"Frequency curve, {group}-reared visual cortex",
                lambda group=group: _group("kirkwood_1996", group),
                CURVE,
                note="Four points with a published error: a score over four points says little.",
            )
            for group in ("light", "dark")
        ),
        Benchmark(
            "milstein_2021_kernel",
            "Kernel of behavioural time scale plasticity, silent cells of CA1",
            lambda: _group("milstein_2021", "silent"),
            KERNEL,
            note=CORRELATED,
        ),
        Benchmark(
            "milstein_2021",
            "Kernel and weight dependence of behavioural time scale plasticity, CA1",
            lambda: datasets.load("milstein_2021"),
            PLATEAU,
            unit="group",
            note=f"Whole classes of initial ramp are left out. {CORRELATED}",
        ),
    )
}
