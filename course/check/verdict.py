"""What a check says about an answer, and the judgement of a student's function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from plasticity.errors import InputError
from plasticity.support.checks import checked

STATES = {True: "right", False: "wrong", None: "not begun"}
MARKS = {True: "✓", False: "✗", None: "✎"}


@checked
@dataclass(frozen=True)
class Verdict:
    """Result of a check.

    Parameters
    ----------
    correct : bool or None
        None where the exercise is not begun.
    message : str
        What makes the answer right, or a hint.

    Examples
    --------
    >>> print(Verdict(False, "The sign is wrong."))
    wrong: The sign is wrong.
    """

    correct: bool | None
    message: str

    @property
    def begun(self) -> bool:
        """Whether there is an answer."""
        return self.correct is not None

    def __str__(self) -> str:
        return f"{STATES[self.correct]}: {self.message}"

    def _repr_markdown_(self) -> str:
        """Show the verdict in a notebook."""
        return f"{MARKS[self.correct]} **{STATES[self.correct].capitalize()}.** {self.message}"


NOT_BEGUN = Verdict(None, "Write your answer in place of `raise NotImplementedError`.")


@checked
def judge(answer: Callable[..., Any], check: Callable[[Any], Verdict]) -> Verdict:
    """Verdict about a student's function: about what it returns, or about itself if it takes arguments.

    Parameters
    ----------
    answer : callable
        The function that the student completed.
    check : callable
        Function that takes the answer and returns a `Verdict`.

    Returns
    -------
    Verdict
        "not begun" if `answer` raises NotImplementedError or returns None; any other error is a wrong answer.

    Examples
    --------
    >>> from course.check import number
    >>> print(judge(lambda: 0.5, lambda answer: number(answer, 0.5)))
    right: 0.5, to 3 digits.
    """
    if inspect.signature(answer).parameters:
        return check(answer)
    try:
        value = answer()
    except NotImplementedError:
        return NOT_BEGUN
    except Exception as error:
        return failed(error)
    try:
        return NOT_BEGUN if value is None else check(value)
    except InputError as error:  # the engine refuses the answer
        return Verdict(False, f"{error}.")


@checked
def hints(mistakes: Mapping[str, Iterable[tuple]], names: Mapping[str, Any]) -> list[dict[str, str]]:
    """Table of wrong answers and what a student reads: ``exercise``, ``answer`` and ``hint`` per row.

    Parameters
    ----------
    mistakes : mapping of str to iterable of tuples
        Wrong answers, first in each tuple, by the names of the exercises.
    names : mapping of str to any
        What the lesson defines, such as ``globals()``; it has the functions ``check_NAME``.

    Examples
    --------
    >>> hints({"half": [(1, "twice")]}, {"check_half": lambda answer: Verdict(False, "That is twice the half.")})
    [{'exercise': 'half', 'answer': '1', 'hint': 'That is twice the half.'}]
    """
    return [
        {"exercise": name, "answer": _code(wrong), "hint": names[f"check_{name}"](wrong).message}
        for name, pairs in mistakes.items()
        for wrong, *_ in pairs
    ]


def _code(answer: Any) -> str:
    """Text of an answer; of a function its first line."""
    if not callable(answer):
        return str(answer)
    try:
        return inspect.getsource(answer).strip().partition("\n")[0]
    except (OSError, TypeError):
        return repr(answer)


def failed(error: Exception, call: str = "") -> Verdict:
    """Verdict about a function that raised an error.

    Examples
    --------
    >>> print(failed(ZeroDivisionError("division by zero")))
    wrong: Your function stops with ZeroDivisionError: division by zero.
    """
    kind = "" if isinstance(error, InputError) else f"{type(error).__name__}: "
    return Verdict(False, f"Your function stops{call} with {kind}{str(error)[:300].rstrip('.')}.")
