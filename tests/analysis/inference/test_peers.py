"""The likelihood of a learner is that of the package lqg, given the same learner as a problem of control."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import linalg

from analysis.inference.experiment import Experiment
from analysis.inference.identify import coordinates_of
from analysis.inference.learner import make_family
from analysis.inference.make import recorded_paths
from analysis.inference.problem import make_problem, recorded
from plasticity.landscapes import Quadratic

OPTIMUM = np.array([1.0, -0.5])


def lqg_log_likelihood(closed, diffusion, noise, dt, paths):
    """State (record, θ − μ) with unit cost of control, and the loss whose optimal closed loop is e^{A_cl Δt}.

    A first step without control makes the prior N(first record, noise²); its own term, N(0; 0, 1), is taken out.
    """
    jax = pytest.importorskip("jax")
    spec = pytest.importorskip("lqg.spec", reason="pip install lqg to compare with it")
    from lqg.system import System

    n, n_steps = len(closed), paths.shape[1]
    one, zero = np.eye(n), np.zeros((n, n))
    both = linalg.expm(np.block([[-closed, diffusion], [zero, closed.T]]) * dt)
    flow = both[n:, n:].T
    root = np.linalg.cholesky(flow @ both[:n, n:])
    value = (one - flow) @ np.linalg.inv(flow)

    def every(matrix):
        return np.repeat(matrix[None], n_steps, 0)

    a, b = every(np.block([[zero, one], [zero, one]])), every(np.vstack([one, one]))
    v = every(np.block([[root, noise * one], [root, zero]]))
    a[0], b[0] = np.block([[zero, zero], [zero, one]]), 0
    v[0] = np.block([[zero, one], [noise / np.sqrt(2) * one, zero]])
    loss, final = (linalg.block_diag(zero, m) for m in ((one - flow) @ value, value))
    free, silent = np.zeros((n_steps, 2 * n)), np.zeros((n_steps, n))
    problem = {
        "Q": every(loss), "q": free, "Qf": final, "qf": free[0], "P": np.zeros((n_steps, n, 2 * n)), "R": every(one),
        "r": silent, "A": a, "B": b, "V": v, "F": every(np.hstack([zero, one])), "W": every(zero),
    }  # fmt: skip
    y = paths - OPTIMUM
    start = np.concatenate([0 * y[:, 0], y[:, 0]], 1)
    records = np.concatenate([0 * y[:, :1], 0 * y[:, :1], y[:, 1:]], 1)
    with jax.enable_x64(True):
        system = spec.LQGSpec(**{name: jax.numpy.asarray(value) for name, value in problem.items()})
        x0 = jax.numpy.asarray(start)
        logs = System(system, system).log_likelihood(jax.numpy.asarray(records), x0=x0, xhat0=x0)
        return float(np.asarray(logs).sum()) + len(y) * n / 2 * np.log(2 * np.pi)


def test_likelihood_is_that_of_lqg():
    times = np.linspace(0, 6, 61)
    loss = Quadratic([[3.0, 1.0], [1.0, 0.5]], OPTIMUM)
    experiment = Experiment(loss, np.array([[1.0, 2.0], [0.5, -1.0], [0.0, 0.3]]), times)
    family = make_family(2, ("discount", "metric"), {}, "isotropic", "metric", None, 0.0)
    u = coordinates_of(family, {"discount": 0.7, "metric": 0.8, "process_strength": 0.3})
    paths = recorded_paths(family, u, experiment, np.random.default_rng(0))
    closed, _ = family.motion(u[None], experiment.tasks[0])
    noise = float(family.scalar("measurement_noise", u[None])[0])
    expected = lqg_log_likelihood(closed[0, 0], family.diffusion(u[None])[0], noise, times[1], paths)
    ours = make_problem(family, recorded(experiment, paths), None).log_likelihood(u[None])[0]
    assert_allclose(ours, expected, atol=1e-6, rtol=0)
