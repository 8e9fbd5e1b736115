"""A recurrent network of integrate-and-fire neurons that learns by e-prop, as a loop in NumPy.

Neurons have τ = 20 ms, the threshold 1 and a pause of 2 ms; nothing here uses the packages that it checks.
"""

import numpy as np

TAU_MEMBRANE, SURROGATE, REFRACTORY = 0.02, 50.0, 2e-3


def learn(inputs, wanted, weights, dt, tau_output, rate=0.0, wired=None):
    """Weights (input, recurrence) after learning, and what the network did at every step.

    `inputs` are lists of spike times, `wanted` (n_steps, n_outputs) rates; `weights` matrices (n_post, n_pre) by name,
    of which `output` is fixed and feeds errors back; `wired` says which recurrent synapses there are. The path holds
    spikes, pseudo-derivatives, traces of inputs and neurons, and errors (n_steps, …).
    """
    n_steps, n, n_in, n_out = len(wanted), *weights["input"].shape, len(weights["output"])
    arriving = np.zeros((n_steps, n_in))
    for j, train in enumerate(inputs):
        arriving[np.round(np.asarray(train) / dt).astype(int), j] = 1
    first, loop, out = (weights[name].copy() for name in ("input", "recurrence", "output"))
    decay, decay_out, pause = np.exp(-dt / TAU_MEMBRANE), np.exp(-dt / tau_output), round(REFRACTORY / dt)
    v, psp, psp_in, y, free_at = np.zeros(n), np.zeros(n), np.zeros(n_in), np.zeros(n_out), np.zeros(n)
    traces, path = [np.zeros((n, n_in)), np.zeros((n, n))], []
    for k in range(n_steps):
        ready = k >= free_at
        psp_in = psp_in + arriving[k]
        v = v + ready * (first @ arriving[k])
        pseudo = ready * SURROGATE * np.clip(1 - np.abs(v - 1), 0, 1)
        z = ((v > 1) & ready).astype(float)
        error = wanted[k] - y
        path.append((z, pseudo, psp_in, psp, error))
        free_at = np.where(z > 0, k + pause + 1, free_at)  # a pause, then the first step from the reset
        v = v + (ready & (z == 0)) * (loop @ z)
        y = (y + out @ z / tau_output) * decay_out
        if rate:
            message = rate * dt * (out.T @ error)[:, None]
            first += message * traces[0]
            loop += message * traces[1] * wired
            for trace, each in zip(traces, (psp_in, psp), strict=True):
                trace += dt / tau_output * (np.outer(pseudo, each) - trace)
        v = np.where(ready & (z == 0), v * decay, v)
        v = np.where(z > 0, 0, v)
        psp, psp_in = psp * decay + z * decay, psp_in * decay
    return first, loop, [np.array(column) for column in zip(*path, strict=True)]
