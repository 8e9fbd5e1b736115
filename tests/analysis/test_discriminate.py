"""Design of experiments: closed forms of the expected Bayes factor, and pair against triplet."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import norm

from analysis.discriminate import discriminate, expected_log_bayes_factor
from analysis.fit import fit
from plasticity.dataset import check_schema
from plasticity.errors import InputError
from plasticity.replay import final_weights


def test_known_rules_differ_by_half_the_squared_deviation():
    assert expected_log_bayes_factor(np.array([0.5]), np.array([0.2]), 0.1) == pytest.approx(4.5, rel=1e-9)
    # 1000 noise widths: the density of the other rule is far below the smallest float
    assert expected_log_bayes_factor(np.array([100.0]), np.array([0.0]), 0.1) == pytest.approx(5e5, rel=1e-9)


def test_gaussian_beliefs_give_the_symmetrised_divergence_of_gaussians():
    # predictive N(m, s² + σ²): ½(KL₁₂ + KL₂₁) = ¼[(v₁ + d²)/v₂ + (v₂ + d²)/v₁ − 2]
    noise, (m1, s1), (m2, s2) = 0.1, (0.0, 0.1), (0.3, 0.2)
    grid = (np.arange(800) + 0.5) / 800
    first, second = norm.ppf(grid, m1, s1), norm.ppf(grid, m2, s2)
    v1, v2 = s1**2 + noise**2, s2**2 + noise**2
    expected = 0.25 * ((v1 + 0.09) / v2 + (v2 + 0.09) / v1 - 2)
    # 800 quantiles cut the tails of each belief at 3.2 sd, where outcomes under the other one still fall: 2 % more
    assert expected_log_bayes_factor(first, second, noise) == pytest.approx(expected, rel=0.04)


def test_equal_rules_cannot_be_told_apart():
    draws = np.linspace(0, 1, 50)
    assert expected_log_bayes_factor(draws, draws, 0.1) == 0.0


def test_grid_holds_the_closed_form_and_leaves_out_what_cannot_be_done():
    pair, triplet = fit("pair_stdp", "sjostrom_2001"), fit("triplet_stdp", "sjostrom_2001")
    result = discriminate(pair, triplet, [0.01, 0.04], [0.01, 1.0, 20.0], noise=0.1)
    check_schema(result)
    gain = result.expected_log_bayes_factor
    difference = result.first_prediction - result.second_prediction
    known = np.array([[False, True, True], [False, True, False]])  # 0.01 Hz takes 100 min; 40 ms is most of 50 ms
    assert np.array_equal(np.isfinite(gain), known)
    assert_allclose(gain.values[known], (difference.values[known] / 0.1) ** 2 / 2, rtol=1e-9)
    onsets = np.arange(60) / 20
    weights = final_weights(triplet.rule, [onsets], [onsets + 0.01])
    assert result.second_prediction[0, 2] == pytest.approx(weights[0, 0] - 1)


@pytest.mark.slow  # samples two posteriors: about 8 s
def test_pair_against_triplet_asks_for_the_pairing_frequency():
    pytest.importorskip("emcee")
    # all that is known comes from one frequency, 1 Hz; nothing says which axis of the grid matters
    pair = fit("pair_stdp", "wang_2005", ["A_plus", "A_minus"])
    triplet = fit("triplet_stdp", "wang_2005", ["A2_plus", "A3_plus", "A2_minus", "tau_y"])
    result = discriminate(pair, triplet, max_steps=500)
    assert result.attrs["most_informative"] == "frequency"
    assert float(result.share_of_variance.sel(axis="frequency")) > 0.5
    assert result.attrs["best"].endswith(("40Hz", "50Hz"))
    # at the frequency that was measured already little can be learned: 4.0 ± 0.3 % over seeds
    gain = result.expected_log_bayes_factor
    assert float(gain.sel(frequency=1.0).max()) < 0.06 * float(gain.max())


def test_frequency_matters_between_published_rules():
    result = discriminate(fit("pair_stdp", "sjostrom_2001"), fit("triplet_stdp", "sjostrom_2001"))
    assert result.attrs["most_informative"] == "frequency"


def test_bad_input():
    pair = fit("pair_stdp", "sjostrom_2001")
    with pytest.raises(InputError, match="no protocol of the grid is feasible"):
        discriminate(pair, pair, [0.1], [50.0])
    with pytest.raises(InputError, match="noise must be > 0"):
        discriminate(pair, pair, noise=0.0)
    with pytest.raises(InputError, match="n_draws must be a whole number"):
        discriminate(pair, pair, n_draws=1.5)
