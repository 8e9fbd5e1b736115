"""Accuracy of a perceptron in a sequence of tasks, at the predicted penalty and at the best of a grid.

The penalty a = λP̄/k of the derived rule (`plasticity.rules.redrawn_reset`) follows from the rate λ at which tasks are
replaced and the squared gradients of the first task. Wanted: within 0.01 of the best of the grid, for tasks
of 300, 600 and 1200 images, whether pixels or labels are permuted.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from _table import Row

from scenarios import task_sequence as ts
from scenarios.support.digit_images import load_digits
from scenarios.support.perceptron import Perceptron

GRID = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1)
FIRST = 5  # tasks that do not count


def rows(quick: bool) -> Iterator[Row]:
    """One row per permutation and number of images."""
    part = load_digits("bundled", 0, np.random.default_rng(0)).train
    n_tasks, n_trials = (8, 1) if quick else (40, 3)
    for kind in ts.KINDS:
        for n_images in (300,) if quick else (300, 600, 1200):
            yield compared(ts.Parameters(n_tasks=n_tasks, n_images=n_images), part, kind, n_trials)


def compared(p: ts.Parameters, part: object, kind: str, n_trials: int) -> Row:
    """Mean online accuracy over tasks and sequences, each penalty on the same sequences."""
    network, predicted = Perceptron((64, p.hidden, 10)), []
    accuracy = np.empty((n_trials, 1 + len(GRID)))
    for trial, seeds in enumerate(np.random.SeedSequence(1).spawn(n_trials)):
        tasks, start = ts.draw(p, network, part, kind, seeds)
        predicted.append(ts.predicted_penalty(p, tasks, start))
        for i, penalty in enumerate((predicted[-1], *GRID)):
            rule = ts.derived(p, start).with_parameters(penalty=penalty)
            accuracy[trial, i] = ts.online_accuracy(rule, 0.0, tasks, start, p.n_tasks)[FIRST:].mean()
    mean = accuracy.mean(axis=0)
    best = 1 + int(np.argmax(mean[1:]))
    off = (accuracy[:, best] - accuracy[:, 0]).std(ddof=1) / np.sqrt(n_trials) if n_trials > 1 else np.nan
    return Row(
        f"accuracy, {kind} permuted every {p.n_images} images, a = {np.mean(predicted):.4f}",
        f"best of a grid, a = {GRID[best - 1]:g}",
        float(mean[0]),
        float(mean[best]),
        "1",
        wanted=(0.0, 1 + 0.01 / mean[0]),
        proof=f"without a reset {mean[1]:.3f}; standard error of the difference {off:.3f}",
    )
