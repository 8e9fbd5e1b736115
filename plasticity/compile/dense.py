"""Rule → numba source of one pass over a dense matrix of plastic weights.

The pass updates weights and states of all synapses from local variables of the pre- and postsynaptic neurons, keeps
them within their limits, and adds up the input current of the next step from the new weights. So the weights are read
and written once per step. What is the same along a row is taken out of the inner loop.

Every pass has the same arguments (`PASS`), so that one loop over the projections of a network calls all of them.
"""

from __future__ import annotations

import sympy as sp

from plasticity.compile.elementwise import CLIPPED, DRIFT_VELOCITY, MOVED, PERMITTED, python_text
from plasticity.compile.euler import STEP, common_states, euler
from plasticity.compile.generated import python_code
from plasticity.compile.native import REORDERED, Signature, native
from plasticity.errors import InputError
from plasticity.local import LOCALS
from plasticity.rule import CURVATURE, GRADIENT, WEIGHT, Rule

POST = ("post_rate", "post_slope", "post_error", "learning_signal", "perturbation", "post_information")
PRE = ("pre_rate",)
SHARED = ("loss_difference",)
SYNAPSE = ("weight_perturbation",)
SUPPLIED = (*PRE, *POST, *SYNAPSE, *SHARED)
LOW, HIGH = "_low_bound", "_high_bound"
PASS = Signature(
    arrays=("_w", "_s", "_pre", "_post", "_noise", "_shared", "_p", "_next_pre", "_current", "_limits", "_change"),
    integers=("_n_post", "_n_pre", "_tick"),
)
LIMITS = ("mask", "low", "high", "drift")  # one array after the other in _limits


def synapse_source(rule: Rule, limits: str = "none") -> str:
    """Text of the function `advance` that takes all synapses of a projection through one explicit Euler step.

    Its arguments are weights (n_post, n_pre), states (n_states, n_post, n_pre), local variables in the rows of
    `PRE` and `POST`, noise of the weights, shared variables, parameters (see `parameter_names`), presynaptic rates of
    the next step, the current to add to, limits of every synapse, an array for the changes, sizes, and whether the
    clock of the rule ticks at the end of the step.

    Parameters
    ----------
    rule : Rule
    limits : {"none", "deferred", "each", "coupled"}
        No limits but the bounds of the rule; the same for a pass at clock ticks only, where nothing flows between them
        (`plasticity.compile.deferred`); mask, bounds and drift per synapse; or limits that couple synapses, where the
        changes are noted, but not carried out (`plasticity.compile.compiled_limits`).

    Raises
    ------
    InputError
        If the rule asks for what no rate network has, or runs on spikes.

    Examples
    --------
    >>> from plasticity.compile.mean_field import on_rates
    >>> from plasticity.rules.oja import oja
    >>> "_total += w * _next_pre[_j]" in synapse_source(on_rates(oja()))
    True
    """
    check_supplied(rule)
    lines = _loop(rule, limits, ticking="clock" in rule.events)
    if "clock" in rule.events and limits != "deferred":
        idle = _loop(rule, limits, ticking=False)
        lines = ["if _tick:", *_deeper(lines), "else:", *_deeper(idle)]
    return native("advance", PASS, [*parameter_lines(rule), *lines], REORDERED)


def parameter_names(rule: Rule) -> list[str]:
    """Names behind the entries of the parameter vector of a pass."""
    return [*(p.name for p in rule.parameters), STEP.name, LOW, HIGH]


def check_supplied(rule: Rule) -> None:
    """Refuse a rule that asks for what no rate network has.

    Raises
    ------
    InputError
        Naming it, and the remedy.
    """
    for symbol in rule.inputs:
        if symbol in (GRADIENT, CURVATURE):
            raise InputError(
                f"rule {rule.name!r} asks for the {symbol}; pass a signal that gives it, such as exact_error"
            )
        if symbol.name not in SUPPLIED:
            raise InputError(
                f"rule {rule.name!r} asks for {symbol} ({LOCALS[symbol.name].meaning}), which rate networks do not "
                f"have; they have {', '.join(SUPPLIED)}"
            )
    spikes = [event for event in ("pre", "post") if event in rule.events]
    if spikes:
        raise InputError(f"rule {rule.name!r} acts at {spikes[0]} spikes; use mean_field.on_rates first")


