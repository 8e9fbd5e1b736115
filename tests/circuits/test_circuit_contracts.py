"""Every circuit takes every rule with every signal, or says in an InputError what it does not have."""

from functools import cache

import numpy as np
import pytest

from circuits import run
from circuits.running import catalogue as _members
from plasticity import compile_rule, observe, rules, signals
from plasticity.controllability import Controllability
from plasticity.errors import InputError
from plasticity.feedback import FeedbackChannel
from plasticity.rule import GRADIENT
from plasticity.rules.reward_stdp import reward_stdp

TRAINS = [[0.001, 0.004], [0.002]]
WANTED = np.ones((2, 1))
PATTERNS, TARGETS = np.eye(2), np.ones((2, 2))
MAKERS = {
    "actor": lambda make, rule: make(TRAINS, [1.0, -1.0], 0.005, rule, n_neurons=2),
    "balanced_ei": lambda make, rule: make(10, rule, inhibition=None, probability=0.9),
    "escape_rate_neuron": lambda make, rule: make(TRAINS, [[0.003]], rule),
    "feedforward_rate": lambda make, rule: make((2, 3, 2), rule, patterns=PATTERNS, targets=TARGETS),
    "feedforward_spiking": lambda make, rule: make(TRAINS, rule),
    "pairing": lambda make, rule: make(TRAINS, TRAINS, rule),
    "recurrent_lif": lambda make, rule: make(TRAINS, WANTED, 0.005, rule, n=4, probability=0.9),
    "recurrent_rate": lambda make, rule: make(2, rule, patterns=PATTERNS, targets=TARGETS),
}


@cache
def fed(name, signal):
    """Rule of the catalogue, with its gradient from the signal if it asks for one; or why that cannot be."""
    rule = rules.load(name)()
    if GRADIENT not in rule.inputs:
        return rule
    try:
        return observe(rule, signals.load(signal)())
    except InputError as error:
        return error


@cache
def compiled(name, signal):
    """The rule as a synapse of Brian2, or why that cannot be."""
    rule = fed(name, signal)
    try:
        return rule if isinstance(rule, InputError) else compile_rule(rule)
    except InputError as error:
        return error


def test_every_circuit_is_here():
    assert set(MAKERS) == set(_members.names())


@pytest.mark.parametrize("name", MAKERS)
def test_every_rule_with_every_signal_builds_or_says_what_is_missing(name):
    make = _members.load(name)
    built, refusals = 0, set()
    for rule in rules.names():
        for signal in signals.names():
            synapse = fed(rule, signal) if name.endswith("_rate") else compiled(rule, signal)
            if isinstance(synapse, InputError):
                assert len(str(synapse)) > 20
                continue
            try:
                MAKERS[name](make, synapse)
            except InputError as error:
                refusals.add(str(error))
            else:
                built += 1
    assert built > 0
    assert all("asks for" in refusal for refusal in refusals), refusals


TAUGHT = {  # signals by feedback; the other circuits have none
    "actor": "reward_modulated",
    "escape_rate_neuron": "escape_rate_likelihood",
    "feedforward_rate": "exact_error",
    "recurrent_lif": "eprop",
    "recurrent_rate": "exact_error",
}
SPIKING = [n for n in MAKERS if not n.endswith("_rate")]
LIMITS = {
    "each synapse": Controllability(plastic_fraction=0.5, bounds=(-100.0, 100.0), drift=-0.1),
    "shared": Controllability(rank=1),
}


def taught(name):
    rule = fed("gradient_descent", TAUGHT.get(name, "bcm"))
    return MAKERS[name](_members.load(name), rule if name.endswith("_rate") else compile_rule(rule))


@pytest.mark.parametrize("name", MAKERS)
def test_feedback_is_disturbed_or_there_is_none(name):
    channel = FeedbackChannel(noise=0.1, delay=1e-3, sparsity=0.5, gain=0.5, sign_error=0.2, quantum=0.01)
    options = {} if name.endswith("_rate") else {"device": "numpy"}
    if name not in TAUGHT:
        with pytest.raises(InputError, match="has no feedback"):
            run(taught(name), 5e-3, dt=1e-3, feedback=channel, **options)
        return
    for weights in run(taught(name), 5e-3, dt=1e-3, feedback=channel, **options).final.values():
        assert np.all(np.isfinite(weights))


@pytest.mark.parametrize("name", SPIKING)
def test_a_rule_may_wait_for_rewards(name):
    """Without a reward no weight changes; where neurons fire, one changes them."""
    circuit = MAKERS[name](_members.load(name), reward_stdp())
    plastic = [p.name for p in circuit.plastic if "third_factor" in p.rule.events]
    for times in ([], [4e-3]):
        result = run(circuit, 8e-3, dt=1e-3, device="numpy", third_factor=times)
        fired = sum(result.counts[circuit.projection(p).post].sum() for p in plastic)
        moved = any(np.any(result.final[p] != circuit.projection(p).weight) for p in plastic)
        assert moved == bool(times and fired)


@pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS)
@pytest.mark.parametrize("name", SPIKING)  # rates: tests/circuits/test_rate.py
def test_control_is_limited(name, limits):
    for weights in run(taught(name), 5e-3, dt=1e-3, device="numpy", controllability=limits).final.values():
        assert np.all(np.isfinite(weights))
