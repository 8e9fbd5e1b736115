"""Learners on losses that are not quadratic: what `simulate` does, exact on quadratic losses, order, recovery."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from analysis.infer import infer
from analysis.inference.curved import MOST, curved, refined
from analysis.inference.experiment import Experiment
from analysis.inference.identify import coordinates_of, identifiable
from analysis.inference.learner import make_family
from analysis.inference.make import recorded_paths
from analysis.inference.problem import make_problem, recorded
from analysis.inference.result import as_dataset
from plasticity import DoubleWell, Objective, derive, from_expression, rules, simulate
from plasticity.errors import InputError
from plasticity.landscapes import Quadratic
from plasticity.optimality import velocity_field
from tests.analysis.inference.calibration import covered, normal_scores
from tests.error_bounds import FALSE_ALARMS, counts, variance_error, z

WELL = DoubleWell(barrier=1.0, tilt=0.3, stiffness=1.0)
TIMES = np.linspace(0, 3, 25)
N_LEARNERS = 8


def curved_problem(loss, paths, times, u_of, substeps, noise="metric", known=None, metric="isotropic"):
    family = make_family(paths.shape[2], ("discount", "metric"), known or {}, metric, noise, None, 0.2)
    data = recorded(Experiment(loss, paths[:, 0], times), paths)
    return replace(curved(make_problem(family, data, None)), substeps=substeps), coordinates_of(family, u_of)


@pytest.mark.parametrize("drift", [0.0, 0.3])
def test_motion_is_that_of_simulate(drift):
    """One Euler step of the derived rule, in valleys and on the ridge, where curvature is negative."""
    rng = np.random.default_rng(0)
    theta = np.concatenate([rng.uniform(-1.5, 1.5, (20, 2)), [[0.0, 0.3]]])
    rule = derive(Objective(0.7, metric=2.0, drift=-drift) if drift else Objective(0.7, metric=2.0))
    run = simulate(rule, WELL, theta, 1, 1e-3, n_trials=len(theta))
    expected = (run.theta.values[:, 1] - theta) / 1e-3
    family = make_family(2, ("discount", "metric"), {"drift": drift}, "isotropic", "none", None, 0.0)
    u = coordinates_of(family, {"discount": 0.7, "metric": 2.0})[None]
    hessian = np.maximum(WELL.hessian(theta), 0.0)  # diagonal
    assert_allclose(family.velocity(u, theta[None], WELL.gradient(theta), hessian[None])[0], expected, atol=1e-11)


@pytest.mark.parametrize("substeps", [1, 3])
def test_on_a_quadratic_loss_it_is_the_exact_likelihood(substeps):
    loss = Quadratic([[3.0, 1.0], [1.0, 0.5]], [1.0, -0.5])
    same = from_expression("3*(x-1)**2/2 + (x-1)*(y+1/2) + (y+1/2)**2/4", symbols="x y")
    times = np.array([0.0, 0.1, 0.2, 0.5, 0.6, 1.4])
    values = {"discount": 0.7, "metric": [0.5, 2.0], "process_strength": 0.3}
    known = {"drift": 0.2, "hazard": 0.3}
    family = make_family(2, ("discount", "metric"), known, "diagonal", "metric", None, 0.2)
    experiment = Experiment(loss, np.array([[1.0, 2.0], [0.5, -1.0], [0.0, 0.3]]), times)
    paths = recorded_paths(family, coordinates_of(family, values), experiment, np.random.default_rng(0))
    exact = make_problem(family, recorded(experiment, paths), None)
    problem, u = curved_problem(same, paths, times, values, substeps, known=known, metric="diagonal")
    assert_allclose(problem.log_likelihood(u[None]), exact.log_likelihood(u[None]), rtol=1e-8)
    assert_allclose(problem.innovations(u), exact.innovations(u), atol=1e-7)


PRIOR = {
    "discount": (1.0, 1.0),
    "metric": (1.0, 0.7),
    "process_strength": (0.05, 0.5),
    "measurement_noise": (0.02, 0.5),
}
LOSSES = (WELL, from_expression("log(cosh(2*x)) + cosh(y)", symbols="x y"))


def simulated(rng, value, loss, n_trials=2, dt=0.005):
    """Records of a derived rule by Heun's method, with white noise in its motion if there is any."""
    theta = rng.choice([-1, 1], (n_trials, 2)) * rng.uniform(0.65, 1.5, (n_trials, 2))
    velocity = velocity_field(derive(Objective(value["discount"], metric=1 / value["metric"])), loss)
    every, noise = round(TIMES[1] / dt), value.get("process_strength", 0.0) * np.sqrt(value["metric"] * dt)
    records = [theta]
    for _ in range(every * (TIMES.size - 1)):
        first, kick = velocity(theta), noise * rng.standard_normal(theta.shape)
        theta = theta + 0.5 * dt * (first + velocity(theta + dt * first + kick)) + kick
        records.append(theta)
    paths = np.stack(records[::every], axis=1)
    return paths + value["measurement_noise"] * rng.standard_normal(paths.shape)


