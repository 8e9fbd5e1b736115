"""Planning a path in the double well: banded Newton against a boundary-value solver, L-BFGS and gradient steps."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from _table import Row
from _timing import interleaved, named
from scipy.integrate import solve_bvp
from scipy.optimize import minimize

from plasticity.landscapes import DoubleWell
from plasticity.objective import Objective
from plasticity.plan import plan

DISCOUNT, DURATION, START, END = 0.1, 4.0, np.array([-0.6, 0.55]), np.array([1.0625, 0.0])
WELL = DoubleWell()
N_STEPS = 60_000


def rows(quick: bool) -> Iterator[Row]:
    """One row per solver; the slow one runs once."""
    scipy = named("scipy", "SciPy")
    contests = [
        ("plan, 400 points", f"{scipy} solve_bvp", 400, "newton", lambda: boundary_values(400), 3),
        ("plan by gradients, 400 points", f"{scipy} L-BFGS-B", 400, "gradient", lambda: by_scipy(400), 3),
    ]
    if not quick:
        slow = ("plan, 50 points", f"{N_STEPS} gradient steps, NumPy", 50, "newton", lambda: gradient_steps(50), 1)
        contests.append(slow)
    for what, baseline, n_points, method, theirs, rounds in contests:
        yield contest(what, baseline, n_points, method, theirs, rounds)


def contest(what, baseline, n_points, method, theirs, rounds) -> Row:
    """Times of both, and the actions of the paths that they find."""
    objective, found = Objective(DISCOUNT), {}

    def ours():
        path = plan(objective, WELL, START, DURATION, END, n_points=n_points, method=method)
        found["ours"] = path.theta.values

    def other():
        found["theirs"] = theirs()

    ours()
    best = interleaved({"ours": ours, "theirs": other}, rounds)
    actions = [action_and_gradient(found[name])[0] for name in ("ours", "theirs")]
    times = (1e3 * best["ours"], 1e3 * best["theirs"])
    return Row(what, baseline, *times, "CPU ms", proof=f"actions {actions[0]:.6f} and {actions[1]:.6f}")


def action_and_gradient(path):
    """Action of a path, by the midpoint rule, and its gradient; the ends are held."""
    n = len(path) - 1
    h = DURATION / n
    weights = np.exp(-DISCOUNT * (np.arange(n) + 0.5) * h)[:, None]
    velocity, middle = np.diff(path, axis=0) / h, (path[1:] + path[:-1]) / 2
    action = h * np.sum(weights[:, 0] * (0.5 * np.sum(velocity**2, axis=1) + WELL.loss(middle)))
    momentum, slope = weights * velocity, 0.5 * h * weights * WELL.gradient(middle)
    gradient = np.zeros_like(path)
    gradient[1:] += momentum + slope
    gradient[:-1] -= momentum - slope
    gradient[[0, -1]] = 0.0
    return action, gradient


def straight(n_points):
    """Where every solver starts."""
    return START + (END - START) * np.linspace(0, 1, n_points)[:, None]


def gradient_steps(n_points):
    """Plain gradient descent on the points of the path, at nearly the largest stable step."""
    path = straight(n_points)
    rate = 0.45 * DURATION / (n_points - 1) / 2
    for _ in range(N_STEPS):
        path -= rate * action_and_gradient(path)[1]
    return path


def by_scipy(n_points):
    """Plain L-BFGS on the points of the path."""

    def flat(points):
        action, gradient = action_and_gradient(points.reshape(-1, 2))
        return action, gradient.ravel()

    options = {"maxiter": 20_000, "maxfun": 20_000, "ftol": 1e-14, "gtol": 1e-8}
    return minimize(flat, straight(n_points).ravel(), jac=True, method="L-BFGS-B", options=options).x.reshape(-1, 2)


def boundary_values(n_points):
    """The same path from its Euler–Lagrange equation, at the same times."""
    times = np.linspace(0, DURATION, n_points)
    slope = np.repeat(((END - START) / DURATION)[:, None], n_points, axis=1)
    found = solve_bvp(
        lambda t, y: np.vstack([y[2:], DISCOUNT * y[2:] + WELL.gradient(y[:2].T).T]),
        lambda a, b: np.concatenate([a[:2] - START, b[:2] - END]),
        times,
        np.vstack([straight(n_points).T, slope]),
        tol=1e-8,
        max_nodes=20000,
    )
    return found.sol(times)[:2].T
