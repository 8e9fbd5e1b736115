"""Inferred assumptions: can the horizon of a learner be read from the path of its weights?

Simulated learners with two weights each optimise an objective of their own: discount, metric, noise of the process and
of the records are drawn from a prior. From records of a few starts the assumptions are inferred by `analysis.infer`,
with the same prior, in four experiments: curvatures that differ between the weights, a loss that couples them, one
curvature, and one curvature at two levels of the loss.

Expect: intervals of 90 % cover the truth of 90 % of the learners in every experiment, because the truth is drawn from
the prior. The experiments differ in how narrow the intervals are: they are widest with one curvature, and what that
tells of the discount it owes to the noise, which is constant in the metric. With `process_noise="free"` one curvature,
or curvatures without coupling, tell nothing.

Result: by `experiment` and `learner` the true `discount`, the `median`, `low` and `high` of its posterior,
`posterior_sd` of its logarithm over that of the prior; `coverage`(experiment, share) of the intervals;
`aliased`(experiment).

Source: Vastola, Gershman & Rajan 2025 (vastola_2025) for the objective; Kalman 1960 (kalman_1960) for the likelihood.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from plasticity.dataset import make_dataset
from plasticity.landscapes import Quadratic
from scenarios.running.parameters import parameter

if TYPE_CHECKING:
    import xarray as xr

SHARES = (0.5, 0.9)
EXPERIMENTS = ("two curvatures", "coupled weights", "one curvature", "two levels")


@dataclass(frozen=True)
class Parameters:
    """The learners and what is recorded of them."""

    n_learners: int = parameter(20, "1", "learners per experiment", low=1)
    discount: float = parameter(1.0, "1/s", "median of the discount over learners", low=1e-6)
    spread: float = parameter(1.0, "1", "standard deviation of the logarithm of the discount", low=1e-6)
    curvature_ratio: float = parameter(10.0, "1", "ratio of the two curvatures", low=1.0)
    level: float = parameter(4.0, "1", "loss at the second level over the first", low=1.0)
    n_trials: int = parameter(4, "1", "starts per learner", low=2)
    n_records: int = parameter(30, "1", "records per start", low=8)
    duration: float = parameter(6.0, "s", "time from the first record to the last", low=1e-6)
    process_noise: str = parameter("metric", "1", "noise constant in the metric, or any", choices=("metric", "free"))


SMOKE = {"n_learners": 1, "n_records": 8, "n_trials": 2}


def cost(parameters: Parameters) -> tuple[float, float]:
    """Expected seconds and peak bytes: imports, and the search and the draws of every learner."""
    p = parameters
    return 2.5 + len(EXPERIMENTS) * p.n_learners * (0.15 + 4e-4 * p.n_records), 260e6


def simulate(parameters: Parameters, seed: int, device: str | None) -> xr.Dataset:
    """Draw learners, record and infer them, experiment by experiment."""
    p = parameters
    shape = (len(EXPERIMENTS), p.n_learners)
    truth, median, low, high, sd = (np.empty(shape) for _ in range(5))
    inside = np.empty((*shape, len(SHARES)), dtype=bool)
    aliased = np.zeros(len(EXPERIMENTS), dtype=int)
    for e, losses in enumerate(_losses(p)):
        for learner in range(p.n_learners):
            answer, truth[e, learner] = _inferred(p, losses, [seed, e, learner])
            draws = answer.values("discount")
            median[e, learner] = np.median(draws)
            low[e, learner], high[e, learner] = answer.interval("discount")
            sd[e, learner] = np.log(draws).std() / p.spread
            intervals = [answer.interval("discount", share) for share in SHARES]
            inside[e, learner] = [a <= truth[e, learner] <= b for a, b in intervals]
            aliased[e] |= answer.verdict("discount") == "alias"
    along = ("experiment", "learner")
    return make_dataset(
        {
            "discount": (along, truth, "1/s", "discount of the learner"),
            "median": (along, median, "1/s", "median of its posterior"),
            "low": (along, low, "1/s", "5 % quantile of its posterior"),
            "high": (along, high, "1/s", "95 % quantile of its posterior"),
            "posterior_sd": (along, sd, "1", "sd of the logarithm over that of the prior"),
            "coverage": (("experiment", "share"), inside.mean(axis=1), "1", "learners whose interval covers the truth"),
            "aliased": ("experiment", aliased, "1", "1: the discount is an exact alias"),
        },
        {
            "experiment": ("experiment", list(EXPERIMENTS), "1", "experiment"),
            "learner": ("learner", np.arange(p.n_learners), "1", "learner"),
            "share": ("share", list(SHARES), "1", "credibility of the interval"),
        },
        title="Assumptions inferred from the paths of simulated learners",
        rule="optimal linear-quadratic policy",
        engine="Kalman innovations, importance sampling",
        references=("vastola_2025", "kalman_1960"),
    )


def _losses(p: Parameters) -> list[list[Quadratic]]:
    """Losses of the trials of every experiment, of mean curvature near 1."""
    steep = np.sqrt(p.curvature_ratio)
    spread, rest = np.array([1 / steep, steep]), np.zeros(2)
    turn = np.sqrt(0.5) * np.array([[1.0, -1.0], [1.0, 1.0]])
    coupled = turn @ np.diag(spread) @ turn.T
    levels = [Quadratic(1.0, rest), Quadratic(p.level, rest)]
    return [
        [Quadratic(spread, rest)] * p.n_trials,
        [Quadratic(coupled, rest)] * p.n_trials,
        [Quadratic(1.0, rest)] * p.n_trials,
        [levels[i % 2] for i in range(p.n_trials)],
    ]


def _inferred(p: Parameters, losses: list[Quadratic], seeds: list[int]):  # type: ignore[no-untyped-def]
    """Inference from one learner, and its discount."""
    from analysis.infer import infer
    from analysis.inference.experiment import Experiment
    from analysis.inference.identify import coordinates_of
    from analysis.inference.learner import make_family
    from analysis.inference.make import recorded_paths

    rng = np.random.default_rng(seeds)
    prior = {"discount": (p.discount, p.spread), "metric": (1.0, 0.7), "measurement_noise": (0.03, 0.5)}
    if p.process_noise == "metric":
        prior["process_strength"] = (0.1, 0.5)
    drawn = {name: median * np.exp(sd * rng.standard_normal()) for name, (median, sd) in prior.items()}
    drawn["metric"] = np.exp(0.7 * rng.standard_normal(2))
    family = make_family(2, ("discount", "metric"), {}, "diagonal", p.process_noise, None, 0.0)
    starts = 2.0 * rng.standard_normal((p.n_trials, 2))
    experiment = Experiment(losses, starts, np.linspace(0.0, p.duration, p.n_records))
    paths = recorded_paths(family, coordinates_of(family, drawn), experiment, rng)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of aliases: they are in the result
        answer = infer(
            paths,
            losses,
            ("discount", "metric"),
            prior,
            metric="diagonal",
            process_noise=p.process_noise,
            times=experiment.times,
            n_draws=1000,
            check=False,
            seed=seeds[-1],
        )
    return answer, drawn["discount"]
