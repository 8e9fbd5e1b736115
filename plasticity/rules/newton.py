"""Newton's method: one observation, then action for a long time.

At a clock tick w −= gradient/curvature, for any horizon and cost of change: in the long run every optimal learner
reaches the optimum of the quadratic loss that it observed. Not where the curvature vanishes or is negative.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from plasticity.derive import derive
from plasticity.objective import Objective
from plasticity.rule import Rule
from plasticity.support.checks import checked


@checked
def newton() -> Rule:
    """Derive ``w −= gradient/curvature`` from a long time between observations.

    Examples
    --------
    >>> newton().events["clock"][0].expression
    w - gradient/curvature

    References
    ----------
    vastola_2025; nocedal_2006.
    """
    rule = derive(Objective(discount=sp.Symbol("discount", positive=True)), duration=sp.oo)
    return replace(rule, name="newton", title="Newton's method")
