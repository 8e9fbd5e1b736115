"""Rules of the conformance kit that are exported to NESTML, spikes on NEST's grid, and weights by replay."""

import json
import os
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from plasticity.conformance import golden
from plasticity.equations import seconds_power
from plasticity.errors import InputError
from plasticity.export.nestml import nestml
from plasticity.replay import replay
from tests.oracles.golden_text import FUNCTIONS

HERE = Path(__file__).resolve().parent
STEP = 0.1  # ms
FIRST, LAST = 5.0, 10.0  # ms before the first spikes, and from the last pre spike to the end
RATES = {"pre": 12.0, "post": 15.0, "both": 2.0}  # Hz; both: post spikes that reach the synapse with a pre spike


@cache
def labels():
    """Names in the kit."""
    return [label for label in golden.labels() if _is_exported(label)]


def _is_exported(label):
    try:
        nestml(rule(label))
    except InputError:
        return False
    return True


@cache
def rule(label):
    """Rule of a label, which is its name here."""
    return replace(golden.rule_of(label), name=label)


def synapse(label):
    """Name of the synapse in NESTML."""
    return label.replace("+", "_").replace(" ", "_") + "_synapse"


def write(chosen, folder):
    """Export some rules into one folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for label in chosen:
        for name, text in nestml(rule(label)).items():
            (folder / name).write_text(text, encoding="utf-8")


def trains(seed, delay, duration):
    """Times [ms] of pre and post spikes in `duration` s: random, with a silence, some at once at the synapse."""
    random = np.random.default_rng((17, seed))
    end = round(1e3 * duration / STEP)
    ticks = np.arange(round(FIRST / STEP), end - round(2 * LAST / STEP))
    pre, post = (np.sort(random.choice(ticks, round(RATES[k] * duration), replace=False)) for k in ("pre", "post"))
    meeting = random.choice(pre, round(RATES["both"] * duration), replace=False) - round(delay / STEP)
    post = np.union1d(post, meeting[meeting > 1])
    pre, post = (t[(t < 0.3 * end) | (t > 0.6 * end)] for t in (pre, post))
    return np.append(pre, end - round(LAST / STEP)) * STEP, post * STEP


def replayed(a_rule, pre, post, delay):
    """Weights by replay, with the delay of NEST, to the last pre spike."""
    pre, post = (np.round(t / 1e3, 9) for t in (pre, post))
    return replay(a_rule, pre, post, duration=pre[-1], dendritic_delay=delay / 1e3)


def span(dataset):
    """Largest change of the weight."""
    return float(np.abs(dataset.weight - dataset.weight[0]).max())


def python():
    """Interpreter with NEST and NESTML, or None."""
    path = Path(os.environ.get("STEERSMAN_PEERS", "")) / "nest" / "bin" / "python"
    return path if path.exists() else None


def answer(folder, cases, flags="-O0"):
    """What NEST says about cases, with the synapses of a folder; builds them first."""
    task = folder / "task.json"
    task.write_text(json.dumps({"folder": str(folder), "cases": cases}), encoding="utf-8")
    paths = os.pathsep.join([str(python().parent), os.environ.get("PATH", "")])
    own = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [python(), HERE / "nestml_module.py", task],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=own | {"PATH": paths, "OMP_NUM_THREADS": "1", "PYNEST_QUIET": "1", "CXXFLAGS": flags},
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        raise RuntimeError(f"NEST failed: {(done.stderr + done.stdout)[-3000:]}")
    return json.loads(lines[-1])


def differences(folder, chosen, delays, duration):
    """Difference of weights in NEST to those by replay, over the largest change, by rule and delay [ms]."""
    cases, expected = [], {}
    for label in chosen:
        for k, delay in enumerate(delays):
            pre, post = trains(k, delay, duration)
            cases.append(_case(label, delay, pre, post))
            expected[label, delay] = replayed(rule(label), pre, post, delay)
    weights = [found["w"] for found in answer(folder, cases)["variables"]]
    pairs = zip(expected.items(), weights, strict=True)
    return {key: abs(float(dataset.weight[-1]) - w) / span(dataset) for (key, dataset), w in pairs}


def _case(label, delay, pre, post):
    """A case for `nestml_module.py`."""
    return {
        "synapse": synapse(label),
        "delay": delay,
        "pre": [round(float(t), 1) for t in pre],
        "post": [round(float(t), 1) for t in post],
        "weight": 1.0,
    }


def in_modules(chosen, at_once=4):
    """Folders with some of the rules each, to be built as a module; with what is missing for that, or an empty list."""
    for first in range(0, len(chosen), at_once):
        with TemporaryDirectory() as name:
            folder, some = Path(name), chosen[first : first + at_once]
            write(some, folder)
            yield folder, some, answer(folder, [], "-O2").get("missing", [])


def runner(folder, kit, chosen):
    """A simulator for `plasticity.conformance.check`: NEST with the synapses of a folder.

    All sequences run at once, at the first call. Axonal delays are added to the pre spikes; a connection in NEST has a
    delay of at least one step, so post spikes come one step earlier. A weight is brought up to date by a pre spike:
    at the end of a sequence if it flows, and 20 s later, without traces, if it does not. What this spike does to it is
    taken away.
    """
    runs = [(label, name, k) for label in chosen for name in kit.weights[label] for k in _numbers(kit, name)]
    found = {}

    def run(a_rule, sequence):
        if not found:
            variables = answer(folder, [_of_kit(kit, *each) for each in runs])["variables"]
            found.update(zip(runs, variables, strict=True))
        return [_before_last(a_rule, found[a_rule.label, sequence.name, k]) for k in range(len(sequence.pre))]

    return run


def _numbers(kit, name):
    return range(len(kit.sequences[name].pre))


def _of_kit(kit, label, name, k):
    sequence = kit.sequences[name]
    end = sequence.duration + (0.0 if kit.rules[label].weight_flow != "0" else 20.0)
    arrivals = [1e3 * (t + sequence.delay) for t in sequence.pre[k]]
    return _case(label, STEP, [*arrivals, 1e3 * end], [1e3 * t - STEP for t in sequence.post])


def _before_last(a_rule, variables):
    """Weight before the last pre spike, whose assignment adds to it what depends on no variable that it changes."""
    powers = {s.name: seconds_power(s.unit) for s in rule(a_rule.label).states}
    states = {name: variables[name] / 1e3**power for name, power in powers.items()}
    added = [text for target, text in a_rule.events.get("pre", ()) if target == "w"]
    return variables["w"] - sum(eval(text, FUNCTIONS, {**a_rule.parameters, **states, "w": 0.0}) for text in added)
