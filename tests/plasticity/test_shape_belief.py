"""A synapse that infers the shape of its landscape: the exact posterior, along its own path."""

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose

from plasticity import LandscapeShape, Objective, Quadratic, derive, shape_posterior, simulate
from plasticity.belief import FadingMemory
from plasticity.errors import InputError

LOSS = Quadratic([2.0, 0.5], [1.0, -2.0])
GAMMA, ETA, K, DT = 0.4, 1.3, 0.8, 0.1


@pytest.mark.parametrize("time_constant", [None, 2.0])
def test_it_takes_the_steps_of_the_posterior(time_constant):
    """Without noise of observation the gradients are known: the path again, from `shape_posterior` and the policy."""
    belief = LandscapeShape("diagonal", 1.5, 2.0, 9.0, 0.2, 0.4, time_constant=time_constant)
    rule = derive(Objective(GAMMA, ETA, K), shape_belief=belief)
    path = simulate(rule, LOSS, [0.0, 0.3], 60, DT).theta.values[0]
    posterior, theta = shape_posterior(belief, 2), path[0]
    for following in path[1:]:
        posterior = posterior.observe(theta, LOSS.gradient(theta), DT)
        v = np.sqrt(np.diag(posterior.squared_hessian))
        slow = GAMMA / 2 + np.sqrt(GAMMA**2 / 4 + ETA * K * v)
        rate = ETA * K * v / slow
        theta = theta - ETA * K / slow * posterior.gradient(theta) * -np.expm1(-rate * DT) / rate
        assert_allclose(following, theta, rtol=1e-9, atol=1e-10)
    assert_allclose(path[-1], LOSS.optimum, atol=0.3)  # 6 s at a rate of 0.6/s, or held back by the prior


def test_it_has_the_form_of_adam():
    """Expected gradient and root mean square curvature in the places of m̂ and v̂."""
    shape = derive(Objective(0), shape_belief=LandscapeShape()).events["clock"][-1].expression
    memory = FadingMemory(decay=0.9)
    adam = derive(Objective(0), gradient_belief=memory, curvature_belief=memory).events["clock"][-1].expression
    w, step = sp.Symbol("w", real=True), sp.Symbol("clock_step", positive=True)
    small = sp.limit((shape - w) / step, step, 0)  # Adam takes an Euler step of the same velocity
    assert sp.simplify(small - (adam - w) / step) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"shape_belief": LandscapeShape("full")}, "couples synapses"),
        ({"shape_belief": LandscapeShape(curvature=[1.0, 2.0])}, "one number"),
        ({"shape_belief": LandscapeShape(), "gradient_belief": FadingMemory(decay=0.9)}, "leave out gradient_belief"),
        ({"shape_belief": LandscapeShape(), "duration": 1.0}, "leave out gradient_belief"),
        ({"shape_belief": FadingMemory(decay=0.9)}, "shape_belief must be"),
    ],
)
def test_what_has_no_form_in_one_synapse_is_refused(arguments, words):
    with pytest.raises(InputError, match=words):
        derive(Objective(1.0), **arguments)
