"""Recurring contexts: a filter with exact moments, aims that foresee changes, and savings that other beliefs lack."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import expm
from scipy.stats import norm

from plasticity import (
    InputError,
    Objective,
    OrnsteinUhlenbeck,
    RecurringContexts,
    SwitchingTask,
    derive_trials,
    filters,
)
from plasticity.contexts import Contexts, ContextState
from plasticity.optimal.tracking import tracking

Q = [[-0.3, 0.2, 0.1], [0.05, -0.05, 0.0], [0.4, 0.1, -0.5]]
THREE = RecurringContexts(Q, (5.0, 50.0, 8.0), (2.0, 1.0, 3.0), (0.0, 1.5, -2.0), 0.7)
AT_ONCE = Objective(1e-3, plasticity=1e12)


def with_horizon(total):
    """Objective whose γ = R = total/2 in continuous time."""
    return Objective(total / 2, plasticity=total**2 / 2)


def test_moments_after_an_observation_are_exact():
    """Mean and variance of every context over the mixture of having ruled or not, each by Bayes on a grid."""
    state = ContextState(np.array([0.5, 2.0, -1.0]), np.array([1.2, 0.3, 2.0]), np.array([0.2, 0.5, 0.3]))
    y, p = 0.8, np.linspace(-12, 12, 40_001)
    likelihood = norm.pdf(y, p, 0.7)
    prior = norm.pdf(p, state.means[:, None], np.sqrt(state.variances)[:, None])
    evidence = np.trapezoid(prior * likelihood, p)
    ruled = state.probabilities * evidence / (state.probabilities @ evidence)
    after = ruled[:, None] * prior * likelihood / evidence[:, None] + (1 - ruled)[:, None] * prior
    means = np.trapezoid(after * p, p)
    variances = np.trapezoid(after * (p - means[:, None]) ** 2, p)
    updated, log = Contexts(THREE, 1.0).update(state, np.array([y]))
    assert_allclose(updated.probabilities, ruled, rtol=1e-8)
    assert_allclose(updated.means, means, rtol=1e-8)
    assert_allclose(updated.variances, variances, rtol=1e-8)
    assert log == pytest.approx(np.log(state.probabilities @ evidence), rel=1e-9)


def test_prediction_carries_every_context_and_the_start_is_at_rest():
    own = Contexts(THREE, 0.5)
    first = own.init()
    assert_allclose(first.probabilities @ np.array(Q), 0, atol=1e-14)
    again = own.predict(first)
    assert_allclose(
        [again.means, again.variances, again.probabilities], [first.means, first.variances, first.probabilities]
    )
    moved = own.predict(ContextState(np.array([1.0, 1.0, 1.0]), np.zeros(3), np.array([1.0, 0.0, 0.0])))
    assert_allclose(moved.probabilities, expm(0.5 * np.array(Q))[0])
    assert_allclose(moved.means[1], 1.5 - 0.5 * np.exp(-0.01))
    assert_allclose(moved.variances[2], 9 * (1 - np.exp(-2 * 0.5 / 8)))


def test_contexts_that_were_never_met_are_as_uncertain_as_stated():
    two = RecurringContexts([[-0.1, 0.1], [0.1, -0.1]], 5.0, 1.0, 0.0, 2.0, initial_std=(0.5, 20.0))
    assert_allclose(Contexts(two, 1.0).init().variances, [0.25, 400.0])
    assert "known at first to within 0.5, 20;" in derive_trials(AT_ONCE, two).card()
    assert_allclose(Contexts(two, 1.0).predict(Contexts(two, 1.0).init()).variances[1], 1 + np.exp(-0.4) * 399)
    with pytest.raises(InputError, match="contexts 0 and 1 begin alike"):
        RecurringContexts([[-0.1, 0.1], [0.1, -0.1]], 5.0, 1.0, 0.0, 2.0, initial_std=20.0)


@pytest.mark.parametrize("approach", [None, 1.0])
def test_one_context_is_the_learner_with_one_memory(approach):
    turns = np.r_[np.zeros(5), np.full(20, 30.0), np.zeros(10)]
    kinds = np.r_[np.zeros(25), np.full(5, 1), np.full(5, 2)]
    belief, single = OrnsteinUhlenbeck(20.0, 4.0, 3.0, mean=1.0), RecurringContexts([[0.0]], 20.0, 4.0, 1.0, 3.0)
    runs = [derive_trials(Objective(0.3), b, approach=approach).run(turns, kinds).aim.values for b in (belief, single)]
    assert_allclose(runs[1][-8:], runs[0][-8:], rtol=2e-3)  # one begins at rest, the other with a settled variance
    settled = filters.steady(filters.ornstein_uhlenbeck(belief, dt=1.0))
    gaussian, context = settled.init(), ContextState(settled.mean, np.diag(settled.covariance), np.ones(1))
    for y in (3.0, -1.0):
        gaussian, log = settled.update(gaussian, np.array([y]))
        context, same = Contexts(single, 1.0).update(context, np.array([y]))
        assert_allclose(
            [context.means[0], context.variances[0], same], [gaussian.mean[0], gaussian.covariance[0, 0], log]
        )
        gaussian, context = settled.predict(gaussian), Contexts(single, 1.0).predict(context)


@pytest.mark.parametrize("continuous", [True, False])
def test_aims_sum_the_expected_future(continuous):
    """Σ_s e^{−(γ+R)s} (e^{Qs})_jk a_kˢ, an integral in continuous time."""
    step, factors = tracking(Objective(0.4, plasticity=0.6), continuous), np.array([0.9, 1.0, 0.7])
    width = 0.01 if continuous else 1.0
    times = np.arange(0, 80, width)
    future = np.array([np.exp(-step.decay * t) * expm(t * np.array(Q)) * factors**t for t in times])
    future[0] *= 0.5 if continuous else 1.0  # trapezoidal rule
    expected = step.scale * width * future.sum(0)
    assert_allclose(step.follow_contexts(Q, factors), expected, rtol=2e-4 if continuous else 1e-10, atol=1e-9)


def test_published_weights_of_contexts():
    step = tracking(with_horizon(1.0), continuous=True)
    two = step.follow_contexts([[-0.25, 0.25], [0.25, -0.25]], [1.0, 1.0]) / step.follow(1.0)
    assert two[0, 0] == pytest.approx(0.8333333, abs=5e-8)
    step = tracking(with_horizon(1.2), continuous=True)
    for n in (3, 30):  # uniform switching, μ away from the mean of all contexts: (γ + R)/(γ + R + λ)
        away = np.r_[1.0, np.full(n - 1, -1 / (n - 1))]
        weights = step.follow_contexts(0.5 * (np.full((n, n), 1 / n) - np.eye(n)), np.ones(n)) / step.follow(1.0)
        assert (weights @ away)[0] == pytest.approx(1.2 / 1.7)


def test_a_replaced_task_forgets_and_a_context_that_lasts_does_not():
    """Means of the switching posterior as published; savings after 160 trials of washout."""
    task = SwitchingTask(0.03, 0.0, 9.0, 1.0)
    y = np.r_[np.full(30, 3.0), np.zeros(30), np.full(30, 3.0)][:, None]
    belief = filters.track(filters.Switching(task, dt=1.0), y).belief.values[:, 0]
    assert_allclose(belief[:3], [2.700, 2.841, 2.891], atol=6e-4)
    assert_allclose(belief[60:63], [0.974, 2.655, 2.854], atol=6e-4)

    def savings(learner):
        turns = np.r_[np.zeros(20), np.full(80, 30.0), np.zeros(160), np.full(80, 30.0)]
        aim = learner.run(turns).aim.values
        first, again = aim[21:29].mean(), aim[261:269].mean()
        return again / first - 1

    lasting = RecurringContexts([[-0.02, 0.02], [0.02, -0.02]], 5000.0, (0.5, 6.0), 0.0, 6.0)
    two = OrnsteinUhlenbeck(
        -1 / np.log([0.708, 0.9994]), np.sqrt(np.array([1.82, 0.0173]) / (1 - np.array([0.708, 0.9994]) ** 2)), 1.0
    )
    assert savings(derive_trials(AT_ONCE, lasting, approach=0.7)) > 0.3
    assert abs(savings(derive_trials(AT_ONCE, two, approach=1.0))) < 0.01


def test_the_card_and_bad_input():
    card = derive_trials(Objective(0.5), THREE).card()
    assert "one of 3 contexts" in card
    assert "heald_2021" in card
    with pytest.raises(InputError, match="rows of the sum 0"):
        RecurringContexts([[-0.1, 0.2], [0.1, -0.1]], 5.0, 1.0, 0.0, 1.0)
    with pytest.raises(InputError, match="contexts 0 and 1 begin alike"):
        RecurringContexts([[-0.1, 0.1], [0.1, -0.1]], 5.0, 1.0, 0.0, 1.0)
    with pytest.raises(InputError, match="mean must be a number or have 3 entries"):
        RecurringContexts(Q, 5.0, 1.0, (0.0, 1.0), 1.0)
