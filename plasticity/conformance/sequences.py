"""Spike sequences on which conventions of simulators show. All times lie on a grid of 0.1 ms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from plasticity.conformance.records import Sequence, Train

_DECIMALS = 4  # of a second: 0.1 ms, the usual step of simulators
_SEED = 20


def sequences() -> dict[str, Sequence]:
    """Every sequence, by name; those with a third factor are for the rules that react to it.

    Examples
    --------
    >>> sequences()["pre_then_post"].post
    (0.02,)
    """
    plain = {s.name: s for s in (*_pairs(), *_patterns(), *_many())}
    rewarded = (_rewarded(plain[name]) for name in ("coincidence", "delay", "bursts", "partners"))
    return {**plain, **{s.name: s for s in (*_third_factor(), *rewarded)}}


def sequence_table() -> str:
    """Table of all sequences in Markdown.

    Examples
    --------
    >>> print(sequence_table().splitlines()[2])
    | `lone_pre` | One pre spike: what a first spike does on its own. | 1 | 0 | – | 0 |
    """
    rows = ["| sequence | what it shows | pre spikes | post spikes | third factors | delay (ms) |"]
    rows.append("|---|---|---|---|---|---|")
    for s in sequences().values():
        pre = f"{len(s.pre)} × {len(s.pre[0])}" if len(s.pre) > 1 else str(len(s.pre[0]))
        third = str(len(s.third_factor) or "–")
        rows.append(f"| `{s.name}` | {s.meaning} | {pre} | {len(s.post)} | {third} | {1e3 * s.delay:g} |")
    return "\n".join(rows)


def _rewarded(sequence: Sequence) -> Sequence:
    """The same spikes with third factors: 45 ms after the last spike, in a long sequence every 1.5 s as well."""
    last = max(sequence.post[-1], *(train[-1] + sequence.delay for train in sequence.pre))
    times = (*(t for t in np.arange(1.5, sequence.duration, 1.5) if t < last), last + 0.045)
    words = f"The sequence {sequence.name} with third factors, without which such a rule may not learn."
    name, end = f"{sequence.name}_third_factor", sequence.duration + 1.0
    return replace(sequence, name=name, meaning=words, third_factor=_on_grid(np.array(times)), duration=end)


def _pairs() -> tuple[Sequence, ...]:
    return (
        Sequence("lone_pre", "One pre spike: what a first spike does on its own.", ((0.01,),), (), 0.1),
        Sequence("lone_post", "One post spike: what a first spike does on its own.", ((),), (0.01,), 0.1),
        Sequence("pre_then_post", "One pair, pre 10 ms before post.", ((0.01,),), (0.02,), 0.1),
        Sequence("post_then_pre", "One pair, post 10 ms before pre.", ((0.02,),), (0.01,), 0.1),
        Sequence(
            "coincidence",
            "Two pairs of spikes at the same time, 30 ms apart: the order at a tie, first spikes and later ones.",
            ((0.01, 0.04),),
            (0.01, 0.04),
            0.1,
        ),
        Sequence(
            "delay",
            "The pair pre_then_post with an axonal delay of 15 ms: the pre spike arrives 5 ms after the post spike.",
            ((0.01, 0.11),),
            (0.02, 0.12),
            0.2,
            delay=0.015,
        ),
        Sequence(
            "delayed_coincidence",
            "A pre spike that arrives, after a delay of 5 ms, at the time of a post spike, twice.",
            ((0.015, 0.045),),
            (0.02, 0.05),
            0.1,
            delay=0.005,
        ),
    )


def _patterns() -> tuple[Sequence, ...]:
    return (
        Sequence("pre_post_pre", "A triplet: 5 ms and 15 ms.", ((0.01, 0.03),), (0.015,), 0.1),
        Sequence("post_pre_post", "A triplet: 5 ms and 15 ms.", ((0.015,),), (0.01, 0.03), 0.1),
        Sequence(
            "bursts",
            "Pre spikes at 200 Hz, then post spikes at 100 Hz, then the other way round: all pairs or nearest spikes.",
            (_steps(0.01, 0.005, 5) + _steps(0.231, 0.01, 3),),
            _steps(0.032, 0.01, 3) + _steps(0.2, 0.005, 5),
            0.4,
        ),
        Sequence(
            "silence",
            "A triplet, 10 s without a spike, the same triplet: slow traces, and what a weight does on its own.",
            ((0.01, 0.03, 10.01, 10.03),),
            (0.015, 10.015),
            10.2,
        ),
        Sequence(
            "clock_ties",
            "Spikes at the ticks of a clock of 50 ms, just before and just after them.",
            ((0.04, 0.05, 0.1, 0.15),),
            (0.05, 0.06, 0.1, 0.16),
            0.22,
        ),
        Sequence(
            "pairing_50Hz",
            "20 pairs at 50 Hz, pre 10 ms before post: every post spike lies midway between two pre spikes.",
            (_steps(0.01, 0.02, 20),),
            _steps(0.02, 0.02, 20),
            0.5,
        ),
    )


def _many() -> tuple[Sequence, ...]:
    random = np.random.default_rng(_SEED)
    meaning = "Eight pre neurons at random times, 10 Hz on the mean, and a post neuron at 12 Hz, for 10 s, without ties"
    return (
        Sequence(
            "partners",
            f"{meaning}.",
            tuple(_random(random, 100, 10.0, remainder=2) for _ in range(8)),
            _random(random, 120, 10.0, remainder=1),
            10.1,
        ),
    )


def _third_factor() -> tuple[Sequence, ...]:
    return (
        Sequence("lone_third_factor", "One third factor without a spike.", ((),), (), 0.5, (0.1,)),
        Sequence(
            "late_third_factor",
            "Five pairs, pre 10 ms before post, and a third factor 0.5 s after the last.",
            (_steps(0.01, 0.05, 5),),
            _steps(0.02, 0.05, 5),
            3.0,
            (0.72,),
        ),
        Sequence(
            "early_third_factor",
            "A third factor before five pairs, at the first spike, and between them.",
            (_steps(0.11, 0.05, 5),),
            _steps(0.12, 0.05, 5),
            3.0,
            (0.01, 0.11, 0.2),
        ),
    )


def _steps(start: float, interval: float, n: int) -> Train:
    return _on_grid(start + interval * np.arange(n))


def _random(random: np.random.Generator, n: int, duration: float, remainder: int) -> Train:
    """Times of n spikes on every fourth point of the grid, so that two remainders never meet."""
    ticks = np.arange(4 + remainder, round(duration * 10**_DECIMALS), 4)
    return _on_grid(np.sort(random.choice(ticks, n, replace=False)) / 10**_DECIMALS)


def _on_grid(times: np.ndarray) -> Train:
    return tuple(float(t) for t in np.round(times, _DECIMALS))
