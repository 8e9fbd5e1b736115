"""Models fitted by their own density: closed forms of a Gaussian, SciPy's beta-binomial law, leaving out, recovery."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import optimize, stats

from analysis import as_dataset, compare, confusion, datasets, fit, leave_out, recover
from analysis.fitting.importance import posterior_draws
from analysis.model import GaussianPrediction
from analysis.recover import ranks, synthetic_values
from plasticity.errors import InputError
from tests.error_bounds import z

COUNTS = (2, 1, 9, 4, 8, 16, 9, 19)
FREE = {"threshold": (-3.0, 3.0), "slope": (-9.0, 9.0), "rho": (0.001, 0.9)}
NORMAL = {"middle": (-10.0, 10.0), "sd": (0.05, 10.0)}


@dataclass
class BetaBinomial:
    """Successes as a user would write them."""

    mean: np.ndarray
    n: np.ndarray
    rho: float

    @property
    def law(self):
        size = (1 - self.rho) / self.rho
        return stats.betabinom(self.n.astype(int), self.mean * size, (1 - self.mean) * size)

    def sample(self, rng):
        return self.law.rvs(random_state=rng) / self.n

    def log_density(self, observed):
        return self.law.logpmf(np.round(observed * self.n))


def overdispersed(parameters, protocol):
    p = 1 / (1 + np.exp(-parameters["slope"] * (protocol.x_contrast.values - parameters["threshold"])))
    return BetaBinomial(np.clip(p, 1e-12, 1 - 1e-12), protocol.n.values, parameters["rho"])


def normal(parameters, protocol):
    return GaussianPrediction(np.full(protocol.sizes["protocol"], parameters["middle"]), parameters["sd"])


@pytest.fixture
def successes(tmp_path):
    rows = [f"p{i},{k},20,{x:.3f}" for i, (k, x) in enumerate(zip(COUNTS, np.linspace(-1, 1, 8), strict=True))]
    (tmp_path / "own.csv").write_text("\n".join(["protocol,k,n,x_contrast", *rows]))
    return datasets.load(tmp_path / "own.csv")


@pytest.fixture
def cells(tmp_path):
    """Single cells in a folder, without errors."""
    values = [1.2, 0.4, 2.1, 1.7, -0.3, 0.9, 1.1, 1.5, 0.2, 3.0]
    (tmp_path / "protocols.csv").write_text("\n".join(["protocol", *(f"c{i}" for i in range(10))]))
    rows = [f"c{i},depolarisation,mV,{v}" for i, v in enumerate(values)]
    (tmp_path / "observations.csv").write_text("\n".join(["protocol,observable,unit,value", *rows]))
    return datasets.load(tmp_path)


def test_a_gaussian_is_fitted_left_out_and_drawn_as_in_closed_form(cells):
    y, n = cells.value.values, 10
    fitted = fit(normal, cells, list(NORMAL), NORMAL, n_starts=3)
    assert fitted.noise.stated == "model"
    assert_allclose(fitted.free_values, [y.mean(), y.std()], rtol=1e-5)
    assert_allclose(fitted.log_likelihood, stats.norm(y.mean(), y.std()).logpdf(y).sum(), rtol=1e-9)
    errors = [fitted.standard_errors[name] for name in NORMAL]
    assert_allclose(errors, y.std() / np.sqrt([n, 2 * n]), rtol=0.01)  # differences over a tenth of an error
    left = leave_out(fitted, n_starts=1)
    others = [np.delete(y, i) for i in range(n)]
    expected = [stats.norm(o.mean(), o.std()).logpdf(v) for o, v in zip(others, y, strict=True)]
    assert_allclose(left.plug_in, expected, rtol=1e-4)
    spread = fitted.problem().spread(fitted.free_values)
    assert np.abs(spread / y.std() - 1).max() < z(n) / np.sqrt(2 * 199)
    assert_allclose(fitted.error, np.mean(((y - y.mean()) / spread) ** 2), rtol=1e-9)
    assert np.isnan(fitted.p_value)


def test_its_posterior_is_that_of_normal_theory(cells):
    """Flat in the middle and in ln sd: Student's t with n − 1 degrees of freedom about the mean."""
    fitted, y = fit(normal, cells, list(NORMAL), NORMAL, n_starts=1), cells.value.values
    draws = posterior_draws(fitted.problem(), fitted.free_values)
    weights, t = np.exp(draws.log_weights), (draws.values[:, 0] - y.mean()) / (y.std(ddof=1) / np.sqrt(10))
    for at in (-2.0, 0.0, 1.0):
        share = stats.t(9).cdf(at)
        assert abs(weights[t < at].sum() - share) < z(3) * np.sqrt(share * (1 - share) / draws.effective_size)
    assert np.all((ranks(fitted, 2) > 0) & (ranks(fitted, 2) < 1))


