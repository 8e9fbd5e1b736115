"""Rule → Brian2: the strings of a ``Synapses`` object, without importing Brian2."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import sympy as sp
from sympy.printing.str import StrPrinter

from plasticity.compile.classify import clock_driven, flows
from plasticity.compile.elementwise import CLIPPED, brian_text
from plasticity.compile.owner import Ownership, ownership
from plasticity.equations import seconds_power
from plasticity.errors import InputError, UnknownNameError
from plasticity.local import LOCALS, PHYSICAL, Local
from plasticity.pages.report import cost, report
from plasticity.rule import CURVATURE, EVENTS, GRADIENT, WEIGHT, Rule, Update, free_symbols
from plasticity.signal import Signal, observe
from plasticity.support.checks import checked, require_number
from plasticity.support.exprel import exprel
from plasticity.support.held import held
from plasticity.support.late import call

NOISE, SYNAPSE_NUMBER = LOCALS["white_noise"].symbol, "synapse_number"
_NEURONS = {v.symbol: sp.Symbol(f"{v.name}_{'pre' if v.index == 'pre' else 'post'}") for v in LOCALS.values()}
_NEURONS[NOISE] = sp.Symbol(f"(noise(t, {SYNAPSE_NUMBER})/sqrt(dt))")  # its mean over a step
METHODS = ("exact", "linear", "exponential_euler", "euler", "rk2", "rk4", "heun", "milstein")
_FUNCTIONS = (exprel, held, sp.exp, sp.log, sp.Abs, sp.sign, sp.tanh, sp.sin, sp.cos, sp.Heaviside)


class _Printer(StrPrinter):
    """Brian2 text: a step is the truth value of a comparison."""

    def _print_Heaviside(self, step: sp.Heaviside) -> str:
        return f"int({self._print(step.args[0])} > 0)"


@dataclass(frozen=True)
class NeuronTrace:
    """A state of a rule that lives in the neurons of one side: a variable of a Brian2 ``NeuronGroup``.

    Parameters
    ----------
    name, side, unit : str
        State, ``"pre"`` or ``"post"``, and its Brian2 unit.
    equation, jump : str
        Its differential equation, and the statement at a spike of its neuron, for a synapse onto the group of traces.
    follows : bool
        Whether the jump comes after the synapses have read the trace at this spike, rather than before.
    initial : float
        In SI units.
    parameters : tuple of str
        Constants that both read.
    reads : mapping of str to str
        Variables of its neuron that it filters, with their Brian2 units; in `equation` they are called ``read_…``.
    """

    name: str
    side: str
    unit: str
    equation: str
    jump: str
    follows: bool
    initial: float
    parameters: tuple[str, ...]
    reads: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SynapseModel:
    """Executable form of a rule: what a Brian2 ``Synapses`` object takes.

    Parameters
    ----------
    rule : Rule
        Where it comes from.
    model, on_pre, on_post, on_clock : str
        Equations and statements; `on_clock` runs every `clock_dt` seconds, from `clock_dt` on, after the spikes of
        that time. Local variables bear the suffix ``_pre`` or ``_post`` of the neuron that has them.
    clock_dt : float or None
    parameters : mapping of str to (value, unit)
        Constants with units such as ``"second"``, shared by all synapses or (arrays) one per synapse: one compiled
        binary serves every value.
    initial : mapping of str to float
        Initial values of the states, in SI units.
    method : str or None
        Integration method of the clock-driven variables; None where there are none.
    on_pre_delayed : str
        Statements `pre_delay` seconds after a presynaptic spike, before the other spikes of that time.
    pre_delay : float
    on_third_factor : str
        Statements at a third-factor event, after the spikes of that time.
    traces : tuple of NeuronTrace
        States that neurons own (`neuron_traces`). Empty where every synapse has its own.
    """

    rule: Rule
    model: str
    on_pre: str
    on_post: str
    on_clock: str
    clock_dt: float | None
    parameters: Mapping[str, tuple[Any, str]]
    initial: Mapping[str, float]
    method: str | None
    on_pre_delayed: str = ""
    pre_delay: float = 0.0
    on_third_factor: str = ""
    traces: tuple[NeuronTrace, ...] = ()

    @property
    def is_event_driven(self) -> bool:
        """Whether nothing happens between spikes that a simulator must follow."""
        return self.method is None and not self.on_clock

    @property
    def needs(self) -> tuple[Local, ...]:
        """Local variables that the neurons of a circuit must have; a global one is broadcast to every post neuron."""
        return tuple(self.rule.locals[s.name] for s in self.rule.inputs)

    def _repr_markdown_(self) -> str:
        """Show the report in a notebook."""
        return self.report()

    def report(self) -> str:
        """Locality and cost of the rule (`plasticity.pages.report`), and the Brian2 strings, as Markdown."""
        names = ("model", "on_pre", "on_pre_delayed", "on_post", "on_third_factor", "on_clock")
        parts = {name: getattr(self, name) for name in names}
        strings = [f"\n{name}\n```\n{text}\n```" for name, text in parts.items() if text]
        return "\n".join([report(self.rule), *strings])

    def to_nestml(self, neuron: str | None = None) -> dict[str, str]:
        """Files of the rule as a synapse of NEST, by name; see `plasticity.export.nestml.nestml`.

        Strings that were changed by hand have no part in it.
        """
        return call("plasticity.export.nestml:nestml", self.rule, neuron)

    @property
    def texts(self) -> tuple[str, ...]:
        """All strings, which a user may have changed by hand."""
        return self.model, self.on_pre, self.on_pre_delayed, self.on_post, self.on_third_factor, self.on_clock

    @property
    def n_variables(self) -> int:
        """Doubles stored per synapse: weight, states, own parameters, the time of the last event where needed."""
        return len(cost(self.rule, in_neurons=bool(self.traces)).variables)


@checked
def compile_rule(
    rule: Rule, signal: Signal | None = None, method: str | None = None, bounds: tuple[Any, Any] | None = None
) -> SynapseModel:
    """Compile a rule to the strings of a Brian2 ``Synapses`` object.

    Variables that relax on their own become ``(event-driven)``; coupled or nonlinear ones, those that follow local
    variables of the neurons, all that they depend on, and a weight that flows become ``(clock-driven)``.

    Parameters
    ----------
    rule : Rule
    signal : Signal, optional
        Feeds the gradient of a derived rule (`Rule.with_signal`).
    method : str, optional
        Brian2 integration method of clock-driven variables: by default ``"rk4"``, or ``"euler"``, which is cheaper,
        where they follow local variables, which are constant during a step.
    bounds : (low, high), optional
        Bounds of the weight in place of those of the rule: numbers, or arrays with one per synapse.

    Returns
    -------
    SynapseModel

    Raises
    ------
    UnknownNameError
        If Brian2 has no such method.
    InputError
        If a parameter has no value, the rule needs a gradient, it acts at clock ticks of an unknown interval, or
        an expression has a function that Brian2 does not know.

    Examples
    --------
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> print(compile_rule(pair_stdp()).on_post)
    w = A_plus*pre_trace + w
    post_trace = post_trace + 1
    """
    check_method(method)
    if signal is not None:
        rule = observe(rule, signal)
    check_rule(rule)
    return _model(rule, method, _parameters(rule, bounds))


def check_method(method: str | None) -> None:
    """Refuse an integration method that Brian2 does not have.

    Raises
    ------
    UnknownNameError
    """
    if method is not None and method not in METHODS:
        raise UnknownNameError("method", method, METHODS)


def neuron_traces(model: SynapseModel) -> SynapseModel:
    """The same synapse with the traces that its two neurons own (`plasticity.compile.owner`) taken out of it.

    Its statements read a trace by the name of the state, which must refer to the variable of the neuron. A model whose
    strings were changed by hand stays as it is.

    Examples
    --------
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> model = neuron_traces(compile_rule(pair_stdp()))
    >>> print(model.on_post)
    w = A_plus*pre_trace + w
    >>> [(t.side, t.jump) for t in model.traces]
    [('pre', 'pre_trace_post = pre_trace_post + 1'), ('post', 'post_trace_post = post_trace_post + 1')]
    """
    steps = {s.name for s in model.rule.states if not _jumps(model.rule, s.name)} if model.method != "euler" else set()
    owned = {name: owner for name, owner in ownership(model.rule).items() if owner.owner != "synapse"}
    owners = {name: owner for name, owner in owned.items() if name not in steps}  # filters are steps of Euler's
    if not owners or _model(model.rule, model.method, model.parameters).texts != model.texts:
        return model
    return _model(model.rule, model.method, model.parameters, owners)


def _model(
    rule: Rule,
    method: str | None,
    parameters: Mapping[str, tuple[Any, str]],
    owners: Mapping[str, Ownership] = MappingProxyType({}),
) -> SynapseModel:
    """Strings of a rule, some of whose states neurons own."""
    if NOISE in rule.inputs and method not in (None, "euler"):
        raise InputError(f"method {method!r} does not fit rule {rule.name!r}, which reads {NOISE}; use 'euler'")
    clocked = {v for v in clock_driven(rule) if v.name not in owners}
    default = "euler" if rule.inputs else "rk4"
    text = {event: _statements(rule, event, "weight_low" in parameters, owners) for event in EVENTS}
    return SynapseModel(
        rule=rule,
        model="\n".join([*_equations(rule, clocked, owners), *_declarations(parameters)]),
        on_pre=text["pre"],
        on_post=text["post"],
        on_clock=text["clock"],
        clock_dt=rule.clock_dt if "clock" in rule.events else None,
        parameters=parameters,
        initial={s.name: float(s.initial) for s in rule.states if s.name not in owners},
        method=(method or default) if clocked else None,
        on_pre_delayed=text["pre_delayed"],
        pre_delay=_pre_delay(rule),
        on_third_factor=text["third_factor"],
        traces=tuple(_trace(rule, name, owner) for name, owner in owners.items()),
    )


def _trace(rule: Rule, name: str, owner: Ownership) -> NeuronTrace:
    state = next(s for s in rule.states if s.name == name)
    unit = brian_unit(state.unit)
    equation = f"d{name}/dt = {_text(rule, state.flow, unit)} : {unit}" if state.flow != 0 else f"{name} : {unit}"
    updates = [u for u in rule.events.get(owner.owner, ()) if u.target == name]
    read = set().union(state.flow.free_symbols, *(u.expression.free_symbols for u in updates)) - {state.symbol}
    in_target = {s: sp.Symbol(f"{s.name}_post") for s in (*read, state.symbol)}
    jumps = [_assignment(rule, Update(f"{name}_post", u.expression.subs(in_target)), unit) for u in updates]
    variables = {v.symbol: v for v in rule.variables if v.symbol in read}
    for symbol, variable in variables.items():
        equation = re.sub(rf"\b{symbol.name}\b", f"read_{variable.name}", equation)
    return NeuronTrace(
        name,
        owner.owner,
        unit,
        equation,
        "\n".join(jumps),
        owner.follows,
        float(state.initial),
        tuple(sorted(s.name for s in read - set(variables))),
        {v.name: PHYSICAL[v.unit][1] if v.unit in PHYSICAL else brian_unit(v.unit) for v in variables.values()},
    )


def _jumps(rule: Rule, name: str) -> bool:
    return any(u.target == name for updates in rule.events.values() for u in updates)


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


def check_rule(rule: Rule) -> None:
    """Refuse a rule that has no form in Brian2.

    Raises
    ------
    InputError
        If it needs a gradient, a parameter has no value, an expression has a function that Brian2 does not know, or
        white noise enters otherwise than a flow, to the first power.
    """
    check_noise(rule)
    missing = [s.name for s in (GRADIENT, CURVATURE) if s in rule.inputs]
    if missing:
        raise InputError(
            f"rule {rule.name!r} asks for {', '.join(missing)}; pass compile_rule a signal that provides it"
        )
    if "clock" in rule.events and rule.clock_dt is None:
        raise InputError(
            f"rule {rule.name!r} acts at clock ticks, but has no parameter clock_step, the interval between them"
        )
    if "clock" in rule.events:
        require_number("clock_step", rule.clock_dt, low=0, exclusive=True, unit="s")
    for p in rule.parameters:
        if p.value is None or np.ndim(p.value) > 1:
            raise InputError(
                f"{p.name} of rule {rule.name!r} must be one number (or one per synapse), got {p.value!r}; set it first"
            )
    used = set().union(*(e.atoms(sp.Function) for e in _expressions(rule)))
    unknown = [f for f in used if not isinstance(f, _FUNCTIONS)]
    if unknown:
        raise InputError(f"rule {rule.name!r} uses {unknown[0]}, a function that Brian2 does not have")


def check_noise(rule: Rule) -> None:
    """Refuse white noise that has no meaning.

    Raises
    ------
    InputError
        If it enters otherwise than a flow, to the first power.
    """
    if any(u.expression.has(NOISE) for updates in rule.events.values() for u in updates):
        raise InputError(f"rule {rule.name!r} reads {NOISE} at an event, where it has no value; put it into a flow")
    for variable, flow in flows(rule).items():
        if sp.diff(flow, NOISE, 2) != 0:
            raise InputError(f"rule {rule.name!r} has a power of {NOISE} in the flow of {variable}; it must be linear")


def _expressions(rule: Rule) -> list[sp.Expr]:
    return [*flows(rule).values(), *(u.expression for us in rule.events.values() for u in us)]


def _equations(rule: Rule, clocked: set, owners: Mapping[str, Ownership]) -> list[str]:
    units = {WEIGHT.name: "1", **{s.name: brian_unit(s.unit) for s in rule.states}}
    lines = []
    for variable, flow in flows(rule).items():
        unit = units[variable.name]
        if variable.name in owners:
            continue
        if flow == 0 and variable not in clocked:
            lines.append(f"{variable.name} : {unit}")
        else:
            kind = "clock-driven" if variable in clocked else "event-driven"
            lines.append(f"d{variable.name}/dt = {_text(rule, flow, unit)} : {unit} ({kind})")
    return lines


def _declarations(parameters: Mapping[str, tuple[Any, str]]) -> list[str]:
    return [
        f"{name} : {unit} ({'shared, ' if np.ndim(value) == 0 else ''}constant)"
        for name, (value, unit) in parameters.items()
    ]


def _parameters(rule: Rule, bounds: tuple[Any, Any] | None) -> dict[str, tuple[Any, str]]:
    used = {s.name for s in free_symbols(rule)}
    values = {p.name: (_value(p.value), brian_unit(p.unit)) for p in rule.parameters if p.name in used}
    low, high = (np.asarray(b, dtype=float) for b in bounds or rule.bounds or (-np.inf, np.inf))
    if np.any(low > -np.inf) or np.any(high < np.inf):
        values |= {"weight_low": (_bound(low), "1"), "weight_high": (_bound(high), "1")}
    return values


def _bound(values: np.ndarray) -> Any:
    """Finite bound: one number where all synapses have the same."""
    finite = np.nan_to_num(values)
    return float(finite.flat[0]) if np.ptp(finite) == 0 else finite


def _value(value: Any) -> Any:
    return float(value) if np.ndim(value) == 0 else np.asarray(value, dtype=float)


def _pre_delay(rule: Rule) -> float:
    return next((p.value for p in rule.parameters if p.name == "pre_delay"), 0.0)


def _statements(rule: Rule, event: str, is_bounded: bool, owners: Mapping[str, Ownership]) -> str:
    units = {s.name: brian_unit(s.unit) for s in rule.states}
    lines = []
    for update in rule.events.get(event, ()):
        if update.target in owners:
            continue
        line = _assignment(rule, update, units.get(update.target, "1"))
        if update.target == WEIGHT.name and is_bounded:
            clipped = brian_text(CLIPPED, weight=line.removeprefix("w = "), low="weight_low", high="weight_high")
            line = f"w = {clipped}"
        lines.append(line)
    return "\n".join(lines)


def _assignment(rule: Rule, update: Update, unit: str) -> str:
    return f"{update.target} = {_text(rule, update.expression) if update.expression != 0 else f'0*{unit}'}"


def _text(rule: Rule, expression: sp.Expr, unit: str = "1") -> str:
    """Brian2 text of an expression; a zero flow keeps its unit."""
    if expression == 0:
        return "0*hertz" if unit == "1" else f"0*{unit}*hertz"
    expression = expression.subs(_NEURONS | _numbers(rule))
    return _Printer({"abbrev": False, "full_prec": False}).doprint(expression).replace("Abs(", "abs(")


def _numbers(rule: Rule) -> dict[sp.Symbol, sp.Expr]:
    """Variables of neurons as plain numbers in the unit in which the rule reads them."""
    physical = [v for v in rule.variables if v.unit in PHYSICAL]
    return {v.symbol: v.symbol / sp.Symbol(PHYSICAL[v.unit][0], positive=True) for v in physical}
