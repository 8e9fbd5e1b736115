"""Searches for optimal paths against the value function on a grid; wells on both sides of their critical discount."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
from _table import Row

from plasticity import Objective, from_expression, plan, policy
from plasticity.optimal.families import surroundings
from plasticity.optimal.grid import value_on_grid
from tests.plasticity.optimal.test_grid import mixture

BOX = np.array([[-3.0, -3.0], [3.0, 3.0]])
ACCURACY = 0.01  # of J, between search and grid


def rows(quick: bool) -> Iterator[Row]:
    """One row for random mixtures of Gaussian wells in two dimensions, one for wells in one."""
    yield mixtures(range(100, 103 if quick else 120))
    yield wells(5 if quick else 50)


def mixtures(seeds: range) -> Row:
    """From every minimum and three random starts, at two discounts: time per plan, time per grid, and the worst J."""
    spent, counts, worst = {"plan": 0.0, "grid": 0.0}, {"plan": 0, "grid": 0}, []
    for seed in seeds:
        loss, random = mixture(2, seed, 6), np.random.default_rng(seed)
        minima = [point.position for point in surroundings(loss, BOX).minima]
        starts = [*minima, *random.uniform(-1.8, 1.8, (3, 2))]
        differences = []
        for discount in (0.1, 0.5):
            begin = time.process_time()
            grid = value_on_grid(Objective(discount), loss, BOX)
            spent["grid"], counts["grid"] = spent["grid"] + time.process_time() - begin, counts["grid"] + 1
            for start in starts:
                begin = time.process_time()
                path = plan(Objective(discount), loss, start, 30 / discount)
                spent["plan"], counts["plan"] = spent["plan"] + time.process_time() - begin, counts["plan"] + 1
                value = path.attrs["action"] + np.exp(-30) * loss.loss(path.theta.values[-1]) / discount
                differences.append(abs(value / grid.value(start) - 1))
        worst.append(float(np.max(differences)))
    within = sum(difference < ACCURACY for difference in worst)
    proof = f"{within} of {len(worst)} within 1 %, worst {max(worst):.1e}"
    times = [1e3 * spent[name] / counts[name] for name in ("plan", "grid")]
    return Row("plan over every pass, 2 dimensions", "grid of 320²", *times, "CPU ms", (0.0, np.inf), proof)


def wells(number: int) -> Row:
    """Tilted quartics, whose critical discount is exact: left at 0.99 γ_c, not at 1.01 γ_c; `plan` and `policy`."""
    random, right, spent = np.random.default_rng(1), {"plan": 0, "policy": 0}, {"plan": 0.0, "policy": 0.0}
    for _ in range(number):
        barrier, tilt, plasticity, weight = random.uniform([0.5, 0.1, 0.5, 0.5], [3, 0.8, 2, 2])
        tilt *= barrier
        x = np.sort(np.roots([4 * barrier, 0.0, -4 * barrier, -tilt]).real)
        critical = np.sqrt(2 * plasticity * weight * barrier) * (x[0] + x[2] - 2 * x[1])
        loss = from_expression(f"{barrier}*(x**2 - 1)**2 - {tilt}*x", "x")
        for factor, leaves in ((0.99, True), (1.01, False)):
            objective = Objective(factor * critical, plasticity, weight)
            paths = {
                "plan": lambda one, loss=loss, start=x[:1]: plan(one, loss, start, 30 / float(one.discount)),
                "policy": lambda one, loss=loss, start=x[:1]: policy(one, loss, [[-2.0], [2.0]]).path(start),
            }
            for name, path_of in paths.items():
                begin = time.process_time()
                path = path_of(objective)
                spent[name] += time.process_time() - begin
                right[name] += int((path.theta.values[-1, 0] > x[1]) == leaves)
    proof = f"right: {right['policy']} and {right['plan']} of {2 * number}"
    times = [1e3 * spent[name] / (2 * number) for name in ("policy", "plan")]
    return Row("policy in wells, ±1 % of γ_c", "plan by search", *times, "CPU ms", (0.0, np.inf), proof)
