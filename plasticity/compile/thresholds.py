"""Thresholds in the flow of a rule, which is integrated piece by piece between their crossings.

A flow may contain ``Heaviside(argument)`` where the argument is linear in at most two variables that relax on their
own, such as ``calcium − theta``. Each is replaced by a number 0 or 1, ``above_k``; the times at which an argument
changes its sign follow in closed form (one variable) or by bisection between its turning points (two).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import sympy as sp

from plasticity.compile.classify import event_driven
from plasticity.errors import InputError
from plasticity.rule import Parameter, Rule, flows


@dataclass(frozen=True)
class Threshold:
    """A threshold: ``above`` is 1 while ``constant + Σ coefficient·variable > 0``, else 0."""

    above: sp.Symbol
    constant: sp.Expr
    terms: tuple[tuple[sp.Symbol, sp.Expr], ...]


def without_thresholds(rule: Rule) -> tuple[Rule, tuple[Threshold, ...]]:
    """Rule with a parameter ``above_k`` in place of the k-th ``Heaviside`` of its flow, and the thresholds.

    Raises
    ------
    InputError
        If a threshold has more than two variables, one that is coupled to others, or a nonlinear argument.

    Examples
    --------
    >>> from plasticity.rules.graupner_calcium import graupner_calcium
    >>> [str(threshold.constant) for threshold in without_thresholds(graupner_calcium())[1]]
    ['-theta_d', '-theta_p']
    """
    steps = sorted({h for flow in flows(rule).values() for h in flow.atoms(sp.Heaviside)}, key=str)
    if not steps:
        return rule, ()
    names = [Parameter(f"above_{k}", 0.0, meaning="1 above the threshold, else 0") for k in range(len(steps))]
    numbers = {step: name.symbol for step, name in zip(steps, names, strict=True)}
    smooth = replace(
        rule,
        weight_flow=rule.weight_flow.xreplace(numbers),
        states=tuple(replace(s, flow=s.flow.xreplace(numbers)) for s in rule.states),
        parameters=(*rule.parameters, *names),
    )
    alone = {v for v, rates in event_driven(smooth).items() if not any(r.has(*numbers.values()) for r in rates)}
    every = tuple(flows(rule))
    return smooth, tuple(_threshold(rule, step, above, every, alone) for step, above in numbers.items())


def _threshold(rule: Rule, step: sp.Expr, above: sp.Symbol, every: tuple, alone: set[sp.Symbol]) -> Threshold:
    argument = sp.expand(step.args[0])
    used = [v for v in every if argument.has(v)]
    terms = tuple((v, sp.diff(argument, v)) for v in used)
    constant = sp.expand(argument - sum(v * c for v, c in terms))
    linear = not any(e.has(*every) for e in (constant, *(c for _, c in terms)))
    if not linear or not 1 <= len(used) <= 2 or not set(used) <= alone:
        raise InputError(
            f"the threshold {step} of rule {rule.name!r} cannot be followed exactly: it must be linear in one or two "
            "variables that relax on their own"
        )
    return Threshold(above, constant, terms)


# Functions of generated modules. A variable with the flow alpha·v + beta relaxes to −beta/alpha, or grows steadily.
# The few times are sorted by hand: numba takes a second to compile NumPy's sort.


def relaxed(rate, dt):
    """(e^(rate dt) − 1)/rate, also at rate 0."""
    return dt if rate == 0.0 else math.expm1(rate * dt) / rate


def in_order(values):
    """Sort a few numbers in place."""
    for i in range(1, values.size):
        value, j = values[i], i
        while j > 0 and values[j - 1] > value:
            values[j] = values[j - 1]
            j -= 1
        values[j] = value


def crossing(start, alpha, beta, level, length):
    """Time at which v(s) = start·e^(alpha·s) + beta·(e^(alpha·s) − 1)/alpha passes a level, or −1."""
    slope = alpha * start + beta
    if slope == 0.0:
        return -1.0
    if alpha == 0.0:
        time = (level - start) / beta
    else:
        ratio = (alpha * level + beta) / slope
        if ratio <= 0.0:
            return -1.0
        time = math.log(ratio) / alpha
    return time if 0.0 < time < length else -1.0


def turning(alpha, slope, other_alpha, other_slope, length):
    """Time at which the sum of two slopes slope·e^(alpha·s) vanishes, or −1."""
    if slope == 0.0 or other_slope == 0.0 or alpha == other_alpha or slope * other_slope > 0.0:
        return -1.0
    time = math.log(-other_slope / slope) / (alpha - other_alpha)
    return time if 0.0 < time < length else -1.0


def pair_value(s, level, first, alpha, beta, second, other_alpha, other_beta):
    """Level + the sum of two relaxing variables at time s."""
    value = level + first * math.exp(alpha * s) + beta * relaxed(alpha, s)
    return value + second * math.exp(other_alpha * s) + other_beta * relaxed(other_alpha, s)


def bisected(low, high, level, first, alpha, beta, second, other_alpha, other_beta):
    """Time in [low, high] at which `pair_value` changes its sign, or −1; it is monotone there."""
    below = pair_value(low, level, first, alpha, beta, second, other_alpha, other_beta)
    if below * pair_value(high, level, first, alpha, beta, second, other_alpha, other_beta) >= 0.0:
        return -1.0
    while True:
        middle = 0.5 * (low + high)
        if middle <= low or middle >= high:
            return middle
        if below * pair_value(middle, level, first, alpha, beta, second, other_alpha, other_beta) > 0.0:
            low = middle
        else:
            high = middle
