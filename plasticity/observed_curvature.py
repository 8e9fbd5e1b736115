"""What a synapse takes for the curvature of its loss: what its signal states, squared gradients, or a number.

The curvature of a loss is a mean over inputs and spikes, but what a synapse observes of it fluctuates with them. A rule
therefore reads a fading memory of the observations, plus the precision of a prior on the weight; at clock ticks it
reads their mean since the last tick. Observations are read as they are where the rule is linear in the curvature, as a
variance that falls with the information.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sympy as sp

from plasticity.errors import InputError, UnknownNameError
from plasticity.local import TRAINS
from plasticity.rule import CURVATURE, Parameter, Rule, State, Step, Update, divisors, flows, time_constant
from plasticity.support.checks import checked, require_number

KINDS = ("local", "empirical_fisher")
MEMORY, PRIOR = 1.0, 1.0  # default time constant [s], and default prior of rules that divide by the curvature [loss]
NOISE_AS_CURVATURE = (
    "The squared gradient stands for the curvature (empirical Fisher). That is its mean only where the loss is minus a "
    "log likelihood and the model is right; elsewhere scale and unit differ, and noisy gradients squared are not the "
    "curvature: it exceeds the square of the mean gradient by the variance of the noise, and slows noisy weights, not "
    "curved ones."
)


@checked
@dataclass(frozen=True)
class ObservedCurvature:
    """How a synapse comes by the curvature of its loss.

    With observations h(t) the rule reads ``prior + belief_curvature``, ``d belief_curvature/dt = (h −
    belief_curvature)/time_constant``; where h can be negative, the absolute value of the belief.

    Parameters
    ----------
    kind : {"local", "empirical_fisher"}, optional
        ``"local"`` is what the signal states: Gauss–Newton, Fisher information, a bound, or differences of the loss.
        ``"empirical_fisher"`` is the squared gradient times the information scale. By default what the signal states,
        or else squared gradients where the signal has an `information_scale`.
    time_constant : float
        Memory of the observations [s]; 0 for the observation of the moment, which impulses do not have. Rules that read
        it at clock ticks take the mean since the last tick.
    prior : float, optional
        Precision of a prior on the weight [loss], which is added. By default 1 where the rule divides by the curvature,
        else 0.
    information_scale : float, optional
        Factor from a squared gradient to curvature, in place of that of the signal: [1/loss] for a gradient that flows,
        [1/(loss·s)] for one of impulses.

    Examples
    --------
    >>> from plasticity import observe, rules, signals
    >>> squares = ObservedCurvature("empirical_fisher", information_scale=0.5)
    >>> [s.name for s in observe(rules.multi_step(), signals.eprop(), squares).states]
    ['belief_curvature', 'eligibility']

    References
    ----------
    amari_1998 (Fisher information); schraudolph_2002 (Gauss–Newton); kunstner_2019 (limits of squared gradients).
    """

    kind: str | None = None
    time_constant: float = MEMORY
    prior: float | None = None
    information_scale: float | None = None

    def __post_init__(self) -> None:
        """Check the ranges."""
        if self.kind is not None and self.kind not in KINDS:
            raise UnknownNameError("kind of curvature", self.kind, KINDS)
        require_number("time_constant", self.time_constant, low=0, unit="s")
        if self.prior is not None:
            require_number("prior", self.prior, low=0)
        if self.information_scale is not None:
            require_number("information_scale", self.information_scale, low=0, exclusive=True)
            if self.kind != "empirical_fisher":
                raise InputError('information_scale is for squared gradients; give kind="empirical_fisher"')


@dataclass(frozen=True)
class Reading:
    """Observations of a curvature: a density [loss] and impulses at events [loss·s], and what they are.

    `squares` replaces them where a squared gradient has a meaning only as that of the mean gradient between ticks: the
    factor from there to curvature.
    """

    density: sp.Expr = sp.S.Zero
    impulses: Mapping[str, sp.Expr] = field(default_factory=dict)
    parameters: tuple[Parameter, ...] = ()
    words: str = ""
    caution: str = ""
    is_signed: bool = False
    squares: sp.Expr | None = None


def with_curvature(rule: Rule, signal: Any, requested: ObservedCurvature | str | float | None) -> tuple[Rule, Reading]:
    """Rule whose flows are linear in the curvature, so that an observation can enter them, and the observations.

    Raises
    ------
    InputError
        If the rule reads a curvature that the signal does not offer, or reads none and one is asked for.
    """
    if CURVATURE not in rule.inputs:
        if requested is not None:
            raise InputError(f"rule {rule.name!r} reads no curvature; leave curvature out")
        return rule, Reading()
    if isinstance(requested, int | float):
        return _assuming(rule, requested), Reading()
    asked = ObservedCurvature(requested) if isinstance(requested, str) else requested or ObservedCurvature()
    reading = _reading(rule, signal, asked)
    at_ticks = any(u.expression.has(CURVATURE) for u in rule.events.get("clock", ()))
    if reading.squares is not None and not at_ticks:
        raise InputError(
            f"the gradient of signal {signal.name!r} follows spike trains, whose square has no density; "
            'use curvature="local", or a rule that acts at clock ticks'
        )
    rule = _with_prior(rule, asked)
    if not (at_ticks or _is_read_directly(rule, reading, asked.time_constant)):
        rule = _remembering(rule, reading, asked.time_constant)
    return _described(rule, reading), reading


def _assuming(rule: Rule, value: float) -> Rule:
    """Rule of a synapse that takes its curvature to be a number."""
    number = require_number("curvature", value, low=0)
    assumed = Parameter("assumed_curvature", number, "loss", "curvature that the synapse assumes", positive=number > 0)
    known = _replaced(rule, assumed.symbol, (), (assumed,))
    return replace(known, assumptions=(*known.assumptions, "The curvature is a constant that the synapse knows."))


def _replaced(rule: Rule, by: sp.Expr, states: tuple[State, ...] = (), parameters: tuple[Parameter, ...] = ()) -> Rule:
    """Rule with something else in place of the curvature, and the states and parameters of that."""

    def updates(event: str) -> tuple[Update, ...]:
        return tuple(replace(u, expression=u.expression.subs(CURVATURE, by)) for u in rule.events[event])

    return replace(
        rule,
        weight_flow=rule.weight_flow.subs(CURVATURE, by),
        states=(*states, *(replace(s, flow=s.flow.subs(CURVATURE, by)) for s in rule.states)),
        events={event: updates(event) for event in rule.events},
        parameters=(*rule.parameters, *parameters),
    )


def _with_prior(rule: Rule, asked: ObservedCurvature) -> Rule:
    """Rule that adds the precision of a prior; by default where it would divide by what fluctuates."""
    needed = CURVATURE.name in divisors(rule)
    value = asked.prior if asked.prior is not None else PRIOR if needed else 0.0
    if value == 0:
        return rule
    prior = Parameter("prior_curvature", value, "loss", "precision of a prior on the weight", positive=True)
    return _replaced(rule, prior.symbol + CURVATURE, (), (prior,))


def _is_read_directly(rule: Rule, reading: Reading, memory: float) -> bool:
    """Whether a rule reads observations as they are, without a memory."""
    if memory == 0 and (reading.impulses or reading.is_signed):
        raise InputError(
            "time_constant is 0, but the curvature is observed as impulses or differences; give it a memory"
        )
    is_linear = all(sp.diff(flow, CURVATURE, 2) == 0 for flow in flows(rule).values())
    return memory == 0 or (is_linear and not reading.impulses and not reading.is_signed)


def _remembering(rule: Rule, reading: Reading, memory: float) -> Rule:
    """Rule that reads a fading memory of the observations."""
    tau = time_constant("tau_curvature", memory, "memory of the curvature")
    words = "belief about the curvature"
    belief = State("belief_curvature", sp.S.Zero, "loss", 0.0, words, "curvature", nonnegative=not reading.is_signed)
    belief = replace(belief, flow=(CURVATURE - belief.symbol) / tau.symbol)
    return _replaced(rule, sp.Abs(belief.symbol), (belief,), (tau,))


def _described(rule: Rule, reading: Reading) -> Rule:
    steps = (
        [Step("Observed curvature", sp.Eq(CURVATURE, reading.density), reading.words)] if reading.density != 0 else []
    )
    for event, pulse in reading.impulses.items():
        steps.append(Step(f"Curvature observed at {_AT[event]}", pulse, "impulse of the curvature"))
    return replace(
        rule,
        parameters=(*rule.parameters, *reading.parameters),
        assumptions=(*rule.assumptions, f"The curvature is observed: {reading.words}."),
        steps=(*rule.steps, *steps),
        cautions=(*rule.cautions, *([reading.caution] if reading.caution else [])),
    )


_AT = {"pre": "pre spikes", "post": "post spikes", "third_factor": "third factors"}


def _reading(rule: Rule, signal: Any, asked: ObservedCurvature) -> Reading:
    """Observations that were asked for."""
    offers = signal.curvature is not None or bool(signal.curvature_impulses)
    if asked.kind == "local" or (asked.kind is None and offers):
        if not offers:
            raise InputError(f"signal {signal.name!r} states no curvature; {_REMEDY}")
        density = sp.S.Zero if signal.curvature is None else signal.curvature
        words, caution = signal.curvature_words or "as the signal states it", signal.curvature_caution
        return Reading(density, signal.curvature_impulses, (), words, caution, signal.curvature_is_signed)
    if asked.kind is None and signal.information_scale is None:
        raise InputError(
            f"rule {rule.name!r} needs the curvature, which signal {signal.name!r} does not provide; {_REMEDY}"
        )
    return _squares(signal, asked.information_scale)


_REMEDY = (
    "say what stands for it, curvature=ObservedCurvature('empirical_fisher', information_scale=…) or a number [loss], "
    "give the signal its scale (reward_modulated: reward_scale), pass curvature_belief=FadingMemory(time_constant=…) "
    "to derive where the signal has an information_scale, or use discount=sympy.oo"
)


def _squares(signal: Any, scale: float | None) -> Reading:
    """Squared gradients as observations of the curvature."""
    parameters: tuple[Parameter, ...] = ()
    factor = signal.information_scale
    if scale is not None:
        unit = "1/(loss*s)" if signal.gradient else "1/loss"
        stated = Parameter("information_scale", scale, unit, "squared gradient into curvature", positive=True)
        factor, parameters = stated.symbol, (stated,)
    if factor is None:
        raise InputError(
            f"signal {signal.name!r} has no information_scale, so a squared gradient is no curvature; give "
            "ObservedCurvature('empirical_fisher', information_scale=…), or a number [loss] as curvature"
        )
    words = "squared gradients, times the information scale"
    impulses = {event: factor * impulse**2 for event, impulse in signal.gradient.items()}
    follows = {s.name for s in signal.density.free_symbols} & set(TRAINS)
    density = sp.S.Zero if impulses or follows else factor * signal.density**2
    return Reading(density, impulses, parameters, words, NOISE_AS_CURVATURE, squares=factor if follows else None)
