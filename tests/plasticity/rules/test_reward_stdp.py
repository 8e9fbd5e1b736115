"""Reward-modulated STDP: the change by a delayed reward in closed form; nothing without reward."""

import numpy as np
import pytest

from plasticity import replay
from plasticity.rules.reward_stdp import reward_stdp


def change(rule, pre, post, reward):
    return float(replay(rule, pre, post, duration=30.0, third_factor=reward).weight[-1]) - 1


@pytest.mark.parametrize("delay", [0.05, 1.0, 3.0])
def test_a_delayed_reward_credits_the_pair(delay):
    """Δw = A e^{−lag/tau} · e^{−delay/tau_c} · reward/tau_r · 1/(1/tau_c + 1/tau_r)."""
    rule = reward_stdp()
    p = rule.values
    overlap = 1 / (1 / p["tau_eligibility"] + 1 / p["tau_reward"])
    credit = np.exp(-delay / p["tau_eligibility"]) * p["reward"] / p["tau_reward"] * overlap
    forward = p["A_plus"] * np.exp(-0.01 / p["tau_plus"])
    backward = -p["A_minus"] * np.exp(-0.01 / p["tau_minus"])
    assert change(rule, [0.1], [0.11], [0.11 + delay]) == pytest.approx(forward * credit, rel=1e-9)
    assert change(rule, [0.11], [0.1], [0.11 + delay]) == pytest.approx(backward * credit, rel=1e-9)


def test_no_reward_no_learning_and_a_punishment_reverses_it():
    assert change(reward_stdp(), [0.1], [0.11], []) == 0.0
    praised, punished = (change(reward_stdp(reward=r), [0.1], [0.11], [1.0]) for r in (0.5, -0.5))
    assert praised > 0
    assert punished == pytest.approx(-praised, rel=1e-9)
