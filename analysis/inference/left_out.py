"""How well sets of assumptions predict trials that they have not seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from analysis.inference.answer import Inference
from analysis.inference.mode import best
from analysis.inference.problem import Recorded
from analysis.inference.sample import importance
from plasticity.errors import InputError
from plasticity.support.checks import checked

__all__ = ["left_out_score"]

Array = NDArray[np.float64]


@checked
def left_out_score(answer: Inference) -> Array:
    """Score (n_trials,) of sets of assumptions: ln p of every trial given the others, by a refit without it.

    Raises
    ------
    InputError
        If there is one trial only.

    Examples
    --------
    >>> from analysis.infer import infer
    >>> from plasticity.landscapes import Quadratic
    >>> path = np.exp(-np.outer(np.arange(20) / 5, [0.5, 1.2]))[None] * np.array([[[1.0, 2.0]], [[-1.0, 1.0]]])
    >>> answer = infer(path, Quadratic([1.0, 3.0], [0.0, 0.0]), times=np.arange(20) / 5, check=False)
    >>> left_out_score(answer).shape
    (2,)
    """
    problem, data = answer.problem, answer.problem.data
    n_trials = len(data.paths)
    if n_trials < 2:
        raise InputError("a left-out score needs two or more trials; got 1")
    task = np.repeat(np.arange(len(data.tasks)), np.diff(data.first))
    scores = np.empty(n_trials)
    for out in range(n_trials):
        rest = replace(problem, data=_only(data, task, np.arange(n_trials) != out))
        alone = replace(problem, data=_only(data, task, np.arange(n_trials) == out))
        mode, hessian = best(rest, answer.seed)
        rng = np.random.default_rng([answer.seed, 2, out])
        draws, weights, _ = importance(rest.log_density, mode, hessian, 500, rng)
        used = weights > 1e-8
        logs = alone.log_likelihood(draws[used])
        scores[out] = float(np.log(weights[used] @ np.exp(logs - logs.max())) + logs.max())
    back = np.empty(n_trials)
    back[data.order] = scores
    return back


def _only(data: Recorded, task: NDArray[np.intp], selected: NDArray[np.bool_]) -> Recorded:
    """The recorded trials that are selected; every task stays, if need be without trials."""
    first = np.searchsorted(task[selected], np.arange(len(data.tasks) + 1)).astype(np.int64)
    return replace(data, paths=np.ascontiguousarray(data.paths[selected]), first=first, order=np.arange(selected.sum()))
