"""Sets of assumptions against each other, by how well each predicts trials that it has not seen."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.infer import infer
from analysis.inference.answer import Inference
from analysis.inference.learner import METRICS
from analysis.inference.left_out import left_out_score
from plasticity.errors import InputError
from plasticity.landscapes import Quadratic
from plasticity.support.checks import checked

__all__ = ["AssumptionSet", "compare_assumptions"]


@dataclass(frozen=True, eq=False)
class AssumptionSet:
    """A set of assumptions with its inference and its left-out scores, made by `compare_assumptions`.

    Parameters
    ----------
    name : str
    answer : Inference
    scores : (n_trials,) array
        ln p of every trial given the others.
    """

    name: str
    answer: Inference
    scores: NDArray[np.float64]

    @property
    def score(self) -> float:
        """Sum of the scores; larger is better."""
        return float(self.scores.sum())

    def behind(self, best: AssumptionSet) -> tuple[float, float]:
        """Score of another set minus that of this one, and its standard error over trials."""
        difference = best.scores - self.scores
        return float(difference.sum()), float(np.sqrt(difference.size) * difference.std(ddof=1))


@checked
def compare_assumptions(
    data: Any,
    landscapes: Quadratic | Sequence[Quadratic],
    sets: Mapping[str, Mapping[str, Any]],
    *,
    times: ArrayLike | None = None,
    **shared: Any,
) -> tuple[AssumptionSet, ...]:
    """Infer a learner under several sets of assumptions, and rank them by left-out score.

    Parameters
    ----------
    data, landscapes, times
        As for `infer`; two trials or more.
    sets : mapping of str to mapping
        By name the arguments of `infer` in which a set differs.
    **shared
        Arguments of `infer` of all sets.

    Returns
    -------
    tuple of AssumptionSet
        The best first.

    Raises
    ------
    InputError
        If there is one trial only, or no set, or `infer` refuses one.

    Examples
    --------
    A metric that makes the second weight cheap to change, against one that is the same for both:

    >>> from plasticity import Objective, solve
    >>> loss, times = Quadratic([[3.0, 1.0], [1.0, 0.5]], [0.0, 0.0]), np.linspace(0, 6, 31)
    >>> path = solve(Objective(0.7, metric=[2.0, 0.3]), loss).trajectory([[1.0, 1.0], [-1.0, 0.5]], times).theta.values
    >>> path = path + 0.01 * np.random.default_rng(0).standard_normal(path.shape)
    >>> sets = {"isotropic": {"metric": "isotropic"}, "diagonal": {"metric": "diagonal"}}
    >>> ranked = compare_assumptions(path, loss, sets, times=times, process_noise="none")
    >>> [one.name for one in ranked]
    ['diagonal', 'isotropic']

    References
    ----------
    vehtari_2017 (standard error of differences of left-out scores).
    """
    if not sets:
        raise InputError("sets must hold one set of assumptions or more; got none")
    compared = []
    for name, changes in sets.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # the verdicts of a set say what is an alias in it
            answer = infer(data, landscapes, times=times, **{"check": False, **shared, **changes})
        compared.append(AssumptionSet(name, answer, left_out_score(answer)))
    return tuple(sorted(compared, key=lambda one: -one.score))


def neighbouring_sets(
    n: int, unknown: Sequence[str], metric: str, known: Mapping[str, Any], rank: int | None = None
) -> dict[str, dict[str, Any]]:
    """Sets of assumptions beside one: other forms of an unknown metric, and a decay or a hazard in addition.

    Examples
    --------
    >>> list(neighbouring_sets(2, ("discount", "metric"), "diagonal", {"hazard": 0.1}))
    ['diagonal metric', 'isotropic metric', 'full metric', 'diagonal metric and decay']
    """
    own = f"control of rank {rank}" if rank else f"{metric} metric" if "metric" in unknown else "metric known"
    form = {"metric": metric, "rank": rank}
    sets: dict[str, dict[str, Any]] = {own: {"unknown": tuple(unknown), **form}}
    if "metric" in unknown and n > 1:
        others = [other for other in METRICS if other != metric or rank]
        sets |= {f"{other} metric": {"unknown": tuple(unknown), "metric": other} for other in others}
    moving = {"drift_matrix", "drift", "hazard"} & {*unknown, *known}
    for name, word in (("drift", "decay"), ("hazard", "hazard")):
        if name not in moving and "drift_matrix" not in moving:
            sets[f"{own} and {word}"] = {"unknown": (*unknown, name), **form}
    return sets
