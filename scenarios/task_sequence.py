"""A sequence of tasks: is the reset of the optimal learner, with a strength that is predicted, as good as a tuned one?

A perceptron names 8×8 digits, a few at a time. After every so many steps the task is replaced: the pixels or the labels
are permuted anew. Nobody says when. Where each task brings its own curvatures, the derived rule pulls the
weights to where they began by a constant penalty inside the preconditioner (`plasticity.rules.redrawn_reset`), whose
strength a = λP̄/k follows from the rate λ of replacements and the squared gradients of the first task: nothing is
tuned. It is compared with itself at other penalties, and with the field's rules at the learning rate and strength
that are best for a tuning sequence: gradient descent, L2 towards the start, shrink-and-perturb.

What came out (defaults, seed 1; mean accuracy of tasks 2 to 40, pixels and labels): the predicted penalty is at or
near the best of its grid (0.654 and 0.601; times 3: 0.659 and 0.579; none: 0.601 and 0.538). But tuned rules are
better: L2 towards the start 0.711 and 0.770, shrink-and-perturb 0.708 and 0.755; gradient descent without a reset
reaches 0.615 and 0.602. The strength of the reset can be predicted; the step size of the derived rule is too small
here, since squared noisy gradients are larger than the curvature.

Result: `accuracy`(trial, task, permuted, rule), of images before they are learned from; `penalty`(permuted), the
predicted one; `tuned`(permuted, rule, number), learning rate and strength.

Source: Vastola, Gershman & Rajan 2025 (vastola_2025, continual learning); Kumar et al. 2023 (kumar_2023); Ash & Adams
2020 (ash_2020); 8×8 digits (alpaydin_1998). Assumed: a step is 1 s; γ → 0; sqrt(ηk) is 0.03 per step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from plasticity.dataset import make_dataset
from plasticity.errors import DivergedError
from plasticity.landscapes import LandscapeSequence
from scenarios.running.parameters import parameter

if TYPE_CHECKING:
    import xarray as xr

    from plasticity.rule import Rule
    from scenarios.support.digit_images import Part
    from scenarios.support.perceptron import CrossEntropy, Perceptron

Array = NDArray[np.float64]
KINDS = ("pixels", "labels")
FACTORS = (0.0, 0.3, 1.0, 3.0)  # of the predicted penalty
PREDICTED = "derived, predicted penalty"
FIELD = ("gradient descent", "L2 towards the start", "shrink-and-perturb")
SPREAD = 0.125  # standard deviation of weights that are only shrunk and perturbed: that of 64 inputs at the start
RECORD = 4  # steps between two counts of accuracy
MEMORY = 0.99  # of squared gradients, per step
DISCOUNT = 1e-6  # 1/s


@dataclass(frozen=True)
class Parameters:
    """Tasks, network, rates."""

    n_tasks: int = parameter(40, "1", "tasks", low=3)
    n_images: int = parameter(600, "1", "images per task", low=20)
    batch_size: int = parameter(5, "1", "images per step", low=1)
    hidden: int = parameter(48, "1", "hidden units", low=1)
    n_trials: int = parameter(3, "1", "trials: other weights, tasks and orders of images", low=1)
    step: float = parameter(0.03, "1", "sqrt(ηk) of the derived rule, per step", low=1e-6)
    rates: tuple[float, ...] = parameter(
        (0.1, 0.2, 0.4), "1", "candidate learning rates of the field's rules", low=1e-6
    )
    strengths: tuple[float, ...] = parameter((0.001, 0.003, 0.01, 0.03), "1", "candidate strengths of resets", low=0)


SMOKE = {"n_tasks": 3, "n_images": 60, "hidden": 12, "n_trials": 2, "rates": (0.2,), "strengths": (0.003,)}


@dataclass(frozen=True, eq=False)
class Tasks(LandscapeSequence):
    """Loss of one step after the other: the task of the step on its images."""

    tasks: tuple[CrossEntropy, ...]
    order: NDArray[np.int64]

    @property
    def n(self) -> int:
        """Number of weights and biases."""
        return self.tasks[0].perceptron.n

    @property
    def n_steps(self) -> int:
        """Steps of all tasks."""
        return len(self.order)

    def at(self, step: int) -> CrossEntropy:
        """Loss of the images of one step."""
        step = min(step, self.n_steps - 1)
        task, chosen = self.tasks[step * len(self.tasks) // self.n_steps], self.order[step]
        return replace(task, images=task.images[chosen], labels=task.labels[chosen])


def cost(parameters: Parameters) -> tuple[float, float]:
    """Expected seconds and peak bytes."""
    p = parameters
    n_steps, n_weights = p.n_tasks * (p.n_images // p.batch_size), 75 * p.hidden
    n_runs = 2 * (len(p.rates) * (1 + 2 * len(p.strengths)) + (len(FACTORS) + 3) * p.n_trials)
    return 4.0 + n_runs * n_steps * (1.2e-4 + 3e-8 * n_weights), 200e6 + 8.0 * n_weights * n_steps / RECORD


def simulate(parameters: Parameters, seed: int, device: str | None) -> xr.Dataset:
    """Tune the field's rules on one sequence, predict the penalty from its first task, and run all on other ones."""
    from scenarios.support.digit_images import load_digits
    from scenarios.support.perceptron import Perceptron

    p = parameters
    split, tuning, training = np.random.SeedSequence(seed).spawn(3)
    part = load_digits("bundled", 0, np.random.default_rng(split)).train
    network = Perceptron((part.images.shape[1], p.hidden, 10))
    rules = [*FIELD, PREDICTED, *(f"derived, penalty × {factor:g}" for factor in FACTORS if factor != 1)]
    accuracy = np.empty((p.n_trials, p.n_tasks, len(KINDS), len(rules)))
    tuned, penalty = np.full((len(KINDS), len(rules), 2), np.nan), np.empty(len(KINDS))
    for k, kind in enumerate(KINDS):
        tasks, start = draw(p, network, part, kind, tuning)
        tuned[k, : len(FIELD)] = [best(p, name, tasks, start) for name in FIELD]
        penalty[k] = predicted_penalty(p, tasks, start)
        for trial, seeds in enumerate(training.spawn(p.n_trials)):
            tasks, start = draw(p, network, part, kind, seeds)
            learners = all_learners(p, tuned[k, : len(FIELD)], penalty[k], start)
            for j, (rule, noise) in enumerate(learners):
                accuracy[trial, :, k, j] = online_accuracy(rule, noise, tasks, start, len(tasks.tasks))
    return _dataset(p, rules, accuracy, tuned, penalty)


