"""Rule → NESTML: the text of a synapse for NEST, all of whose states it owns.

At a coincidence NEST gives the post spike to a synapse before the pre spike; here the pre spike comes first. So the
synapse remembers its variables from before a post spike, and a pre spike at the same time puts them back, acts, and
lets the post spike act again.
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
SINCE = "since_post_spike"  # time since the last post spike, in a state
_BEFORE = "_before_post"  # of variables that a post spike changes
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
_EVENTS = {
    "third_factor": "events of a third factor, which NESTML has by a volume transmitter alone",
    "clock": "ticks of a clock, which NESTML has by a volume transmitter alone",
    "pre_delayed": "events some time after a pre spike, which a synapse of NEST does not receive",
}


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
        If the rule acts at other events than spikes, reads variables of neurons, flows without a closed form, or uses a
        function or a name that NESTML does not have for it.

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
    blocks = {
        "state": _states(rule),
        "parameters": _parameters(rule),
        "equations": _equations(rule),
        "input": ["pre_spikes <- spike", f"{POST_PORT} <- spike"],
        "output": ["spike"],
        f"onReceive({POST_PORT})": _on_post(rule),
        "onReceive(pre_spikes)": _on_pre(rule),
        "update": _update(rule),
    }
    text = [*(f"# {line}".rstrip() for line in head), f"model {name}:"]
    for title, lines in blocks.items():
        text += [f"    {title}:", *(f"        {line}" for line in lines), ""]
    return "\n".join(text)


def own_states(rule: Rule) -> list[str]:
    """Names of all states of the synapse, which must not be moved to the neuron."""
    return [*(v.name for v in flows(rule)), SINCE, *(_before(v) for v in _changed_by_post(rule))]


def check(rule: Rule) -> None:
    """Refuse a rule that NESTML cannot say, by what it is that it cannot.

    Raises
    ------
    InputError
    """
    cannot = f"rule {rule.name!r} cannot be exported to NESTML"
    for event, reason in _EVENTS.items():
        if event in rule.events:
            late = "" if event == "pre_delayed" else "; its weights under one are not those of the rule"
            raise InputError(f"{cannot}: it acts at {reason}{late}")
    if rule.inputs:
        needed = ", ".join(s.name for s in rule.inputs)
        raise InputError(
            f"{cannot}: it reads {needed}, which spikes do not provide; compose a rule of gradients with a signal of "
            "spikes (rule.with_signal)"
        )
    for p in rule.parameters:
        if p.value is None or np.ndim(p.value):
            raise InputError(
                f"{p.name} of rule {rule.name!r} must be one number for NESTML, got {p.value!r}; in NEST every synapse "
                "can then have its own"
            )
    for name in (*rule.values, *(s.name for s in rule.states)):
        if name in _WORDS.split() or _UNIT.fullmatch(name):
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
    lines.append(f"{SINCE} ms = 1.0 ms")
    for name in (v.name for v in _changed_by_post(rule)):
        lines.append(_declared(f"{name}{_BEFORE}", initial[name], powers[name], "before the last post spike"))
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
    clipped = _clipped(rule) if rule.weight_flow != 0 else []
    return [*lines, "integrate_odes()", *clipped]


def _on_post(rule: Rule) -> list[str]:
    """What a post spike does, after a copy of all that it changes."""
    copies = [f"{_before(v)} = {v.name}" for v in _changed_by_post(rule)]
    return [*copies, *_assignments(rule, "post"), f"{SINCE} = 0.0 ms"]


def _on_pre(rule: Rule) -> list[str]:
    """What a pre spike does: at a coincidence it undoes the post spike, and repeats it after its own action."""
    undone = [f"{v.name} = {_before(v)}" for v in _changed_by_post(rule)]
    own = [*_assignments(rule, "pre"), "emit_spike(w)"]
    if not undone:
        return own
    again = _assignments(rule, "post")
    return [
        f"is_coincidence boolean = {SINCE} < {TIE}",
        "if is_coincidence:",
        *(f"    {line}" for line in undone),
        *own,
        "if is_coincidence:",
        *(f"    {line}" for line in again),
    ]


def _changed_by_post(rule: Rule) -> list[sp.Symbol]:
    changed = {u.target for u in rule.events.get("post", ())}
    return [v for v in flows(rule) if v.name in changed]


def _before(variable: sp.Symbol) -> str:
    return f"{variable.name}{_BEFORE}"


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
