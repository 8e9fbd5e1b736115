"""A linear network whose loss has a known Hessian."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from plasticity.controllability import Controllability
    from plasticity.feedback import FeedbackChannel
    from plasticity.rule import Rule

    Array = NDArray[np.float64]


def balanced_patterns(curvatures: Sequence[float]) -> Array:
    """Input patterns (n_patterns, n) with ``x_j² = h_j`` in each and ``⟨x_i x_j⟩ = 0`` over all: H = diag(h).

    So every synapse sees the exact curvature of its weight, x_j², at every moment.

    Examples
    --------
    >>> x = balanced_patterns([1.0, 4.0, 9.0])
    >>> (x.T @ x / len(x)).round(12).tolist()
    [[1.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 9.0]]
    """
    from scipy.linalg import hadamard

    n = len(curvatures)
    signs = hadamard(1 << max(n, 2).bit_length())[:, 1 : n + 1]  # without the first, which is constant
    return signs * np.sqrt(np.asarray(curvatures, dtype=float))


def learn(
    rule: Rule,
    patterns: Array,
    optimum: Array,
    start: Array,
    duration: float,
    dt: float,
    n_records: int,
    seed: int = 0,
    feedback: FeedbackChannel | None = None,
    controllability: Controllability | None = None,
) -> tuple[Array, Array]:
    """Weights of a linear layer that learns the map `optimum` (n_outputs, n_inputs) with a derived rule.

    Patterns last one step each, in alternating order, so that the order has no effect of first order in `dt`. Records
    are made after whole rounds.

    Returns
    -------
    (n_times,) and (n_times, n_outputs, n_inputs) arrays
    """
    from circuits import run
    from circuits.feedforward_rate import feedforward_rate

    order = np.r_[0 : len(patterns), len(patterns) - 1 : -1 : -1]
    n_rounds = max(1, round(duration / (dt * order.size) / n_records))
    circuit = feedforward_rate(
        optimum.shape[::-1],
        seen_exactly(rule),
        patterns=patterns,
        targets=patterns @ optimum.T,
        order=order,
        output="linear",
        weights=[start],
    )
    every = n_rounds * order.size * dt
    result = run(
        circuit,
        n_records * every,
        dt,
        record_every=every,
        n_tracked=optimum.size,
        seed=seed,
        feedback=feedback,
        controllability=controllability,
    )
    return result.times, result.weights["layer_1"][0].reshape(-1, *optimum.shape)


def seen_exactly(rule: Rule) -> Rule:
    """Rule of a synapse that sees its gradient exactly, and the curvature of the moment: here nothing fluctuates."""
    from plasticity.observed_curvature import ObservedCurvature
    from plasticity.rule import CURVATURE
    from plasticity.signal import observe
    from plasticity.signals.exact_error import exact_error

    moment = ObservedCurvature(time_constant=0, prior=0) if CURVATURE in rule.inputs else None
    return observe(rule, exact_error(), moment)
