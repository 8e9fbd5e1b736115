"""Rule → numba source of one pass over a dense matrix of plastic weights.

The pass updates weights and states of all synapses from local variables of the pre- and postsynaptic neurons, keeps
them within their limits, and adds up the input current of the next step from the new weights. So the weights are read
and written once per step. What is the same along a row is taken out of the inner loop. A state that a neuron owns is
one number of this neuron (`plasticity.compile.owner`), advanced once per step.

Every pass has the same arguments (`PASS`), so that one loop over the projections of a network calls all of them.
"""

from __future__ import annotations

import sympy as sp

from plasticity.compile.elementwise import CLIPPED, DRIFT_VELOCITY, MOVED, PERMITTED, python_text
from plasticity.compile.euler import STEP, euler
from plasticity.compile.frozen import IS_PLASTIC
from plasticity.compile.generated import python_code
from plasticity.compile.layout import OWNERS, layout_of
from plasticity.compile.native import REORDERED, Signature, native
from plasticity.errors import InputError
from plasticity.local import LOCALS
from plasticity.rule import CURVATURE, GRADIENT, WEIGHT, NeuronVariable, Rule

POST = ("post_rate", "post_slope", "post_error", "learning_signal", "perturbation", "post_information")
PRE = ("pre_rate",)
SHARED = ("loss_difference",)
SYNAPSE = ("weight_perturbation", "white_noise")  # never both in one circuit: they are one array
SUPPLIED = (*PRE, *POST, *SYNAPSE, *SHARED)
LOW, HIGH = "_low_bound", "_high_bound"
PASS = Signature(
    arrays=("_w", "_s", "_pre", "_post", "_noise", "_shared", "_p", "_next_pre", "_current", "_limits", "_change"),
    integers=("_n_post", "_n_pre", "_tick"),
)
LIMITS = ("mask", "low", "high", "drift")  # one array after the other in _limits


