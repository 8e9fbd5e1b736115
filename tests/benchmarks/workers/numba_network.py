"""The network as a loop written by hand for it alone: what one core can do. CPU seconds of the loop.

Traces are numbers of the neurons, which decay once per step: no exponential is computed at a spike.
"""

import numpy as np
from numba import njit
from worker import Stopwatch, peak, read_task, tell


@njit(cache=True, fastmath=True)
def advance(v, ge, gi, idle, fired, v_rest, v_t, keep_v, keep_e, keep_i, from_e, from_i):
    """One step of all neurons, exact for constant input; returns how many fired."""
    n_fired = 0
    for k in range(v.size):
        if idle[k] > 0:
            idle[k] -= 1
        else:
            v[k] = v_rest + (v[k] - v_rest) * keep_v + ge[k] * from_e - gi[k] * from_i
            if v[k] > v_t and idle[k] == 0:
                fired[n_fired] = k
                n_fired += 1
        ge[k] *= keep_e
        gi[k] *= keep_i
    return n_fired


@njit(cache=True, fastmath=True)
def excite(k, ge, w, first, target, w_ei, x, y, a_minus, n):
    """A spike of an excitatory neuron arrives everywhere."""
    x[k] += 1.0
    for s in range(first[k], first[k + 1]):
        j = target[s]
        if j < n:
            ge[j] += w[s]
            w[s] = max(w[s] - a_minus * y[j], 0.0)
        else:
            ge[j] += w_ei


@njit(cache=True, fastmath=True)
def look_back(k, w, incoming, slot, source, x, y, a_plus, w_max):
    """A neuron fires: its plastic synapses are strengthened."""
    for s in range(incoming[k], incoming[k + 1]):
        w[slot[s]] = min(w[slot[s]] + a_plus * x[source[s]], w_max)
    y[k] += 1.0


@njit(cache=True, fastmath=True)
def run(n_steps, dt, v, n, first, target, w, incoming, slot, source, neuron, strengths, late, pause):
    """Spikes of every neuron; the weights change in place."""
    v_rest, v_t, v_r, keep_v, keep_e, keep_i, from_e, from_i = neuron
    w_ei, w_i, a_plus, a_minus, w_max, tau_plus, tau_minus = strengths
    total = v.size
    ge, gi, idle, counts = np.zeros(total), np.zeros(total), np.zeros(total, np.int64), np.zeros(total, np.int64)
    x, y = np.zeros(n), np.zeros(n)
    keep_x, keep_y = np.exp(-dt / tau_plus), np.exp(-dt / tau_minus)
    ring, filled = np.zeros((late + 1, total), np.int64), np.zeros(late + 1, np.int64)
    for step in range(n_steps):
        now, then = step % (late + 1), (step + 1) % (late + 1)
        filled[now] = advance(v, ge, gi, idle, ring[now], v_rest, v_t, keep_v, keep_e, keep_i, from_e, from_i)
        for q in range(filled[then]):
            k = ring[then, q]
            if k < n:
                excite(k, ge, w, first, target, w_ei, x, y, a_minus, n)
            else:
                for s in range(first[k], first[k + 1]):
                    gi[target[s]] += w_i
        for q in range(filled[now]):
            k = ring[now, q]
            v[k], idle[k] = v_r, pause
            counts[k] += 1
            if k < n:
                look_back(k, w, incoming, slot, source, x, y, a_plus, w_max)
        x *= keep_x
        y *= keep_y
    return counts


def wiring(task):
    """Synapses in the order of their source, and those that learn also in the order of their target."""
    n, total = int(task.n_excitatory), int(task.n_excitatory + task.n_inhibitory)
    sources = np.concatenate([task.ee_i, task.ei_i, task.ie_i + n, task.ii_i + n])
    targets = np.concatenate([task.ee_j, task.ei_j + n, task.ie_j, task.ii_j + n])
    order = np.argsort(sources, kind="stable")
    sources, targets = sources[order], targets[order].astype(np.int32)
    plastic = np.flatnonzero((sources < n) & (targets < n))
    back = plastic[np.argsort(targets[plastic], kind="stable")]
    starts = [
        np.concatenate([[0], np.cumsum(np.bincount(k, minlength=m))]) for k, m in ((sources, total), (targets[back], n))
    ]
    return starts[0], targets, starts[1], back.astype(np.int32), sources[back].astype(np.int32), plastic


def main() -> None:
    """Compile or load, and run once."""
    import numba

    task = read_task()
    base = peak()
    first, target, incoming, slot, source, plastic = wiring(task)
    dt, tau = float(task.dt), float(task.tau_membrane)
    keep_v, keep_e, keep_i = (float(np.exp(-dt / t)) for t in (tau, task.tau_excitatory, task.tau_inhibitory))
    gains = [
        float(t / (t - tau)) * (keep - keep_v)
        for t, keep in ((task.tau_excitatory, keep_e), (task.tau_inhibitory, keep_i))
    ]
    neuron = (*(1e3 * float(v) for v in (task.v_rest, task.v_threshold, task.v_reset)), keep_v, keep_e, keep_i, *gains)
    strengths = (task.w_ei, task.w_i, task.a_plus, task.a_minus, task.w_max, task.tau_plus, task.tau_minus)
    strengths = tuple(map(float, strengths))
    steps = [round(float(value) / dt) for value in (task.delay, task.refractory, task.duration)]

    def simulate(n_steps):
        w = np.full(target.size, float(task.w_start))
        arrays = (1e3 * task.v_start, int(task.n_excitatory), first, target, w, incoming, slot, source)
        return run(n_steps, dt, *arrays, neuron, strengths, steps[0], steps[1]), w

    simulate(1)
    watch = Stopwatch()
    counts, w = simulate(steps[2])
    tell(numba.__version__, watch(), peak() - base, counts, w[plastic] / task.w_max, task)


if __name__ == "__main__":
    main()
