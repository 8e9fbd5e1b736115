"""Reward-modulated STDP: pairs of spikes leave an eligibility trace that a later reward turns into a weight change.

dw/dt = c·d: the eligibility c collects the changes of the pair rule and fades within a second, the reward signal d
(dopamine) jumps at a reward and fades faster. Without reward there is no learning.
"""

from __future__ import annotations

from plasticity.rule import Parameter, Rule, Update, jump, time_constant, trace
from plasticity.support.checks import checked


@checked
def reward_stdp(
    A_plus: float = 0.1,
    A_minus: float = 0.15,
    tau_plus: float = 20e-3,
    tau_minus: float = 20e-3,
    tau_eligibility: float = 1.0,
    tau_reward: float = 0.2,
    reward: float = 0.5,
    interaction: str = "all_to_all",
) -> Rule:
    """Three-factor rule: ``dw/dt = eligibility · reward_signal``.

    ``eligibility += A_plus·pre_trace`` at post spikes, ``−= A_minus·post_trace`` at pre spikes; the reward signal jumps
    by ``reward/tau_reward`` at a reward (event ``third_factor``).

    Parameters
    ----------
    A_plus, A_minus : float
        Amplitudes of the pair rule [1].
    tau_plus, tau_minus : float
        Time constants of its windows [s].
    tau_eligibility, tau_reward : float
        Time constants of the eligibility and of the reward signal [s].
    reward : float
        Integral of the signal of one reward [1]; negative for a punishment.
    interaction : {"all_to_all", "nearest_spike"}
        Whether the traces of the pair rule count all earlier spikes or the nearest only.

    Examples
    --------
    >>> reward_stdp().weight_flow
    eligibility*reward_signal

    References
    ----------
    izhikevich_2007 (model); fremaux_2016 (review). Defaults as the model is commonly coded; not checked in print.
    """
    taus = (
        time_constant("tau_plus", tau_plus, "window of potentiation"),
        time_constant("tau_minus", tau_minus, "window of depression"),
        time_constant("tau_eligibility", tau_eligibility, "eligibility trace"),
        time_constant("tau_reward", tau_reward, "reward signal"),
    )
    strengths = (
        Parameter("A_plus", A_plus, meaning="eligibility of a pair, pre first"),
        Parameter("A_minus", A_minus, meaning="eligibility of a pair, post first"),
        Parameter("reward", reward, meaning="integral of the signal of one reward", low=float("-inf")),
    )
    a_plus, a_minus, amount = (p.symbol for p in strengths)
    pre, post = trace("pre_trace", taus[0], "pre_rate"), trace("post_trace", taus[1], "post_rate")
    eligibility = trace("eligibility", taus[2])
    signal = trace("reward_signal", taus[3], unit="Hz")
    return Rule(
        name="reward_stdp",
        title=f"Reward-modulated STDP, {interaction}",
        weight_flow=eligibility.symbol * signal.symbol,
        states=(pre, post, eligibility, signal),
        events={
            "pre": (
                Update("eligibility", eligibility.symbol - a_minus * post.symbol),
                jump(pre, interaction),
            ),
            "post": (
                Update("eligibility", eligibility.symbol + a_plus * pre.symbol),
                jump(post, interaction),
            ),
            "third_factor": (Update("reward_signal", signal.symbol + amount / taus[3].symbol),),
        },
        parameters=(*strengths, *taus),
        assumptions=(
            "A reward acts on the changes that the pair rule would have made in the last second.",
            "The expected reward is zero: the signal is the reward prediction error.",
        ),
        references=("izhikevich_2007", "fremaux_2016"),
    )
