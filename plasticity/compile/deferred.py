"""A sum that can wait: what flows between clock ticks is a product of a post- and a presynaptic factor.

A rule that acts at ticks collects the gradient in between. If the gradient is δ_i·r_j, nothing needs to be done in the
synapses until the tick: the neurons remember their factors of each step, and the sum over steps is one product of
matrices. Then a belief on a slow clock costs less than a rule that changes every weight at every step.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from plasticity.compile.dense import POST, PRE, SHARED, parameter_names
from plasticity.compile.generated import indented, python_code
from plasticity.local import LOCALS
from plasticity.rule import WEIGHT, Rule

_FACTORS = '''
@njit(cache=True, error_model="numpy")
def {name}(_pre, _post, _shared, _p, _by_post, _by_pre):
    """Note the factors of this step."""
{parameters}
    for _i in range(_by_post.size):
{post_names}
        _by_post[_i] = {post}
    for _j in range(_by_pre.size):
{pre_names}
        _by_pre[_j] = {pre}
'''


@dataclass(frozen=True)
class Deferred:
    """The only thing that flows: ``d state/dt = post·pre``."""

    state: int
    post: sp.Expr
    pre: sp.Expr


def deferred(rule: Rule) -> Deferred | None:
    """What a rule collects between ticks, if that can wait; else None.

    Examples
    --------
    >>> from plasticity import observe
    >>> from plasticity.rules.adam import adam
    >>> from plasticity.signals.exact_error import exact_error
    >>> found = deferred(observe(adam(), exact_error()))
    >>> found.post, found.pre
    (-post_error, pre_rate)
    """
    flowing = [k for k, s in enumerate(rule.states) if s.flow != 0]
    if "clock" not in rule.events or rule.weight_flow != 0 or len(flowing) != 1:
        return None
    flow = sp.factor(rule.states[flowing[0]].flow)
    pre, post = flow.as_independent(*(LOCALS[n].symbol for n in (*POST, *SHARED)), as_Add=False)
    own = {WEIGHT, *(s.symbol for s in rule.states), LOCALS["weight_perturbation"].symbol}
    if flow.free_symbols & own or post.has(*(LOCALS[n].symbol for n in PRE)):
        return None
    return Deferred(flowing[0], -post if pre.could_extract_minus_sign() else post, abs_sign(pre))


def abs_sign(expression: sp.Expr) -> sp.Expr:
    """Expression without a leading minus sign."""
    return -expression if expression.could_extract_minus_sign() else expression


def factors_source(rule: Rule, name: str) -> str:
    """Text of the function that notes the factors of a step."""
    found = deferred(rule)
    if found is None:
        raise ValueError(f"what rule {rule.name!r} collects cannot wait")
    parameters = [f"{n} = _p[{k}]" for k, n in enumerate(parameter_names(rule))]
    parameters += [f"{n} = _shared[{k}]" for k, n in enumerate(SHARED)]
    used = {s.name for s in rule.inputs}
    return _FACTORS.format(
        name=name,
        parameters=indented(4, parameters),
        post_names=indented(8, [f"{n} = _post[{k}, _i]" for k, n in enumerate(POST) if n in used]),
        pre_names=indented(8, [f"{n} = _pre[{k}, _j]" for k, n in enumerate(PRE) if n in used]),
        post=python_code(found.post),
        pre=python_code(found.pre),
    )
