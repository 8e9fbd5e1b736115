"""Events beside the two spikes: a third factor, pre spikes with a delay, settling, initial weights per protocol."""

from dataclasses import replace

import numpy as np
import pytest

import circuits
from circuits.pairing import pairing
from plasticity import replay
from plasticity.errors import InputError
from plasticity.replay import merge_protocols, run_events
from plasticity.rule import WEIGHT, Parameter, Rule, Update, jump, time_constant, trace
from plasticity.rules.pair_stdp import pair_stdp
from plasticity.rules.reward_stdp import reward_stdp

TAU, DELAY = 0.05, 0.013


def gated():
    """The weight grows by the pre trace at a third factor."""
    tau = time_constant("tau", TAU, "eligibility")
    x = trace("eligibility", tau)
    events = {"pre": (jump(x, "all_to_all"),), "third_factor": (Update("w", WEIGHT + x.symbol),)}
    return Rule("gated", "gated", states=(x,), events=events, parameters=(tau,))


def delayed(pre_delay):
    """Pair rule of which the pre trace jumps a delay after the spike."""
    tau, wait = time_constant("tau", TAU, "trace"), Parameter("pre_delay", pre_delay, unit="s", meaning="delay")
    x = trace("pre_trace", tau)
    events = {"post": (Update("w", WEIGHT + x.symbol),), "pre_delayed": (jump(x, "all_to_all"),)}
    return Rule("late", "late", states=(x,), events=events, parameters=(tau, wait))


def test_a_third_factor_reads_the_eligibility_of_its_time():
    ds = replay(gated(), [0.1], [], third_factor=[0.05, 0.13, 0.2])
    expected = 1 + np.exp(-0.03 / TAU) + np.exp(-0.1 / TAU)
    assert float(ds.weight[-1]) == pytest.approx(expected, rel=1e-13)


def test_a_third_factor_comes_after_the_spikes_of_its_time():
    assert float(replay(gated(), [0.1], [], third_factor=[0.1]).weight[-1]) == 2.0


def random_trains(n, seed=3):
    """Trains of 40 spikes in 300 steps, so that events share steps."""
    rng = np.random.default_rng(seed)
    return [np.sort(rng.choice(300, 40, replace=False)) * 1e-3 for _ in range(n)]


@pytest.mark.parametrize("make", [gated, reward_stdp])
def test_a_network_receives_third_factors(make):
    """Each post neuron has events of its own, a plateau, or all have the same, a reward."""
    pre, post, third = (random_trains(3, seed) for seed in (3, 4, 5))
    circuit = pairing(pre, post, make())
    for events, per_pair in ((third, third), (third[0], [third[0]] * 3)):
        result = circuits.run(circuit, 0.4, device="numpy", third_factor=events)
        protocols = zip(pre, post, per_pair, strict=True)
        expected = [float(replay(make(), a, b, duration=0.4, third_factor=c).weight[-1]) for a, b, c in protocols]
        np.testing.assert_allclose(result.final["synapses"], expected, rtol=1e-11)
        np.testing.assert_array_equal(result.counts["synapses_events"], 40)


def test_neurons_can_give_the_third_factor():
    """Every spike of the post neuron is an event: the pre trace of its time, the jump of that time included."""
    pre, post = random_trains(2)
    plain = pairing([pre], [post], gated())
    circuit = replace(plain, projections=(replace(plain.projections[0], third_factor="post"),))
    expected = replay(gated(), pre, [], duration=0.4, third_factor=post).weight[-1]
    actual = circuits.run(circuit, 0.4, device="numpy").final["synapses"][0]
    assert actual == pytest.approx(float(expected), rel=1e-12)


def test_a_delay_is_a_shift_of_the_pre_spikes():
    rng = np.random.default_rng(2)
    pre, post = (np.sort(rng.choice(3000, 50, replace=False)) * 1e-3 for _ in range(2))
    late = replay(delayed(DELAY), pre, post, duration=4.0).weight[-1]
    shifted = replay(delayed(0.0), pre + DELAY, post, duration=4.0).weight[-1]
    assert float(late) == pytest.approx(float(shifted), rel=1e-12)
    assert float(late) > 1.1


