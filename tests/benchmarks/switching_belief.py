"""Mean square error of the derived belief about an optimum that is replaced, against the exact posterior."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from _table import Row

from plasticity.belief import SwitchingTask
from tests.oracles.switching import grid_means, jumping, moment_means
from tests.plasticity.test_switching_belief import believed

SETTINGS = (  # hazard [1/s], observation noise [sqrt(s)], time between observations [s], spacing of the grid
    (2.0, 0.5, 0.02, 0.03),
    (0.5, 0.4, 0.04, 0.03),
    (0.05, 0.2, 0.04, 0.01),
    (0.05, 1.0, 0.1, 0.03),
    (0.02, 0.1, 0.05, 0.004),
)
SWITCHES = 4400  # on average in one row


def rows(quick: bool) -> Iterator[Row]:
    """One row for each hazard and noise; the ratio is exact/derived, wanted within 1/1.15."""
    for setting in SETTINGS:
        yield error(*setting, SWITCHES // 40 if quick else SWITCHES)


def error(hazard: float, noise: float, dt: float, spacing: float, switches: int) -> Row:
    """Both filters on the same observations; tasks from N(0, 1)."""
    task, n = SwitchingTask(hazard, 0.0, 1.0, noise), 220
    n_steps = int(switches / n / hazard / dt)
    optimum, y, number = jumping(task, dt, n_steps, n, seed=1)
    means = {"exact": grid_means(task, dt, y, spacing), "two": believed(task, dt, y), "one": moment_means(task, dt, y)}
    errors = {name: ((mean - optimum) ** 2).mean(axis=0) for name, mean in means.items()}
    exact, two, one = (errors[name].mean() for name in ("exact", "two", "one"))
    accuracy = np.std(errors["two"] - two / exact * errors["exact"], ddof=1) / np.sqrt(n) / exact
    proof = f"{number} switches; {two / exact:.3f} ± {accuracy:.3f} of exact, one Gaussian {one / exact:.3f}"
    what = f"belief, hazard {hazard:g}/s, noise {noise:g}, every {dt:g} s"
    return Row(what, "exact posterior on a grid", two, exact, "error²", (1 / 1.15, 1.0), proof)
