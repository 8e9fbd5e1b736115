"""Recovery of the parameters of a rule from synthetic data, and calibration of its posterior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import stats

from analysis.fit import Fit, fit_problem
from analysis.fitting.importance import posterior_draws
from analysis.fitting.problem import Problem, with_values
from analysis.fitting.search import REFIT_EVALUATIONS
from analysis.model import Model
from plasticity.dataset import make_dataset
from plasticity.errors import InputError
from plasticity.support.checks import checked, require_whole
from plasticity.support.progress import progress

__all__ = ["ranks", "recover", "synthetic_values"]

REQUIRED = 0.8  # share of synthetic sets in which a parameter must lie within two standard errors
WIDTH = 2.0  # standard errors
NOT_UNIFORM = 0.01  # p value of ranks below which a posterior counts as not calibrated


def synthetic_values(fitted: Fit, n_sets: int, seed: int) -> NDArray[np.float64]:
    """Values of repetitions of the experiment if the rule were true: predictions and draws of the noise of the fit.

    A model of sequences goes through each repetition by itself, and one with a density of its own draws it.

    Returns
    -------
    (n_sets, n_protocols) array

    Examples
    --------
    >>> from analysis.fit import fit
    >>> synthetic_values(fit("pair_stdp", "sjostrom_2001"), n_sets=3, seed=0).shape
    (3, 10)
    """
    random = np.random.default_rng(seed)
    if isinstance(fitted.rule, Model) and (fitted.rule.sequence is not None or fitted.noise.stated == "model"):
        prediction = fitted.rule({}, fitted.data)
        return np.array([prediction.sample(random) for _ in range(n_sets)])
    return fitted.noise.draws(fitted.predictions, n_sets, random)


@checked
def recover(fitted: Fit, n_sets: int = 50, n_starts: int = 2, seed: int = 0, calibrate: bool = False) -> xr.Dataset:
    """Fit a rule to data that it generated itself, with the noise of the measurements, and count recovered parameters.

    A parameter is covered in a set if ``|estimate − truth| ≤ 2 standard errors``; on a bound or where the standard
    error cannot be computed it is not. It is identifiable if it is covered in at least 80 % of the sets and its
    standard error is typically smaller than itself; otherwise `verdict` states the reason.

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
    calibrate : bool
        Whether to test the posterior, too, see `ranks`; adds ``rank(trial, parameter)``.

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
    n_sets, n_starts = require_whole("n_sets", n_sets, low=2), require_whole("n_starts", n_starts, low=1)
    problem, free, truth = fitted.problem(), fitted.free, fitted.free_values
    estimate, error = np.empty((2, n_sets, len(free)))
    on_bound = np.zeros(len(free), int)
    sets = synthetic_values(fitted, n_sets, seed)
    for i, values in enumerate(progress(sets, f"{fitted.rule.name}: recover")):
        refit = fit_problem(with_values(problem, values), n_starts, seed + i, truth, REFIT_EVALUATIONS)
        estimate[i] = refit.free_values
        error[i] = [refit.standard_errors[name] for name in free]
        on_bound += [name in refit.at_bound for name in free]
    covered = np.abs(estimate - truth) <= WIDTH * error  # False where the error is NaN
    verdicts = [_verdict(*column, n_sets) for column in zip(covered.T, error.T, truth, on_bound, strict=True)]
    not_identifiable = {name: v for name, v in zip(free, verdicts, strict=True) if v != "identifiable"}
    units = {p.name: p.unit for p in fitted.rule.parameters}
    mixed = "unit of the parameter"
    warnings = [f"{name} is {verdict}" for name, verdict in not_identifiable.items()]
    calibration = {}
    if calibrate:
        rank = ranks(fitted, n_sets, seed)
        calibration["rank"] = (("trial", "parameter"), rank, "1", "share of the posterior below the truth")
        warnings += _calibration_warnings(free, rank)
    return make_dataset(
        calibration
        | {
            "estimate": (("trial", "parameter"), estimate, mixed, "estimate from a synthetic set"),
            "standard_error": (("trial", "parameter"), error, mixed, "its standard error (NaN: none)"),
            "truth": ("parameter", truth, mixed, "value that made the synthetic sets"),
            "coverage": ("parameter", covered.mean(axis=0), "1", "share of sets within two standard errors"),
            "identifiable": ("parameter", [int(v == "identifiable") for v in verdicts], "1", "1: yes, 0: no"),
            "verdict": ("parameter", np.array(verdicts), "1", "identifiable, or why not"),
        },
        {
            "trial": ("trial", np.arange(n_sets), "1", "synthetic data set"),
            "parameter": ("parameter", list(free), "1", "free parameter"),
            "unit": ("parameter", [units[name] for name in free], "1", "unit of the parameter"),
        },
        title=f"Recovery of {fitted.rule.title} from {fitted.data.attrs['data']}",
        rule=fitted.rule.name,
        engine="replay",
        seed=seed,
        parameters={"free": free, "n_sets": n_sets},
        references=fitted.rule.references,
        data=fitted.data.attrs["data"],
        warnings="\n".join(warnings),
    )


