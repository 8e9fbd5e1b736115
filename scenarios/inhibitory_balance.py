"""Inhibitory balance: does a neuron that keeps its own rate learn inhibition that mirrors its excitation?

A conductance-based neuron hears eight signals, each through a group of excitatory and a group of inhibitory inputs.
Its excitatory synapses are tuned to the fifth signal and fixed; the inhibitory ones start weak and alike. Three rules
learn them: the rule of Vogels et al., written by hand; the one derived from the loss (y − ρ₀)²/2 of a firing rate y
that should be ρ₀, at a short horizon; and the same where the cost of learning is that of relative changes (metric
1/w). With η = κ/(2τ) and α = 2ρ₀τ the second is the published rule.

Expect: the rate falls from tens of Hz to about ρ₀, and the inhibitory weights of a signal grow in proportion to its
excitatory ones, although no synapse knows which signal it carries: signals that make the neuron fire are those whose
inhibition grows. Synapses of signals that hardly excite it follow late.

What came out (defaults, seed 1, two neurons): 74 Hz in the first five seconds, 5.3 Hz in the last fifty; inhibitory
weights of the eight signals correlate with the excitatory ones by 0.999 and 1.000. The derived rule gives the same
spikes. The relative one starts later, from small weights, and ends alike (4.8 Hz, correlations 0.993 and 0.999).

Result: `inhibitory_weight`(trial, time, rule, signal), the mean of a group, and `excitatory_weight`(trial, signal);
`firing_rate`(trial, time, rule) since the record before; `mirror`(trial, rule), the correlation over signals of both at
the end. Trials are neurons with inputs of their own.
Source: Vogels, Sprekeler, Zenke, Clopath & Gerstner 2011 (vogels_2011); the defaults are the values of the authors'
program in ModelDB (143751). Its signals are filtered uniform noise, ours normal, of the same variance and memory. Time
step, number of trials and of records are our choice.
"""

from __future__ import annotations

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

RULES = ("published", "derived", "relative")
N_SIGNALS, PREFERRED = 8, 5
G_EXCITATORY, G_INHIBITORY = 0.014, 0.035  # conductance of a weight of 1, in units of the leak
REFRACTORY = 5e-3  # s, of inputs and of the neuron


@dataclass(frozen=True)
class Parameters:
    """Inputs, rules and the length of the run."""

    rules: tuple[str, ...] = parameter(RULES, "1", "rules to compare", choices=RULES)
    n_excitatory: int = parameter(100, "1", "excitatory inputs that carry a signal", low=1)
    n_inhibitory: int = parameter(25, "1", "inhibitory inputs that carry a signal", low=1)
    eta: float = parameter(1e-3, "1", "learning rate η", low=0)
    target_rate: float = parameter(6.25, "Hz", "rate ρ₀ that the neuron should have: α/(2τ) with α = 0.25", low=0)
    tau: float = parameter(0.02, "s", "time constant of the traces", low=1e-4)
    start: float = parameter(0.1, "1", "inhibitory weights at the start", low=0)
    background: float = parameter(5.0, "Hz", "rate of the inputs without signal", low=0)
    deviation: float = parameter(152.0, "Hz", "standard deviation of a signal before it is rectified", low=0)
    tau_signal: float = parameter(0.05, "s", "memory of a signal", low=1e-3)
    n_trials: int = parameter(2, "1", "neurons", low=1)
    duration: float = parameter(150.0, "s", "length of the run", low=0.1)
    dt: float = parameter(5e-4, "s", "time step", low=1e-5, high=1e-3)
    n_records: int = parameter(30, "1", "records", low=1)


SMOKE = {
    "rules": ("published",),
    "n_excitatory": 10,
    "n_inhibitory": 5,
    "n_trials": 1,
    "duration": 0.4,
    "dt": 1e-3,
    "n_records": 4,
}


def cost(parameters: Parameters) -> tuple[float, float]:
    """Expected seconds and peak bytes."""
    p = parameters
    return 3.0 + 3e-5 * len(p.rules) * p.n_trials * p.duration / p.dt, 200e6


