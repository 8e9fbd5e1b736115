"""Survival noise: scipy's log-normal law, least squares of logarithms, and times that were not watched to their end."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import optimize, stats

from analysis import Model, compare, datasets, fit
from analysis.fitting.survival import SurvivalNoise
from plasticity.errors import InputError
from plasticity.rule import Parameter

MODEL = Model(
    "power",
    "median time by contrast",
    lambda p, protocol: p["scale"] * protocol.x_contrast.values ** -p["power"],
    (Parameter("scale", 10.0, positive=True), Parameter("power", 1.0)),
)
FREE, BOUNDS = ["scale", "power"], {"scale": (0.1, 1e3), "power": (0.01, 5.0)}


def times(path, followed=None, n=60, sigma=0.5):
    rng = np.random.default_rng(4)
    x = np.tile([0.1, 0.3, 0.9], n // 3)
    t = 5.0 * x**-0.7 * np.exp(sigma * rng.standard_normal(n))
    limit = np.inf if followed is None else followed
    rows = [f"m{i},{min(a, limit)!r},{followed or ''},{b}" for i, (a, b) in enumerate(zip(t.tolist(), x, strict=True))]
    path.write_text("\n".join(["protocol,time,followed,x_contrast", *rows]))
    return datasets.load(path)


def test_the_law_is_that_of_scipy(random):
    noise = SurvivalNoise(np.array([np.inf, 3.0, 3.0]), value=0.7)
    p, t = np.array([2.0, 1.5, 4.0]), np.array([2.5, 1.0, 3.0])
    law = stats.lognorm(0.7, scale=p)
    expected = [law.logpdf(t)[0], law.logpdf(t)[1], law.logsf(t)[2]]
    assert_allclose(noise.log_density(t, p), expected, rtol=1e-12)
    assert_allclose(-0.5 * np.sum(noise.residuals(t, p) ** 2) - noise.constant(t), np.sum(expected), rtol=1e-12)
    step, draws = 1e-4, noise.draws(p, 200_000, random)
    slope = (noise.log_density(draws, p * np.exp(step)) - noise.log_density(draws, p * np.exp(-step))) / (2 * step)
    assert_allclose(noise.standardised(p, p) ** 2, np.mean(slope**2, axis=0), rtol=0.03)  # information of ln p


def test_without_limits_it_is_least_squares_of_logarithms(tmp_path):
    data = times(tmp_path / "own.csv")
    fitted = fit(MODEL, data, FREE, BOUNDS, n_starts=1)
    x, y = np.log(data.x_contrast.values), np.log(data.value.values)
    line = stats.linregress(x, y)
    assert_allclose(
        [fitted.parameters["power"], np.log(fitted.parameters["scale"])], [-line.slope, line.intercept], rtol=1e-3
    )
    left = y - line.intercept - line.slope * x
    assert_allclose(fitted.noise.value, np.sqrt(left @ left / 58), rtol=1e-3)
    assert_allclose(fitted.standard_errors["power"], line.stderr, rtol=1e-3)
    assert np.isnan(fitted.p_value)
    assert compare([fitted]).scores[0].log_likelihood == pytest.approx(fitted.log_likelihood, abs=0.5)


def test_what_was_not_watched_to_its_end_is_a_bound(tmp_path):
    """Half of the times of the hardest stimulus are cut off: the fit is the maximum of the censored likelihood."""
    data = times(tmp_path / "own.csv", followed=20.0)
    cut = data.value.values >= 20
    assert 5 < cut.sum() < 30
    fitted = fit(MODEL, data, FREE, BOUNDS, n_starts=1)
    x, t, sigma = data.x_contrast.values, data.value.values, fitted.noise.value

    def cost(u):
        z = (np.log(t) - u[0] + u[1] * np.log(x)) / sigma
        return -np.where(cut, stats.norm.logsf(z), stats.norm.logpdf(z) - np.log(sigma * t)).sum()

    best = optimize.minimize(cost, [1.0, 1.0], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-10})
    assert_allclose([np.log(fitted.parameters["scale"]), fitted.parameters["power"]], best.x, rtol=1e-3)
    assert_allclose(fitted.log_likelihood, -best.fun, rtol=1e-6)
    assert abs(fitted.parameters["power"] - 0.7) < 5 * fitted.standard_errors["power"]
    assert abs(sigma - 0.5) < 5 * fitted.noise.value_error
    ignoring = fit(MODEL, data.drop_vars("followed"), FREE, BOUNDS, n_starts=1)
    assert ignoring.parameters["power"] < fitted.parameters["power"]  # the longest seem shorter than they are


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a,0,5", "column 'time': must be > 0, got 0"),
        ("a,6,5", "column 'time': is 6, longer than it was watched \\(5\\)"),
        ("a,,5", "column 'time': is empty"),
    ],
)
def test_wrong_times_are_named(row, message, tmp_path):
    (tmp_path / "own.csv").write_text(f"protocol,time,followed\n{row}")
    with pytest.raises(InputError, match=message):
        datasets.load(tmp_path / "own.csv")
