"""The experiment that tells most about a learner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analysis.inference.experiment import Experiment
from analysis.inference.identify import identifiable
from plasticity.errors import InputError
from plasticity.support.checks import checked


@checked
def design(
    unknown: Sequence[str] | str,
    choices: Mapping[str, Experiment],
    values: Mapping[str, Any] | None = None,
    budget: int | None = None,
    target: str = "discount",
    **options: Any,
) -> list[tuple[str, float]]:
    """Experiments in the order of the expected error of one assumption, the best first.

    Parameters
    ----------
    unknown, values
        As for `identifiable`.
    choices : mapping of str to Experiment
        Candidates: other curvatures, levels of the loss, starts, times, trials without loss.
    budget : int, optional
        Largest number of records; candidates beyond it are left out.
    target : str
        Coordinate whose error counts.
    **options
        As for `identifiable`.

    Returns
    -------
    list of (name, expected standard error of the logarithm)
        inf where the target is aliased.

    Raises
    ------
    InputError
        If no candidate is within the budget, or the target is not unknown.

    Examples
    --------
    A hundredfold curvature tells more of the horizon than a twofold one:

    >>> from plasticity.landscapes import Quadratic
    >>> times = np.linspace(0, 6, 31)
    >>> losses = {f"ratio {r}": Quadratic([r**-0.5, r**0.5], [0.0, 0.0]) for r in (2, 100)}
    >>> pairs = {name: Experiment(loss, [1.0, 1.0], times) for name, loss in losses.items()}
    >>> [name for name, _ in design(("discount", "metric"), pairs, process_noise="none")]
    ['ratio 100', 'ratio 2']
    """
    affordable = {k: e for k, e in choices.items() if budget is None or e.n_trials * e.times.size <= budget}
    if not affordable:
        raise InputError(f"budget of {budget} records admits none of {', '.join(choices)}")
    ranked = []
    for name, experiment in affordable.items():
        answer = identifiable(experiment, unknown, values, **options)
        if target not in answer.names:
            raise InputError(f"target must be one of {', '.join(answer.names)}, got {target!r}")
        ranked.append((name, float(answer.error[answer.names.index(target)])))
    return sorted(ranked, key=lambda item: item[1])


def discount_error(stiffness: Sequence[float], discount: float = 1.0) -> float:
    """Standard error of ln γ over the relative error of rates, from two or more directions with ``ηkh/G = stiffness``.

    The rates are ``r(r + γ) = ηkh/G`` with one unknown ηk/G.

    Examples
    --------
    >>> round(discount_error([10.0, 0.1]), 1)
    3.2
    """
    h = np.asarray(stiffness, dtype=float)
    root = np.sqrt(discount**2 / 4 + h)
    rate = root - discount / 2
    by_discount = -discount / (2 * root)  # ∂ln r/∂ln γ
    by_gain = h / (2 * root * rate)  # ∂ln r/∂ln ηk
    jacobian = np.stack([by_discount, by_gain], axis=1)
    return float(np.sqrt(np.linalg.inv(jacobian.T @ jacobian)[0, 0]))


def best_pair(ratio: float) -> tuple[float, float]:
    """Best two stiffnesses of a ratio: their geometric mean over γ², and the sd of ln γ over the error of rates.

    Examples
    --------
    >>> [round(x, 1) for x in best_pair(4.0)]
    [0.8, 8.4]
    """
    from scipy.optimize import minimize_scalar

    def error(x: float) -> float:
        return discount_error([np.exp(x) * ratio**0.5, np.exp(x) * ratio**-0.5])

    run = minimize_scalar(error, bounds=(-6.0, 6.0), method="bounded", options={"xatol": 1e-8})
    return float(np.exp(run.x)), float(run.fun)
