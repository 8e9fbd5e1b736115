"""Rate homeostasis is the inhibitory plasticity of Vogels et al., and its mean is the gradient."""

import numpy as np
import pytest
import sympy as sp

from plasticity import Objective, derive, observe, replay
from plasticity.errors import InputError
from plasticity.poisson import poisson_trains
from plasticity.rule import WEIGHT
from plasticity.signals.homeostasis import homeostasis
from tests.error_bounds import z


def test_it_is_the_rule_of_vogels_symbolically():
    """Δw = η(x_post − 2 y_0 τ) at pre spikes and η x_pre at post spikes, with η = learning_rate/2τ."""
    rule = observe(derive(Objective(sp.oo)), homeostasis())
    rate, tau, target = (
        next(p.symbol for p in rule.parameters if p.name == n) for n in ("learning_rate", "tau", "target_rate")
    )
    pre, post = (sp.Symbol(n, real=True) for n in ("pre_trace", "post_trace"))
    eta = rate / (2 * tau)
    changes = {e: next(u.expression for u in rule.events[e] if u.target == "w") - WEIGHT for e in ("pre", "post")}
    assert sp.simplify(changes["pre"] - eta * (post - 2 * target * tau)) == 0
    assert sp.simplify(changes["post"] - eta * pre) == 0
    assert rule.weight_flow == 0


@pytest.mark.parametrize("rate", [5.0, 20.0])
def test_its_mean_is_the_gradient(rate):
    """Independent Poisson spikes: ⟨ẇ⟩ = κ x (y − y_0), over 60 pairs of trains."""
    kappa, x, target, duration = 1e-6, 30.0, 10.0, 20.0
    rule = observe(derive(Objective(sp.oo, plasticity=kappa)), homeostasis(target))
    pre = poisson_trains(x, 60, duration, seed=1)
    post = poisson_trains(rate, 60, duration, seed=1, name="post")
    changes = [float(replay(rule, a, b).weight[-1]) - 1 for a, b in zip(pre, post, strict=True)]
    speed = np.array(changes) / duration
    assert abs(speed.mean() - kappa * x * (rate - target)) < z(degrees=59) * speed.std(ddof=1) / np.sqrt(60)


def test_a_negative_rate_is_refused():
    with pytest.raises(InputError, match="target_rate must be >= 0"):
        homeostasis(-1.0)
