"""Unsupervised digits: do spikes alone, without labels, make neurons that stand for digits?

Poisson spikes, more of them where a pixel is brighter, excite neurons which inhibit one another and whose thresholds
rise with every spike that they fire. Each image is shown once, and then there is a rest. Two rules learn the same
spikes: that of Diehl & Cook, written by hand, after each image of which the weights onto every neuron are scaled to one
sum; and one derived from an objective. When a neuron fires, the spikes before it should be likely for it: L =
−Σ_j x_j ln(w_j/Σw), with x the traces of spikes. The cost of learning is that of relative changes (metric 1/w, the
Fisher information of Poisson spikes), its horizon short. Then Δw_j = κ(x_j − w_j Σx/Σw) at a postsynaptic spike, which
leaves the sum of the weights as it is: the scaling is not a second mechanism, it follows. Beside them is the same
network, untrained: its weights stand still, its thresholds adapt.

When all have been shown, weights and thresholds stand still. Every neuron is labelled by the digit to which it responds
most in the mean, among some of the images that were shown; then images that were held out are named by the digit whose
neurons respond most in the mean. Labels are used for nothing else. A linear readout of the pixels, least squares on all
images that the networks saw, with their labels, says how hard the task is.

What came out (defaults, seed 0, three networks): the published rule names 81, 84 and 84 % of the held-out images
rightly, the derived one 78, 79 and 78 %, the untrained network 51, 44 and 44 %; what learning adds is 10.8 and 12.7
standard errors (seed 1: 10.7 and 6.9; seed 2: 20.1 and 10.4). Fields look like digits. The derived rule is worse in all
nine networks. The readout, which learns from the labels of all images, is much better than either: 94, 96 and 92 %.
Learning rates and the strength of the inputs were chosen among two to five values each by the accuracy on held-out
images of other splits of this set, so that accuracies are a little flattered.

Result: `accuracy`(trial, rule) on images that were held out, and `readout_accuracy`(trial); `weight`(trial, rule, cell,
pixel) at the end, `initial_weight`(trial, cell, pixel) and `label`(trial, rule, cell); `spikes_per_image`(trial, rule,
stage). Trials differ in the split of the images, the initial weights and the spikes.
Source: Diehl & Cook 2015 (diehl_2015) and their program, whose values of neurons, of thresholds, of inhibition and of
the input are the defaults; on 8×8 digits (alpaydin_1998) in place of 28×28, so that a weight is 784/64 times as strong.
The learning rates of the published rule are five times theirs, for 1000 images in place of 60,000 and more; 50 neurons
in place of 100 to 6400; no delays; and an image with few spikes is not shown again, brighter. The objective:
nessler_2013, pfister_2006b, vastola_2025.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from plasticity.dataset import make_dataset
from plasticity.errors import InputError
from plasticity.support.streams import stream
from scenarios.running.parameters import parameter
from scenarios.support.digit_images import BUNDLED, Part, load_digits

if TYPE_CHECKING:
    import xarray as xr

    from circuits.network.circuit import Circuit
    from circuits.network.population import Population
    from circuits.network.run_record import Run
    from circuits.network.run_state import RunState
    from circuits.neurons.model import NeuronModel
    from plasticity.rule import Rule
    from plasticity.signal import Signal

Array = NDArray[np.float64]
RULES = ("published", "derived", "untrained")
N_PIXELS, N_DIGITS = 64, 10
STRONGER = 784 / N_PIXELS  # conductance of a weight of 1, in units of the leak: in the source, with 784 pixels, 1
STEP = 0.05  # s, for which the rates of the inputs hold
TAU = 0.02  # s, of the traces of spikes
PHASES_PER_RUN = 50  # which bounds the memory that the records of a run take


@dataclass(frozen=True)
class Parameters:
    """Images, network and rules."""

    rules: tuple[str, ...] = parameter(RULES, "1", "rules to compare", choices=RULES)
    n_cells: int = parameter(50, "1", "excitatory neurons of a network", low=2)
    n_train: int = parameter(1000, "1", "images to learn from", low=10)
    n_label: int = parameter(500, "1", "of these, images by which neurons are labelled", low=10)
    n_test: int = parameter(359, "1", "images that are held out", low=1)
    shown: float = parameter(0.35, "s", "time for which an image is shown, a multiple of 0.05 s", low=STEP)
    rest: float = parameter(0.15, "s", "time until the next image, a multiple of 0.05 s", low=0)
    brightest: float = parameter(63.75, "Hz", "rate of the inputs of the brightest pixels", low=0)
    weight_sum: float = parameter(6.4, "1", "sum of the weights onto a neuron: a tenth for each pixel", low=1e-9)
    depression: float = parameter(5e-4, "1", "depression of the published rule", low=0)
    potentiation: float = parameter(0.05, "1", "potentiation of the published rule", low=0)
    plasticity: float = parameter(5e-3, "1", "plasticity κ of the derived rule", low=0)
    theta_plus: float = parameter(0.05, "mV", "rise of the threshold by a spike", low=0)
    inhibition: float = parameter(17.0, "1", "lateral inhibition, in units of the leak", low=0)
    n_trials: int = parameter(3, "1", "networks by every rule", low=1)
    dt: float = parameter(5e-4, "s", "time step", low=1e-5, high=5e-4)


SMOKE = {
    "rules": ("derived",),
    "n_cells": 4,
    "n_train": 10,
    "n_label": 10,
    "n_test": 4,
    "shown": 0.05,
    "rest": 0.0,
    "n_trials": 1,
}


def cost(parameters: Parameters) -> tuple[float, float]:
    """Expected seconds and peak bytes; a phase writes some 150 files, faster where TMPDIR is in memory."""
    p = parameters
    n_phases = p.n_train if "published" in p.rules else 1
    steps = (p.n_train + p.n_label + p.n_test) * (p.shown + p.rest) / p.dt
    return 1.5 + 0.05 * n_phases + 1e-8 * steps * p.n_trials * (N_PIXELS + len(p.rules) * p.n_cells), 250e6


def simulate(parameters: Parameters, seed: int, device: str | None) -> xr.Dataset:
    """Learn, label and test: networks that learn by every rule, side by side with the same spikes."""
    from circuits.running.run import choose_device

    p = parameters
    _check(p)
    parts = [_images(p, seed, trial) for trial in range(p.n_trials)]
    start = initial_weights(p, seed)
    circuit = network(p, _source(p), start)
    device = choose_device(circuit, device, (p.n_train + p.n_label + p.n_test) * (p.shown + p.rest) / p.dt)
    shown = np.stack([train.images for train, _ in parts], axis=1)  # (image, trial, pixel)
    learning, state = _learn(p, circuit, shown, seed, device)
    held_out = np.stack([test.images for _, test in parts], axis=1)
    tested = _respond(p, circuit, np.concatenate([shown[: p.n_label], held_out]), state, seed, device)
    counts = np.stack([_counts(p, tested, name) for name in p.rules], axis=2)  # (image, trial, rule, cell)
    final = [start if name == "untrained" else _matrices(p, state[f"{name}.w"]) for name in p.rules]
    lead = ("trial", "rule")
    label, accuracy = _tested(p, counts, parts)
    spikes = np.stack([learning, counts.sum(-1).mean(0)], axis=-1)
    return make_dataset(
        {
            "accuracy": (lead, accuracy, "1", "share of the held-out images that are named rightly"),
            "readout_accuracy": (("trial",), np.array([readout(*part) for part in parts]), "1", "of a linear readout"),
            "weight": ((*lead, "cell", "pixel"), np.stack(final, axis=1), "1", "weight at the end"),
            "initial_weight": (("trial", "cell", "pixel"), start, "1", "weight at the start"),
            "label": ((*lead, "cell"), label.astype(float), "1", "digit for which a neuron stands"),
            "spikes_per_image": ((*lead, "stage"), spikes, "1", "spikes of all neurons of a network"),
        },
        {
            "trial": ("trial", np.arange(p.n_trials), "1", "split of the images, initial weights and spikes"),
            "rule": ("rule", list(p.rules), "1", "learning rule"),
            "cell": ("cell", np.arange(p.n_cells), "1", "excitatory neuron"),
            "pixel": ("pixel", np.arange(N_PIXELS), "1", "pixel, row after row"),
            "stage": ("stage", ["learning", "test"], "1", "while learning, and with all frozen"),
        },
        title="Unsupervised digits",
        rule=" ".join(p.rules),
        engine=tested.engine,
        references=("diehl_2015", "alpaydin_1998", "nessler_2013", "pfister_2006b", "vastola_2025"),
    )


def learning_rule(p: Parameters, name: str) -> Rule | None:
    """Rule of that name; none of the untrained network."""
    import sympy as sp

    from plasticity import Objective, derive

    if name == "untrained":
        return None
    if name == "published":
        return _published(p)
    objective = Objective(sp.oo, plasticity=p.plasticity, metric=lambda w: 1 / w)
    return derive(objective).with_signal(likelihood(p)).with_bounds(0, float("inf"))


def likelihood(p: Parameters) -> Signal:
    """Gradient of −Σ_j x_j ln(w_j/Σw) at post spikes, ``evidence/weight_sum − x/w``, with evidence = Σ_j x_j."""
    from plasticity import WEIGHT, NeuronVariable, Parameter, Signal, time_constant, trace
    from plasticity.rule import jump

    tau = time_constant("tau", TAU, "spikes of an input")
    total = Parameter("weight_sum", p.weight_sum, meaning="sum of the weights onto a neuron")
    evidence = NeuronVariable("evidence", "post", meaning="sum of the traces of all inputs")
    x = trace("x", tau)
    return Signal(
        "input_likelihood",
        "likelihood of the spikes that came before a postsynaptic one",
        gradient={"post": evidence.symbol / total.symbol - x.symbol / WEIGHT},
        states=(x,),
        events={"pre": (jump(x, "all_to_all"),)},
        parameters=(total, tau),
        loss_unit="Hz",
        assumptions=("A neuron stands for a cause of spikes, one of many, and it is there when the neuron fires.",),
        references=("nessler_2013", "pfister_2006b"),
        variables=(evidence,),
    )


def _published(p: Parameters) -> Rule:
    """``w −= depression·post_trace`` at pre spikes, ``w += potentiation·pre_trace·slow_trace`` at post spikes."""
    from plasticity.rule import WEIGHT, Parameter, Rule, Update, jump, time_constant, trace

    tau, slow = time_constant("tau", TAU, "traces"), time_constant("tau_slow", 0.04, "slow trace of post spikes")
    down = Parameter("depression", p.depression, meaning="amplitude of depression")
    up = Parameter("potentiation", p.potentiation, meaning="amplitude of potentiation")
    pre, post, second = trace("pre_trace", tau), trace("post_trace", tau), trace("slow_trace", slow)
    return Rule(
        name="diehl",
        title="Triplet rule of Diehl & Cook",
        states=(pre, post, second),
        events={
            "pre": (Update("w", WEIGHT - down.symbol * post.symbol), jump(pre, "nearest_spike")),
            "post": (
                Update("w", WEIGHT + up.symbol * pre.symbol * second.symbol),
                jump(post, "nearest_spike"),
                jump(second, "nearest_spike"),
            ),
        },
        parameters=(down, up, tau, slow),
        bounds=(0.0, 1.0),
        references=("diehl_2015",),
    )


def initial_weights(p: Parameters, seed: int) -> Array:
    """Random weights (trial, cell, pixel) of the same sum onto every neuron."""
    return normalised(p, stream(seed, "weights").random((p.n_trials, p.n_cells, N_PIXELS)))


def normalised(p: Parameters, weights: Array) -> Array:
    """Weights (…, pixel), scaled to the sum that they should have."""
    return p.weight_sum * weights / weights.sum(-1, keepdims=True)


def scaled(p: Parameters, run: Run) -> RunState:
    """State at the end of an image, with the weights of the published rule scaled."""
    state = _end(run)
    weights = _matrices(p, state["published.w"])
    return state.with_values({"published.w": normalised(p, weights).ravel()})


def network(p: Parameters, inputs: Population, weights: Array) -> Circuit:
    """For every rule as many networks as there are trials, of which each has inputs of its own."""
    from circuits import Circuit, Population, Projection

    n = p.n_trials * p.n_cells
    cell = np.arange(n)
    rivals, rivalled = np.nonzero((cell[:, None] // p.n_cells == cell // p.n_cells) & (cell[:, None] != cell))
    trial = np.repeat(np.arange(p.n_trials), p.n_cells * N_PIXELS)
    ends: dict[str, Any] = {
        "sources": trial * N_PIXELS + np.tile(np.arange(N_PIXELS), n),
        "targets": np.repeat(cell, N_PIXELS),
    }
    populations, synapses = [inputs], []
    for name in p.rules:
        cells, between, rule = f"{name}_cells", f"{name}_inhibitory", learning_rule(p, name)
        populations += [
            Population(cells, neuron=_excitatory(p), n=n),
            Population(between, neuron=_inhibitory(), n=n),
        ]
        synapses += [
            Projection(name, "inputs", cells, rule, weight=weights.ravel(), receptor="excitatory", **ends),
            Projection(f"{name}_relay", cells, between, None, cell, cell, 10.4, receptor="excitatory"),
            Projection(f"{name}_rivalry", between, cells, None, rivals, rivalled, p.inhibition, receptor="inhibitory"),
        ]
    return Circuit("unsupervised_digits", tuple(populations), tuple(synapses))


def _excitatory(p: Parameters) -> NeuronModel:
    """Neurons whose threshold rises by `theta_plus` with a spike, while ``adapting`` is 1; Euler steps, as in Brian.

    ``evidence`` is the sum of the traces of all inputs: its steps have the rate at which an Euler step is exact.
    """
    from circuits import NeuronModel

    return NeuronModel(
        "excitatory",
        "dv/dt = (v_rest - v - g_excitatory*v + g_inhibitory*(v_inhibitory - v))/tau_membrane"
        " : volt (unless refractory)\n"
        "dg_excitatory/dt = -g_excitatory/tau_excitatory : 1\n"
        "dg_inhibitory/dt = -g_inhibitory/tau_inhibitory : 1\n"
        "dtheta/dt = -adapting*theta/tau_theta : volt\n"
        "devidence/dt = -evidence/tau_evidence : 1\n"
        "adapting : 1",
        threshold="v > v_threshold + theta",
        reset="v = v_rest\ntheta += adapting*theta_plus",
        refractory=5e-3,
        method="euler",
        receptors={
            "excitatory": "g_excitatory_post += weight_unit_post*w\nevidence_post += 1",
            "inhibitory": "g_inhibitory_post += w",
        },
        parameters={
            "v_rest": (-0.065, "volt"),
            "v_threshold": (-0.052, "volt"),
            "v_inhibitory": (-0.100, "volt"),
            "theta_plus": (1e-3 * p.theta_plus, "volt"),
            "tau_membrane": (0.1, "second"),
            "tau_excitatory": (1e-3, "second"),
            "tau_inhibitory": (2e-3, "second"),
            "tau_theta": (1e4, "second"),
            "tau_evidence": (-p.dt / np.expm1(-p.dt / TAU), "second"),
            "weight_unit": (STRONGER, "1"),
        },
        initial={"v": -0.065, "adapting": 1.0},
    )


def _inhibitory() -> NeuronModel:
    """Neurons each of which is driven by one excitatory neuron, and inhibits all others."""
    from circuits import NeuronModel

    return NeuronModel(
        "inhibitory",
        "dv/dt = (v_rest - v - g_excitatory*v)/tau_membrane : volt (unless refractory)\n"
        "dg_excitatory/dt = -g_excitatory/tau_excitatory : 1",
        threshold="v > v_threshold",
        reset="v = v_reset",
        refractory=2e-3,
        method="euler",
        receptors={"excitatory": "g_excitatory_post += w"},
        parameters={
            "v_rest": (-0.060, "volt"),
            "v_threshold": (-0.040, "volt"),
            "v_reset": (-0.045, "volt"),
            "tau_membrane": (0.01, "second"),
            "tau_excitatory": (1e-3, "second"),
        },
        initial={"v": -0.060},
    )


def _check(p: Parameters) -> None:
    if p.n_label > p.n_train:
        raise InputError(f"n_label is {p.n_label}; it must be at most n_train, {p.n_train}")
    for name in ("shown", "rest"):
        value = getattr(p, name)
        if not np.isclose(value / STEP, round(value / STEP), atol=1e-6):
            raise InputError(f"{name} is {value:g} s; it must be a multiple of {STEP:g} s")


def _images(p: Parameters, seed: int, trial: int) -> tuple[Part, Part]:
    """Images to learn from, and images that are held out."""
    digits = load_digits(BUNDLED, 0, stream(seed, f"images {trial}"))
    parts = digits.train, digits.validation
    train = Part(np.concatenate([x.images for x in parts]), np.concatenate([x.labels for x in parts]))
    for name, n, part in (("n_train", p.n_train, train), ("n_test", p.n_test, digits.test)):
        if n > part.labels.size:
            raise InputError(f"{name} is {n}, but there are {part.labels.size} such images; use fewer")
    return (
        Part(train.images[: p.n_train], train.labels[: p.n_train]),
        Part(digits.test.images[: p.n_test], digits.test.labels[: p.n_test]),
    )


def _source(p: Parameters) -> Population:
    from circuits import poisson_source

    return poisson_source("inputs", np.zeros((1, p.n_trials * N_PIXELS)), step=STEP)


def _show(p: Parameters, images: Array) -> dict[str, Any]:
    """Arguments of the `Phase` in which images (image, trial, pixel) are shown one after the other."""
    rates = p.brightest * images.reshape(len(images), 1, -1)
    bright, dark = (round(time / STEP) for time in (p.shown, p.rest))
    rows = np.repeat(rates, bright + dark, axis=1)
    rows[:, bright:] = 0
    duration = len(images) * (bright + dark) * STEP
    return {"duration": duration, "stimuli": {"inputs": {"rate": (rows.reshape(-1, rates.shape[-1]), STEP)}}}


def _learn(p: Parameters, circuit: Circuit, images: Array, seed: int, device: str) -> tuple[Array, RunState]:
    """Spikes per image (trial, rule) while learning, and the state at the end.

    The published rule wants an end of the phase after every image, at which its weights are scaled.
    """
    from circuits import Phase, run

    at_once, after = (1, partial(scaled, p)) if "published" in p.rules else (len(images), None)
    phases = [Phase(**_show(p, images[k : k + at_once])) for k in range(0, len(images), at_once)]
    cells = [f"{name}_cells" for name in p.rules]
    state, spikes = None, np.zeros((len(p.rules), p.n_trials * p.n_cells))
    for k in range(0, len(phases), PHASES_PER_RUN):
        part = phases[k : k + PHASES_PER_RUN]
        runs = run(circuit, part, p.dt, device, seed=seed, record=cells, start=state, after_phase=after)
        state = runs[-1].state
        spikes += np.sum([[one.counts[name] for name in cells] for one in runs], axis=0)
    return spikes.reshape(len(p.rules), p.n_trials, p.n_cells).sum(-1).T / len(images), _end(runs[-1])


def _end(run: Run) -> RunState:
    """State at the end of a run; one of spikes has it."""
    return cast("RunState", run.state)


def _respond(p: Parameters, circuit: Circuit, images: Array, state: RunState, seed: int, device: str) -> Run:
    """Spikes while images are shown to networks in which nothing changes."""
    from circuits import Phase, run

    cells = [f"{name}_cells" for name in p.rules]
    frozen = state.with_values({f"{name}.adapting": 0.0 for name in cells})
    phases = [Phase(**_show(p, images), plastic=False)]
    return run(circuit, phases, p.dt, device, seed=seed, record=cells, start=frozen)[0]


def _counts(p: Parameters, run: Run, name: str) -> Array:
    """Spikes (image, trial, cell) of the networks of a rule."""
    times, cells = run.spikes[f"{name}_cells"]
    first = _end(run).step * p.dt - (p.n_label + p.n_test) * (p.shown + p.rest)
    image = np.floor((times - first + p.dt / 2) / (p.shown + p.rest)).astype(int)
    counts = np.zeros((p.n_label + p.n_test, p.n_trials * p.n_cells))
    np.add.at(counts, (image, cells), 1.0)
    return counts.reshape(-1, p.n_trials, p.n_cells)


def _tested(p: Parameters, counts: Array, parts: list[tuple[Part, Part]]) -> tuple[NDArray[np.int64], Array]:
    """Labels of neurons (trial, rule, cell), and accuracies (trial, rule) on the held-out images, from all spikes."""
    labels = np.zeros(counts.shape[1:], dtype=np.int64)
    accuracy = np.zeros(counts.shape[1:3])
    for trial, rule in np.ndindex(accuracy.shape):
        train, test = (part.labels for part in parts[trial])
        known, new = np.split(counts[:, trial, rule], [p.n_label])
        labels[trial, rule] = labelled(known, train[: p.n_label])
        accuracy[trial, rule] = np.mean(named(new, labels[trial, rule]) == test)
    return labels, accuracy


def _matrices(p: Parameters, weights: Array) -> Array:
    """Weights (trial, cell, pixel) of a list of synapses."""
    return weights.reshape(p.n_trials, p.n_cells, N_PIXELS)


def labelled(counts: Array, digits: NDArray[np.int64]) -> NDArray[np.int64]:
    """Digit to which every neuron responds most in the mean: labels (cell,) from spikes (image, cell).

    Examples
    --------
    >>> labelled(np.array([[3.0, 0.0], [1.0, 2.0], [2.0, 2.0]]), np.array([7, 4, 4]))
    array([7, 4])
    """
    means = [counts[digits == digit].mean(0) if (digits == digit).any() else 0 * counts[0] for digit in range(N_DIGITS)]
    return np.argmax(means, axis=0)


def named(counts: Array, labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Digit (image,) whose neurons respond most in the mean; no image gets a digit that no neuron stands for.

    Examples
    --------
    >>> named(np.array([[3.0, 0.0, 4.0], [1.0, 2.0, 2.0]]), np.array([7, 4, 4]))
    array([7, 4])
    """
    means = [
        counts[:, labels == digit].mean(-1) if (labels == digit).any() else np.full(len(counts), -1.0)
        for digit in range(N_DIGITS)
    ]
    return np.argmax(means, axis=0)


def readout(train: Part, test: Part) -> float:
    """Share of `test` that a linear readout of the pixels names rightly, by least squares on `train`."""
    pixels = [np.column_stack([part.images, np.ones(len(part.images))]) for part in (train, test)]
    targets = np.eye(N_DIGITS)[train.labels]
    weights = np.linalg.lstsq(pixels[0], targets, rcond=None)[0]
    return float(np.mean(np.argmax(pixels[1] @ weights, axis=1) == test.labels))
