"""The calcium rule: closed forms of the time above a threshold, and the windows that its sets are named after."""

import numpy as np
import pytest

from plasticity.errors import UnknownNameError
from plasticity.protocols import pairing
from plasticity.replay import merge_protocols, replay, run_events
from plasticity.rules.graupner_calcium import SETS, graupner_calcium
from tests.oracles import calcium_crossings


def window(name, lags, frequency=1.0, n_pairs=60):
    trains = [pairing(lag, frequency, n_pairs) for lag in lags]
    events = merge_protocols(*zip(*trains, strict=True), settle=1.0)
    return run_events(graupner_calcium(name), events)[0] - 1


def test_one_post_spike_leaves_the_closed_form():
    """Calcium 2 is above theta_p for t_p = tau ln(2/theta_p), above theta_d for t_d; then only depression."""
    rule = graupner_calcium("DP")
    p = rule.values
    t_p, t_d = (p["tau_calcium"] * np.log(p["post_calcium"] / p[k]) for k in ("theta_p", "theta_d"))
    both = (p["gamma_d"] + p["gamma_p"]) / p["tau_weight"]
    rest = 2 * p["gamma_p"] / (p["gamma_d"] + p["gamma_p"])  # w_max = 2
    after = (rest + (1 - rest) * np.exp(-both * t_p)) * np.exp(-p["gamma_d"] / p["tau_weight"] * (t_d - t_p))
    assert float(replay(rule, [], [0.1], duration=1.0).weight[-1]) == pytest.approx(after, rel=1e-13)


def test_random_spikes_against_exact_crossings_of_the_thresholds(random):
    """Twenty synapses with four neurons on either side, spikes closer than calcium decays."""
    rule = graupner_calcium("hippocampal_cultures")
    pre, post = ([np.sort(random.random(25)) for _ in range(4)] for _ in range(2))
    sources, targets = random.integers(4, size=20), random.integers(4, size=20)
    events = merge_protocols([pre[i] for i in sources], [post[j] for j in targets], settle=1.0)
    exact = calcium_crossings.final_weights(pre, post, sources, targets, 1.0, 3.0, rule.values)
    assert np.ptp(exact) > 0.01
    np.testing.assert_allclose(run_events(rule, events)[0], exact, rtol=1e-10)


def test_windows_have_the_published_shapes():
    """Depression-potentiation, potentiation only, depression only, around short intervals (graupner_2012)."""
    before, after = window("DP", [-0.02, 0.02])
    assert before < -0.05 < 0.05 < after
    assert (window("P", np.array([-20, -10, 10, 20]) * 1e-3) > 0).all()
    # D: C_pre = C_post = 0.6 cross theta_d = 1 together only, within tau ln(0.6/0.4) = 8.1 ms of each other
    inside, outside = window("D", np.array([-7, 7]) * 1e-3), window("D", np.array([-9, 9]) * 1e-3)
    assert (inside < 0).all()
    assert (outside == 0).all()
    lags = np.arange(-60, 61, 2) * 1e-3 + 1e-4
    changes = window("DPD", lags)
    signs = np.sign(np.where(np.abs(changes) < 1e-3, 0, changes))
    runs = [s for s, t in zip(signs, [0, *signs[:-1]], strict=True) if s not in (0, t)]
    assert runs == [-1, 1, -1]


def test_in_cortex_a_high_rate_turns_depression_into_potentiation():
    """With the set of cortical slices and pairs at −10 ms, as in sjostrom_2001 (graupner_2012)."""
    slow, fast = (window("cortical_slices", [-0.01], frequency=f)[0] for f in (0.1, 50.0))
    assert slow < -0.1
    assert fast > 0.1


def test_the_delay_moves_the_window():
    rule = graupner_calcium("P").with_parameters(pre_delay=0.02)
    trains = [pairing(lag, 1.0, 60) for lag in (0.02 - 0.005, 0.02 + 0.005)]
    events = merge_protocols(*zip(*trains, strict=True), settle=1.0)
    around = run_events(rule, events)[0]
    assert around[0] == pytest.approx(around[1], rel=1e-9)  # C_pre = C_post: symmetric around the delay


def test_an_unknown_set_offers_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'cortical_slices'"):
        graupner_calcium("cortical_slice")
    assert len(SETS) == 9
