"""Locality and cost of a rule: the sources of every term, when it acts, memory and operations per synapse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import sympy as sp

from plasticity.compile.classify import clock_driven, event_driven
from plasticity.compile.mean_field import on_rates
from plasticity.compile.owner import Ownership, ownership, rate_ownership
from plasticity.errors import InputError
from plasticity.pages.markdown import markdown
from plasticity.rule import CURVATURE, GRADIENT, WEIGHT, Parameter, Rule, State, flows, free_symbols
from plasticity.support.late import call

_OWNERS = {"pre": "pre neuron", "post": "post neuron", "synapse": "synapse"}
_EVENTS = {"pre": "pre spike", "post": "post spike", "third_factor": "third factor", "pre_delayed": "delayed pre spike"}
_STATED = {"discount", "plasticity", "loss_weight", "metric"} | {
    "tau_gradient", "gradient_variance", "gradient_mean", "observation_variance"
}  # fmt: skip  # parameters of an objective whose cost `coupling_excess` knows, and of beliefs about the gradient
_OPEN = "from a signal or a landscape"
_CLASSES = (  # from cheap to expensive
    "at spikes only: nothing is computed between the spikes of the two neurons",
    "at clock ticks: every synapse at every tick, and in between at spikes only",
    "every time step: every synapse",
)


@dataclass(frozen=True)
class Term:
    """One summand of the change of a variable of the synapse.

    Parameters
    ----------
    variable : str
        Variable that changes.
    when : str
        Event at which the term is added, or how often the flow is integrated.
    expression : sympy expression
        Increment at the event, or rate of change.
    sources : tuple of str
        Origins of its quantities.
    is_local : bool
        Whether all sources are the two neurons and the synapse.
    """

    variable: str
    when: str
    expression: sp.Expr
    sources: tuple[str, ...]
    is_local: bool

    @property
    def verdict(self) -> str:
        """``"local"``, ``"third factor"``, or ``"as the signal"`` while the rule lacks one."""
        if any(s.endswith(_OPEN) for s in self.sources):
            return "as the signal"
        return "local" if self.is_local else "third factor"


@dataclass(frozen=True)
class Cost:
    """Memory and operations of a synapse.

    Parameters
    ----------
    variables : tuple of str
        Stored per synapse, 8 bytes each.
    per_event : dict of str to int
        Arithmetic operations by event; ``"step"`` is every time step.
    rank : int
        0 per spike, 1 per clock tick, 2 per time step.
    """

    variables: tuple[str, ...]
    per_event: dict[str, int]
    rank: int

    @property
    def bytes(self) -> int:
        """Bytes per synapse for its variables, without the indices of its two neurons."""
        return 8 * len(self.variables)


def terms(rule: Rule) -> tuple[Term, ...]:
    """Every summand of the flows and jumps of a rule, weight first.

    Examples
    --------
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> [(t.variable, t.when, str(t.expression)) for t in terms(pair_stdp())][0]
    ('pre_trace', 'exact at events', '-pre_trace/tau_plus')
    """
    clocked = clock_driven(rule)
    listed = []
    for variable, flow in flows(rule).items():
        when = "every time step" if variable in clocked else "exact at events"
        listed += [_term(rule, variable.name, when, e) for e in _summands(flow)]
    for event, updates in rule.events.items():
        for update in updates:
            change = update.expression - _symbol(rule, update.target)
            listed += [_term(rule, update.target, _name(rule, event), e, event) for e in _summands(change)]
    return tuple(listed)


def cost(rule: Rule, in_neurons: bool = False) -> Cost:
    """Memory and operations of a synapse with this rule, with or without the traces that its neurons own.

    Examples
    --------
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> cost(pair_stdp()).variables, cost(pair_stdp()).bytes
    (('w', 'pre_trace', 'post_trace', 'last event'), 32)
    >>> cost(pair_stdp(), in_neurons=True).variables
    ('w',)
    """
    away = {name for name, state in ownership(rule).items() if in_neurons and state.owner != "synapse"}
    clocked = {v for v in clock_driven(rule) if v.name not in away}
    relaxing = [v for v in event_driven(rule) if v not in clocked and flows(rule)[v] != 0 and v.name not in away]
    used = {s.name for s in free_symbols(rule)}
    arrays = [p.name for p in rule.parameters if np.ndim(p.value) and p.name in used]
    arrays += ["number of the synapse"] if "white_noise" in used else []
    states = [s.name for s in rule.states if s.name not in away]
    variables = (WEIGHT.name, *states, *(["last event"] if relaxing else []), *arrays)
    operations = {
        event: _operations(*(u.expression for u in us if u.target not in away)) for event, us in rule.events.items()
    }
    if clocked:
        operations["step"] = _operations(*(flows(rule)[v] for v in clocked))
    rank = 2 if clocked else (1 if "clock" in rule.events else 0)
    return Cost(variables, operations, rank)


def coupling_excess(rule: Rule) -> dict[float, float]:
    """What a derived rule costs beyond the optimum on two weights that the loss couples, by their correlation ρ.

    The loss is ``½c (w_1² + 2ρ w_1w_2 + w_2²)`` with ηkc = 1/s²; the excess is tr X/tr P of `plasticity.excess`.
    Empty for rules that do not flow, have no numbers yet, or minimise another objective (momentum, a hazard, a drift).

    Examples
    --------
    >>> from plasticity.rules.ballistic import ballistic
    >>> {rho: round(value, 3) for rho, value in coupling_excess(ballistic()).items()}
    {0.5: 0.035, 0.9: 0.18}
    """
    return {} if _without_number(rule) else dict(_coupled(rule.weight_flow, rule.states, rule.parameters))


@lru_cache(256)
def _coupled(flow: sp.Expr, states: tuple[State, ...], parameters: tuple[Parameter, ...]) -> Mapping[float, float]:
    rule = Rule("", "", flow, states, parameters=parameters)
    values = rule.values
    objective = call(
        "plasticity.objective:Objective",
        values.get("discount", 0.0),
        values["plasticity"],
        values["loss_weight"],
        metric=values.get("metric"),
    )
    scale = 1 / (values["plasticity"] * values["loss_weight"])
    losses = {rho: scale * np.array([[1.0, rho], [rho, 1.0]]) for rho in (0.5, 0.9)}
    quadratic = {rho: call("plasticity.landscapes:Quadratic", h, np.zeros(2)) for rho, h in losses.items()}
    return {rho: call("plasticity.optimality:excess", rule, objective, q).relative for rho, q in quadratic.items()}


def _without_number(rule: Rule) -> str:
    """Why `coupling_excess` has no number for a rule; empty if it has."""
    if rule.events:
        return "the rule moves in steps, whose cost depends on their length: `simulate` it and take `path_excess`"
    if "velocity" in {s.name for s in rule.states}:
        return "the rule pays for acceleration, and the least cost of velocities is no bound for it"
    if other := sorted(set(rule.values) - _STATED):
        return f"it depends on the loss and on {', '.join(other)}: `excess(rule, objective, landscape)`"
    if not {"plasticity", "loss_weight"} <= set(rule.values):
        return "the rule states no objective"
    if any(value is None or np.ndim(value) for value in rule.values.values()):
        return "a parameter has no value, or one per synapse"
    return ""


def report(rule: Rule) -> str:
    """Account of a rule as Markdown: local or third factor, event or clock, bytes and cost class per synapse.

    Parameters
    ----------
    rule : Rule
        Composed with a signal, if it needs a gradient.

    Returns
    -------
    str

    Examples
    --------
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> print(report(pair_stdp()).splitlines()[2])
    **Locality:** all terms are local: they use the two neurons and the synapse itself.
    """
    rows = [
        f"| {t.variable} | {t.when} | `{t.expression}` | {', '.join(t.sources)} | {t.verdict} |" for t in terms(rule)
    ]
    lines = [f"**{name}:** {text}" for name, text in summary(rule).items()]
    return "\n".join(
        [
            f"# {markdown(rule.title)}",
            "",
            *lines,
            "",
            "| variable | when | term | uses | |",
            "|---|---|---|---|---|",
            *rows,
        ]
    )


def summary(rule: Rule) -> dict[str, str]:
    """Locality, cost class, memory, operations and excess cost of a synapse with this rule, a sentence each."""
    every, price = terms(rule), cost(rule)
    per_event = [
        f"{n} per {_name(rule, event) if event != 'step' else 'time step'}" for event, n in price.per_event.items()
    ]
    return {
        "Locality": _locality(rule, every),
        "Cost class": f"{_CLASSES[price.rank]}.",
        "Memory": f"{price.bytes} bytes per synapse: {', '.join(price.variables)}; and indices of two neurons.",
        "Operations": f"{', '.join(per_event) or 'none'}.",
        **({"Traces": _traces(rule)} if rule.states else {}),
        **({"Excess cost": _excess(rule)} if rule.steps and GRADIENT in rule.inputs else {}),
    }


def _excess(rule: Rule) -> str:
    """What being local costs a derived rule, in words, or why that is no number."""
    costs = coupling_excess(rule)
    if not costs:
        return f"no number: {_without_number(rule)}."
    listed = ", ".join(f"{100 * value:.3g} % at ρ = {rho:g}" for rho, value in costs.items())
    return (
        f"{listed} beyond the least cost, on two weights whose curvatures are correlated by ρ (ηkv = 1/s²), averaged "
        "over starts."
    )


def _traces(rule: Rule) -> str:
    """Which states are variables of neurons, and why others are not."""
    rates = _on_rates(rule)
    sentences = _in_rates(rates) if rates is not None else []
    if rates is not rule:
        sentences = [*_in_spikes(rule), *sentences]
    elif staying := _staying(rate_ownership(rule)):
        sentences.append(staying)
    return "; ".join(sentences) + "."


def _in_spikes(rule: Rule) -> list[str]:
    owners = ownership(rule)
    moved = [f"{name} ({state.owner} neuron)" for name, state in owners.items() if state.owner != "synapse"]
    n_bytes = cost(rule, in_neurons=True).bytes
    own = f"where neurons have many synapses, they own {', '.join(moved)}, and a synapse {n_bytes} bytes"
    return [*([own] if moved else []), *([staying] if (staying := _staying(owners)) else [])]


def _in_rates(rule: Rule) -> list[str]:
    owners = rate_ownership(rule)
    moved = [f"{name} ({state.owner} neuron)" for name, state in owners.items() if state.owner in ("pre", "post")]
    common = [name for name, state in owners.items() if state.owner == "all"]
    own = [f"in rate networks neurons own {', '.join(moved)}"] if moved else []
    return [*own, *([f"in rate networks all synapses share {', '.join(common)}"] if common else [])]


def _staying(owners: Mapping[str, Ownership]) -> str:
    own = [f"{name}, because it {state.reason}" for name, state in owners.items() if state.owner == "synapse"]
    return f"each synapse has its own {'; '.join(own)}" if own else ""


def _on_rates(rule: Rule) -> Rule | None:
    """The rule as rate networks run it; None where they cannot."""
    try:
        rates = on_rates(rule)
        call("plasticity.compile.dense:check_supplied", rates)
    except InputError:
        return None
    return rates


def _locality(rule: Rule, every: Sequence[Term]) -> str:
    if all(t.is_local for t in every):
        return "all terms are local: they use the two neurons and the synapse itself."
    sentences = []
    for verdict, need in (("third factor", "a third factor"), ("as the signal", "what a signal must provide")):
        matching = [t for t in every if t.verdict == verdict]
        foreign = dict.fromkeys(s for t in matching for s in t.sources if s not in _OWNERS.values())
        meanings = [f"{v.name} ({v.meaning})" if (v := rule.locals.get(name)) else name for name in foreign]
        if matching:
            sentences.append(f"{len(matching)} of {len(every)} terms need {need}: {'; '.join(meanings)}")
    return ". ".join(sentences) + "; the others are local."


def _term(rule: Rule, variable: str, when: str, expression: sp.Expr, event: str = "") -> Term:
    sources: list[str] = []
    symbols = sorted(expression.free_symbols, key=str)
    parameters = {p.name for p in rule.parameters}
    for symbol in symbols:
        if symbol in (GRADIENT, CURVATURE):
            sources.append(f"{symbol} {_OPEN}")
        elif symbol.name in rule.locals:
            owner = rule.locals[symbol.name]
            sources.append(symbol.name if owner.is_third_factor else _OWNERS[owner.index])
        elif symbol.name not in parameters:
            sources.append("synapse")
    if event in ("pre", "post"):
        sources.append(_OWNERS[event])
    if event == "pre_delayed":
        sources.append(_OWNERS["pre"])
    if event == "third_factor":
        sources.append("third-factor event")
    sources = list(dict.fromkeys(sources)) or ["nothing"]
    local = all(s in (*_OWNERS.values(), "nothing") for s in sources)
    return Term(variable, when, expression, tuple(sources), local)


def _name(rule: Rule, event: str) -> str:
    if event != "clock":
        return _EVENTS[event]
    return "clock tick" if rule.clock_dt is None else f"clock tick ({rule.clock_dt:g} s)"


def _symbol(rule: Rule, name: str) -> sp.Symbol:
    return WEIGHT if name == WEIGHT.name else next(s.symbol for s in rule.states if s.name == name)


@lru_cache(4096)
def _summands(expression: sp.Expr) -> tuple[sp.Expr, ...]:
    expression = expression.expand(deep=False)
    return () if expression == 0 else sp.Add.make_args(expression)


@lru_cache(4096)
def _operations(*expressions: sp.Expr) -> int:
    """Arithmetic operations, with what expressions share counted once."""
    shared, rest = sp.cse(expressions)
    return int(sum(sp.count_ops(e) for _, e in shared) + sum(sp.count_ops(e) for e in rest))