def test_a_network_knows_delayed_effects():
    """Pre trace: 40 spikes of 300 steps in both trains, so that late effects share steps with post spikes."""
    rng = np.random.default_rng(3)
    pre, post = (np.sort(rng.choice(300, 40, replace=False)) * 1e-3 for _ in range(2))
    result = circuits.run(pairing([pre], [post], delayed(DELAY)), 0.4, device="numpy")
    expected = replay(delayed(DELAY), pre, post, duration=0.4).weight[-1]
    assert float(result.final["synapses"][0]) == pytest.approx(float(expected), rel=1e-12)
    with pytest.raises(InputError, match="pre_delay of 'synapses' is 0.0137 s, no multiple of dt"):
        circuits.run(pairing([pre], [post], delayed(0.0137)), 0.4, device="numpy")


def test_a_pre_spike_that_arrives_after_the_end_does_nothing():
    ds = replay(delayed(0.5), [0.1], [0.2], duration=0.3)
    assert float(ds.pre_trace[-1]) == 0.0
    assert float(replay(delayed(0.5), [0.1], [0.7]).weight[-1]) == pytest.approx(1 + np.exp(-0.1 / TAU), rel=1e-12)


def test_every_protocol_may_start_from_its_own_weight():
    rule = pair_stdp(A_plus=0.01, tau_plus=0.02)
    events = merge_protocols([[0.1], [0.1]], [[0.12], [0.12]])
    actual = run_events(rule, events, weight=[1.0, 3.0])[0]
    np.testing.assert_allclose(actual, np.array([1.0, 3.0]) + 0.01 / np.e, rtol=1e-13)
    with pytest.raises(InputError, match="one per protocol"):
        run_events(rule, events, weight=[1.0, 2.0, 3.0])


def test_settling_lets_a_flow_run_out():
    rate = Parameter("rate", 0.3, unit="Hz")
    rule = Rule("decay", "decay", -rate.symbol * WEIGHT, parameters=(rate,))
    events = merge_protocols([[0.5]], [[]], settle=2.0)
    assert run_events(rule, events)[0, 0] == pytest.approx(np.exp(-0.3 * 2.5), rel=1e-13)


def test_what_is_wrong_is_named():
    with pytest.raises(InputError, match="third_factor has 1"):
        merge_protocols([[0.1], [0.2]], [[], []], [[0.3]])
    with pytest.raises(InputError, match="third_factor is out of order"):
        replay(gated(), [], [], third_factor=[0.2, 0.1])
    with pytest.raises(InputError, match="no parameter 'pre_delay'"):
        Rule("x", "x", events={"pre_delayed": (Update("w", WEIGHT + 1),)})
    with pytest.raises(InputError, match=r"'gated' of 'synapses' needs third-factor events.*third_factor=times"):
        circuits.run(pairing([[0.1]], [[0.1]], gated()), 0.4)
    with pytest.raises(InputError, match="no rule of circuit 'pairing' uses third-factor events"):
        circuits.run(pairing([[0.1]], [[0.1]], pair_stdp()), 0.4, third_factor=[0.1])
    with pytest.raises(InputError, match="its rule does nothing at them"):
        circuits.run(pairing([[0.1]], [[0.1]], pair_stdp()), 0.4, third_factor={"synapses": [0.1]})
    with pytest.raises(InputError, match="has 2 trains; give one for all, or one for each of the 3 neurons"):
        circuits.run(pairing([[0.1]] * 3, [[0.1]] * 3, gated()), 0.4, third_factor=[[0.1], [0.2]])
    with pytest.raises(InputError, match="third_factor is out of order"):
        circuits.run(pairing([[0.1]], [[0.1]], gated()), 0.4, third_factor=[0.2, 0.1])
    with pytest.raises(InputError, match="plastic projection 'x'"):
        circuits.run(pairing([[0.1]], [[0.1]], gated()), 0.4, third_factor={"x": [0.1]})
