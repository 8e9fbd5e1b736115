"""Rule → source of a loop over events for Numba, for many protocols and many parameter vectors in one call."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType

import numpy as np
import sympy as sp

from plasticity.compile import extrapolation, thresholds
from plasticity.compile.classify import event_driven
from plasticity.compile.elementwise import CLIPPED, python_text
from plasticity.compile.generated import generated_module, indented, python_code
from plasticity.compile.thresholds import Threshold, without_thresholds
from plasticity.errors import InputError
from plasticity.rule import WEIGHT, Rule, flows

EVENT_CODES = {"pre": 0, "post": 1, "third_factor": 2, "clock": 3, "end": 4, "pre_delayed": 5}

_HEAD = '''"""{title}. Generated; do not edit."""

import numpy as np

from plasticity.compile.jit import math, njit
'''

_RUN = '''
@njit(cache=True, error_model="numpy")
def run(times, kinds, first, last, vectors, weight, final, path):
    """Run every protocol with every parameter vector; write all variables after events to path if it has rows."""
    for _v in range(vectors.shape[0]):
        _p = vectors[_v]
{parameters}
        for _q in range(first.size):
            w = weight[_q]
{initial}
            _now = 0.0
            _e = first[_q]
            _late = first[_q]
            while _e < last[_q]:
                _at = times[_e]
                _kind = kinds[_e]
{arrival}
                _dt = _at - _now
                _now = _at
                if _dt > 0.0:
{flow}
{events}
                if _kind == {delayed}:
                    continue
                if path.shape[0]:
{record}
                _e += 1
            final[_v, _q] = w
'''

_ARRIVAL = """while _late < last[_q] and kinds[_late] != {pre}:
    _late += 1
