"""Benchmarks whose candidates are models, not rules: trials of movements, sizes and turnover of spines."""

from __future__ import annotations

from functools import partial

from analysis import datasets
from analysis.candidates import Benchmark, Candidate
from analysis.size_models import (
    TURNOVER,
    absorbed_sizes,
    constant_hazard,
    flat_sizes,
    gamma_sizes,
    size_moments,
    two_pools,
)
from analysis.trial_models import state_space, trial_learner

__all__ = ["OF_MODELS"]

RETENTION, RATIO, DRIVE = (1e-3, 1 - 1e-6), (1e-6, 1e3), (1e-4, 1.0)


def _numbered(names: str, n: int) -> tuple[str, ...]:
    return tuple(f"{name}_{i}" for name in names.split() for i in range(1, n + 1))


def _states(n: int) -> Candidate:
    free = _numbered("retention drive", n)
    bounds = {name: RETENTION if name.startswith("retention") else DRIVE for name in free}
    words = {1: "one state", 2: "two states", 3: "three states"}[n]
    return Candidate(words, "", free, {}, bounds, model=partial(state_space, n))


def _learner(n: int) -> Candidate:
    free = _numbered("retention ratio", n)
    bounds = {name: RETENTION if name.startswith("retention") else RATIO for name in free}
    words = {1: "one time constant", 2: "two time constants"}[n]
    make = partial(trial_learner, n)
    return Candidate(f"derived learner, {words}", "", free, {}, bounds, False, make, True)


MIDDLE = {"middle": (-3.0, 1.0)}
WIDE = MIDDLE | {"spread": (0.05, 3.0)}
SIZES = (
    Candidate("gamma law", "", ("shape", "middle"), {}, MIDDLE | {"shape": (0.1, 50.0)}, model=gamma_sizes),
    *(
        Candidate(f"derived law, {words}", "", ("middle", "spread"), {}, WIDE, True, partial(flat_sizes, b), True)
        for words, b in (("flat in w (b = 0)", 0.0), ("flat in √w (b = ½)", 0.5), ("flat in ln w (b = 1)", 1.0))
    ),
    Candidate(
        "derived law, own b",
        "",
        ("middle", "spread", "exponent"),
        {},
        WIDE | {"exponent": (0.0, 2.0)},
        True,
        flat_sizes,
        True,
    ),
)
LOSSES = (
    Candidate("constant rate of loss", "", ("rate",), {}, {"rate": (1e-3, 5.0)}, model=constant_hazard),
    Candidate(
        "lasting and transient spines",
        "",
        ("share", "rate"),
        {},
        {"share": (0.01, 1.0), "rate": (1e-3, 5.0)},
        model=two_pools,
    ),
    Candidate(
        "derived, vanish below a size",
        "",
        ("rate", "threshold"),
        {},
        {"rate": (1e-3, 5.0), "threshold": (-4.0, 2.0)},
        model=absorbed_sizes,
        derived=True,
    ),
)


OF_MODELS = (
    Benchmark(
        "thart_reach",
        "Trials of movements: two rotations and an error clamp",
        lambda: datasets.load("thart_reach"),
        (_states(1), _states(2), _states(3), _learner(1), _learner(2)),
        unit="group",
        note="Means over people; blocks are left out as wholes, while the sequence of trials stays. Trials of a "
        "block are correlated, and there are four blocks: standard errors of scores are rough.",
        interpretation="On trials with feedback or clamp the derived learner is the sum of states in other parameters, "
        "and its horizon cannot be told: it is held at one value.",
    ),
    Benchmark(
        "dorkenwald_2022",
        "Sizes of spine heads: moments of their logarithm",
        size_moments,
        SIZES,
        note="Moments of the published mixture of two log-normals; their errors are correlated, so p is approximate.",
        interpretation="Logarithms of sizes are skewed to the right, which no flat coordinate w, √w or ln w has; an "
        "exponent a little above 1 comes nearest and is rejected as well. One law with one coordinate is not enough.",
    ),
    Benchmark(
        "pfeiffer_2018",
        "Turnover of spines over four days",
        lambda: datasets.load("pfeiffer_2018").sel(protocol=list(TURNOVER)),
        LOSSES,
        note="Losses and survivors are of the same dendrites, so the measurements are not independent.",
        interpretation="Four days tell a rate and nothing about how spines vanish.",
    ),
)