def parameter_lines(rule: Rule) -> list[str]:
    """Lines that read parameters and shared variables from the arguments `_p` and `_shared`."""
    lines = [f"{n} = _p[{k}]" for k, n in enumerate(parameter_names(rule))]
    return lines + [f"{n} = _shared[{k}]" for k, n in enumerate(SHARED) if LOCALS[n].symbol in rule.inputs]


def _loop(rule: Rule, limits: str, ticking: bool) -> list[str]:
    """Lines of the loop over all synapses."""
    flowing = {} if limits == "deferred" else euler(rule)
    ticks = rule.events["clock"] if ticking else ()
    program = _Program(rule)
    program.flow(flowing)
    for update in ticks:
        program.assign(update.target, update.expression)
    changed = {*flowing, *(u.target for u in ticks)} - set(program.common)
    read = {x.name for e in (*flowing.values(), *(u.expression for u in ticks)) for x in e.free_symbols}
    own = {k: s.name for k, s in enumerate(rule.states) if s.name in read | changed and s.name not in program.common}
    row = [f"{n} = _post[{k} * _n_post + _i]" for k, n in enumerate(POST) if n in read]
    row += [f"{symbol.name} = {python_code(e)}" for e, symbol in program.rows.items()]
    row += ["_row = _i * _n_pre", *(f"_row_{k} = ({k} * _n_post + _i) * _n_pre" for k in own)]
    inner = [f"{n} = _pre[{k} * _n_pre + _j]" for k, n in enumerate(PRE) if n in read]
    inner += [f"{n} = _noise[_row + _j]" for n in SYNAPSE if n in read]
    inner += ["w = _w[_row + _j]", *(f"{name} = _s[_row_{k} + _j]" for k, name in own.items() if name in read)]
    inner += ["_old = w"] if limits in ("each", "coupled") else []
    inner += program.body
    inner += [f"_s[_row_{k} + _j] = {name}" for k, name in own.items() if name in changed]
    if limits == "coupled":
        inner.append("_change[_row + _j] = w - _old")
    else:
        inner += _limited(rule, limits)
        inner += ["_w[_row + _j] = w"] if limits == "each" or WEIGHT.name in changed else []
        row.append("_total = 0.0")
        inner.append("_total += w * _next_pre[_j]")
    loop = ["for _i in range(_n_post):", *_deeper(row)]
    if limits == "each":
        loop += [f"    _{n} = ({k} * _n_post + _i) * _n_pre" for k, n in enumerate(LIMITS)]
    loop += ["    for _j in range(_n_pre):", *_deeper(_deeper(inner))]
    loop += [] if limits == "coupled" else ["    _current[_i] += _total"]
    return [*program.before, *loop, *program.after]


