"""Networks of rate neurons as loops in NumPy: nothing here uses the packages that it checks.

All derivatives are those at the beginning of a step of `dt`; pattern k is shown for `hold` steps, in turn.
"""

import numpy as np


def linear_layer(rule, patterns, hold, weights, dt, n_steps):
    """Weights (n_post, n_pre) of linear neurons after n_steps; ``rule(x, y, w, dt)`` returns the change in a step."""
    w = weights.copy()
    for n in range(n_steps):
        x = patterns[n // hold % len(patterns)]
        w += rule(x, w @ x, w, dt)
    return w


def oja(rate):
    """``dw/dt = rate (x y − y² w)``."""
    return lambda x, y, w, dt: dt * rate * (np.outer(y, x) - (y**2)[:, None] * w)


def sliding_threshold(rate, target, tau):
    """``dw/dt = rate x y (y − θ)``, ``tau dθ/dt = y²/target − θ``, from θ = 0."""
    theta = 0.0

    def step(x, y, w, dt):
        nonlocal theta
        before = theta
        theta = theta + dt * (y**2 / target - theta) / tau
        return dt * rate * np.outer(y * (y - before), x)

    return step


def recurrent_errors(patterns, targets, inputs, hold, weights, rate, tau, dt, n_steps, limited):
    """Weights of ``τ dr/dt = −r + tanh(W r + W_in x)``, and the loss after every step.

    They learn by ``dW = rate dt (φ' z) rᵀ``, ``τ dz/dt = −z + e + Wᵀ(φ' z)``, of which ``limited`` makes what happens.
    """
    w, r, z = weights.copy(), np.zeros(len(weights)), np.zeros(len(weights))
    losses = []
    for n in range(n_steps):
        k = n // hold % len(patterns)
        phi = np.tanh(w @ r + inputs @ patterns[k])
        error, local = targets[k] - r, (1 - phi**2) * z
        change = limited(rate * dt * np.outer(local, r))
        z = z + dt / tau * (w.T @ local + error - z)
        r, w = r + dt / tau * (phi - r), w + change
        missed = targets[(n + 1) // hold % len(targets)] - r
        losses.append(0.5 * missed @ missed)
    return w, np.array(losses)
