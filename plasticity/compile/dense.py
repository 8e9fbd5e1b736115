"""Rule → numba source of one pass over a dense matrix of plastic weights.

The pass updates weights and states of all synapses from local variables of the pre- and postsynaptic neurons, keeps
them within their limits, and adds up the input current of the next step from the new weights. So the weights are read
and written once per step. What is the same along a row is taken out of the inner loop.
"""

from __future__ import annotations

import sympy as sp

from plasticity.compile.euler import STEP, common_states, euler
from plasticity.compile.generated import indented, python_code
from plasticity.compile.hoist import hoisted
from plasticity.errors import InputError
from plasticity.local import LOCALS
from plasticity.rule import CURVATURE, GRADIENT, WEIGHT, Rule

POST = ("post_rate", "post_slope", "post_error", "learning_signal", "perturbation", "post_information")
PRE = ("pre_rate",)
SHARED = ("loss_difference",)
SYNAPSE = ("weight_perturbation",)
SUPPLIED = (*PRE, *POST, *SYNAPSE, *SHARED)
LOW, HIGH = "_low_bound", "_high_bound"
MATH = {"reassoc", "contract", "arcp", "nsz"}  # sums may be reordered; NaN and infinity stay what they are

_PASS = '''
@njit(cache=True, error_model="numpy", fastmath={math})
def {name}(
    _w, _s, _pre, _post, _noise, _shared, _p, _following, _current,
    _mask, _low, _high, _drift, _read, _control, _matrix, _change, _tick,
):
    """Advance all synapses by one step; add their input at the next step to _current."""
{parameters}
{loops}
'''

_PLAIN = """for _i in range(_w.shape[0]):
{row}
    _total = 0.0
    for _j in range(_w.shape[1]):
{load}
{body}
        _total += w * _following[_j]
    _current[_i] += _total"""

_COUPLED = """_flat = _w.reshape(_w.size)
_reached = np.zeros(_read.shape[0])
for _i in range(_w.shape[0]):
{row}
    for _j in range(_w.shape[1]):
{load}
{body}
        _change[_i, _j] = _mask[_i, _j] * (w - _old)
        _n = _i * _w.shape[1] + _j
        for _k in range(_read.shape[0]):
            _reached[_k] += _read[_k, _n] * _change[_i, _j]
for _i in range(_w.shape[0]):
    for _j in range(_w.shape[1]):
        _n = _i * _w.shape[1] + _j
        if _read.shape[0]:
            _change[_i, _j] = 0.0
            for _k in range(_read.shape[0]):
                _change[_i, _j] += _control[_n, _k] * _reached[_k]
        _pull = _drift[_i, _j] * _w[_i, _j]
        for _k in range(_matrix.shape[0]):
            _pull += _matrix[_n, _k] * _flat[_k]
        _change[_i, _j] += _dt * _pull
for _i in range(_w.shape[0]):
    _total = 0.0
    for _j in range(_w.shape[1]):
        w = _w[_i, _j] + _change[_i, _j]
        w = _low[_i, _j] if w < _low[_i, _j] else (_high[_i, _j] if w > _high[_i, _j] else w)
        _w[_i, _j] = w
        _total += w * _following[_j]
    _current[_i] += _total"""


def sweep_source(rule: Rule, limits: str = "none", name: str = "sweep") -> str:
    """Text of the function `name` that advances all synapses of a projection by one explicit Euler step.

    Its arguments are weights (n_post, n_pre), states (n_states, n_post, n_pre), local variables in the rows of
    `PRE` and `POST`, noise of the weights, shared variables, parameters (see `parameter_names`), presynaptic rates of
    the next step, the current to add to, limits, and whether the clock of the rule ticks at the end of the step.

    Parameters
    ----------
    rule : Rule
    limits : {"none", "waits", "each", "coupled"}
        No limits but the bounds of the rule; the same, and nothing flows between ticks (`plasticity.compile.deferred`);
        mask, bounds and drift per synapse; or also a control of low rank and a drift that couple synapses.
    name : str

    Raises
    ------
    InputError
        If the rule asks for what no rate network gives, or runs on spikes.

    Examples
    --------
    >>> from plasticity.compile.mean_field import on_rates
    >>> from plasticity.rules.oja import oja
    >>> "_total += w * _following[_j]" in sweep_source(on_rates(oja()))
    True
    """
    check_supplied(rule)
    names = parameter_names(rule)
    parameters = [f"{n} = _p[{k}]" for k, n in enumerate(names)]
    parameters += [f"{n} = _shared[{k}]" for k, n in enumerate(SHARED) if LOCALS[n].symbol in rule.inputs]
    loops = _loop(rule, limits, ticking=False)
    if "clock" in rule.events:
        ticking = _loop(rule, limits, ticking=True)
        loops = ["if _tick:", *(f"    {line}" for line in ticking), "else:", *(f"    {line}" for line in loops)]
    return _PASS.format(
        math=repr(sorted(MATH)).replace("[", "{").replace("]", "}"),
        name=name,
        parameters=indented(4, parameters),
        loops=indented(4, loops),
    )


def parameter_names(rule: Rule) -> list[str]:
    """Names behind the entries of the parameter vector of a pass."""
    return [*(p.name for p in rule.parameters), STEP.name, LOW, HIGH]


