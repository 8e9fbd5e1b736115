"""Comparison of the best of several models with the best of several others: the choice of the best is accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfc

from plasticity.errors import InputError

__all__ = ["LEVEL", "BestOfEach", "best_of_each"]

CLEAR = 2.0  # standard errors at which a difference of two models decides
LEVEL = float(erfc(CLEAR / np.sqrt(2)))  # probability of that without a difference
N_SETS = 20_000


class Scores(Protocol):
    """What is compared, such as a `LeftOut`: the score of every unit."""

    @property
    def units(self) -> tuple[str, ...]:
        """Names of the units."""

    @property
    def scores(self) -> NDArray[np.float64]:
        """Score of each, (n_units,)."""


class BestOfEach(NamedTuple):
    """Which of two groups holds the better model.

    Parameters
    ----------
    ours, theirs : int
        Positions of the best of each by left-out score.
    gain, error : float
        Difference of their scores and its standard error over units.
    p_value : float
        Probability of so large a difference of the best if all models predicted equally well.
    """

    ours: int
    theirs: int
    gain: float
    error: float
    p_value: float


def best_of_each(ours: Sequence[Scores], theirs: Sequence[Scores], seed: int = 0) -> BestOfEach:
    """Compare the best left-out scores of two groups of models, which were chosen after the fact.

    Without a true difference the sums of scores are Gaussian with the covariance that their units show. Draws of it,
    of which the best of either group is chosen anew, give the distribution of the difference. With one model on each
    side p < 0.046 means two standard errors.

    Raises
    ------
    InputError
        If the models were not tested on the same units.

    References
    ----------
    vehtari_2017 (scores over units)
    """
    if len({left.units for left in (*ours, *theirs)}) > 1:
        raise InputError("the models were not tested on the same units; leave out the same ones of the same data")
    scores = np.column_stack([left.scores for left in (*ours, *theirs)])
    n, sums = len(scores), scores.sum(axis=0)
    first, second = int(np.argmax(sums[: len(ours)])), int(np.argmax(sums[len(ours) :]))
    paired = scores[:, first] - scores[:, len(ours) + second]
    gain, error = float(paired.sum()), float(np.sqrt(n * paired.var(ddof=1)))
    centred = (scores - scores.mean(axis=0)) * np.sqrt(n / (n - 1))
    drawn = np.random.default_rng(seed).standard_normal((N_SETS, n)) @ centred
    best = drawn[:, : len(ours)].max(axis=1) - drawn[:, len(ours) :].max(axis=1)
    tail = best >= gain if gain > 0 else best <= gain
    return BestOfEach(first, second, gain, error, min(1.0, 2 * float(np.mean(tail))) if gain else 1.0)
