"""Rule → the assignments of one step of a learner that has gradients, and their text for libraries of arrays.

What `plasticity.simulate` carries out: the assignments of a clock in their order, then one explicit Euler step of all
that flows. The last result is the change of the weight.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from plasticity.compile.array_text import CALLS, ArrayText
from plasticity.compile.elementwise import clip
from plasticity.compile.euler import STEP, euler
from plasticity.compile.owner import rate_ownership
from plasticity.errors import InputError
from plasticity.rule import CURVATURE, GRADIENT, WEIGHT, Parameter, Rule, State

TIME_STEP = sp.Symbol("dt", positive=True)
CHANGE, START = sp.Symbol("change", real=True), sp.Symbol("start", real=True)
Assignment = tuple[tuple[str, ...], tuple[sp.Expr, ...]]  # targets that change at once, and their values
WIDTH = 108  # of lines of text that will stand in a function
SHORT = 50  # parts that are shorter share a line
_STEPS = ("clock_step", "duration")  # parameters that are the time between two steps
_SHOWN = {*CALLS, "Abs", "Heaviside", "exprel"}


@dataclass(frozen=True)
class GradientStep:
    """One step of a rule.

    `arguments` are the names that it reads: ``w``, gradient, curvature, states, ``dt``, parameters. It returns the
    change of the weight and the new `states`. Those in `common` are one number for all weights.
    """

    rule: Rule
    assignments: tuple[Assignment, ...]
    parameters: tuple[Parameter, ...]
    common: tuple[str, ...]
    dt: float | None
    has_dt: bool

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the states."""
        return tuple(s.name for s in self.rule.states)

    @property
    def own(self) -> tuple[str, ...]:
        """States with one value for each weight."""
        return tuple(name for name in self.states if name not in self.common)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of what comes from outside: gradient, curvature."""
        return (GRADIENT.name, *([CURVATURE.name] if CURVATURE in self.rule.inputs else []))

    @property
    def constants(self) -> tuple[str, ...]:
        """Names of ``dt``, where time matters, and of all parameters."""
        return (*([TIME_STEP.name] if self.has_dt else []), *(p.name for p in self.parameters))

    @property
    def arguments(self) -> tuple[str, ...]:
        """Names that the step reads, in the order of its text."""
        return (WEIGHT.name, *self.inputs, *self.states, *self.constants)


def gradient_step(rule: Rule, reserved: Iterable[str] = ()) -> GradientStep:
    """Assignments of one step of `rule`.

    Parameters
    ----------
    rule : Rule
        Its inputs are gradient and curvature, its parameters are numbers.
    reserved : iterable of str
        Names that the surrounding program needs itself.

    Raises
    ------
    InputError
        If the rule acts at spikes, reads what an optimiser does not have, or has parameters without a value or with
        one value per synapse.

    Examples
    --------
    >>> from plasticity.rules.polyak import polyak
    >>> gradient_step(polyak()).assignments
    ((('change', 'velocity'), (dt*velocity, dt*(-friction*velocity - gradient*learning_rate) + velocity)),)
    """
    _check(rule, {TIME_STEP.name, CHANGE.name, START.name, *reserved})
    time = {STEP: TIME_STEP, **{p.symbol: TIME_STEP for p in rule.parameters if p.name in _STEPS}}
    following = euler(rule)
    assignments: list[Assignment] = [((u.target,), (u.expression,)) for u in rule.events.get("clock", ())]
    assignments += [(tuple(following), tuple(following.values()))] if following else []
    if not any(WEIGHT.name in targets for targets, _ in assignments):
        raise InputError(f"rule {rule.name!r} does not change the weight where there are no spikes; nothing to export")
    assignments = [(t, tuple(e.xreplace(time) for e in es)) for t, es in _as_change(assignments, rule.bounds)]
    return GradientStep(
        rule,
        tuple(assignments),
        tuple(p for p in rule.parameters if p.name not in _STEPS),
        tuple(name for name, state in rate_ownership(rule).items() if state.owner == "all"),
        rule.clock_dt,
        any(TIME_STEP in e.free_symbols for _, es in assignments for e in es),
    )


def step_lines(step: GradientStep, library: str, scalars: str | None) -> list[str]:
    """Lines of text of the assignments of a step, for arrays of `library` (``"torch"``, ``"jnp"``).

    Functions of numbers are those of the module `scalars`; None where everything is an array.

    Examples
    --------
    >>> from plasticity.rules.ballistic import ballistic
    >>> step_lines(gradient_step(ballistic()), "torch", "math")
    ['change = -dt*math.sqrt(loss_weight)*math.sqrt(plasticity)*gradient/torch.sqrt(curvature)']
    """
    printer = ArrayText(library, scalars, {WEIGHT.name, *step.inputs, *step.own})
    names = {*step.arguments, CHANGE.name, START.name}
    parts = sp.numbered_symbols("part_", exclude=[sp.Symbol(name) for name in names], start=1)
    lines = []
    for targets, expressions in step.assignments:
        shared, left = sp.cse(expressions, symbols=parts)
        for symbol, e in shared:
            lines += wrapped(f"{symbol.name} = (", [printer.named(symbol.name, e)], ")", plain=f"{symbol.name} = ")
        texts = [printer.doprint(e) for e in left]
        left_side = f"{', '.join(targets)} = "
        lines += wrapped(f"{left_side}(", texts, ")", plain=left_side)
    return lines


def wrapped(head: str, parts: list[str], tail: str, plain: str | None = None) -> list[str]:
    r"""Lines of Python text, `head` with `parts` between commas and `tail`, of which none is too long.

    `plain` is the head of a single line that needs no brackets.

    Examples
    --------
    >>> print(*wrapped("f(", ["a" * 60, "b" * 60], ")"), sep="\n")
    f(
        aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,
        bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
    )
    """
    text = ", ".join(parts)
    line = f"{head}{text}{tail}" if plain is None else f"{plain}{text}"
    if len(line) <= WIDTH:
        return [line]
    if max(map(len, parts)) < SHORT:
        return [head, *textwrap.wrap(text, WIDTH - 12, initial_indent="    ", subsequent_indent="    "), tail]
    long = [textwrap.wrap(part, WIDTH - 12, initial_indent="    ", subsequent_indent=" " * 8) for part in parts]
    for lines in long[:-1]:
        lines[-1] += ","
    return [head, *(line for lines in long for line in lines), tail]


def may_divide_by_zero(step: GradientStep) -> list[str]:
    """Inputs and states of a weight that a rule divides by and that could be 0, with its own parameters.

    Examples
    --------
    >>> from plasticity.rules.ballistic import ballistic
    >>> from plasticity.rules.multi_step import multi_step
    >>> may_divide_by_zero(gradient_step(ballistic())), may_divide_by_zero(gradient_step(multi_step()))
    (['curvature'], [])
    """
    values = {p.symbol: sp.Float(p.value) for p in step.parameters}
    powers = [q for _, es in step.assignments for e in es for q in e.xreplace(values).atoms(sp.Pow)]
    bases = [q.base for q in powers if q.exp.is_negative and not q.base.is_positive]
    return sorted({s.name for base in bases for s in base.free_symbols} & {*step.inputs, *step.own})


def uses(step: GradientStep, function: type) -> bool:
    """Whether the text of a step calls a function, such as ``exprel``, that libraries of arrays may lack."""
    return any(e.has(function) for _, expressions in step.assignments for e in expressions)


def _as_change(assignments: list[Assignment], bounds: tuple[float, float] | None) -> list[Assignment]:
    """The same assignments with the change of the weight as a result."""
    moving = [k for k, (targets, _) in enumerate(assignments) if WEIGHT.name in targets]
    later = [e for _, expressions in assignments[moving[0] + 1 :] for e in expressions]
    if len(moving) == 1 and bounds is None and not any(WEIGHT in e.free_symbols for e in later):
        return [_replaced(a, CHANGE.name, lambda e: e - WEIGHT) for a in assignments]
    if bounds is not None:
        assignments = [_replaced(a, WEIGHT.name, lambda e: clip(e, *map(sp.Float, bounds))) for a in assignments]
    return [((START.name,), (WEIGHT,)), *assignments, ((CHANGE.name,), (WEIGHT - START,))]


def _replaced(assignment: Assignment, name: str, value: Any) -> Assignment:
    """Assignment whose change of the weight has another target and value."""
    targets, expressions = assignment
    pairs = zip(targets, expressions, strict=True)
    changed = [(name, value(e)) if target == WEIGHT.name else (target, e) for target, e in pairs]
    return tuple(t for t, _ in changed), tuple(e for _, e in changed)


def _check(rule: Rule, reserved: set[str]) -> None:
    events = [event for event in rule.events if event != "clock"]
    if events:
        raise InputError(
            f"rule {rule.name!r} acts at {events[0]!r} events, which an optimiser does not have: it has gradients; "
            "export it to a simulator of spikes"
        )
    unknown = [s.name for s in rule.inputs if s not in (GRADIENT, CURVATURE)]
    if unknown:
        raise InputError(f"rule {rule.name!r} needs {unknown[0]!r}, which an optimiser does not have")
    for p in rule.parameters:
        if p.value is None:
            raise InputError(f"{p.name} of rule {rule.name!r} has no value; use rule.with_parameters({p.name}=…)")
        if np.ndim(p.value):
            raise InputError(
                f"{p.name} of rule {rule.name!r} has {np.size(p.value)} values, one per synapse; an exported optimiser "
                "takes one number: export it with one, and make a group of parameters for each value"
            )
    own: list[Parameter | State] = [*rule.parameters, *rule.states]
    clash = sorted(reserved & {record.name for record in own})
    if clash:
        raise InputError(f"rule {rule.name!r} defines {clash[0]!r}, a name of the exported program; rename it")
    expressions = [e for u in rule.events.get("clock", ()) for e in (u.expression,)] + list(euler(rule).values())
    called = {f.func.__name__ for e in expressions for f in e.atoms(sp.Function, sp.Max, sp.Min, sp.Piecewise)}
    if called - _SHOWN:
        raise InputError(
            f"rule {rule.name!r} uses the function {min(called - _SHOWN)}; export knows {', '.join(sorted(_SHOWN))}"
        )
