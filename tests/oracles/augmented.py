"""The problem of one synapse as one linear-quadratic problem of all that moves, by SciPy's Riccati solver.

The state is (δ, velocity if it is not the control, everything that relaxes, 1). `derive` never builds these matrices:
it compares coefficients of the value function one by one.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import expm, solve_continuous_are


@dataclass(frozen=True)
class Problem:
    """Numbers of a problem: δ is the change from the present weight, z relaxes to its mean at a rate.

    `forecasts` are (present value, rate, mean, weight in the gradient).
    """

    discount: float
    effort: float  # weight of u²/2
    curvature: float  # times k, as the gradient
    gradient: float
    drift: float = 0.0
    slope: float = 0.0
    forecasts: tuple = ()
    velocity: float | None = None  # present one, if the acceleration is controlled


def closed_loop(problem):
    """Matrix of the optimal closed loop and the present state; the constant 1 is its last entry."""
    order, z = (1 if problem.velocity is None else 2), problem.forecasts
    n = order + len(z) + 1
    a, b, q = np.zeros((n, n)), np.zeros((n, 1)), np.zeros((n, n))
    b[order - 1] = 1.0
    a[order - 1, order - 1], a[order - 1, -1] = problem.slope, problem.drift
    if order == 2:
        a[0, 1] = 1.0
    for i, (_, rate, mean, weight) in enumerate(z, order):
        a[i, i], a[i, -1] = -rate, rate * mean
        q[0, i] = q[i, 0] = weight
    q[0, 0], q[0, -1] = problem.curvature, problem.gradient
    q[-1, 0] = problem.gradient
    shifted = a - problem.discount / 2 * np.eye(n)
    p = solve_continuous_are(shifted, b, q, np.array([[problem.effort]]))
    start = np.array([0.0, *([] if order == 1 else [problem.velocity]), *(one[0] for one in z), 1.0])
    return a - b @ b.T @ p / problem.effort, start


def speed(problem):
    """Velocity of the weight, or its acceleration where that is controlled."""
    loop, start = closed_loop(problem)
    return float((loop @ start)[0 if problem.velocity is None else 1])


def moved(problem, duration):
    """Change of the weight until the next observation."""
    loop, start = closed_loop(problem)
    return float((expm(loop * duration) @ start)[0])
