"""Fit a learning rule to measured plasticity, and say how far the result can be trusted."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult
from tqdm import tqdm

from analysis.data.record import spike_trains
from analysis.fitting.problem import Problem, make_problem
from analysis.fitting.scores import akaike, bayesian, fitting_error, log_likelihood
from analysis.fitting.search import MAX_EVALUATIONS, SearchSpace
from plasticity.errors import DivergedError, require_whole
from plasticity.replay import replay
from plasticity.rule import Rule

__all__ = ["Fit", "fit", "fit_problem"]

SAME_MINIMUM = 0.01  # starts whose errors differ by less than this fraction found the same minimum


@dataclass(frozen=True, eq=False)
class Fit:
    """A rule at its best agreement with data, or as it stands when nothing is free.

    Parameters
    ----------
    rule : Rule
        The rule with the fitted values.
    data : xarray.Dataset
        What it was fitted to.
    free : tuple of str
        Free parameters.
    bounds : dict of str to (low, high)
        Their bounds.
    error : float
        E, see `analysis.fitting.scores.fitting_error` [1].
    log_likelihood, aic, bic : float
        See `analysis.fitting.scores`.
    predictions : (n_protocols,) array
        Predicted fractional weight changes [1].
    standard_errors : dict of str to float
        From the curvature of the likelihood at the fit; NaN on a bound or where it is not determined.
    at_bound : tuple of str
        Free parameters that ended on a bound.
    warnings : tuple of str
        What a reader must know before using the numbers.
    seed, n_starts : int
        Seed and number of the starts.
    """

    rule: Rule
    data: xr.Dataset
    free: tuple[str, ...]
    bounds: Mapping[str, tuple[float, float]]
    error: float
    log_likelihood: float
    aic: float
    bic: float
    predictions: NDArray[np.float64]
    standard_errors: Mapping[str, float]
    at_bound: tuple[str, ...]
    warnings: tuple[str, ...]
    seed: int
    n_starts: int

    @property
    def parameters(self) -> dict[str, float]:
        """Value of every parameter, free or not, by name."""
        return self.rule.values

    @property
    def n_protocols(self) -> int:
        """Number of measurements."""
        return self.predictions.size


def fit(
    rule: Rule | str,
    data: xr.Dataset | str | os.PathLike,
    free: Sequence[str] = (),
    bounds: Mapping[str, tuple[float, float]] | None = None,
    n_starts: int = 10,
    seed: int = 0,
) -> Fit:
    """Minimise ``E = mean(((value − prediction)/sem)²)`` over the free parameters of a rule.

    The first start is the rule's own parameters, the others are drawn log-uniformly within the bounds. Each
    runs bounded least squares; parameters that must be positive are searched on a logarithmic scale.

    Parameters
    ----------
    rule : Rule or str
        A rule that runs on spikes, or the name of one in the catalogue.
    data : xarray.Dataset, str or path
        Measurements, the name of a published data set, or a file.
    free : sequence of str
        Names of the free parameters; none: the rule is only evaluated.
    bounds : mapping of str to (low, high), optional
        In SI units; for the others see `analysis.fitting.problem.default_bounds`.
    n_starts : int
        Number of starts.
    seed : int
        The same seed gives the same fit.

    Returns
    -------
    Fit

    Raises
    ------
    UnknownNameError
        If a rule, a data set or a parameter does not exist; offers the nearest name.
    InputError
        If the fit is not well posed, see `analysis.fitting.problem.make_problem`.
    DivergedError
        If the weights leave the finite numbers, with every start if there are free parameters; names the time.

    Examples
    --------
    >>> fitted = fit("triplet_stdp", "sjostrom_2001", free=["A3_plus", "A2_minus", "tau_y"])
    >>> print(f"{fitted.error:.2f}")
    0.32

    References
    ----------
    pfister_2006 (the error E)
    """
    n_starts = require_whole("n_starts", n_starts, low=1)
    return fit_problem(make_problem(rule, data, free, bounds), n_starts, seed)


def fit_problem(
    problem: Problem,
    n_starts: int,
    seed: int,
    first: NDArray | None = None,
    max_evaluations: int = MAX_EVALUATIONS,
) -> Fit:
    """`fit` of a problem that is checked and compiled already; `first` takes the place of the first start."""
    if not problem.free:
        return _result(problem, np.empty(0), (), (seed, 0))
    space = SearchSpace(problem)
    starts = space.starts(n_starts, seed)
    if first is not None:
        starts[0] = space.coordinates(np.clip(first, problem.low, problem.high))
    shown = tqdm(starts, "fit", disable=None, delay=2, leave=False)
    runs = [run for start in shown if (run := space.descend(start, max_evaluations))]
    if not runs:
        _raise_divergence(problem, problem.start)
    best = min(runs, key=lambda run: run.cost)
    values, at_bound = space.snap(space.values(best.x))
    return _result(problem, values, at_bound, (seed, n_starts), _search_warnings(runs, best))


def _search_warnings(runs: list[OptimizeResult], best: OptimizeResult) -> list[str]:
    """Warn about a search that did not end, and about a minimum that one start alone found."""
    found = sum(run.cost <= best.cost * (1 + SAME_MINIMUM) for run in runs)
    warnings = [] if best.status > 0 else ["the search stopped before it converged"]
    if found == 1 and len(runs) > 1:
        warnings.append(f"only 1 of {len(runs)} starts found the best fit; a larger n_starts may find a better one")
    return warnings


def _result(
    problem: Problem,
    values: NDArray,
    at_bound: tuple[str, ...],
    seed_and_starts: tuple[int, int],
    warnings: Sequence[str] = (),
) -> Fit:
    data, free = problem.data, problem.free
    predictions = problem.predictions(values[None, :])[0]
    if not np.all(np.isfinite(predictions)):
        _raise_divergence(problem, values)
    measured = (problem.value, predictions, problem.sem)
    likelihood = float(log_likelihood(*measured))
    errors = SearchSpace(problem).standard_errors(values, at_bound)
    limits = zip(problem.low.tolist(), problem.high.tolist(), strict=True)
    bounds = dict(zip(free, limits, strict=True))
    return Fit(
        rule=problem.rule.with_parameters(**dict(zip(free, values.tolist(), strict=True))),
        data=data,
        free=free,
        bounds=bounds,
        error=float(fitting_error(*measured)),
        log_likelihood=likelihood,
        aic=akaike(likelihood, len(free)),
        bic=bayesian(likelihood, len(free), problem.n_protocols),
        predictions=predictions,
        standard_errors=errors,
        at_bound=at_bound,
        warnings=(*warnings, *_warnings(problem, values, at_bound, errors)),
        seed=seed_and_starts[0],
        n_starts=seed_and_starts[1],
    )


def _raise_divergence(problem: Problem, values: NDArray) -> NoReturn:
    """Say which variable leaves the finite numbers, and when, in the first protocol where one does."""
    rule = problem.rule.with_parameters(**dict(zip(problem.free, values.tolist(), strict=True)))
    if problem.data.attrs["kind"] == "spikes":
        for pre, post in zip(*spike_trains(problem.data), strict=True):
            replay(rule, pre, post)
    raise DivergedError("the weight", 0.0, "narrow the bounds of the free parameters")


def _warnings(problem: Problem, values: NDArray, at_bound: tuple[str, ...], errors: Mapping[str, float]) -> list[str]:
    warnings = []
    units = {p.name: "" if p.unit == "1" else f" {p.unit}" for p in problem.rule.parameters}
    for name, value in zip(problem.free, values, strict=True):
        if name in at_bound:
            warnings.append(f"{name} ended on its bound {value:g}{units[name]}")
        elif not np.isfinite(errors[name]):
            warnings.append(f"{name} is not determined by the data: its standard error cannot be computed")
    if problem.free and len(problem.free) == problem.n_protocols:
        warnings.append(f"as many free parameters as protocols ({len(problem.free)}): a small E means nothing")
    return warnings
