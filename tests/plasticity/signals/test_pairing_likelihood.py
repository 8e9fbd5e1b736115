"""The impulses of the likelihood add up to its gradient, integrated in continuous time; the rule is a pair rule."""

import numpy as np
import pytest

from plasticity import replay
from plasticity.rules.derived_pairing import derived_pairing
from plasticity.rules.pair_stdp import pair_stdp

BOTH = ("all_to_all", "nearest_spike")
P = {"spontaneous_rate": 3.0, "after_rate": 15.0, "tau_plus": 0.02, "tau_after": 0.05}


def trains(seed, n=25):
    rng = np.random.default_rng(seed)
    return tuple(np.sort(rng.choice(2000, n, replace=False)) * 1e-3 + 1e-3 for _ in range(2))


def log_likelihood_slope(pre, post, of_pre, of_post, step=1e-3):
    """d/dw of Σ_post w·psp − ∫(ρ_0 + ρ_1·after) w·psp dt, integrated forwards; spikes lie on the grid of steps."""
    at = [set(np.round(t / step).astype(int).tolist()) for t in (pre, post)]
    keep_psp, keep_after = np.exp(-step / P["tau_plus"]), np.exp(-step / P["tau_after"])
    both = 1 / (1 / P["tau_plus"] + 1 / P["tau_after"])
    psp = after = slope = 0.0
    for k in range(int((max(pre[-1], post[-1]) + 2.0) / step)):
        if k in at[0]:
            psp = psp + 1 if of_pre == "all_to_all" else 1.0
        if k in at[1]:
            slope += psp
            after = after + 1 if of_post == "all_to_all" else 1.0
        slope -= P["spontaneous_rate"] * psp * P["tau_plus"] * (1 - keep_psp)
        slope -= P["after_rate"] * after * psp * both * (1 - keep_psp * keep_after)
        psp, after = psp * keep_psp, after * keep_after
    return slope


@pytest.mark.parametrize("of_pre", BOTH)
@pytest.mark.parametrize("of_post", BOTH)
def test_impulses_sum_to_the_gradient_of_the_likelihood(of_pre, of_post):
    pre, post = trains(4)
    options = {"pre_interaction": of_pre, "post_interaction": of_post}
    computed = float(replay(derived_pairing(1.0, **P, **options), pre, post).weight[-1]) - 1
    assert computed == pytest.approx(log_likelihood_slope(pre, post, of_pre, of_post), rel=1e-9)
    careless = float(replay(derived_pairing(1.0, **{**P, "after_rate": 0.0}, **options), pre, post).weight[-1]) - 1
    assert careless - computed > 1  # the after-depolarisation matters here


def test_without_spontaneous_firing_it_is_the_pair_rule():
    kappa, rate, tau_plus, tau_after = 0.01, 12.0, 0.02, 0.05
    shared = rate / (1 / tau_plus + 1 / tau_after)
    derived = derived_pairing(kappa, after_rate=rate, tau_plus=tau_plus, tau_after=tau_after)
    pair = pair_stdp(kappa * (1 - shared), kappa * shared, tau_plus, tau_after)
    pre, post = trains(5, n=200)
    np.testing.assert_allclose(
        replay(derived, pre, post).weight.values, replay(pair, pre, post).weight.values, rtol=1e-12
    )


def test_a_lone_input_is_evidence_against_itself():
    rule = derived_pairing(0.01, spontaneous_rate=5.0, tau_plus=0.02)
    assert float(replay(rule, [0.1], []).weight[-1]) - 1 == pytest.approx(-0.01 * 5.0 * 0.02, rel=1e-11)