class _Program:
    """Lines of the loop: its `body`, what is the same in `rows`, and what all synapses have in common, `before` it.

    States that all synapses have in common, such as a count of ticks, are stored by the first synapse.
    """

    def __init__(self, rule: Rule):
        self.rule, self.common = rule, common_states(rule, frozenset(LOCALS))
        self.first = {s.name: f"_s[{k} * _n_post * _n_pre]" for k, s in enumerate(rule.states)}
        self.now = {s.symbol: sp.Symbol(f"_now_{s.name}", real=True) for s in rule.states if s.name in self.common}
        self.before = [f"_now_{name} = {self.first[name]}" for name in self.common]
        self.stored: dict[str, str] = {}
        self.body: list[str] = []
        self.rows: dict[sp.Expr, sp.Symbol] = {}
        own = (s.symbol for s in rule.states if s.name not in self.common)
        self.inner = {WEIGHT, *own, *(LOCALS[n].symbol for n in (*PRE, *SYNAPSE))}

    @property
    def after(self) -> list[str]:
        """Lines after the loop: the new values of common states."""
        return [f"{self.first[name]} = {value}" for name, value in self.stored.items()]

    def code(self, expression: sp.Expr) -> str:
        """Text of an expression at this place; what is the same in a row goes before its loop."""
        here = expression.xreplace(self.now)
        return python_code(hoisted(here, self.inner, self.rows))

    def flow(self, following: dict[str, sp.Expr]) -> None:
        """The Euler step of all that flows, at once."""
        own = {name: self.code(e) for name, e in following.items() if name not in self.common}
        self.body += [f"_next_{name} = {text}" for name, text in own.items()]
        self.body += [f"{name} = _next_{name}" for name in own]
        together = {name: e.xreplace(self.now) for name, e in following.items() if name in self.common}
        for name, e in together.items():
            self._advance(name, e)

    def assign(self, name: str, expression: sp.Expr) -> None:
        """One assignment at a tick."""
        if name in self.common:
            self._advance(name, expression.xreplace(self.now))
            return
        self.body.append(f"{name} = {self.code(expression)}")
        if name == WEIGHT.name and self.rule.bounds is not None:
            self.body.append(f"w = {python_text(CLIPPED, weight='w', low=LOW, high=HIGH)}")

    def _advance(self, name: str, value: sp.Expr) -> None:
        """Give a common state a new value, under a new name."""
        fresh = sp.Symbol(f"_then{len(self.before)}_{name}", real=True)
        self.before.append(f"{fresh.name} = {python_code(value)}")
        self.now = {s: fresh if s.name == name else v for s, v in self.now.items()}
        self.stored[name] = fresh.name


def hoisted(expression: sp.Basic, varying: set[sp.Symbol], constants: dict[sp.Expr, sp.Symbol]) -> sp.Basic:
    """Replace the largest parts of `expression` that are free of `varying` by symbols, added to `constants`.

    So a loop evaluates them once.

    Examples
    --------
    >>> x, a, b = sp.symbols("x a b")
    >>> constants = {}
    >>> hoisted(sp.sqrt(a + b) * x + 1, {x}, constants), constants
    (_r0*x + 1, {sqrt(a + b): _r0})
    """
    if not isinstance(expression, sp.Expr):
        return expression.func(*(hoisted(a, varying, constants) for a in expression.args))
    if not expression.free_symbols & varying:
        if not expression.free_symbols:
            return expression
        return constants.setdefault(expression, sp.Symbol(f"_r{len(constants)}", real=True))
    if expression.is_Atom:
        return expression
    arguments = expression.args
    if isinstance(expression, sp.Add | sp.Mul):
        fixed = [a for a in arguments if not a.free_symbols & varying]
        moving = [a for a in arguments if a.free_symbols & varying]
        arguments = [expression.func(*fixed), *moving] if fixed else moving
    return expression.func(*(hoisted(a, varying, constants) for a in arguments))


def _limited(rule: Rule, limits: str) -> list[str]:
    """Lines that keep the new weight within its limits."""
    if limits == "each":
        mask, low, high, drift = (f"_limits[_{n} + _j]" for n in LIMITS)
        permitted = python_text(PERMITTED, plastic=mask, change="(w - _old)")
        velocity = python_text(DRIFT_VELOCITY, drift=drift, weight="_old")
        moved = python_text(MOVED, weight="_old", change=f"({permitted})", dt=STEP.name, velocity=f"({velocity})")
        return [f"w = {moved}", f"w = {python_text(CLIPPED, weight='w', low=low, high=high)}"]
    return [f"w = {python_text(CLIPPED, weight='w', low=LOW, high=HIGH)}"] if rule.bounds is not None else []


def _deeper(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]
