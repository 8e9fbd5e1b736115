"""Leave-one-out cross-validation by exact refits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from analysis.fit import Fit, fit_problem
from analysis.fitting.importance import Draws, posterior_draws
from analysis.fitting.noise import with_number
from analysis.fitting.problem import Problem
from analysis.fitting.search import REFIT_EVALUATIONS, SearchSpace
from analysis.model import Model
from plasticity.errors import InputError, UnknownNameError
from plasticity.support.checks import checked, require_whole
from plasticity.support.progress import progress

__all__ = ["LeftOut", "difference", "leave_out"]

BETTER = 0.02  # decrease of −2 ln L from which a fit is another one
N_RESTARTS = 8  # of each refit, drawn from its posterior
EFFECTIVE = 30.0  # smallest effective number of draws from the posterior of a refit that passes


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Predictions of each unit by a fit to all others, and their scores.

    Parameters
    ----------
    unit : str
        Coordinate whose values were left out one after the other.
    units : tuple of str
        Its values.
    scores : (n_units,) array
        Log density of the measurements of each unit given the others, averaged over the posterior of the parameters.
    plug_in : (n_units,) array
        The same at the best fit to the others alone, which does not depend on a prior.
    predictions : (n_protocols,) array
        Prediction of each protocol by the fit without it.
    error : float
        E of these predictions, see `analysis.fitting.scores.scores`.
    warnings : tuple of str
        Limits of the validity of these numbers.
    """

    unit: str
    units: tuple[str, ...]
    scores: NDArray[np.float64]
    plug_in: NDArray[np.float64]
    predictions: NDArray[np.float64]
    error: float
    warnings: tuple[str, ...]

    @property
    def score(self) -> float:
        """Sum of `scores`: log density of all measurements, each predicted without itself; larger is better."""
        return float(self.scores.sum())

    @property
    def standard_error(self) -> float:
        """Standard error of `score` over units, ``sqrt(n_units · variance(scores))`` (vehtari_2017)."""
        return _standard_error(self.scores)


@checked
def leave_out(fitted: Fit, unit: str = "protocol", n_starts: int = 3, seed: int = 0) -> LeftOut:
    """Refit without one unit at a time and predict it: ``score = Σ_u ln ∫ p(value_u | θ) p(θ | data without u) dθ``.

    The density is that of the noise of the fit, averaged over the posterior of the parameters given the other data, so
    that a parameter that they leave open widens the prediction. The prior is flat within the bounds, in the logarithm
    of parameters that must be positive: where data leave a parameter open, a model in other parameters has another
    score. `LeftOut.plug_in` has no prior, but trusts every refit. Only measurements are left out: a model of trials
    still goes through the whole sequence. The first start of every refit is the full fit, the others are drawn,
    eight more from the posterior. Refits that hang on their starts are warned of.

    Parameters
    ----------
    fitted : Fit
        With the rule, the data, the free parameters and their bounds.
    unit : str
        Coordinate of the data along ``protocol``; protocols that share its value are left out together. Use the
        independent unit: ``"protocol"``, or the cell where several values come from one cell.
    n_starts : int
        Starts of each refit.
    seed : int
        The same seed gives the same refits.

    Returns
    -------
    LeftOut

    Raises
    ------
    UnknownNameError
        If the data have no coordinate of that name along ``protocol``.
    InputError
        If there are fewer than two units, more free parameters than protocols that remain, or a unit is part of a
        sequence within which the model predicts each measurement from those before it.

    Examples
    --------
    >>> from analysis.fit import fit
    >>> left = leave_out(fit("pair_stdp", "wang_2005", free=["A_plus", "A_minus"]))
    >>> print(f"E = {left.error:.1f} over {len(left.units)} protocols")
    E = 11.1 over 13 protocols

    References
    ----------
    vehtari_2017 (the score and its standard error); cornuet_2012 (draws from the posterior)
    """
    n_starts = require_whole("n_starts", n_starts, low=1)
    groups = _groups(fitted, unit)
    names = list(dict.fromkeys(groups.tolist()))
    if len(names) < 2:
        raise InputError(f"nothing can be left out: the data have one {unit} only")
    predictions, spread = np.empty((2, groups.size))
    scores, plug_in = np.empty((2, len(names)))
    on_bound = few = lone = moved = 0
    whole, least = fitted.problem(), float("inf")
    for i, name in enumerate(progress(names, f"{fitted.rule.name}: leave one out")):
        out = groups == name
        rest = whole.part(np.flatnonzero(~out))
        refit = fit_problem(rest, n_starts, seed, fitted.free_values, REFIT_EVALUATIONS)
        draws = posterior_draws(replace(rest, noise=refit.noise), refit.free_values, seed)
        few += bool(draws.effective_size < EFFECTIVE and fitted.free)
        lone += bool(refit.lone)
        if better := _from_draws(rest, refit, draws, seed):
            refit, moved = better, moved + 1
        predictions[out] = whole.means(refit.free_values[None, :])[0, out]
        spread[out] = whole.spread(refit.free_values)[out]
        noise = with_number(whole.noise, refit.noise).part(np.flatnonzero(out))
        judged = whole.predictions(np.vstack([refit.free_values, draws.values]))[:, out]
        density = noise.log_likelihood(whole.value[out], np.nan_to_num(judged, nan=np.inf))
        plug_in[i], scores[i] = density[0], logsumexp(draws.log_weights + density[1:])
        on_bound += bool(set(refit.at_bound) - set(fitted.at_bound))
        least = min(least, float(whole.misfit(refit.free_values[None, :])[0]))
    error = whole.noise.error(whole.value, predictions)
    if whole.own is not None:
        error = float(np.mean(((predictions - whole.value) / spread) ** 2))
    warnings = list(_warnings(on_bound, few, names, scores))
    if least < float(whole.misfit(fitted.free_values[None, :])[0]) - BETTER:
        warnings.insert(0, "a refit fits all data better than the fit itself: fit again with a larger n_starts")
    if lone or moved:
        warnings.insert(0, _of_starts(lone, moved, len(names)))
    return LeftOut(unit, tuple(map(str, names)), scores, plug_in, predictions, error, tuple(warnings))


