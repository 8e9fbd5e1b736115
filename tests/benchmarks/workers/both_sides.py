"""Published models, here and by hand: ``python both_sides.py MODEL SIDE FOLDER LENGTH``.

A model is made of a function for either side, ``ours(length)`` and ``by_hand(length, ours)``, where `length` scales the
time simulated and the second may read what the first found; both return arrays of spikes and weights. The process
prints the CPU seconds of a call, with all processes it starts, and of another, and keeps the arrays in the folder.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from worker import children_cpu, own_cpu

sys.path.append(str(Path(__file__).resolve().parents[3]))

import circuits
from plasticity import Controllability, poisson_trains
from plasticity.controllability import constrain
from plasticity.errors import UnitWarning
from plasticity.replay import merge_protocols, run_events
from plasticity.rules.bcm import bcm
from plasticity.rules.gradient_descent import gradient_descent
from plasticity.rules.graupner_calcium import graupner_calcium
from plasticity.rules.oja import oja
from plasticity.signals.eprop import eprop
from plasticity.signals.exact_error import exact_error
from plasticity.support.streams import Counted
from scenarios import competitive_stdp, distal_reward, place_field_plateaus, unsupervised_digits, voltage_rule
from scenarios.support.digit_images import BUNDLED, load_digits
from tests.oracles import calcium_crossings, eprop_loop, plain_brian, rate_loops

SEED = 1
Found = dict[str, Any]


@dataclass(frozen=True)
class Model:
    """Both sides of a model.

    Parameters
    ----------
    title : str
    ours, by_hand : function
    kind : {"cpp_standalone", "cython", ""}
        How Brian2 runs the program by hand; empty for NumPy.
    """

    title: str
    ours: Callable[[float], Found]
    by_hand: Callable[[float, Found], Found]
    kind: str = ""


def song(length: float) -> tuple[Any, ...]:
    """Inputs, weights at the start, duration and time step."""
    duration, dt = round(20 * length, 3), 1e-4
    excitatory, inhibitory = (
        poisson_trains(rate, n, duration, dt, seed) for rate, n, seed in ((20.0, 1000, 1), (10.0, 200, 2))
    )
    return excitatory, inhibitory, np.random.default_rng(SEED).random(1000), duration, dt


def song_ours(length: float) -> Found:
    """The network of the scenario with these inputs."""
    excitatory, inhibitory, weights, duration, dt = song(length)
    inputs = circuits.Population("excitatory", excitatory), circuits.Population("inhibitory", inhibitory)
    circuit = competitive_stdp.network(competitive_stdp.Parameters(rules=("pair",)), *inputs, weights)
    run = circuits.run(circuit, duration, dt, "cpp", record=("pair_cells",))
    return {"steps": _steps(run.spikes["pair_cells"][0], dt), "weights": run.final["pair"], "start": weights}


def song_by_hand(length: float, ours: Found) -> Found:
    """The same in Brian2."""
    times, weights = plain_brian.song_2000(*song(length))
    return {"steps": _steps(times, 1e-4), "weights": weights}


def vogels(length: float) -> tuple[Any, float, float]:
    """Balanced network of 2000 neurons."""
    return circuits.load("balanced_ei")(2000, seed=SEED), round(10 * length, 3), 1e-4


def vogels_ours(length: float) -> Found:
    """As `circuits.balanced_ei` has it."""
    circuit, duration, dt = vogels(length)
    run = circuits.run(circuit, duration, dt, "cpp", record=("excitatory", "inhibitory"))
    (t_e, i_e), (t_i, i_i) = run.spikes["excitatory"], run.spikes["inhibitory"]
    steps, neurons = _sorted(_steps(np.append(t_e, t_i), dt), np.append(i_e, i_i + run.counts["excitatory"].size))
    start = np.broadcast_to(circuit.projection("ie").weight, run.final["ie"].shape)
    return {"steps": steps, "neurons": neurons, "weights": run.final["ie"], "start": start}


def vogels_by_hand(length: float, ours: Found) -> Found:
    """The same in Brian2, which is a step ahead."""
    circuit, duration, dt = vogels(length)
    excitatory, inhibitory = (circuit.population(name) for name in ("excitatory", "inhibitory"))
    starts = np.concatenate([p.neuron.initial["v"] for p in (excitatory, inhibitory)])
    wiring = {p.name: (p.sources, p.targets) for p in circuit.projections}
    weights = {p.name: p.weight for p in circuit.projections}
    rule = circuit.projection("ie").rule
    p, highest = rule.values, rule.bounds[1]
    constants = p["learning_rate"] / (2 * p["tau"]), 2 * p["target_rate"] * p["tau"], highest
    run = plain_brian.balanced_2011(wiring, weights, starts, excitatory.size, *constants, duration - dt, dt)
    steps, neurons = _sorted(_steps(run[0], dt) + 1, run[1])
    return {"steps": steps, "neurons": neurons, "weights": run[2]}


CALCIUM, CALCIUM_DT = graupner_calcium("hippocampal_cultures"), 1e-4


def calcium_network() -> Any:
    """500 neurons that fire on their own; weights of 1 are 1.3 mV."""
    neuron = circuits.lif(v_rest=-0.049, weight_unit=1.3e-3)
    given: dict[str, Any] = {"inhibition": None, "probability": 0.2, "weight": 1.0, "weight_inhibitory": 6.0}
    return circuits.load("balanced_ei")(500, CALCIUM, neuron=neuron, seed=SEED, **given)


def calcium_ours(length: float) -> Found:
    """Weights in the network, and by `replay` with its spikes; after the last of these nothing is on its way."""
    circuit, duration = calcium_network(), round(5 * length, 3)
    run = circuits.run(circuit, duration, CALCIUM_DT, "cpp", record=("excitatory",))
    times, neurons = run.spikes["excitatory"]
    final = run.final["ee"]
    return {"times": times, "fired": neurons, "weights": final, "start": np.ones_like(final)}


def calcium_by_hand(length: float, ours: Found) -> Found:
    """Exact crossings of the thresholds at the spikes of the network, and what time steps may change."""
    duration, edges = round(5 * length, 3), calcium_network().projection("ee")
    trains = [ours["times"][ours["fired"] == k] for k in range(400)]
    given = edges.sources, edges.targets
    found = calcium_crossings.final_weights(trains, trains, *given, 1.0, duration, CALCIUM.values, edges.delay)
    p, counts = CALCIUM.values, np.array([train.size for train in trains])
    n_spikes = (counts[edges.sources] + counts[edges.targets]).max()
    # steps move each crossing by half a step at most; w and w_max − w are about 1
    at_most = n_spikes * CALCIUM_DT / 2 * (p["gamma_p"] + p["gamma_d"]) / p["tau_weight"]
    return {"weights": found, "tolerance": at_most}


def calcium_replayed(length: float, ours: Found) -> float:
    """Largest difference between exact crossings and `replay`, of the first 200 synapses, to the end of all effects."""
    edges, later = calcium_network().projection("ee"), round(5 * length, 3) + 1.0
    trains = [ours["times"][ours["fired"] == k] for k in range(400)]
    chosen = edges.sources[:200], edges.targets[:200]
    pre = [trains[k] + edges.delay for k in chosen[0]]
    replayed = run_events(CALCIUM, merge_protocols(pre, [trains[k] for k in chosen[1]], settle=1.0))[0]
    exact = calcium_crossings.final_weights(trains, trains, *chosen, 1.0, later, CALCIUM.values, edges.delay)
    return float(np.abs(replayed - exact).max())


def clopath_ours(length: float) -> Found:
    """Thirty cells, one for every protocol, of the scenario."""
    p = voltage_rule.Parameters()
    circuit, duration = voltage_rule.network(p, "published"), voltage_rule.duration(p)
    final = circuits.run(circuit, duration, voltage_rule.STEP, "cpp").final["synapses"]
    return {"weights": final, "start": np.full_like(final, 0.5)}


def clopath_by_hand(length: float, ours: Found) -> Found:
    """The same in Brian2."""
    p = voltage_rule.Parameters()
    each = voltage_rule.protocols(p)
    pre = [voltage_rule.first_spikes(frequency) for _, _, frequency in each]
    post = [train + interval for train, (_, interval, _) in zip(pre, each, strict=True)]
    held = [current for current, _, _ in each]
    return {"weights": plain_brian.clopath_2010(pre, post, held, p.spike_adaptation, voltage_rule.duration(p))}


def izhikevich(length: float) -> tuple[Any, float]:
    """The published size, with more noise and earlier rewards than published, so that there are some."""
    size: dict[str, Any] = {"n_excitatory": 800, "n_inhibitory": 200, "n_targets": 100}
    rewards: dict[str, Any] = {"noise": 20.0, "earliest": 0.05, "latest": 0.2, "n_delays": 10}
    return distal_reward.Parameters(**size, **rewards), round(5 * length, 3)


def izhikevich_ours(length: float) -> Found:
    """The network of the scenario."""
    p, duration = izhikevich(length)
    circuit = distal_reward.network(p, "published", SEED)
    run = circuits.run(circuit, duration, distal_reward.DT, "cpp", seed=SEED, record=("cells", "dopamine"))
    steps, neurons = _sorted(_steps(run.spikes["cells"][0], distal_reward.DT), run.spikes["cells"][1])
    found = {"steps": steps, "neurons": neurons, "weights": run.final["excitatory"]}
    return found | {"start": circuit.projection("excitatory").weight, "rewards": run.spikes["dopamine"][0]}


def izhikevich_by_hand(length: float, ours: Found) -> Found:
    """The same in Brian2, with the same noise."""
    p, duration = izhikevich(length)
    dt, n = distal_reward.DT, p.n_excitatory + p.n_inhibitory
    draw = Counted(SEED, "cells/draw", 0, dt)
    noise = p.noise * (np.array([draw(k * dt, np.arange(n)) for k in range(round(duration / dt) + 1)]) - 0.5)
    start = distal_reward.network(p, "published", SEED).projection("excitatory").weight
    given = *distal_reward.wiring(p, SEED), start, distal_reward.delays(p, SEED)
    # not through the wrapper, which chooses Brian2's slowest target
    times, neurons, _, final = plain_brian.izhikevich_2007.__wrapped__(noise, *given, duration, p.n_excitatory)
    steps, neurons = _sorted(_steps(times, dt), neurons)
    return {"steps": steps, "neurons": neurons, "weights": final}


def layer(length: float) -> tuple[Any, ...]:
    """20 patterns of 100 inputs, of 10 steps each, for 10 linear neurons."""
    random = np.random.default_rng(SEED)
    return random.random((20, 100)), random.random((10, 100)) / 100, 1e-3, round(20000 * length)


def layer_ours(rule: Any) -> Callable[[float], Found]:
    """A rule in the rate engine."""

    def ours(length: float) -> Found:
        patterns, weights, dt, n_steps = layer(length)
        given: dict[str, Any] = {"patterns": patterns, "hold": 10 * dt, "weights": [weights]}
        circuit = circuits.load("feedforward_rate")((100, 10), rule, **given)
        return {"weights": circuits.run(circuit, n_steps * dt, dt).final["layer_1"][0], "start": weights}

    return ours


def layer_by_hand(rule: Callable[[], Any]) -> Callable[[float, Found], Found]:
    """The same rule as a loop."""

    def by_hand(length: float, ours: Found) -> Found:
        patterns, weights, dt, n_steps = layer(length)
        return {"weights": rate_loops.linear_layer(rule(), patterns, 10, weights, dt, n_steps)}

    return by_hand


def pattern(length: float) -> tuple[Any, ...]:
    """A pattern of half a second that comes 40 times, for 50 neurons with one readout; rate of learning."""
    n, dt, period, tau, count = 50, 1e-3, 0.5, 0.02, max(round(40 * length), 2)
    random = np.random.default_rng(SEED)
    trains = [np.concatenate([t + period * k for k in range(count)]) for t in poisson_trains(40.0, 20, period, dt, 3)]
    wanted = np.tile(20 * np.sin(2 * np.pi * np.arange(500) / 500)[:, None], (count, 1))
    first, out = 0.1 + 0.25 * random.standard_normal((n, 20)), random.standard_normal((1, n)) / 10
    weights = {"weight_input": first, "weight_output": out}
    circuit = circuits.load("recurrent_lif")(
        [t.round(6) for t in trains], wanted, dt, gradient_descent(1e-3), eprop(tau), n, tau_output=tau, **weights
    )
    return circuit, trains, wanted, dt, tau


def pattern_ours(length: float) -> Found:
    """The circuit of the catalogue."""
    circuit, _, wanted, dt, _ = pattern(length)
    run = circuits.run(circuit, len(wanted) * dt, dt, "cpp", record=("recurrent",))
    steps, neurons = _sorted(_steps(run.spikes["recurrent"][0], dt), run.spikes["recurrent"][1])
    names = ("input", "recurrence")
    weights, start = (np.concatenate([of(name) for name in names]) for of in (run.final.get, _start_of(circuit)))
    return {"steps": steps, "neurons": neurons, "weights": weights, "start": start}


def _start_of(circuit: Any) -> Callable[[str], Any]:
    return lambda name: np.broadcast_to(circuit.projection(name).weight, circuit.projection(name).n_synapses)


def pattern_by_hand(length: float, ours: Found) -> Found:
    """The same as a loop."""
    circuit, trains, wanted, dt, tau = pattern(length)
    edges, matrices = {p.name: (p.targets, p.sources) for p in circuit.projections}, {}
    for p in circuit.projections:
        matrices[p.name] = np.zeros((circuit.population(p.post).size, circuit.population(p.pre).size))
        matrices[p.name][edges[p.name]] = p.weight
    wired = matrices["recurrence"] != 0
    first, loop, path = eprop_loop.learn(trains, wanted, matrices, dt, tau, 1e-3, wired)
    steps, neurons = np.nonzero(path[0])
    weights = np.concatenate([first[edges["input"]], loop[edges["recurrence"]]])
    return {"steps": steps, "neurons": neurons, "weights": weights}


def place_field(length: float) -> tuple[Any, float]:
    """One cell of the scenario, at its fast speed."""
    p = place_field_plateaus.Parameters(speeds=(25.0,))
    return p, 2 * place_field_plateaus.stage_duration(p)


def place_field_ours(length: float) -> Found:
    """The network of the scenario."""
    p, duration = place_field(length)
    circuit = place_field_plateaus.network(p, place_field_plateaus.learning_rule("published"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnitWarning)
        run = circuits.run(circuit, duration, p.dt, "cpp", third_factor=place_field_plateaus.plateaus(p))
    return {"weights": run.final["synapses"], "start": np.zeros(p.n_inputs)}


def place_field_by_hand(length: float, ours: Found) -> Found:
    """The same in Brian2."""
    p, duration = place_field(length)
    inputs = [place_field_plateaus.passages(p, x, 25.0) for x in place_field_plateaus.places(p)]
    return {"weights": plain_brian.milstein_2021(inputs, place_field_plateaus.plateaus(p)[0], duration, p.dt)}


def digits(length: float) -> tuple[Any, ...]:
    """The scenario's network, 15 bundled images as spike trains, weights at the start and the time of an image."""
    p = unsupervised_digits.Parameters(rules=("published",), n_trials=1)
    images = load_digits(BUNDLED, 0, np.random.default_rng(SEED)).train.images[: max(round(15 * length), 2)]
    rates = [p.brightest * image for image in images]
    trains = [poisson_trains(rate, rate.size, 0.35, p.dt, seed=k) for k, rate in enumerate(rates)]
    return p, trains, unsupervised_digits.initial_weights(p, SEED), 0.5


