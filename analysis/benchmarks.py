"""Benchmarks of the table: data sets with the candidate models that are fitted to each.

A candidate states its free parameters, so that rules can be compared at equal numbers of them. Whether its rule was
derived or written by hand is a property of the rule: a derived one has the steps of its derivation.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import xarray as xr

from analysis import datasets
from analysis.candidates import Benchmark, Bounds, Candidate, Settings
from analysis.data.record import without_missing_errors
from analysis.model_benchmarks import OF_MODELS
from analysis.pairing_benchmarks import OF_PAIRED_CELLS
from plasticity.errors import UnknownNameError

__all__ = ["BENCHMARKS", "benchmark"]


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


NEAREST, EVERY = {"interaction": "nearest_spike"}, {"interaction": "all_to_all"}
MIXED = {"pre_interaction": "nearest_spike"}
ALL_NEAREST = MIXED | {"post_interaction": "nearest_spike", "slow_interaction": "nearest_spike"}
CORTEX, HIPPOCAMPAL = {"parameter_set": "cortical_slices"}, {"parameter_set": "hippocampal_cultures"}
WINDOWS = {"tau_plus": (5e-3, 0.1), "tau_minus": (5e-3, 0.1)}
BCM_BOUNDS = {"learning_rate": (1e-8, 1e-2), "threshold": (0.0, 500.0), "pair": (0.0, 500.0)}
CURVATURE_BOUNDS = {"plasticity": (1e-9, 1e3), "discount": (1e-2, 1e5), "threshold": (0.0, 500.0), "pair": (0.0, 500.0)}
LIKELIHOOD_BOUNDS = {
    "learning_rate": (1e-6, 1.0),
    "after_rate": (0.1, 1e3),
    "tau_plus": (5e-3, 0.1),
    "tau_after": (5e-3, 0.1),
}
SLIDING_BOUNDS = {"learning_rate": (1e-8, 1e-2), "target_rate": (0.1, 1e3), "tau_threshold": (0.1, 1e4)}
RAMP_BOUNDS = {"A_plus": (0.0, 20.0), "A_minus": (0.0, 20.0), "tau_plus": (0.1, 10.0), "tau_minus": (0.1, 10.0)}
SECONDS = {"tau_eligibility": (0.1, 10.0), "tau_instructive": (0.1, 10.0)}


def _pair(words: str, settings: Settings) -> tuple[Candidate, Candidate]:
    """Pair STDP with the published time constants, and with its own."""
    amplitudes = ("A_plus", "A_minus")
    own = Candidate(f"pair, {words}, own windows", "pair_stdp", (*amplitudes, *WINDOWS), settings, WINDOWS)
    return Candidate(f"pair, {words}", "pair_stdp", amplitudes, settings), own


def _triplet(words: str, free: str, settings: Settings, bounds: Bounds | None = None) -> Candidate:
    return Candidate(f"triplet, {words}", "triplet_stdp", tuple(free.split()), settings, bounds or {})


def _calcium(settings: Settings, own_decay: bool = False) -> Candidate:
    free = ("gamma_p", "gamma_d", "pre_calcium", "post_calcium", *(["tau_calcium"] if own_decay else []))
    return Candidate("calcium, own decay" if own_decay else "calcium", "graupner_calcium", free, settings)


def _derived(words: str, free: str = "", settings: Settings | None = None) -> Candidate:
    """BCM objective at a short horizon; `free` beside the learning rate and the threshold."""
    names = ("learning_rate", "threshold", *free.split())
    start = {"pair": 10.0} if "pair" in names else {}  # Hz, where the search starts
    bounds = {name: limits for name, limits in BCM_BOUNDS.items() if name in names}
    return Candidate(f"derived BCM{words}", "derived_bcm", names, {**(settings or {}), **start}, bounds)


def _curvature(words: str, free: str) -> Candidate:
    """BCM objective with a curvature belief at a finite horizon; `free` beside plasticity, discount and threshold."""
    names = ("plasticity", "discount", "threshold", *free.split())
    start = {"pair": 10.0} if "pair" in names else {}
    bounds = {name: limits for name, limits in CURVATURE_BOUNDS.items() if name in names}
    return Candidate(f"derived BCM{words}", "curvature_bcm", names, start, bounds)


VOLTAGE = Candidate("voltage", "clopath_voltage", ("A_LTD", "A_LTP", "tau_after", "tau_x"))
LIKELIHOOD = Candidate(
    "derived likelihood, all spikes", "derived_pairing", tuple(LIKELIHOOD_BOUNDS), {}, LIKELIHOOD_BOUNDS
)
SLIDING = Candidate("derived BCM, sliding threshold", "sliding_bcm", (*SLIDING_BOUNDS, "tau_y"), {}, SLIDING_BOUNDS)
FREE_VISUAL, FREE_HIPPOCAMPAL = "A3_plus A2_minus tau_y", "A2_plus A3_plus A2_minus tau_y"

VISUAL = (
    *_pair("all spikes", EVERY),
    *_pair("nearest spikes", NEAREST),
    _triplet("all spikes", FREE_VISUAL, EVERY),
    _triplet("nearest spikes", FREE_VISUAL, NEAREST),
    _triplet("nearest pre", FREE_VISUAL, MIXED),
    _triplet("all spikes, own windows", f"{FREE_VISUAL} tau_plus tau_minus", EVERY, WINDOWS),
    _triplet("nearest pre, own windows", f"{FREE_VISUAL} tau_plus tau_minus", MIXED, WINDOWS),
    _calcium(CORTEX),
    _calcium(CORTEX, own_decay=True),
    VOLTAGE,
    _derived(", fixed threshold", "tau_y"),
    _derived(", nearest pre", "tau_y", MIXED),
    _derived(", own windows", "tau_y tau_plus tau_minus"),
    _derived(", nearest pre, own windows", "tau_y tau_plus tau_minus", MIXED),
    _derived(" + pair objective", "tau_y pair"),
    SLIDING,
    _curvature(", curvature belief", "tau_y"),
    _curvature(", curvature belief, own window", "tau_y tau_plus"),
    LIKELIHOOD,
)
HIPPOCAMPUS = (
    *_pair("all spikes", EVERY),
    *_pair("nearest spikes", NEAREST),
    _triplet("all spikes", FREE_HIPPOCAMPAL, EVERY),
    _triplet("nearest spikes", FREE_HIPPOCAMPAL, NEAREST),
    _triplet("all spikes, own window", f"{FREE_HIPPOCAMPAL} tau_plus", EVERY),
    _triplet("nearest spikes, own window", f"{FREE_HIPPOCAMPAL} tau_plus", NEAREST),
    _triplet("nearest pre, own window", f"{FREE_HIPPOCAMPAL} tau_plus", MIXED),
    _calcium(CORTEX),
    _calcium(HIPPOCAMPAL, own_decay=True),
    VOLTAGE,
    _derived(", own windows", "tau_y tau_plus tau_minus"),
    _derived(", nearest pre, own windows", "tau_y tau_plus tau_minus", MIXED),
    _derived(" + pair objective", "tau_y pair"),
    _derived(" + pair objective, nearest pre", "tau_y pair", MIXED),
    _derived(" + pair objective, own window", "tau_y pair tau_plus"),
    _derived(" + pair objective, nearest spikes, own window", "tau_y pair tau_plus", ALL_NEAREST),
    _derived(" + pair objective, nearest pre, own window", "tau_y pair tau_plus", MIXED),
    _curvature(" + pair objective, curvature belief", "pair tau_y"),
    _curvature(" + pair objective, curvature belief, own window", "pair tau_y tau_plus"),
    LIKELIHOOD,
)
WINDOW = (
    *_pair("all spikes", EVERY),
    _triplet("all spikes", FREE_HIPPOCAMPAL, EVERY),
    _calcium(HIPPOCAMPAL),
    VOLTAGE,
    _derived(", fixed threshold", "tau_y"),
    _derived(" + pair objective, own windows", "pair tau_plus tau_minus"),
    LIKELIHOOD,
)
CURVE = (
    _pair("all spikes", EVERY)[0],
    _triplet("all spikes", "A3_plus A2_minus", EVERY),
    Candidate("calcium", "graupner_calcium", ("gamma_p", "gamma_d")),
    _derived(", fixed threshold"),
)
SLOW_PAIR = Candidate("pair, slow windows", "pair_stdp", tuple(RAMP_BOUNDS), EVERY, RAMP_BOUNDS)
KERNEL = (
    SLOW_PAIR,
    Candidate("two traces", "btsp_two_trace", (*SECONDS, "k_pot"), {}, SECONDS),
    Candidate(
        "derived delta rule at plateaus", "derived_plateau", ("level", *SECONDS), {}, {"level": (1.0, 100.0)} | SECONDS
    ),
)
PLATEAU = (
    SLOW_PAIR,
    Candidate(
        "two traces",
        "btsp_two_trace",
        (*SECONDS, "k_pot", "k_dep", "w_max"),
        {},
        {"w_max": (1.0, 100.0)} | SECONDS,
        recovery=False,
    ),
    Candidate(
        "derived delta rule at plateaus",
        "derived_plateau",
        ("learning_rate", "level", *SECONDS, "tau_slow"),
        {},
        {"level": (1.0, 100.0), "tau_slow": (0.1, 100.0), "learning_rate": (1e-3, 10.0)} | SECONDS,
    ),
)


def _group(name: str, group: str) -> xr.Dataset:
    """One group of a data set, without protocols that have no standard error."""
    data = without_missing_errors(datasets.load(name))
    return data.isel(protocol=np.flatnonzero(data.group.values == group))


VISUAL_INTERPRETATION = (
    "Derived from the BCM objective with a fixed threshold and a short horizon, the rule is the minimal triplet rule "
    "in other parameters: the two tie whenever their traces count the same spikes. With one unbroken train, reading "
    "the pre trace from the nearest spike lowers E; with the true bursts nearest spikes in all traces do, and the "
    "order of triplet rules is another. A pair objective adds nothing here. The likelihood of post spikes alone is a "
    "pair rule, blind to the frequency, and fails like one. Where a calcium rule has the lower E, its thresholds fit "
    "the points more closely; the left-out scores measure whether that generalises."
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
ESTIMATED = (
    "With the correlation of neighbours estimated (`--noise correlated`: 0.66, 0.54, 0.51) AIC is 558 for slow pairs, "
    "139 for two traces and 111 for the derived rule, in the same order, but p of the derived rule is 0.05."
)

BENCHMARKS: Mapping[str, Benchmark] = {
    b.name: b
    for b in (
        Benchmark(
            "bi_poo_1998",
            "Window of spike timing, hippocampal culture",
            lambda: datasets.load("bi_poo_1998"),
            WINDOW,
            note="Every point is one cell, without an error of its own: the scatter of cells is estimated with the "
            "parameters, so nothing is left to test.",
            noise="between",
        ),
        Benchmark(
            "sjostrom_2001",
            "Frequency × timing, visual cortex",
            lambda: datasets.load("sjostrom_2001"),
            VISUAL,
            note="Protocols are the usual convention, 60 pairs in one train; the experiment gave 15 bursts of 5 pairs, "
            "and 50 lone pairs at 0.1 Hz, for which E is in a column of its own.",
            interpretation=VISUAL_INTERPRETATION,
            other=lambda: datasets.load("sjostrom_2001_bursts"),
            other_words="E, true bursts",
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
                note="Four points with a published error: scores over four points are not informative.",
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
            note=f"Whole classes of initial ramp are left out. {CORRELATED} {ESTIMATED}",
        ),
        *OF_PAIRED_CELLS,
        *OF_MODELS,
    )
}