def _from_draws(rest: Problem, refit: Fit, draws: Draws, seed: int) -> Fit | None:
    """A better fit from starts that are drawn from the posterior; None if there is none."""
    if not refit.free:
        return None
    random, space = np.random.default_rng(seed), SearchSpace(replace(rest, noise=refit.noise))
    chosen = random.choice(len(draws.values), N_RESTARTS, p=np.exp(draws.log_weights))
    runs = [space.descend(space.coordinates(draws.values[i]), REFIT_EVALUATIONS) for i in chosen]
    best = min((run for run in runs if run is not None), key=lambda run: run.cost, default=None)
    if best is None or 2 * best.cost >= float(space.problem.misfit(refit.free_values[None, :])[0]) - BETTER:
        return None
    return fit_problem(rest, 1, seed, space.values(best.x), REFIT_EVALUATIONS)


def difference(first: LeftOut, second: LeftOut) -> tuple[float, float]:
    """Score of `first` minus that of `second`, and the standard error of the difference over their common units.

    Raises
    ------
    InputError
        If the two did not leave out the same units.

    References
    ----------
    vehtari_2017
    """
    if first.units != second.units:
        raise InputError("the two rules were not tested on the same units; leave out the same ones of the same data")
    paired = first.scores - second.scores
    return float(paired.sum()), _standard_error(paired)


def _standard_error(scores: NDArray) -> float:
    return float(np.sqrt(scores.size * scores.var(ddof=1))) if scores.size > 1 else float("nan")


def _groups(fitted: Fit, unit: str) -> NDArray:
    labels = [str(name) for name, c in fitted.data.coords.items() if c.dims == ("protocol",)]
    if unit not in labels:
        raise UnknownNameError("coordinate of the protocols", unit, labels)
    groups = fitted.data[unit].values
    sequence = fitted.rule.sequence if isinstance(fitted.rule, Model) else None
    if sequence is not None:
        whole = fitted.data[sequence].values if sequence in labels else np.zeros(groups.size)
        for one in dict.fromkeys(whole.tolist()):
            if len(np.unique(groups[whole == one])) > 1:
                raise InputError(
                    f"unit {unit!r} divides {sequence} {one!r}, within which model {fitted.rule.name!r} predicts each "
                    f"trial from those before it; leave out whole ones, as by {sequence!r}"
                )
    return groups


def _of_starts(lone: int, moved: int, n: int) -> str:
    """Refits that hang on their starts, in words."""
    few = f"{lone} of {n} refits were found by few of their starts" if lone else ""
    better = f"{moved} of {n} ended lower from starts drawn from the posterior" if moved else ""
    both = " and ".join(filter(None, (few, better)))
    return f"{both}: predictions by single refits (plug_in, the left-out E) may differ with the seed"


def _warnings(on_bound: int, few: int, names: list, scores: NDArray) -> tuple[str, ...]:
    warnings = []
    if on_bound:
        warnings.append(f"{on_bound} of {len(names)} refits ended on a bound on which the full fit is not")
    if few:
        warnings.append(f"the posterior of {few} of {len(names)} refits was hard to sample: do not trust their scores")
    worst, deviation = int(np.argmin(scores)), np.abs(scores - np.median(scores))
    if len(names) > 2 and deviation[worst] > 0.5 * deviation.sum():
        rest = scores.sum() - scores[worst]
        warnings.append(
            f"the left-out score hangs on {names[worst]} alone: half of all deviation is its own; without it the score "
            f"is {rest:.1f}"
        )
    return tuple(warnings)
