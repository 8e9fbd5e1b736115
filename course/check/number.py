"""Check of a number: to as many digits as are asked for, beside the error of the engine itself."""

from __future__ import annotations

import math
from collections.abc import Mapping

from course.check.verdict import NOT_BEGUN, Verdict
from plasticity.errors import InputError
from plasticity.support.checks import checked, require_number, require_whole

FACTORS = {-1.0: "The sign is wrong.", 1000.0: "This is 1000 times too large: milliseconds in place of seconds?"}
FACTORS |= {
    0.001: "This is 1000 times too small: seconds in place of milliseconds?",
    2.0: "This is twice the right number.",
}
FACTORS |= {0.5: "This is half the right number."}


@checked
def number(
    answer: object,
    expected: float,
    digits: int = 3,
    error: float = 0.0,
    others: Mapping[str, float] | None = None,
) -> Verdict:
    """Judge a number.

    It may differ by half a unit of the last digit that is asked for, ``10**(e − digits)/2`` for a value between
    ``10**(e−1)`` and ``10**e``, plus `error`.

    Parameters
    ----------
    answer : float
        What the student returns.
    expected : float
        What the engine finds.
    digits : int
        Significant digits that are asked for.
    error : float
        Error of `expected` itself, as the engine or the statistics state it.
    others : mapping of str to float, optional
        Wrong answers with the hint for each.

    Returns
    -------
    Verdict

    Raises
    ------
    InputError
        If `expected`, `digits`, `error` or one of `others` is no number.

    Examples
    --------
    >>> print(number(0.539, 0.539031))
    right: 0.539, to 3 digits.
    >>> print(number(0.54, 0.539031))
    wrong: This is right to 2 digits; 3 are asked for (±0.0005).
    """
    digits = require_whole("digits", digits, low=1)
    error = require_number("error", error, low=0)
    wrongs = {hint: require_number(hint, other) for hint, other in (others or {}).items()}
    if answer is None:
        return NOT_BEGUN
    try:
        value = require_number("The answer", answer)
    except InputError as problem:
        return Verdict(False, f"{problem}.")
    allowed = tolerance(expected, digits) + error
    if abs(value - expected) <= allowed:
        return Verdict(True, f"{value:g}, to {digits} digits.")
    for hint, other in wrongs.items():
        if abs(value - other) <= tolerance(other, digits) + error:
            return Verdict(False, hint)
    return Verdict(False, _hint(value, expected, digits, error, allowed))


def tolerance(expected: float, digits: int) -> float:
    """Half a unit of the last of so many significant digits; for 0 that of a number of the size 1.

    Examples
    --------
    >>> tolerance(0.539, 3), tolerance(12.0, 2)
    (0.0005, 0.5)
    """
    size = math.floor(math.log10(abs(expected))) + 1 if expected else 0
    return 0.5 * 10.0 ** (size - digits)


def _hint(value: float, expected: float, digits: int, error: float, allowed: float) -> str:
    for fewer in range(digits - 1, 1, -1):
        if abs(value - expected) <= tolerance(expected, fewer) + error:
            return f"This is right to {fewer} digits; {digits} are asked for (±{allowed:.2g})."
    for factor, words in FACTORS.items():
        if expected and abs(value - factor * expected) <= tolerance(factor * expected, digits) + abs(factor) * error:
            return words
    return f"{value:g} is too {'large' if value > expected else 'small'}."
