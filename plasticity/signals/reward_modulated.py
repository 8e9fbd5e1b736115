"""Reward-modulated likelihood: a neuron explores by random spikes and reinforces those that were rewarded.

The score of a spike train S of an escape-rate neuron, (S − ρ)(ρ'/ρ) ε_j, is accumulated in a decaying eligibility
trace; times the deviation of the reward from its expectation it is, on average, the gradient of the expected reward.
The loss is minus the reward. The same global number serves all synapses, with a variance that grows with their number.
"""

from __future__ import annotations

import sympy as sp

from plasticity.local import local
from plasticity.rule import GRADIENT, Parameter, State, Step, Update, time_constant
from plasticity.signal import Signal
from plasticity.support.checks import checked

_RHO, _SLOPE, _PSP, _REWARD = (local(n) for n in ("escape_rate", "escape_slope", "pre_psp", "reward_deviation"))


@checked
def reward_modulated(tau_eligibility: float = 0.5, reward_scale: float | None = None) -> Signal:
    """Gradient ``−reward_deviation·eligibility``, with ``d eligibility/dt = −eligibility/tau_eligibility + score``.

    The score is ``(post_train − escape_rate)·escape_slope/escape_rate·pre_psp``: an impulse at every spike of the
    neuron and a flow in between. Rewards later than about `tau_eligibility` after the spikes have no effect.

    Parameters
    ----------
    tau_eligibility : float
        Memory of the eligibility trace [s].
    reward_scale : float, optional
        Typical size of a reward [1], from which rules get a curvature: ``reward_scale·tau_eligibility/2`` times the
        Fisher information of the escape rate, the mean squared eligibility. Without it there is none.

    Examples
    --------
    >>> reward_modulated().density
    -eligibility*reward_deviation

    References
    ----------
    fremaux_2016; williams_1992; amari_1998 (natural gradient).
    """
    tau = time_constant("tau_eligibility", tau_eligibility, "memory of the eligibility")
    train = sp.Symbol("S", real=True)
    score = sp.expand((train - _RHO) * _SLOPE / _RHO * _PSP)
    symbol = sp.Symbol("eligibility", real=True)
    eligibility = State(symbol.name, score.subs(train, 0) - symbol / tau.symbol, meaning="score of recent spikes")
    gradient = -_REWARD * symbol
    words = "typical size of a reward"
    scale = () if reward_scale is None else (Parameter("reward_scale", reward_scale, meaning=words, positive=True),)
    information = _SLOPE**2 / _RHO * _PSP**2
    return Signal(
        name="reward_modulated",
        title="reward times the score of the neuron's own spikes",
        density=gradient,
        curvature=scale[0].symbol * information * tau.symbol / 2 if scale else None,
        curvature_words="Fisher information of the neuron's own spikes, in units of the reward",
        curvature_caution=(
            "An expected reward has no positive curvature of its own: the Fisher information of the policy stands for "
            "it (natural gradient), and its scale is the reward that the user names."
        ),
        states=(eligibility,),
        events={"post": (Update(symbol.name, symbol + score.coeff(train)),)},
        parameters=(tau, *scale),
        assumptions=(
            "The neuron fires at random with the escape rate ρ(v); the loss is minus the expected reward.",
            "The deviation of the reward from its expectation is broadcast to all synapses.",
            "The spikes that earned a reward lie within the memory of the eligibility trace.",
        ),
        steps=(
            Step("Score of the neuron's own spikes S", sp.Eq(sp.Symbol("score"), score), "mean 0"),
            Step("Gradient of the loss", sp.Eq(GRADIENT, gradient)),
        ),
        references=("fremaux_2016", "williams_1992", "amari_1998"),
    )