if _late < last[_q] and times[_late] + pre_delay <= _at + 1e-12:
    _at = max(min(times[_late] + pre_delay, _at), _now)
    _kind = {delayed}
    _late += 1"""

_PIECES = """_cuts = np.array([0.0, _dt, {crossings}])
in_order(_cuts)
for _c in range(_cuts.size - 1):
    if _cuts[_c] < 0.0 or _cuts[_c + 1] <= _cuts[_c]:
        continue
    _dt = _cuts[_c + 1] - _cuts[_c]
{above}
{flow}"""


def loop_module(rule: Rule) -> ModuleType:
    """Module with the compiled function ``run`` of a rule; compiled once per text.

    Raises
    ------
    InputError
        If the rule needs a gradient or a curvature.
    """
    if rule.inputs:
        needed = ", ".join(s.name for s in rule.inputs)
        remedy = "run it in a circuit with such neurons" if rule.variables else "use rule.with_signal first"
        raise InputError(f"rule {rule.name!r} needs {needed}, which spikes do not provide; {remedy}")
    return generated_module("loops", loop_source(rule))


def loop_source(rule: Rule) -> str:
    """Text of the module that `loop_module` compiles.

    Examples
    --------
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> "w = A_plus*pre_trace + w" in loop_source(pair_stdp())
    True
    """
    smooth, crossed = without_thresholds(rule)
    exact = event_driven(smooth)
    coupled = [v for v in flows(smooth) if v not in exact]
    moving = _flow_lines(smooth, exact, coupled) + _clip(rule)
    codes = {"pre": EVENT_CODES["pre"], "delayed": EVENT_CODES["pre_delayed"]}
    parts = {
        "parameters": indented(8, [f"{p.name} = _p[{i}]" for i, p in enumerate(rule.parameters)]),
        "initial": indented(12, [f"{s.name} = {float(s.initial)!r}" for s in rule.states]),
        "arrival": indented(16, _ARRIVAL.format(**codes).splitlines() if "pre_delayed" in rule.events else []),
        "flow": indented(20, _pieces(crossed, exact, moving) if crossed else moving),
        "events": indented(16, _event_lines(rule)),
        "record": indented(20, [f"path[_e, {i}] = {v.name}" for i, v in enumerate(flows(rule))]),
    }
    helpers: list[Callable] = [thresholds.relaxed]
    if crossed:
        helpers += [thresholds.in_order, thresholds.crossing, thresholds.turning, thresholds.pair_value]
        helpers += [thresholds.bisected]
    text = _HEAD.format(title=rule.title) + "".join(_compiled(helper) for helper in helpers)
    if coupled:
        text += _integrator(smooth, exact, coupled)
    return text + _RUN.format(**parts, delayed=codes["delayed"])


def _pieces(crossed: tuple[Threshold, ...], exact: dict, moving: list[str]) -> list[str]:
    """The flow, piece by piece between the times at which a threshold is crossed."""
    crossings: list[str] = []
    before: list[str] = []
    for k, threshold in enumerate(crossed):
        rates = [tuple(python_code(r) for r in exact[v]) for v, _ in threshold.terms]
        factors = [f"({python_code(c)})" for _, c in threshold.terms]
        level = f"({python_code(threshold.constant)})"
        variables = [v.name for v, _ in threshold.terms]
        if len(variables) == 1:
            (alpha, beta), factor = rates[0], factors[0]
            crossings.append(f"crossing({variables[0]}, {alpha}, {beta}, -{level}/{factor}, _dt)")
            continue
        scaled = [f"{f}*{v}, {a}, {f}*({b})" for f, v, (a, b) in zip(factors, variables, rates, strict=True)]
        slopes = [f"{a}, {f}*(({a})*{v} + ({b}))" for f, v, (a, b) in zip(factors, variables, rates, strict=True)]
        arguments = f"{level}, {', '.join(scaled)}"
        before.append(f"_turn_{k} = turning({', '.join(slopes)}, _dt)")
        before.append(f"_mid_{k} = _turn_{k} if _turn_{k} > 0.0 else _dt")
        crossings += [f"bisected(0.0, _mid_{k}, {arguments})", f"bisected(_mid_{k}, _dt, {arguments})"]
    above = []
    for threshold in crossed:
        # the variables in an argument are those at the start of the piece: half of it later they are well off it
        value = " + ".join(f"({python_code(c)})*({_relax(v, exact[v], '(0.5*_dt)')})" for v, c in threshold.terms)
        above.append(f"{threshold.above.name} = 1.0 if ({python_code(threshold.constant)}) + {value} > 0.0 else 0.0")
    text = _PIECES.format(crossings=", ".join(crossings), above=indented(4, above), flow=indented(4, moving))
    return [*before, *text.splitlines()]


def _flow_lines(rule: Rule, exact: dict, coupled: list) -> list[str]:
    lines = []
    if coupled:
        start = ", ".join(v.name for v in exact) + ","
        parameters = ", ".join(p.name for p in rule.parameters) + ","
        lines += [f"_start = ({start})", f"_y = np.array([{', '.join(v.name for v in coupled)}])"]
        lines += [f"if not integrate(_start, _y, _dt, ({parameters})):", "    _y[:] = np.nan"]
        lines += [f"{v.name} = _y[{i}]" for i, v in enumerate(coupled)]
    return lines + [f"{v.name} = {_relax(v, ab, '_dt')}" for v, ab in exact.items() if ab != (0, 0)]


def _relax(variable: sp.Symbol, rates: tuple, elapsed: str) -> str:
    """Exact value of an affine variable after `elapsed`."""
    alpha, beta = (python_code(r) for r in rates)
    decayed = f"{variable.name} * math.exp(({alpha}) * {elapsed})"
    return decayed if rates[1] == 0 else f"{decayed} + ({beta}) * relaxed({alpha}, {elapsed})"


def _event_lines(rule: Rule) -> list[str]:
    lines: list[str] = []
    for event, updates in rule.events.items():
        lines.append(f"{'elif' if lines else 'if'} _kind == {EVENT_CODES[event]}:")
        for update in updates:
            lines.append(f"    {update.target} = {python_code(update.expression)}")
            lines += [f"    {line}" for line in (_clip(rule) if update.target == WEIGHT.name else [])]
    return lines


def _clip(rule: Rule) -> list[str]:
    if rule.bounds is None:
        return []
    low, high = (repr(float(np.nan_to_num(b))) for b in rule.bounds)
    return [f"w = {python_text(CLIPPED, weight='w', low=low, high=high)}"]


def _integrator(rule: Rule, exact: dict, coupled: list) -> str:
    """The flow of the coupled variables, and the integrator that calls it."""
    body = [f"{v.name} = _start[{i}]" for i, v in enumerate(exact)]
    body += [f"{p.name} = _p[{i}]" for i, p in enumerate(rule.parameters)]
    body += [f"{v.name} = {_relax(v, ab, '_s')}" for v, ab in exact.items() if ab != (0, 0)]
    body += [f"{v.name} = _y[{i}]" for i, v in enumerate(coupled)]
    body += [f"_out[{i}] = {python_code(flows(rule)[v])}" for i, v in enumerate(coupled)]
    constants = f"COLUMNS = {extrapolation.COLUMNS}\nTOLERANCE = {extrapolation.TOLERANCE}\n"
    slope = "@njit(cache=True)\ndef slope(_s, _start, _y, _p, _out):\n" + indented(4, body) + "\n"
    return f"{constants}\n\n{slope}{_compiled(extrapolation.integrate)}"


def _compiled(function: Callable) -> str:
    return f"\n\n@njit(cache=True)\n{inspect.getsource(function)}"
