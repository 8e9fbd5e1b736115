"""Measures on runs against closed forms: exponentials, an autoregressive process, distributions with known moments."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

import circuits
from analysis import convergence_rate, learning_curve, time_to_criterion, weight_moments
from analysis.measures import mean_and_error
from plasticity import observe, simulate
from plasticity.dataset import check_schema, make_dataset
from plasticity.errors import InputError
from plasticity.landscapes import Quadratic
from plasticity.rules.gradient_descent import gradient_descent
from plasticity.signals.exact_error import exact_error
from tests.error_bounds import variance_error, z

RATES = np.array([0.5, 2.0])  # learning rate times curvature
DT, NOISE, N_TRIALS = 0.05, 0.05, 200


@pytest.fixture(scope="module")
def noisy():
    """Gradient descent from (1, 1) on h = (0.5, 2) with noisy gradients: an autoregressive process."""
    rule, loss = gradient_descent(1.0), Quadratic(RATES, np.zeros(2))
    return simulate(rule, loss, np.ones(2), 80, DT, gradient_noise=NOISE, seed=4, n_trials=N_TRIALS)


def curve(values, times, **others):
    return xr.DataArray(values, {"time": times, **others}, dims=("time", *others), attrs={"units": "mV"})


def test_learning_curve_is_the_mean_and_the_spread_of_the_process(noisy):
    """q = 1 − r·dt: mean qᵗ, variance (noise·dt)²(1 − q²ᵗ)/(1 − q²), for 160 means and 160 errors."""
    result = learning_curve(noisy, "theta")
    check_schema(result)
    assert result.value.dims == ("time", "parameter")
    assert int(result.n) == N_TRIALS
    q, steps = 1 - RATES * DT, np.arange(81)[:, None]
    error = np.sqrt((NOISE * DT) ** 2 * (1 - q ** (2 * steps)) / (1 - q**2) / N_TRIALS)
    assert np.all(np.abs(result.value - q**steps) <= z(160) * error + 1e-15)
    assert_allclose(result.sem**2, error**2, rtol=variance_error(N_TRIALS - 1, 160), atol=1e-30)
    assert np.isnan(learning_curve(noisy.isel(trial=[0]), "theta").sem).all()


def test_rates_of_noisy_paths_have_the_rate_of_the_process(noisy):
    """Euler steps approach at −ln(1 − r·dt)/dt. Noise of paths is correlated, so the error is that over trials."""
    mean, error = mean_and_error(convergence_rate(noisy.theta, rest=0.0).rate.transpose("trial", ...).values)
    assert np.all(error < 0.005 * RATES)  # so small that the bias, of the order of n·error²/rate, is below it
    assert np.all(np.abs(mean + np.log(1 - RATES * DT) / DT) < z(2, N_TRIALS - 1) * error)


def test_convergence_rate_keeps_labels_and_units():
    times, names = np.linspace(1.0, 3.0, 30), ["slow", "fast"]
    path = curve(5.0 + np.exp(-np.outer(times - 1.0, [1.0, 4.0])), times, weight=names)
    for rest in (None, 5.0, xr.DataArray([5.0, 5.0], {"weight": names}, dims="weight")):
        result = convergence_rate(path, rest)
        assert_allclose(result.rate.sel(weight=names), [1.0, 4.0], rtol=1e-9)
        assert_allclose(result.rest, 5.0, rtol=1e-9)
        assert (result.rate.attrs["units"], result.rest.attrs["units"]) == ("1/s", "mV")
    copied = convergence_rate(path.expand_dims(copy=3), rest)
    assert copied.rate.dims == ("copy", "weight")
    assert_allclose(copied.rate, [[1.0, 4.0]] * 3, rtol=1e-9)


@pytest.mark.parametrize("n", [21, 201])
def test_an_exponential_reaches_a_criterion_at_its_logarithm(n):
    """t = ln(a/c)/r. A chord lies above a convex curve, by at most h²/8·r²y; divided by its slope, ≥ r·c·e^{−rh}."""
    times, rates, criterion = np.linspace(0.0, 4.0, n), np.array([0.6, 1.0, 2.3]), 0.21
    result = time_to_criterion(curve(3.0 * np.exp(-np.outer(times, rates)), times, weight=[1, 2, 3]), criterion)
    assert (result.attrs["units"], result.weight.values.tolist()) == ("s", [1, 2, 3])
    assert result[0] == np.inf  # 3·e^{−2.4} = 0.27
    late, step, rates = (result[1:] - np.log(3.0 / criterion) / rates[1:]).values, times[1], rates[1:]
    assert np.all(late >= 0)
    assert np.all(late <= step**2 / 8 * rates * np.exp(2 * rates * step))
    assert late.max() > 1e-5  # so that the bound is one


def test_a_curve_must_stay_beyond_the_criterion():
    """Straight pieces are interpolated without error, between uneven records."""
    times, values = np.array([0.0, 1.0, 3.0, 4.0, 8.0]), np.array([4.0, 1.0, 3.0, 2.0, 0.0])
    both = curve(np.stack([values, -values], axis=1), times, sign=[1, -1])
    result = {c: time_to_criterion(both.isel(sign=0), c).item() for c in (5.0, 4.0, 3.0, 2.5, 1.0, 0.0, -1.0)}
    assert result == {5.0: 0.0, 4.0: 0.0, 3.0: 1 / 3, 2.5: 3.5, 1.0: 6.0, 0.0: 8.0, -1.0: np.inf}
    for criterion, time in result.items():
        assert time_to_criterion(both, -criterion, "above").sel(sign=-1) == time


def test_moments_of_two_values_and_of_an_even_grid():
    """Share p of weights at 1, the others at 0; n even steps have the moments of the discrete uniform distribution."""
    n, counts = 40, np.array([1, 10, 20, 39])
    p = counts / n
    q, pq = 1 - p, p * (1 - p)
    two = (np.arange(n) < counts[:, None]).astype(float)
    grid = np.linspace(-1.0, 2.0, n)
    ds = make_dataset(
        {
            "weight": (("time", "synapse"), two, "1", "weight"),
            "weight_even": (("trial", "synapse_even"), [grid, -grid, 0 * grid + 0.1], "mV", "weight of even"),
            "other": (("trial", "synapse"), np.ones((3, n)), "1", "no weight"),
        },
        {"time": ("time", np.arange(4.0), "s", "time")},
        title="two distributions",
    )
    result = weight_moments(ds, bounds=(0, 1))
    check_schema(result)
    assert "other_mean" not in result
    assert result.weight_mean.dims == ("time",)
    assert_allclose(result.weight_mean, p, rtol=1e-13)
    assert_allclose(result.weight_std, np.sqrt(pq), rtol=1e-13)
    assert_allclose(result.weight_skewness, (q - p) / np.sqrt(pq), rtol=1e-12, atol=1e-12)
    assert_allclose(result.weight_kurtosis, (1 - 6 * pq) / pq, rtol=1e-12)
    assert_allclose(result.weight_at_low, q, rtol=1e-15)
    assert_allclose(result.weight_at_high, p, rtol=1e-15)
    step = 3.0 / (n - 1)
    assert_allclose(result.weight_even_mean, [0.5, -0.5, 0.1], rtol=1e-13)
    assert_allclose(result.weight_even_std[:2], step * np.sqrt((n**2 - 1) / 12), rtol=1e-13)
    assert_allclose(result.weight_even_kurtosis[:2], -6 / 5 * (n**2 + 1) / (n**2 - 1), rtol=1e-12)
    assert_allclose(result.weight_even_skewness[:2], 0, atol=1e-13)
    assert np.isnan([result.weight_even_skewness[2], result.weight_even_kurtosis[2]]).all()
    assert [result[f"weight_even_{key}"].attrs["units"] for key in ("std", "kurtosis")] == ["mV", "1"]
    assert_allclose(weight_moments(ds, "other").other_mean, 1.0)


def test_moments_of_a_run_are_those_that_the_engine_keeps():
    rule = observe(gradient_descent(0.5), exact_error())
    circuit = circuits.load("feedforward_rate")((3, 4, 2), rule, patterns=np.eye(3), targets=np.ones((3, 2)), n_batch=2)
    ds = circuits.as_dataset(circuits.run(circuit, 0.05, dt=0.01, record_every=0.01, n_tracked=12))
    result = weight_moments(ds)
    check_schema(result)
    for name in ("layer_1", "layer_2"):
        assert result[f"weight_{name}_mean"].dims == ("trial", "time")
        for key in ("mean", "std"):
            assert_allclose(result[f"weight_{name}_{key}"], ds[f"weight_{key}_{name}"], rtol=1e-12)
    last = weight_moments(ds, "final_weight_layer_2").final_weight_layer_2_std
    assert_allclose(last, ds.weight_std_layer_2.isel(time=-1), rtol=1e-12)


FLAT = curve([1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda ds: learning_curve(ds, "los"), "unknown variable 'los'; did you mean 'loss'"),
        (lambda ds: learning_curve(ds, "loss", over="seed"), r"loss has dimensions .*'seed' must be one of them"),
        (lambda ds: learning_curve(ds / 0, "loss"), "loss must be finite, got inf at index {'trial': 0, 'time': 0}"),
        (lambda ds: time_to_criterion(FLAT, 2.0, "under"), "unknown side 'under'.*above, below"),
        (lambda ds: time_to_criterion(FLAT, np.nan), "criterion must be finite"),
        (lambda ds: time_to_criterion(FLAT.where(FLAT > 1), 2.0), "curve must be finite, got nan at index {'time': 0}"),
        (lambda ds: time_to_criterion(FLAT[::-1], 2.0), "increase .s.; sort the records"),
        (lambda ds: time_to_criterion(FLAT.drop_vars("time"), 2.0), "no coordinate time"),
        (lambda ds: convergence_rate(FLAT.isel(time=0)), "curve has dimensions .*'time' must be"),
        (lambda ds: convergence_rate(FLAT[:3]), "3 samples; 3 unknowns"),
        (lambda ds: weight_moments(ds), "no weights along synapses among .'loss', 'theta'.; name a variable"),
        (lambda ds: weight_moments(ds, "loss"), "'loss' has dimensions .*the last one must count weights"),
        (lambda ds: weight_moments(ds, "thta"), "did you mean 'theta'"),
        (lambda ds: weight_moments(ds, "theta", bounds=(1, 0)), r"bounds must be \(low, high\) with low < high"),
    ],
)
def test_bad_input_is_named(call, message, noisy):
    with pytest.raises(InputError, match=message):
        call(noisy[["loss", "theta"]])
