"""Posterior: for a linear rule with known noise it is Gaussian, in closed form; chains that did not mix say so."""

import sys

import numpy as np
import pytest

from analysis.fit import fit
from analysis.fitted_run import parameter_draws
from analysis.posterior import posterior
from plasticity.dataset import check_schema, read, write
from plasticity.errors import InputError
from plasticity.rules.pair_stdp import pair_stdp
from plasticity.rules.triplet_stdp import triplet_stdp
from tests.error_bounds import z

pytest.importorskip("emcee")
pytest.importorskip("arviz_stats")


def error(value, method="mean"):
    """Standard error of the mean, or of the standard deviation ("sd"), of a `value` of every sample of the chains.

    It comes from the effective number of samples for just that, which is known to about 10 % itself.
    """
    import arviz_stats

    effective = float(arviz_stats.ess(value, method=method))
    assert effective > 500
    return 1.1 * float(value.std()) / np.sqrt(effective if method == "mean" else 2 * effective)


@pytest.fixture(scope="module")
def linear():
    fitted = fit("pair_stdp", "wang_2005", ["A_plus", "A_minus"])
    return fitted, posterior(fitted, n_walkers=16, max_steps=3000)


def test_linear_rule_has_the_gaussian_posterior_of_the_normal_equations(linear):
    fitted, samples = linear
    data = fitted.data
    unit = [fit(pair_stdp(A_plus=a, A_minus=b), data).predictions for a, b in ((1, 0), (0, 1))]
    design = np.transpose(unit) / data.sem.values[:, None]
    covariance = np.linalg.inv(design.T @ design)
    spread = np.sqrt(np.diag(covariance))
    scores = []
    for name, sd in zip(fitted.free, spread, strict=True):  # 5 or more sd from the bound at 0
        assert abs(samples[name].mean() - fitted.parameters[name]) < z(5) * error(samples[name])
        assert abs(samples[name].std() - sd) < z(5) * error(samples[name], "sd")
        scores.append((samples[name] - fitted.parameters[name]) / sd)
    product = scores[0] * scores[1]  # its mean is the correlation
    assert abs(product.mean() - covariance[0, 1] / spread.prod()) < z(5) * error(product)


def test_likelihood_of_the_samples_is_that_of_a_fit(linear):
    fitted, samples = linear
    sample = samples.isel(chain=3, draw=7)
    here = pair_stdp(A_plus=float(sample.A_plus), A_minus=float(sample.A_minus))
    assert float(sample.log_likelihood) == pytest.approx(fit(here, "wang_2005").log_likelihood, rel=1e-9)
    assert float(samples.log_likelihood.max()) <= fitted.log_likelihood + 1e-9


def test_chains_that_mixed_carry_no_warning_and_can_be_stored(linear, tmp_path):
    _, samples = linear
    assert samples.attrs["warnings"] == ""
    check_schema(samples)
    assert read(write(samples, tmp_path / "samples.nc")).identical(samples)


def test_prior_is_flat_where_the_data_are_silent():
    # tau_x does nothing while A3_minus = 0, and its logarithm is uniform; A3_plus is held by its bounds
    rule = triplet_stdp(A3_minus=0.0)
    fitted = fit(rule, "sjostrom_2001", ["tau_x"], bounds={"tau_x": (1e-3, 1.0)}, n_starts=1)
    samples = posterior(fitted, n_walkers=16, max_steps=1000)
    position = 1 + np.log10(samples.tau_x) / 3
    lowest = (position < 0.1).astype(float)
    assert abs(position.mean() - 0.5) < z(2) * error(position)
    assert abs(lowest.mean() - 0.1) < z(2) * error(lowest)