def ranks(fitted: Fit, n_sets: int, seed: int = 0) -> NDArray[np.float64]:
    """Share of a posterior that lies below the truth, for synthetic sets whose parameters come from the posterior.

    In each set parameters θ are drawn from the posterior of the measurements, a repetition of the experiment is drawn
    from θ, and the posterior given both is sampled (`analysis.fitting.importance`). If noise, prior and sampling are
    right, the share below θ is uniform between 0 and 1.

    Returns
    -------
    (n_sets, n_free) array

    Raises
    ------
    InputError
        If a number of the noise is estimated, which the posterior takes as known, or the model is one of sequences.

    Examples
    --------
    >>> from analysis.fit import fit
    >>> ranks(fit("pair_stdp", "wang_2005", free=["A_plus"]), n_sets=3).shape
    (3, 1)

    References
    ----------
    talts_2018 (simulation-based calibration); sailynoja_2025 (from the posterior)
    """
    if isinstance(fitted.rule, Model) and fitted.rule.sequence is not None:
        raise InputError(f"calibrate: model {fitted.rule.name!r} predicts sequences; leave calibrate out")
    if fitted.noise.estimated:
        raise InputError(
            f"calibrate: {fitted.noise.estimated} of the noise is estimated; use noise 'known' or 'student'"
        )
    problem, random = fitted.problem(), np.random.default_rng(seed)
    draws = posterior_draws(problem, fitted.free_values, seed)
    truth = draws.values[random.choice(len(draws.values), n_sets, p=np.exp(draws.log_weights))]
    shares = np.empty(truth.shape)
    for i, (values, new) in enumerate(zip(truth, problem.repetitions(truth, random), strict=True)):
        after = posterior_draws(_with_repetition(problem, new), values, seed + i)
        shares[i] = np.exp(after.log_weights) @ (after.values < values)
    return shares


def _with_repetition(problem: Problem, new: NDArray) -> Problem:
    """The problem of all measurements and those of one repetition of the experiment."""
    other = with_values(problem, new)

    def predict(vectors: NDArray) -> NDArray:
        first = problem.predict(vectors)
        return np.hstack([first, first if other.predict is problem.predict else other.predict(vectors)])

    return replace(
        problem,
        value=np.concatenate([problem.value, new]),
        noise=problem.noise.part(np.tile(np.arange(problem.n_protocols), 2)),
        predict=predict,
    )


def _calibration_warnings(free: Sequence[str], rank: NDArray) -> list[str]:
    """Parameters whose ranks are not uniform, by a test of Kolmogorov and Smirnov at 1 in 100 for all of them."""
    return [
        f"the posterior of {name} is not calibrated: ranks of the truth are not uniform (p = {p:.1g})"
        for name, column in zip(free, rank.T, strict=True)
        if (p := float(stats.kstest(column, "uniform").pvalue)) < NOT_UNIFORM / rank.shape[1]
    ]


def _verdict(covered: NDArray, error: NDArray, truth: float, on_bound: int, n_sets: int) -> str:
    """Whether a parameter is identifiable, and if not, the reason."""
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
