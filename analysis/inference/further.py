"""The experiment that could: changes of an experiment, ranked by what they would tell of one assumption."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from analysis.inference.answer import Inference
from analysis.inference.experiment import Experiment
from analysis.inference.identify import expected_errors
from analysis.inference.problem import require_quadratic
from plasticity.landscapes import Quadratic

LEVEL = 4.0  # of a second level of the loss
SPREAD = 100.0  # ratio of curvatures


def further_experiments(answer: Inference, target: str | None = None) -> tuple[str, list[tuple[str, float]]]:
    """Expected standard error of one assumption in changed experiments on the most probable learner, the best first.

    Parameters
    ----------
    answer : Inference
    target : str, optional
        Assumption, a name of `answer.names`; by default the discount if it is unknown, else the first.

    Returns
    -------
    target : str
    ranked : list of (experiment in words, expected standard error of the logarithm)
        inf where it is an alias.
    """
    names, family = answer.names, answer.problem.family
    target = target or ("discount" if "discount" in names else names[0])
    place = names.index(target)
    ranked = []
    for words, experiment in _changes(answer).items():
        error = expected_errors(family, answer.mode, experiment)[2][place]
        ranked.append((words, float(error)))
    return target, sorted(ranked, key=lambda item: item[1])


def _changes(answer: Inference) -> Mapping[str, Experiment]:
    """The experiment as it was, and changed in one respect each."""
    data = answer.problem.data
    require_quadratic("answer", data)
    losses, starts, times = data.landscapes, data.paths[:, 0], data.times
    twice = np.repeat(starts, 2, axis=0)
    pairs = [loss for loss in losses for _ in range(2)]

    def every_other(change) -> Experiment:  # type: ignore[no-untyped-def]
        return Experiment([change(loss) if i % 2 else loss for i, loss in enumerate(pairs)], twice, times)

    changes = {
        "as it was": Experiment(losses, starts, times),
        "every trial twice": Experiment(pairs, twice, times),
        "as many records in twice the time": Experiment(losses, starts, 2 * times),
        "as many records in half the time": Experiment(losses, starts, 0.5 * times),
        f"every trial also on {LEVEL:g} times the loss": every_other(_raised),
        "every trial also without loss": every_other(lambda loss: Quadratic(0.0, loss.optimum)),
    }
    if data.n > 1:
        changes[f"every trial also with curvatures {SPREAD:g}-fold apart"] = every_other(_spread)
        changes["every trial also with a loss turned by 45°"] = every_other(_turned)
    return changes


def _raised(loss: Quadratic) -> Quadratic:
    return Quadratic(LEVEL * loss.hessian_matrix, loss.optimum)


def _spread(loss: Quadratic) -> Quadratic:
    """The same principal directions and geometric mean, with curvatures evenly spread in their logarithm."""
    values, vectors = np.linalg.eigh(loss.hessian_matrix)
    if not np.any(values):
        return loss
    curvatures = np.exp(np.mean(np.log(values))) * np.geomspace(SPREAD**-0.5, SPREAD**0.5, values.size)
    return Quadratic((vectors * curvatures) @ vectors.T, loss.optimum)


def _turned(loss: Quadratic) -> Quadratic:
    """Turned between the first two parameters."""
    turn = np.eye(loss.n)
    turn[:2, :2] = np.sqrt(0.5) * np.array([[1.0, -1.0], [1.0, 1.0]])
    return Quadratic(turn @ loss.hessian_matrix @ turn.T, loss.optimum)
