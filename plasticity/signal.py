"""Signals: how a synapse observes the gradient of the loss through spikes, and the rule that results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import sympy as sp

from plasticity.equations import resolve, simplified
from plasticity.errors import InputError, UnknownNameError
from plasticity.local import TRAINS
from plasticity.observed_curvature import ObservedCurvature, Reading, with_curvature
from plasticity.rule import (
    CURVATURE,
    EVENTS,
    GRADIENT,
    INPUTS,
    TICK,
    WEIGHT,
    NeuronVariable,
    Parameter,
    Rule,
    State,
    Step,
    Update,
    free_symbols,
)
from plasticity.support.cached_algebra import cached_algebra
from plasticity.support.catalog import require_made
from plasticity.support.checks import checked
from plasticity.support.late import call


@checked
@dataclass(frozen=True)
class Signal:
    """Observation model: the gradient ∂L/∂w as a density plus a train of impulses at events.

    Parameters
    ----------
    name, title : str
        Catalogue name, and what the signal is in one line.
    gradient : mapping of str to sympy expression
        Impulses of ∂L/∂w [loss·s] at ``"pre"`` and ``"post"`` spikes: ĝ(t) = density + Σ impulse · δ(t − t_event).
    density : sympy expression
        Continuous part of the gradient [loss], in terms of `states` and of local variables (`plasticity.local`).
    information_scale : sympy expression or None
        Factor from a squared impulse to information (curvature) [loss·s per (loss·s)²]: 1 for the log likelihood of a
        point process, whose Fisher information per unit time is the mean of Σ impulse² δ(t − t_event). None where
        a squared gradient has no such meaning.
    curvature : sympy expression or None
        ∂²L/∂w² [loss], or what stands for it, in local variables and `states`; None where a synapse cannot know it.
    states : tuple of State
        Traces and beliefs in the impulses.
    events : mapping of str to tuple of Update
        Changes of these states at events, after the impulses are read.
    parameters : tuple of Parameter
    loss_unit : str
        Unit of the loss, such as ``"Hz**3"``.
    assumptions, steps, references
        As in `plasticity.rule.Rule`.
    curvature_impulses : mapping of str to sympy expression
        Impulses of the curvature [loss·s] at events, as in `gradient`.
    curvature_words, curvature_caution : str
        What the curvature is (Gauss–Newton, Fisher information, a bound, differences of the loss), and its bias.
    variables : tuple of NeuronVariable
        Variables of the neurons in its equations, as in `plasticity.rule.Rule`.
    curvature_is_signed : bool
        Whether single observations of the curvature can be negative; rules then read the absolute value of their mean.
    """

    name: str
    title: str
    gradient: Mapping[str, sp.Expr] = field(default_factory=dict)
    density: sp.Expr = sp.S.Zero
    information_scale: sp.Expr | None = None
    curvature: sp.Expr | None = None
    states: tuple[State, ...] = ()
    events: Mapping[str, tuple[Update, ...]] = field(default_factory=dict)
    parameters: tuple[Parameter, ...] = ()
    loss_unit: str = "1"
    assumptions: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    references: tuple[str, ...] = ()
    curvature_impulses: Mapping[str, sp.Expr] = field(default_factory=dict)
    curvature_words: str = ""
    curvature_caution: str = ""
    curvature_is_signed: bool = False
    variables: tuple[NeuronVariable, ...] = ()

    def _repr_markdown_(self) -> str:
        """Show what it reads in a notebook."""
        return call("plasticity.pages.display:signal", self)

    def __post_init__(self) -> None:
        """Put the symbols of the signal into its equations, by name."""
        own: list[State | Parameter] = [*self.states, *self.parameters]
        known = {s.name: s for s in (WEIGHT, *INPUTS, *(v.symbol for v in self.variables))}
        known |= {record.name: record.symbol for record in own}
        for name in ("density", "information_scale", "curvature"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, resolve(self.name, getattr(self, name), known))
        for name in ("gradient", "curvature_impulses"):
            for event in getattr(self, name):
                if event not in EVENTS:
                    raise UnknownNameError("event", event, EVENTS)
            resolved = {event: resolve(self.name, impulse, known) for event, impulse in getattr(self, name).items()}
            object.__setattr__(self, name, resolved)


def impulse(density: sp.Expr, rate: sp.Symbol, estimates: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
    """Impulse at the spikes of one neuron whose mean is `density`, a product of firing rates.

    Since ⟨Σδ(t − t_spike)⟩ = rate, a jump by ``density/rate`` at every spike has the mean ``density``; the
    remaining rates are replaced by their `estimates`.

    Examples
    --------
    >>> x, y, trace = sp.symbols("x y trace")
    >>> impulse(-x * y**2, y, {x: trace, y: trace})
    -trace**2
    """
    rest = sp.cancel(density / rate)
    if sp.denom(sp.together(rest)).has(rate):
        raise InputError(f"{density} has no factor {rate}, so it cannot be read at its spikes")
    return sp.expand(rest.subs(estimates, simultaneous=True))


def with_signal(rule: Rule, signal: Signal, curvature: ObservedCurvature | str | float | None = None) -> Rule:
    """Rule of a synapse that observes the gradient only through `signal`.

    The flow of the weight and of every belief is a polynomial in the gradient. The density of the signal enters the
    flow; at an event a variable with the flow ``a + b·gradient + c·gradient²`` jumps by
    ``b·impulse + c·information_scale·impulse²``. At an event beliefs are updated first, then the weight (with the
    updated beliefs), then the traces. A rule that acts at clock ticks uses the mean gradient since the last tick, from
    a state ``gradient_sum`` that integrates it; unless the rule has a ``clock_step``, ticks are 0.1 s apart, or an
    example (`sample_time` of the signal).

    Parameters
    ----------
    rule : Rule
        A policy with the input ``gradient``, such as `derive` returns.
    signal : Signal
    curvature : ObservedCurvature, "local", "empirical_fisher" or float, optional
        What a rule that reads a curvature takes for it, or the curvature itself [loss]; see `ObservedCurvature`.

    Returns
    -------
    Rule
        Without the input ``gradient``: it runs on spikes, and on the local variables in the density of the signal.

    Raises
    ------
    InputError
        If the rule has no gradient, needs a curvature or a squared gradient that the signal does not define, reads no
        curvature while one is given, or is no polynomial of degree 2 in the gradient.

    Examples
    --------
    >>> import sympy as sp
    >>> from plasticity import Objective, derive
    >>> from plasticity.signals.bcm import bcm
    >>> rule = derive(Objective(discount=sp.oo)).with_signal(bcm())
    >>> rule.events["pre"][0].expression
    -learning_rate*post_trace*threshold/tau_minus + w
    """
    require_made(rule, Rule, "plasticity.rules")
    require_made(signal, Signal, "plasticity.signals")
    if GRADIENT not in rule.inputs:
        raise InputError(f"rule {rule.name!r} has no input 'gradient', so signal {signal.name!r} cannot drive it")
    rule = replace(rule, variables=tuple(dict.fromkeys((*rule.variables, *signal.variables))))
    rule, reading = with_curvature(rule, signal, curvature)
    rule = _collecting(rule, signal, reading) if "clock" in rule.events else rule
    flows = {s.symbol: s.flow for s in rule.states} | {WEIGHT: rule.weight_flow}
    shifted = {v: _with_density(flow, signal).subs(CURVATURE, reading.density) for v, flow in flows.items()}
    bends = {v: sp.diff(flow, CURVATURE) if reading.impulses else sp.S.Zero for v, flow in flows.items()}
    events = dict(rule.events)
    for event in ("pre", "post", "third_factor"):
        bend = reading.impulses.get(event, sp.S.Zero)
        jumps = [(target, _jump(flow, signal, event) + bends[target] * bend) for target, flow in shifted.items()]
        updates = [Update(t.name, t + j) for t, j in jumps if j != 0]
        events[event] = (*updates, *signal.events.get(event, ()))
    if "pre_delayed" in signal.events:
        events["pre_delayed"] = (*events.get("pre_delayed", ()), *signal.events["pre_delayed"])
    composed = replace(
        rule,
        name=f"{rule.name}_{signal.name}",
        title=f"{rule.title}; {signal.title}",
        weight_flow=shifted[WEIGHT].subs(GRADIENT, 0),
        states=(
            *(replace(s, flow=shifted[s.symbol].subs(GRADIENT, 0), learned=True) for s in rule.states),
            *signal.states,
        ),
        events=events,
        parameters=_once(*rule.parameters, *signal.parameters),
        assumptions=(*rule.assumptions, *signal.assumptions),
        steps=(*rule.steps, *signal.steps, *_steps(events)),
        references=tuple(dict.fromkeys((*rule.references, *signal.references))),
    )
    return _with_units(_without_unused(composed), signal.loss_unit)


observe = with_signal


def _collecting(rule: Rule, signal: Signal, reading: Reading) -> Rule:
    """Rule that integrates the gradient between clock ticks and uses its mean."""
    collected = State("gradient_sum", GRADIENT, unit="loss*s", meaning="integral of the gradient since the last tick")
    bends = State("curvature_sum", CURVATURE, unit="loss*s", meaning="integral of curvature since the last tick")
    sums = (collected, bends) if CURVATURE in rule.inputs and reading.squares is None else (collected,)
    tick = next((p for p in rule.parameters if p.name in ("clock_step", "duration")), _tick(signal))
    mean, square = collected.symbol / tick.symbol, collected.symbol**2 / tick.symbol
    bent = sp.Abs(bends.symbol) if reading.is_signed else bends.symbol
    curvature = bent / tick.symbol if reading.squares is None else reading.squares * square
    units = {s.name: s.unit for s in rule.states}
    ticks = []
    for update in rule.events["clock"]:
        expression = update.expression
        if units.get(update.target) == "loss" and expression.has(GRADIENT**2):  # a curvature, not a mean square
            expression = expression.subs(GRADIENT**2, _information_scale(signal) * square)
        known = {GRADIENT: mean, CURVATURE: curvature}
        ticks.append(Update(update.target, expression.subs(known)))
    return replace(
        rule,
        states=(*rule.states, *sums),
        parameters=_once(*rule.parameters, tick, *signal.parameters),
        events={**rule.events, "clock": (*ticks, *(Update(s.name, sp.S.Zero) for s in sums))},
    )


def _tick(signal: Signal) -> Parameter:
    """Time between ticks where none is stated: that of an example or, of a stream of spikes, 0.1 s."""
    example = next((p.value for p in signal.parameters if p.name == "sample_time"), 0.1)
    return replace(TICK, value=example)


def _with_density(flow: sp.Expr, signal: Signal) -> sp.Expr:
    """Flow with the density of the signal in place of the gradient; with impulses, only they enter a square.

    The square of a gradient with impulses is dominated by them: that of the density is of higher order in time.
    """
    if signal.density == 0 or not flow.has(GRADIENT):
        return flow
    square = _coefficients(flow)[1] * GRADIENT**2
    if square != 0 and {s.name for s in signal.density.free_symbols} & set(TRAINS):
        raise InputError(
            f"the gradient of signal {signal.name!r} follows spike trains, whose square has no density; use beliefs "
            "with a decay per step, which square the mean gradient between ticks"
        )
    if square != 0 and signal.gradient:
        return sp.expand(flow - square).subs(GRADIENT, GRADIENT + signal.density) + square
    return flow.subs(GRADIENT, GRADIENT + signal.density)


@cached_algebra
def _coefficients(flow: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """Coefficients of the gradient and of its square."""
    try:
        polynomial = sp.Poly(flow, GRADIENT)
    except sp.PolynomialError as error:
        raise InputError(f"the flow {flow} is no polynomial in the gradient, so impulses cannot enter") from error
    if polynomial.degree() > 2:
        raise InputError(f"the flow {flow} has a power of the gradient above 2; signals define the first two powers")
    return polynomial.coeff_monomial(GRADIENT), polynomial.coeff_monomial(GRADIENT**2)


def _jump(flow: sp.Expr, signal: Signal, event: str) -> sp.Expr:
    """Jump of a variable with this flow by the impulse of the gradient at `event`."""
    linear, squared = _coefficients(flow)
    impulse = signal.gradient.get(event, sp.S.Zero)
    if squared == 0 or impulse == 0:
        jump = linear * impulse
        return sp.expand(jump) if not flow.has(sp.sqrt) else jump
    return linear * impulse + squared * _information_scale(signal) * impulse**2


def _information_scale(signal: Signal) -> sp.Expr:
    if signal.information_scale is None:
        raise InputError(
            f"signal {signal.name!r} has no information_scale, so a squared gradient has no meaning and it drives no "
            "curvature belief; leave curvature_belief out, or use a signal with an information_scale"
        )
    return signal.information_scale


def _steps(events: dict) -> tuple[Step, ...]:
    titles = {"pre": "a pre spike", "post": "a post spike", "third_factor": "a third factor", "clock": "a clock tick"}
    return tuple(
        Step(f"Change of {u.target} at {titles[event]}", u.expression - sp.Symbol(u.target, real=True))
        for event, updates in events.items()
        for u in updates
        if u.target == WEIGHT.name
    )


def _once(*parameters: Parameter) -> tuple[Parameter, ...]:
    """Parameters by unique names; the first value counts."""
    return tuple({p.name: p for p in reversed(parameters)}.values())[::-1]


def _without_unused(rule: Rule) -> Rule:
    """Rule with the parameters in its equations, and the times of events: ticks (Newton) and delayed effects."""
    times = {"clock": TICK.name, "pre_delayed": "pre_delay"}
    used = {s.name for s in free_symbols(rule)} | {name for event, name in times.items() if rule.events.get(event)}
    return replace(rule, parameters=tuple(p for p in rule.parameters if p.name in used))


def _with_units(rule: Rule, loss_unit: str) -> Rule:
    return replace(
        rule,
        parameters=tuple(replace(p, unit=simplified(p.unit, loss_unit)) for p in rule.parameters),
        states=tuple(replace(s, unit=simplified(s.unit, loss_unit)) for s in rule.states),
    )
