"""Check of a student's function: its results on random problems, against the engine's."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from course.check.verdict import NOT_BEGUN, Verdict, failed
from plasticity.support.checks import checked, require_number, require_whole


@checked
def code(
    answer: object,
    reference: Callable[..., Any],
    problem: Callable[[np.random.Generator], tuple],
    n_problems: int = 20,
    error: float = 1e-9,
    others: Mapping[str, Callable] | None = None,
    seed: int = 0,
) -> Verdict:
    """Judge a function by what it returns for random arguments.

    Parameters
    ----------
    answer : callable
        The student's function; it must return numbers, an array, or a tuple of such.
    reference : callable
        The same by the engine.
    problem : callable
        Maps a random generator to a tuple of arguments.
    n_problems : int
        How many are tried.
    error : float
        Allowed difference, relative to the largest number of the right result: rounding, and the error of the
        method if the engine and the student use different ones.
    others : mapping of str to callable, optional
        Wrong functions with the hint for each.
    seed : int
        Seed of the problems.

    Returns
    -------
    Verdict

    Examples
    --------
    >>> print(code(lambda x: 2 * x, lambda x: x + x, lambda random: (random.normal(),)))
    right: Right on 20 random problems.
    >>> print(code(lambda x: x, lambda x: x + x, lambda random: (1.0,)))
    wrong: With the arguments (1) it returns 1, but 2 is right.
    """
    require_whole("n_problems", n_problems, low=1)
    require_number("error", error, low=0)
    if answer is None:
        return NOT_BEGUN
    if not callable(answer):
        return Verdict(False, f"A function is asked for, not {answer!r:.80}.")
    random = np.random.default_rng(seed)
    problems = [problem(random) for _ in range(n_problems)]
    rights = [_numbers(reference(*copy.deepcopy(arguments))) for arguments in problems]
    results: list[np.ndarray] = []
    for arguments in problems:
        try:
            results.append(_numbers(answer(*copy.deepcopy(arguments))))
        except NotImplementedError:
            return NOT_BEGUN
        except Exception as problem_met:
            return failed(problem_met, f" with the arguments {_shown(arguments)}")
    wrong = [i for i in range(n_problems) if not _agree(results[i], rights[i], error)]
    if not wrong:
        return Verdict(True, f"Right on {n_problems} random problems.")
    for hint, other in (others or {}).items():
        same = [_numbers(other(*copy.deepcopy(arguments))) for arguments in problems]
        if all(_agree(result, one, error) for result, one in zip(results, same, strict=True)):
            return Verdict(False, hint)
    return Verdict(False, _difference(problems[wrong[0]], results[wrong[0]], rights[wrong[0]]))


def _numbers(result: Any) -> np.ndarray:
    parts = result if isinstance(result, tuple) else (result,)
    arrays = [np.asarray(part, dtype=float) for part in parts]
    return arrays[0] if len(arrays) == 1 else np.concatenate([array.ravel() for array in arrays])


def _agree(result: np.ndarray, right: np.ndarray, error: float) -> bool:
    if result.shape != right.shape or not np.all(np.isfinite(result)):
        return False
    return bool(np.max(np.abs(result - right), initial=0.0) <= error * np.max(np.abs(right), initial=0.0))


def _difference(arguments: tuple, result: np.ndarray, right: np.ndarray) -> str:
    if result.shape != right.shape:
        return f"It returns numbers of shape {result.shape}, but {right.shape} is asked for."
    return f"With the arguments {_shown(arguments)} it returns {_text(result)}, but {_text(right)} is right."


def _shown(arguments: tuple) -> str:
    return f"({', '.join(_text(np.asarray(a)) if _is_numeric(a) else f'{a!r:.60}' for a in arguments)})"


def _is_numeric(value: Any) -> bool:
    return isinstance(value, np.ndarray | np.generic | float)


def _text(values: np.ndarray) -> str:
    return f"{float(values):.6g}" if values.ndim == 0 else np.array2string(values, precision=4, threshold=6)
