"""Weight decay: gradient descent of weights that decay without control.

dw/dt = −decay·w − learning_rate·gradient, for γ → ∞: a learner with a short horizon does not compensate the drift.
With a finite discount (`multi_step` with a drift) it does. Not as a prior on weights: see `soft_reset`.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from plasticity.derive import derive
from plasticity.objective import Objective
from plasticity.rule import Rule
from plasticity.support.checks import checked


@checked
def weight_decay(learning_rate: float = 1.0, decay: float = 0.1) -> Rule:
    """Derive ``dw/dt = −decay·w − learning_rate·gradient`` from a short horizon and a drift.

    Parameters
    ----------
    learning_rate : float
        ηk/γ [1/(loss·s)].
    decay : float
        Rate at which weights shrink [Hz]; the parameter ``drift`` is its negative.

    Examples
    --------
    >>> weight_decay().weight_flow
    drift*w - gradient*learning_rate

    References
    ----------
    vastola_2025, section on partial controllability.
    """
    rule = derive(Objective(discount=sp.oo, plasticity=learning_rate, drift=-decay))
    return replace(rule, name="weight_decay", title="Gradient descent with decay")
