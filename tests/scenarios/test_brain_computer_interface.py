"""Maps within and outside a manifold: closed forms of speeds, and the sign of the after-effect by horizon."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import scenarios
from analysis.figures import draw
from plasticity import Objective, Quadratic, solve
from scenarios import brain_computer_interface as bci
from tests.error_bounds import z

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


ANGLES = 2 * np.pi * np.arange(8) / 8
TARGETS = np.column_stack([np.cos(ANGLES), np.sin(ANGLES)])


def change_in_directions(discount, intuitive, new, time):
    """Change of the patterns by hand: every singular direction of the new map by itself, at its own rate."""
    u, s, v = np.linalg.svd(new, full_matrices=False)
    left = np.exp(-time * np.array([bci.rate(discount, x) for x in s**2]))
    return (TARGETS - TARGETS @ intuitive @ new.T) @ u @ np.diag((1 - left) / s) @ v


@pytest.fixture(scope="module")
def days():
    rng, p = np.random.default_rng(7), bci.Parameters()
    return [bci.draw_day(p, rng) for _ in range(1000)]


@pytest.mark.parametrize(
    ("discount", "times", "within", "outside", "larger_within"),
    [
        (1e3, 1.0, 0.242, 0.125, 0.81),
        (1e3, 2.0, None, None, 0.67),
        (0.0, 1.0, 0.227, 0.342, 0.23),
        (0.0, 2.0, None, None, 0.13),
    ],
)
def test_published_after_effects_of_400_days(days, discount, times, within, outside, larger_within):
    """After `times` times of the learner, mean of a day over 8 targets: against 1,000 other days, in directions."""
    time = times / bci.rate(discount, 1.0)
    for intuitive, maps in days[:2]:
        change, _ = bci.learn(discount, intuitive, maps["outside"], TARGETS, time)
        assert_allclose(change_in_directions(discount, intuitive, maps["outside"], time), change, atol=1e-6)
    after = np.array(
        [
            [np.linalg.norm(change_in_directions(discount, i, maps[name], time) @ i.T, axis=1).mean() for name in maps]
            for i, maps in days
        ]
    )
    both = np.sqrt(1 / len(days) + 1 / 400)
    for effect, published in zip(after.T, (within, outside), strict=True):
        if published is not None:
            assert_allclose(effect.mean(), published, atol=z(8) * effect.std() * both + 0.0005)
    share = np.mean(after[:, 0] > after[:, 1])
    assert_allclose(share, larger_within, atol=z(8) * np.sqrt(share * (1 - share)) * both + 0.005)


def test_published_range_of_strengths(days):
    """Mean 0.1158, and 5 % of s² below 0.036 and above 0.224; the two of a day are one independent draw at least."""
    strength = np.array([np.linalg.svd(maps["outside"], compute_uv=False) ** 2 for _, maps in days])
    both = np.sqrt(1 / len(days) + 1 / 400)
    assert_allclose(strength.mean(), 0.1158, atol=z(3) * strength.mean(axis=1).std() * both + 5e-5)
    for tail in (strength < 0.036, strength > 0.224):
        assert_allclose(tail.mean(), 0.05, atol=z(3) * np.sqrt(0.05 * 0.95) * both)


@pytest.mark.parametrize(("discount", "learned"), [(1e3, 0.11), (1.0, 0.15), (0.0, 0.28)])
def test_published_shares_learned_outside_when_within_is_63_per_cent(days, discount, learned):
    time, shares = 1 / bci.rate(discount, 1.0), []
    for intuitive, maps in days[:300]:
        new = maps["outside"]
        missed = TARGETS - TARGETS @ intuitive @ new.T
        left = missed - change_in_directions(discount, intuitive, new, time) @ new.T
        shares.append(1 - np.linalg.norm(left) / np.linalg.norm(missed))
    assert_allclose(np.mean(shares), learned, atol=z(3) * np.std(shares) * np.sqrt(2 / 300) + 0.005)


@pytest.mark.parametrize(("cost", "expected", "published"), [(10.0, 0.2023, 0.1988), (100.0, 0.1225, 0.1214)])
def test_patterns_outside_the_manifold_at_a_cost(cost, expected, published):
    """All neurons can move, those outside at c times the cost: E s² = d/q + (1 − d/q)/c, and rates s at γ = 0."""
    rng, strength = np.random.default_rng(8), []
    for _ in range(40):
        manifold = np.linalg.qr(rng.standard_normal((88, 10)))[0]
        decoder = (manifold @ np.linalg.qr(rng.standard_normal((10, 2)))[0]).T[:, rng.permutation(88)]
        inside = manifold @ manifold.T
        metric = inside + cost * (np.eye(88) - inside)
        rates = solve(Objective(0.0, metric=metric), Quadratic(decoder.T @ decoder, np.zeros(88))).rates.real
        strength.append(np.mean(np.sort(rates)[-2:] ** 2))
    error = z(4, degrees=39) * np.std(strength, ddof=1) / np.sqrt(40)
    assert SHARE + (1 - SHARE) / cost == pytest.approx(expected, abs=5e-5)
    assert_allclose(np.mean(strength), expected, atol=error)
    assert_allclose(np.mean(strength), published, atol=np.sqrt(2) * error)
    assert error < 0.05


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