def test_steps_of_linearisation_are_of_second_order():
    """On a smooth convex loss with coupling; across a ridge, where curvature has a kink, the order is lower."""
    loss = from_expression("log(cosh(2*x)) + x**2/2 + cosh(y) + x*y/4", symbols="x y")
    value = {"discount": 0.7, "metric": 1.0, "process_strength": 0.1, "measurement_noise": 0.02}
    paths, logs = simulated(np.random.default_rng(0), value, loss)[:, ::2], []
    for substeps in (4, 8, 16, 32):
        problem, u = curved_problem(loss, paths, TIMES[::2], value, substeps)
        logs.append(problem.log_likelihood(u[None])[0])
    first, second, third = np.diff(logs)
    assert 3 < first / second < 5
    assert 3.5 < second / third < 4.5


def test_assumptions_of_learners_on_wells_and_tanh_losses_come_back():
    """Truth from the prior: ranks have standard normal scores, and 90 % intervals cover, within exact bounds."""
    scores, inside = {name: [] for name in PRIOR}, []
    for seed in range(N_LEARNERS):
        rng = np.random.default_rng([seed, 6])
        value = {name: median * np.exp(sd * rng.standard_normal()) for name, (median, sd) in PRIOR.items()}
        noise = "metric"
        if seed % 4 < 2:
            noise = "none"
            del value["process_strength"]
        loss, prior = LOSSES[seed % 2], {name: PRIOR[name] for name in value}
        paths = simulated(rng, value, loss)
        answer = infer(paths, loss, prior=prior, process_noise=noise, times=TIMES, n_draws=250)
        truth = np.log([value[name] for name in answer.names])
        inside.append(covered(truth, answer.draws)[answer.names.index("discount")])
        for name, score in zip(answer.names, normal_scores(truth, answer.draws), strict=True):
            scores[name].append(score)
        assert answer.checks.smallest > FALSE_ALARMS / N_LEARNERS
    for values in scores.values():
        assert abs(np.mean(values)) * np.sqrt(len(values)) < z(12)
        assert np.mean(np.square(values)) < 1 + variance_error(len(values), 12)
    low, high = counts(N_LEARNERS, 0.9, comparisons=3)
    assert low <= sum(inside) <= high


def test_the_report_names_the_likelihood_and_where_it_is_approximate():
    rng = np.random.default_rng(1)
    value = {"discount": 0.7, "metric": 1.0, "measurement_noise": 0.01}
    paths = simulated(rng, value, WELL)
    answer = infer(paths, WELL, process_noise="none", times=TIMES, n_draws=250)
    assert "local linearisation" in str(answer)
    assert np.isnan(answer.checks.restriction)  # no linear system to compare with
    with pytest.raises(InputError, match="quadratic"):
        as_dataset(answer)
    with pytest.raises(InputError, match="quadratic"):
        answer.gap_under(Objective(1.0))


def test_adam_in_a_well_is_rejected():
    starts = [[1.8, -1.5], [-1.7, 1.0], [0.2, 0.5]]
    run = simulate(rules.adam(learning_rate=0.05), WELL, starts, 80, 0.05, n_trials=3, record_every=5)
    paths = run.theta.values + 0.01 * np.random.default_rng(0).standard_normal(run.theta.shape)
    answer = infer(paths, WELL, times=run.time.values, n_draws=250)
    assert answer.rejected
    assert np.isnan(answer.estimate("discount"))


def test_what_cannot_be_used_is_refused():
    paths = np.cumsum(np.ones((1, 25, 2)), axis=1)
    with pytest.raises(InputError, match="gradient and hessian"):
        infer(paths, "valley", times=TIMES)
    with pytest.raises(InputError, match="3 parameters"):
        infer(np.ones((1, 25, 3)) * TIMES[:, None], WELL, times=TIMES)
    with pytest.raises(InputError, match="loss_level"):
        infer(paths, WELL, ("discount", "loss_level"), times=TIMES)
    with pytest.raises(InputError, match="far apart"):
        refined(*curved_problem(WELL, paths, TIMES, {}, MOST))
    with pytest.raises(InputError, match="quadratic"):
        identifiable(Experiment(WELL, [1.0, 0.0], TIMES))
