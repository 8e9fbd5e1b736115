"""Beta-binomial noise: SciPy's probabilities, the binomial limit, and intervals on counts that differ too much."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import optimize, stats

from analysis import as_dataset, datasets, fit, leave_out
from analysis.fit import as_model, fit_problem
from analysis.fitting.binomial import BinomialNoise
from analysis.fitting.noise import noise_of
from analysis.fitting.overdispersed import BetaBinomialNoise
from analysis.fitting.problem import make_problem, with_values
from plasticity.errors import InputError
from tests.error_bounds import counts, z

N, P, K = np.array([1.0, 7.0, 40.0, 100.0]), np.array([0.3, 0.05, 0.6, 0.9]), np.array([1.0, 0.0, 31.0, 80.0])
FREE, BOUNDS = ["threshold", "slope"], {"threshold": (-3.0, 3.0), "slope": (-9.0, 9.0)}
COUNTS = (2, 1, 9, 4, 8, 16, 9, 19)
RHO, SETS = 0.3, 40


def of_scipy(n, p, rho):
    return stats.betabinom(n, p * (1 - rho) / rho, (1 - p) * (1 - rho) / rho)


def psychometric(parameters, protocol):
    return 1 / (1 + np.exp(-parameters["slope"] * (protocol.x_contrast.values - parameters["threshold"])))


@pytest.fixture
def data(tmp_path):
    rows = [f"p{i},{k},20,{x:.3f}" for i, (k, x) in enumerate(zip(COUNTS, np.linspace(-1, 1, 8), strict=True))]
    (tmp_path / "own.csv").write_text("\n".join(["protocol,k,n,x_contrast", *rows]))
    return datasets.load(tmp_path / "own.csv")


@pytest.mark.parametrize("rho", [1e-3, 0.1, 0.7])
def test_probabilities_are_those_of_scipy(rho):
    noise = BetaBinomialNoise(N, value=rho)
    assert_allclose(noise.log_density(K / N, P), of_scipy(N, P, rho).logpmf(K), rtol=1e-9)
    joint = -0.5 * np.sum(noise.residuals(K / N, P) ** 2) - noise.constant(K / N)
    assert_allclose([joint, noise.log_likelihood(K / N, P)], of_scipy(N, P, rho).logpmf(K).sum(), rtol=1e-9)
    assert noise.log_likelihood(K / N, [[0.3, 0.05, 0.6, 1.5]]) == -np.inf


def test_its_limit_is_binomial():
    """At ρ = 0 everything is equal; the difference is of first order in ρ."""
    plain, limit = BinomialNoise(N), BetaBinomialNoise(N)
    for name in ("log_density", "residuals"):
        assert_allclose(getattr(limit, name)(K / N, P), getattr(plain, name)(K / N, P), rtol=1e-7, atol=1e-12)
    assert_allclose(limit.standardised(0.1, P), plain.standardised(0.1, P), rtol=1e-12)
    exact = plain.log_density(K / N, P)
    wide, narrow = (BetaBinomialNoise(N, value=rho).log_density(K / N, P) - exact for rho in (2e-6, 1e-6))
    assert_allclose(wide[1:], 2 * narrow[1:], rtol=1e-2)


def test_draws_have_the_variance_of_correlated_attempts(random):
    shares = BetaBinomialNoise(N, value=0.3).draws(P, 4000, random)
    variance = P * (1 - P) / N * (1 + (N - 1) * 0.3)
    squares = (shares - P) ** 2
    assert np.all(np.abs(shares.mean(axis=0) - P) < z(4) * np.sqrt(variance / 4000))
    assert np.all(np.abs(squares.mean(axis=0) - variance) < z(4) * squares.std(axis=0) / np.sqrt(4000))


def test_information_is_the_mean_squared_score():
    """By a sum over outcomes of SciPy's probabilities, whose score is a difference."""
    noise, step = BetaBinomialNoise(N, value=0.2), 1e-5
    for n, p, found in zip(N, P, noise.standardised(1.0, P) ** 2, strict=True):
        k = np.arange(n + 1)
        score = (of_scipy(n, p + step, 0.2).logpmf(k) - of_scipy(n, p - step, 0.2).logpmf(k)) / (2 * step)
        assert_allclose(found, of_scipy(n, p, 0.2).pmf(k) @ score**2, rtol=1e-6)


