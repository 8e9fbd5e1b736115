"""Import Brian2 before anything is collected, and give pytest its collector of doctests back.

Importing `brian2` replaces `_pytest.doctest.DoctestModule` by a class that fails on packages.
"""

from _pytest import doctest

_collector = doctest.DoctestModule
import brian2  # noqa: E402, F401

doctest.DoctestModule = _collector
