"""What holds for every test: Brian2 and pytest get along, Ctrl-C is an exception, generators can be shifted.

Importing `brian2` replaces `_pytest.doctest.DoctestModule` by a class that fails on packages, so it is imported before
anything is collected, and pytest gets its collector back.
"""

import os
import signal

import numpy as np
import pytest
from _pytest import doctest

_collector = doctest.DoctestModule
import brian2  # noqa: E402, F401

doctest.DoctestModule = _collector


def pytest_configure():
    """``STEERSMAN_TEST_SEED=7 pytest …`` gives every test other random numbers, in this process."""
    if shift := int(os.environ.get("STEERSMAN_TEST_SEED", "0")):
        sequence, generator = np.random.SeedSequence, np.random.default_rng

        def shifted(entropy=None, **options):
            return sequence(entropy if entropy is None else np.append(entropy, shift), **options)

        def default_rng(seed=None):
            return generator(shifted(seed) if isinstance(seed, int | list) else seed)

        np.random.SeedSequence, np.random.default_rng = shifted, default_rng


@pytest.fixture(autouse=True)
def _interrupts_are_exceptions():
    """A process that starts in the background ignores SIGINT; tests that raise it would wait for ever."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before if before is not None else signal.SIG_DFL)


@pytest.fixture
def random():
    """Random numbers of one test, whatever ran before it."""
    return np.random.default_rng(0)
