"""Noise: densities of scipy, estimated numbers that come back, intervals that cover, searches that confirm."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import optimize, stats

from analysis.benchmarks import benchmark
from analysis.data.record import make_spike_data
from analysis.datasets import load
from analysis.fit import fit
from analysis.fitting.noise import DEVIATIONS, noise_of
from analysis.recover import synthetic_values
from plasticity.errors import InputError, UnknownNameError
from plasticity.protocols import pairing
from plasticity.rules.pair_stdp import pair_stdp
from tests.error_bounds import counts, z

ABOUT = {"name": "", "title": "made up", "citation": "", "doi": "", "figure": "", "rights": "", "provenance": "made up"}


@pytest.mark.parametrize("name", DEVIATIONS)
def test_densities_are_those_of_scipy(name, random):
    data = load("milstein_2021")
    noise = noise_of(data, name)
    if noise.estimated:
        noise = noise.estimate(random.normal(size=65) * data.sem.values, np.zeros(65), np.empty((65, 0)))
    prediction, deviation = random.normal(size=65), random.normal(size=65) * noise.sem
    value = prediction + deviation
    single = {
        "student": lambda: stats.t(noise.degrees, scale=noise.sem).logpdf(deviation),
        "robust": lambda: stats.t(4, scale=np.hypot(noise.sem, noise.value)).logpdf(deviation),
        "known": lambda: stats.norm(scale=noise.sem).logpdf(deviation),
    }.get(name, lambda: stats.norm(scale=np.sqrt(np.diag(noise.covariance))).logpdf(deviation))()
    assert_allclose(noise.log_density(value, prediction), single, rtol=1e-9)
    is_joint = name in ("between", "correlated")
    joint = single.sum() if not is_joint else stats.multivariate_normal(cov=noise.covariance).logpdf(deviation)
    assert noise.log_likelihood(value, prediction) == pytest.approx(joint, rel=1e-9)
    assert_allclose(noise.log_likelihood(value, np.stack([prediction, prediction - deviation]))[0], joint, rtol=1e-9)


def test_repetitions_have_the_covariance_of_the_noise(random):
    data = load("milstein_2021")
    noise = noise_of(data, "correlated").estimate(
        np.sin(np.arange(65) / 3) * data.sem.values, np.zeros(65), np.empty((65, 0))
    )
    draws = noise.draws(0.0, 20_000, random) / noise.sem
    expected = noise.covariance / np.outer(noise.sem, noise.sem)
    assert 0.3 < noise.value < 1
    assert np.abs(draws.T @ draws / 20_000 - expected).max() < z(65**2) * np.sqrt(2 / 20_000)


def cells(random, n=30, between=0.2, within=0.05):
    """Pairs at two intervals in n cells, whose changes differ by more than their printed errors."""
    interval = np.tile([0.01, -0.01], n // 2)
    true = np.where(interval > 0, 60 * 0.006 * np.exp(-10 / 16.8), -60 * 0.003 * np.exp(-10 / 33.7))
    value = true + between * random.standard_normal(n) + within * random.standard_normal(n)
    trains = [pairing(i, 1.0) for i in interval]
    names = [f"cell_{i}" for i in range(n)]
    return make_spike_data(names, trains, value, [within] * n, [1] * n, coordinates={"cell": names}, **ABOUT)


def test_intervals_cover_the_truth_where_cells_differ():
    """40 sets of 30 cells: ±2 standard errors hold A_plus in 95 % with estimated scatter, in about half without."""
    random = np.random.default_rng(0)
    covered = {"known": 0, "between": 0}
    rule, free = pair_stdp(A_plus=0.006, A_minus=0.003), ["A_plus", "A_minus"]
    taus = []
    for _ in range(40):
        data = cells(random)
        for noise in covered:
            fitted = fit(rule, data, free, n_starts=1, noise=noise)
            error = fitted.standard_errors["A_plus"]
            covered[noise] += abs(fitted.parameters["A_plus"] - 0.006) <= 2 * error
        taus.append(fitted.noise.value)
    low, high = counts(40, 0.945)  # t with 14 degrees of freedom within two standard errors, up to the bound at 0
    assert low <= covered["between"] <= high
    assert covered["known"] < low
    assert abs(np.mean(taus) - 0.2) < z() * np.std(taus) / np.sqrt(40) + 0.2 / (4 * 28)


def test_correlation_of_neighbours_comes_back():
    free = ["learning_rate", "level"]
    data = load("milstein_2021")
    truth = fit("derived_plateau", data, free, {"level": (1.0, 100.0)}, n_starts=1, noise="correlated")
    found = []
    for value in synthetic_values(truth, 20, seed=3):
        noisy = data.assign(value=data.value.copy(data=value))
        found.append(fit("derived_plateau", noisy, free, {"level": (1.0, 100.0)}, n_starts=1, noise="correlated").noise)
    values = np.array([noise.value for noise in found])
    errors = np.array([noise.value_error for noise in found])
    assert abs(values.mean() - truth.noise.value) < z(degrees=19) * values.std(ddof=1) / np.sqrt(20) + 0.02
    assert np.median(errors) == pytest.approx(values.std(ddof=1), rel=0.6)  # a sample of 20: χ² with 19 degrees


def test_bins_of_an_induction_are_less_evidence_than_their_number():
    """Correlated bins are the better description of place fields, and leave less room for the derived rule."""
    derived = benchmark("milstein_2021").candidates[-1]
    data = load("milstein_2021")
    known, correlated = (
        fit(derived.make(), data, derived.free, derived.bounds, 2, noise=n) for n in ("known", "correlated")
    )
    assert correlated.aic < known.aic - 10
    assert correlated.noise.value == pytest.approx(0.51, abs=3 * 0.08)
    assert correlated.p_value == pytest.approx(0.05, abs=0.01)
    assert known.p_value > 0.3


def test_student_noise_is_not_moved_by_an_outlier():
    data = load("sjostrom_2001")
    value = data.value.values.copy()
    value[2] += 10 * float(data.sem[2])  # from three cells
    outlier = data.assign(value=data.value.copy(data=value))
    moved = {}
    for noise in ("known", "student"):
        before, after = (fit("pair_stdp", d, ["A_plus"], n_starts=1, noise=noise) for d in (data, outlier))
        moved[noise] = abs(after.parameters["A_plus"] - before.parameters["A_plus"])
    assert moved["student"] < 0.6 * moved["known"]


def test_a_missing_error_can_be_estimated():
    """Single points without errors: τ is their scatter about the fit, with n − k degrees of freedom."""
    data = load("bi_poo_1998")
    fitted = fit("pair_stdp", data, ["A_plus", "A_minus"], n_starts=3, noise="between")
    left = data.value.values - fitted.predictions
    assert fitted.noise.value == pytest.approx(np.sqrt(left @ left / (left.size - 2)), rel=1e-3)
    assert fitted.error == pytest.approx((left.size - 2) / left.size, rel=1e-3)


def test_robust_noise_estimates_its_scale_and_is_not_moved_by_an_outlier():
    """Location and scale of Student's law by a search of its own, and single cells of which one is far away."""
    data = load("bi_poo_1998")
    fitted = fit("pair_stdp", data, ["A_plus"], n_starts=2, noise="robust")
    left, slope = fitted.predictions - data.value.values, fitted.slope[:, 0]

    def cost(u):
        scale = np.exp(u[1])
        density = stats.t(4, scale=scale).logpdf(left + slope * u[0]).sum()
        return -density + 0.5 * np.log(np.sum(slope**2) / scale**2)  # restricted to what the parameter leaves

    best = optimize.minimize(cost, [0.0, -1.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-12}).x
    assert fitted.noise.value == pytest.approx(np.exp(best[1]), rel=1e-3)
    assert abs(best[0]) < 1e-3 * fitted.standard_errors["A_plus"] + 1e-4 * fitted.parameters["A_plus"]
    information = stats.t(4).expect(lambda x: (5 * x / (4 + x**2)) ** 2)  # of the location, by its score
    assert_allclose(fitted.noise.standardised(fitted.noise.scale) ** 2, information, rtol=1e-6)
    value = data.value.values.copy()
    value[22] += 2.0  # within 0.1 of the largest change that draws no warning
    outlier = data.assign(value=data.value.copy(data=value))
    moved = {}
    for noise in ("between", "robust"):
        before, after = (fit("pair_stdp", d, ["A_plus"], n_starts=1, noise=noise) for d in (data, outlier))
        moved[noise] = abs(after.parameters["A_plus"] - before.parameters["A_plus"])
    assert moved["robust"] < 0.2 * moved["between"]


