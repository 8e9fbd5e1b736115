"""Rule → numba source: one loop over events, for many protocols and many parameter vectors in one call."""

from __future__ import annotations

import inspect
from types import ModuleType

import sympy as sp

from plasticity.compile import extrapolation
from plasticity.compile.classify import event_driven, flows
from plasticity.compile.generated import generated_module, indented, python_code
from plasticity.errors import InputError
from plasticity.rule import WEIGHT, Rule

EVENT_CODES = {"pre": 0, "post": 1, "clock": 2, "end": 3}

_HEAD = '''"""{title}. Generated; do not edit."""

import math

import numpy as np
from numba import njit


@njit(cache=True)
def relaxed(rate, dt):
    """(e^(rate dt) − 1)/rate, also at rate 0."""
    return dt if rate == 0.0 else math.expm1(rate * dt) / rate

'''

_RUN = '''
@njit(cache=True, error_model="numpy")
def run(times, kinds, first, last, vectors, weight, final, path):
    """Run every protocol with every parameter vector; keep all variables after events if path has room."""
    for _v in range(vectors.shape[0]):
        _p = vectors[_v]
{parameters}
        for _q in range(first.size):
            w = weight
{initial}
            _now = 0.0
            for _e in range(first[_q], last[_q]):
                _dt = times[_e] - _now
                _now = times[_e]
                if _dt > 0.0:
{flow}
{events}
                if path.shape[0]:
{record}
            final[_v, _q] = w
'''


def loop_module(rule: Rule) -> ModuleType:
    """Module with the compiled function ``run`` of a rule; its source is kept, so that it compiles once.

    Raises
    ------
    InputError
        If the rule still asks for a gradient or a curvature.
    """
    if rule.inputs:
        asked = ", ".join(s.name for s in rule.inputs)
        raise InputError(f"rule {rule.name!r} asks for {asked}, which spikes do not give; pass it a signal first")
    return generated_module("loops", loop_source(rule))


def loop_source(rule: Rule) -> str:
    """Text of the module that `loop_module` compiles.

    Examples
    --------
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> "w = A_plus*pre_trace + w" in loop_source(pair_stdp())
    True
    """
    exact = event_driven(rule)
    coupled = [v for v in flows(rule) if v not in exact]
    parts = {
        "parameters": indented(8, [f"{p.name} = _p[{i}]" for i, p in enumerate(rule.parameters)]),
        "initial": indented(12, [f"{s.name} = {float(s.initial)!r}" for s in rule.states]),
        "flow": indented(20, _flowindented(rule, exact, coupled) + _clip(rule)),
        "events": indented(16, _eventindented(rule)),
        "record": indented(20, [f"path[_e, {i}] = {v.name}" for i, v in enumerate(flows(rule))]),
    }
    text = _HEAD.format(title=rule.title)
    if coupled:
        text += _integrator(rule, exact, coupled)
    return text + _RUN.format(**parts)


def _flowindented(rule: Rule, exact: dict, coupled: list) -> list[str]:
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


def _eventindented(rule: Rule) -> list[str]:
    lines = []
    for event, updates in rule.events.items():
        lines.append(f"{'elif' if lines else 'if'} kinds[_e] == {EVENT_CODES[event]}:")
        for update in updates:
            lines.append(f"    {update.target} = {python_code(update.expression)}")
            lines += [f"    {line}" for line in (_clip(rule) if update.target == WEIGHT.name else [])]
    return lines


def _clip(rule: Rule) -> list[str]:
    if rule.bounds is None:
        return []
    low, high = (repr(float(b)) for b in rule.bounds)
    return [f"w = min(max(w, {low}), {high})"]


def _integrator(rule: Rule, exact: dict, coupled: list) -> str:
    """The flow of the coupled variables, and the integrator that calls it."""
    body = [f"{v.name} = start[{i}]" for i, v in enumerate(exact)]
    body += [f"{p.name} = p[{i}]" for i, p in enumerate(rule.parameters)]
    body += [f"{v.name} = {_relax(v, ab, 's')}" for v, ab in exact.items() if ab != (0, 0)]
    body += [f"{v.name} = y[{i}]" for i, v in enumerate(coupled)]
    body += [f"out[{i}] = {python_code(flows(rule)[v])}" for i, v in enumerate(coupled)]
    constants = f"COLUMNS = {extrapolation.COLUMNS}\nTOLERANCE = {extrapolation.TOLERANCE}\n"
    slope = "@njit(cache=True)\ndef slope(s, start, y, p, out):\n" + indented(4, body) + "\n"
    return f"{constants}\n\n{slope}\n\n@njit(cache=True)\n{inspect.getsource(extrapolation.integrate)}\n"
