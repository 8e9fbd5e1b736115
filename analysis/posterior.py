"""Posterior of the parameters of a rule by ensemble sampling, with diagnostics of convergence."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from analysis.fit import Fit
from analysis.fitting.search import SearchSpace
from plasticity.dataset import make_dataset
from plasticity.errors import InputError
from plasticity.support.checks import checked, require_whole
from plasticity.support.progress import progress

if TYPE_CHECKING:
    from emcee import EnsembleSampler

__all__ = ["posterior"]

ENSEMBLES = 2  # independent groups of walkers, to be compared: one starts about the fit, one from the prior
BLOCK = 500  # steps between tests of convergence
LENGTH = 50  # a chain must be this many autocorrelation times long, foreman_mackey_2013
R_HAT = 1.01  # largest that passes, vehtari_2021; of the ensembles, as the walkers of one are not independent
SENSITIVE = 0.5  # posterior standard deviations by which another flat prior may move a median without a warning
ACCEPTANCE = 0.1  # smallest that passes
OFFSET = 1e-4  # of the upper bound: below it a parameter that may vanish counts as linear, not logarithmic
DISPERSION = 2.0  # standard errors by which the walkers are spread about the fit


@checked
def posterior(fitted: Fit, n_walkers: int = 32, max_steps: int = 6000, seed: int = 0) -> xr.Dataset:
    """Sample ``p(parameters | data) ∝ exp(−½ Σ ((value − prediction)/sem)²) · prior``.

    The prior is flat between the bounds in the coordinates of the search: in the logarithm of parameters that must
    be positive, in the value of the others. All walkers are evaluated in one compiled call. Sampling goes on until
    the second half of every chain is 50 autocorrelation times long, or for `max_steps`; that half is returned.

    Parameters
    ----------
    fitted : Fit
        With free parameters and their bounds; one ensemble starts around it, the other from the prior.
    n_walkers : int
        Walkers in each of two independent ensembles; even, at least twice the number of free parameters.
    max_steps : int
        Longest run [steps].
    seed : int
        The same seed gives the same samples.

    Returns
    -------
    xarray.Dataset
        One variable ``(chain, draw)`` per free parameter, ``log_likelihood(chain, draw)``, and per ``parameter``
        ``r_hat`` (rank-normalised, split, of the two ensembles), ``effective_sample_size``, ``autocorrelation_time``
        [steps] and ``median_under_other_prior``; ``acceptance(chain)``. The attribute ``warnings`` states if the chains
        did not mix, and where a prior that is flat the other way (in the value for the logarithm, and the reverse)
        moves a median by more than half a standard deviation.

    Raises
    ------
    InputError
        If nothing is free, a number is out of range, or emcee and arviz-stats are not installed.

    Examples
    --------
    With the extra [fit] installed:

    >>> from analysis.fit import fit
    >>> fitted = fit("pair_stdp", "wang_2005", free=["A_plus"])
    >>> samples = posterior(fitted, n_walkers=8, max_steps=500)  # doctest: +SKIP
    >>> dict(samples.A_plus.sizes)  # doctest: +SKIP
    {'chain': 16, 'draw': 250}

    References
    ----------
    foreman_mackey_2013 (sampler); vehtari_2021 (R-hat)
    """
    _check(fitted, n_walkers, max_steps)
    emcee, arviz_stats = sampling_libraries()
    chart = _Chart(SearchSpace(fitted.problem()))
    # factor 1 jumps between modes; emcee 3.1.6 has a snooker move that violates detailed balance (dfm/emcee #531)
    moves = [(emcee.moves.DEMove(), 0.9), (emcee.moves.DEMove(gamma0=1.0), 0.1)]
    samplers, states = [], []
    for ensemble in range(ENSEMBLES):
        sampler = emcee.EnsembleSampler(n_walkers, len(fitted.free), chart.log_density, moves=moves, vectorize=True)
        sampler.random_state = np.random.RandomState([seed, ensemble]).get_state()
        samplers.append(sampler)
        random = np.random.default_rng([seed, ensemble])
        starts = _starts_from_prior if ensemble else _starts
        states.append(chart.enter(starts(fitted, chart.space, n_walkers, random)))
    for _ in progress(range(max_steps // BLOCK), f"{fitted.rule.name}: posterior"):
        states = [s.run_mcmc(x, BLOCK, skip_initial_state_check=True) for s, x in zip(samplers, states, strict=True)]
        times = np.max([_autocorrelation_time(s, emcee) for s in samplers], axis=0)
        if samplers[0].iteration // 2 > LENGTH * times.max():
            break
    return _dataset(fitted, chart, samplers, times, arviz_stats, seed)


class _Chart:
    """Coordinates of the walkers: those of the search, but ``ln(x + offset)`` for x that may vanish.

    Amplitudes and time constants compensate one another in products, so that ridges of the posterior are straight in
    logarithms. The prior stays flat in the coordinates of the search: `log_density` includes the logarithm of dx/du.
    """

    def __init__(self, space: SearchSpace):
        self.space = space
        self.shifted = space.problem.low == 0
        self.offset = np.where(self.shifted, OFFSET * space.problem.high, 0.0)

    def enter(self, x: NDArray) -> NDArray:
        return np.where(self.shifted, np.log(np.where(self.shifted, x + self.offset, 1.0)), x)

    def leave(self, u: NDArray) -> NDArray:
        return np.where(self.shifted, np.exp(np.where(self.shifted, np.minimum(u, 700.0), 0.0)) - self.offset, u)

    def log_slope(self, u: NDArray) -> NDArray:
        return np.where(self.shifted, u, 0.0).sum(axis=-1)

    def log_density(self, u: NDArray) -> NDArray:
        x = self.leave(u)
        inside = np.all((x >= self.space.low) & (x <= self.space.high), axis=1)
        misfit = self.space.misfit(np.clip(x, self.space.low, self.space.high))
        return np.where(inside, self.log_slope(u) - 0.5 * misfit, -np.inf)


def sampling_libraries() -> list[ModuleType]:
    """The libraries that a posterior needs, emcee and arviz-stats.

    Raises
    ------
    InputError
        If one is not installed.
    """
    libraries = []
    for name in ("emcee", "arviz_stats"):
        try:
            libraries.append(importlib.import_module(name))
        except ImportError:
            text = f"the posterior needs {name}, which is not installed: pip install 'steersman[fit]'"
            raise InputError(text) from None
    return libraries


def _check(fitted: Fit, n_walkers: int, max_steps: int) -> None:
    if not fitted.free:
        raise InputError("nothing is free, so there is no posterior; name free parameters")
    least = max(4, 2 * len(fitted.free))
    if require_whole("n_walkers", n_walkers, low=least) % 2:
        raise InputError(f"n_walkers must be an even whole number, got {n_walkers}")
    require_whole("max_steps", max_steps, low=BLOCK)


def _starts(fitted: Fit, space: SearchSpace, n_walkers: int, rng: np.random.Generator) -> NDArray:
    """Walkers about the fit, spread wider than its standard errors, reflected into the bounds."""
    values = fitted.free_values
    errors = np.array([fitted.standard_errors[name] for name in fitted.free])
    errors = errors / np.where(space.logarithmic, values, 1.0)
    width = space.high - space.low
    spread = np.where(np.isfinite(errors), np.minimum(DISPERSION * errors, width / 4), width / 4)
    x = space.coordinates(values) + spread * rng.standard_normal((n_walkers, values.size))
    x = space.low + np.abs(x - space.low)
    x = space.high - np.abs(space.high - x)
    return np.clip(x, space.low, space.high)


def _starts_from_prior(fitted: Fit, space: SearchSpace, n_walkers: int, rng: np.random.Generator) -> NDArray:
    """Walkers drawn from the prior, the best of ten times as many, so that a mode far from the fit can be reached."""
    drawn = space.low + rng.random((10 * n_walkers, space.low.size)) * (space.high - space.low)
    misfit = space.misfit(drawn)
    return drawn[np.argsort(misfit, kind="stable")[:n_walkers]]


def _autocorrelation_time(sampler: EnsembleSampler, emcee: ModuleType) -> NDArray:
    """Integrated autocorrelation time [steps] of the second half, per parameter."""
    chain = sampler.get_chain(discard=sampler.iteration // 2)
    with np.errstate(invalid="ignore"):  # NaN for a walker that never moved
        return np.atleast_1d(emcee.autocorr.integrated_time(chain, tol=0, quiet=True))


def _dataset(
    fitted: Fit, chart: _Chart, samplers: list, times: NDArray, arviz_stats: ModuleType, seed: int
) -> xr.Dataset:
    half = samplers[0].iteration // 2
    x = np.concatenate([s.get_chain(discard=half).swapaxes(0, 1) for s in samplers])  # (chain, draw, parameter)
    values = chart.space.values(chart.leave(x))
    density = np.concatenate([s.get_log_prob(discard=half).T for s in samplers])
    likelihood = density - chart.log_slope(x) - chart.space.problem.noise.constant(fitted.data.value.values)
    acceptance = np.concatenate([s.acceptance_fraction for s in samplers])
    walkers = len(x) // ENSEMBLES
    ensembles = x.reshape(ENSEMBLES, walkers, *x.shape[1:]).swapaxes(1, 2).reshape(ENSEMBLES, -1, x.shape[2])
    r_hat = np.array([float(arviz_stats.rhat(ensembles[:, :, i])) for i in range(x.shape[2])])
    other, moved = _under_other_prior(chart.space, values)
    size = x.shape[0] * x.shape[1] / times
    parameters = {p.name: p for p in fitted.rule.parameters}
    samples = {
        name: (("chain", "draw"), values[:, :, i], parameters[name].unit, parameters[name].meaning or name)
        for i, name in enumerate(fitted.free)
    }
    diagnostics = {
        "log_likelihood": (("chain", "draw"), likelihood, "1", "ln of the likelihood"),
        "acceptance": ("chain", acceptance, "1", "share of accepted steps"),
        "r_hat": ("parameter", r_hat, "1", "rank-normalised split R-hat"),
        "effective_sample_size": ("parameter", size, "1", "draws divided by the autocorrelation time"),
        "median_under_other_prior": ("parameter", other, "unit of the parameter", "median, prior flat the other way"),
        "autocorrelation_time": ("parameter", times, "1", "integrated autocorrelation time [steps]"),
    }
    return make_dataset(
        samples | diagnostics,
        {
            "chain": ("chain", np.arange(x.shape[0]), "1", "walker"),
            "draw": ("draw", np.arange(x.shape[1]), "1", "step"),
            "parameter": ("parameter", list(fitted.free), "1", "free parameter"),
            "ensemble": ("chain", np.repeat(np.arange(ENSEMBLES), len(x) // ENSEMBLES), "1", "group of the walker"),
        },
        title=f"Posterior of {fitted.rule.title} given {fitted.data.attrs['data']}",
        rule=fitted.rule.name,
        engine="replay",
        seed=seed,
        parameters={"free": fitted.free, "bounds": fitted.bounds, "n_walkers": len(x) // ENSEMBLES},
        references=("foreman_mackey_2013", "vehtari_2021"),
        data=fitted.data.attrs["data"],
        prior="flat between the bounds, in the logarithm of parameters that must be positive",
        other_prior="flat in the logarithm where the prior is flat in the value, and the other way round",
        warnings="\n".join(
            [*_warnings(fitted.free, times, r_hat, acceptance, x.shape[1]), *_sensitive(fitted.free, moved)]
        ),
    )


def _warnings(free: tuple[str, ...], times: NDArray, r_hat: NDArray, acceptance: NDArray, n_draws: int) -> list[str]:
    warnings = []
    for name, time, ratio in zip(free, times, r_hat, strict=True):
        if not ratio <= R_HAT or not n_draws >= LENGTH * time:
            warnings.append(
                f"the chains did not mix in {name}: R-hat {ratio:.3f} (at most {R_HAT} passes), {n_draws / time:.0f} "
                f"autocorrelation times (at least {LENGTH} pass); do not trust its interval, raise max_steps"
            )
    if np.median(acceptance) < ACCEPTANCE:
        warnings.append(
            f"the walkers accepted {100 * np.median(acceptance):.0f} % of their steps only: hard to explore"
        )
    return warnings


def _under_other_prior(space: SearchSpace, values: NDArray) -> tuple[NDArray, NDArray]:
    """Median of every parameter under a prior that is flat the other way in it, and its move in standard deviations.

    Draws are weighted by their value where the prior is flat in the logarithm, by its inverse where it is flat in the
    value and the bounds are on one side of zero, from the smallest value on that counts as different from it.
    """
    flat = values.reshape(-1, values.shape[-1])
    medians, moves = np.empty((2, flat.shape[1]))
    for i, column in enumerate(flat.T):
        low = space.problem.low[i]
        size = np.abs(column) if low >= 0 else np.ones_like(column)
        weight = size if space.logarithmic[i] else 1 / np.maximum(size, OFFSET * space.problem.high[i])
        order = np.argsort(column)
        total = np.cumsum(weight[order])
        medians[i] = column[order][np.searchsorted(total, total[-1] / 2)]
        moves[i] = (medians[i] - np.median(column)) / column.std() if column.std() > 0 else 0.0
    return medians, moves


def _sensitive(free: tuple[str, ...], moves: NDArray) -> list[str]:
    return [
        f"the prior matters for {name}: one that is flat the other way moves the median by {move:+.1f} posterior "
        "standard deviations"
        for name, move in zip(free, moves, strict=True)
        if abs(move) > SENSITIVE
    ]
