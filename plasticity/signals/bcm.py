"""BCM objective observed through spikes: its gradient is read from three traces.

The objective of a linear neuron y = Σ_j w_j x_j is L = −E[y³]/3 + U(E[y²]) − a E[y²]/2. With a fixed threshold ϑ
(an infinitely slow belief) U(m) = ϑm/2; with a sliding one U(m) = m²/(4 y_0), so that ϑ = E[y²]/y_0 is a belief
about the second moment. The gradient is −x y² + ϑ x y − a x y.

A synapse observes spikes, not rates. Each trace is a belief about a rate: trace/τ is unbiased for Poisson spikes.
x·y² is read at post spikes as (pre trace)·(slow post trace), ϑ·x·y at pre spikes as ϑ·(post trace), and the
pair term a·x·y at post spikes as a·(pre trace).
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from plasticity.belief import FadingMemory
from plasticity.errors import InputError
from plasticity.rule import GRADIENT, Parameter, State, Step, Update, jump, time_constant, trace
from plasticity.signal import Signal, impulse
from plasticity.support.checks import checked

_X, _Y, _M = sp.symbols("x y m", positive=True)


@dataclass(frozen=True)
class _SecondMoment:
    """The penalty U(m) on m = E[y²], and the estimate of m."""

    penalty: sp.Expr
    belief: sp.Expr
    words: str
    parameters: tuple[Parameter, ...]
    states: tuple[State, ...] = ()
    updates: tuple[Update, ...] = ()

    @property
    def bend(self) -> sp.Expr:
        """Second derivative by the weight, U'' m'² + U' m'' with m = w²x² and y = wx."""
        w = sp.Symbol("w_", positive=True)
        return sp.expand(sp.diff(self.penalty.subs(_M, (w * _X) ** 2), w, 2).subs(w, _Y / _X))


@checked
def bcm(
    threshold: float | FadingMemory = 10.0,
    pair: float = 0.0,
    target_rate: float = 10.0,
    tau_plus: float = 16.8e-3,
    tau_minus: float = 33.7e-3,
    tau_y: float = 114e-3,
    curvature_scale: float = 1.0,
    pre_interaction: str = "all_to_all",
    post_interaction: str = "all_to_all",
    slow_interaction: str = "all_to_all",
) -> Signal:
    """BCM objective with a fixed or sliding threshold, observed through traces of spikes.

    Gradient impulses: ``−pre_trace·slow_post_trace/(tau_plus·tau_y) − pair·pre_trace/tau_plus`` at post spikes,
    ``threshold·post_trace/tau_minus`` at pre spikes; traces as they are just before the spike.

    The loss is a convex penalty minus convex parts. Its curvature, which can be negative, is below that of the penalty,
    ``threshold·x²`` where the threshold is fixed: read at pre spikes as ``threshold·pre_trace/tau_plus``, this bound
    stands for the curvature.

    Parameters
    ----------
    threshold : float or FadingMemory
        ϑ ≥ 0 [Hz], or the memory of E[y²] (a `FadingMemory` with a time constant) for a sliding threshold.
    pair : float
        a ≥ 0 [Hz]: weight of an additional pair objective −E[y²]/2.
    target_rate : float
        y_0 > 0 [Hz]: rate at which a sliding threshold settles.
    tau_plus, tau_minus, tau_y : float
        Time constants of the pre trace, the post trace and the slow post trace [s]. Defaults: Pfister &
        Gerstner 2006, visual cortex, minimal all-to-all model.
    curvature_scale : float
        Factor from loss to log likelihood [s²], for a curvature belief, which uses the squared gradient: the
        information of a point process per unit time is the mean of Σ (impulse)² δ(t − t_spike).
    pre_interaction, post_interaction, slow_interaction : {"all_to_all", "nearest_spike"}
        Whether each trace counts all spikes or the nearest only: part of the observation model.

    Examples
    --------
    >>> bcm(threshold=5.0).gradient["pre"]
    post_trace*threshold/tau_minus

    References
    ----------
    intrator_1992 (objective), pfister_2006 (traces).
    """
    taus = [
        time_constant("tau_plus", tau_plus, "pre trace"),
        time_constant("tau_minus", tau_minus, "post trace"),
        time_constant("tau_y", tau_y, "slow post trace"),
    ]
    pre = trace("pre_trace", taus[0], estimates="pre_rate")
    post = trace("post_trace", taus[1], estimates="post_rate")
    slow = trace("slow_post_trace", taus[2], estimates="post_rate")
    x, y, y_slow = (s.symbol / tau.symbol for s, tau in zip((pre, post, slow), taus, strict=True))

    moment = _second_moment(threshold, target_rate, impulse(_Y**2, _Y, {_Y: y_slow}))
    pair_weight = Parameter("pair", pair, unit="Hz", meaning="weight of the pair objective")
    penalty_slope = sp.diff(moment.penalty, _M).subs(_M, moment.belief)

    growth = -sp.diff(_Y**3 / 3, _Y) * _X
    penalty = penalty_slope * sp.diff(_Y**2, _Y) * _X
    pair_loss = pair_weight.symbol * _Y**2 / 2 if pair else sp.S.Zero
    pairing = -sp.diff(pair_loss, _Y) * _X
    loss = moment.penalty - _Y**3 / 3 - pair_loss
    at_pre = impulse(penalty, _X, {_Y: y})
    bend = impulse(moment.bend.subs(_M, moment.belief), _X, {_X: x, _Y: y})
    at_post = impulse(growth, _Y, {_X: x, _Y: y_slow}) + impulse(pairing, _Y, {_X: x})
    scale = Parameter("curvature_scale", curvature_scale, unit="s**2", meaning="loss into log likelihood")
    return Signal(
        name="bcm",
        title="BCM objective, read from spikes by three traces",
        gradient={"pre": at_pre, "post": at_post},
        information_scale=scale.symbol,
        curvature_impulses={"pre": bend},
        curvature_words="that of the convex part of the loss, an upper bound",
        curvature_caution=(
            "The curvature of the BCM loss is negative above half the threshold; the bound in its place, the curvature "
            "of the penalty alone, makes steps smaller than they need be."
        ),
        states=(*moment.states, pre, post, slow),
        events={
            "pre": (jump(pre, pre_interaction),),
            "post": (*moment.updates, jump(post, post_interaction), jump(slow, slow_interaction)),
        },
        parameters=(*moment.parameters, pair_weight, *taus, scale),
        loss_unit="Hz**3",
        assumptions=(
            "The neuron maximises the third moment of its rate against a penalty on the second (BCM objective).",
            moment.words,
            *(["A pair objective −E[y²]/2 is added with weight `pair`."] if pair else []),
            "The synapse observes spikes only; each trace divided by its time constant is its belief about a rate.",
            "x·y² is read at post spikes, ϑ·x·y at pre spikes, from the traces just before the spike.",
        ),
        steps=(
            Step("Objective of the neuron", sp.Eq(sp.Symbol("L"), loss), "x, y: pre- and postsynaptic rate, m = E[y²]"),
            Step("Its gradient", sp.Eq(GRADIENT, growth + penalty + pairing)),
            Step("Read at post spikes", at_post, "impulse of the gradient"),
            Step("Read at pre spikes", at_pre, "impulse of the gradient"),
        ),
        references=("intrator_1992", "pfister_2006"),
    )


def _second_moment(threshold: float | FadingMemory, target_rate: float, reading: sp.Expr) -> _SecondMoment:
    """Fixed threshold: U = ϑm/2. Sliding: U = m²/(4 y_0), m a fading memory of its `reading` at post spikes."""
    if not isinstance(threshold, FadingMemory):
        fixed = Parameter("threshold", threshold, unit="Hz", meaning="fixed threshold ϑ")
        words = "The threshold ϑ is fixed: an infinitely slow belief about E[y²]/y_0."
        return _SecondMoment(fixed.symbol * _M / 2, _M, words, (fixed,))
    if threshold.time_constant is None:
        raise InputError(f"threshold needs FadingMemory(time_constant=…) between spikes, got {threshold}")
    tau = time_constant("tau_threshold", threshold.time_constant, "memory of the threshold")
    target = Parameter("target_rate", target_rate, unit="Hz", meaning="rate y_0 at which it settles", positive=True)
    symbol = sp.Symbol("belief_second_moment", real=True)
    start = threshold.initial or 0.0
    state = State(symbol.name, -symbol / tau.symbol, unit="Hz**2", initial=start, meaning="belief about E[y²]")
    update = Update(symbol.name, symbol + reading / tau.symbol)
    words = "The threshold slides: ϑ = E[y²]/y_0, where E[y²] is a fading memory."
    return _SecondMoment(_M**2 / (4 * target.symbol), symbol, words, (tau, target), (state,), (update,))