def test_the_fit_is_the_maximum_of_the_likelihood_by_scipy(data):
    fitted = fit(psychometric, data, FREE, BOUNDS, n_starts=2, noise="beta-binomial")
    x, n, k = data.x_contrast.values, data.n.values, data.value.values * data.n.values

    def cost(u):
        return -of_scipy(n, 1 / (1 + np.exp(-u[1] * (x - u[0]))), fitted.noise.value).logpmf(k).sum()

    best = optimize.minimize(cost, [0.0, 1.0], method="BFGS", options={"gtol": 1e-8})
    assert 0.02 < fitted.noise.value < 0.5
    assert_allclose(fitted.free_values, best.x, rtol=1e-3)
    assert_allclose(fitted.log_likelihood, -best.fun, rtol=1e-7)
    assert fitted.aic < fit(psychometric, data, FREE, BOUNDS, n_starts=1).aic
    assert leave_out(fitted, n_starts=1).score < fitted.log_likelihood
    assert as_dataset(fitted).attrs["noise_rho"] == fitted.noise.value


def test_intervals_of_overdispersed_counts_are_right_and_binomial_ones_too_narrow(tmp_path, random):
    """Two standard errors of the slope hold the truth in about 95 % of sets, as printed; binomial ones in far fewer."""
    x, n = np.linspace(-1, 1, 16), np.full(16, 40)
    rows = [f"p{i},20,40,{c:.4f}" for i, c in enumerate(x)]
    (tmp_path / "own.csv").write_text("\n".join(["protocol,k,n,x_contrast", *rows]))
    data, truth = datasets.load(tmp_path / "own.csv"), np.array([0.1, 2.0])
    sets = BetaBinomialNoise(n.astype(float), value=RHO).draws(1 / (1 + np.exp(-2 * (x - 0.1))), SETS, random)
    covered = {}
    for noise in ("binomial", "beta-binomial"):
        problem = make_problem(as_model(psychometric, FREE, BOUNDS), data, FREE, BOUNDS, noise)
        fits = [fit_problem(with_values(problem, values), 1, 0, truth, 50) for values in sets]
        error = np.array([[one.standard_errors[name] for name in FREE] for one in fits])
        covered[noise] = np.sum(np.abs([one.free_values - truth for one in fits] / error) < 1.96, axis=0)
    least, _ = counts(SETS, 0.93, comparisons=2)  # 16 points: the estimate of ρ costs up to two per cent
    assert np.all(covered["beta-binomial"] >= least), covered
    _, most = counts(SETS, 2 * stats.norm.cdf(1.96 / np.sqrt(1 + 39 * RHO)) - 1, comparisons=2)
    assert np.all(covered["binomial"] <= most), covered  # ±1.96 errors are 1.96/√(1 + (n−1)ρ) true ones wide


def test_single_attempts_and_counts_without_overdispersion(data):
    with pytest.raises(InputError, match="'beta-binomial' needs measurements of two attempts or more"):
        noise_of(data.assign(n=("protocol", np.ones(8), data.n.attrs)), "beta-binomial")
    expected = np.round(20 / (1 + np.exp(-2 * data.x_contrast.values))) / 20
    fitted = fit(psychometric, data.assign(value=data.value.copy(data=expected)), FREE, BOUNDS, 1, 0, "beta-binomial")
    assert fitted.noise.value == 0
    assert "no overdispersion was found: rho is 0, so that the noise is binomial" in fitted.warnings
