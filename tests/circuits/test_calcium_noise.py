"""The calcium rule with its noise and double well: moments and transitions of single synapses, and the wells."""

import numpy as np
import pytest
from scipy.special import erf, ndtr

import circuits
from circuits import Circuit, Population, Projection
from plasticity import replay
from plasticity.errors import InputError
from plasticity.rules.graupner_calcium import NOISE, SETS, graupner_calcium
from tests.error_bounds import counts, variance_error, z

DT, DELAY, INTERVAL, PERIOD = 5e-4, 0.0135, 0.01, 0.1
N = 1000  # synapses that begin in either well
RULE = graupner_calcium("DP", stochastic=True).with_parameters(pre_delay=DELAY)


def network(rule, weights, pre=(), post=()):
    populations = Population("pre", [pre]), Population("post", [post] * len(weights))
    return Circuit("c", populations, (Projection("s", "pre", "post", rule, weight=np.reshape(weights, (-1, 1))),))


def above_thresholds(n_pairs):
    """Whether calcium is above theta_d and theta_p, in steps of dt/10 from the first pair on, until it is gone."""
    p, dt = RULE.values, DT / 10
    t = np.arange(round((n_pairs * PERIOD + 0.05) / dt)) * dt
    arrivals = [(k * PERIOD + DELAY, p["pre_calcium"]) for k in range(n_pairs)]
    arrivals += [(k * PERIOD + INTERVAL, p["post_calcium"]) for k in range(n_pairs)]
    calcium = sum(c * np.where(t >= at, np.exp(-np.maximum(t - at, 0) / p["tau_calcium"]), 0) for at, c in arrivals)
    return np.stack([calcium > p["theta_d"], calcium > p["theta_p"]]), dt


def moments(n_pairs, start):
    """Mean and variance of ρ at the end without the slow wells: dm = (γ_p Θ_p (1 − m) − γ_d Θ_d m) dt/τ, …"""
    p, (above, dt) = RULE.values, above_thresholds(n_pairs)
    mean, variance = start, 0.0
    for depressed, potentiated in above.T.tolist():
        gain, loss = p["gamma_p"] * potentiated, p["gamma_d"] * depressed
        speed = (gain + loss) / p["tau_weight"]
        mean += dt * (gain / p["tau_weight"] - speed * mean)
        variance += dt * (p["sigma"] ** 2 * (depressed + potentiated) / p["tau_weight"] - 2 * speed * variance)
    return mean, variance


def test_moments_and_transitions_of_single_synapses():
    """The wells move ρ by less than 0.1·duration/τ = 7e-4; Euler's steps make its speeds wrong by dt/τ_Ca = 2.5 %."""
    pre = 0.05 + np.arange(10) * PERIOD
    circuit = network(RULE, np.repeat([0.0, 2.0], N), pre, pre + INTERVAL)
    ends = circuits.run(circuit, 1.1, DT, "numpy", seed=1).final["s"].reshape(2, N) / 2
    for start, end in zip((0.0, 1.0), ends, strict=True):
        mean, variance = moments(10, start)
        shift = 0.025 * abs(mean - start) + 7e-4
        assert abs(end.mean() - mean) < z() * np.sqrt(variance / N) + shift
        assert abs(end.var(ddof=1) / variance - 1) < variance_error(N - 1) + 0.025
        chances = ndtr((mean - 0.5 + np.array([-shift, shift])) / np.sqrt(variance))
        assert counts(N, chances[0])[0] <= (end > 0.5).sum() <= counts(N, chances[1])[1]
    assert (ends[0] > 0.5).any()  # both wells are left
    assert (ends[1] < 0.5).any()


@pytest.mark.parametrize("start", [0.0, 1.0])
def test_the_moments_are_those_of_the_publication(start):
    """Chance to end above ρ_* by the authors' formula, in which pairs are spread out evenly: 60 pairs at 10 Hz."""
    n, p = 60, RULE.values
    above, dt = above_thresholds(n)
    share_d, share_p = above.sum(axis=1) * dt / (n * PERIOD)
    gain, loss = p["gamma_p"] * share_p, p["gamma_d"] * share_d
    rest, forgotten = gain / (gain + loss), np.exp(-n * PERIOD * (gain + loss) / p["tau_weight"])
    spread = (share_d + share_p) * p["sigma"] ** 2 / (gain + loss) * (1 - forgotten**2)
    published = (1 + erf((rest + (start - rest) * forgotten - p["rho_star"]) / np.sqrt(spread))) / 2
    mean, variance = moments(n, start)
    assert ndtr((mean - 0.5) / np.sqrt(variance)) == pytest.approx(published, abs=0.03)


def test_without_calcium_the_weight_falls_into_a_well():
    """With y = ρ − 1/2 the flow y (1/4 − y²)/τ has the solution y⁻² = 4 + (y₀⁻² − 4) e^(−t/2τ); nothing is random."""
    tau, duration, start = 0.5, 2.0, np.array([-0.4, -0.05, 0.0, 0.1, 0.45])
    rule = RULE.with_parameters(tau_weight=tau)
    ends = circuits.run(network(rule, 2 * start + 1), duration, DT, "numpy").final["s"] / 2 - 0.5
    exact = start / np.sqrt(4 * start**2 + (1 - 4 * start**2) * np.exp(-duration / (2 * tau)))
    assert ends == pytest.approx(exact, abs=DT / tau)


def test_every_set_has_its_noise_and_the_mean_needs_none():
    assert set(NOISE) == set(SETS)
    assert graupner_calcium().inputs == ()
    with pytest.raises(InputError, match="needs white_noise"):
        replay(RULE, [0.1], [0.2])
