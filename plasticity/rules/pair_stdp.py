"""Pair-based spike-timing-dependent plasticity with exponential windows.

Δw = +A_plus e^{−Δt/tau_plus} for a pre spike before a post spike, −A_minus e^{+Δt/tau_minus} for the reverse.
It ignores the rate: at high pairing frequency it predicts less potentiation than cortical synapses show.
"""

from __future__ import annotations

from plasticity.rule import WEIGHT, Parameter, Rule, Update, jump, time_constant, trace
from plasticity.support.checks import checked

FITTED = {"sjostrom_2001": 2}  # data that the defaults were fitted to, and how many of them were


@checked
def pair_stdp(
    A_plus: float = 0.00472,
    A_minus: float = 0.0008,
    tau_plus: float = 16.8e-3,
    tau_minus: float = 33.7e-3,
    interaction: str = "all_to_all",
) -> Rule:
    """Pair rule: ``w += A_plus·pre_trace`` at post spikes, ``w −= A_minus·post_trace`` at pre spikes.

    Parameters
    ----------
    A_plus, A_minus : float
        Amplitudes of potentiation and depression [1]; defaults: least squares on the data set sjostrom_2001.
    tau_plus, tau_minus : float
        Time constants [s]; defaults from Bi & Poo 2001.
    interaction : {"all_to_all", "nearest_spike"}
        Whether a trace counts all earlier spikes or the nearest only.

    Examples
    --------
    >>> pair_stdp().events["post"][0].expression
    A_plus*pre_trace + w

    References
    ----------
    song_2000, eq. 1; bi_poo_2001 (time constants).
    """
    taus = (
        time_constant("tau_plus", tau_plus, "window of potentiation"),
        time_constant("tau_minus", tau_minus, "window of depression"),
    )
    amplitudes = (
        Parameter("A_plus", A_plus, meaning="potentiation per pair"),
        Parameter("A_minus", A_minus, meaning="depression per pair"),
    )
    pre, post = trace("pre_trace", taus[0], "pre_rate"), trace("post_trace", taus[1], "post_rate")
    return Rule(
        name="pair_stdp",
        title=f"Pair STDP, {interaction}",
        states=(pre, post),
        events={
            "pre": (Update("w", WEIGHT - amplitudes[1].symbol * post.symbol), jump(pre, interaction)),
            "post": (Update("w", WEIGHT + amplitudes[0].symbol * pre.symbol), jump(post, interaction)),
        },
        parameters=(*amplitudes, *taus),
        assumptions=("Pairs of spikes add up; the weight does not feed back on the change.",),
        references=("song_2000", "bi_poo_2001"),
    )
