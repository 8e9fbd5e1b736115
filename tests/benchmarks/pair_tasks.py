"""Small tasks, one for each signal, in which many independent copies of a circuit learn in one run.

Copies differ in their seed (inputs, targets, initial weights, noise) and in the rate of their rule. A task takes a rule
that reads its signal, and returns the loss of every copy after learning, with weights that stand still.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

import circuits
from circuits import Circuit, Phase, Population
from circuits.neurons.escape_rate import escape_rate
from circuits.neurons.integrate_and_fire import pulse_lif
from plasticity import FadingMemory, poisson_trains
from plasticity.rule import Rule
from plasticity.support.streams import stream

Array = NDArray[np.float64]
Values = Mapping[str, Array]  # parameters of a rule, one number for each copy
DT, COARSE = 1e-3, 2e-3  # time steps [s]


@dataclass(frozen=True)
class Task:
    """Function from rule, values and seeds to the losses of copies, bounds, usual rate, arguments of the signal."""

    words: str
    learn: Callable[[Rule, Values, Sequence[int]], Array]
    bounds: tuple[float, float]
    rate: float
    arguments: Mapping[str, Any] = field(default_factory=dict)


def side_by_side(copies: Sequence[Circuit], rule: Rule, values: Values) -> Circuit:
    """One circuit of independent spiking circuits of one kind; plastic projections get the rule with their values."""
    first, k = copies[0], len(copies)
    populations = [_joined([c.population(p.name) for c in copies]) for p in first.populations]
    projections = []
    for p in first.projections:
        parts = [c.projection(p.name) for c in copies]
        n_pre, n_post = ([c.population(end).size for c in copies] for end in (p.pre, p.post))
        before, after = (np.cumsum([0, *sizes[:-1]]) for sizes in (n_pre, n_post))
        own = {n: np.repeat(v, [q.n_synapses for q in parts]) for n, v in values.items()}
        projections.append(
            replace(
                p,
                rule=None if p.rule is None else rule.with_parameters(**own),
                model=None,
                sources=np.concatenate([q.sources + b for q, b in zip(parts, before, strict=True)]),
                targets=np.concatenate([q.targets + a for q, a in zip(parts, after, strict=True)]),
                weight=np.concatenate([np.broadcast_to(q.weight, q.n_synapses) for q in parts]),
            )
        )
    feedback = []
    for f in first.feedback:
        ends = first.population(f.source).size, first.population(f.target).size
        each = [c.feedback[first.feedback.index(f)].weights for c in copies]
        if f.weights is None and ends[0] == 1 and ends[1] > 1:
            each = [np.ones((ends[1], 1))] * k
        feedback.append(replace(f, weights=None if each[0] is None else block_diag(*each)))
    return Circuit(first.name, tuple(populations), tuple(projections), tuple(feedback))


def _joined(parts: list[Population]) -> Population:
    first = parts[0]
    if first.spike_times is not None:
        return replace(first, spike_times=[train for p in parts for train in p.spike_times])
    assert first.neuron is not None
    initial = {
        name: np.concatenate([np.broadcast_to(p.neuron.initial[name], p.size) for p in parts])
        for name in first.neuron.initial
    }
    series = {
        name: (np.concatenate([p.series[name][0] for p in parts], axis=1), *first.series[name][1:])
        for name in first.series
    }
    return replace(first, n=sum(p.size for p in parts), neuron=replace(first.neuron, initial=initial), series=series)


def _on_grid(train: Array) -> Array:
    """Spike times on the coarse grid."""
    return np.unique(np.round(train / COARSE)) * COARSE


def _learn(
    copies: list[Circuit], rule: Rule, values: Values, durations: Sequence[float], dt: float = DT, **record: Any
) -> Any:
    """Learn for the first duration, then run phases with weights that stand still."""
    circuit = side_by_side(copies, rule, values)
    phases = [Phase(d, plastic=k == 0, **(record if k else {})) for k, d in enumerate(durations)]
    return circuits.run(circuit, phases, dt, "numpy")


def _readout(rule: Rule, values: Values, seeds: Sequence[int]) -> Array:
    """e-prop: two readouts of 10 recurrent neurons follow a pattern of half a second."""
    t, made = 3.0, []
    for seed in seeds:
        numbers = stream(seed, "pairs/readout")
        pattern = poisson_trains(np.geomspace(10, 80, 8), 8, 0.5, seed=seed)
        inputs = [_on_grid(np.concatenate([train + 0.5 * n for n in range(7)])) for train in pattern]
        targets = np.tile(numbers.uniform(0, 20, (2, 2)), (7, 1))
        made.append(circuits.recurrent_lif(inputs, targets, 0.25, rule, n=10, seed=seed))
    _, test = _learn(made, rule, values, (t, 0.5), COARSE, record=("readout.error",), record_every=1e-2)
    return np.mean(test.variables["readout.error"].reshape(-1, len(seeds), 2) ** 2, axis=(0, 2))


def _likelihood(rule: Rule, values: Values, seeds: Sequence[int]) -> Array:
    """Likelihood: a neuron learns the spikes of a teacher from inputs with rates between 2 and 60 Hz."""
    t, made, scores = 4.0, [], []
    rates = np.geomspace(2, 60, 6)
    decay = np.exp(-DT / 0.02)
    for seed in seeds:
        numbers = stream(seed, "pairs/likelihood")
        inputs = [np.unique(train.round(3)) for train in poisson_trains(rates, 6, t, seed=seed)]
        psp = np.zeros((round(t / DT), 6))
        for j, train in enumerate(inputs):
            psp[np.minimum((train / DT).round().astype(int), len(psp) - 1), j] = 1
        for n in range(1, len(psp)):
            psp[n] += decay * psp[n - 1]
        teacher = numbers.uniform(-0.5, 1.0, 6)
        rate = 10 * np.exp(np.minimum(psp @ teacher - 1.0, 2.5))
        targets = np.flatnonzero(numbers.random(len(psp)) < rate * DT) * DT
        made.append(
            circuits.escape_rate_neuron(inputs, [targets.round(3)], rule, weight=0.1, neuron=escape_rate(width=1.0))
        )
        scores.append((psp, rate))
    last = _learn(made, rule, values, (t,))[0]
    weights = last.final["synapses"].reshape(len(seeds), 6)
    expected = []
    for w, (psp, rate) in zip(weights, scores, strict=True):
        u = np.clip(psp @ w - 1.0, -30, 30)
        expected.append(np.mean(10 * np.exp(u) - rate * u - rate * (1 - np.log(rate / 10))))
    return np.array(expected)


def _reward(rule: Rule, values: Values, seeds: Sequence[int]) -> Array:
    """Reward: six neurons vote for one of two actions, as one of two groups of inputs says."""
    t, step, made = 6.0, 0.25, []
    for seed in seeds:
        targets = np.tile([1.0, -1.0], 30)[: round((t + 2) / step)]
        inputs = []
        for j in range(8):
            train = poisson_trains(50.0, 1, t + 2, seed=100 * seed + j)[0]
            on = targets[np.minimum((train / step).astype(int), len(targets) - 1)] == (1 if j < 4 else -1)
            inputs.append(_on_grid(train[on]))
        made.append(circuits.actor(inputs, targets, step, rule, n_neurons=6))
    _, test = _learn(made, rule, values, (t, 2.0), COARSE, record=("critic.reward",), record_every=1e-2)
    return -np.mean(test.variables["critic.reward"], axis=0)


def _selectivity(rule: Rule, values: Values, seeds: Sequence[int]) -> Array:
    """BCM: a neuron with two groups of inputs that are active in turn; its loss, with the threshold E[y²]/y_0."""
    t, made = 6.0, []
    for seed in seeds:
        inputs = []
        for j in range(10):
            train = poisson_trains(40.0, 1, t + 4, seed=100 * seed + j)[0]
            first = np.where(train < t, (train // 0.2) % 2 == 0, train < t + 2)  # in turn; then one after the other
            active = first if j < 5 else ~first
            inputs.append(_on_grid(train[active | (stream(seed, f"pairs/{j}").random(train.size) < 0.2)]))
        weight = stream(seed, "pairs/selectivity").uniform(0.2, 0.4, (1, 10))
        made.append(circuits.feedforward_spiking(inputs, rule, weight=weight, neuron=pulse_lif(), receptor="current"))
    first, second = _learn(made, rule, values, (t, 2.0, 2.0), COARSE)[1:]
    y = np.array([first.counts["outputs"], second.counts["outputs"]]) / 2.0
    return -np.mean(y**3, axis=0) / 3 + np.mean(y**2, axis=0) ** 2 / (4 * TARGET)


TARGET = 20.0


def _balance(rule: Rule, values: Values, seeds: Sequence[int]) -> Array:
    """Homeostasis: excitatory neurons of balanced networks of 50, which should fire at 5 Hz."""
    made = [circuits.balanced_ei(50, inhibition=rule, probability=0.4, seed=s, weight_inhibitory=1.0) for s in seeds]
    _, test = _learn(made, rule, values, (2.0, 1.0))
    rates = test.counts["excitatory"].reshape(len(seeds), -1) / 1.0
    return np.mean((rates - 5.0) ** 2, axis=1) / 2


def _place(rule: Rule, values: Values, seeds: Sequence[int]) -> Array:
    """Plateau: twelve inputs at jittered times before and after a plateau, every 5 s; error of the weights."""
    t, n, laps = 40.0, 12, 8
    offsets = np.linspace(-2, 2, n)
    trains = []
    for seed in seeds:
        jitter = stream(seed, "pairs/place").normal(0, 0.2, (n, laps))
        trains += [np.sort(5.0 * np.arange(laps) + 2.5 + o + j).round(3) for o, j in zip(offsets, jitter, strict=True)]
    own = {name: np.repeat(v, n) for name, v in values.items()}
    circuit = circuits.pairing(trains, [[]] * len(trains), rule.with_parameters(**own), weight=1.0)
    run = circuits.run(circuit, t, DT, "numpy", third_factor=5.0 * np.arange(laps) + 2.5)
    level, fast_before, fast_after, slow = 10.0, 1.5, 1.1, 4.0
    away = np.abs(offsets)
    fast = np.exp(-away / np.where(offsets < 0, fast_before, fast_after))
    episode = np.exp(-away / slow)
    error = run.final["synapses"].reshape(len(seeds), n) - level * fast / episode
    return np.mean(episode * error**2 / 2, axis=1)


def _pairings(rule: Rule, values: Values, seeds: Sequence[int]) -> Array:
    """Likelihood of imposed spikes: half of the synapses precede the neuron, half follow; minus its logarithm."""
    t, n = 6.0, 8
    pre, post = [], []
    for seed in seeds:
        for j in range(n):
            numbers = stream(seed, f"pairs/pairings/{j}")
            base = np.arange(0.1, t - 0.1, 0.25 if j % 2 else 0.1)
            lag = numbers.normal(0.01 if j < n // 2 else -0.01, 0.01, base.size)
            pre.append(np.unique(base.round(3)))
            post.append(np.unique((base + lag).round(3)))
    own = {name: np.repeat(v, n) for name, v in values.items()}
    circuit = circuits.pairing(pre, post, rule.with_parameters(**own), weight=0.0)
    final = circuits.run(circuit, t, DT, "numpy").final["synapses"].reshape(len(seeds), n)
    tau, extra, other = 16.8e-3, 20.0, 33.7e-3
    slopes = []
    for a, b in zip(pre, post, strict=True):
        s = np.subtract.outer(b, a)
        eps = np.where(s > 0, np.exp(-s / tau), 0).sum()
        overlap = 1 / (1 / tau + 1 / other)
        both = extra * overlap * np.exp(-np.abs(s) / np.where(s > 0, tau, other)).sum()
        slopes.append(both - eps)
    return np.sum(np.clip(final, -5, 5) * np.reshape(slopes, final.shape), axis=1)


def _layers(hidden: bool, **more: Any) -> Callable[[Rule, Values, Sequence[int]], Array]:
    """Rate networks learn the targets of a teacher from eight patterns, of which some inputs are weak."""

    def learn(rule: Rule, values: Values, seeds: Sequence[int]) -> Array:
        numbers = np.random.default_rng(7)
        patterns = numbers.normal(0, 1, (8, 5)) * np.geomspace(0.3, 2, 5)
        teacher = numbers.normal(0, 0.7, (2, 5))
        targets = np.tanh(patterns @ teacher.T) if hidden else patterns @ teacher.T
        circuit = circuits.feedforward_rate(
            (5, 6, 2) if hidden else (5, 2),
            rule,
            patterns=patterns,
            targets=targets,
            hold=0.1,
            n_batch=len(seeds),
            trials=seeds if len(set(seeds)) == len(seeds) else None,
            parameters=dict(values),
            **more,
        )
        first = {p.name: np.asarray(p.weight)[[list(seeds).index(s) for s in seeds]] for p in circuit.projections}
        run = circuits.run(
            circuit.with_weights(first), [Phase(10.0), Phase(0.8, plastic=False, record_every=0.8)], dt=0.02
        )
        return run[1].loss[:, -1]

    return learn


def _component(rule: Rule, values: Values, seeds: Sequence[int]) -> Array:
    """Variance: a linear neuron with weights within ±1 and five correlated inputs."""
    numbers = np.random.default_rng(3)
    mixing = numbers.normal(0, 1, (5, 5)) * 0.5
    patterns = numbers.normal(0, 1, (400, 5)) @ mixing.T
    start = np.array([stream(s, "pairs/component").normal(0, 0.1, (1, 5)) for s in seeds])
    circuit = circuits.feedforward_rate(
        (5, 1), rule, patterns=patterns, weights=[start], hold=0.02, n_batch=len(seeds), parameters=dict(values)
    )
    w = circuits.run(circuit, 30.0, dt=0.02).final["layer_1"][:, 0]
    return -np.mean((w @ patterns.T) ** 2, axis=1) / 2


TASKS = {
    "bcm": Task(
        "feedforward_spiking, BCM loss",
        _selectivity,
        (0, 2),
        1e-5,
        {"threshold": FadingMemory(time_constant=1.0), "target_rate": TARGET},
    ),
    "eprop": Task("recurrent_lif, mean squared error of the readouts", _readout, (-5, 5), 1e-2),
    "escape_rate_likelihood": Task("escape_rate_neuron, expected loss above the teacher's", _likelihood, (-5, 5), 2e-2),
    "homeostasis": Task("balanced_ei, squared distance from the target rate", _balance, (0, 20), 1e-2),
    "pairing_likelihood": Task("pairing, minus log likelihood", _pairings, (-5, 5), 1e-1),
    "plateau": Task("pairing with plateaus, weighted error of the weights", _place, (0, 20), 1.0),
    "reward_modulated": Task("actor, minus mean reward", _reward, (-2, 2), 10.0, {"tau_eligibility": 0.1}),
    "exact_error": Task("feedforward_rate 5-6-2, loss", _layers(True), (-10, 10), 3.0, {"sample_time": 0.1}),
    "random_feedback": Task("feedforward_rate 5-6-2, loss", _layers(True), (-10, 10), 3.0, {"sample_time": 0.1}),
    "node_perturbation": Task("feedforward_rate 5-2, loss", _layers(False), (-10, 10), 0.3, {"noise_std": 0.1}),
    "weight_perturbation": Task("feedforward_rate 5-2, loss", _layers(False), (-10, 10), 0.3, {"noise_std": 0.1}),
    "variance": Task("feedforward_rate 5-1, minus half the variance", _component, (-1, 1), 1.0),
}
