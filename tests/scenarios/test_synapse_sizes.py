"""Sizes of synapses: the law of the flat coordinate against closed forms, and the bound on compensation."""

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose
from scipy import linalg, optimize

import scenarios
from analysis.figures import draw
from plasticity import GRADIENT, WEIGHT, Objective, derive
from scenarios import synapse_sizes
from tests.error_bounds import variance_error, z

RUN = scenarios.run("synapse_sizes", seed=1)


@pytest.mark.parametrize("b", [sp.S.Half, sp.S.One])
def test_the_derived_rule_relaxes_in_the_flat_coordinate(b):
    """dφ/dt = φ' dw/dt = −r(φ − φ_0) for L = r(φ − φ_0)²/2, whatever the metric w^(−2b) is."""
    w = sp.Symbol("w", positive=True)
    rule = derive(Objective(sp.oo, metric=lambda w: w ** (-2 * b)))
    flat = sp.integrate(w**-b, w)
    loss = sp.Rational(1, 20) * (flat - 3) ** 2 / 2
    velocity = rule.weight_flow.subs({WEIGHT: w, GRADIENT: loss.diff(w)})
    rate = sp.Symbol("learning_rate", positive=True)
    assert sp.simplify(velocity * flat.diff(w) + rate * (flat - 3) / 20) == 0


def test_large_synapses_change_as_the_metric_says():
    """Slope b, by bins of 500 synapses: sd of ln sd is 0.032 in each, over a spread of 0.3 in ln w, so 0.023."""
    assert_allclose(RUN.slope, RUN.exponent, atol=6 * 0.023)
    assert_allclose(RUN.slope, [-0.001, 0.473, 0.952], atol=6 * np.sqrt(2) * 0.023)  # of another population


def test_the_flat_coordinate_forgets_at_the_rate_of_the_rule():
    """Correlation e^(−rT) and Var(Δφ) = 2 sd²(1 − e^(−rT)) of the derived rule with noise, after 5 to 20 days."""
    rate, n = 0.05, 4000
    path = synapse_sizes.flat_path(rate, 20, n, 2, 5 * synapse_sizes.STEPS_PER_DAY)  # every five days
    for look, days in enumerate((5, 10, 15, 20), 1):
        expected = np.exp(-rate * days)
        correlation = np.corrcoef(path[0], path[look])[0, 1]
        assert_allclose(correlation, expected, atol=z(8) * (1 - expected**2) / np.sqrt(n))
        change = np.var(path[look] - path[0]) / (2 * (1 - expected))
        assert_allclose(change, 1, atol=variance_error(n - 1, 8) + 0.002)  # steps of 0.02 days


def test_the_share_that_changed_is_the_published_formula():
    assert_allclose(RUN.changed, RUN.changed_formula, atol=6 * np.sqrt(0.25 / 10_000))
    assert synapse_sizes.spread_of_heads() == pytest.approx(0.8312, abs=5e-5)
    far = synapse_sizes.changed_formula(0.8312, 1.0, np.array([50.0]))
    assert float(far[0]) == pytest.approx(0.643, abs=5e-4)  # theory of fully decorrelated sizes
    wider = synapse_sizes.changed_formula(1.418 / np.sqrt(2), 1.0, np.array([50.0]))
    assert float(wider[0]) == pytest.approx(0.7, abs=5e-4)  # the spread that "more than 70 %" would need


def test_compensation_is_bounded_whatever_the_noise():
    """A variance of 10,000 has a standard error of 1.4 %, the ratio of two of 2 %; steps of 0.01 add about 1 %."""
    assert_allclose(synapse_sizes.compensation_bound(1.0), 0.36787944, rtol=1e-8)
    assert_allclose(synapse_sizes.compensation_bound(3.0), 0.68326236, rtol=1e-7)
    assert_allclose(RUN.compensated, np.broadcast_to(RUN.bound, RUN.compensated.shape), rtol=6 * 0.02 + 0.02)
    assert (RUN.least_share > 0.5).all()


@pytest.mark.parametrize(("noise", "variance"), [(0.3, 0.8), (3.0, 3.5), (1.0, 1.5)])
def test_moments_of_a_learner_that_compensates_are_those_of_its_linear_system(noise, variance):
    """θ, its belief, and the integrals of action and fluctuation: a linear system, its covariance exact.

    Var θ = σσ_o + σ²/2R; the ratio of the variances of the integrals is the bound, whatever the noise is (σ = R = 1).
    """
    drift = np.array([[0.0, -1, 0, 0], [1 / noise, -1 - 1 / noise, 0, 0], [0, -1, 0, 0], [0, 0, 0, 0]])
    diffusion = np.array([[1.0, 0], [0, 1], [0, 0], [1, 0]])  # of σdW and of the gain K = σ/σ_o times σ_o dV
    at_rest = linalg.solve_continuous_lyapunov(drift[:2, :2], -diffusion[:2] @ diffusion[:2].T)
    assert_allclose(at_rest[0, 0], variance)
    for window in (1.0, 3.0):
        block = np.block([[-drift, diffusion @ diffusion.T], [np.zeros((4, 4)), drift.T]])
        whole = linalg.expm(block * window)
        step = whole[4:, 4:].T
        start = linalg.block_diag(at_rest, np.zeros((2, 2)))
        covariance = step @ start @ step.T + step @ whole[:4, 4:]
        ratio = covariance[2, 2] / covariance[3, 3]
        assert_allclose(
            ratio, synapse_sizes.compensation_bound(window), rtol=1e-6
        )  # exponentials cost e^20 of rounding


@pytest.mark.parametrize(("share", "hours"), [(0.75, 27), (0.67, 15)])
def test_published_shares_are_read_as_times_of_the_learner(share, hours):
    """1/(1 + bound(RT)) = share over T = 24 h."""
    scaled = optimize.brentq(lambda x: 1 / (1 + synapse_sizes.compensation_bound(x)) - share, 1e-3, 50)
    assert 24 / scaled == pytest.approx(hours, abs=0.5)


def test_survival_below_a_threshold_is_no_constant_rate():
    """An exact walk with steps of 0.02 days: 0.77, 0.65, 0.30 at 2, 4, 14 days; a constant rate falls faster."""
    rng, n, rate, dt = np.random.default_rng(3), 20_000, 0.2, 0.02
    x = rng.standard_normal(n)
    x = x[x >= -1]
    alive, counts = np.ones(x.size, bool), []
    for step in range(round(14 / dt)):
        x = x * np.exp(-rate * dt) + np.sqrt(-np.expm1(-2 * rate * dt)) * rng.standard_normal(x.size)
        alive &= x >= -1
        if step + 1 in (100, 200, 700):
            counts.append(alive.mean())
    survival = RUN.survival.sel(day=[2.0, 4.0, 14.0]).values
    assert_allclose(survival, counts, atol=6 * np.sqrt(0.25 * (1 / 8000 + 1 / 16_000)))
    assert_allclose(survival, [0.77, 0.65, 0.30], atol=6 * np.sqrt(0.25 / 8000) + 0.005)
    assert_allclose(RUN.constant_rate.sel(day=4.0), 0.781**2)
    assert survival[2] > 1.5 * float(RUN.constant_rate.sel(day=14.0))  # small ones go first, large ones stay


def test_the_figure_has_four_panels():
    assert len(draw(RUN).axes) == 4
