"""Behavioural trials: an optimal tracker of a perturbation, and the target of a learner that anticipates it."""

import numpy as np

from plasticity.filters import steady_gain


def tracker(model, perturbation, weights=None, clamped=None):
    """Output (n_trials,) and estimates (n_trials, m) of an optimal tracker with steady gains.

    In each trial ``x = Σ w_i p̂_i``, the error is ``e = p − x``, the surprise ``e + x − Σ p̂_i``; then
    ``p̂_i ← a_i (p̂_i + K_i·surprise)``. With all weights 1 this is the two-state model of Smith et al. (2006), with
    retention a_i and learning rates a_i K_i. NaN is a trial without feedback; in `clamped` trials the error is 0.

    >>> from plasticity.filters import trials
    >>> tracker(trials([0.708, 0.9994], [1.82, 0.0173], 1.0), np.ones(2))[0].round(5)  # Σ a_i K_i = 0.44046 + 0.07133
    array([0.     , 0.51179])
    """
    gain = steady_gain(model)[:, 0]
    weights = np.ones(gain.size) if weights is None else np.asarray(weights)
    clamped = np.zeros(len(perturbation), dtype=bool) if clamped is None else clamped
    output, estimates = np.empty(len(perturbation)), np.empty((len(perturbation), gain.size))
    belief = model.mean
    for trial, p in enumerate(perturbation):
        x = weights @ belief
        output[trial], estimates[trial] = x, belief
        error = 0.0 if clamped[trial] else p - x
        if not np.isnan(error):
            belief = belief + gain * (error + x - belief.sum())
        belief = model.rest + model.transition @ (belief - model.rest)
    return output, estimates


def future_weights(discount, rate, time_constants):
    """Weights (m,) or (m, n, n) of the components of a moving optimum in the target of an optimal learner.

    The target is the discounted expected future optimum, ``θ* = (γ + R) ∫ e^{−(γ+R)s} E[μ(s)] ds``; a component that
    decays as ``e^{−s/τ_i}`` enters with ``w_i = (γ + R)(γ + R + 1/τ_i)⁻¹``.

    >>> future_weights(0.5, 1.5, [0.5, np.inf])
    array([0.5, 1. ])
    """
    r = np.atleast_2d(rate)
    matrix = r + discount * np.eye(len(r))
    forgetting = (1 / np.asarray(time_constants))[:, None, None] * np.eye(len(matrix))
    weights = np.linalg.solve(matrix + forgetting, np.broadcast_to(matrix, forgetting.shape))
    return weights[:, 0, 0] if np.ndim(rate) == 0 else weights
