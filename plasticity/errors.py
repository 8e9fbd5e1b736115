"""Errors that a caller would catch: bad input, and a run that leaves the finite numbers."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Something the user gave cannot be used; the message names it, its value and the remedy."""


class UnknownNameError(InputError):
    """A name that is in no catalogue, answered with the nearest known one.

    Parameters
    ----------
    kind : str
        What was looked for, such as ``"rule"``.
    name : str
        The name that was given.
    known : iterable of str
        The names that exist.

    Examples
    --------
    >>> str(UnknownNameError("rule", "ojo", ["oja", "bcm"]))
    "unknown rule 'ojo'; did you mean 'oja'? Known: bcm, oja"
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]):
        known = sorted(known)
        near = difflib.get_close_matches(str(name), known, n=3, cutoff=0.5)
        near.sort(key=lambda other: (-difflib.SequenceMatcher(None, other, str(name)).ratio(), len(other)))
        hint = f"; did you mean {near[0]!r}?" if near else "."
        super().__init__(f"unknown {kind} {name!r}{hint} Known: {', '.join(known) or 'none'}")


class DivergedError(ArithmeticError):
    """A simulated variable left the finite numbers; the message names it and the time, as `variable` and `time` [s].

    `phase` is where that was in an experiment of several phases.

    Examples
    --------
    >>> str(DivergedError("w", 1.5, "use a smaller dt"))
    'w is no longer finite at t = 1.5 s: use a smaller dt'
    """

    def __init__(self, variable: str, time: float, remedy: str, phase: str = ""):
        where = phase and f" in {phase}"
        super().__init__(f"{variable} is no longer finite at t = {time:g} s{where}: {remedy}")
        self.variable, self.time, self.remedy, self.phase = variable, time, remedy, phase


class FailedRunsError(RuntimeError):
    """Runs of a sweep ended in errors, which are stored beside the results of the others."""


class UnitWarning(UserWarning):
    """A value that is probably in another unit than the one expected, such as milliseconds in place of seconds."""
