"""Small loops of the rate engine that do not depend on a rule; their text becomes part of the generated module."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, error_model="numpy", fastmath={"reassoc", "contract", "arcp", "nsz"})
def pass_on(w, rate, current):
    """Add the input w·rate to current."""
    for i in range(w.shape[0]):
        total = 0.0
        for j in range(w.shape[1]):
            total += w[i, j] * rate[j]
        current[i] += total


@njit(cache=True, error_model="numpy", fastmath={"reassoc", "contract", "arcp", "nsz"})
def send_back(w, error, back):
    """Add wᵀ·error to back."""
    for i in range(w.shape[0]):
        at = error[i]
        for j in range(w.shape[1]):
            back[j] += w[i, j] * at


@njit(cache=True, error_model="numpy")
def perturbed(w, noise, rate, current):
    """Add the input (w + noise)·rate to current."""
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            current[i] += (w[i, j] + noise[i, j]) * rate[j]


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