def draw(
    p: Parameters, network: Perceptron, part: Part, kind: str, seeds: np.random.SeedSequence
) -> tuple[Tasks, Array]:
    """A sequence of tasks, and the weights at its start."""
    random = np.random.default_rng(seeds)
    n_steps, base = p.n_images // p.batch_size, network.on(part)
    tasks = []
    for _ in range(p.n_tasks):
        pixels, labels = random.permutation(part.images.shape[1]), random.permutation(10)
        changed = {"images": part.images[:, pixels]} if kind == "pixels" else {"labels": labels[part.labels]}
        tasks.append(replace(base, **changed))
    order = random.integers(0, len(part.images), (p.n_tasks * n_steps, p.batch_size))
    return Tasks(tuple(tasks), order), network.start(random)


def all_learners(p: Parameters, tuned: Array, penalty: float, start: Array) -> Iterator[tuple[Rule, float]]:
    """Rules with the standard deviation of the noise on their gradient, in the order of `accuracy`."""
    for name, (rate, strength) in zip(FIELD, tuned, strict=True):
        yield of_the_field(name, rate, strength, start)
    for factor in (1.0, *(factor for factor in FACTORS if factor != 1)):
        yield derived(p, start).with_parameters(penalty=factor * penalty), 0.0


def of_the_field(name: str, rate: float, strength: float, start: Array) -> tuple[Rule, float]:
    """A rule by hand with a `strength` of its pull, per unit of loss (L2) or per step (shrink), and its noise."""
    from plasticity.rule import GRADIENT, WEIGHT, Parameter, Rule

    pull, to = Parameter("pull", strength), Parameter("anchor", start, low=-np.inf)
    size = Parameter("rate", rate, unit="Hz")
    target = size.symbol * GRADIENT
    if name == FIELD[1]:
        rule = Rule(
            "l2_init", name, -target - size.symbol * pull.symbol * (WEIGHT - to.symbol), parameters=(size, pull, to)
        )
        return rule, 0.0
    if name == FIELD[2]:
        shrink = replace(pull, unit="Hz")
        rule = Rule("shrink_and_perturb", name, -target - shrink.symbol * WEIGHT, parameters=(size, shrink))
        return rule, SPREAD * np.sqrt(2 * strength) / rate
    return Rule("gradient_descent", name, -target, parameters=(size,)), 0.0


