"""Rule → NESTML: the text of a synapse for NEST, all of whose states it owns.

At a coincidence NEST gives a post spike to a synapse before the pre spike, and a third factor before both; here the
order is pre, post, third factor or clock. So the synapse remembers its variables from before an event, and another one
at the same time puts them back, acts, and lets those act again that come after it.

Third factors and ticks of a clock come by a volume transmitter. It advances the synapse to the end of every slice of
simulation, which is as long as the shortest delay in the network: unless that is one step, pre spikes come late. The
synapse notices it, by its own time, and makes the weight no number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

import numpy as np
import sympy as sp
from sympy.codegen.cfunctions import expm1
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from plasticity.compile.closed_form import driven, relaxing
from plasticity.equations import seconds_power, unit_of
from plasticity.errors import InputError
from plasticity.rule import WEIGHT, Rule, expressions, flows

DELAY, LOW, HIGH = "delay", "weight_low", "weight_high"  # parameters beside those of the rule
SINCE = "since_event"  # time since the last event that can be undone, in a state
_BEFORE = "_before_event"  # a copy of a variable that an event changes
_ELAPSED = sp.Symbol("timestep()", positive=True)  # NESTML: the time since the last event
TIE = "1e-6 ms"  # spikes that are less apart are at the same time, as in NEST
POST_PORT = "post_spikes"
_FUNCTIONS = {sp.exp: "exp", sp.log: "ln", sp.Abs: "abs", sp.sin: "sin", sp.cos: "cos", sp.tan: "tan", sp.erf: "erf"}
_FUNCTIONS |= {sp.sinh: "sinh", sp.cosh: "cosh", sp.tanh: "tanh", expm1: "expm1"}
_KNOWN = (*_FUNCTIONS, sp.Heaviside, sp.Min, sp.Max)
_WORDS = (
    "and boolean ceil continuous convolve cosh delta elif else emit_spike equations erfc excitatory exp expm1 false "
    "floor for function if in inf info inhibitory inline input integer integrate_odes internals is kernel ln log10 "
    "model not or output parameters pow print println random_normal random_poisson random_uniform real recordable "
    "resolution return round sinh spike state step steps string tan timestep true update void warning while min day "
    "year deg rad bar mol cd lm lx"
)
_UNIT = re.compile(r"(da|[YZEPTGMkhdcmunpfazy])?(g|m|s|A|K|Hz|N|Pa|J|W|C|V|F|Ohm|S|Wb|T|H|Bq|Gy|Sv|kat|L|l|eV|u|h|d)")
TRANSMITTER_PORT = "transmitter_spikes"
_PORTS = {"pre": "pre_spikes", "post": POST_PORT, "third_factor": TRANSMITTER_PORT, "clock": TRANSMITTER_PORT}
_NOW, _LATE = "now", "is_late"  # states of a synapse with a transmitter


class _Printer(StrPrinter):
    """NESTML text; bases of broken powers are made plain numbers of ms."""

    def __init__(self, units: Mapping[str, str]):
        super().__init__()
        self.units = units

    def _print_number(self, value: sp.Number) -> str:
        return number(float(value))

    _print_Float = _print_Rational = _print_Pi = _print_Exp1 = _print_number

    def _print_Function(self, function: sp.Function) -> str:
        return f"{_FUNCTIONS[function.func]}({', '.join(map(self._print, function.args))})"

    _print_Abs = _print_exp = _print_log = _print_expm1 = _print_Function

    def _print_Heaviside(self, step: sp.Heaviside) -> str:
        argument = step.args[0]
        power = seconds_power(unit_of(argument, self.units))
        return f"(({self._print(argument)}) > {quantity(0.0, power)} ? 1.0 : 0.0)"

    def _print_Max(self, largest: sp.Max) -> str:
        return self._nested("max", largest.args)

    def _print_Min(self, least: sp.Min) -> str:
        return self._nested("min", least.args)

    def _nested(self, name: str, arguments: tuple) -> str:
        first, *others = map(self._print, arguments)
        for other in others:
            first = f"{name}({first}, {other})"
        return first

    def _print_Pow(self, power: sp.Pow, rational: bool = False) -> str:
        if power.exp.is_Integer:
            base = self.parenthesize(power.base, PRECEDENCE["Pow"], strict=False)
            whole = f"{base}**{abs(int(power.exp))}" if abs(power.exp) != 1 else base
            return whole if power.exp > 0 else f"1/{whole}"
        unit = seconds_power(unit_of(power.base, self.units))
        result = sp.nsimplify(unit * power.exp)
        if unit and not result.is_Integer:
            raise InputError(f"NESTML cannot say {power}, a broken power of a time")
        base = f"({self._print(power.base)}){_ms(-unit)}"
        return f"({base})**{self.parenthesize(power.exp, PRECEDENCE['Pow'], strict=False)}{_ms(int(result))}"


def synapse_text(rule: Rule, name: str, head: list[str]) -> str:
    r"""Text of a NESTML synapse under a head of comments.

    Raises
    ------
    InputError
        If NESTML cannot say what the rule does; names what it is.

    Examples
    --------
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> text = synapse_text(pair_stdp(), "pair_stdp_synapse", ["Pairs."])
    >>> print(*text.splitlines()[:4], sep="\n")
    # Pairs.
    model pair_stdp_synapse:
        state:
            w real = 1.0  # weight
    """
    check(rule)
    ports = dict.fromkeys(["pre_spikes", POST_PORT, *(_PORTS[e] for e in rule.events)])
    blocks = {
        "state": _states(rule),
        "parameters": _parameters(rule),
        "equations": _equations(rule),
        "input": [f"{port} <- spike" for port in ports],
        "output": ["spike"],
        **_handlers(rule),
        "update": _update(rule),
    }
    text = [*(f"# {line}".rstrip() for line in head), f"model {name}:"]
    for title, lines in blocks.items():
        text += [f"    {title}:", *(f"        {line}" for line in lines), ""]
    return "\n".join(text)


def own_states(rule: Rule) -> list[str]:
    """Names of all states of the synapse, which must not be moved to the neuron."""
    return [line.split()[0] for line in _states(rule)]


def transmitted(rule: Rule) -> str:
    """Event that reaches the synapse by a volume transmitter, or empty."""
    return next((event for event in ("third_factor", "clock") if event in rule.events), "")


def check(rule: Rule) -> None:
    """Refuse a rule that NESTML cannot say, by what it is that it cannot.

    Raises
    ------
    InputError
    """
    cannot = f"rule {rule.name!r} cannot be exported to NESTML"
    if "pre_delayed" in rule.events:
        raise InputError(f"{cannot}: it acts some time after a pre spike, when a synapse of NEST receives nothing")
    if {"third_factor", "clock"} <= set(rule.events):
        raise InputError(f"{cannot}: it acts at a third factor and a clock, but a synapse has one volume transmitter")
    if rule.inputs:
        needed = ", ".join(s.name for s in rule.inputs)
        remedy = "compose a rule of gradients with a signal of spikes (rule.with_signal)"
        remedy = "run it in a circuit with such neurons" if rule.variables else remedy
        raise InputError(f"{cannot}: it reads {needed}, which spikes do not provide; {remedy}")
    for p in rule.parameters:
        if p.value is None or np.ndim(p.value):
            raise InputError(
                f"{p.name} of rule {rule.name!r} must be one number for NESTML, got {p.value!r}; in NEST every synapse "
                "can then have its own"
            )
    for name in (*rule.values, *(s.name for s in rule.states)):
        if name in (*_WORDS.split(), _NOW, _LATE) or _UNIT.fullmatch(name):
            raise InputError(f"rule {rule.name!r} defines {name!r}, a word or unit of NESTML; rename it")
    used = set().union(*(e.atoms(sp.Function, sp.Min, sp.Max, sp.Piecewise) for e in expressions(rule)))
    unknown = sorted(str(f) for f in used if not isinstance(f, _KNOWN))
    if unknown:
        raise InputError(f"{cannot}: it uses {unknown[0]}, which NESTML does not have")


def number(value: float) -> str:
    """Literal of a number that NESTML does not round: it writes nine digits, and 1e-10 as 1.0e-1.

    Examples
    --------
    >>> number(0.00472), number(1 / 3), number(1e-10)
    ('0.00472', '(1.0*3333333333333333/10000000000000000)', '(1.0*1/10000000000)')
    """
    if float(f"{value:#.9g}".rstrip("0")) == value:
        return repr(value)
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    whole = f"{'-' if sign else ''}1.0*{''.join(map(str, digits))}"
    power = int(exponent)
    for part in [18] * (abs(power) // 18) + [abs(power) % 18]:  # integers of 64 bits
        whole += f"{'*' if power > 0 else '/'}{10**part}"
    return f"({whole})"


def quantity(value: float, power: int) -> str:
    """Literal of a number with the unit ms**power.

    Examples
    --------
    >>> quantity(20.0, 1), quantity(0.5, 0), quantity(0.01, -1), quantity(2.0, 2)
    ('20.0 ms', '0.5', '0.01/(1 ms)', '2.0*(1 ms)**2')
    """
    text = number(value)
    return f"{text} ms" if power == 1 and not text.startswith("(") else f"{text}{_ms(power)}"


def _ms(power: int) -> str:
    """Factor ms**power."""
    exponent = "" if abs(power) == 1 else f"**{abs(power)}"
    return "" if power == 0 else f"{'*' if power > 0 else '/'}(1 ms){exponent}"


def _type(power: int) -> str:
    """Type of a variable with the unit ms**power."""
    unit = "ms" if abs(power) == 1 else f"ms**{abs(power)}"
    return "real" if power == 0 else unit if power > 0 else f"1/{unit}"


def _units(rule: Rule) -> dict[str, str]:
    states, parameters = {s.name: s.unit for s in rule.states}, {p.name: p.unit for p in rule.parameters}
    return {WEIGHT.name: "1", _ELAPSED.name: "s", **states, **parameters}


def _declared(name: str, value: float, power: int, meaning: str = "") -> str:
    """Declaration of a variable whose value is in powers of s; in the text it is in ms."""
    comment = f"  # {meaning}" if meaning else ""
    return f"{name} {_type(power)} = {quantity(float(value) * 1000.0**power, power)}{comment}"


def _states(rule: Rule) -> list[str]:
    powers = {s.name: seconds_power(s.unit) for s in rule.states} | {WEIGHT.name: 0}
    initial = {s.name: s.initial for s in rule.states} | {WEIGHT.name: 1.0}
    lines = [_declared("w", 1.0, 0, "weight")]
    lines += [_declared(s.name, s.initial, powers[s.name], s.meaning) for s in rule.states]
    lines.append(f"{SINCE} ms = 1.0 ms  # time since the last event that can be undone")
    lines += [_declared(_before(name), initial[name], powers[name], "before it") for name in _undone(rule)]
    if transmitted(rule):
        lines += [f"{_has(event)} real = 0.0  # whether it was there" for event in _order(rule)]
        lines += [f"{_NOW} ms = 0.0 ms", f"{_LATE} real = 0.0  # whether an event came too late"]
    return lines


def _parameters(rule: Rule) -> list[str]:
    lines = [_declared(p.name, p.value, seconds_power(p.unit), p.meaning) for p in rule.parameters]
    lines += [_declared(name, value, 0) for name, value in _bounds(rule).items()]
    return [*lines, f"{DELAY} ms = 1.0 ms  # of the connection; post spikes reach the synapse so much later"]


def _equations(rule: Rule) -> list[str]:
    """What relaxes on its own; NESTML solves it exactly."""
    printer = _Printer(_units(rule))
    lines = [f"{v.name}' = {printer.doprint(flows(rule)[v])}" for v, rate in relaxing(rule).items() if rate != 0]
    return [*lines, f"{SINCE}' = 1"]


def _update(rule: Rule) -> list[str]:
    """What passes between events: variables that others drive in closed form, then the equations."""
    printer = _Printer(_units(rule))
    lines = [f"{v.name} = {printer.doprint(value)}" for v, value in driven(rule, _ELAPSED).items()]
    lines += ["integrate_odes()", *(_clipped(rule) if rule.weight_flow != 0 else [])]
    return [*_is_late(), *lines, f"{_NOW} = t + {_ELAPSED}"] if transmitted(rule) else lines


def _handlers(rule: Rule) -> dict[str, list[str]]:
    """What every event does, by the title of its block."""
    order = _order(rule)
    events = {e: _with_transmitter(rule, e) for e in order} if transmitted(rule) else {"post": _on_post(rule)}
    if not transmitted(rule):
        events["pre"] = _on_pre(rule)
    return {f"onReceive({_PORTS[event]})": lines for event, lines in events.items()}


def _on_post(rule: Rule) -> list[str]:
    """What a post spike does, after a copy of all that it changes."""
    copies = [f"{_before(name)} = {name}" for name in _undone(rule)]
    return [*copies, *_assignments(rule, "post"), f"{SINCE} = 0.0 ms"]


def _on_pre(rule: Rule) -> list[str]:
    """What a pre spike does: at a coincidence it undoes the post spike, and repeats it after its own action."""
    undone = [f"{name} = {_before(name)}" for name in _undone(rule)]
    own = [*_assignments(rule, "pre"), "emit_spike(w)"]
    if not undone:
        return own
    again = _if("is_coincidence", _assignments(rule, "post"))
    return [f"is_coincidence boolean = {SINCE} < {TIE}", *_if("is_coincidence", undone), *own, *again]


def _with_transmitter(rule: Rule, event: str) -> list[str]:
    """What an event does where three can coincide: undo those of its time, and repeat all of them in their order."""
    undone = [f"{name} = {_before(name)}" for name in _undone(rule)]
    copies = [f"{_before(name)} = {name}" for name in _undone(rule)]
    lines = [*_if(f"{SINCE} < {TIE}", undone), *_if(f"{SINCE} >= {TIE}", [*copies, *_cleared(rule)])]
    lines.append(f"{_has(event)} = 1.0")
    for each in _order(rule):
        lines += _if(f"{_has(each)} > 0.5", _assignments(rule, each))
    lines.append(f"{SINCE} = 0.0 ms")
    return [*lines, *_is_late(), *_if(f"{_LATE} > 0.5", ["w = ln(-1.0)"]), "emit_spike(w)"] if event == "pre" else lines


def _is_late() -> list[str]:
    """Note an event whose time is not that up to which the synapse was advanced."""
    return _if(f"{_NOW} - t > {TIE} or t - {_NOW} > {TIE}", [f"{_LATE} = 1.0"])


def _cleared(rule: Rule) -> list[str]:
    return [f"{_has(event)} = 0.0" for event in _order(rule)]


def _if(condition: str, lines: list[str]) -> list[str]:
    return [f"if {condition}:", *(f"    {line}" for line in lines)] if lines else []


def _order(rule: Rule) -> list[str]:
    """Events in the order in which they act at one time; a pre spike always does something: it is transmitted."""
    return [event for event in _PORTS if event in rule.events or event == "pre"]


def _has(event: str) -> str:
    return f"has_{event}_event"


def _undone(rule: Rule) -> list[str]:
    """Variables that must be put back at a coincidence."""
    events = _order(rule) if transmitted(rule) else ["post"]
    changed = {u.target for event in events for u in rule.events.get(event, ())}
    return [v.name for v in flows(rule) if v.name in changed]


def _before(name: str) -> str:
    return f"{name}{_BEFORE}"


def _assignments(rule: Rule, event: str) -> list[str]:
    printer, units = _Printer(_units(rule)), _units(rule)
    lines: list[str] = []
    for update in rule.events.get(event, ()):
        power = seconds_power(units[update.target])
        value = quantity(0.0, power) if update.expression == 0 else printer.doprint(update.expression)
        lines.append(f"{update.target} = {value}")
        lines += _clipped(rule) if update.target == WEIGHT.name else []
    return lines


def _bounds(rule: Rule) -> dict[str, float]:
    """Finite bounds of the weight, by name."""
    both = zip((LOW, HIGH), rule.bounds or (), strict=False)
    return {name: float(value) for name, value in both if np.isfinite(value)}


def _clipped(rule: Rule) -> list[str]:
    limits = {LOW: f"w = max({LOW}, w)", HIGH: f"w = min({HIGH}, w)"}
    return [limits[name] for name in _bounds(rule)]
