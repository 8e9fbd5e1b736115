"""Likelihood of recorded paths for many candidate learners: against the joint Gaussian law and Kalman filters."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from _table import Missing, Row
from _timing import interleaved, named

from analysis.inference.experiment import Experiment
from analysis.inference.identify import coordinates_of
from analysis.inference.learner import make_family
from analysis.inference.make import recorded_paths
from analysis.inference.problem import likelihood, recorded
from plasticity.landscapes import Quadratic
from tests.oracles.linear_gaussian import filter_log_likelihood, joint_log_likelihood, transitions

CURVATURES = np.array([0.3, 1.0, 6.0])
TIMES = np.linspace(0.0, 6.0, 61)


def rows(quick: bool) -> Iterator[Row | Missing]:
    """One row per baseline: 4 trials of 60 records of 3 weights, microseconds per candidate learner."""
    rng = np.random.default_rng(0)
    experiment = Experiment(Quadratic(CURVATURES, np.zeros(3)), rng.standard_normal((4, 3)) * 2, TIMES)
    family = make_family(3, ("discount", "metric"), {}, "diagonal", "metric", None, 0.0)
    u = coordinates_of(family, {"discount": 0.7})
    paths = recorded_paths(family, u, experiment, rng)
    many = u + 0.3 * rng.standard_normal((100 if quick else 1000, u.size))
    closed, offset = family.motion(many, experiment.tasks[0])
    system = (closed, offset, family.diffusion(many), family.scalar("measurement_noise", many) ** 2)
    data = recorded(experiment, paths)
    few = 2 if quick else 10
    baselines: dict[str, Callable | None] = {
        f"joint Gaussian law, {named('scipy', 'SciPy')}": joint_log_likelihood,
        f"Kalman filter in a loop, {named('numpy', 'NumPy')}": filter_log_likelihood,
        f"{named('filterpy')} KalmanFilter" if (filterpy := _filterpy()) else "filterpy KalmanFilter": filterpy,
    }
    for name, theirs in baselines.items():
        what = "likelihood of paths, per learner"
        yield (
            Missing(what, name, "pip install filterpy")
            if theirs is None
            else _row(what, name, theirs, data, system, few)
        )


def _row(what: str, name: str, theirs: Callable, data: object, system: tuple, few: int) -> Row:
    candidates = [(c[0], o[0], d, np.sqrt(v)) for c, o, d, v in zip(*system, strict=True)][:few]
    results: dict[str, np.ndarray] = {}

    def ours_all() -> None:
        results["ours"] = likelihood(data, *system)[0]  # type: ignore[arg-type]

    def theirs_few() -> None:
        results["theirs"] = np.array([theirs(*one, TIMES, data.paths) for one in candidates])  # type: ignore[attr-defined]

    ours_all()  # compiles
    best = interleaved({"ours": ours_all, "theirs": theirs_few}, 3)
    off = np.abs(results["ours"][:few] - results["theirs"]).max()
    if off > 1e-6:
        raise ValueError(f"{name} has another likelihood, by {off:g} nats")
    times = (1e6 * best["ours"] / len(system[0]), 1e6 * best["theirs"] / few)
    return Row(
        what, name, *times, "CPU us", proof=f"log-likelihoods differ by {off:.0e} of {abs(results['ours'][0]):.0f} nats"
    )


def _filterpy() -> Callable | None:
    """Log-likelihood by that package, or None where it is not installed."""
    try:
        from filterpy.kalman import KalmanFilter
    except ImportError:
        return None

    def log_likelihood(closed, offset, diffusion, noise, times, paths):  # type: ignore[no-untyped-def]
        n, total = len(offset), 0.0
        moves = transitions(closed, offset, diffusion, times)
        for path in paths:
            one = KalmanFilter(dim_x=n, dim_z=n, dim_u=n)
            one.x, one.P, one.H = path[0][:, None], noise**2 * np.eye(n), np.eye(n)
            one.R, one.B = noise**2 * np.eye(n), np.eye(n)
            for record, (f, shift, q) in zip(path[1:], moves, strict=True):
                one.predict(u=shift[:, None], F=f, Q=q)
                one.update(record[:, None])
                total += one.log_likelihood
        return total

    return log_likelihood