def simulate(parameters: Parameters, seed: int, device: str | None) -> xr.Dataset:
    """Neurons that learn by every rule, side by side with the same inputs."""
    from circuits import run

    p = parameters
    excitation = tuning(p, seed)
    shape = p.n_trials, N_SIGNALS, p.n_inhibitory
    circuit = network(p, inputs(p), excitation)
    every = max(round(p.duration / p.n_records / p.dt), 1) * p.dt
    cells = [f"{name}_cells" for name in p.rules]
    done = run(circuit, p.duration, p.dt, device, every, seed, record=cells, n_tracked=int(np.prod(shape)))
    times = np.append(done.times, p.duration)
    paths = [np.vstack([done.weights[name], done.final[name]]).reshape(-1, *shape).mean(-1) for name in p.rules]
    weights = np.stack(paths, axis=2).swapaxes(0, 1)  # (trial, time, rule, signal)
    rates = np.stack([_rates(p, done, name, times) for name in cells], axis=-1)
    excitatory = excitation.reshape(p.n_trials, N_SIGNALS, -1).mean(-1)
    return make_dataset(
        {
            "inhibitory_weight": (("trial", "time", "rule", "signal"), weights, "1", "mean inhibitory weight"),
            "excitatory_weight": (("trial", "signal"), excitatory, "1", "mean excitatory weight"),
            "firing_rate": (("trial", "time", "rule"), rates, "Hz", "rate since the record before"),
            "mirror": (("trial", "rule"), _mirror(weights[:, -1], excitatory), "1", "correlation of both weights"),
        },
        {
            "trial": ("trial", np.arange(p.n_trials), "1", "neuron with inputs of its own"),
            "time": ("time", times, "s", "time"),
            "rule": ("rule", list(p.rules), "1", "learning rule"),
            "signal": ("signal", np.arange(1, N_SIGNALS + 1), "1", "signal"),
        },
        title="Inhibitory balance",
        rule=" ".join(p.rules),
        engine=done.engine,
        references=("vogels_2011", "vastola_2025"),
        target_rate=p.target_rate,
    )


def learning_rule(p: Parameters, name: str) -> Rule:
    """Rule of an inhibitory synapse, whose weight is not negative; ``derived`` has κ = 2τη."""
    import sympy as sp

    from plasticity import Objective, derive
    from plasticity.signals.homeostasis import homeostasis

    if name == "published":
        return _published(p)
    objective = Objective(sp.oo, plasticity=2 * p.tau * p.eta)
    if name == "relative":
        objective = replace(objective, metric=lambda w: 1 / w)
    return derive(objective).with_signal(homeostasis(p.target_rate, p.tau)).with_bounds(0, float("inf"))


def _published(p: Parameters) -> Rule:
    """``w += η (post_trace − α)`` at pre spikes, ``w += η pre_trace`` at post spikes, α = 2ρ₀τ."""
    from plasticity.rule import WEIGHT, Parameter, Rule, Update, jump, time_constant, trace

    tau = time_constant("tau", p.tau, "traces")
    eta = Parameter("eta", p.eta, meaning="learning rate")
    alpha = Parameter("alpha", 2 * p.target_rate * p.tau, meaning="depression by a pre spike alone")
    pre, post = trace("pre_trace", tau), trace("post_trace", tau)
    return Rule(
        name="vogels",
        title="Inhibitory plasticity of Vogels et al.",
        states=(pre, post),
        events={
            "pre": (Update("w", WEIGHT + eta.symbol * (post.symbol - alpha.symbol)), jump(pre, "all_to_all")),
            "post": (Update("w", WEIGHT + eta.symbol * pre.symbol), jump(post, "all_to_all")),
        },
        parameters=(tau, eta, alpha),
        bounds=(0.0, float("inf")),
        references=("vogels_2011",),
    )


