"""The derived rule of the BCM objective is the minimal triplet rule, symbolically and on spikes; its relatives run."""

import numpy as np
import pytest
import sympy as sp

from plasticity import Objective, derive, observe, replay
from plasticity.belief import FadingMemory
from plasticity.errors import DivergedError, InputError
from plasticity.protocols import pairing
from plasticity.rule import WEIGHT
from plasticity.rules.derived_bcm import derived_bcm
from plasticity.rules.triplet_stdp import triplet_stdp
from plasticity.signals.bcm import bcm
from plasticity.signals.variance import variance
from tests.error_bounds import z

SLOW_CURVATURE = FadingMemory(time_constant=1.0)


def random_trains(seed, n=150, duration=8.0):
    rng = np.random.default_rng(seed)
    return tuple(np.sort(rng.choice(int(duration * 1000), n, replace=False)) * 1e-3 for _ in range(2))


def jump_of_weight(rule, event):
    return next(u.expression for u in rule.events[event] if u.target == "w") - WEIGHT


def by_name(rule):
    return {s.name: s for s in rule.weight_flow.free_symbols} | {
        s.name: s for e in rule.events.values() for u in e for s in u.expression.free_symbols
    }


def test_short_horizon_yields_the_minimal_triplet_rule_symbolically():
    rule = observe(derive(Objective(discount=sp.oo)), bcm())
    s = by_name(rule)
    kappa, theta, tau_plus, tau_minus, tau_y = (
        s[n] for n in ("learning_rate", "threshold", "tau_plus", "tau_minus", "tau_y")
    )
    a3_plus, a2_minus = kappa / (tau_plus * tau_y), kappa * theta / tau_minus
    assert sp.simplify(jump_of_weight(rule, "post") - a3_plus * s["pre_trace"] * s["slow_post_trace"]) == 0
    assert sp.simplify(jump_of_weight(rule, "pre") + a2_minus * s["post_trace"]) == 0
    assert rule.weight_flow == 0


@pytest.mark.parametrize("interaction", ["all_to_all", "nearest_spike"])
def test_derived_rule_equals_the_triplet_rule_on_spike_trains(interaction):
    kappa, theta, tau_plus, tau_minus, tau_y = 2e-5, 15.0, 0.015, 0.03, 0.1
    interactions = {f"{which}_interaction": interaction for which in ("pre", "post", "slow")}
    derived = derived_bcm(kappa, theta, tau_plus=tau_plus, tau_minus=tau_minus, tau_y=tau_y, **interactions)
    triplet = triplet_stdp(
        A2_plus=0,
        A3_plus=kappa / (tau_plus * tau_y),
        A2_minus=kappa * theta / tau_minus,
        A3_minus=0,
        tau_plus=tau_plus,
        tau_minus=tau_minus,
        tau_y=tau_y,
        interaction=interaction,
    )
    pre, post = random_trains(1)
    expected = replay(triplet, pre, post).weight.values
    np.testing.assert_allclose(replay(derived, pre, post).weight.values, expected, rtol=1e-13)


def test_pair_objective_adds_pair_potentiation():
    kappa, pair, tau_plus = 2e-5, 30.0, 0.015
    rule = derived_bcm(kappa, pair=pair, tau_plus=tau_plus)
    s = by_name(rule)
    rest = jump_of_weight(rule, "post").subs(s["slow_post_trace"], 0)
    assert sp.simplify(rest - s["learning_rate"] * s["pair"] / s["tau_plus"] * s["pre_trace"]) == 0
    first_pair = replay(rule, [0.1], [0.11]).weight[-1] - 1
    assert float(first_pair) == pytest.approx(kappa * pair / tau_plus * np.exp(-0.01 / tau_plus), rel=1e-12)


