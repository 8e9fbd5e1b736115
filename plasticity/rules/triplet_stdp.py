"""Triplet spike-timing-dependent plasticity: potentiation grows with the rate of the post neuron.

With four traces r1, r2 (pre) and o1, o2 (post), read just before the spike,
Δw = −o1 (A2_minus + A3_minus r2) at a pre spike and Δw = +r1 (A2_plus + A3_plus o2) at a post spike.
The minimal models set A3_minus = 0 and, for visual cortex, A2_plus = 0.
"""

from __future__ import annotations

from plasticity.rule import WEIGHT, Parameter, Rule, Update, jump, time_constant, trace
from plasticity.support.checks import checked

FITTED = {"sjostrom_2001": 3}  # data that the defaults were fitted to, and how many of them were


@checked
def triplet_stdp(
    A2_plus: float = 0.0,
    A3_plus: float = 6.5e-3,
    A2_minus: float = 7.1e-3,
    A3_minus: float = 0.0,
    tau_plus: float = 16.8e-3,
    tau_minus: float = 33.7e-3,
    tau_x: float = 101e-3,
    tau_y: float = 114e-3,
    interaction: str = "all_to_all",
    pre_interaction: str | None = None,
    post_interaction: str | None = None,
) -> Rule:
    """Triplet rule: ``w −= o1 (A2_minus + A3_minus r2)`` at pre, ``w += r1 (A2_plus + A3_plus o2)`` at post spikes.

    Parameters
    ----------
    A2_plus, A3_plus, A2_minus, A3_minus : float
        Amplitudes of pair and triplet terms [1]. Defaults: visual cortex, minimal, all-to-all.
    tau_plus, tau_minus, tau_x, tau_y : float
        Time constants of r1, o1, r2, o2 [s].
    interaction : {"all_to_all", "nearest_spike"}
        Whether the traces count all earlier spikes or the nearest only.
    pre_interaction, post_interaction : {"all_to_all", "nearest_spike"}, optional
        The same for the two traces of one side, where it differs from `interaction`.

    Examples
    --------
    >>> triplet_stdp().events["post"][0].expression
    pre_trace*(A2_plus + A3_plus*slow_post_trace) + w

    References
    ----------
    pfister_2006, eqs. 2-4 and the table of fitted parameters.
    """
    taus = (
        time_constant("tau_plus", tau_plus, "fast pre trace"),
        time_constant("tau_minus", tau_minus, "fast post trace"),
        time_constant("tau_x", tau_x, "slow pre trace"),
        time_constant("tau_y", tau_y, "slow post trace"),
    )
    amplitudes = (
        Parameter("A2_plus", A2_plus, meaning="potentiation per pair"),
        Parameter("A3_plus", A3_plus, meaning="potentiation per triplet"),
        Parameter("A2_minus", A2_minus, meaning="depression per pair"),
        Parameter("A3_minus", A3_minus, meaning="depression per triplet"),
    )
    a2_plus, a3_plus, a2_minus, a3_minus = (a.symbol for a in amplitudes)
    pre, post = trace("pre_trace", taus[0], "pre_rate"), trace("post_trace", taus[1], "post_rate")
    slow_pre = trace("slow_pre_trace", taus[2], "pre_rate")
    slow_post = trace("slow_post_trace", taus[3], "post_rate")
    of_pre = interaction if pre_interaction is None else pre_interaction
    of_post = interaction if post_interaction is None else post_interaction
    depression = post.symbol * (a2_minus + a3_minus * slow_pre.symbol)
    potentiation = pre.symbol * (a2_plus + a3_plus * slow_post.symbol)
    return Rule(
        name="triplet_stdp",
        title=f"Triplet STDP, {of_pre if of_pre == of_post else f'pre {of_pre}, post {of_post}'}",
        states=(pre, post, slow_pre, slow_post),
        events={
            "pre": (
                Update("w", WEIGHT - depression),
                jump(pre, of_pre),
                jump(slow_pre, of_pre),
            ),
            "post": (
                Update("w", WEIGHT + potentiation),
                jump(post, of_post),
                jump(slow_post, of_post),
            ),
        },
        parameters=(*amplitudes, *taus),
        assumptions=("Pairs and triplets of spikes add up; the weight does not feed back on the change.",),
        references=("pfister_2006",),
    )