def check_supplied(rule: Rule) -> None:
    """Refuse a rule that asks for what no rate network gives.

    Raises
    ------
    InputError
        Naming it, and the remedy.
    """
    for asked in rule.inputs:
        if asked in (GRADIENT, CURVATURE):
            raise InputError(
                f"rule {rule.name!r} asks for the {asked}; pass a signal that gives it, such as exact_error"
            )
        if asked.name not in SUPPLIED:
            raise InputError(
                f"rule {rule.name!r} asks for {asked} ({LOCALS[asked.name].meaning}), which rate networks do not have; "
                f"they have {', '.join(SUPPLIED)}"
            )
    spikes = [event for event in ("pre", "post") if event in rule.events]
    if spikes:
        raise InputError(f"rule {rule.name!r} acts at {spikes[0]} spikes; use mean_field.on_rates first")


def _loop(rule: Rule, limits: str, ticking: bool) -> list[str]:
    """Lines of the loop over all synapses."""
    flowing = {} if limits == "waits" else euler(rule)
    ticks = rule.events["clock"] if ticking else ()
    program = _Program(rule)
    program.flow(flowing)
    for update in ticks:
        program.assign(update.target, update.expression)
    changed = {*flowing, *(u.target for u in ticks)} - set(program.common)
    body = [*program.body, *(f"_s[{k}, _i, _j] = {s.name}" for k, s in enumerate(rule.states) if s.name in changed)]
    body += _limited(rule, limits)
    if limits == "each" or (WEIGHT.name in changed and limits != "coupled"):
        body.append("_w[_i, _j] = w")
    read = {x.name for e in (*flowing.values(), *(u.expression for u in ticks)) for x in sp.sympify(e).free_symbols}
    own = [(k, s.name) for k, s in enumerate(rule.states) if s.name in read and s.name not in program.common]
    load = [f"{n} = _pre[{k}, _j]" for k, n in enumerate(PRE) if n in read]
    load += [f"{n} = _noise[_i, _j]" for n in SYNAPSE if n in read]
    load += ["w = _w[_i, _j]", *(f"{name} = _s[{k}, _i, _j]" for k, name in own)]
    load += ["_old = w"] if limits in ("each", "coupled") else []
    row = [f"{n} = _post[{k}, _i]" for k, n in enumerate(POST) if n in read]
    row += [f"{symbol.name} = {python_code(e)}" for e, symbol in program.rows.items()]
    template = _COUPLED if limits == "coupled" else _PLAIN
    loop = template.format(row=indented(4, row), load=indented(8, load), body=indented(8, body)).split("\n")
    return [*program.before, *loop, *program.after]


class _Program:
    """Lines of the loop: its `body`, what is the same in `rows`, and what all synapses have in common, `before` it.

    States that all synapses have in common, such as a count of ticks, are kept by the first synapse.
    """

    def __init__(self, rule: Rule):
        self.rule, self.common = rule, common_states(rule, frozenset(LOCALS))
        places = {s.name: k for k, s in enumerate(rule.states)}
        self.now = {s.symbol: sp.Symbol(f"_now_{s.name}", real=True) for s in rule.states if s.name in self.common}
        self.before = [f"_now_{name} = _s[{places[name]}, 0, 0]" for name in self.common]
        self.places = places
        self.body: list[str] = []
        self.after: list[str] = []
        self.rows: dict[sp.Expr, sp.Symbol] = {}
        own = (s.symbol for s in rule.states if s.name not in self.common)
        self.inner = {WEIGHT, *own, *(LOCALS[n].symbol for n in (*PRE, *SYNAPSE))}

    def code(self, expression: sp.Expr) -> str:
        """Text of an expression at this place; what is the same in a row goes before its loop."""
        here = sp.sympify(expression).xreplace(self.now)
        return python_code(hoisted(here, self.inner, self.rows, "_r"))

    def flow(self, following: dict[str, sp.Expr]) -> None:
        """The Euler step of all that flows, at once."""
        own = {name: self.code(e) for name, e in following.items() if name not in self.common}
        self.body += [f"_next_{name} = {text}" for name, text in own.items()]
        self.body += [f"{name} = _next_{name}" for name in own]
        together = {name: sp.sympify(e).xreplace(self.now) for name, e in following.items() if name in self.common}
        for name, e in together.items():
            self._advance(name, e)

    def assign(self, name: str, expression: sp.Expr) -> None:
        """One assignment at a tick."""
        if name in self.common:
            self._advance(name, sp.sympify(expression).xreplace(self.now))
            return
        self.body.append(f"{name} = {self.code(expression)}")
        if name == WEIGHT.name and self.rule.bounds is not None:
            self.body.append(_clipped(LOW, HIGH))

    def _advance(self, name: str, value: sp.Expr) -> None:
        """Give a common state a new value, under a new name."""
        fresh = sp.Symbol(f"_then{len(self.before)}_{name}", real=True)
        self.before.append(f"{fresh.name} = {python_code(value)}")
        self.now = {s: fresh if s.name == name else v for s, v in self.now.items()}
        store = f"_s[{self.places[name]}, 0, 0] ="
        self.after = [line for line in self.after if not line.startswith(store)] + [f"{store} {fresh.name}"]


def _limited(rule: Rule, limits: str) -> list[str]:
    """Lines that keep the new weight within its limits."""
    if limits == "each":
        return [
            "w = _old + _mask[_i, _j] * (w - _old) + _dt * _drift[_i, _j] * _old",
            _clipped("_low[_i, _j]", "_high[_i, _j]"),
        ]
    return [_clipped(LOW, HIGH)] if limits in ("none", "waits") and rule.bounds is not None else []


def _clipped(low: str, high: str) -> str:
    """Line that clips the weight; NaN stays NaN."""
    return f"w = {low} if w < {low} else ({high} if w > {high} else w)"
