"""Fits of learning rules to measured plasticity, with standard errors and warnings."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from inspect import isfunction
from typing import Any, NoReturn

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from analysis import datasets
from analysis.choice_models import choice_learner
from analysis.data.record import spike_trains
from analysis.fitting.noise import Noise, with_number
from analysis.fitting.parameter_warnings import parameter_warnings
from analysis.fitting.problem import Problem, make_problem
from analysis.fitting.scores import p_value, scores
from analysis.fitting.search import MAX_EVALUATIONS, Minimum, SearchSpace, search
from analysis.model import Model, as_model
from analysis.models import MODELS, make_model
from plasticity import rules
from plasticity.errors import DivergedError, InputError
from plasticity.replay import replay
from plasticity.rule import Rule, with_values
from plasticity.support.checks import checked, require_whole
from plasticity.support.late import call

__all__ = ["Fit", "fit", "fit_problem"]

ROUNDS = 20  # in which the parameters and the number of the noise are fitted in turn
SETTLED = 1e-4  # relative change of that number at which they stop


@dataclass(frozen=True, eq=False)
class Fit:
    """A rule at its best agreement with data, or evaluated as it is if nothing is free.

    Parameters
    ----------
    rule : Rule
        The rule with the fitted values.
    data : xarray.Dataset
        The measurements.
    free : tuple of str
        Free parameters.
    bounds : dict of str to (low, high)
        Their bounds.
    error : float
        E, see `analysis.fitting.scores.fitting_error` [1]; of a model with a density of its own, in standard deviations
        of 200 draws of it.
    log_likelihood, aic, bic : float
        See `analysis.fitting.scores`.
    predictions : (n_protocols,) array
        Predicted values, in the unit of the data.
    standard_errors : dict of str to float
        From the curvature of the likelihood at the fit; NaN on a bound or where it is not determined.
    at_bound : tuple of str
        Free parameters that ended on a bound.
    warnings : tuple of str
        Limits of the validity of these numbers.
    seed, n_starts : int
        Seed and number of the starts.
    lone : str
        How many of the starts found the best fit, such as ``"2 of 40"``, if they are too few to trust it; else empty.
    noise : Noise
        How the measurements scatter, with its number if one was estimated; see `analysis.fitting.noise`.
    slope : (n_protocols, n_free) array
        Derivatives of the predicted means by the free parameters that are off their bounds, 0 for the others.
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
    noise: Noise
    slope: NDArray[np.float64]
    lone: str = ""

    @cached_property
    def p_value(self) -> float:
        """Probability that a true model would fit worse, see `analysis.fitting.scores.p_value`."""
        return p_value(self.noise, self.data.value.values, self.predictions, self.slope)

    @property
    def parameters(self) -> dict[str, float]:
        """Value of every parameter, free or not, by name."""
        return self.rule.values

    def _repr_markdown_(self) -> str:
        """Show parameters and warnings in a notebook."""
        return call("analysis.pages.display:fitted", self)

    @property
    def free_values(self) -> NDArray[np.float64]:
        """Values of the free parameters; (n_free,)."""
        return np.array([self.parameters[name] for name in self.free])

    @property
    def n_protocols(self) -> int:
        """Number of measurements."""
        return self.predictions.size

    def problem(self, data: xr.Dataset | None = None) -> Problem:
        """The least-squares problem of this fit, compiled; with other data if there are any."""
        whole = make_problem(self.rule, self.data if data is None else data, self.free, self.bounds, self.noise.stated)
        return replace(whole, noise=with_number(whole.noise, self.noise))


