"""Whether a process waits for another that builds what it needs, or puts its task off and does another one first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

_patient = True


class Postponed(BaseException):
    """The task needs what another process is building: it should be tried again later. No error of the task."""


@contextmanager
def patience(patient: bool) -> Iterator[None]:
    """In the block, `wait_or_postpone` raises `Postponed` unless `patient`, until the task has `begun`.

    Examples
    --------
    >>> with patience(False):
    ...     try:
    ...         wait_or_postpone()
    ...     except Postponed:
    ...         print("later")
    later
    """
    global _patient
    before, _patient = _patient, patient
    try:
        yield
    finally:
        _patient = before


def wait_or_postpone() -> None:
    """Return if the process should wait.

    Raises
    ------
    Postponed
        If it should do another task first.
    """
    if not _patient:
        raise Postponed


def begun() -> None:
    """From here on putting the task off would lose work: it waits."""
    global _patient
    _patient = True