def digits_ours(length: float) -> Found:
    """The network of the scenario, whose weights are scaled after every image."""
    p, trains, start, lasts = digits(length)
    phases = [circuits.Phase(lasts, {"inputs": images}) for images in trains]
    circuit = unsupervised_digits.network(p, circuits.Population("inputs", [[]] * start.shape[-1]), start)
    scale = partial(unsupervised_digits.scaled, p)
    runs = circuits.run(circuit, phases, p.dt, "cpp", record=("published_cells",), after_phase=scale)
    times, neurons = (np.concatenate([run.spikes["published_cells"][k] for run in runs]) for k in (0, 1))
    steps, neurons = _sorted(_steps(times, p.dt), neurons)
    return {"steps": steps, "neurons": neurons, "weights": runs[-1].state["published.w"], "start": start.ravel()}


def digits_by_hand(length: float, ours: Found) -> Found:
    """The same in Brian2."""
    p, trains, start, lasts = digits(length)
    times, neurons, _, final = plain_brian.diehl_2015.__wrapped__(trains, start[0], lasts, p.dt, p.weight_sum)
    steps, neurons = _sorted(_steps(times, p.dt), neurons)
    return {"steps": steps, "neurons": neurons, "weights": final.ravel()}


RING = 60
LIMITS = {
    "full": None,
    "rank 200 of 3600": Controllability(rank=200),
    "a fifth plastic": Controllability(plastic_fraction=0.2),
}


