"""Deferred outer-product accumulation: what flows between clock ticks is a product of a post- and a presynaptic factor.

A rule that acts at ticks collects the gradient in between. If the gradient is δ_i·r_j, nothing needs to be done in the
synapses until the tick: the neurons remember their factors of each step, and the sum over steps is one product of
matrices. Then a belief on a slow clock costs less than a rule that changes every weight at every step.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from plasticity.compile.dense import POST, PRE, SHARED, SYNAPSE, parameter_lines
from plasticity.compile.generated import python_code
from plasticity.compile.native import Signature, native
from plasticity.local import LOCALS
from plasticity.rule import WEIGHT, Rule

FACTORS = Signature(arrays=("_pre", "_post", "_shared", "_p", "_by_post", "_by_pre"), integers=("_n_post", "_n_pre"))


@dataclass(frozen=True)
class Deferred:
    """The only thing that flows: ``d state/dt = post·pre``, for the state with this name."""

    state: str
    post: sp.Expr
    pre: sp.Expr


def deferred(rule: Rule) -> Deferred | None:
    """Product that a rule collects between ticks, if it collects a product and nothing else; else None.

    Examples
    --------
    >>> from plasticity import observe
    >>> from plasticity.rules.adam import adam
    >>> from plasticity.signals.exact_error import exact_error
    >>> product = deferred(observe(adam(), exact_error()))
    >>> product.post, product.pre
    (-post_error, pre_rate)
    """
    flowing = [s for s in rule.states if s.flow != 0]
    if "clock" not in rule.events or rule.weight_flow != 0 or len(flowing) != 1:
        return None
    flow = sp.factor(flowing[0].flow)
    pre, post = flow.as_independent(*(LOCALS[n].symbol for n in (*POST, *SHARED)), as_Add=False)
    own = {WEIGHT, *(s.symbol for s in rule.states), *(LOCALS[name].symbol for name in SYNAPSE)}
    if flow.free_symbols & own or post.has(*(LOCALS[n].symbol for n in PRE)):
        return None
    sign = -1 if pre.could_extract_minus_sign() else 1
    return Deferred(flowing[0].name, sign * post, sign * pre)


def factors_source(rule: Rule) -> str:
    """Text of the function `factors` that computes both factors of a step for all neurons."""
    product = deferred(rule)
    if product is None:
        raise ValueError(f"what rule {rule.name!r} collects is no product of two factors")
    lines = parameter_lines(rule)
    for side, names, factor in (("post", POST, product.post), ("pre", PRE, product.pre)):
        used = {s.name for s in factor.free_symbols}
        lines.append(f"for _i in range(_n_{side}):")
        lines += [f"    {n} = _{side}[{k} * _n_{side} + _i]" for k, n in enumerate(names) if n in used]
        lines.append(f"    _by_{side}[_i] = {python_code(factor)}")
    return native("factors", FACTORS, lines)