def test_sliding_threshold_settles_at_the_mean_square_rate():
    """For Poisson spikes the belief about E[y²] has the mean y² (a pair of spikes is counted once)."""
    rng = np.random.default_rng(3)
    rate, duration = 30.0, 2000.0
    post = np.sort(rng.uniform(0, duration, rng.poisson(rate * duration)))
    tau = 5.0
    ds = replay(derived_bcm(threshold=FadingMemory(time_constant=tau)), [], post)
    late = ds.time.values > 100
    value = np.average(ds.belief_second_moment.values[late][:-1], weights=np.diff(ds.time.values[late]))
    # fluctuations of the estimate: 1900 s hold about 190 independent windows of 2·tau
    spread = ds.belief_second_moment.values[late].std() / np.sqrt(1900 / (2 * tau))
    assert abs(value - rate**2) < z(degrees=190) * spread


def test_fast_sliding_loses_the_depression_at_low_frequency():
    """At 0.1 Hz a threshold that forgets within 100 ms has vanished at the next pair (theory of the BCM signal)."""
    pre, post = pairing(-0.01, 0.1)
    fixed = replay(derived_bcm(), pre, post).weight[-1] - 1
    fast = replay(derived_bcm(threshold=FadingMemory(time_constant=0.1)), pre, post).weight[-1] - 1
    assert fixed < -0.2
    assert abs(fast) < 1e-12


def test_a_large_discount_approaches_the_short_horizon():
    pre, post = random_trains(4)
    short = float(replay(derived_bcm(1e-6), pre, post).weight[-1]) - 1
    errors = []
    for discount in (1e5, 2e5):
        rule = derived_bcm(1e-6 * discount, discount=discount, curvature_belief=SLOW_CURVATURE)
        errors.append(float(replay(rule, pre, post).weight[-1]) - 1 - short)
    # (5) is −κ g (1 − κ v/γ + …): the error is of first order in 1/γ
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.02)


def test_curvature_belief_slows_the_steps_of_a_long_horizon():
    pre, post = random_trains(5)
    free = derived_bcm(1e-3, discount=1.0, curvature_belief=SLOW_CURVATURE, curvature_scale=0.0)
    believed = derived_bcm(1e-3, discount=1.0, curvature_belief=SLOW_CURVATURE)
    steps = [np.abs(np.diff(replay(r, pre, post).weight.values)) for r in (free, believed)]
    moved = steps[0] > 0
    assert np.all(steps[1][moved] < steps[0][moved])


def test_ballistic_step_divides_the_impulse_by_the_root_of_the_curvature_belief():
    """At γ → 0: Δw = −√η c/√v, with the belief v = v_0 e^{−t/τ} + scale c²/τ that the impulse c has updated."""
    eta, tau, scale, start = 1e-4, 2.0, 0.5, 1e3
    belief = FadingMemory(time_constant=tau, initial=start)
    rule = derived_bcm(eta, 12.0, discount=0, curvature_belief=belief, curvature_scale=scale, tau_minus=0.03)
    impulse = 12.0 * np.exp(-0.01 / 0.03) / 0.03
    expected = -np.sqrt(eta) * impulse / np.sqrt(start * np.exp(-0.1 / tau) + scale * impulse**2 / tau)
    assert float(replay(rule, [0.1], [0.09]).weight[-1]) - 1 == pytest.approx(expected, rel=1e-12)


def test_a_curvature_belief_that_starts_at_nothing_is_reported_when_it_divides():
    rule = derived_bcm(1e-4, discount=0, curvature_belief=SLOW_CURVATURE)
    with pytest.raises(DivergedError, match=r"weight is no longer finite at t = 0\.1 s"):
        replay(rule, [0.1], [0.11])


def test_curvature_of_a_concave_loss_without_a_belief_is_refused():
    with pytest.raises(InputError, match="curvature_belief"):
        observe(derive(Objective(discount=1.0)), variance())


def test_rule_without_gradient_is_refused():
    with pytest.raises(InputError, match="no input .gradient."):
        observe(triplet_stdp(), bcm())


def test_threshold_belief_needs_a_time_constant():
    with pytest.raises(InputError, match="time_constant"):
        bcm(threshold=FadingMemory(decay=0.9))