def test_the_fit_is_the_maximum_of_the_likelihood_by_scipy(successes):
    """Three parameters, standard errors from the curvature; ρ is one of them."""
    x, k = successes.x_contrast.values, np.array(COUNTS)

    def cost(u):
        p, size = 1 / (1 + np.exp(-u[1] * (x - u[0]))), np.exp(u[2])
        return -stats.betabinom(20, p * size, (1 - p) * size).logpmf(k).sum()

    best = optimize.minimize(cost, [0.0, 1.0, 2.0], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-10})
    fitted = fit(overdispersed, successes, list(FREE), FREE, n_starts=3)
    assert_allclose(fitted.log_likelihood, -best.fun, rtol=1e-8)
    assert_allclose(fitted.free_values, [*best.x[:2], 1 / (1 + np.exp(best.x[2]))], rtol=1e-3)
    step = 1e-3 * np.eye(3)
    bend = [[cost(best.x + a + b) - cost(best.x + a - b) - cost(best.x - a + b) + cost(best.x - a - b) for a in step]
            for b in step]  # fmt: skip
    errors = np.sqrt(np.diag(np.linalg.inv(np.array(bend) / 4e-6)))
    assert_allclose([fitted.standard_errors[name] for name in ("threshold", "slope")], errors[:2], rtol=0.01)
    assert fitted.warnings == ()


def test_it_is_compared_with_the_same_noise_stated_otherwise(successes):
    """The law of a user with ρ fixed where the noise found it is the same model: equal likelihoods in every table."""
    logistic = lambda parameters, protocol: overdispersed({**parameters, "rho": 0.5}, protocol).mean  # noqa: E731
    noise = fit(logistic, successes, ["threshold", "slope"], FREE_OF_MEAN, 2, noise="beta-binomial")

    def fixed(parameters, protocol):
        return overdispersed({**parameters, "rho": noise.noise.value}, protocol)

    own = fit(fixed, successes, ["threshold", "slope"], FREE_OF_MEAN, n_starts=2)
    assert_allclose(own.log_likelihood, noise.log_likelihood, rtol=1e-8)
    assert_allclose(own.free_values, noise.free_values, rtol=1e-3)
    run = as_dataset(own)
    assert_allclose(run.log_density.sum(), own.log_likelihood)
    score = compare([run], successes).scores[0]
    assert_allclose([score.log_likelihood, score.aic, score.error], [own.log_likelihood, own.aic, own.error])
    mean = fit(fixed, successes, ["threshold", "slope"], FREE_OF_MEAN, n_starts=2, noise="binomial")
    assert mean.log_likelihood < own.log_likelihood  # a stated noise takes the means alone
    share = confusion([own, mean], n_sets=2, n_starts=1).share
    assert_allclose(share.sum("chosen"), 1)


FREE_OF_MEAN = {name: FREE[name] for name in ("threshold", "slope")}


def test_it_draws_its_own_sets_and_recovers_from_them(successes):
    fitted = fit(overdispersed, successes, list(FREE), FREE, n_starts=1)
    sets = synthetic_values(fitted, 2000, 0)
    p, rho = fitted.predictions, fitted.parameters["rho"]
    variance = p * (1 - p) / 20 * (1 + 19 * rho)
    assert np.all(np.abs(sets.mean(axis=0) - p) < z(8) * np.sqrt(variance / 2000))
    squares = (sets - p) ** 2
    assert np.all(np.abs(squares.mean(axis=0) - variance) < z(8) * squares.std(axis=0) / np.sqrt(2000))
    assert recover(fitted, n_sets=5, n_starts=1).coverage.sel(parameter="threshold") >= 0.4


def test_nothing_is_chosen_silently(cells, successes):
    with pytest.raises(InputError, match="noise 'model' needs a model whose predictions have log_density"):
        fit("pair_stdp", "wang_2005", noise="model")
    with pytest.raises(InputError, match="model 'level' returns means alone"):
        fit(level, cells, ["height"], {"height": (0.0, 2.0)}, noise="model")
    with pytest.raises(InputError, match="log_density of model 'narrow' is not finite for all measurements"):
        fit(narrow, cells, ["height"], {"height": (0.0, 2.0)})
    with pytest.raises(InputError, match="log_density of model 'short' must return 10 values, one per measurement"):
        fit(short, cells, ["height"], {"height": (0.0, 2.0)})
    assert fit(level, cells, ["height"], {"height": (0.0, 2.0)}, noise="robust").noise.stated == "robust"


def level(parameters, protocol):
    return np.full(protocol.sizes["protocol"], parameters["height"])


class Uniform:
    """All measurements within ±0.01 of their mean, of which the last may be left out."""

    def __init__(self, mean, size):
        self.mean, self.size = mean, size

    def sample(self, rng):
        return rng.uniform(self.mean - 0.01, self.mean + 0.01)

    def log_density(self, observed):
        return stats.uniform(self.mean - 0.01, 0.02).logpdf(observed)[: self.size]


def narrow(parameters, protocol):
    return Uniform(level(parameters, protocol), 10)


def short(parameters, protocol):
    return Uniform(level(parameters, protocol), 9)
