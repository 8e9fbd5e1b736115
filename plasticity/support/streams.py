"""Random numbers that depend on a seed, a name and a trial alone, whoever else draws and in whatever engine."""

from __future__ import annotations

from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from plasticity.support.checks import require_whole

_LOWER = 2**64 - 1


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
    seed, trial = require_whole("seed", seed, low=0), require_whole("trial", trial, low=0)
    key = (crc32(name.encode()), trial)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))


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
