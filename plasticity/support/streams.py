"""Random numbers that depend on a seed, a name and a trial alone, whoever else draws and in whatever engine."""

from __future__ import annotations

from zlib import crc32

import numpy as np

from plasticity.support.checks import require_whole


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
