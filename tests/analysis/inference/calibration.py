"""Learners drawn from the prior and inferred: ranks of the truth among posterior draws, by kind of learner."""

from dataclasses import dataclass, field

import numpy as np
from scipy.stats import norm

from analysis.inference.experiment import Experiment
from analysis.inference.learner import make_family
from analysis.inference.make import recorded_paths
from analysis.inference.mode import best
from analysis.inference.problem import make_problem, recorded
from analysis.inference.sample import FEW, POOR, along_ridge, ensemble, importance
from plasticity.landscapes import Quadratic

PRIOR = {
    "discount": (1.0, 1.0),
    "metric": (1.0, 0.7),
    "drift": (0.3, 0.5),
    "process_strength": (0.1, 0.5),
    "measurement_noise": (0.05, 0.5),
    "process_covariance": (0.1, 0.5),
}
COUPLED = np.array([[3.0, 1.0], [1.0, 0.5]])
THREE = np.array([[3.0, 1.0, 0.2], [1.0, 1.0, 0.4], [0.2, 0.4, 0.6]])


@dataclass
class Kind:
    """One kind of learner: its loss and the options of its family."""

    hessian: object
    unknown: tuple = ("discount", "metric")
    metric: str = "isotropic"
    noise: str = "metric"
    control: object = None
    levels: tuple = (1.0,)
    options: dict = field(default_factory=dict)


KINDS = {
    "isotropic": Kind([0.5, 3.0]),
    "diagonal, coupling": Kind(COUPLED, metric="diagonal"),
    "diagonal, no coupling": Kind([0.5, 3.0], metric="diagonal"),
    "full, two levels, free noise": Kind(COUPLED, metric="full", noise="free", levels=(1.0, 4.0)),
    "decay": Kind([0.5, 3.0], unknown=("discount", "metric", "drift")),
    "one control of two": Kind(COUPLED, control=np.array([[1.0], [0.5]])),
    "everything": Kind(
        THREE,
        unknown=("discount", "metric", "drift"),
        metric="full",
        control=np.array([[1.0, 0.2], [0.5, -1.0], [0.3, 0.4]]),
        levels=(1.0, 4.0, 0.0),  # a coupled metric of two controls of three weights, with trials without loss
    ),
}


def inferred(kind, seed, n_records=16, n_trials=4, n_draws=1000):
    """Names, true coordinates, draws, and the start of the search of one learner."""
    rng = np.random.default_rng([seed, 7])
    n = len(kind.hessian)
    losses = [Quadratic(np.asarray(kind.hessian) * level, [0.5, -0.3, 0.2][:n]) for level in kind.levels]
    every = [losses[i % len(losses)] for i in range(n_trials)]
    experiment = Experiment(every, rng.standard_normal((n_trials, n)) * 2, np.linspace(0, 5, n_records))
    family = make_family(n, kind.unknown, {}, kind.metric, kind.noise, kind.control, 0.0)
    prior = {name: PRIOR[name] for name in family.unknown}
    blank = make_problem(
        family, recorded(experiment, np.zeros((n_trials, n_records, n)) + rng.random(n_records)[:, None]), prior
    )
    truth = blank.prior_mean + blank.prior_sd * rng.standard_normal(len(blank.prior_mean))
    problem = make_problem(family, recorded(experiment, recorded_paths(family, truth, experiment, rng)), prior)
    mode, hessian = best(problem, seed)
    pool, weights, effective = importance(problem.log_density, mode, hessian, 2 * n_draws, rng)
    if effective < POOR * len(pool):
        pool, weights, effective = along_ridge(problem.log_density, mode, 2 * n_draws, rng)
    if effective < FEW:
        draws, effective = ensemble(problem.log_density, pool, weights, n_draws, rng)
    else:
        draws = pool[rng.choice(len(pool), n_draws, p=weights)]
    behind = problem.log_density(truth[None])[0] - problem.log_density(mode[None])[0]
    return family.names, truth, draws, float(behind), effective


def covered(truth, draws, share=0.9):
    """Whether the central interval covers the truth, per coordinate."""
    low, high = np.quantile(draws, [0.5 - share / 2, 0.5 + share / 2], axis=0)
    return (low <= truth) & (truth <= high)


def rank(truth, draws):
    """Share of the draws below the truth, per coordinate."""
    return np.mean(draws < truth, axis=0)


def normal_scores(truth, draws):
    """Ranks as quantiles of a standard normal variable, per coordinate: independent over learners of the prior."""
    return norm.ppf((np.sum(draws < truth, axis=0) + 0.5) / (len(draws) + 1))
