"""Check of a curve: the numbers that a student draws, not the pixels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from course.check.verdict import NOT_BEGUN, Verdict
from plasticity.errors import InputError
from plasticity.support.checks import checked, require_finite, require_number


@checked
def curve(
    answer: Any,
    x: ArrayLike,
    expected: ArrayLike,
    error: float = 0.01,
    others: Mapping[str, ArrayLike] | None = None,
) -> Verdict:
    """Judge the heights of a curve.

    Parameters
    ----------
    answer : array_like
        Heights at `x`, of the shape of `expected`.
    x : (n,) array_like
        Where the curve is drawn.
    expected : (n,) or (n, m) array_like
        The right heights, of m curves.
    error : float
        Allowed difference as a fraction of the range of `expected`; 0.01 is what an eye sees in a figure.
    others : mapping of str to array_like, optional
        Wrong curves with the hint for each.

    Returns
    -------
    Verdict

    Raises
    ------
    InputError
        If `x` and `expected` do not fit.

    Examples
    --------
    >>> x = [0.0, 1.0, 2.0]
    >>> print(curve([0.0, 1.0, 4.0], x, [0.0, 1.0, 4.0]))
    right: Within 1 % of the range everywhere.
    >>> print(curve([0.0, 1.0, 2.0], x, [0.0, 1.0, 4.0]))
    wrong: The curve differs most at 2: it is 2 there, but 4 is right.
    """
    require_number("error", error, low=0)
    places, right = require_finite("x", x), require_finite("expected", expected)
    if places.ndim != 1 or right.shape[:1] != places.shape:
        raise InputError(f"expected must have one height per x, got shapes {right.shape} and {places.shape}")
    wrongs = {hint: require_finite(hint, other) for hint, other in (others or {}).items()}
    if answer is None:
        return NOT_BEGUN
    try:
        heights = require_finite("The curve", answer)
    except InputError as problem:
        return Verdict(False, f"{problem}.")
    if heights.shape != right.shape:
        return Verdict(False, f"The curve has the shape {heights.shape}, but {right.shape} is asked for.")
    if _near(heights, right, error):
        return Verdict(True, f"Within {100 * error:g} % of the range everywhere.")
    for hint, wrong in wrongs.items():
        if _near(heights, wrong, error):
            return Verdict(False, hint)
    if _near(-heights, right, error):
        return Verdict(False, "The sign is wrong.")
    worst = np.unravel_index(np.argmax(np.abs(heights - right)), right.shape)
    there = f"it is {heights[worst]:.4g} there, but {right[worst]:.4g} is right"
    return Verdict(False, f"The curve differs most at {places[worst[0]]:g}: {there}.")


def _near(heights: np.ndarray, right: np.ndarray, error: float) -> bool:
    return heights.shape == right.shape and bool(np.max(np.abs(heights - right)) <= error * (np.ptp(right) or 1.0))
