"""Binomial noise: scipy's probabilities, logistic regression by hand, p values at their nominal rate, intervals."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import optimize, stats

from analysis import Model, as_dataset, compare, datasets, fit, leave_out, recover
from analysis.fitting.binomial import BinomialNoise
from analysis.fitting.noise import noise_of
from analysis.fitting.scores import p_value
from plasticity.errors import InputError
from plasticity.rule import Parameter
from tests.error_bounds import z

BOUNDS = {"threshold": (-5.0, 5.0), "slope": (-10.0, 10.0)}
FREE = list(BOUNDS)


def psychometric(parameters, protocol):
    return 1 / (1 + np.exp(-parameters["slope"] * (protocol.x_contrast.values - parameters["threshold"])))


def successes(tmp_path, k, n, contrast):
    rows = [f"p{i},{k[i]:.0f},{n[i]:.0f},{contrast[i]!r}" for i in range(len(k))]
    (tmp_path / "own.csv").write_text("\n".join(["protocol,k,n,x_contrast", *rows]))
    return datasets.load(tmp_path / "own.csv")


@pytest.fixture
def data(tmp_path):
    contrast, n = [-0.8, -0.4, -0.1, 0.1, 0.4, 0.8], [20, 30, 25, 40, 35, 10]
    return successes(tmp_path, [1, 6, 9, 24, 28, 10], n, contrast)


def test_probabilities_are_those_of_scipy(random):
    n = np.array([1.0, 1.0, 7.0, 40.0])
    noise, p = BinomialNoise(n), np.array([0.3, 0.9, 0.0, 0.6])
    k = np.array([0.0, 1.0, 0.0, 31.0])
    assert_allclose(noise.log_density(k / n, p), stats.binom(n, p).logpmf(k), rtol=1e-12)
    joint = -0.5 * np.sum(noise.residuals(k / n, p) ** 2) - noise.constant(k / n)
    assert_allclose([joint, noise.log_likelihood(k / n, p)], stats.binom(n, p).logpmf(k).sum(), rtol=1e-12)
    assert noise.log_likelihood(k / n, [[0.3, 0.9, 0.0, 1.5]]) == -np.inf
    draws = noise.draws(p, 4000, random)
    assert np.all(np.abs(draws.mean(0) - p) <= z(4) * np.sqrt(p * (1 - p) / n / 4000))
    assert_allclose(noise.standardised(0.1, p)[3], 0.1 / np.sqrt(0.24 / 40), rtol=1e-12)


def test_the_fit_is_logistic_regression(data):
    """Maximum of the likelihood, its value, and standard errors from its curvature, by another optimiser."""
    x, n = data.x_contrast.values, data.n.values
    k = data.value.values * n

    def cost(u):
        return -stats.binom(n, 1 / (1 + np.exp(-u[1] * (x - u[0])))).logpmf(k).sum()

    best = optimize.minimize(cost, [0.0, 1.0], method="BFGS", options={"gtol": 1e-8})
    fitted = fit(psychometric, data, FREE, BOUNDS, n_starts=3)
    assert_allclose(fitted.free_values, best.x, rtol=1e-4)
    assert_allclose(fitted.log_likelihood, -best.fun, rtol=1e-9)
    step = 1e-4 * np.eye(2)
    bend = [[cost(best.x + a + b) - cost(best.x + a - b) - cost(best.x - a + b) + cost(best.x - a - b) for a in step]
            for b in step]  # fmt: skip
    errors = np.sqrt(np.diag(np.linalg.inv(np.array(bend) / 4e-8)))
    assert_allclose([fitted.standard_errors[name] for name in FREE], errors, rtol=0.02)  # expected for observed
    assert fitted.noise.stated == "binomial"
    score = compare([fitted]).scores[0]
    assert score.log_likelihood == pytest.approx(fitted.log_likelihood)
    assert_allclose(
        score.residuals, (fitted.predictions - k / n) / np.sqrt(fitted.predictions * (1 - fitted.predictions) / n)
    )


@pytest.mark.parametrize("share", [0.5, 0.05])
def test_a_p_value_is_the_share_of_refitted_sets(share, random):
    """2,000 sets of 4 attempts each, where χ² would not do, by logistic regressions of their own."""
    n, design = np.full(12, 4.0), np.column_stack([np.ones(12), np.linspace(-1, 1, 12)])
    noise, p = BinomialNoise(n), 1 / (1 + np.exp(-2.5 * design[:, 1]))
    sets, u = noise.draws(p, 2000, random), np.zeros((2000, 2))
    for _ in range(12):
        q = 1 / (1 + np.exp(-u @ design.T))
        information = np.einsum("sn,nk,nl->skl", n * q * (1 - q), design, design) + 1e-6 * np.eye(2)
        u += np.linalg.solve(information, ((n * (sets - q)) @ design)[:, :, None])[:, :, 0]
    statistic = np.sort(np.sum(noise.residuals(sets, 1 / (1 + np.exp(-u @ design.T))) ** 2, axis=1))
    critical, slope = statistic[-int(2000 * share)], (p * (1 - p))[:, None] * design
    value = min((noise.draws(p, 2000, random)), key=lambda v: abs(np.sum(noise.residuals(v, p) ** 2) - critical))
    found = p_value(noise, value, p, slope)
    exceeded = np.mean(statistic >= np.sum(noise.residuals(value, p) ** 2))
    assert abs(found - exceeded) < z() * np.sqrt(exceeded * (1 - exceeded) * (1 / 2000 + 1 / 5000)) + 0.005


def test_left_out_and_recovered(data):
    fitted = fit(psychometric, data, FREE, BOUNDS, n_starts=1)
    left = leave_out(fitted, n_starts=1)
    assert len(left.scores) == 6
    assert left.score < fitted.log_likelihood
    assert recover(fitted, n_sets=4, n_starts=1).estimate.shape == (4, 2)
    assert as_dataset(fitted).attrs["noise"] == "binomial"


def test_what_scatters_otherwise_is_refused(data):
    with pytest.raises(InputError, match="must be binomial or beta-binomial for data of kind 'successes'"):
        noise_of(data, "student")
    with pytest.raises(InputError, match="noise must be known or student or between or robust or correlated"):
        fit("pair_stdp", "wang_2005", noise="binomial")
    with pytest.raises(InputError, match="'successes' cannot be predicted by a rule"):
        fit("pair_stdp", data)
    with pytest.raises(InputError, match="whole number k of n successes"):
        datasets.load(data.assign(value=data.value * 0.99))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["protocol,k,n", "a,5,4"], "line 2, column 'k': 5 successes in 4 attempts"),
        (["protocol,k,n", "a,1.5,4"], "line 2, column 'k': must be a whole number >= 0, got 1.5"),
        (["protocol,k,n", "a,0,0"], "line 2, column 'n': must be a whole number >= 1, got 0"),
        (["protocol,k,n,contrast", "a,0,1,2"], "column 'contrast' is unknown.*numbers x_NAME"),
        (["choice,reward", "2,1"], "line 2, column 'choice': must be 0 or 1, got 2"),
        (["choice,reward", "1,"], "line 2, column 'reward': is empty"),
    ],
)
def test_wrong_counts_are_named(rows, message, tmp_path):
    (tmp_path / "own.csv").write_text("\n".join(rows))
    with pytest.raises(InputError, match=message):
        datasets.load(tmp_path / "own.csv")


def test_a_folder_states_successes_with_covariates(tmp_path):
    (tmp_path / "protocols.csv").write_text("protocol;dose;drug\nlow;0,5;a\nhigh;2;b\n")
    (tmp_path / "observations.csv").write_text(
        "protocol\tobservable\tk\tn\nlow\tsuccesses\t3\t10\nhigh\tsuccesses\t9\t12\n"
    )
    data = datasets.load(tmp_path)
    assert data.attrs["kind"] == "successes"
    assert_allclose(data.value, [0.3, 0.75])
    assert data.dose.values.tolist() == [0.5, 2.0]
    assert data.drug.values.tolist() == ["a", "b"]
    model = Model(
        "dose", "a rate by dose", lambda p, q: 1 - np.exp(-p["rate"] * q.dose.values), (Parameter("rate", 1.0),)
    )
    assert 0 < fit(model, data, ["rate"], {"rate": (0.01, 10.0)}).parameters["rate"] < 10
    (tmp_path / "observations.csv").write_text("protocol,observable,k,n,valu\nlow,successes,3,10,1\n")
    with pytest.raises(InputError, match="column 'valu' is unknown"):
        datasets.load(tmp_path)