@checked
def fit(
    rule: Any,
    data: xr.Dataset | str | os.PathLike,
    free: str | Sequence[str] = (),
    bounds: Mapping[str, tuple[float, float]] | None = None,
    n_starts: int = 10,
    seed: int = 0,
    noise: str | None = None,
) -> Fit:
    """Maximise the likelihood of the measurements over the free parameters of a rule.

    With standard errors that count as known it is least squares: ``E = mean(((value − prediction)/sem)²)`` is smallest.
    The first start is the rule's own parameters, the others are drawn log-uniformly within the bounds. Each
    runs bounded least squares; parameters that must be positive are searched on a logarithmic scale. A number of the
    noise is estimated by restricted maximum likelihood in turn with the parameters.

    Parameters
    ----------
    rule : Rule, Model, callable or str
        A rule that runs on spikes (on choices: one that reads gradients, see `analysis.choice_learner`), the name of
        one in the catalogue or of a model such as ``"trial_learner"``, a `Model`, or a function of a dict of the free
        parameters and the data set without its measurements, which returns a mean per protocol, or a `Prediction`
        with ``mean``, ``sample(rng)`` and ``log_density(observed)``.
    data : xarray.Dataset, str or path
        Measurements, the name of a published data set, or a file.
    free : str or sequence of str
        Names of the free parameters; none: the rule is only evaluated.
    bounds : mapping of str to (low, high), optional
        In SI units; for the others see `analysis.fitting.problem.default_bounds`.
    n_starts : int
        Number of starts; up to four times as many are tried until three have found the best fit.
    seed : int
        The same seed gives the same fit.
    noise : str, optional
        ``"known"`` (the standard errors are), ``"student"`` (they were estimated from n measurements each),
        ``"between"`` (units such as cells differ by an estimated variance), ``"robust"`` (with outliers) or
        ``"correlated"`` (neighbours in a series do); a colon and a coordinate name the unit or series, as in
        ``"between:animal"``; or ``"model"``, the density of the predictions of a model. By default that density where
        a model of one's own states one, else ``"known"``, ``"binomial"`` for choices and successes, and
        ``"survival"`` for times. See `analysis.fitting.noise`.

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
    measured = datasets.load(data)
    problem = make_problem(_resolved(rule, measured, free, bounds), measured, free, bounds, noise)
    return fit_problem(problem, n_starts, seed)


def _resolved(
    rule: Any, data: xr.Dataset, free: str | Sequence[str], bounds: Mapping[str, tuple[float, float]] | None
) -> Any:
    """Rule or model of what a user names, states or wrote as a function; on choices a rule teaches a policy."""
    if isinstance(rule, Model):
        return rule
    if isfunction(rule):
        return as_model(rule, free, bounds)
    if not isinstance(rule, Rule | str):
        raise InputError(f"rule must be a Rule or text, a Model or a function, got {rule!r}")
    if isinstance(rule, str) and rule in MODELS:
        return make_model(rule, {})
    return choice_learner(rule) if data.attrs["kind"] == "choices" else rules.resolve(rule)


def fit_problem(
    problem: Problem,
    n_starts: int,
    seed: int,
    first: NDArray | None = None,
    max_evaluations: int = MAX_EVALUATIONS,
) -> Fit:
    """`fit` of a problem that is checked and compiled already; `first` replaces the first start."""
    values, at_bound, minimum = _searched(problem, n_starts, seed, first, max_evaluations)
    for _ in range(ROUNDS if problem.noise.estimated else 0):
        before = problem.noise.value
        slope = _slope(problem, values, at_bound)
        problem = replace(problem, noise=problem.noise.estimate(problem.value, _predicted(problem, values), slope))
        values, at_bound, minimum = _searched(
            problem, n_starts, seed, values if problem.free else None, max_evaluations
        )
        if abs(problem.noise.value - before) <= SETTLED * problem.noise.value:
            break
    return _result(problem, values, at_bound, minimum, seed, n_starts if problem.free else 0)


def _searched(
    problem: Problem, n_starts: int, seed: int, first: NDArray | None, max_evaluations: int
) -> tuple[NDArray, tuple[str, ...], Minimum | None]:
    """Values of the free parameters at the best fit, those on a bound, and the minimum of the search."""
    if not problem.free:
        return np.empty(0), (), None
    space = SearchSpace(problem)
    start = None if first is None else space.coordinates(np.clip(first, problem.low, problem.high))
    minimum = search(space, n_starts, seed, start, max_evaluations)
    if minimum is None:
        _raise_divergence(problem, problem.start)
    values, at_bound = space.snap(space.values(minimum.x))
    return values, at_bound, minimum


def _predicted(problem: Problem, values: NDArray) -> NDArray[np.float64]:
    """What the noise judges at the fit, (n_protocols,), all finite."""
    predictions = problem.predictions(values[None, :])[0]
    if not np.all(np.isfinite(predictions)):
        _raise_divergence(problem, values)
    return predictions


def _slope(problem: Problem, values: NDArray, at_bound: tuple[str, ...]) -> NDArray[np.float64]:
    """Derivatives of the predictions by the free parameters, 0 for those on a bound; (n_protocols, n_free)."""
    if not problem.free:
        return np.empty((problem.n_protocols, 0))
    return SearchSpace(problem).slope(values) * [name not in at_bound for name in problem.free]


def _result(
    problem: Problem, values: NDArray, at_bound: tuple[str, ...], minimum: Minimum | None, seed: int, n_starts: int
) -> Fit:
    errors = SearchSpace(problem).standard_errors(values, at_bound)
    scored = scores(problem.noise, problem.value, _predicted(problem, values), len(problem.free))
    scored["error"] = problem.error(values)
    limits = zip(problem.low.tolist(), problem.high.tolist(), strict=True)
    return Fit(
        rule=_with_free_values(problem, values),
        data=problem.data,
        free=problem.free,
        bounds=dict(zip(problem.free, limits, strict=True)),
        **scored,
        predictions=problem.means(values[None, :])[0],
        standard_errors=errors,
        at_bound=at_bound,
        warnings=(*(minimum.warnings if minimum else ()), *parameter_warnings(problem, values, at_bound, errors)),
        seed=seed,
        n_starts=n_starts,
        noise=problem.noise,
        slope=_slope(problem, values, at_bound),
        lone="" if minimum is None or minimum.confirmed else f"{minimum.n_reached} of {minimum.n_starts}",
    )


def _with_free_values(problem: Problem, values: NDArray) -> Rule:
    return with_values(problem.rule, dict(zip(problem.free, values.tolist(), strict=True)))


def _raise_divergence(problem: Problem, values: NDArray) -> NoReturn:
    """Raise the error that names the first variable to leave the finite numbers, and the time."""
    if problem.own is not None:
        raise InputError(
            f"log_density of model {problem.rule.name!r} is not finite for all measurements at any start; it must "
            "be wherever a measurement can be: add scatter to it, or narrow the bounds of the free parameters"
        )
    rule = _with_free_values(problem, values)
    if problem.data.attrs["kind"] == "spikes":
        for pre, post in zip(*spike_trains(problem.data), strict=True):
            replay(rule, pre, post)
    raise DivergedError("the weight", 0.0, "narrow the bounds of the free parameters")