def synapse_source(rule: Rule, limits: str = "none") -> str:
    """Text of the function `advance` that takes all synapses of a projection through one explicit Euler step.

    Its arguments are weights (n_post, n_pre), states (`plasticity.compile.layout`), local variables in the rows of
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
        read = rule.locals[symbol.name]
        if isinstance(read, NeuronVariable):
            raise InputError(
                f"rule {rule.name!r} reads {read.name!r} of its {read.index} neuron, but rate units have no variables "
                f"of their own; read {read.index}_rate, or use a spiking circuit"
            )
        if symbol.name not in SUPPLIED:
            raise InputError(
                f"rule {rule.name!r} asks for {symbol} ({read.meaning}), which rate networks do not have; "
                f"use a spiking circuit that provides it, or read what they have: {', '.join(SUPPLIED)}"
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
    changed = {*flowing, *(u.target for u in ticks)}
    read = {x.name for e in (*flowing.values(), *(u.expression for u in ticks)) for x in e.free_symbols}
    own = {k: name for k, name in enumerate(program.layout.of("synapse")) if name in read | changed}
    of_pre = [name for name in program.layout.of("pre") if name in read | changed]
    row = [f"{n} = _post[{k} * _n_post + _i]" for k, n in enumerate(POST) if n in read]
    row += program.lines["post"]
    row += [f"{symbol.name} = {python_code(e)}" for e, symbol in program.rows.items()]
    row += ["_row = _i * _n_pre", *(f"_row_{k} = ({k} * _n_post + _i) * _n_pre" for k in own)]
    by_pre = [f"{n} = _pre[{k} * _n_pre + _j]" for k, n in enumerate(PRE) if n in read]
    by_pre += [f"{name} = {program.stored(name)}" for name in of_pre]
    inner = [*by_pre, *(f"{n} = _noise[_row + _j]" for n in SYNAPSE if n in read)]
    inner += ["w = _w[_row + _j]", *(f"{name} = _s[_row_{k} + _j]" for k, name in own.items() if name in read)]
    inner += ["_old = w"] if limits in ("each", "coupled") else []
    inner += program.lines["synapse"]
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
    storing = [f"{program.stored(name)} = {name}" for name in of_pre if name in changed]
    if storing:
        loop += ["for _j in range(_n_pre):", *_deeper([*by_pre, *program.lines["pre"], *storing])]
    return [*program.lines["all"], *loop]


class _Program:
    """Lines of the loop by what they belong to: every synapse, a post or pre neuron, or all synapses.

    A state of all synapses or of a post neuron has a new name after every change, so that what is computed later reads
    the value that it would read in a synapse. Those of pre neurons are computed in every synapse, from numbers that
    stay as they are until all synapses are done.
    """

    def __init__(self, rule: Rule):
        self.rule, self.layout = rule, layout_of(rule)
        self.lines: dict[str, list[str]] = {owner: [] for owner in OWNERS}
        self.now: dict[sp.Symbol, sp.Symbol] = {}
        self.rows: dict[sp.Expr, sp.Symbol] = {}
        for state in (s for s in rule.states if self.owner(s.name) in ("post", "all")):
            self._rename(state.symbol, self.stored(state.name))
        own = (s.symbol for s in rule.states if s.symbol not in self.now)
        self.inner = {WEIGHT, *own, *(LOCALS[n].symbol for n in (*PRE, *SYNAPSE))}

    def owner(self, name: str) -> str:
        """Owner of a variable."""
        return self.layout.owners.get(name, "synapse")

    def stored(self, name: str) -> str:
        """Element of the memory that holds a state of a neuron or of all synapses."""
        sizes = zip(self.layout.before(name), ("_n_post * _n_pre", "_n_post", "_n_pre", "1"), strict=True)
        place = [f"{count} * {size}" for count, size in sizes if count]
        index = {"post": "_i", "pre": "_j", "all": "0"}[self.owner(name)]
        return f"_s[{' + '.join([*place, index])}]"

    def code(self, expression: sp.Expr) -> str:
        """Text of an expression in a synapse; what is the same in a row goes before its loop."""
        return python_code(hoisted(expression.xreplace(self.now), self.inner, self.rows))

    def flow(self, following: dict[str, sp.Expr]) -> None:
        """The Euler step of all that flows, at once."""
        every = {name: e.xreplace(self.now) for name, e in following.items()}
        own = [name for name in every if self.owner(name) in ("synapse", "pre")]
        for place, names in (("synapse", own), ("pre", [n for n in own if self.owner(n) == "pre"])):
            text = self.code if place == "synapse" else python_code
            self.lines[place] += [f"_next_{name} = {text(every[name])}" for name in names]
            self.lines[place] += [f"{name} = _next_{name}" for name in names]
        for name in (n for n in every if n not in own):
            self._advance(name, every[name])

    def assign(self, name: str, expression: sp.Expr) -> None:
        """One assignment at a tick."""
        present = expression.xreplace(self.now)
        if self.owner(name) in ("post", "all"):
            self._advance(name, present)
            return
        if self.owner(name) == "pre":
            self.lines["pre"].append(f"{name} = {python_code(present)}")
        self.lines["synapse"].append(f"{name} = {self.code(present)}")
        if name == WEIGHT.name and self.rule.bounds is not None:
            self.lines["synapse"].append(f"w = {python_text(CLIPPED, weight='w', low=LOW, high=HIGH)}")

    def _advance(self, name: str, value: sp.Expr) -> None:
        """Store the new value of a state of a post neuron or of all synapses."""
        symbol = next(s.symbol for s in self.rule.states if s.name == name)
        fresh = self._rename(symbol, python_code(value))
        self.lines[self.owner(name)].append(f"{self.stored(name)} = {fresh}")

    def _rename(self, symbol: sp.Symbol, value: str) -> str:
        """A new name for the value that a state has from here on."""
        lines = self.lines[self.owner(symbol.name)]
        fresh = f"_then{len(lines)}_{symbol.name}"
        lines.append(f"{fresh} = {value}")
        self.now = {**self.now, symbol: sp.Symbol(fresh, real=True)}
        return fresh


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
        on = [IS_PLASTIC.name] if IS_PLASTIC in rule.parameters else []
        velocity = " * ".join([*on, python_text(DRIFT_VELOCITY, drift=drift, weight="_old")])
        moved = python_text(MOVED, weight="_old", change=f"({permitted})", dt=STEP.name, velocity=f"({velocity})")
        return [f"w = {moved}", f"w = {python_text(CLIPPED, weight='w', low=low, high=high)}"]
    return [f"w = {python_text(CLIPPED, weight='w', low=LOW, high=HIGH)}"] if rule.bounds is not None else []


def _deeper(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]
