"""Distal reward: the network spike by spike, rules against closed forms, and the rewarded synapse among others."""

import numpy as np
import pytest

import circuits
import scenarios
from plasticity.errors import InputError
from plasticity.poisson import poisson_trains
from plasticity.replay import merge_protocols, replay, run_events
from plasticity.support.streams import Counted
from scenarios.distal_reward import DT, RULES, Parameters, delays, learning_rule, network, wiring
from tests.error_bounds import z
from tests.oracles.plain_brian import izhikevich_2007


def test_the_network_is_that_of_a_brian2_program():
    """Same spikes and rewards, and weights to rounding; more noise and earlier rewards, so that there are some."""
    p = Parameters(n_excitatory=16, n_inhibitory=4, n_targets=5, noise=40.0, earliest=0.02, latest=0.06, n_delays=3)
    duration, n = 0.4, p.n_excitatory + p.n_inhibitory
    draw = Counted(1, "cells/draw", 0, DT)
    noise = p.noise * (np.array([draw(k * DT, np.arange(n)) for k in range(round(duration / DT) + 1)]) - 0.5)
    circuit = network(p, "published", seed=2)
    start = circuit.projection("excitatory").weight
    times, neurons, rewards, final = izhikevich_2007(
        noise, *wiring(p, 2), start, delays(p, 2), duration, p.n_excitatory
    )
    assert times.size > 50
    assert rewards.size >= 1
    run = circuits.run(circuit, duration, DT, "numpy", seed=1, record=("cells", "dopamine"))
    np.testing.assert_allclose(run.spikes["cells"][0], times, atol=1e-9)
    assert (run.spikes["cells"][1] == neurons).all()
    np.testing.assert_allclose(run.spikes["dopamine"][0], rewards, atol=1e-9)
    assert np.ptp(final - start) > 0.01
    np.testing.assert_allclose(run.final["excitatory"], final, atol=1e-9)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("pair", "amplitude"), [(0.01, 0.1), (-0.01, -0.15)])
def test_a_reward_after_a_pair(rule, pair, amplitude):
    """A reward after 1.5 s: amplitude·e^{−1/2}·e^{−1.5}, times ½·100/(1/0.2 + 1) for dopamine that fades meanwhile.

    Tonic dopamine adds 0.2 of the integral of the eligibility; by the relative rule a weight of 1 changes twice.
    """
    p = Parameters()
    pre, post, end, reward = 0.1, 0.1 + pair, 60.0, max(0.1, 0.1 + pair) + 1.5
    change = replay(learning_rule(p, rule), [pre], [post], 1.0, third_factor=[reward], duration=end).weight[-1] - 1
    eligibility = amplitude * np.exp(-abs(pair) / p.tau)
    expected = eligibility * (np.exp(-1.5) * 50 / 6 + (0.2 if rule == "published" else 0.0))
    factor = 2.0 if rule == "relative" else 1.0
    assert float(change) == pytest.approx(factor * expected, rel=1e-6)


@pytest.fixture(scope="module")
def hours():
    """Spikes of 20 pairs of independent Poisson neurons at 1 Hz, the first of which is rewarded, in 30 hours."""
    return [_hour(seed) for seed in range(30)]


def _hour(seed, n=20, duration=3600.0):
    p = Parameters()
    pre, post = (poisson_trains(1.0, n, duration, DT, seed=2 * seed + k) for k in (0, 1))
    first, second = pre[0], post[0]
    last = np.searchsorted(first, second + DT / 2) - 1
    since = np.where(last >= 0, second - first[last], np.inf)
    hits = second[(since > DT / 2) & (since < p.coincidence - DT / 2)]
    rewards = np.unique(np.round(hits + np.resize(delays(p, seed), hits.size), 3))
    return merge_protocols(pre, post, [rewards[rewards < duration]] * n)


@pytest.mark.filterwarnings("ignore::plasticity.errors.UnitWarning")  # spikes that are seconds apart are meant
@pytest.mark.parametrize("rule", RULES)
def test_the_rewarded_synapse_grows_and_others_fall(rule, hours):
    """An hour as in the source, with independent spikes, which no weight changes; means of 15 or 30 hours."""
    p = Parameters()
    hours = hours[:15] if rule == "published" else hours  # dopamine that flows costs ten times as much computing
    start = np.full(20, p.start)
    start[0] = 0.0
    final = np.array([run_events(learning_rule(p, rule), events, weight=start)[0] for events in hours])
    others = final[:, 1:].mean(axis=1)
    for difference in (final[:, 0] - others, p.start - others):
        assert difference.mean() > z(1, degrees=len(hours) - 1) * difference.std(ddof=1) / np.sqrt(len(hours))


def test_bad_input_is_named():
    with pytest.raises(InputError, match=r"latest is 0.5 s; it must be at least earliest, 1 s"):
        scenarios.run("distal_reward", latest=0.5)
    with pytest.raises(InputError, match=r"n_targets is 80; it must be below n_excitatory, 80"):
        scenarios.run("distal_reward", n_targets=80)