def test_a_zero_error_is_the_same_minimum_from_every_start():
    data = load("sjostrom_2001").isel(protocol=[1, 6])
    fitted = fit("pair_stdp", data, ["A_plus", "A_minus"], n_starts=10)
    assert fitted.error < 1e-12
    assert not any("starts found the best fit" in warning for warning in fitted.warnings)


def test_a_search_goes_on_until_its_best_fit_is_confirmed():
    """Calcium has many local minima: four times as many starts as asked for do not find its best one three times."""
    free = ["gamma_p", "gamma_d", "pre_calcium", "post_calcium"]
    fitted = fit("graupner_calcium", "wang_2005", free, n_starts=3)
    assert any("of 12 starts found the best fit" in warning for warning in fitted.warnings)
    assert fit("pair_stdp", "wang_2005", ["A_plus", "A_minus"], n_starts=3).warnings == ()


def test_bad_noise_is_named():
    with pytest.raises(UnknownNameError, match="did you mean 'student'"):
        fit("pair_stdp", "sjostrom_2001", noise="students")
    with pytest.raises(InputError, match="numbers of measurements n, which are unknown"):
        fit("pair_stdp", "wang_2005", noise="student")
    with pytest.raises(UnknownNameError, match="unknown coordinate of the protocols 'sell'"):
        fit("pair_stdp", "wang_2005", noise="between:sell")
    with pytest.raises(InputError, match="known has no units"):
        fit("pair_stdp", "wang_2005", noise="known:cell")
