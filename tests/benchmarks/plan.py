"""Planning a path: banded Newton against plain gradient steps and a boundary-value solver; many parameters."""

import time

import numpy as np
from scipy.integrate import solve_bvp

from plasticity.landscapes import DoubleWell
from plasticity.objective import Objective
from plasticity.plan import plan

DISCOUNT, DURATION, START, END = 0.1, 4.0, np.array([-0.6, 0.55]), np.array([1.0625, 0.0])
WELL = DoubleWell()


def best_time(function, n_repeats):
    """Smallest of several wall times [s], and the last result."""
    times = []
    for _ in range(n_repeats):
        begin = time.perf_counter()
        result = function()
        times.append(time.perf_counter() - begin)
    return min(times), result


def gradient_steps(n_points, n_steps):
    """Plain gradient descent on the points of the path, in NumPy, at nearly the largest stable step."""
    n = n_points - 1
    h = DURATION / n
    weights = np.exp(-DISCOUNT * (np.arange(n) + 0.5) * h)[:, None]
    path = START + (END - START) * np.linspace(0, 1, n_points)[:, None]
    rate = 0.45 * h / 2
    for _ in range(n_steps):
        momentum = weights * np.diff(path, axis=0) / h
        slope = 0.5 * h * weights * WELL.gradient((path[1:] + path[:-1]) / 2)
        gradient = np.zeros_like(path)
        gradient[1:] += momentum + slope
        gradient[:-1] -= momentum - slope
        path[1:-1] -= rate * gradient[1:-1]
    return path


def boundary_values(n_points):
    """The same path from its Euler–Lagrange equation."""
    times = np.linspace(0, DURATION, n_points)
    line = START + (END - START) * (times / DURATION)[:, None]
    guess = np.vstack([line.T, np.repeat(((END - START) / DURATION)[:, None], n_points, axis=1)])
    return solve_bvp(
        lambda t, y: np.vstack([y[2:], DISCOUNT * y[2:] + WELL.gradient(y[:2].T).T]),
        lambda a, b: np.concatenate([a[:2] - START, b[:2] - END]),
        times,
        guess,
        tol=1e-8,
        max_nodes=20000,
    )


class Network:
    """Mean squared error of 100 tanh units on 99 inputs and 64 examples: 10,000 parameters, gradients only."""

    def __init__(self, seed=0):
        rng = np.random.default_rng(seed)
        self.inputs = rng.standard_normal((64, 99)) / 10
        self.targets = rng.standard_normal(64)

    def forward(self, theta):
        """Hidden activities and errors."""
        hidden = np.tanh(theta[..., :9900].reshape(*theta.shape[:-1], 100, 99) @ self.inputs.T)
        return hidden, np.einsum("...h,...hb->...b", theta[..., 9900:], hidden) - self.targets

    def loss(self, theta):
        """Loss (...)."""
        return 0.5 * (self.forward(theta)[1] ** 2).mean(-1)

    def gradient(self, theta):
        """Gradient (..., 10000) by backpropagation."""
        hidden, error = self.forward(theta)
        error = error / 64
        outer = np.einsum("...b,...hb->...h", error, hidden)
        inner = (theta[..., 9900:, None] * (1 - hidden**2) * error[..., None, :]) @ self.inputs
        return np.concatenate([inner.reshape(*theta.shape[:-1], 9900), outer], axis=-1)


def main():
    """Print times and ratios."""
    objective = Objective(DISCOUNT)
    newton, path = best_time(lambda: plan(objective, WELL, START, DURATION, END, n_points=400), 30)
    n_steps = 3000
    steps, _ = best_time(lambda: gradient_steps(400, n_steps), 2)
    steps *= 60000 / n_steps
    collocation, found = best_time(lambda: boundary_values(400), 3)
    print(f"double well, 400 points: plan {newton * 1e3:.1f} ms, action {path.attrs['action']:.6f}")
    print(f"  60,000 gradient steps in NumPy {steps:.2f} s (timed {n_steps}): ratio {steps / newton:.0f}")
    print(f"  solve_bvp {collocation * 1e3:.0f} ms (status {found.status}): ratio {collocation / newton:.0f}")
    gradients, path = best_time(lambda: plan(objective, WELL, START, DURATION, END, 400, method="gradient"), 5)
    print(f"  plan by gradients only {gradients * 1e3:.1f} ms, {path.attrs['iterations']} iterations")
    network = Network()
    start = np.random.default_rng(1).standard_normal(10000) / 10
    seconds, path = best_time(lambda: plan(objective, network, start, 10.0, n_points=200), 1)
    losses = network.loss(path.theta.values[[0, -1]])
    print(
        f"network, 10,000 parameters, 200 points: {seconds:.1f} s, {path.attrs['iterations']} iterations, "
        f"converged {path.attrs['converged']}, loss {losses[0]:.3f} -> {losses[1]:.3f}"
    )


if __name__ == "__main__":
    main()
