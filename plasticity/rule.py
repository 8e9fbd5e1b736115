"""Learning rules: state equations and event updates as SymPy expressions, with units and sources.

A rule is a hybrid system. Between events the weight ``w`` and the states follow differential equations. At an event
(``"pre"`` spike, ``"post"`` spike, ``"third_factor"`` such as a plateau potential or a reward, ``"clock"`` tick) they
change by assignments, carried out in order. Effects that follow a pre spike with a delay belong to
``"pre_delayed"``; the parameter ``pre_delay`` [s] is that delay. Derived and hand-written rules share this type.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import sympy as sp

from plasticity.equations import check_names, check_units, resolve, seconds_power, simplified
from plasticity.errors import InputError, UnknownNameError
from plasticity.local import LOCALS, PHYSICAL, Local
from plasticity.support.checks import checked, plain, require_identifier, require_number, warn_of_milliseconds
from plasticity.support.late import call

EVENTS = ("pre", "post", "third_factor", "clock", "pre_delayed")
INTERACTIONS = ("all_to_all", "nearest_spike")
WEIGHT = sp.Symbol("w", real=True)
GRADIENT = sp.Symbol("gradient", real=True)  # ∂L/∂w, from a landscape or a signal
CURVATURE = sp.Symbol("curvature", nonnegative=True)  # ∂²L/∂w², from a landscape or a signal
INPUTS = (GRADIENT, CURVATURE, *(v.symbol for v in LOCALS.values()))
_UNITS = {"w": "1", "gradient": "loss", "curvature": "loss", **{v.name: v.unit for v in LOCALS.values()}}


@checked
@dataclass(frozen=True)
class Parameter:
    """A named constant of a rule: value, unit, meaning and bounds.

    `unit` is a product of powers of ``s`` and ``Hz``, such as ``"s**2"``, or ``"1"``. `value` is None while a
    formula is still general (a symbolic discount); such a rule cannot be run.
    """

    name: str
    value: Any
    unit: str = "1"
    meaning: str = ""
    low: float = 0.0
    high: float = float("inf")
    positive: bool = False

    def __post_init__(self) -> None:
        """Check the value, a plain number from here on; of an array (one value per synapse) its two ends."""
        object.__setattr__(self, "value", plain(self.name, self.value, self.unit))
        values: tuple[Any, ...] = () if self.value is None else (self.value,)
        if getattr(self.value, "ndim", 0):
            values = (self.value.min(), self.value.max())
        for value in values:
            require_number(self.name, value, low=self.low, high=self.high, exclusive=self.positive, unit=self.unit)

    @property
    def symbol(self) -> sp.Symbol:
        """Symbol of the parameter in the equations."""
        if self.positive:
            return sp.Symbol(self.name, positive=True)
        return sp.Symbol(self.name, nonnegative=True) if self.low >= 0 else sp.Symbol(self.name, real=True)


TICK = Parameter("clock_step", 1.0, unit="s", meaning="time between observations, Δt", positive=True)


@checked
@dataclass(frozen=True)
class State:
    """A variable of the synapse beside its weight: ``d name/dt = flow``, from `initial`.

    `estimates` names the quantity that the state is a belief about (``"pre_rate"``, ``"post_rate"`` …) or is None.
    `learned` says whether the state is held with the weight while its projection is frozen, as a belief is that a
    learner makes of its gradients; traces and eligibilities follow their neurons all the time.
    """

    name: str
    flow: sp.Expr = sp.S.Zero
    unit: str = "1"
    initial: float = 0.0
    meaning: str = ""
    estimates: str | None = None
    nonnegative: bool = False
    learned: bool = False

    @property
    def symbol(self) -> sp.Symbol:
        """Symbol of the state in the equations."""
        return sp.Symbol(self.name, nonnegative=True) if self.nonnegative else sp.Symbol(self.name, real=True)


@checked
@dataclass(frozen=True)
class NeuronVariable(Local):
    """Variable of a neuron that a rule reads, by its name in the model of the neuron: voltage, calcium, adaptation.

    In the equations of the rule it is called ``name_post`` or ``name_pre``, as in Brian2, and is the value of the
    moment, without the delays that spikes have. Equations of rules have powers of the second as units: a voltage, a
    current or a conductance is in them a plain number, in `unit`.

    Parameters
    ----------
    name : str
    index : {"post", "pre"}
        Neuron that has the variable.
    unit : str
        ``"V"``, ``"mV"``, ``"A"``, ``"nA"``, ``"pA"``, ``"S"``, ``"nS"``, or a power of the second, such as ``"1"``.
    meaning : str

    Raises
    ------
    InputError
        If the name is none, or the neuron or the unit is another.

    Examples
    --------
    >>> voltage = NeuronVariable("v", "post", "mV", "membrane potential")
    >>> voltage.symbol, voltage.number_unit
    (v_post, '1')
    """

    unit: str = "1"
    meaning: str = ""

    def __post_init__(self) -> None:
        """Check name, neuron and unit."""
        require_identifier("name of a neuron variable", self.name)
        if self.index not in ("pre", "post"):
            raise InputError(f"index of neuron variable {self.name!r} must be 'pre' or 'post', got {self.index!r}")
        if self.unit not in PHYSICAL:
            try:
                seconds_power(self.unit)
            except InputError:
                units = ", ".join(PHYSICAL)
                raise InputError(
                    f"unit of neuron variable {self.name!r} must be one of {units} or a power of the second, such as "
                    f"'1' or 'Hz', got {self.unit!r}"
                ) from None

    @property
    def symbol(self) -> sp.Symbol:
        """Symbol of the variable in the equations."""
        return sp.Symbol(f"{self.name}_{self.index}", real=True)

    @property
    def number_unit(self) -> str:
        """Unit of its number in the equations of a rule."""
        return "1" if self.unit in PHYSICAL else self.unit

    @property
    def base_unit(self) -> str:
        """Unit in which the equations of its neuron declare it: a unit of Brian2, or a power such as ``"Hz"``."""
        return PHYSICAL[self.unit][1] if self.unit in PHYSICAL else simplified(self.unit)


@checked
@dataclass(frozen=True)
class Update:
    """One assignment at an event: ``target = expression``, in terms of the values just before it."""

    target: str
    expression: sp.Expr


@checked
@dataclass(frozen=True)
class Step:
    """One step of a derivation: a title, an equation (or expression) and a short explanation."""

    title: str
    equation: Any
    note: str = ""


@checked
@dataclass(frozen=True)
class Rule:
    """A learning rule: ``dw/dt = weight_flow`` between events and assignments at events.

    Parameters
    ----------
    name, title : str
        Catalogue name, and what the rule is in one line.
    weight_flow : sympy expression
        dw/dt between events [1/s], in terms of ``w``, states, parameters and the inputs ``gradient`` [loss] and
        ``curvature`` [loss] (for a dimensionless weight).
    states : tuple of State
        Traces, beliefs, thresholds.
    events : mapping of str to tuple of Update
        Assignments at ``"pre"``, ``"post"``, ``"third_factor"``, ``"clock"`` and ``"pre_delayed"`` events, in order.
    parameters : tuple of Parameter
    bounds : (float, float) or None
        The weight is clipped to them after every change; one of them may be infinite.
    assumptions : tuple of str
        What the rule was derived from, or assumes, in words.
    steps : tuple of Step
        The derivation; empty for a rule written by hand.
    references : tuple of str
        Keys in references.toml.
    cautions : tuple of str
        Where the rule fails, in words.
    variables : tuple of NeuronVariable
        What it reads of its neurons beside the local variables that signals use (`plasticity.local`), such as the
        voltage. A spiking circuit whose neurons have such variables runs it.

    Raises
    ------
    InputError
        If an expression uses a name that is no parameter, state or input, or an update has an unknown target.
    """

    name: str
    title: str
    weight_flow: sp.Expr = sp.S.Zero
    states: tuple[State, ...] = ()
    events: Mapping[str, tuple[Update, ...]] = field(default_factory=dict)
    parameters: tuple[Parameter, ...] = ()
    bounds: tuple[Any, Any] | None = None
    assumptions: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    references: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    variables: tuple[NeuronVariable, ...] = ()

    def __post_init__(self) -> None:
        """Put the symbols of the rule into its equations, by name, and check names and units."""
        for key, kind in (("states", State), ("parameters", Parameter), ("variables", NeuronVariable)):
            object.__setattr__(self, key, _records(self.name, key, getattr(self, key), kind))
        own: list[State | Parameter] = [*self.states, *self.parameters]
        known = {s.name: s for s in (WEIGHT, *INPUTS, *_read(self))}
        check_names(self.name, [record.name for record in own], known)
        known |= {record.name: record.symbol for record in own}
        events = _checked_events(self, known)
        object.__setattr__(self, "events", MappingProxyType(events))
        object.__setattr__(self, "weight_flow", resolve(self.name, self.weight_flow, known))
        states = tuple(_with(s, "flow", resolve(self.name, s.flow, known)) for s in self.states)
        object.__setattr__(self, "states", states)
        _check_units(self)
        if self.bounds is not None:
            low, high = (_bound(b) for b in self.bounds)
            if not low < high:
                raise InputError(f"bounds must be (low, high) with low < high, got {self.bounds}")
            object.__setattr__(self, "bounds", (low, high))

    @property
    def values(self) -> dict[str, Any]:
        """Value of every parameter by name."""
        return {p.name: p.value for p in self.parameters}

    @property
    def inputs(self) -> tuple[sp.Symbol, ...]:
        """External inputs: gradient and curvature, or local variables of a circuit."""
        used = free_symbols(self)
        return tuple(s for s in (*INPUTS, *(v.symbol for v in self.variables)) if s in used)

    @property
    def locals(self) -> dict[str, Local]:
        """Local variables that it may read, by the name of their symbol."""
        return LOCALS | {v.symbol.name: v for v in self.variables}

    @property
    def clock_dt(self) -> float | None:
        """Time between clock ticks [s]; None without a clock, or if the executor sets the step."""
        return self.values.get("clock_step", self.values.get("duration"))

    def limit(self, *, discount: Any = None, duration: Any = None) -> Rule:
        """Rule for a short (``sympy.oo``) or long (0) horizon, or a long time between observations (``sympy.oo``).

        See `plasticity.limits.limit`.

        Examples
        --------
        >>> import sympy as sp
        >>> from plasticity import Objective, derive
        >>> derive(Objective(discount=0.5)).limit(discount=sp.oo).weight_flow
        -gradient*learning_rate
        """
        return call("plasticity.limits:limit", self, discount=discount, duration=duration)

    def with_signal(self, signal: Any, curvature: Any = None) -> Rule:
        """Rule of a synapse that observes the gradient only through `signal`; see `plasticity.signal.with_signal`."""
        return call("plasticity.signal:with_signal", self, signal, curvature)

    def card(self) -> str:
        """Rule card: assumptions, derivation, equations, parameters with units, references, as Markdown."""
        return call("plasticity.pages.card:card", self)

    def _repr_markdown_(self) -> str:
        """Show the rule card in a notebook, with its derivation folded."""
        return call("plasticity.pages.card:folded_card", self)

    def with_bounds(self, low: float, high: float) -> Rule:
        """Copy of the rule whose weight is clipped to ``[low, high]`` after every change.

        Examples
        --------
        >>> from plasticity.rules.pair_stdp import pair_stdp
        >>> pair_stdp().with_bounds(0, 2).bounds
        (0.0, 2.0)
        """
        return replace(self, bounds=(low, high))

    def in_proportion(self) -> Rule:
        """Copy of the rule whose changes are proportional to the weight: ``Δw → w·Δw`` at events and in the flow.

        The rule is for a weight of 1, so that its fractional changes are those of any weight.

        Examples
        --------
        >>> from plasticity.rules.pair_stdp import pair_stdp
        >>> pair_stdp().in_proportion().events["post"][0].expression
        A_plus*pre_trace*w + w
        """

        def scaled(update: Update) -> Update:
            if update.target != WEIGHT.name:
                return update
            return replace(update, expression=sp.expand(WEIGHT + WEIGHT * (update.expression - WEIGHT)))

        return replace(
            self,
            title=f"{self.title}, in proportion to the weight",
            weight_flow=WEIGHT * self.weight_flow,
            events={event: tuple(map(scaled, updates)) for event, updates in self.events.items()},
            assumptions=(*self.assumptions, "Every change is in proportion to the weight."),
        )

    def with_parameters(self, **values: Any) -> Rule:
        """Copy of the rule with other parameter values.

        Examples
        --------
        >>> from plasticity.rules.pair_stdp import pair_stdp
        >>> pair_stdp().with_parameters(tau_plus=0.02).values["tau_plus"]
        0.02
        """
        known = {p.name for p in self.parameters}
        for name in values:
            if name not in known:
                raise UnknownNameError(f"parameter of rule {self.name!r}", name, known)
            warn_of_milliseconds(name, values[name], self.values[name])
        return with_values(self, values)


def with_values(rule: Rule, values: Mapping[str, Any]) -> Rule:
    """Copy of a rule with other values of the parameters that are named, for callers that searched for them."""
    parameters = (replace(p, value=values[p.name]) if p.name in values else p for p in rule.parameters)
    return replace(rule, parameters=tuple(parameters))


@checked
def trace(name: str, tau: Parameter, estimates: str | None = None, unit: str = "1") -> State:
    """Synaptic trace, a low-pass memory of spikes with time constant `tau` [s]: ``d name/dt = −name/tau``."""
    symbol = sp.Symbol(name, real=True)
    return State(name, -symbol / tau.symbol, unit, estimates=estimates, meaning=f"trace with {tau.name}")


@checked
def jump(state: State, interaction: str) -> Update:
    """Effect of a spike on a trace: add 1 (``"all_to_all"``) or set it to 1 (``"nearest_spike"``)."""
    if interaction not in INTERACTIONS:
        raise InputError(f"interaction must be one of {', '.join(INTERACTIONS)}, got {interaction!r}")
    return Update(state.name, state.symbol + 1 if interaction == "all_to_all" else sp.S.One)


@checked
def time_constant(name: str, value: float, meaning: str) -> Parameter:
    """Time constant [s], strictly positive."""
    return Parameter(name, value, unit="s", meaning=meaning, positive=True)


def flows(rule: Rule) -> dict[sp.Symbol, sp.Expr]:
    """Flow of the weight and of every state, by symbol."""
    return {WEIGHT: rule.weight_flow, **{s.symbol: s.flow for s in rule.states}}


def expressions(rule: Rule) -> list[sp.Expr]:
    """Every flow and every assignment of a rule."""
    updates = [u.expression for event in rule.events.values() for u in event]
    return [*flows(rule).values(), *updates]


def free_symbols(rule: Rule) -> set[sp.Symbol]:
    """Every symbol in the equations of `rule`."""
    return set().union(*(e.free_symbols for e in expressions(rule)))


def divisors(rule: Rule) -> list[str]:
    """Names of the states and inputs that `rule` divides by and that could be 0.

    Examples
    --------
    >>> from plasticity.rules.ballistic import ballistic
    >>> divisors(ballistic())
    ['curvature']
    """
    powers = [power for e in expressions(rule) for power in e.atoms(sp.Pow)]
    bases = [power.base for power in powers if power.exp.is_negative and not power.base.is_positive]
    constant = {p.symbol for p in rule.parameters}
    return sorted({symbol.name for base in bases for symbol in base.free_symbols - constant})


def division_remedy(rules: Iterable[Rule]) -> str:
    """Text for the error of a run that diverges, naming what its rules divide by; empty if they divide by nothing."""
    names = sorted({name for rule in rules for name in divisors(rule)})
    remedy = "which must not be 0: a positive discount keeps a curvature from it"
    return f"; the rule divides by {', '.join(names)}, {remedy}" if names else ""


def _records(rule: str, name: str, values: Any, kind: type) -> tuple[Any, ...]:
    """Tuple of records of one kind."""
    try:
        records = tuple(values)
    except TypeError:
        records = (values,)
    wrong = [record for record in records if not isinstance(record, kind)]
    if wrong or isinstance(values, str):
        got = wrong[0] if wrong else values
        raise InputError(f"{name} of rule {rule!r} must be a tuple of {kind.__name__}, got {got!r}")
    return records


def _bound(value: Any) -> float:
    return value if isinstance(value, float) and math.isinf(value) else require_number("bounds", value)


def _read(rule: Rule) -> tuple[sp.Symbol, ...]:
    """Symbols of the variables of its neurons; two declarations of one are refused."""
    symbols = [v.symbol for v in rule.variables]
    for symbol in symbols:
        if symbols.count(symbol) > 1:
            raise InputError(f"rule {rule.name!r} declares {symbol.name!r} twice; declare it once, in one unit")
    return tuple(symbols)


def _with(record: Any, name: str, value: sp.Expr) -> Any:
    """Record with an expression, itself if it has it."""
    return record if getattr(record, name) is value else replace(record, **{name: value})


def _checked_events(rule: Rule, known: Mapping[str, sp.Symbol]) -> dict[str, tuple[Update, ...]]:
    """Assignments of every event that has some, in the symbols of the rule."""
    targets = {WEIGHT.name, *(s.name for s in rule.states)}
    if not isinstance(rule.events, Mapping):
        raise InputError(f"events of rule {rule.name!r} must map {', '.join(EVENTS)} to updates, got {rule.events!r}")
    events = {k: _records(rule.name, f"events[{k!r}]", v, Update) for k, v in rule.events.items()}
    for event, updates in events.items():
        if event not in EVENTS:
            raise UnknownNameError("event", event, EVENTS)
        if event == "pre_delayed" and "pre_delay" not in known:
            raise InputError(f"rule {rule.name!r} acts at 'pre_delayed' but has no parameter 'pre_delay' [s]")
        for update in updates:
            if update.target not in targets:
                raise InputError(f"rule {rule.name!r} assigns {update.target!r} at {event!r}, which is no state")
    return {
        event: tuple(_with(u, "expression", resolve(rule.name, u.expression, known)) for u in updates)
        for event, updates in events.items()
        if updates
    }


def _check_units(rule: Rule) -> None:
    """Every flow has the unit of its variable per second, every assignment that of its target."""
    own: list[State | Parameter] = [*rule.states, *rule.parameters]
    units = _UNITS | {v.symbol.name: v.number_unit for v in rule.variables}
    units |= {record.name: record.unit for record in own}
    flowing = [(f"d{v.name}/dt", flow, f"({units[v.name]})/s") for v, flow in flows(rule).items()]
    jumps = [(f"{u.target} at {e!r}", u.expression, units[u.target]) for e, us in rule.events.items() for u in us]
    try:
        check_units((*flowing, *jumps), frozenset(units.items()))
    except InputError as error:
        raise InputError(f"rule {rule.name!r}: {error}") from None
