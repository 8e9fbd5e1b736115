"""Parameter recovery: simulate data from known parameters, refit, and see which parameters come back."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from tqdm import tqdm

from analysis.fit import Fit, fit_problem
from analysis.fitting.problem import with_values
from analysis.fitting.search import REFIT_EVALUATIONS
from analysis.fitting.synthetic import problem_of, synthetic_values
from plasticity.dataset import make_dataset
from plasticity.errors import InputError, require_whole

__all__ = ["recover"]

REQUIRED = 0.8  # share of synthetic sets in which a parameter must lie within two standard errors
WIDTH = 2.0  # standard errors


def recover(fitted: Fit, n_sets: int = 50, n_starts: int = 2, seed: int = 0) -> xr.Dataset:
    """Fit a rule to data that it made itself, with the noise of the measurements, and count what comes back.

    A parameter is covered in a set if ``|estimate − truth| ≤ 2 standard errors``; on a bound or where the standard
    error cannot be computed it is not. It is identifiable if it is covered in at least 80 % of the sets and its
    standard error is typically smaller than itself; otherwise `verdict` says why not.

    Parameters
    ----------
    fitted : Fit
        Its parameters are the truth, its standard errors of measurement the noise.
    n_sets : int
        Number of synthetic data sets.
    n_starts : int
        Starts of each refit: the truth, then draws.
    seed : int
        The same seed gives the same synthetic data and refits.

    Returns
    -------
    xarray.Dataset
        ``estimate(trial, parameter)``, ``standard_error(trial, parameter)``, ``truth(parameter)``,
        ``coverage(parameter)`` [1], ``identifiable(parameter)`` (0 or 1) and ``verdict(parameter)``.

    Raises
    ------
    InputError
        If nothing is free, or `n_sets` is no whole number from 2 on.

    Examples
    --------
    >>> from analysis.fit import fit
    >>> recovery = recover(fit("pair_stdp", "wang_2005", free=["A_plus"]), n_sets=10)
    >>> recovery.verdict.values.tolist()
    ['identifiable']
    """
    if not fitted.free:
        raise InputError("nothing is free, so nothing can be recovered; name free parameters")
    n_sets = require_whole("n_sets", n_sets, low=2)
    problem, free = problem_of(fitted), fitted.free
    truth = np.array([fitted.parameters[name] for name in free])
    estimate, error = np.empty((2, n_sets, len(free)))
    on_bound = np.zeros(len(free), int)
    sets = synthetic_values(fitted, n_sets, seed)
    for i, values in enumerate(tqdm(sets, f"{fitted.rule.name}: recover", disable=None, delay=2, leave=False)):
        refit = fit_problem(with_values(problem, values), n_starts, seed + i, truth, REFIT_EVALUATIONS)
        estimate[i] = [refit.parameters[name] for name in free]
        error[i] = [refit.standard_errors[name] for name in free]
        on_bound += [name in refit.at_bound for name in free]
    covered = np.abs(estimate - truth) <= WIDTH * error  # False where the error is NaN
    verdicts = [_verdict(*column, n_sets) for column in zip(covered.T, error.T, truth, on_bound, strict=True)]
    return _dataset(fitted, seed, truth, estimate, error, covered.mean(axis=0), verdicts)


def _verdict(covered: NDArray, error: NDArray, truth: float, on_bound: int, n_sets: int) -> str:
    """Whether a parameter is identifiable, and if not, why."""
    lost, known = n_sets - covered.sum(), error[np.isfinite(error)]
    if covered.sum() >= REQUIRED * n_sets:
        if np.median(known) <= abs(truth):
            return "identifiable"
        return "not identifiable: its standard error is larger than its value"
    if on_bound > lost / 2:
        return f"not identifiable: on a bound in {on_bound} of {n_sets} sets"
    undetermined = n_sets - known.size - on_bound
    if undetermined > lost / 2:
        return f"not identifiable: undetermined in {undetermined} of {n_sets} sets"
    return f"not identifiable: two standard errors cover it in {covered.sum()} of {n_sets} sets only"


def _dataset(
    fitted: Fit,
    seed: int,
    truth: NDArray,
    estimate: NDArray,
    error: NDArray,
    coverage: NDArray,
    verdicts: list[str],
) -> xr.Dataset:
    units = {p.name: p.unit for p in fitted.rule.parameters}
    mixed = "unit of the parameter"
    return make_dataset(
        {
            "estimate": (("trial", "parameter"), estimate, mixed, "estimate from a synthetic set"),
            "standard_error": (("trial", "parameter"), error, mixed, "its standard error (NaN: none)"),
            "truth": ("parameter", truth, mixed, "value that made the synthetic sets"),
            "coverage": ("parameter", coverage, "1", "share of sets within two standard errors"),
            "identifiable": ("parameter", [int(v == "identifiable") for v in verdicts], "1", "1: yes, 0: no"),
            "verdict": ("parameter", np.array(verdicts), "1", "identifiable, or why not"),
        },
        {
            "trial": ("trial", np.arange(len(estimate)), "1", "synthetic data set"),
            "parameter": ("parameter", list(fitted.free), "1", "free parameter"),
            "unit": ("parameter", [units[name] for name in fitted.free], "1", "unit of the parameter"),
        },
        title=f"Recovery of {fitted.rule.title} from {fitted.data.attrs['data']}",
        rule=fitted.rule.name,
        engine="replay",
        seed=seed,
        parameters={"free": fitted.free, "n_sets": len(estimate)},
        references=fitted.rule.references,
        data=fitted.data.attrs["data"],
        warnings="\n".join(
            f"{name} is {v}" for name, v in zip(fitted.free, verdicts, strict=True) if v != "identifiable"
        ),
    )
