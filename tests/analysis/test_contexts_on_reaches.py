"""Recurring contexts on public reaches: a better fit than two states, no savings with it, and no rebound foreseen."""

from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose

from analysis import fit, state_space
from analysis.datasets import load
from plasticity import Objective, RecurringContexts, derive_trials

DATA = load("thart_reach")
STATES = ["retention_1", "retention_2", "drive_1", "drive_2"]
BEFORE_CLAMP, REBOUND = slice(144), slice(-15, None)
FITTED = (0.7178, 0.98014, 22.77, 10.357, 0.7721)
FITTED_BEFORE_CLAMP = (0.6077, 0.97358, 27.325, 1e-6, 1.0)


@cache
def learner(stay, retention, process, observation, approach):
    """Five numbers: probability to stay, retention, variances of process and observation, share of the approach.

    One context is familiar at first, two were never met (and must not begin quite alike).
    """
    rate = -np.log(1 - 1.5 * (1 - stay)) / 3  # e^Q has `stay` on its diagonal
    belief = RecurringContexts(
        rate * (1 - 3 * np.eye(3)),
        -1 / np.log(retention),
        np.sqrt(process / (1 - retention**2)),
        0.0,
        np.sqrt(observation),
        initial_std=(1.0, 30.0, 29.9),
    )
    return derive_trials(Objective(1e-3, plasticity=1e12), belief, approach=approach)


@cache
def reaches(*numbers):
    return learner(*numbers).run(DATA.perturbation.values, DATA.clamped.values).aim.values


def chi_square(outputs, trials=slice(None)):
    return float((((outputs - DATA.value.values) / DATA.sem.values)[trials] ** 2).sum())


def savings(numbers, washout):
    """Means of trials 2 to 9 of 30°, at first and after so many trials of washout."""
    aim = learner(*numbers).run(np.repeat([30.0, 0.0, 30.0], [80, washout, 9])).aim.values
    return aim[1:9].mean(), aim[81 + washout :].mean()


def is_best(numbers, which, trials=slice(None)):
    """Whether the misfit grows with every step of 3 % of the logits and logarithms of `which` numbers."""
    best = chi_square(reaches(*numbers), trials)
    for i in which:
        for step in (-0.03, 0.03):
            other, odds = list(numbers), numbers[i] / (1 - numbers[i]) if numbers[i] < 1 else None
            other[i] = 1 - 1 / (1 + odds * np.exp(step)) if odds else numbers[i] * np.exp(step)
            if chi_square(reaches(*other), trials) <= best:
                return False
    return True


def test_contexts_fit_better_than_two_states_with_one_number_more():
    """χ² and BIC: 252.3 and 272.6 of two states; trials are correlated, so the difference is weak evidence.

    A filter that leaves the spread between explanations, ρ(1 − ρ)K²(y − m)², out of its variances has 236.9 and 262.4.
    """
    states = fit(state_space(), DATA, STATES, n_starts=1)
    assert_allclose(states.error * 164, 252.25, atol=0.01)
    assert_allclose(states.error * 164 + 4 * np.log(164), 272.65, atol=0.01)
    one = fit(state_space(1), DATA, ["retention_1", "drive_1"], n_starts=2)
    assert one.error * 164 + 2 * np.log(164) > 1000 + states.error * 164 + 4 * np.log(164)
    assert chi_square(reaches(*FITTED)) == pytest.approx(234.13, abs=0.02)
    assert chi_square(reaches(*FITTED)) + 5 * np.log(164) == pytest.approx(259.63, abs=0.02)
    assert is_best(FITTED, range(5))


@pytest.mark.parametrize("washout", [40, 160])
def test_contexts_as_short_lived_as_those_fitted_save_nothing(washout):
    """20.25 and 19.64 against 20.83 in the filter with smaller variances: here, too, less than at first."""
    first, again = savings(FITTED, washout)
    assert first == pytest.approx(20.71, abs=0.01)
    assert again == pytest.approx({40: 20.42, 160: 20.10}[washout], abs=0.01)


@pytest.mark.parametrize(("washout", "expected"), [(40, 27.55), (160, 27.01)])
def test_contexts_that_last_save(washout, expected):
    """First 24.16, then 27.55 and 26.98 in the filter with smaller variances."""
    first, again = savings((0.98, 0.9995, 0.05, 10.0, 0.7), washout)
    assert first == pytest.approx(24.24, abs=0.01)
    assert again == pytest.approx(expected, abs=0.01)
    assert again > 1.05 * first


def test_neither_model_foresees_the_rebound_from_the_trials_before_it():
    """Mean of the last 15 clamped trials, in degrees; the fit of contexts ends at noise 0 and an approach at once."""
    before = fit(state_space(), DATA.isel(protocol=BEFORE_CLAMP), STATES, n_starts=2)
    two_states = state_space().with_parameters(**before.parameters)({}, DATA).mean
    assert DATA.value.values[REBOUND].mean() == pytest.approx(6.7, abs=0.05)
    assert two_states[REBOUND].mean() == pytest.approx(-5.84, abs=0.02)
    assert is_best(FITTED_BEFORE_CLAMP, range(3), BEFORE_CLAMP)
    assert reaches(*FITTED_BEFORE_CLAMP)[REBOUND].mean() == pytest.approx(-7.56, abs=0.02)
    mean_sem = np.linalg.norm(DATA.sem.values[REBOUND]) / 15
    assert_allclose(reaches(*FITTED)[REBOUND].mean(), 6.72, atol=2 * mean_sem)  # with the clamp, contexts fit it
