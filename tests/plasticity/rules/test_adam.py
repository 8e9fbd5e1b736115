"""Adam: the textbook algorithm, step by step, and what its constants mean."""

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose

from plasticity import Objective, derive, simulate
from plasticity.belief import FadingMemory
from plasticity.landscapes import Quadratic
from plasticity.rules.adam import adam
from plasticity.rules.rmsprop import rmsprop


def test_it_is_the_textbook_algorithm():
    hessian, w = np.array([[2.0, 0.3], [0.3, 0.5]]), np.array([1.0, -2.0])
    m = v = np.zeros(2)
    expected = [w]
    for t in range(1, 101):
        g = hessian @ w
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        w = w - 0.01 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-3)
        expected.append(w)
    ds = simulate(adam(learning_rate=0.01, epsilon=1e-3), Quadratic(hessian, np.zeros(2)), [1.0, -2.0], 100, 0.5)
    assert_allclose(ds.theta.values[0], expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("correct", [True, False])
@pytest.mark.parametrize("inside", [True, False])
def test_the_variants_of_the_published_code(correct, inside):
    """With and without bias correction, ε beside and under the root; and RMSprop as the case without a mean."""
    w, m, v, s, x = 1.0, 0.0, 0.0, 0.0, 1.0
    expected, without_mean = [w], [x]
    for t in range(1, 51):
        g = 2.0 * w
        m, v = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g**2
        m_hat, v_hat = (m / (1 - 0.9**t), v / (1 - 0.99**t)) if correct else (m, v)
        w -= 0.02 * m_hat / (np.sqrt(v_hat + 0.1) if inside else np.sqrt(v_hat) + 0.1)
        s = 0.9 * s + 0.1 * (2.0 * x) ** 2
        x -= 0.02 * 2.0 * x / (np.sqrt(s + 0.1) if inside else np.sqrt(s) + 0.1)
        expected.append(w)
        without_mean.append(x)
    rule = adam(0.02, 0.9, 0.99, 0.1, bias_correction=correct, epsilon_inside=inside)
    bowl = Quadratic(2.0, [0.0])
    assert_allclose(simulate(rule, bowl, [1.0], 50, 1.0).theta.values[0, :, 0], expected, rtol=1e-12, atol=1e-14)
    plain = simulate(rmsprop(0.02, 0.9, 0.1, epsilon_inside=inside), bowl, [1.0], 50, 1.0).theta.values[0, :, 0]
    assert_allclose(plain, without_mean, rtol=1e-12, atol=1e-14)


def test_its_epsilon_is_the_horizon_of_the_exact_rule():
    """With ε = γ/(2 sqrt(ηk)) it differs from the exact denominator by γ²/(8ηkv) of the step, at most."""
    gamma, eta, dt = 0.02, 1.5, 0.01
    memories = {"gradient_belief": FadingMemory(decay=0.9), "curvature_belief": FadingMemory(decay=0.999)}
    exact = derive(Objective(gamma, eta), **memories)
    near = adam(np.sqrt(eta) * dt, epsilon=gamma / (2 * np.sqrt(eta)))
    bowl = Quadratic(1.0, [0.0])
    paths = [simulate(rule, bowl, [3.0], 20, dt).theta.values[0, :, 0] for rule in (exact, near)]
    steps = [np.diff(p) for p in paths]
    assert_allclose(steps[1], steps[0], rtol=gamma**2 / (8 * eta * 2.0**2))  # |g| > 2 on this stretch
    assert np.abs(steps[1] / steps[0] - 1).max() > 1e-6


@pytest.mark.parametrize("epsilon", [0.0, 1e-3])
def test_the_scale_of_the_loss_drops_out_without_epsilon(epsilon):
    final = [
        simulate(adam(0.01, epsilon=epsilon), Quadratic(h, [0.0]), [1.0], 30, 1.0).theta.values[0, -1, 0]
        for h in (1.0, 1e-3)
    ]
    assert (abs(final[0] - final[1]) < 1e-12) == (epsilon == 0)


def test_the_derivation_leads_from_a_general_discount():
    titles = [step.title for step in adam().steps]
    assert titles.index("HJB equation") < titles.index("With the beliefs") < titles.index("In other parameters")
    assert sp.Symbol("discount", positive=True) not in adam().events["clock"][-1].expression.free_symbols
