"""Handwritten digits: how fast does a small network learn with rules derived for different horizons?

A multilayer perceptron learns to name digits from mini-batches by three rules that follow from one objective:
gradient descent (a short horizon, in a metric fixed beforehand), the ballistic rule (a long horizon), and Adam (a
long horizon and a belief about the gradient). The learning rate of each rule is tuned by the same budget: the same
grid of rates, the same tuning runs, judged by the loss on validation images at the end; `at_edge` is 1 if the best
lies at the edge of the grid. The test images are used for nothing but the result.

A synapse has no Hessian, so the curvature of the ballistic rule is a belief: a fading memory of the squared gradient.
This makes it a relative of two known optimisers. Unlike Adam it follows the gradient of the present mini-batch, without
averaging. Unlike RMSprop it starts with a diffuse prior (bias correction), and the horizon enters exactly, as γ/2 +
sqrt(γ²/4 + ηkv), not as a constant added to a root.

What came out (defaults, seeds 0, 1, 2, each with its own split of the images): in the first epoch Adam is ahead
(training loss 0.25, 0.23, 0.24; ballistic rule 0.42, 0.40, 0.41; gradient descent 0.42, 0.38, 0.48). After 20 epochs
the ballistic rule has a lower training loss than gradient descent, but test accuracy does not separate the rules: 97.5,
96.5, 98.0 % for the ballistic rule, 97.5, 97.0, 97.6 % for gradient descent, 98.0, 96.5, 97.6 % for Adam. So here the
belief about the gradient makes learning fast, not the long horizon by itself, and with a tuned rate gradient descent is
as good in the end.

Result: `train_loss` and `test_accuracy`(trial, time, rule), `tuning_loss`(rate, rule), `learning_rate`(rule). Time runs
in steps of 1 s per mini-batch. Trials differ in initial weights and in the order of images, which are the same for all
rules; so standard errors over trials do not include the variability of images. Source: Vastola, Gershman & Rajan 2025
(vastola_2025), Fig. 2e, on 8×8 digits (alpaydin_1998).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from plasticity.belief import FadingMemory
from plasticity.dataset import make_dataset
from plasticity.errors import DivergedError, InputError
from plasticity.objective import Objective
from scenarios.running.parameters import parameter

if TYPE_CHECKING:
    import xarray as xr

    from plasticity.rule import Rule
    from scenarios.support.digit_images import Digits, Part
    from scenarios.support.perceptron import CrossEntropy, Perceptron

STEP = 1.0  # s per mini-batch
BALLISTIC = "ballistic"
SOURCES = ("kingma_2015", "rumelhart_1986", "alpaydin_1998")


@dataclass(frozen=True)
class Parameters:
    """Images, network, training and the budget of tuning."""

    data: str = parameter(
        "bundled", "1", "'bundled', or a path: .npz with x_train, y_train, x_test, y_test, or a folder of idx files"
    )
    n_images: int = parameter(0, "1", "images to learn from and to tune on; 0 for all", low=0)
    hidden: tuple[int, ...] = parameter((32,), "1", "units of every hidden layer", low=1, may_be_empty=True)
    batch_size: int = parameter(32, "1", "images per mini-batch", low=1)
    n_epochs: int = parameter(20, "1", "passes through the images", low=1)
    n_trials: int = parameter(10, "1", "trials: other initial weights and orders of images", low=1)
    n_rates: int = parameter(13, "1", "candidate learning rates per rule, spaced by equal factors", low=1)
    lowest_rate: float = parameter(1e-3, "1", "lowest candidate", low=1e-12)
    highest_rate: float = parameter(4.096, "1", "highest candidate", low=1e-12)
    n_tuning_trials: int = parameter(3, "1", "tuning runs per candidate, with trials of their own", low=1)
    discount: float = parameter(
        1e-9,
        "Hz",
        "γ of the ballistic rule, > 0: at 0 a weight from a pixel that is always black moves by 0/0",
        low=1e-15,
    )
    decay_mean: float = parameter(0.9, "1", "memory of the gradient per mini-batch (Adam)", low=0.0, high=1.0)
    decay_square: float = parameter(
        0.999, "1", "memory of the squared gradient per mini-batch (Adam, ballistic)", low=0.0, high=1.0
    )
    published_variant: bool = parameter(
        False, "1", "Adam and the ballistic rule without bias correction and with ε under the root, as in vastola_2025"
    )


SMOKE = {
    "n_images": 400,
    "hidden": (16,),
    "n_epochs": 4,
    "n_trials": 2,
    "n_rates": 2,
    "lowest_rate": 0.01,
    "highest_rate": 0.3,
    "n_tuning_trials": 1,
}


def cost(parameters: Parameters) -> tuple[float, float]:
    """Expected seconds and peak bytes: imports, and the steps of all runs on images as small as the bundled ones."""
    p = parameters
    layers = (64, *p.hidden, 10)
    n_weights = sum((n + 1) * m for n, m in pairwise(layers))
    n_runs = 3 * (p.n_rates * p.n_tuning_trials + p.n_trials)
    n_steps = n_runs * p.n_epochs * (0.8 * p.n_images if p.n_images else 1150) / p.batch_size
    seconds = 2.9 + n_steps * (1.8e-4 + 1e-9 * n_weights * p.batch_size)
    return seconds, 180e6 + 16 * 3 * p.n_trials * (p.n_epochs + 1) * n_weights


def simulate(parameters: Parameters, seed: int, device: str | None) -> xr.Dataset:
    """Tune every rule, then train `n_trials` networks by each; runs on NumPy whatever the `device`."""
    from tqdm import tqdm

    from scenarios.support.digit_images import load_digits
    from scenarios.support.perceptron import Perceptron

    split, tuning, training = np.random.SeedSequence(seed).spawn(3)
    rates = learning_rates(parameters)
    digits = load_digits(parameters.data, parameters.n_images, np.random.default_rng(split))
    n_pixels, n_images = digits.train.images.shape[1], len(digits.train.images)
    if parameters.batch_size > n_images:
        raise InputError(f"batch_size is {parameters.batch_size}, but there are {n_images} images to learn from")
    network = Perceptron((n_pixels, *parameters.hidden, digits.n_classes))
    rules = candidates(parameters)
    n_runs = len(rules) * (rates.size * parameters.n_tuning_trials + parameters.n_trials)
    with tqdm(total=n_runs, unit="run", disable=None, leave=False) as progress:

        def learn(rule: Rule, trial: np.random.SeedSequence) -> np.ndarray:
            progress.update()
            return train(rule, network, digits.train, parameters, trial)

        losses = _tuning(learn, rules, rates, network.on(digits.validation), tuning.spawn(parameters.n_tuning_trials))
        chosen = losses.argmin(0)
        tuned = [at_rate(rule, float(rates[best])) for rule, best in zip(rules, chosen, strict=True)]
        paths = np.array([[learn(rule, trial) for rule in tuned] for trial in training.spawn(parameters.n_trials)])
    return _dataset(parameters, digits, network, tuned, (rates, losses, chosen), paths)


def candidates(parameters: Parameters) -> tuple[Rule, ...]:
    """The three derived rules; `at_rate` sets their learning rate."""
    from plasticity.derive import derive
    from plasticity.rules.adam import adam
    from plasticity.rules.gradient_descent import gradient_descent
    from plasticity.rules.rmsprop import rmsprop

    published = parameters.published_variant
    memories = {"decay_mean": parameters.decay_mean, "decay_square": parameters.decay_square}
    moments = adam(**memories, bias_correction=not published, epsilon_inside=published)
    if published:
        long_horizon = rmsprop(decay_square=parameters.decay_square, epsilon_inside=True)
    else:
        memory = FadingMemory(decay=parameters.decay_square)
        long_horizon = derive(Objective(discount=parameters.discount), curvature_belief=memory)
    return gradient_descent(), moments, replace(long_horizon, name=BALLISTIC, title="Ballistic rule")


def at_rate(rule: Rule, rate: float) -> Rule:
    """Rule with a learning rate per mini-batch: ηk/γ·STEP of gradient descent, sqrt(ηk)·STEP of the others."""
    if "plasticity" in rule.values:
        return rule.with_parameters(plasticity=(rate / STEP) ** 2)
    return rule.with_parameters(learning_rate=rate)


def learning_rates(parameters: Parameters) -> np.ndarray:
    """Candidates from the lowest to the highest rate, spaced by equal factors."""
    low, high = parameters.lowest_rate, parameters.highest_rate
    if not low < high:
        raise InputError(f"highest_rate is {high:g}; it must be > lowest_rate, which is {low:g}")
    return np.geomspace(low, high, parameters.n_rates)


def train(
    rule: Rule, network: Perceptron, part: Part, parameters: Parameters, trial: np.random.SeedSequence
) -> np.ndarray:
    """Parameters of the network after every epoch, from the start on, shape (n_epochs + 1, n)."""
    from plasticity.simulate import simulate as descend
    from scenarios.support.perceptron import MiniBatches, shuffled

    random = np.random.default_rng(trial)
    start = network.start(random)
    order = shuffled(len(part.images), parameters.batch_size, parameters.n_epochs, random)
    batches = MiniBatches(network.on(part), order)
    per_epoch = len(order) // parameters.n_epochs
    run = descend(rule, batches, start, len(order), STEP, record_every=per_epoch)
    return run.theta.values[0]


def _tuning(
    learn: Callable, rules: tuple[Rule, ...], rates: np.ndarray, validation: CrossEntropy, trials: list
) -> np.ndarray:
    """Mean validation loss at the end, shape (n_rates, n_rules); infinite where a run diverges."""
    losses = np.full((rates.size, len(rules)), np.inf)
    for index in np.ndindex(losses.shape):
        rule = at_rate(rules[index[1]], float(rates[index[0]]))
        with contextlib.suppress(DivergedError):
            losses[index] = np.mean([validation.loss(learn(rule, trial)[-1]) for trial in trials])
    lost = [rule.name for rule, column in zip(rules, losses.T, strict=True) if not np.isfinite(column).any()]
    if lost:
        raise InputError(f"{lost[0]} diverges at every learning rate from {rates[0]:g}; use a smaller lowest_rate")
    return losses


def _dataset(
    parameters: Parameters, digits: Digits, network: Perceptron, rules: list[Rule], tuned: tuple, paths: np.ndarray
) -> xr.Dataset:
    """Loss and accuracy along paths (n_trials, n_rules, n_epochs + 1, n), and the results of tuning."""
    rates, losses, chosen = tuned
    along = ("trial", "time", "rule")
    train_on, test_on = network.on(digits.train), network.on(digits.test)
    by_time = np.moveaxis(paths, 1, 2)  # (trial, time, rule, n)
    loss = np.array([[train_on.loss(theta) for theta in trial] for trial in by_time])
    accuracy = np.array([[test_on.accuracy(theta) for theta in trial] for trial in by_time])
    epochs = np.arange(parameters.n_epochs + 1)
    steps = epochs * (len(digits.train.images) // parameters.batch_size)
    at_edge = np.isin(chosen, (0, rates.size - 1)).astype(int)
    return make_dataset(
        {
            "train_loss": (along, loss, "1", "cross-entropy of the images learned from"),
            "test_accuracy": (along, accuracy, "1", "fraction of test images named rightly"),
            "tuning_loss": (("rate", "rule"), losses, "1", "cross-entropy of validation images after tuning runs"),
            "learning_rate": ("rule", rates[chosen], "1", "chosen learning rate per mini-batch"),
            "at_edge": ("rule", at_edge, "1", "1 if the chosen rate lies at the edge of the grid"),
        },
        {
            "trial": ("trial", np.arange(parameters.n_trials), "1", "trial"),
            "time": ("time", STEP * steps, "s", "time, by convention 1 s per mini-batch"),
            "epoch": ("time", epochs, "1", "passes through the images"),
            "rule": ("rule", [rule.name for rule in rules], "1", "learning rule"),
            "rule_title": ("rule", [rule.title for rule in rules], "1", "learning rule in words"),
            "rate": ("rate", rates, "1", "candidate learning rate per mini-batch"),
        },
        title="Handwritten digits by rules of different horizons",
        rule=" ".join(rule.name for rule in rules),
        engine="simulate",
        references=tuple(dict.fromkeys(key for rule in rules for key in rule.references)) + SOURCES,
        n_train=len(digits.train.images),
        n_validation=len(digits.validation.images),
        n_test=len(digits.test.images),
        n_weights=network.n,
        assumptions="\n".join(f"{rule.title}: {' '.join(rule.assumptions)}" for rule in rules),
    )