def tuning(p: Parameters, seed: int) -> NDArray[np.float64]:
    """Excitatory weights 0.3 + 1.1/(1 + (k − 5)⁴) + U(0, 0.1) of signal k, in the order (trial, signal, input)."""
    signal = np.arange(1, N_SIGNALS + 1)
    mean = 0.3 + 1.1 / (1 + (signal - PREFERRED) ** 4.0)
    jitter = stream(seed, "weights").uniform(0, 0.1, (p.n_trials, N_SIGNALS, p.n_excitatory))
    return (mean[:, None] + jitter).ravel()


def inputs(p: Parameters) -> Population:
    """Neurons that fire at the rate of their signal, ``background + max(0, signal)``, at least 5 ms apart.

    ``d signal/dt = −signal/tau_signal`` plus white noise, which is the same for all neurons of a signal; the excitatory
    neurons come first.
    """
    from circuits import NeuronModel, Population

    decay = np.exp(-p.dt / p.tau_signal)
    number = np.concatenate([np.repeat(np.arange(p.n_trials * N_SIGNALS), n) for n in (p.n_excitatory, p.n_inhibitory)])
    model = NeuronModel(
        "signal",
        "signal : Hz\nnumber : integer (constant)\nready = int(not_refractory) : 1",
        threshold="draw(t, i) < ready*(background + clip(signal, 0*Hz, inf*Hz))*dt",
        reset="signal = signal",
        refractory=REFRACTORY,
        every_step="signal = decay*signal + fresh*noise(t, number)",
        parameters={
            "decay": (decay, "1"),
            "fresh": (p.deviation * np.sqrt(1 - decay**2), "Hz"),
            "background": (p.background, "Hz"),
        },
        initial={"number": number},
    )
    return Population("inputs", neuron=model, n=number.size)


def network(p: Parameters, inputs: Population, excitation: NDArray) -> Circuit:
    """Neurons of every rule, each with inputs of its own, of which the excitatory ones come first."""
    from circuits import Circuit, Population, Projection, conductance_lif

    neuron = conductance_lif(
        tau_membrane=0.02,
        v_rest=-0.060,
        v_threshold=-0.050,
        v_reset=-0.060,
        v_excitatory=0.0,
        v_inhibitory=-0.080,
        tau_excitatory=5e-3,
        tau_inhibitory=10e-3,
        refractory=REFRACTORY,
        weight_unit=G_INHIBITORY,
    )
    n_excitatory, n_inhibitory = (p.n_trials * N_SIGNALS * n for n in (p.n_excitatory, p.n_inhibitory))
    sources = np.split(np.arange(n_excitatory + n_inhibitory), [n_excitatory])
    excites, inhibits = (in_groups(each, p.n_trials) for each in sources)
    scaled = excitation * G_EXCITATORY / G_INHIBITORY
    cells, synapses = [], []
    for name in p.rules:
        post, rule = f"{name}_cells", learning_rule(p, name)
        cells.append(Population(post, neuron=neuron, n=p.n_trials))
        fixed = Projection(f"{name}_excitation", "inputs", post, weight=scaled, receptor="excitatory", **excites)
        plastic = Projection(name, "inputs", post, rule, weight=p.start, receptor="inhibitory", **inhibits)
        synapses += [fixed, plastic]
    return Circuit("inhibitory_balance", (inputs, *cells), tuple(synapses))


def _rates(p: Parameters, run: Run, cells: str, times: NDArray) -> NDArray[np.float64]:
    """Rate (trial, time) since the record before; NaN at the start."""
    spikes, neurons = run.spikes[cells]
    counts = np.array([np.histogram(spikes[neurons == k], times)[0] for k in range(p.n_trials)])
    return np.hstack([np.full((p.n_trials, 1), np.nan), counts / np.diff(times)])


def _mirror(inhibition: NDArray, excitation: NDArray) -> NDArray[np.float64]:
    """Correlation over signals of weights (trial, rule, signal) and (trial, signal); NaN where all are alike."""
    x, y = (values - values.mean(-1, keepdims=True) for values in (inhibition, excitation[:, None]))
    both, scale = (x * y).sum(-1), np.sqrt((x**2).sum(-1) * (y**2).sum(-1))
    return np.divide(both, scale, out=np.full_like(both, np.nan), where=scale > 0)
