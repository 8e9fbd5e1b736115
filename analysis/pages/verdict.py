"""The result of a comparison in a few sentences: who comes closest, what ties, what the free parameters cost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.compare import Comparison, Score
from analysis.pages.quantity import shown

__all__ = ["verdict"]

SAME_ERROR = 0.005  # relative difference of E below which two rules agree equally well
SAME_AIC = 0.05  # difference of AIC too small to be named
SUPPORT = 10.0  # difference of AIC from which a model has essentially no support, burnham_2002


def verdict(comparison: Comparison) -> str:
    """Sentences that open a report.

    References
    ----------
    burnham_2002 (differences of AIC)
    """
    scores, n = comparison.scores, comparison.data.sizes["protocol"]
    best, worst = scores[0], scores[-1]
    tied = [score for score in scores if score.error <= best.error * (1 + SAME_ERROR)]
    misses = f"miss them by {np.sqrt(best.error):.2g} standard errors (root mean square; E = {best.error:.3g})."
    if len(scores) == 1:
        return f"The predictions of {best.label} for the {n} measurements {misses}"
    if len(tied) > 1:
        apart = max(np.abs(score.predictions - best.predictions).max() for score in tied)
        first = f"{_listed(tied)} come equally close to the {n} measurements: they {misses} "
        factor, unit = shown(comparison.data)
        of = " of the initial weight" if unit == "%" else ""
        first += f"Their predictions differ by at most {factor * apart:.2g} {unit}{of}."
    else:
        first = f"{best.label} comes closest to the {n} measurements: its predictions {misses}"
    second = ""
    if worst not in tied:
        second = f" {worst.label} misses them most, by {np.sqrt(worst.error):.2g} (E = {worst.error:.3g})."
    lowest = min(score.aic for score in scores)
    favoured = [score for score in scores if score.aic - lowest < SAME_AIC]
    close = [score for score in scores if SAME_AIC <= score.aic - lowest < SUPPORT]
    if len(favoured) == len(scores):
        return f"{first}{second} AIC prefers none of them."
    third = f" Counting free parameters, AIC prefers {_listed(favoured)}"
    if not close:
        return f"{first}{second}{third} by {SUPPORT:g} or more."
    verb = "is" if len(close) == 1 else "are"
    return f"{first}{second}{third}; {_listed(close)} {verb} within {SUPPORT:g} of it: these data do not decide."


def _listed(scores: Sequence[Score]) -> str:
    *others, last = (score.label for score in scores)
    return f"{', '.join(others)} and {last}" if others else last
