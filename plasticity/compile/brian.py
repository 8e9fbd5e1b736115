"""Rule → Brian2: the strings of a ``Synapses`` object, without importing Brian2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp
from sympy.printing.str import StrPrinter

from plasticity.compile.classify import clock_driven, event_driven, flows
from plasticity.errors import InputError
from plasticity.observe import observe
from plasticity.rule import WEIGHT, Rule, free_symbols
from plasticity.signal import Signal
from plasticity.units import seconds_power

_FUNCTIONS = (sp.exp, sp.log, sp.Abs, sp.sign, sp.tanh, sp.sin, sp.cos)


@dataclass(frozen=True)
class SynapseModel:
    """Executable form of a rule: what a Brian2 ``Synapses`` object takes.

    Parameters
    ----------
    rule : Rule
        Where it comes from.
    model, on_pre, on_post, on_clock : str
        Equations and statements; `on_clock` runs every `clock_dt` seconds.
    clock_dt : float or None
    parameters : mapping of str to (value, unit)
        Shared constants with units such as ``"second"``: one compiled binary serves every value.
    initial : mapping of str to float
        Initial values of the states, in SI units.
    method : str or None
        Integration method of the clock-driven variables; None where there are none.
    """

    rule: Rule
    model: str
    on_pre: str
    on_post: str
    on_clock: str
    clock_dt: float | None
    parameters: Mapping[str, tuple[float, str]]
    initial: Mapping[str, float]
    method: str | None

    @property
    def is_event_driven(self) -> bool:
        """Whether nothing happens between spikes that a simulator must follow."""
        return self.method is None and not self.on_clock

    def report(self) -> str:
        """Equations, how each variable is advanced and why, bytes per synapse, as Markdown."""
        clocked = {v.name for v in clock_driven(self.rule)}
        rows = [
            f"| {v.name} | {'every time step' if v.name in clocked else 'at spikes only'} | {flow} |"
            for v, flow in flows(self.rule).items()
        ]
        cost = "event-driven: cheap" if self.is_event_driven else "clock-driven: every synapse at every step"
        return "\n".join(
            [
                f"# {self.rule.title}",
                f"Cost: {cost}. {8 * self.n_variables} bytes per synapse for its variables.",
                "All terms are local: spikes of the two neurons and the synapse's own states.",
                "\n| variable | advanced | flow |\n|---|---|---|",
                *rows,
                f"\nmodel\n```\n{self.model}\n```\non_pre\n```\n{self.on_pre}\n```\non_post\n```\n{self.on_post}\n```",
            ]
        )

    @property
    def n_variables(self) -> int:
        """Doubles stored per synapse: weight, states, and the time of the last update where needed."""
        return 1 + len(self.rule.states) + int(bool(event_driven(self.rule)))


def compile_rule(rule: Rule, signal: Signal | None = None, method: str | None = None) -> SynapseModel:
    """Compile a rule to the strings of a Brian2 ``Synapses`` object.

    Variables that relax on their own become ``(event-driven)``; coupled or nonlinear ones, all that they
    depend on, and a weight that flows become ``(clock-driven)``.

    Parameters
    ----------
    rule : Rule
    signal : Signal, optional
        Feeds the gradient of a derived rule (`plasticity.observe`).
    method : str, optional
        Brian2 integration method of clock-driven variables: ``"rk4"`` by default, ``"euler"`` is cheaper.

    Returns
    -------
    SynapseModel

    Raises
    ------
    InputError
        If a parameter has no value or is no single number, the rule still asks for a gradient, or an
        expression has a function that Brian2 does not know.

    Examples
    --------
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> print(compile_rule(pair_stdp()).on_post)
    w = A_plus*pre_trace + w
    post_trace = post_trace + 1
    """
    if signal is not None:
        rule = observe(rule, signal)
    _check(rule)
    clocked = clock_driven(rule)
    coupled = bool(clocked)
    return SynapseModel(
        rule=rule,
        model="\n".join([*_equations(rule, clocked), *_declarations(rule)]),
        on_pre=_statements(rule, "pre"),
        on_post=_statements(rule, "post"),
        on_clock="",
        clock_dt=None,
        parameters=_parameters(rule),
        initial={s.name: float(s.initial) for s in rule.states},
        method=(method or "rk4") if coupled else None,
    )


def brian_unit(unit: str) -> str:
    """Brian2 name of a unit.

    Examples
    --------
    >>> brian_unit("s"), brian_unit("Hz**2"), brian_unit("1")
    ('second', 'hertz**2', '1')
    """
    power = seconds_power(unit)
    if power == 0:
        return "1"
    base = "second" if power > 0 else "hertz"
    return base if abs(power) == 1 else f"{base}**{abs(power)}"


def _check(rule: Rule) -> None:
    if rule.inputs:
        asked = ", ".join(s.name for s in rule.inputs)
        raise InputError(f"rule {rule.name!r} asks for {asked}; pass compile_rule a signal that gives it")
    if "clock" in rule.events:
        raise InputError(
            f"rule {rule.name!r} updates at clock ticks, which need a gradient per tick; "
            "use beliefs with a time_constant instead of a decay per step"
        )
    for p in rule.parameters:
        if p.value is None or getattr(p.value, "ndim", 0):
            raise InputError(
                f"{p.name} of rule {rule.name!r} must be one number, got {p.value!r}; set it first"
            )
    used = set().union(*(sp.sympify(e).atoms(sp.Function) for e in _expressions(rule)))
    unknown = [f for f in used if not isinstance(f, _FUNCTIONS)]
    if unknown:
        raise InputError(f"rule {rule.name!r} uses {unknown[0]}, a function that Brian2 does not have")


def _expressions(rule: Rule) -> list[sp.Expr]:
    return [*flows(rule).values(), *(u.expression for us in rule.events.values() for u in us)]


def _equations(rule: Rule, clocked: set) -> list[str]:
    units = {WEIGHT.name: "1", **{s.name: brian_unit(s.unit) for s in rule.states}}
    lines = []
    for variable, flow in flows(rule).items():
        unit = units[variable.name]
        if flow == 0 and variable not in clocked:
            lines.append(f"{variable.name} : {unit}")
        else:
            kind = "clock-driven" if variable in clocked else "event-driven"
            lines.append(f"d{variable.name}/dt = {_text(flow, unit)} : {unit} ({kind})")
    return lines


def _declarations(rule: Rule) -> list[str]:
    return [f"{name} : {unit} (shared, constant)" for name, (_, unit) in _parameters(rule).items()]


def _parameters(rule: Rule) -> dict[str, tuple[float, str]]:
    used = {s.name for s in free_symbols(rule)}
    values = {p.name: (float(p.value), brian_unit(p.unit)) for p in rule.parameters if p.name in used}
    if rule.bounds is not None:
        low, high = rule.bounds
        values |= {"weight_low": (float(low), "1"), "weight_high": (float(high), "1")}
    return values


def _statements(rule: Rule, event: str) -> str:
    lines = []
    for update in rule.events.get(event, ()):
        text = _text(update.expression)
        if update.target == WEIGHT.name and rule.bounds is not None:
            text = f"clip({text}, weight_low, weight_high)"
        lines.append(f"{update.target} = {text}")
    return "\n".join(lines)


def _text(expression: sp.Expr, unit: str = "1") -> str:
    """Brian2 text of an expression; a zero flow keeps its unit."""
    if expression == 0:
        return "0*hertz" if unit == "1" else f"0*{unit}*hertz"
    return StrPrinter({"abbrev": False, "full_prec": False}).doprint(expression).replace("Abs(", "abs(")