def test_a_prior_that_matters_is_named(linear):
    """Where the data are silent the median is √(1 ms · 1 s) = 32 ms by one prior and 500 ms by the other."""
    fitted = fit(triplet_stdp(A3_minus=0.0), "sjostrom_2001", ["tau_x"], {"tau_x": (1e-3, 1.0)}, n_starts=1)
    samples = posterior(fitted, n_walkers=16, max_steps=1000)
    effective = float(samples.effective_sample_size[0])
    # of weights up to 1 s with a mean of 145 ms, few large ones count: 7 times fewer effective draws
    below = 0.5 * 7**0.5 / effective**0.5
    assert abs(float(samples.median_under_other_prior[0]) - 0.5005) < z() * below
    assert (
        "the prior matters for tau_x: one that is flat the other way moves the median by +" in samples.attrs["warnings"]
    )
    _, informed = linear
    assert "prior matters" not in informed.attrs["warnings"]


def test_both_ensembles_end_where_the_posterior_is(linear):
    """One started about the fit, the other from the prior: their means agree."""
    _, samples = linear
    means = [samples.A_plus[samples.ensemble == which].mean() for which in (0, 1)]
    assert abs(means[0] - means[1]) < z() * 2 * error(samples.A_plus)
    assert float(samples.r_hat.max()) < 1.01


def test_prior_is_flat_in_an_amplitude_that_may_vanish():
    # narrow bounds far from where the data pull: p(A) ∝ exp(−(A − A₀)²/2s²) on [0, A₀ + s]
    free = fit("pair_stdp", "wang_2005", ["A_minus"], n_starts=1)
    spread, best = free.standard_errors["A_minus"], free.parameters["A_minus"]
    bounds = {"A_minus": (0.0, 0.2 * spread)}
    samples = posterior(fit("pair_stdp", "wang_2005", ["A_minus"], bounds, n_starts=1), n_walkers=16, max_steps=1000)
    grid = np.linspace(0, 0.2 * spread, 2001)
    density = np.exp(-0.5 * ((grid - best) / spread) ** 2)
    expected = np.average(grid, weights=density)
    assert abs(samples.A_minus.mean() - expected) < z() * error(samples.A_minus)


def test_chains_that_did_not_mix_are_reported():
    # both windows of the triplet rule are free: a curved ridge, and 500 steps
    free = ["A3_plus", "A2_minus", "tau_y", "tau_plus", "tau_minus"]
    samples = posterior(fit("triplet_stdp", "sjostrom_2001", free, n_starts=2), n_walkers=12, max_steps=500)
    assert "the chains did not mix in" in samples.attrs["warnings"]
    assert float(samples.r_hat.max()) > 1.01


def test_same_seed_same_samples():
    fitted = fit("pair_stdp", "wang_2005", ["A_plus"], n_starts=1)
    first, second, other = (posterior(fitted, n_walkers=4, max_steps=500, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.A_plus, second.A_plus)
    assert not np.array_equal(first.A_plus, other.A_plus)


def test_draws_are_rows_of_the_samples(linear):
    fitted, samples = linear
    draws = parameter_draws(fitted, samples, 5, seed=0)
    assert draws.shape == (5, 2)
    assert np.isin(draws[:, 0], samples.A_plus.values).all()
    assert parameter_draws(fitted, None, 5, seed=0).tolist() == [[fitted.parameters[n] for n in fitted.free]]


@pytest.mark.parametrize("missing", ["emcee", "arviz_stats"])
def test_missing_library_names_the_extra(missing, monkeypatch):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(InputError, match=rf"{missing}, which is not installed: pip install 'steersman\[fit\]'"):
        posterior(fit("pair_stdp", "wang_2005", ["A_plus"], n_starts=1))


@pytest.mark.parametrize(
    ("free", "arguments", "message"),
    [
        ([], {}, "nothing is free"),
        (["A_plus"], {"n_walkers": 5}, "even"),
        (["A_plus"], {"n_walkers": 2}, "n_walkers must be >= 4"),
        (["A_plus"], {"max_steps": 3}, "max_steps must be >= 500"),
    ],
)
def test_bad_input(free, arguments, message):
    with pytest.raises(InputError, match=message):
        posterior(fit("pair_stdp", "wang_2005", free, n_starts=1), **arguments)
