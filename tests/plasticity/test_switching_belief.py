"""The derived belief about an optimum that is replaced unannounced: against exact posteriors, on the same noise."""

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose

from plasticity import Objective, derive, simulate
from plasticity.belief import FadingMemory, SwitchingTask
from plasticity.filters import Switching, states, track
from tests.error_bounds import z
from tests.oracles.switching import Seen, grid_means, jumping, moment_means


def believed(task, dt, observations):
    """Means m (n_steps, n) of the belief of a derived rule, from the steps of a weight that follows it.

    At a short horizon dw/dt = −R(w − z), where z is expected to relax from m to μ_0 at the hazard λ, so that after dt
    ``w − μ_0 = e^{−R dt} (w_before − μ_0) + (m − μ_0) R (e^{−λ dt} − e^{−R dt})/(R − λ)``.
    """
    rate, hazard, prior = 3 / dt, task.hazard, task.prior_mean
    rule = derive(Objective(sp.oo, plasticity=rate), optimum_belief=task)
    start = np.full(observations.shape[1], float(prior))
    path = simulate(rule, Seen(observations), start, len(observations), dt).theta.values[0] - prior
    share = rate * (np.exp(-hazard * dt) - np.exp(-rate * dt)) / (rate - hazard)
    return prior + (path[1:] - np.exp(-rate * dt) * path[:-1]) / share


def test_the_grid_is_the_exact_posterior():
    """Two programs: sums over a grid, and a Gaussian for every time of the last switch."""
    task = SwitchingTask(0.5, 0.3, 1.0, 0.4)
    _, y, _ = jumping(task, 0.1, 60, 1, seed=1)
    assert_allclose(grid_means(task, 0.1, y, 0.02), track(Switching(task, 0.1, tolerance=0.0), y).belief, atol=1e-10)


def test_the_first_two_observations_are_exact():
    """A fresh draw, and then one hypothesis more: what two Gaussians hold."""
    task = SwitchingTask(0.7, 0.3, 2.0, 0.4)
    y = np.array([[1.5, 0.2, -4.0], [-2.0, 0.3, 40.0]])
    exact = np.column_stack([[s.mean[0] for s, _ in states(Switching(task, 0.5), column[:, None])] for column in y.T])
    assert_allclose(believed(task, 0.5, y), exact, rtol=1e-11)  # the least probability of a hypothesis is 1e-12


def test_without_switches_it_is_the_kalman_filter():
    task = SwitchingTask(0.0, 0.3, 2.0, 0.4)
    y = 1.0 + np.random.default_rng(0).standard_normal((30, 2))
    precision = 1 / 2.0 + np.arange(1, 31)[:, None] * 0.5 / 0.4**2
    assert_allclose(believed(task, 0.5, y), (0.3 / 2.0 + np.cumsum(y, axis=0) * 0.5 / 0.4**2) / precision, rtol=1e-10)


def test_one_surprise_moves_it_to_where_the_exact_posterior_goes():
    """Fifty observations near 3, then one near −2.5: at once, in one step, as far as the exact posterior to 1 %."""
    task, dt = SwitchingTask(0.05, 0.0, 4.0, 0.2), 0.1
    random = np.random.default_rng(3)
    y = 3.0 + 0.2 / np.sqrt(dt) * random.standard_normal((51, 1))
    y[-1] = -2.5
    exact = track(Switching(task, dt), y).belief.values[-2:, 0]
    mean = believed(task, dt, y)[-2:, 0]
    assert exact[0] == pytest.approx(3.0, abs=z() * 0.2 / np.sqrt(50 * dt))
    assert mean[1] - mean[0] == pytest.approx(exact[1] - exact[0], rel=0.01)
    assert mean[1] < -2.2


def test_its_error_is_near_that_of_the_exact_posterior():
    """Rare switches and little noise, about 1,000 switches; a filter of one Gaussian has more than twice the error."""
    task, dt = SwitchingTask(0.05, 0.0, 1.0, 0.2), 0.1
    optimum, y, _ = jumping(task, dt, 1500, 130, seed=0)
    exact, mean = grid_means(task, dt, y, 0.016), believed(task, dt, y)
    errors = {name: (e - optimum) ** 2 for name, e in (("exact", exact), ("two", mean))}
    errors["one"] = (moment_means(task, dt, y) - optimum) ** 2

    def beyond(name, factor):
        """Mean of what an error exceeds `factor` times the exact one by, in standard errors over the tasks."""
        excess = (errors[name] - factor * errors["exact"]).mean(axis=0)
        return excess.mean() / (excess.std(ddof=1) / np.sqrt(excess.size))

    assert beyond("two", 1.15) < z(degrees=129)
    assert beyond("two", 1.0) > 0
    assert beyond("one", 1.15) > z(degrees=129)


@pytest.mark.parametrize("surprise", [1e-6, 1.0, 1e3, 1e8, -1e8])
def test_no_surprise_is_too_large(surprise):
    """Evidence of any size leaves a belief that the next observations move: both return within two looks."""
    task = SwitchingTask(0.05, 0.0, 1.0, 0.01)
    y = np.concatenate([np.full((20, 1), surprise), np.full((20, 1), 0.5), np.full((20, 1), -0.5)])
    mean = believed(task, 0.1, y)
    assert np.isfinite(mean).all()
    assert_allclose(mean[[21, 41], 0], [0.5, -0.5], atol=0.01)


def test_a_memory_of_the_curvature_goes_with_it():
    task = SwitchingTask(0.1, 0.0, 1.0, 1.0)
    for memory in (FadingMemory(decay=0.9), FadingMemory(time_constant=2.0)):
        rule = derive(Objective(1.0), optimum_belief=task, curvature_belief=memory)
        observed = next(u for u in rule.events["clock"] if u.target == "observed_optimum")
        assert {s.name for s in observed.expression.free_symbols} == {"w", "gradient", "belief_curvature"}
        assert sum(p.name == "clock_step" for p in rule.parameters) == 1