def ring(length: float) -> tuple[Any, ...]:
    """Bumps at 12 places of a ring of 60 neurons: inputs, targets, weights, duration and time step."""
    angle = 2 * np.pi * np.arange(RING) / RING
    apart = angle - angle[:: RING // 12, None]
    weights = 0.5 * np.random.default_rng(SEED).standard_normal((RING, RING)) / np.sqrt(RING)
    return np.cos(apart), 0.8 * np.exp(3 * (np.cos(apart) - 1)), weights, round(6 * length, 3), 1e-3


def ring_ours(length: float) -> Found:
    """A recurrent network under three limits of control, and its losses."""
    inputs, targets, weights, duration, dt = ring(length)
    given: dict[str, Any] = {"patterns": inputs, "targets": targets, "hold": 0.1, "weight": weights}
    made = circuits.load("recurrent_rate")
    circuit = made(RING, gradient_descent(0.5), exact_error(), input_weight=np.eye(RING), **given)
    record = {"record_every": duration / 2}
    runs = [circuits.run(circuit, duration, dt, controllability=limits, **record) for limits in LIMITS.values()]
    final = np.stack([run.final["recurrent"][0] for run in runs])
    losses = np.stack([run.loss[0, 1:] for run in runs])
    return {"weights": final, "start": np.stack([weights] * len(runs)), "losses": losses}


def ring_by_hand(length: float, ours: Found) -> Found:
    """The same as a loop; what can be controlled is given, as the columns of a matrix or as a mask."""
    inputs, targets, weights, duration, dt = ring(length)
    n_steps, final, losses = round(duration / dt), [], []
    for limits in LIMITS.values():
        limited = _limited(limits)
        found = rate_loops.recurrent_errors(
            inputs, targets, np.eye(RING), 100, weights, 0.5, 0.01, dt, n_steps, limited
        )
        final.append(found[0])
        losses.append(found[1].reshape(2, -1).mean(-1))
    return {"weights": np.stack(final), "losses": np.array(losses)}


def _limited(limits: Controllability | None) -> Callable[[Any], Any]:
    if limits is None:
        return lambda change: change
    made = constrain(limits, (RING, RING), seed=0, name="recurrent")
    if limits.rank is None:
        return lambda change: made.mask * change
    columns = made.projector.control
    return lambda change: (columns @ (columns.T @ change.ravel())).reshape(change.shape)


def _steps(times: Any, dt: float) -> Any:
    return np.round(np.asarray(times) / dt).astype(int)


def _sorted(steps: Any, neurons: Any) -> tuple[Any, Any]:
    order = np.lexsort((neurons, steps))
    return steps[order], neurons[order]


CPP = "cpp_standalone"
MODELS = {
    "a": Model("Song 2000, 1000 inputs of a cell, 0.1 ms", song_ours, song_by_hand, CPP),
    "b": Model("Vogels 2011, balanced network of 2000", vogels_ours, vogels_by_hand, CPP),
    "c": Model("Graupner & Brunel 2012, network of 500", calcium_ours, calcium_by_hand),
    "c'": Model("Clopath 2010, 30 protocols", clopath_ours, clopath_by_hand, CPP),
    "d": Model("Izhikevich 2007, 80,000 learning synapses", izhikevich_ours, izhikevich_by_hand, "cython"),
    "e1": Model("Oja, 100 inputs of 10 rates", layer_ours(oja(0.5)), layer_by_hand(lambda: rate_loops.oja(0.5))),
    "e2": Model(
        "BCM, sliding threshold, 100 inputs of 10 rates",
        layer_ours(bcm(0.02, target_rate=1.0, tau_threshold=0.5)),
        layer_by_hand(lambda: rate_loops.sliding_threshold(0.02, 1.0, 0.5)),
    ),
    "f": Model("e-prop, 50 recurrent neurons", pattern_ours, pattern_by_hand),
    "g": Model("Milstein 2021, place field", place_field_ours, place_field_by_hand, CPP),
    "h": Model("Diehl & Cook 2015, 15 images", digits_ours, digits_by_hand, "cython"),
    "i": Model("ring of 60 rates, exact error, three limits", ring_ours, ring_by_hand),
}


def timed(call: Callable[[], Found]) -> tuple[Found, float]:
    """What a call returns, and its CPU seconds."""
    begin = own_cpu() + children_cpu()
    return call(), own_cpu() + children_cpu() - begin


def main() -> None:
    """Two calls of one side; one of Brian2, which makes other names, and so other programs, in a second call."""
    name, side, folder, length = sys.argv[1], sys.argv[2], Path(sys.argv[3]), float(sys.argv[4])
    model, told = MODELS[name], {}
    if side == "by_hand" and model.kind:
        import brian2 as b

        if model.kind == CPP:
            b.set_device(CPP, directory=str(folder / "brian2"))
        else:
            b.prefs.codegen.target = model.kind
            b.prefs.codegen.runtime.cython.cache_dir = str(folder / "cython")
    given = dict(np.load(folder / "ours.npz")) if side == "by_hand" else {}
    call = (lambda: model.by_hand(length, given)) if side == "by_hand" else (lambda: model.ours(length))
    found, told["seconds"] = timed(call)
    told["again"] = told["seconds"] if side == "by_hand" and model.kind else timed(call)[1]
    if model.kind == CPP and side == "by_hand":
        told["running"] = b.device._last_run_time
    if name == "c" and side == "by_hand":
        told["replayed"] = calcium_replayed(length, given)
    np.savez(folder / f"{side}.npz", **found)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
