"""The calcium rule of Graupner & Brunel between exact threshold crossings: no time steps, nothing of the packages.

``τ dw/dt = γ_p (w_max − w) Θ(c − θ_p) − γ_d w Θ(c − θ_d)``, θ_d ≤ θ_p; calcium jumps at spikes and decays in between.
"""

import numpy as np


def final_weights(pre, post, sources, targets, weight, duration, values, delay=0.0):
    """Weights of all synapses at the end; `pre`, `post` are lists of spike times by neuron.

    A presynaptic spike acts `delay` + ``pre_delay`` later, at once with a postsynaptic one if at the same time.
    """
    p = values
    late = delay + p["pre_delay"]
    arriving = [np.asarray(t) + late for t in pre]
    n_events = max(arriving[i].size + post[j].size for i, j in zip(sources, targets, strict=True))
    times = np.full((len(sources), n_events + 1), float(duration))
    jumps = np.zeros_like(times)
    for k, (i, j) in enumerate(zip(sources, targets, strict=True)):
        at = np.concatenate([arriving[i], post[j]])
        size = np.repeat([p["pre_calcium"], p["post_calcium"]], [arriving[i].size, post[j].size])
        order = np.argsort(at, kind="stable")
        times[k, : at.size], jumps[k, : at.size] = at[order], size[order]
    jumps[times >= duration] = 0.0
    times = np.minimum(times, duration)
    w, c = np.full(len(sources), float(weight)), np.zeros(len(sources))
    both = (p["gamma_p"] + p["gamma_d"]) / p["tau_weight"]
    rest = p["gamma_p"] / (p["gamma_p"] + p["gamma_d"]) / p["initial_efficacy"]
    for k in range(n_events):
        c = c + jumps[:, k]
        gap = times[:, k + 1] - times[:, k]
        above_p, above_d = (_time_above(c, p[theta], p["tau_calcium"], gap) for theta in ("theta_p", "theta_d"))
        w = rest + (w - rest) * np.exp(-both * above_p)
        w = w * np.exp(-p["gamma_d"] / p["tau_weight"] * (above_d - above_p))
        c = c * np.exp(-gap / p["tau_calcium"])
    return w


def _time_above(c, threshold, tau, gap):
    """Time of a gap for which decaying calcium is above a threshold."""
    return np.clip(tau * np.log(np.maximum(c, 1e-300) / threshold), 0, gap)
