"""Maps within and outside a manifold: closed forms of speeds, and the sign of the after-effect by horizon."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import scenarios
from analysis.figures import draw
from plasticity import Objective, Quadratic, solve
from scenarios import brain_computer_interface as bci

RUN = scenarios.run("brain_computer_interface", seed=4, discounts=(0.0, 1.0, 100.0), n_days=40)
SHARE = 10 / 88


def test_outside_the_manifold_the_strength_is_the_share_of_its_dimensions():
    """E s² = d/q; s² of a random direction in d of q dimensions is Beta(d/2, (q − d)/2)."""
    spread = np.sqrt(2 * SHARE * (1 - SHARE) / (88 + 2))
    assert_allclose(RUN.strength.mean(), SHARE, atol=6 * spread / np.sqrt(2 * 40))
    assert RUN.strength.max() < 1


def test_speeds_fall_from_the_root_of_the_strength_to_the_strength():
    strength = RUN.strength.values
    for discount, speed in zip(RUN.discount.values, RUN.speed.values, strict=True):
        rates = -discount / 2 + np.sqrt(discount**2 / 4 + np.append(strength.ravel(), 1.0))
        assert_allclose(speed, rates[:-1].mean() / rates[-1], rtol=1e-6)
    assert_allclose(RUN.speed.sel(discount=100.0), strength.mean(), rtol=1e-3)
    assert_allclose(RUN.speed.sel(discount=0.0), np.sqrt(strength).mean(), rtol=1e-6)


def test_the_time_is_that_of_63_per_cent_within():
    assert_allclose(RUN.learned.sel(perturbation="within"), 1 - np.exp(-1), rtol=1e-9)
    assert (np.diff(RUN.learned.sel(perturbation="outside")) < 0).all()


def test_the_larger_after_effect_tells_the_horizon():
    effect = RUN.after_effect
    assert effect.sel(perturbation="outside", discount=0.0) > effect.sel(perturbation="within", discount=0.0)
    assert effect.sel(perturbation="outside", discount=100.0) < effect.sel(perturbation="within", discount=100.0)
    assert RUN.larger_within.sel(discount=0.0) < 0.5 < RUN.larger_within.sel(discount=100.0)


@pytest.mark.parametrize(
    ("discount", "speed", "larger_within"), [(0.0, 0.329, 0.23), (1.0, 0.166, None), (100.0, 0.116, 0.81)]
)
def test_published_speeds_and_signs_of_after_effects(discount, speed, larger_within):
    """From 400 other random pairs of maps; 40 days have the standard errors of their directions and counts."""
    strength = RUN.strength.values
    rates = [bci.rate(discount, s) / bci.rate(discount, 1.0) for s in strength.ravel()]
    error = np.std(rates) * np.hypot(1 / np.sqrt(strength.size), 1 / np.sqrt(800))
    assert_allclose(RUN.speed.sel(discount=discount), speed, atol=6 * error)
    if larger_within is not None:
        error = np.sqrt(larger_within * (1 - larger_within) * (1 / 40 + 1 / 400))
        assert_allclose(RUN.larger_within.sel(discount=discount), larger_within, atol=6 * error)


@pytest.mark.parametrize("discount", [0.0, 2.0])
def test_control_of_the_manifold_alone_is_the_problem_in_its_factors(discount):
    """θ = z in all neurons, θ̇ = Λu: after any time z = Λ(factors), and nothing else moves."""
    rng = np.random.default_rng(0)
    small = bci.Parameters(n_neurons=7, n_factors=3)
    manifold = np.linalg.qr(rng.standard_normal((7, 3)))[0]
    intuitive, _ = bci.draw_day(small, rng)
    decoder = rng.standard_normal((2, 7)) / np.sqrt(7)
    target = np.array([[0.6, -0.8]])
    change, _ = bci.learn(discount, intuitive, decoder @ manifold, target, 0.7)
    start = manifold @ intuitive.T @ target[0]
    best = start + manifold @ np.linalg.pinv(decoder @ manifold) @ (target[0] - decoder @ start)
    whole = solve(Objective(discount, control=manifold), Quadratic(decoder.T @ decoder, best))
    assert_allclose(whole.path(start, [0.0, 0.7])[-1] - start, manifold @ change[0], atol=1e-9)


def test_the_figure_has_three_panels():
    assert len(draw(RUN).axes) == 3
