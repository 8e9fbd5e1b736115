"""Competitive STDP: do pairs of spikes alone divide synapses into strong and weak ones, and keep a rate in bounds?

A conductance-based neuron receives excitatory and inhibitory Poisson spikes. Every pair of spikes changes an excitatory
synapse, a bit more down than up, between hard bounds. Three rules learn the same inputs: the rule of Song, Miller &
Abbott, written by hand; one derived from the likelihood of the post spikes with an after-depolarisation, at a short
horizon; and the same where the cost of learning is that of relative changes (metric 1/w). With after-potentials as
short as the window of potentiation the derived rule has both windows of the published one, and with the rate ρ₁ T =
A₋/(A₊ + A₋), κβ = A₊ + A₋ also its amplitudes: it is the published rule.

Expect: the histogram of the weights has two peaks at the bounds; before learning the rate of the neuron follows that of
its inputs steeply, afterwards little; and a neuron that was driven hard, and fired like a clock, fires irregularly.

What came out (defaults, seed 1): inputs of 10, 20 and 40 Hz drive the neuron to 2, 197 and 497 Hz before learning and
to 24, 39 and 51 Hz afterwards, with coefficients of variation of 0.74, 0.58 and 0.44. Of 1000 synapses 523, 658 and 733
end in the outer tenths. The derived rule gives the same spikes as the published one. Where relative changes cost,
small weights change little, so that the lower peak is wider, and rates end lower (15, 29 and 19 Hz).

Result: `weight`(trial, rule, input_rate, synapse) at the end, in units of the upper bound, and `initial_weight`;
`firing_rate` and `irregularity`, the coefficient of variation of intervals, (trial, rule, input_rate, stage) with
frozen weights before and after learning; `rate_while_learning`. Trials are neurons with inputs of their own.
Source: Song, Miller & Abbott 2000 (song_2000), whose values are the defaults, but for the time step; lengths of the
runs, the input rates that are compared and uniform initial weights are our choice. The derived rules: pfister_2006b,
vastola_2025.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from plasticity.dataset import make_dataset
from plasticity.support.streams import stream
from scenarios.running.parameters import parameter
from scenarios.support.wiring import in_groups

if TYPE_CHECKING:
    import xarray as xr

    from circuits.network.circuit import Circuit
    from circuits.network.population import Population
    from circuits.network.run_record import Run
    from plasticity.rule import Rule

RULES = ("pair", "derived", "relative")


@dataclass(frozen=True)
class Parameters:
    """Neuron, inputs, rules and the length of the stages."""

    rules: tuple[str, ...] = parameter(RULES, "1", "rules to compare", choices=RULES)
    input_rates: tuple[float, ...] = parameter((10.0, 20.0, 40.0), "Hz", "rates of excitatory inputs", low=0.1)
    n_excitatory: int = parameter(1000, "1", "excitatory inputs of a neuron", low=1)
    n_inhibitory: int = parameter(200, "1", "inhibitory inputs of a neuron", low=1)
    inhibitory_rate: float = parameter(10.0, "Hz", "rate of inhibitory inputs", low=0)
    g_max: float = parameter(0.015, "1", "upper bound of an excitatory conductance, in units of the leak", low=1e-9)
    g_inhibitory: float = parameter(0.05, "1", "inhibitory conductance, in units of the leak", low=0)
    A_plus: float = parameter(0.005, "1", "potentiation per pair, in units of g_max", low=0)
    A_minus: float = parameter(0.00525, "1", "depression per pair, in units of g_max", low=0)
    tau: float = parameter(0.02, "s", "windows of potentiation and depression", low=1e-4)
    n_trials: int = parameter(1, "1", "neurons per input rate", low=1)
    duration: float = parameter(500.0, "s", "length of learning", low=0.1)
    test: float = parameter(20.0, "s", "length of each test with frozen weights", low=0.1)
    dt: float = parameter(5e-4, "s", "time step", low=1e-5, high=1e-3)
    n_bins: int = parameter(25, "1", "intervals in which spikes are counted during learning", low=1)


SMOKE = {
    "rules": ("pair",),
    "input_rates": (10.0, 40.0),
    "n_excitatory": 100,
    "n_inhibitory": 20,
    "g_max": 0.15,
    "g_inhibitory": 0.5,
    "A_plus": 0.1,
    "A_minus": 0.105,
    "n_trials": 1,
    "duration": 0.2,
    "test": 0.1,
    "dt": 1e-3,
    "n_bins": 5,
}


def cost(parameters: Parameters) -> tuple[float, float]:
    """Expected seconds and peak bytes."""
    p = parameters
    steps = len(p.rules) * (p.duration + 2 * p.test) / p.dt
    return 3.0 + 8e-9 * steps * p.n_trials * len(p.input_rates) * (p.n_excitatory + p.n_inhibitory), 200e6


def simulate(parameters: Parameters, seed: int, device: str | None) -> xr.Dataset:
    """Test, learn and test again: neurons that learn by every rule, side by side with the same inputs."""
    p = parameters
    before, learning, after = _stages(p, seed, device)
    spikes = {"before": before, "after": after}
    lead = ("trial", "rule", "input_rate")
    start = before.initial[p.rules[0]].reshape(p.n_trials, len(p.input_rates), -1)
    final = [learning.final[name].reshape(p.n_trials, len(p.input_rates), -1) for name in p.rules]
    rates = np.stack([_by_rule(p, run, _rates) / p.test for run in spikes.values()], axis=-1)
    variation = np.stack([_by_rule(p, run, _variations) for run in spikes.values()], axis=-1)
    course = _by_rule(p, learning, lambda times, ids, n: _course(times - p.test, ids, n, p))
    return make_dataset(
        {
            "weight": ((*lead, "synapse"), np.stack(final, axis=1), "1", "weight at the end"),
            "initial_weight": (("trial", "input_rate", "synapse"), start, "1", "weight at the start"),
            "firing_rate": ((*lead, "stage"), rates, "Hz", "rate with frozen weights"),
            "irregularity": ((*lead, "stage"), variation, "1", "coefficient of variation of intervals"),
            "rate_while_learning": (
                ("trial", "time", "rule", "input_rate"),
                np.moveaxis(course, -1, 1),
                "Hz",
                "rate during learning",
            ),
        },
        {
            "trial": ("trial", np.arange(p.n_trials), "1", "neuron with inputs of its own"),
            "rule": ("rule", list(p.rules), "1", "learning rule"),
            "input_rate": ("input_rate", np.array(p.input_rates), "Hz", "rate of excitatory inputs"),
            "synapse": ("synapse", np.arange(p.n_excitatory), "1", "excitatory synapse"),
            "stage": ("stage", list(spikes), "1", "before or after learning"),
            "time": ("time", (np.arange(p.n_bins) + 0.5) * p.duration / p.n_bins, "s", "middle of an interval"),
        },
        title="Competitive STDP",
        rule=" ".join(p.rules),
        engine=learning.engine,
        references=("song_2000", "pfister_2006b", "vastola_2025"),
    )


def learning_rule(p: Parameters, name: str) -> Rule:
    """Rule for weights between 0 and 1, the bounds of Song et al.

    ``derived`` has κβ = A_plus + A_minus and ρ₁ T = A_minus/(A_plus + A_minus), with T = tau/2.
    """
    import sympy as sp

    from plasticity import Objective, derive
    from plasticity.rules.pair_stdp import pair_stdp
    from plasticity.signals.pairing_likelihood import pairing_likelihood

    if name == "pair":
        return pair_stdp(p.A_plus, p.A_minus, p.tau, p.tau).with_bounds(0, 1)
    both = p.A_plus + p.A_minus
    objective = Objective(sp.oo, plasticity=both)
    if name == "relative":
        objective = replace(objective, metric=lambda w: 1 / w)
    signal = pairing_likelihood(after_rate=2 * p.A_minus / (both * p.tau), tau_plus=p.tau, tau_after=p.tau)
    return derive(objective).with_signal(signal).with_bounds(0, 1)


def network(p: Parameters, excitatory: Population, inhibitory: Population, weights: NDArray) -> Circuit:
    """Neurons of every rule, each with inputs of its own: number k takes the k-th group of either kind of inputs."""
    from circuits import Circuit, Population, Projection, conductance_lif

    n = excitatory.size // p.n_excitatory
    neuron = conductance_lif(
        tau_membrane=0.02,
        v_rest=-0.070,
        v_threshold=-0.054,
        v_reset=-0.060,
        v_excitatory=0.0,
        v_inhibitory=-0.070,
        tau_excitatory=5e-3,
        tau_inhibitory=5e-3,
        weight_unit=p.g_max,
    )
    excites, inhibits = (in_groups(np.arange(n * size), n) for size in (p.n_excitatory, p.n_inhibitory))
    cells, synapses = [], []
    for name in p.rules:
        post, rule = f"{name}_cells", learning_rule(p, name)
        cells.append(Population(post, neuron=neuron, n=n))
        synapses += [
            Projection(name, "excitatory", post, rule, weight=weights, receptor="excitatory", **excites),
            Projection(
                f"{name}_inhibition",
                "inhibitory",
                post,
                weight=p.g_inhibitory / p.g_max,
                receptor="inhibitory",
                **inhibits,
            ),
        ]
    return Circuit("competitive_stdp", (excitatory, inhibitory, *cells), tuple(synapses))


def _stages(p: Parameters, seed: int, device: str | None) -> tuple[Run, ...]:
    """Runs of the three stages; neurons are in the order (trial, input_rate)."""
    from circuits import Phase, poisson_source, run

    rates = np.repeat(np.tile(p.input_rates, p.n_trials), p.n_excitatory)
    excitatory = poisson_source("excitatory", rates)
    inhibitory = poisson_source("inhibitory", p.inhibitory_rate, n=rates.size // p.n_excitatory * p.n_inhibitory)
    circuit = network(p, excitatory, inhibitory, stream(seed, "weights").random(rates.size))
    stages = [Phase(p.test, plastic=False), Phase(p.duration), Phase(p.test, plastic=False)]
    return run(circuit, stages, p.dt, device, seed=seed, record=[f"{name}_cells" for name in p.rules])


def _by_rule(p: Parameters, run: Run, measure: Callable) -> NDArray[np.float64]:
    """Measure of the spikes of all neurons, (trial, rule, input_rate, …)."""
    n = p.n_trials * len(p.input_rates)
    measured = [measure(*run.spikes[f"{name}_cells"], n) for name in p.rules]
    return np.stack([each.reshape(p.n_trials, len(p.input_rates), *each.shape[1:]) for each in measured], axis=1)


def _rates(times: NDArray, neurons: NDArray, n: int) -> NDArray:
    return np.bincount(neurons, minlength=n)


def _variations(times: NDArray, neurons: NDArray, n: int) -> NDArray[np.float64]:
    """Coefficient of variation of the intervals of each neuron; NaN with fewer than two of them."""
    intervals = [np.diff(times[neurons == k]) for k in range(n)]
    return np.array([each.std() / each.mean() if each.size > 1 else np.nan for each in intervals])


def _course(times: NDArray, neurons: NDArray, n: int, p: Parameters) -> NDArray[np.float64]:
    """Rate (n, n_bins) of each neuron during learning."""
    edges = np.linspace(0, p.duration, p.n_bins + 1)
    return np.array([np.histogram(times[neurons == k], edges)[0] for k in range(n)]) * p.n_bins / p.duration
