"""Poisson trains: their law, their independence of each other, and where they come from."""

import numpy as np
import pytest

from plasticity.errors import InputError
from plasticity.poisson import poisson_trains, repeated
from tests.error_bounds import counts, variance_error, z


def test_counts_follow_the_binomial_law():
    """One spike per cell with probability rate·dt: mean and variance of 400 counts."""
    n, steps, chance = 400, 2000, 0.03
    sizes = np.array([t.size for t in poisson_trains(30.0, n, 2.0, 1e-3, seed=1)])
    expected, variance = steps * chance, steps * chance * (1 - chance)
    assert abs(sizes.mean() - expected) < z() * np.sqrt(variance / n)
    assert abs(sizes.var(ddof=1) / variance - 1) < variance_error(n - 1)


def test_gaps_are_geometric():
    """Mean and spread of the gaps of one long train."""
    chance = 0.1
    train = poisson_trains(100.0, 1, 100.0, 1e-3, seed=2)[0]
    gaps = np.round(np.diff(train) / 1e-3)
    assert gaps.min() == 1
    assert abs(gaps.mean() - 1 / chance) < z() * gaps.std() / np.sqrt(gaps.size)
    low, high = counts(gaps.size, chance)
    assert low <= (gaps == 1).sum() <= high


def test_each_neuron_has_its_rate_and_its_own_spikes():
    rates = np.repeat([5.0, 50.0, 0.0], 100)
    trains = poisson_trains(rates, 300, 4.0, 1e-3, seed=3)
    sizes = np.array([t.size for t in trains]).reshape(3, 100).sum(axis=1)
    for size, chance in zip(sizes, (0.005, 0.05, 0.0), strict=True):
        low, high = counts(100 * 4000, chance)
        assert low <= size <= high
    spikes = np.zeros((300, 4000))
    for i, t in enumerate(trains):
        assert (np.diff(t) > 0).all()
        spikes[i, np.round(t / 1e-3).astype(int)] = 1
    low, high = counts(99 * trains[100].size, 0.05)  # chance coincidences with the spikes of one neuron
    assert low <= (spikes[100] * spikes[101:200]).sum() <= high


def test_spikes_depend_on_seed_and_name_alone():
    one, same = (poisson_trains(20.0, 5, 1.0, seed=4) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    others = (poisson_trains(20.0, 5, 1.0, seed=5), poisson_trains(20.0, 5, 1.0, seed=4, name="others"))
    for other in others:
        assert not all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_pattern_repeats_on_the_grid():
    train = repeated((np.array([0.003, 0.05]),), 0.1, 3)[0]
    np.testing.assert_allclose(train, [0.003, 0.05, 0.103, 0.15, 0.203, 0.25], atol=1e-12)


def test_bad_input_is_named():
    with pytest.raises(InputError, match="rates must be at most 500 Hz"):
        poisson_trains(600.0, 1, 1.0)
    with pytest.raises(InputError, match="rates must be finite and >= 0 Hz"):
        poisson_trains([-1.0, 2.0], 2, 1.0)
    with pytest.raises(InputError, match=r"pattern\[0\] has spikes outside"):
        repeated((np.array([0.2]),), 0.1, 2)
