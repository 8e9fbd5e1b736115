"""Random numbers that depend on a seed, a name and a trial alone, whoever else draws and in whatever engine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from plasticity.support.checks import require_whole

_LOWER = 2**64 - 1


@dataclass(frozen=True, eq=False)
class Counted:
    """Random numbers by step and index, each computed from its place alone: none is stored, and any may be asked for.

    Number i of step k is word ``i % 4`` of block ``i // 4 + 1`` of Philox4x64-10 with the counter (block, k, kind, 0);
    normal ones (kind 1) are made of two words each.

    Parameters
    ----------
    seed, name, trial
        As in `stream`.
    step : float
        Time step [s].
    kind : {0, 1}
        Uniform between 0 and 1, or normal.

    Examples
    --------
    >>> draw = Counted(1, "cells/spikes", 0, 1e-3)
    >>> early, late = draw(0.005, np.arange(3)), draw(0.006, np.arange(3))
    >>> bool((draw(0.005, np.array([2])) == early[2:]).all()), bool((early != late).all())
    (True, True)

    References
    ----------
    salmon_2011
    """

    seed: int
    name: str
    trial: int
    step: float
    kind: int = 0

    @cached_property
    def key(self) -> NDArray[np.uint64]:
        """Key of the generator, two numbers."""
        return _sequence(self.seed, self.name, self.trial).generate_state(2, np.uint64).astype(np.uint64)

    @property
    def values(self) -> NDArray[np.float64]:
        """Key in halves of 32 bits, (1, 4)."""
        return np.array([[half for word in self.key.tolist() for half in divmod(word, 2**32)]], dtype=float)

    def __call__(self, t: float, i: NDArray[np.int64]) -> NDArray[np.float64]:
        """Numbers of the step of time `t` [s] at the places `i`."""
        step, count = int(t / self.step + 1e-6), int(np.max(i, initial=-1)) + 1
        generator = np.random.Generator(np.random.Philox(key=self.key, counter=[0, step, self.kind, 0]))
        if self.kind == 0:
            return generator.random(count)[i]
        pairs = generator.random((count, 2))[i]
        return np.sqrt(-2.0 * np.log1p(-pairs[..., 0])) * np.cos(2.0 * np.pi * pairs[..., 1])


def _sequence(seed: int, name: str, trial: int) -> np.random.SeedSequence:
    seed, trial = require_whole("seed", seed, low=0), require_whole("trial", trial, low=0)
    return np.random.SeedSequence(seed, spawn_key=(crc32(name.encode()), trial))


def stream(seed: int, name: str, trial: int = 0) -> np.random.Generator:
    """Generator of the random numbers called `name` in one trial of one seed.

    Its state is ``SeedSequence(seed, spawn_key=(crc32(name), trial))``: streams of other names, trials and seeds are
    independent of it, so that nothing changes when a run has more trials, more noise sources or another engine.

    Parameters
    ----------
    seed : int
        Not negative.
    name : str
        What the numbers are for, such as ``"feedback/noise"``.
    trial : int
        Not negative.

    Raises
    ------
    InputError
        If `seed` or `trial` is no whole number, or is negative.

    Examples
    --------
    >>> a, b = stream(1, "noise", trial=3), stream(1, "noise", trial=3)
    >>> bool(a.random() == b.random())
    True
    """
    return np.random.Generator(np.random.PCG64(_sequence(seed, name, trial)))


def counters(generator: np.random.Generator) -> NDArray[np.uint64]:
    """Where a stream stands, as six whole numbers: with them `set_counters` goes on.

    Examples
    --------
    >>> a, b = stream(1, "noise"), stream(2, "other")
    >>> _ = a.random(5)
    >>> set_counters(b, counters(a))
    >>> bool(a.random() == b.random())
    True
    """
    state = dict(generator.bit_generator.state)
    long = [state["state"]["state"], state["state"]["inc"]]
    parts = [part for number in long for part in (number >> 64, number & _LOWER)]
    return np.array([*parts, state["has_uint32"], state["uinteger"]], dtype=np.uint64)


def no_counters() -> NDArray[np.uint64]:
    """Numbers in place of those of a stream that there is not."""
    return np.zeros(6, dtype=np.uint64)


def set_counters(generator: np.random.Generator, numbers: NDArray[np.uint64]) -> None:
    """Let a stream go on where the one stood whose `counters` these are."""
    a, b, c, d, has_half, half = (int(number) for number in numbers)
    generator.bit_generator.state = {
        "bit_generator": "PCG64",
        "state": {"state": a << 64 | b, "inc": c << 64 | d},
        "has_uint32": has_half,
        "uinteger": half,
    }
