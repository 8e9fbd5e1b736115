"""Check of a prediction, which is made before the simulation can be seen."""

from __future__ import annotations

from collections.abc import Mapping

from course.check.verdict import NOT_BEGUN, Verdict
from plasticity.errors import InputError
from plasticity.support.checks import checked


@checked
def prediction(answer: object, options: Mapping[str, bool], because: str = "") -> Verdict:
    """Judge a choice among options, of which the engine says which happens.

    A lesson shows the slider or the run once `Verdict.begun` is true: a wrong prediction unlocks it, too.

    Parameters
    ----------
    answer : str
        One of the options, or its beginning.
    options : mapping of str to bool
        Every option, and whether that is what happens.
    because : str
        Shown after a choice, right or wrong.

    Returns
    -------
    Verdict

    Raises
    ------
    InputError
        Unless just one option happens.

    Examples
    --------
    >>> print(prediction("slower", {"faster": False, "slower": True}, "The horizon is shorter."))
    right: The horizon is shorter.
    """
    happens = [option for option, is_so in options.items() if is_so]
    if len(happens) != 1:
        raise InputError(f"options must hold one that is True, got {dict(options)!r}")
    if answer is None or answer == "":
        return NOT_BEGUN
    chosen = [option for option in options if option == answer] or [
        option for option in options if isinstance(answer, str) and option.lower().startswith(answer.strip().lower())
    ]
    if len(chosen) != 1:
        return Verdict(False, f"Choose one of: {', '.join(options)}.")
    if chosen == happens:
        return Verdict(True, because or f"“{happens[0]}” is what happens.")
    return Verdict(False, f"“{happens[0]}” is what happens. {because}".rstrip())
