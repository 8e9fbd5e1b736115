"""Partial control: the network rests and moves where the optimal policy for its control matrix says."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import scenarios
from analysis.figures import draw
from plasticity.errors import InputError
from tests.error_bounds import variance_error, z

QUIET = {"noise": 0.0, "n_trials": 4, "n_neurons": 6, "rank": 3, "duration": 12.0, "dt": 0.01}
SCALE = 4.0  # ηkh
HELD = {
    "long": lambda j: SCALE / (SCALE + j**2),
    "finite": lambda j: SCALE / (SCALE + j * (j + 2)),
    "short": lambda j: 2 / (2 + j),
}
RATES = {
    "long": lambda j: np.sqrt(SCALE + j**2),
    "finite": lambda j: np.sqrt(1 + SCALE + j * (j + 2)) - 1,
    "short": lambda j: 2 + j,  # ηkh/γ + j
}


@pytest.fixture(scope="module", params=[0.5, 0.0], ids=["decay", "no decay"])
def quiet(request):
    return request.param, scenarios.run("partial_control", decay=request.param, **QUIET)


def inside_of(ds):
    """Targets at 0° span the controllable space; the part of every target in it."""
    basis = np.linalg.qr(ds.optimum.sel(target=0.0).values.T)[0][:, : ds.attrs["n_controlled"]]
    return np.einsum("tgp,pk,qk->tgq", ds.optimum.values, basis, basis)


def test_rest_points_are_those_of_the_theory(quiet):
    """θ∞ = ηkh/(ηkh + j(j + γ)) · BBᵀμ; after 12 s what is left is e^{−1.2·12} or less."""
    decay, ds = quiet
    for index, name in enumerate(ds.rule.values):
        expected = HELD[name](decay) * inside_of(ds)
        assert_allclose(ds.rest_point.isel(rule=index), expected, atol=3e-6)  # short: discount 1e6 for infinity
        assert_allclose(ds.theta.isel(rule=index, time=-1), expected, atol=5e-6)


def test_rates_are_those_of_the_theory(quiet):
    """Explicit steps raise a rate r by r dt/2, here at most 1.3 %."""
    decay, ds = quiet
    for index, name in enumerate(ds.rule.values):
        assert_allclose(ds.predicted_rate[index], RATES[name](decay), rtol=1e-5)
        r = RATES[name](decay)
        assert_allclose(ds.rate[index], -np.log(1 - r * 0.01) / 0.01, rtol=2e-3)


def test_a_target_inside_is_learned_and_one_outside_is_not(quiet):
    decay, ds = quiet
    loss = ds.loss.isel(time=-1)
    for index, name in enumerate(ds.rule.values):
        left = (1 - HELD[name](decay)) ** 2
        assert_allclose(loss.isel(rule=index).sel(target=0.0), left, atol=1e-4)
        assert_allclose(loss.isel(rule=index).sel(target=45.0), 0.5 + 0.5 * left, atol=1e-4)
        assert_allclose(loss.isel(rule=index).sel(target=90.0), 1.0, atol=1e-9)


def test_loss_falls_with_the_number_of_controllers(quiet):
    decay, ds = quiet
    assert_allclose(ds.rank_loss, ds.predicted_rank_loss, atol=1e-4)
    assert_allclose(ds.rank_loss.isel(rank=-1), (1 - HELD["finite"](decay)) ** 2, atol=1e-4)
    assert (np.diff(ds.rank_loss, axis=1) < 1e-12).all()


def test_noisy_feedback_leaves_the_mean_path_and_spreads_the_weights():
    """White noise σ in the error is √h σ in the gradient: variance κ²hσ²/2r along every direction of control.

    24 trials × 3 targets × 3 directions at 6 times 2 s apart, which are correlated as c = e^{−2r}: so many independent
    values are fewer by (1 − c²)/(1 + c²) for a variance and by (1 − c)/(1 + c) for a mean.
    """
    n = 24
    ds = scenarios.run("partial_control", **QUIET | {"noise": 0.2, "n_trials": n, "decay": 0.0, "duration": 14.0})
    index = ds.rule.values.tolist().index("finite")
    late = ds.theta.isel(rule=index).sel(time=slice(4.0, 14.1)).values[:, ::20]
    away = late - ds.rest_point.isel(rule=index).values[:, None]
    rate = RATES["finite"](0.0)
    variance = 3 * (1 / (2 + rate)) ** 2 * SCALE * 0.2**2 / (2 * rate)
    measured = (away**2).sum(-1).mean()
    c = np.exp(-2 * rate)
    assert_allclose(measured, variance, rtol=variance_error(n * 3 * 3 * 6 * (1 - c**2) / (1 + c**2), 2))
    error = np.sqrt(variance / 3 / (n * 6) * (1 + c) / (1 - c))
    assert np.abs(away.mean((0, 1))).max() < z(2 * away[0, 0].size) * error


def test_a_rank_that_leaves_nothing_outside_is_refused():
    with pytest.raises(InputError, match="rank is 4; it must be < n_neurons"):
        scenarios.run("partial_control", n_neurons=4, rank=4)


def test_a_run_too_short_for_a_rate_is_refused():
    with pytest.raises(InputError, match="record_every is 0.1 s.*must be <= duration/2, which is 0.05 s"):
        scenarios.run("partial_control", duration=0.1)


def test_figure_shows_paths_and_predictions(quiet):
    _, ds = quiet
    learning, rates, ranks = draw(ds).axes
    drawn = [line for line in learning.lines if len(line.get_xdata()) == ds.sizes["time"]]
    assert len(drawn) == ds.sizes["rule"] * ds.sizes["target"]
    assert_allclose(drawn[0].get_ydata(), ds.loss.isel(rule=0, target=0).mean("trial"))
    assert len([line for line in rates.lines if len(line.get_xdata()) == 1]) == 3
    assert ranks.get_xlabel().startswith("controllers")
    with pytest.raises(InputError, match="no run of partial_control"):
        draw(ds, ds.assign_attrs(scenario="horizon"))