def derived(p: Parameters, start: Array, squares: tuple[float, ...] = (0.0, 1.0)) -> Rule:
    """The optimal rule where tasks with curvatures `squares` begin at `start`, γ → 0."""
    from plasticity.rules.redrawn_reset import redrawn_reset

    hazard = p.batch_size / p.n_images
    rule = redrawn_reset(hazard, 0.0, squares, DISCOUNT, p.step**2, decay_square=MEMORY)
    return rule.with_parameters(prior_mean=start)


def predicted_penalty(p: Parameters, tasks: Tasks, start: Array) -> float:
    """Penalty a = λP̄/k, from the mean squared gradient of every weight along the first task, without a reset."""
    from plasticity.simulate import simulate as descend

    n_steps = p.n_images // p.batch_size
    path = descend(derived(p, start).with_parameters(penalty=0.0), tasks, start, n_steps, 1.0).theta.values[0]
    squares = np.mean([tasks.at(step).gradient(path[step]) ** 2 for step in range(n_steps)], axis=0)
    middles = np.quantile(squares, (np.arange(20) + 0.5) / 20)
    return float(derived(p, start, tuple(middles.tolist())).values["penalty"])


def best(p: Parameters, name: str, tasks: Tasks, start: Array) -> tuple[float, float]:
    """Learning rate and strength with the best accuracy after the first task."""
    strengths = (0.0,) if name == FIELD[0] else p.strengths

    def score(numbers: tuple[float, float]) -> float:
        try:
            return float(
                online_accuracy(*of_the_field(name, *numbers, start), tasks, start, len(tasks.tasks))[1:].mean()
            )
        except DivergedError:
            return -1.0

    return max(product(p.rates, strengths), key=score)


def online_accuracy(rule: Rule, noise: float, tasks: Tasks, start: Array, n_tasks: int) -> Array:
    """Share of images that are named rightly before they are learned from, by task."""
    from plasticity.simulate import simulate as descend

    path = descend(rule, tasks, start, tasks.n_steps, 1.0, noise, record_every=RECORD).theta.values[0]
    steps = range(0, tasks.n_steps, RECORD)
    right = [tasks.at(step).accuracy(path[i]) for i, step in enumerate(steps)]
    which = np.array(steps) * n_tasks // tasks.n_steps
    return np.bincount(which, right, n_tasks) / np.bincount(which, minlength=n_tasks)


def _dataset(p: Parameters, rules: list[str], accuracy: Array, tuned: Array, penalty: Array) -> xr.Dataset:
    return make_dataset(
        {
            "accuracy": (
                ("trial", "task", "permuted", "rule"),
                accuracy,
                "1",
                "share of images named rightly before they are learned from",
            ),
            "tuned": (("permuted", "rule", "number"), tuned, "1", "tuned numbers (NaN: not tuned)"),
            "penalty": ("permuted", penalty, "loss", "predicted penalty a"),
        },
        {
            "trial": ("trial", np.arange(p.n_trials), "1", "trial"),
            "task": ("task", np.arange(1, p.n_tasks + 1), "1", "task"),
            "permuted": ("permuted", list(KINDS), "1", "what a new task permutes"),
            "rule": ("rule", rules, "1", "learner"),
            "number": ("number", ["learning rate", "strength"], "1", "number that is tuned"),
        },
        title="Resets in a sequence of tasks",
        rule="redrawn_reset",
        engine="simulate",
        references=("vastola_2025", "kumar_2023", "ash_2020", "alpaydin_1998"),
    )
