"""Exported optimisers against those of their libraries: a step on given gradients, in single precision."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from types import ModuleType

import numpy as np
from _table import Missing, Row
from _timing import named, per_step

from plasticity import export, rules

SIZES = (1_000, 1_000_000)  # weights
WANTED = (0.3, float("inf"))
CASES = {  # rule with the constants of a library's optimiser, its name there and its constants
    ("Adam", "torch"): (lambda: rules.adam(), "Adam", {"lr": 1e-3}),
    ("RMSprop", "torch"): (lambda: rules.rmsprop(0.01, 0.99), "RMSprop", {"lr": 0.01}),
    ("Adam", "optax"): (lambda: rules.adam(), "adam", {"learning_rate": 1e-3}),
    ("RMSprop", "optax"): (
        lambda: rules.rmsprop(0.01, 0.99, 1e-3, epsilon_inside=True),
        "rmsprop",
        {"learning_rate": 0.01, "decay": 0.99, "eps": 1e-3},
    ),
}
REMEDY = {
    "torch": "not installed: pip install torch --index-url https://download.pytorch.org/whl/cpu",
    "optax": "not installed: pip install -e '.[export]'",
}


def rows(quick: bool) -> Iterator[Row | Missing]:
    """One row for each optimiser, library and number of weights."""
    for (title, library), (make, peer, constants) in CASES.items():
        what = f"exported {title}, one step"
        if importlib.util.find_spec(library) is None:
            yield Missing(what, f"{library} {peer}", REMEDY[library])
            continue
        ((name, text),) = export.files(make(), library).items()
        module = ModuleType(name.removesuffix(".py"))
        exec(compile(text, name, "exec"), module.__dict__)
        for size in SIZES:
            ours, theirs = (torch_learners if library == "torch" else optax_learners)(module, peer, constants, size)
            yield contest(f"{what}, {size:,} weights", f"{named(library)} {peer}", ours, theirs, size, quick)


def contest(what: str, baseline: str, ours: Callable, theirs: Callable, size: int, quick: bool) -> Row:
    """Times of a step; after ten both have the same weights."""
    ends = [np.asarray(learner(10), dtype=float) for learner in (ours, theirs)]
    difference = np.abs(ends[0] - ends[1]).max() / np.abs(ends[1]).max()
    if difference > 1e-5:  # single precision
        raise AssertionError(f"{what}: weights differ by {difference:.0e}")
    steps = (10, 60) if size > 10_000 else (100, 1_100)
    best = per_step({"ours": ours, "theirs": theirs}, 3 if quick else 7, steps)
    times = (1e6 * best[name] for name in ("ours", "theirs"))
    return Row(what, baseline, *times, "CPU us", WANTED, f"weights after ten steps differ by {difference:.0e}")


def start(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights and a gradient."""
    random = np.random.default_rng(0)
    return random.standard_normal(size).astype("float32"), random.standard_normal(size).astype("float32")


def torch_learners(module: ModuleType, peer: str, constants: dict, size: int) -> tuple[Callable, Callable]:
    """Runs of many steps of the exported class and of that of the library, which return the weights."""
    import torch

    torch.set_num_threads(1)
    made = next(v for v in vars(module).values() if isinstance(v, type) and v.__module__ == module.__name__)

    def learner(make: Callable) -> Callable:
        def run(n_steps: int) -> np.ndarray:
            weights, gradient = (torch.tensor(values) for values in start(size))
            weights.requires_grad_()
            optimiser = make([weights])
            weights.grad = gradient
            for _ in range(n_steps):
                optimiser.step()
            return weights.detach().numpy()

        return run

    return learner(made), learner(lambda weights: getattr(torch.optim, peer)(weights, **constants))


def optax_learners(module: ModuleType, peer: str, constants: dict, size: int) -> tuple[Callable, Callable]:
    """The same for a compiled step of JAX."""
    import jax
    import optax

    def learner(optimiser: optax.GradientTransformation) -> Callable:
        @jax.jit
        def advance(weights, state, gradient):
            changes, state = optimiser.update(gradient, state, weights)
            return optax.apply_updates(weights, changes), state

        def run(n_steps: int) -> np.ndarray:
            weights, gradient = map(jax.numpy.asarray, start(size))
            state = optimiser.init(weights)
            for _ in range(n_steps):
                weights, state = advance(weights, state, gradient)
            return np.asarray(weights)

        return run

    made = vars(module)[module.__name__.removesuffix("_optax")]()
    return learner(made), learner(getattr(optax, peer)(**constants))
