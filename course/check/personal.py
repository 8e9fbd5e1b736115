"""Numbers of a student: others for every name, the same on every machine."""

from __future__ import annotations

from hashlib import sha256

from plasticity.errors import InputError
from plasticity.support.checks import checked, require_number

DIGITS = 3


@checked
def personal(name: str, exercise: str, **bounds: tuple[float, float]) -> dict[str, float]:
    """Parameters of an exercise for one student, so that neighbours have other numbers.

    Each is even between its bounds, ``low + (high − low) h`` with h in [0, 1) from a hash (SHA-256) of the name, the
    exercise and the parameter, and has three digits. Capital letters and spaces of the name do not matter.

    Parameters
    ----------
    name : str
        Of the student.
    exercise : str
        Of which each has numbers of its own.
    **bounds : (low, high)
        By the names of the parameters.

    Returns
    -------
    dict of str to float

    Raises
    ------
    InputError
        If a name is no text or empty, or bounds are not two increasing numbers.

    Examples
    --------
    >>> personal("Ada Lovelace", "learner", discount=(0.4, 1.0), rate=(1.0, 2.0))
    {'discount': 0.58, 'rate': 1.67}
    >>> personal("ada  lovelace", "learner", rate=(1.0, 2.0)) == personal("Ada Lovelace", "learner", rate=(1.0, 2.0))
    True
    """
    parts = []
    for label, text in (("name", name), ("exercise", exercise)):
        if not isinstance(text, str) or not text.strip():
            raise InputError(f"{label} must be a text that is not empty, got {text!r:.60}")
        parts.append(" ".join(text.casefold().split()))
    return {key: _between(key, limits, "\n".join([*parts, key])) for key, limits in bounds.items()}


def _between(key: str, limits: tuple[float, float], text: str) -> float:
    try:
        low, high = (require_number(key, limit) for limit in limits)
    except (TypeError, ValueError):
        low = high = 0.0
    if not low < high:
        raise InputError(f"{key} must have bounds (low, high) with low < high, got {limits!r:.60}")
    share = int.from_bytes(sha256(text.encode()).digest()[:6], "big") / 2**48
    return float(f"{low + (high - low) * share:.{DIGITS}g}")
