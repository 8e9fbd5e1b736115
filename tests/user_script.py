"""A user's script, checked by mypy (see setup.cfg) and run by the tests: every name is reached through one import."""

import sympy as sp

import steersman as sm


def final_weight() -> float:
    """Derive a rule, see it through spikes, run it on two trains and in a network."""
    policy = sm.derive(sm.Objective(discount=sp.oo))
    rule = sm.observe(policy, sm.signals.bcm(threshold=19.2))
    pairs = sm.circuits.pairing([[0.01]], [[0.02]], sm.rules.pair_stdp())
    run = sm.circuits.run(pairs, 0.1, device="numpy")
    bowl = sm.Quadratic([2.0, 1.0], [0.1, 0.2])
    path = sm.simulate(sm.rules.adam(0.01), bowl, [1.0, -1.0], 10, 0.1)
    limits, channel = sm.Controllability(rank=1), sm.FeedbackChannel(noise=0.1)
    assert limits.rank == 1
    assert channel.noise == 0.1
    assert path.theta.shape[-1] == 2
    assert not rule.inputs
    return float(run.final["synapses"][0])
