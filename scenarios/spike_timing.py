"""Spike timing: which rules learn to fire at target times when the feedback is noisy?

Escape-rate neurons receive the same pattern of input spikes repeatedly, and target spike times through a noisy channel.
The loss is minus the log likelihood of the target spikes; its gradient is local (signal escape_rate_likelihood), and
five derived rules descend it: plain gradient descent; the same by a learner that knows the variance of its noise and
weighs its feedback accordingly (informed); normalised by memories of the gradient and its square (Adam); in the metric
of the Fisher information (natural); and with a belief about every weight, in the knowledge of the noise (belief). Each
has the learning rate (the belief: the prior variance) that was best in a grid of factors of two at the noise 3 s^-1/2.

Expect: without noise all learn; normalising, and a larger rate that knowing the noise permits, help most. The noise of
the spikes themselves has the variance 20 per second. Far above it (30 s^-1/2) the rules without a model of the noise
(gradient, natural, normalised) end worse than they began, while those with one (informed, belief) do no harm, but learn
little either. The belief about the weights adds less than the knowledge of the noise: it ignores correlations between
synapses, and is soon overconfident.

Result: `loss`(trial, time, rule, noise) per presentation; `hits`, the probability to fire within `window` of a target,
and `precision`, the share of the expected spikes that fall there, alike; `rate`(phase, rule, noise) after learning,
averaged over learners. A trial is one learner with its own noise.

Source: Pfister, Toyoizumi, Barber & Gerstner 2006 (pfister_2006b) for the task and the signal; the rules are derived as
in Vastola, Gershman & Rajan 2025 (vastola_2025).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from plasticity.belief import GaussianWeight
from plasticity.dataset import make_dataset
from plasticity.poisson import poisson_trains, repeated
from scenarios.running.parameters import parameter

if TYPE_CHECKING:
    import xarray as xr

    from circuits.neurons.model import NeuronModel
    from plasticity.rule import Rule

RULES = ("gradient", "informed", "normalised", "natural", "belief")


@dataclass(frozen=True)
class Parameters:
    """Task, noise and rules."""

    rules: tuple[str, ...] = parameter(RULES, "1", "rules to compare", choices=RULES)
    noises: tuple[float, ...] = parameter((0.0, 1.0, 3.0, 10.0, 30.0), "1/s^0.5", "noise of the feedback", low=0)
    targets: tuple[float, ...] = parameter((0.05, 0.11, 0.17), "s", "times at which the neuron should fire", low=0)
    period: float = parameter(0.2, "s", "length of the pattern", low=0.01)
    n_presentations: int = parameter(120, "1", "number of presentations of the pattern", low=2)
    n_inputs: int = parameter(100, "1", "input neurons", low=1)
    n_learners: int = parameter(8, "1", "learners per noise, each with its own noise", low=1)
    lowest_rate: float = parameter(2.0, "Hz", "rate of the most silent input", low=0.1)
    highest_rate: float = parameter(50.0, "Hz", "rate of the most active input", low=0.1, high=400.0)
    gradient_rate: float = parameter(0.005, "1", "learning rate of the rule gradient", low=0)
    informed_rate: float = parameter(0.02, "1", "learning rate of the rule informed", low=0)
    normalised_rate: float = parameter(0.04, "1", "step of the rule normalised, per presentation", low=0)
    natural_rate: float = parameter(0.2, "1/s", "learning rate of the rule natural", low=0)
    natural_floor: float = parameter(30.0, "Hz", "floor of the Fisher information of the rule natural", low=1e-9)
    belief_variance: float = parameter(0.02, "1", "variance of the weights that the rule belief starts from", low=1e-9)
    belief_growth: float = parameter(5e-4, "1/s", "growth of that variance", low=0)
    window: float = parameter(5e-3, "s", "distance from a target that counts as a hit", low=1e-4)
    dt: float = parameter(1e-3, "s", "time step", low=1e-5, high=5e-3)
    n_records: int = parameter(40, "1", "records of the weights", low=2)


SMOKE = {
    "rules": ("gradient",),
    "noises": (0.0, 3.0),
    "targets": (0.03,),
    "period": 0.06,
    "n_presentations": 4,
    "n_inputs": 10,
    "n_learners": 2,
    "n_records": 4,
}


def cost(parameters: Parameters) -> tuple[float, float]:
    """Expected seconds and peak bytes: imports, the steps of every rule, records and noise in memory.

    For a model that is in the cache; a short run is not compiled, see `circuits.run`.
    """
    from circuits.running.devices import is_short

    p = parameters
    n_neurons = p.n_learners * len(p.noises)
    n_steps, n_synapses = p.n_presentations * p.period / p.dt, n_neurons * p.n_inputs
    memory = 24 * n_steps * n_neurons + 16 * p.n_records * n_synapses
    if is_short(n_steps, n_synapses):
        return 1.8 + len(p.rules) * (0.35 + n_steps * (1.3e-4 + 1.4e-8 * n_synapses)), 155e6 + memory
    return 0.9 + len(p.rules) * (0.15 + n_steps * (2e-9 * n_synapses + 3e-8 * n_neurons)), 95e6 + memory


def simulate(parameters: Parameters, seed: int, device: str | None) -> xr.Dataset:
    """Run every rule, all learners at all noises side by side in one network each."""
    from circuits.neurons.escape_rate import escape_rate

    p = parameters
    neuron = escape_rate(nonlinearity="sigmoid", maximal_rate=200.0)
    rates = np.geomspace(p.lowest_rate, p.highest_rate, p.n_inputs)
    pattern = poisson_trains(rates, p.n_inputs, p.period, p.dt, seed)
    psp = potentials(pattern, p.period, p.dt, neuron)
    shape = (p.n_learners, len(p.noises))
    measures = {}
    for name in p.rules:
        times, weights, engine, references = _learn(p, name, pattern, neuron, seed, device)
        measures[name] = _measures(p, weights.reshape(times.size, *shape, p.n_inputs), psp, neuron)
    stacked = {
        key: np.stack([f[key] for f in measures.values()], axis=-2) for key in ("loss", "hits", "precision", "rate")
    }
    lead = ("trial", "time", "rule", "noise")
    return make_dataset(
        {
            "loss": (lead, stacked["loss"], "1", "minus log likelihood of the targets, per presentation"),
            "hits": (lead, stacked["hits"], "1", "probability to fire within the window of a target"),
            "precision": (lead, stacked["precision"], "1", "share of the expected spikes that is within the window"),
            "rate": (("phase", "rule", "noise"), stacked["rate"], "Hz", "escape rate after learning"),
            "target": ("target_number", np.array(p.targets), "s", "times at which the neuron should fire"),
        },
        {
            "trial": ("trial", np.arange(p.n_learners), "1", "learner"),
            "time": ("time", times, "s", "time"),
            "rule": ("rule", list(p.rules), "1", "rule"),
            "noise": ("noise", np.array(p.noises), "1/s^0.5", "noise of the feedback"),
            "phase": ("phase", np.arange(len(psp)) * p.dt, "s", "time in the pattern"),
        },
        title="Spike timing under noisy feedback",
        rule=" ".join(p.rules),
        engine=engine,
        references=tuple(dict.fromkeys(("vastola_2025", "pfister_2006b", *references))),
        period=p.period,
    )


def learning_rule(p: Parameters, name: str, noise_variance: NDArray[np.float64]) -> Rule:
    """Rule that sees the gradient through its signal; `noise_variance` is σ² at every synapse."""
    import sympy as sp

    from plasticity import Objective, derive, observe
    from plasticity.rules.adam import adam
    from plasticity.rules.fisher_gradient import fisher_gradient
    from plasticity.rules.gradient_descent import gradient_descent
    from plasticity.signals.escape_rate_likelihood import escape_rate_likelihood

    if name == "normalised":
        rule = adam(p.normalised_rate, decay_mean=0.9, decay_square=0.99, epsilon=1e-3)
    elif name == "natural":
        rule = fisher_gradient(p.natural_rate, p.natural_floor, p.period)
    elif name == "belief":
        rule = derive(Objective(sp.oo), weight_belief=GaussianWeight(p.belief_variance, p.belief_growth))
    else:
        rule = gradient_descent(p.informed_rate if name == "informed" else p.gradient_rate)
    if name in ("informed", "belief"):
        return observe(rule, escape_rate_likelihood(feedback_noise=1.0)).with_parameters(
            feedback_variance=noise_variance
        )
    rule = observe(rule, escape_rate_likelihood())
    return rule.with_parameters(clock_step=p.period) if name == "normalised" else rule


def potentials(pattern: tuple[NDArray, ...], period: float, dt: float, neuron: NeuronModel) -> NDArray[np.float64]:
    """Postsynaptic potential (n_steps, n_inputs) of every input in a pattern that repeats for ever."""
    steps = round(period / dt)
    spikes = np.zeros((steps, len(pattern)))
    for j, train in enumerate(pattern):
        spikes[np.round(train / dt).astype(int), j] = 1.0
    lag = np.arange(steps) * dt
    tau = neuron.parameters["tau_membrane"][0]
    kernel = np.exp(-lag / tau) / (1 - np.exp(-period / tau))
    return np.fft.irfft(np.fft.rfft(spikes, axis=0) * np.fft.rfft(kernel)[:, None], steps, axis=0)


def _learn(p: Parameters, name: str, pattern: tuple, neuron: NeuronModel, seed: int, device: str | None) -> tuple:
    """Times and weights (n_times, n_neurons · n_inputs) of all learners with one rule."""
    import circuits
    from circuits.escape_rate_neuron import escape_rate_neuron
    from plasticity.feedback import FeedbackChannel

    noises = np.tile(p.noises, p.n_learners)
    rule = learning_rule(p, name, np.repeat(noises**2, p.n_inputs))
    inputs = repeated(pattern, p.period, p.n_presentations)
    targets = repeated((np.array(p.targets),), p.period, p.n_presentations)
    circuit = escape_rate_neuron(inputs, targets * noises.size, rule, neuron=neuron)
    every = max(1, round((p.n_presentations - 1) / (p.n_records - 1)))
    result = circuits.run(
        circuit,
        p.n_presentations * p.period,
        p.dt,
        device,
        record_every=every * p.period,
        seed=seed,
        n_tracked=noises.size * p.n_inputs,
        feedback=[FeedbackChannel(noise=s) for s in noises],
    )
    times = np.append(result.times, p.n_presentations * p.period)
    return times, np.vstack([result.weights["synapses"], result.final["synapses"]]), result.engine, rule.references


def _measures(p: Parameters, weights: NDArray, psp: NDArray, neuron: NeuronModel) -> dict[str, NDArray]:
    """Loss, hits, precision (trial, time, noise) and the final rate (phase, noise) from weights over time."""
    from circuits.neurons.escape_rate import rate_function

    rate = rate_function(neuron)(np.moveaxis(weights, 0, 1) @ psp.T)
    phase = np.arange(len(psp)) * p.dt
    away = np.abs(phase[:, None] - np.array(p.targets))
    nearest = np.argmin(away, axis=0)
    near = away <= p.window + 1e-9
    missed = np.exp(-rate @ near * p.dt)
    return {
        "loss": rate.sum(axis=-1) * p.dt - np.log(rate[..., nearest] * p.dt).sum(axis=-1),
        "hits": (1 - missed).mean(axis=-1),
        "precision": rate[..., near.any(axis=1)].sum(axis=-1) / rate.sum(axis=-1),
        "rate": rate[:, -1].mean(axis=0).T,
    }
