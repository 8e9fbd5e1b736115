"""Policies without matrices: against the dense one, over spectra of decades, on 10⁶ weights, per second of learning."""

from __future__ import annotations

import math
import resource
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp
from _table import Row
from _timing import interleaved, named

from plasticity import MatrixFree, Objective, Quadratic, solve

if TYPE_CHECKING:
    from scenarios.large_network import Path
    from scenarios.support.perceptron import CrossEntropy

KRONECKER, DAMPING, METRIC = "natural", 1e-4, 5  # the last: evaluations that a step counts
RATES = {  # tuned
    "discount_0": 3.0,
    "discount_1": 3.0,
    "discount_10": 3.0,
    "gradient_descent": 0.3,
    KRONECKER: 0.1,
    "lbfgs": 1.0,
}
ADAM_RATE = 3.0


def rows(quick: bool) -> Iterator[Row]:
    """Rows of times and errors."""
    for n in (200, 800) if quick else (200, 800, 1600):
        yield _dense(n)
    for decades in (2, 4, 6):
        yield _spectrum(decades)
    yield _million(10**5 if quick else 10**6)
    yield from _per_second(quick)


def _bowl(eigenvalues: np.ndarray, seed: int) -> tuple[Quadratic, MatrixFree, np.ndarray]:
    """A bowl as a matrix and by products, and a start whose gradient is as large along all directions."""
    rng = np.random.default_rng(seed)
    rotation, _ = np.linalg.qr(rng.standard_normal((eigenvalues.size,) * 2))
    hessian = (rotation * eigenvalues) @ rotation.T
    bowl = Quadratic(0.5 * (hessian + hessian.T), np.zeros(eigenvalues.size))
    matrix = bowl.hessian_matrix
    free = MatrixFree(bowl.n, lambda x: float(bowl.loss(x)), bowl.gradient, lambda theta, v: matrix @ v)
    return bowl, free, np.linalg.solve(matrix, rng.standard_normal(bowl.n))


def _dense(n: int) -> Row:
    """One velocity at condition 30 by 20 products, against the Riccati equation."""
    bowl, free, theta = _bowl(np.linspace(1, 30, n), n)
    objective = Objective(0.5)  # 1/s
    policy = solve(objective, free, n_products=25, tolerance=1e-4)
    best = interleaved({"ours": lambda: policy.motion(theta), "theirs": lambda: solve(objective, bowl)}, 2)
    exact = solve(objective, bowl).velocity(theta)
    motion = policy.motion(theta)
    error = np.linalg.norm(motion.velocity - exact) / np.linalg.norm(exact)
    what, proof = f"velocity of {n} weights, condition 30", f"{motion.n_products} products, {_off(error)}"
    return Row(what, "dense Riccati equation", 1e3 * best["ours"], 1e3 * best["theirs"], "CPU ms", proof=proof)


def _spectrum(decades: int) -> Row:
    """Effective discount that 25 products leave at discount 0 where curvatures spread over decades, and its error."""
    bowl, free, theta = _bowl(np.geomspace(10.0**-decades, 1, 400), decades)
    motion = solve(Objective(0), free).motion(theta)
    exact = solve(Objective(max(motion.discount, 0.0)), bowl).velocity(theta)
    error = np.linalg.norm(motion.velocity - exact) / np.linalg.norm(exact)
    what = f"effective discount at γ = 0, {decades} decades of curvature"
    label = "sqrt(ηkλ_max)"
    return Row(
        what, label, motion.discount, 1.0, "1/s", (0.0, math.inf), f"{motion.n_products} products, {_off(error)}"
    )


def _million(n: int) -> Row:
    """Peak memory of this process while one velocity of many weights is computed, in arrays of all weights."""
    curvature = np.geomspace(1e-2, 1.0, n)
    free = MatrixFree(
        n, lambda x: 0.5 * float(x @ (curvature * x)), lambda x: curvature * x, lambda _, v: curvature * v
    )
    theta = np.random.default_rng(0).standard_normal(n)
    motion = solve(Objective(0.1), free, n_products=25, tolerance=0.01).motion(theta)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    exact = -curvature * theta / (motion.discount / 2 + np.sqrt(motion.discount**2 / 4 + curvature))
    error = np.linalg.norm(motion.velocity - exact) / np.linalg.norm(exact)
    return Row(f"peak memory at {n:.0e} weights, 25 products", "1 GB", peak, 1000.0, "MB", proof=_off(error))


def _per_second(quick: bool) -> Iterator[Row]:
    """CPU seconds to a training loss of 0.1, against Adam; the network of the scenario `large_network`, three seeds."""
    from scenarios import large_network
    from scenarios.support.digit_images import load_digits
    from scenarios.support.perceptron import Perceptron

    parameters = large_network.Parameters()
    digits = load_digits("bundled", parameters.n_images, np.random.default_rng(0))
    network = Perceptron((64, *parameters.hidden, digits.n_classes))
    loss = network.on(digits.train)
    learners = {learner.name: learner for learner in large_network.all_learners(parameters)}
    learners[KRONECKER] = large_network.Learner(KRONECKER, "Natural gradient, Kronecker metric", _natural)
    starts = [network.start(np.random.default_rng(seed)) for seed in range(1 if quick else 3)]

    def time_to(name: str, rate: float) -> tuple[float, float]:
        """Seconds for the share of the budget after which the loss was low enough; the loss at the end."""
        seconds, ends = [], []
        for start in starts:
            spent = interleaved({"run": lambda start=start: learners[name].run(loss, start, rate, 200)}, 1)["run"]
            curve = [float(loss.loss(theta)) for theta in learners[name].run(loss, start, rate, 200).theta]
            reached = next((k for k, value in enumerate(curve) if value <= 0.1), math.inf)
            seconds.append(spent * reached / (len(curve) - 1))
            ends.append(curve[-1])
        return float(np.mean(seconds)), float(np.mean(ends))

    adam, adam_end = time_to("adam", ADAM_RATE)
    for name, rate in RATES.items():
        seconds, end = time_to(name, rate)
        what = f"{network.n} weights to a loss of 0.1: {learners[name].title}"
        label = f"Adam of this project, {len(starts)} seeds, {named('scipy', 'SciPy')}"
        yield Row(
            what, label, seconds, adam, "CPU s", (0.0, math.inf), f"after 200 evaluations {end:.2g} and {adam_end:.2g}"
        )


def _natural(loss: CrossEntropy, theta: np.ndarray, rate: float, budget: int) -> Path:
    """Natural gradient descent with a Kronecker product per layer; a step counts as five evaluations."""
    from scenarios import large_network

    free = MatrixFree(theta.size, lambda at: float(loss.loss(at)), loss.gradient, loss.product)
    states = [theta]
    for _ in range(budget // METRIC):
        objective = Objective(sp.oo, plasticity=rate, metric=loss.kronecker(states[-1], DAMPING))
        states.append(states[-1] + solve(objective, free).velocity(states[-1]))
    return large_network.Path(
        large_network._at_points(states, [METRIC * k for k in range(len(states))], budget), np.nan, 0.0
    )


def _off(error: float) -> str:
    return f"relative error {error:.1e}"
