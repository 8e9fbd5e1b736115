"""Small loops of the rate engine that do not depend on a rule; generated modules import them."""

from __future__ import annotations

import numpy as np
from numba import njit

RATE, SLOPE, ERROR, SIGNAL, NOISE, INFORMATION = 0, 1, 2, 3, 4, 5  # rows of plasticity.compile.dense.POST


@njit(cache=True)
def copy(values, into):
    """Copy values into an array."""
    for i in range(into.size):
        into[i] = values[i]


@njit(cache=True)
def clear(values):
    """Set values to 0."""
    for i in range(values.size):
        values[i] = 0.0


@njit(cache=True, error_model="numpy", fastmath={"reassoc", "contract", "arcp", "nsz"})
def pass_on(w, rate, current):
    """Add the input w·rate to current."""
    for i in range(w.shape[0]):
        total = 0.0
        for j in range(w.shape[1]):
            total += w[i, j] * rate[j]
        current[i] += total


@njit(cache=True, error_model="numpy")
def collect(by_post, by_pre, scratch, state, dt):
    """Add the products of all factors that are remembered to a state."""
    np.dot(by_post.T, by_pre, scratch)
    for i in range(state.shape[0]):
        for j in range(state.shape[1]):
            state[i, j] += dt * scratch[i, j]


@njit(cache=True, error_model="numpy")
def perturbed(w, drawn, noise, rate, current):
    """Take over the noise that was drawn; add the input (w + noise)·rate to current."""
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            noise[i, j] = drawn[i, j]
            current[i] += (w[i, j] + noise[i, j]) * rate[j]


@njit(cache=True, error_model="numpy")
def disturbed(drawn, table, current):
    """Take over the noise of the neurons and add it to their input."""
    for i in range(current.size):
        table[NOISE, i] = drawn[i]
        current[i] += drawn[i]


@njit(cache=True, error_model="numpy")
def deviation(target, rate):
    """½ Σ (target − rate)²."""
    total = 0.0
    for i in range(rate.size):
        total += 0.5 * (target[i] - rate[i]) ** 2
    return total


@njit(cache=True, error_model="numpy")
def difference(target, rate, message):
    """Error of the output into message."""
    for i in range(rate.size):
        message[i] = target[i] - rate[i]


@njit(cache=True, error_model="numpy")
def deliver(message, received, b, now, index, factor, spread, delivered, quantum, late, waiting, projection):
    """Send a message through the channel: project, delay, disturb, round, or lose it."""
    if factor.shape[1] == 0:
        for i in range(received.size):
            received[i] = message[i]
        return
    size = waiting.shape[0]
    for i in range(received.size):
        arriving = message[i] if projection.shape[0] == 0 else 0.0
        for k in range(projection.shape[1]):
            arriving += projection[i, k] * message[k]
        waiting[now % size, i] = arriving
    oldest = (now - late[b]) % size
    for i in range(received.size):
        value = factor[b, index, i] * waiting[oldest, i] + spread[b, index, i]
        if quantum[b] > 0.0:
            value = quantum[b] * np.rint(value / quantum[b])
        received[i] = value * delivered[b, index, 0] if now >= late[b] else 0.0


@njit(cache=True, error_model="numpy")
def learning_signal(route, received, table):
    """Error through the feedback weights."""
    for i in range(route.shape[0]):
        total = 0.0
        for k in range(route.shape[1]):
            total += route[i, k] * received[k]
        table[SIGNAL, i] = total


@njit(cache=True, error_model="numpy")
def relax_error(error, back, slow):
    """Errors of neurons with a time constant, without what comes from outside."""
    for i in range(error.size):
        error[i] += slow * (back[i] - error[i])


@njit(cache=True, error_model="numpy")
def relax_to(error, received, slow):
    """Part of the error that comes from outside, for neurons with a time constant."""
    for i in range(error.size):
        error[i] += slow * received[i]


@njit(cache=True, error_model="numpy")
def add(values, into):
    """Add values to an array."""
    for i in range(into.size):
        into[i] += values[i]


@njit(cache=True, error_model="numpy")
def local_error(error, table):
    """−∂L/∂(input) of every neuron: its error times its slope."""
    for i in range(error.size):
        table[ERROR, i] = table[SLOPE, i] * error[i]


@njit(cache=True, error_model="numpy", fastmath={"reassoc", "contract", "arcp", "nsz"})
def send_back(w, error, back):
    """Add wᵀ·error to back."""
    for i in range(w.shape[0]):
        at = error[i]
        for j in range(w.shape[1]):
            back[j] += w[i, j] * at


@njit(cache=True, error_model="numpy")
def unfinite(values):
    """0, or NaN if a value is not finite."""
    total = 0.0
    for i in range(values.size):
        total += 0.0 * values[i]
    return total


@njit(cache=True, error_model="numpy", fastmath={"reassoc", "contract", "arcp", "nsz"})
def moments(w, mean, std):
    """Mean and standard deviation of all weights (n_batch, n_post, n_pre) of every member, in two passes."""
    size = w.shape[1] * w.shape[2]
    for b in range(w.shape[0]):
        total = 0.0
        for i in range(w.shape[1]):
            for j in range(w.shape[2]):
                total += w[b, i, j]
        middle = total / size
        total = 0.0
        for i in range(w.shape[1]):
            for j in range(w.shape[2]):
                total += (w[b, i, j] - middle) ** 2
        mean[b], std[b] = middle, np.sqrt(total / size)


KERNELS = (
    copy,
    clear,
    pass_on,
    collect,
    perturbed,
    disturbed,
    deviation,
    difference,
    deliver,
    learning_signal,
    relax_error,
    relax_to,
    add,
    local_error,
    send_back,
    unfinite,
)
