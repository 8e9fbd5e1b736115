"""Rule → source, for Numba, of a loop over trials with choices, for many parameter vectors in one call."""

from __future__ import annotations

from types import ModuleType

import sympy as sp

from plasticity.compile.elementwise import CLIPPED, python_text
from plasticity.compile.euler import STEP, euler
from plasticity.compile.generated import generated_module, indented, python_code
from plasticity.errors import InputError
from plasticity.rule import CURVATURE, GRADIENT, WEIGHT, Parameter, Rule

__all__ = ["choice_loop", "free_of_time"]

PER_TRIAL = ("clock_step", "duration")  # parameters that are the time between two trials, which is 1
LEAST = 1e-12  # curvature of a weight whose regressor is 0, by which rules may divide

_SOURCE = '''"""{title}. Generated; do not edit."""

import numpy as np

from plasticity.compile.jit import math, njit


@njit(cache=True, error_model="numpy")
def run(_x, _chosen, _reward, _starts, _uniform, _vectors, _probability, _weights):
    """Probabilities of choice 1 (vectors, trials); choices are drawn and written where uniform numbers are stated."""
    _n = _x.shape[1]
    _w = np.zeros((2, _n))
    _v = np.zeros(_n)
    _states = np.empty(({n_states}, 2, _n))
    for _q in range(_vectors.shape[0]):
{parameters}
        _rate = _vectors[_q, {n}]
        _scale = _vectors[_q, {n} + 1]
        for _t in range(_x.shape[0]):
            if _starts[_t]:
                _w[:] = 0.0
                _v[:] = 0.0
{initial}
            _odds = 0.0
            for _i in range(_n):
                _odds += _x[_t, _i] * (_w[1, _i] - _w[0, _i])
            _p = 1.0 / (1.0 + math.exp(-_scale * _odds))
            _probability[_q, _t] = _p
            _c = _chosen[_q, _t]
            if _uniform.size:
                _c = 1 if _uniform[_t] < _p else 0
                _chosen[_q, _t] = _c
            _expected = 0.0
            for _i in range(_n):
                _expected += _x[_t, _i] * {value}
            _surprise = _reward[_t, _c] - _expected
            for _i in range(_n):
                w = _w[{side}, _i]
{load}
                gradient = -_surprise * {score} * _x[_t, _i]
                curvature = max({information} * _x[_t, _i] ** 2, {least})
{step}
                _w[{side}, _i] = w
{store}
{baseline}
            if _weights.size:
                _weights[_t] = _w
'''
_FEEDBACK = {
    "policy": {
        "value": "_v[_i]",
        "side": "1",
        "score": "(_c - _p)",
        "information": "_p * (1.0 - _p)",
        "baseline": ["for _i in range(_n):", "    _v[_i] += _rate * _surprise * _x[_t, _i]"],
    },
    "value": {"value": "_w[_c, _i]", "side": "_c", "score": "1.0", "information": "1.0", "baseline": []},
}


def choice_loop(rule: Rule, feedback: str) -> ModuleType:
    """Module with the compiled function ``run`` of a rule that learns from `feedback`; compiled once per text.

    Raises
    ------
    InputError
        If the rule acts at spikes or reads more than gradient and curvature.
    """
    return generated_module("choices", source(rule, feedback))


def free_of_time(rule: Rule) -> tuple[Parameter, ...]:
    """Parameters of a rule but for the time between two trials, which is the unit of time."""
    return tuple(p for p in rule.parameters if p.name not in PER_TRIAL)


def source(rule: Rule, feedback: str) -> str:
    """Text of the module that `choice_loop` compiles.

    Examples
    --------
    >>> from plasticity.rules.gradient_descent import gradient_descent
    >>> "w = -gradient*learning_rate + w" in source(gradient_descent(), "policy")
    True
    """
    _check(rule)
    parameters, states = free_of_time(rule), rule.states
    parts = _FEEDBACK[feedback]
    return _SOURCE.format(
        title=rule.title,
        n=len(parameters),
        n_states=len(states),
        parameters=indented(8, [f"{p.name} = _vectors[_q, {i}]" for i, p in enumerate(parameters)]),
        initial=indented(16, [f"_states[{i}] = {float(s.initial)!r}" for i, s in enumerate(states)]),
        load=indented(16, [f"{s.name} = _states[{i}, {parts['side']}, _i]" for i, s in enumerate(states)]),
        store=indented(16, [f"_states[{i}, {parts['side']}, _i] = {s.name}" for i, s in enumerate(states)]),
        step=indented(16, _step(rule)),
        baseline=indented(12, list(parts["baseline"])),
        least=repr(LEAST),
        **{name: parts[name] for name in ("value", "side", "score", "information")},
    )


def _step(rule: Rule) -> list[str]:
    """Assignments of a clock in their order, then one explicit Euler step of all that flows."""
    unit = {STEP: sp.S.One, **{p.symbol: sp.S.One for p in rule.parameters if p.name in PER_TRIAL}}
    lines = []
    for update in rule.events.get("clock", ()):
        lines.append(f"{update.target} = {python_code(update.expression.xreplace(unit))}")
        lines += _clip(rule) if update.target == WEIGHT.name else []
    following = {name: e.xreplace(unit) for name, e in euler(rule).items()}
    if len(following) > 1:
        lines += [f"_new_{name} = {python_code(e)}" for name, e in following.items()]
        lines += [f"{name} = _new_{name}" for name in following]
    else:
        lines += [f"{name} = {python_code(e)}" for name, e in following.items()]
    return lines + (_clip(rule) if WEIGHT.name in following else [])


def _clip(rule: Rule) -> list[str]:
    if rule.bounds is None:
        return []
    low, high = (repr(float(b)) for b in rule.bounds)
    infinite = {"inf": "math.inf", "-inf": "-math.inf"}
    return [f"w = {python_text(CLIPPED, weight='w', low=infinite.get(low, low), high=infinite.get(high, high))}"]


def _check(rule: Rule) -> None:
    events = [event for event, updates in rule.events.items() if event != "clock" and updates]
    if events:
        raise InputError(f"rule {rule.name!r} acts at {events[0]!r} events, which trials do not have")
    unknown = [s.name for s in rule.inputs if s not in (GRADIENT, CURVATURE)]
    if unknown:
        raise InputError(f"rule {rule.name!r} needs {unknown[0]!r}, which trials do not have")
    if GRADIENT not in rule.inputs:
        raise InputError(f"rule {rule.name!r} reads no gradient, so rewards teach it nothing")
