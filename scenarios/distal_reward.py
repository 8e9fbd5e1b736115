"""Distal reward: which of many synapses earned a reward that comes seconds later, while all of them go on firing?

Excitatory and inhibitory neurons fire at random, about once a second. Whenever one chosen neuron fires within 20 ms
after another one that excites it, a reward follows 1 to 3 s later: dopamine everywhere. Pairs of spikes leave an
eligibility in their synapse that fades within a second, and dopamine turns it into a change of the weight. Three rules
learn: the rule of Izhikevich, written by hand; one derived from the expected reward, whose gradient is the reward times
the score of the spikes, at a short horizon (a reward is one event there, without a level of dopamine that stays); and
the same where the cost of learning falls with the weight (metric 1/(1 + w)).

Expect: the synapse between the chosen neurons, which starts at 0, grows to near the upper bound and stays there; others
were eligible at some rewards by chance only, and fall, as a pair of spikes changes them more down than up. Rewards
become more frequent.

What came out (defaults, seed 0, three runs): in the last third of the hour the rewarded weight is 3.9, 3.2 and 3.8 mV
by the published rule, 3.7, 3.9 and 3.9 mV by the derived one; the bound is 4 mV. The mean of the others falls from 1
to 0.7 and 0.8 mV, and 1 to 3 % of them are in the upper tenth at a time, where chance took them. Rewards come 2.4 and
2.2 times a minute in the first quarter of the hour, 2.9 and 3.0 times in the last. The relative rule is faster, and
loses what it learned: 2.5, 1.5 and 2.6 mV, since chance then moves a large weight more than a small one.

Result: `rewarded_weight` and `other_weight`, the mean of all others, (trial, time, rule); `rewards`(trial, time, rule),
their rate since the record before; `weight`(trial, rule, synapse) at the end, of which synapse 0 is the rewarded one;
`firing_rate`(trial, rule). Trials are the same network with other noise.
Source: Izhikevich 2007 (izhikevich_2007); the defaults are the values of the author's program in ModelDB (84167), but
for the size: 100 neurons with 10 synapses each in place of 1000 with 100. There weights change every 10 ms, here all
the time, and no neuron excites itself. The derived rule: williams_1992, pfister_2006b, vastola_2025.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from plasticity.dataset import make_dataset
from plasticity.errors import InputError
from plasticity.support.streams import stream
from scenarios.running.parameters import parameter

if TYPE_CHECKING:
    import xarray as xr

    from circuits.network.circuit import Circuit
    from circuits.network.run_record import Run
    from circuits.neurons.model import NeuronModel
    from plasticity.rule import Rule
    from plasticity.signal import Signal

RULES = ("published", "derived", "relative")
DT = 1e-3  # s, of the source: its neurons are integrated in two halves of it
UPDATES = 100.0  # Hz, at which weights change in the source
TAU_DOPAMINE = 0.2  # s
FIRST, SECOND = 0, 1  # the chosen neurons


@dataclass(frozen=True)
class Parameters:
    """Network, rules and rewards."""

    rules: tuple[str, ...] = parameter(RULES, "1", "rules to compare", choices=RULES)
    n_excitatory: int = parameter(80, "1", "excitatory neurons", low=2)
    n_inhibitory: int = parameter(20, "1", "inhibitory neurons", low=1)
    n_targets: int = parameter(10, "1", "neurons to which a neuron projects", low=1)
    noise: float = parameter(13.0, "mV/ms", "width of the uniform noise of a millisecond", low=0)
    start: float = parameter(1.0, "mV", "excitatory weights at the start, but for the rewarded one", low=0)
    highest: float = parameter(4.0, "mV", "upper bound of excitatory weights", low=1e-9)
    inhibition: float = parameter(1.0, "mV", "strength of inhibitory synapses", low=0)
    A_plus: float = parameter(0.1, "mV", "eligibility of a pair, pre first", low=0)
    A_minus: float = parameter(0.15, "mV", "eligibility of a pair, post first", low=0)
    tau: float = parameter(0.02, "s", "windows of pairs", low=1e-3)
    tau_eligibility: float = parameter(1.0, "s", "memory of the eligibility", low=1e-2)
    dopamine: float = parameter(0.5, "1", "dopamine of a reward", low=0)
    tonic: float = parameter(0.002, "1", "dopamine without reward", low=0)
    coincidence: float = parameter(0.02, "s", "time within which the chosen neurons must fire", low=2e-3)
    earliest: float = parameter(1.0, "s", "shortest delay of a reward", low=5e-3)
    latest: float = parameter(3.0, "s", "longest delay of a reward", low=5e-3)
    n_delays: int = parameter(50, "1", "delays, drawn once, that rewards have in turn", low=1)
    n_trials: int = parameter(3, "1", "runs with other noise", low=1)
    duration: float = parameter(3600.0, "s", "length of a run", low=0.1)
    n_records: int = parameter(60, "1", "records", low=1)


SMOKE = {
    "rules": ("derived",),
    "n_excitatory": 8,
    "n_inhibitory": 2,
    "n_targets": 3,
    "noise": 25.0,
    "earliest": 0.01,
    "latest": 0.03,
    "n_delays": 4,
    "n_trials": 1,
    "duration": 0.2,
    "n_records": 2,
}


def cost(parameters: Parameters) -> tuple[float, float]:
    """Expected seconds and peak bytes; most of the time goes to the neurons, at every step."""
    p = parameters
    steps = len(p.rules) * p.n_trials * p.duration / DT
    return 3.0 + 2.3e-8 * steps * (p.n_excitatory + p.n_inhibitory), 200e6


def simulate(parameters: Parameters, seed: int, device: str | None) -> xr.Dataset:
    """Run the network with every rule, in every trial with the same noise."""
    from circuits import Phase, run

    p = parameters
    every = max(round(p.duration / p.n_records / DT), 1) * DT
    watch: dict[str, Any] = {"record_every": every, "record": ("cells", "dopamine"), "tracked": {"excitatory": [0]}}
    phases = [Phase(p.duration)]
    runs = [run(network(p, name, seed), phases, DT, device, seed=seed, trials=p.n_trials, **watch) for name in p.rules]
    times = np.append(runs[0][0].times, p.duration)
    final = np.array([[one.final["excitatory"] for one in of_rule] for of_rule in runs])
    paths = [
        np.array([[measure(one, times) for one in of_rule] for of_rule in runs]) for measure in (_one, _rest, _rewards)
    ]
    rewarded, others, rewards = (np.moveaxis(path, 0, 2) for path in paths)
    rates = np.array([[one.counts["cells"].mean() / p.duration for one in of_rule] for of_rule in runs])
    lead = ("trial", "time", "rule")
    return make_dataset(
        {
            "rewarded_weight": (lead, rewarded, "mV", "weight between the chosen neurons"),
            "other_weight": (lead, others, "mV", "mean weight of all other excitatory synapses"),
            "rewards": (lead, rewards, "Hz", "rate of rewards since the record before"),
            "weight": (("trial", "rule", "synapse"), final.swapaxes(0, 1), "mV", "excitatory weights at the end"),
            "firing_rate": (("trial", "rule"), rates.T, "Hz", "mean rate of the neurons"),
        },
        {
            "trial": ("trial", np.arange(p.n_trials), "1", "run with noise of its own"),
            "time": ("time", times, "s", "time"),
            "rule": ("rule", list(p.rules), "1", "learning rule"),
            "synapse": ("synapse", np.arange(final.shape[-1]), "1", "excitatory synapse; 0 is the rewarded one"),
        },
        title="Distal reward",
        rule=" ".join(p.rules),
        engine=runs[0][0].engine,
        references=("izhikevich_2007", "williams_1992", "pfister_2006b", "vastola_2025"),
        highest=p.highest,
    )


def learning_rule(p: Parameters, name: str) -> Rule:
    """Rule of an excitatory synapse.

    ``derived`` has κβ = A_plus + A_minus and ρ₁ T = A_minus/(A_plus + A_minus), with T = tau/2, and as its reward the
    change per eligibility that dopamine makes of one: ``dopamine·UPDATES/(1/TAU_DOPAMINE + 1/tau_eligibility)``.
    """
    import sympy as sp

    from plasticity import Objective, derive
    from plasticity.signals.pairing_likelihood import pairing_likelihood

    if name == "published":
        return _published(p)
    both = p.A_plus + p.A_minus
    objective = Objective(sp.oo, plasticity=both)
    if name == "relative":
        objective = replace(objective, metric=lambda w: 1 / (1 + w))
    spikes = pairing_likelihood(after_rate=2 * p.A_minus / (both * p.tau), tau_plus=p.tau, tau_after=p.tau)
    reward = p.dopamine * UPDATES / (1 / TAU_DOPAMINE + 1 / p.tau_eligibility)
    return derive(objective).with_signal(rewarded(spikes, p.tau_eligibility, reward)).with_bounds(0, p.highest)


def rewarded(likelihood: Signal, tau_eligibility: float, reward: float) -> Signal:
    """Gradient of minus the expected reward, from a signal whose loss is −ln likelihood of the spikes.

    At a reward (event ``third_factor``) it is ``−reward·eligibility``, the eligibility a fading memory of the score,
    which is minus the gradient of the likelihood's loss.
    """
    from plasticity.rule import Parameter, Update, time_constant, trace

    tau = time_constant("tau_eligibility", tau_eligibility, "memory of the score")
    amount = Parameter("reward", reward, meaning="size of a reward", low=float("-inf"))
    eligibility = trace("eligibility", tau)
    events = {
        event: (Update("eligibility", eligibility.symbol - impulse), *likelihood.events[event])
        for event, impulse in likelihood.gradient.items()
    }
    return replace(
        likelihood,
        name="rewarded",
        title="reward times the score of the spikes",
        gradient={"third_factor": -amount.symbol * eligibility.symbol},
        events=events,
        states=(*likelihood.states, eligibility),
        parameters=(*likelihood.parameters, tau, amount),
        information_scale=None,
        curvature_impulses={},
        references=(*likelihood.references, "williams_1992"),
    )


def _published(p: Parameters) -> Rule:
    """The rule of the catalogue, with dopamine that is there without reward."""
    from plasticity.rule import Parameter
    from plasticity.rules.reward_stdp import reward_stdp

    amount = p.dopamine * UPDATES * TAU_DOPAMINE
    times: dict[str, Any] = {
        "tau_eligibility": p.tau_eligibility,
        "tau_reward": TAU_DOPAMINE,
        "interaction": "nearest_spike",
    }
    rule = reward_stdp(p.A_plus, p.A_minus, p.tau, p.tau, reward=amount, **times)
    tonic = Parameter("tonic", UPDATES * p.tonic, unit="Hz", meaning="reward signal without reward")
    states = {state.name: state.symbol for state in rule.states}
    flow = states["eligibility"] * (states["reward_signal"] + tonic.symbol)
    return replace(rule, weight_flow=flow, parameters=(*rule.parameters, tonic)).with_bounds(0, p.highest)


def wiring(p: Parameters, seed: int) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """Sources and targets of all synapses, excitatory neurons first; the first synapse connects the chosen neurons.

    Excitatory neurons project to all others, inhibitory ones to excitatory ones.
    """
    n = p.n_excitatory + p.n_inhibitory
    random, targets = stream(seed, "wiring"), []
    for neuron in range(n):
        others = np.delete(np.arange(n), neuron) if neuron < p.n_excitatory else np.arange(p.n_excitatory)
        targets.append(random.permutation(others)[: p.n_targets])
    chosen = targets[FIRST]
    chosen[np.argmax(chosen == SECOND)] = chosen[0]
    chosen[0] = SECOND
    return np.repeat(np.arange(n), p.n_targets), np.concatenate(targets)


def delays(p: Parameters, seed: int) -> NDArray[np.float64]:
    """Delays [s] that rewards have in turn, on the grid of steps."""
    return np.round(stream(seed, "rewards").uniform(p.earliest, p.latest, p.n_delays) / DT) * DT


def network(p: Parameters, rule: str, seed: int) -> Circuit:
    """Neurons, detectors of coincidences, one for every delay, and a neuron that gives dopamine."""
    from circuits import Circuit, Population, Projection

    _check(p)
    sources, targets = wiring(p, seed)
    excitatory = sources < p.n_excitatory
    weights = np.full(excitatory.sum(), p.start)
    weights[0] = 0.0
    detectors, exciting = np.arange(p.n_delays), learning_rule(p, rule)
    plastic: dict[str, Any] = {"sources": sources[excitatory], "targets": targets[excitatory], "weight": weights}
    fixed: dict[str, Any] = {"sources": sources[~excitatory], "targets": targets[~excitatory], "weight": -p.inhibition}
    chosen: list[dict[str, Any]] = [
        {"sources": np.full(p.n_delays, cell), "targets": detectors} for cell in (FIRST, SECOND)
    ]
    late: dict[str, Any] = {
        "sources": detectors,
        "targets": np.zeros_like(detectors),
        "delay": delays(p, seed) - 2 * DT,
    }
    return Circuit(
        "distal_reward",
        (
            Population("cells", neuron=izhikevich(p), n=p.n_excitatory + p.n_inhibitory),
            Population("coincidence", neuron=_detector(p), n=p.n_delays),
            Population("dopamine", neuron=_releasing(), n=1),
        ),
        (
            Projection(
                "excitatory", "cells", "cells", exciting, receptor="current", third_factor="dopamine", **plastic
            ),
            Projection("inhibitory", "cells", "cells", receptor="current", **fixed),
            Projection("first", "cells", "coincidence", receptor="first", **chosen[0]),
            Projection("second", "cells", "coincidence", receptor="second", **chosen[1]),
            Projection("late", "coincidence", "dopamine", receptor="coincidence", **late),
        ),
    )


def izhikevich(p: Parameters) -> NeuronModel:
    """Regular-spiking excitatory and fast-spiking inhibitory neurons, integrated as in the source."""
    from circuits import NeuronModel

    excitatory = np.arange(p.n_excitatory + p.n_inhibitory) < p.n_excitatory
    half_step = "v = v + 0.5*((0.04*v + 5)*v + 140 - u + current)\n"
    return NeuronModel(
        "izhikevich",
        "v : 1\nu : 1\ncurrent : 1\narriving : 1\na : 1 (constant)\nd : 1 (constant)",
        threshold="v >= 30",
        reset="v = -65\nu += d",
        every_step="current = arriving + width*(draw(t, i) - 0.5)\n"
        + 2 * half_step
        + "u = u + a*(0.2*v - u)\narriving = 0",
        receptors={"current": "arriving_post += w"},
        parameters={"width": (p.noise, "1")},
        initial={"v": -65.0, "u": -13.0, "a": np.where(excitatory, 0.02, 0.1), "d": np.where(excitatory, 8.0, 2.0)},
    )


def _detector(p: Parameters) -> NeuronModel:
    """Neurons that fire in turn when the second chosen neuron fires soon after the first."""
    from circuits import NeuronModel

    return NeuronModel(
        "coincidence",
        "last : second\nhit : 1\ndue : 1\nturn : 1",
        threshold="due*int(turn == i) > 0.5",
        reset="due = 0",
        every_step="due = hit\nturn = (turn + hit) % N\nhit = 0",
        receptors={
            "first": "last_post = t",
            "second": "hit_post = int(t > last_post + half)*int(t < last_post + within)",
        },
        parameters={"half": (DT / 2, "second"), "within": (p.coincidence - DT / 2, "second")},
        initial={"last": -1.0, "turn": p.n_delays - 1.0},
    )


def _releasing() -> NeuronModel:
    """A neuron that fires at every spike that arrives."""
    from circuits import NeuronModel

    return NeuronModel(
        "dopamine", "due : 1", threshold="due > 0.5", reset="due = 0", receptors={"coincidence": "due_post = 1"}
    )


def _check(p: Parameters) -> None:
    if p.latest < p.earliest:
        raise InputError(f"latest is {p.latest:g} s; it must be at least earliest, {p.earliest:g} s")
    if p.n_targets >= p.n_excitatory:
        raise InputError(f"n_targets is {p.n_targets}; it must be below n_excitatory, {p.n_excitatory}")
    if p.start > p.highest:
        raise InputError(f"start is {p.start:g} mV; it must be at most highest, {p.highest:g} mV")


def _one(run: Run, times: NDArray) -> NDArray[np.float64]:
    """Weight of the rewarded synapse."""
    return np.append(run.weights["excitatory"].ravel(), run.final["excitatory"][0])


def _rest(run: Run, times: NDArray) -> NDArray[np.float64]:
    """Mean weight of all other synapses."""
    n = run.final["excitatory"].size
    mean = np.append(run.weight_mean["excitatory"], run.final["excitatory"].mean())
    return (n * mean - _one(run, times)) / (n - 1)


def _rewards(run: Run, times: NDArray) -> NDArray[np.float64]:
    """Rate of rewards since the record before; NaN at the start."""
    return np.append(np.nan, np.histogram(run.spikes["dopamine"][0], times)[0] / np.diff(times))
