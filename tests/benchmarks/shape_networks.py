"""The posterior of a landscape's shape as a synapse, beside Adam and gradient descent: in a rate and a spiking network.

Both networks are single layers, so the neurons are independent learners that share their inputs. A synapse sees its
own weight and gradient only (`structure="diagonal"`), while the losses couple the synapses of a neuron. All rules get
the same inputs and targets. J = ∫ e^{−γt} (|ẇ|²/2η + kL) dt, with the expected loss above that of the teacher. The
rates of Adam and gradient descent are the best of a grid on these very runs; what the belief assumes is fixed
beforehand, while plasticity and duration of the spiking network were chosen after exploratory runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import sympy as sp
from _table import Row

import circuits
from circuits.escape_rate_neuron import escape_rate, escape_rate_neuron
from circuits.feedforward_rate import feedforward_rate
from plasticity import LandscapeShape, Objective, derive, observe, poisson_trains
from plasticity.rule import Rule
from plasticity.rules.adam import adam
from plasticity.signals.escape_rate_likelihood import escape_rate_likelihood
from plasticity.signals.exact_error import exact_error

DISCOUNT = 0.1
Run = Callable[[Rule], tuple[np.ndarray, np.ndarray]]  # weights (n_times, n_neurons, n_inputs), losses (n_times, …)


def rows(quick: bool) -> Iterator[Row]:
    """Per network: what the belief pays beside each usual rule."""
    yield from compared("rate network", partial(in_rates, n_neurons=40 if quick else 200), RATE_BELIEF, 1.0, 0.1)
    spiking = partial(in_spikes, duration=3.0 if quick else 20.0)
    yield from compared("spiking network", spiking, SPIKE_BELIEF, SPIKE_PLASTICITY, TICK)


def compared(what: str, run: Run, belief: LandscapeShape, plasticity: float, step: float) -> Iterator[Row]:
    """Paired differences over neurons."""
    objective = Objective(DISCOUNT, plasticity)

    def cost(rule: Rule) -> np.ndarray:
        weights, losses = run(rule.with_parameters(**({"clock_step": step} if "clock_step" in rule.values else {})))
        left = np.exp(-DISCOUNT * step * np.arange(len(weights) - 1))[:, None]
        effort = np.sum(np.diff(weights, axis=0) ** 2, axis=-1) / (2 * plasticity * step)
        return np.sum(left * (effort + step * losses[:-1]), axis=0)

    scale = np.sqrt(plasticity) * step  # the derived rate of Adam, √(ηk)Δt
    others = {
        "tuned Adam": [adam(factor * scale) for factor in (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)],
        "tuned gradient descent": [
            derive(Objective(sp.oo, factor * np.sqrt(plasticity)))
            for factor in (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
        ],
    }
    shape = cost(derive(objective, shape_belief=belief))
    for name, rules in others.items():
        with np.errstate(all="ignore"):
            best = min((cost(rule) for rule in rules), key=lambda c: np.nan_to_num(c.mean(), nan=np.inf))
        difference = best - shape
        proof = f"{difference.mean():+.3f} ± {difference.std(ddof=1) / np.sqrt(difference.size):.3f}"
        yield Row(f"landscape shape, {what}", name, shape.mean(), best.mean(), "J", (1.0, np.inf), proof)


# --- rate neurons: linear regression on correlated inputs, a new pattern every 0.1 s ----------------------------------

N_INPUTS, N_STEPS, TARGET_NOISE = 6, 600, 0.5
RATE_BELIEF = LandscapeShape(
    curvature=1.0, curvature_variance=1.0, intercept_variance=4.0, observation_noise=2.0 * np.sqrt(0.1)
)


def in_rates(rule: Rule, n_neurons: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights and expected losses of linear neurons with teachers N(0, 1) and noisy targets."""
    random = np.random.default_rng(2)
    mixing = np.eye(N_INPUTS) + 0.4 * random.standard_normal((N_INPUTS, N_INPUTS)) / np.sqrt(N_INPUTS)
    patterns = random.standard_normal((N_STEPS, N_INPUTS)) @ mixing
    teachers = random.standard_normal((n_neurons, N_INPUTS))
    targets = patterns @ teachers.T + TARGET_NOISE * random.standard_normal((N_STEPS, n_neurons))
    circuit = feedforward_rate(
        (N_INPUTS, n_neurons),
        observe(rule, exact_error(sample_time=0.1)),
        patterns=patterns,
        targets=targets,
        output="linear",
        weights=[np.zeros((n_neurons, N_INPUTS))],
    )
    many = n_neurons * N_INPUTS
    run = circuits.run(circuit, 0.1 * N_STEPS, dt=0.1, record_every=0.1, n_tracked=many)
    weights = run.weights["layer_1"].reshape(-1, n_neurons, N_INPUTS)
    away = (weights - teachers) @ mixing.T
    return weights, 0.5 * np.sum(away**2, axis=-1)


# --- escape-rate neurons: to fire as a teacher does -------------------------------------------------------------------

DT, TICK, N_TRAINS, N_NEURONS, TAU = 1e-3, 0.1, 4, 60, 0.02
AT_THRESHOLD, THRESHOLD, WIDTH = 10.0, 1.0, 1.0
TEACHER, START = np.array([1.0, -0.3, 0.5, 0.0]), np.full(N_TRAINS, 0.3)
SPIKE_PLASTICITY = 1e-2
SPIKE_BELIEF = LandscapeShape(  # loss in nats/s: information ρε² of 10 Hz, of which a look of 1 s shows about as much
    curvature=10.0, curvature_variance=100.0, intercept_variance=100.0, observation_noise=np.sqrt(10.0)
)


def in_spikes(rule: Rule, duration: float) -> tuple[np.ndarray, np.ndarray]:
    """Weights and expected losses of escape-rate neurons in Brian2, each with spikes of its own teacher."""
    inputs = poisson_trains(50.0, N_TRAINS, duration, DT, seed=1)
    n_steps = round(duration / DT)
    spikes = np.zeros((n_steps, N_TRAINS))
    for j, train in enumerate(inputs):
        spikes[np.round(train / DT).astype(int), j] = 1
    psp = np.empty_like(spikes)
    now = np.zeros(N_TRAINS)
    for k, row in enumerate(spikes):
        now = (now if k == 0 else now * np.exp(-DT / TAU)) + row
        psp[k] = now

    def rate(weights: np.ndarray) -> np.ndarray:
        return AT_THRESHOLD * np.exp((psp @ np.moveaxis(weights, -1, 0) - THRESHOLD) / WIDTH)

    fired = np.random.default_rng(2).random((n_steps, N_NEURONS)) < rate(TEACHER)[:, None] * DT
    targets = [np.flatnonzero(column) * DT for column in fired.T]
    neuron = escape_rate(TAU, AT_THRESHOLD, THRESHOLD, WIDTH)
    circuit = escape_rate_neuron(inputs, targets, rule, escape_rate_likelihood(), START, neuron)
    run = circuits.run(circuit, duration, DT, "numpy", record_every=TICK, n_tracked=N_TRAINS * N_NEURONS)
    weights = run.weights["synapses"].reshape(-1, N_NEURONS, N_TRAINS)
    best = rate(TEACHER)[:, None]
    losses = [np.mean(rate(w) - best - best * np.log(rate(w) / best), axis=0) for w in weights]
    return weights, np.array(losses)
