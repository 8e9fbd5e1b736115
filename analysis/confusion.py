"""Which of several rules would be mistaken for which: data from every one, fitted by all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from analysis.fit import Fit, fit_problem
from analysis.fitting.problem import with_values
from analysis.fitting.search import REFIT_EVALUATIONS
from analysis.pages.render import numbered
from analysis.recover import synthetic_values
from plasticity.dataset import make_dataset
from plasticity.errors import InputError, UnknownNameError
from plasticity.support.checks import checked, require_whole
from plasticity.support.progress import progress

__all__ = ["confusion"]

CRITERIA = ("aic", "bic")
TIE = 0.05  # difference of the criterion below which rules share a choice: they predict the same


@checked
def confusion(
    fits: Sequence[Fit], n_sets: int = 20, criterion: str = "aic", n_starts: int = 2, seed: int = 0
) -> xr.Dataset:
    """Generate data from every rule with the noise of the measurements, fit all rules to them, and count the choices.

    Parameters
    ----------
    fits : sequence of Fit
        Two or more fits to one data set; their parameters generate the synthetic data.
    n_sets : int
        Synthetic data sets of each rule.
    criterion : {"aic", "bic"}
        Criterion of the choice; rules within 0.05 of the best share it.
    n_starts : int
        Starts of each refit: the fit itself, then draws.
    seed : int
        The same seed gives the same result.

    Returns
    -------
    xarray.Dataset
        ``share(made_by, chosen)`` [1]: rows add up to 1; a perfect data set has ones on the diagonal.

    Raises
    ------
    InputError
        If there are fewer than two fits, or they are not of one data set.

    Examples
    --------
    >>> from analysis.fit import fit
    >>> fits = [fit("pair_stdp", "wang_2005", ["A_plus", "A_minus"]), fit("triplet_stdp", "wang_2005")]
    >>> confusion(fits, n_sets=3).share.sum("chosen").values.tolist()
    [1.0, 1.0]

    References
    ----------
    wilson_2019
    """
    _check(fits, n_sets, criterion)
    n_starts = require_whole("n_starts", n_starts, low=1)
    problems = [fitted.problem() for fitted in fits]
    share = np.zeros((len(fits), len(fits)))
    jobs = [(row, values) for row, fitted in enumerate(fits) for values in synthetic_values(fitted, n_sets, seed + row)]
    for job, (row, values) in enumerate(progress(jobs, "confusion")):
        refits = [
            fit_problem(with_values(problem, values), n_starts, seed + job, fitted.free_values, REFIT_EVALUATIONS)
            for problem, fitted in zip(problems, fits, strict=True)
        ]
        share[row] += _choice(np.array([getattr(refit, criterion) for refit in refits]))
    labels, data = numbered([fitted.rule.name for fitted in fits]), fits[0].data.attrs
    chosen = f"share of synthetic sets in which {criterion} chooses the rule"
    return make_dataset(
        {"share": (("made_by", "chosen"), share / n_sets, "1", chosen)},
        {
            "made_by": ("made_by", labels, "1", "rule that made the synthetic data"),
            "chosen": ("chosen", labels, "1", "rule that is chosen"),
            "n_free": ("made_by", [len(fitted.free) for fitted in fits], "1", "number of free parameters"),
        },
        title=f"Which rule would be mistaken for which: {data['title']}",
        engine="replay",
        seed=seed,
        parameters={"n_sets": n_sets, "criterion": criterion},
        references=("wilson_2019",),
        data=data["data"],
    )


def _choice(values: NDArray) -> NDArray:
    """One for the rule of the smallest criterion, shared among ties."""
    chosen = values <= values.min() + TIE
    return chosen / chosen.sum()


def _check(fits: Sequence[Fit], n_sets: int, criterion: str) -> None:
    if len(fits) < 2:
        raise InputError("a confusion needs at least two rules")
    first = fits[0].data
    for fitted in fits[1:]:
        if not (first.value.equals(fitted.data.value) and first.sem.equals(fitted.data.sem)):
            raise InputError("the rules must be fitted to one and the same data set")
    if criterion not in CRITERIA:
        raise UnknownNameError("criterion", criterion, CRITERIA)
    require_whole("n_sets", n_sets, low=1)
