"""Rules of the conformance kit that are exported to NESTML, spikes on NEST's grid, and weights by replay."""

import json
import os
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from plasticity.compile.nestml import transmitted
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
TRANSMITTER = 1.0  # Hz of third factors, a quarter of them with spikes


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


def transmitter(a_rule, pre, post, delay):
    """Times [ms] of third factors, some at the times of spikes at the synapse, or of the ticks of a clock."""
    if "clock" in a_rule.events:
        return ticks(a_rule, pre[-1])
    random = np.random.default_rng((18, len(pre)))
    n = round(TRANSMITTER * pre[-1] / 4e3)
    at = np.round(pre[:-1], 1), np.round(post + delay, 1)
    both = np.intersect1d(*at)[:n]
    alone = np.round(random.uniform(FIRST, pre[-1] - LAST, 2 * n), 1)
    return np.unique(np.concatenate([*(random.choice(t, n, replace=False) for t in at), both, alone]))


def ticks(a_rule, end):
    """Times [ms] of the ticks of a clock before an end."""
    step = 1e3 * a_rule.clock_dt
    return np.round(np.arange(1, np.ceil(round(end / step, 6))) * step, 1)


def case(label, delay, pre, post):
    """A case for `nestml_module.py` from some `trains`.

    The last pre spike reads the weight, unless a volume transmitter brings it up to date: then it is left out.
    """
    if not transmitted(rule(label)):
        return _case(label, delay, pre, post, None, pre[-1])
    return _case(label, delay, pre[:-1], post, transmitter(rule(label), pre, post, delay), pre[-1])


def _case(label, delay, pre, post, third, until):
    on_grid = {"pre": pre, "post": post, "transmitter": third}
    times = {name: None if ts is None else [round(float(t), 1) for t in ts] for name, ts in on_grid.items()}
    return {"synapse": synapse(label), "delay": delay, "until": round(float(until), 1), **times}


def replayed(label, a_case):
    """Weights of a case by replay, with the delay of NEST."""
    pre, post, third = (np.round(np.array(a_case[name] or []) / 1e3, 9) for name in ("pre", "post", "transmitter"))
    third = third if "third_factor" in rule(label).events else ()
    delay, end = a_case["delay"] / 1e3, a_case["until"] / 1e3
    return replay(rule(label), pre, post, duration=end, dendritic_delay=delay, third_factor=third)


def span(dataset):
    """Largest change of the weight."""
    return float(np.abs(dataset.weight - dataset.weight[0]).max())


def python():
    """Interpreter with NEST and NESTML, or None."""
    path = Path(os.environ.get("STEERSMAN_PEERS", "")) / "nest" / "bin" / "python"
    return path if path.exists() else None


def answer(folder, cases, shortest=STEP):
    """What NEST says about cases, with the synapses of a folder; builds them first, by what is the fastest build."""
    task = folder / "task.json"
    task.write_text(json.dumps({"folder": str(folder), "cases": cases, "shortest": shortest}), encoding="utf-8")
    paths = os.pathsep.join([str(python().parent), os.environ.get("PATH", "")])
    own = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [python(), HERE / "nestml_module.py", task],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=own | {"PATH": paths, "OMP_NUM_THREADS": "1", "PYNEST_QUIET": "1", "CXXFLAGS": "-O0"},
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        raise RuntimeError(f"NEST failed: {(done.stderr + done.stdout)[-3000:]}")
    return json.loads(lines[-1])


def in_modules(chosen, at_once=4):
    """Folders with some of the rules each, to be built as a module; with what is missing for that, or an empty list."""
    for first in range(0, len(chosen), at_once):
        with TemporaryDirectory() as name:
            folder, some = Path(name), chosen[first : first + at_once]
            write(some, folder)
            yield folder, some, answer(folder, []).get("missing", [])


def differences(folder, chosen, delays, duration):
    """Difference of weights in NEST to those by replay, over the largest change, by rule and delay [ms]."""
    keys = [(label, delay) for label in chosen for delay in delays]
    cases = [case(label, delay, *trains(delays.index(delay), delay, duration)) for label, delay in keys]
    found = {}
    for key, a_case, variables in zip(keys, cases, answer(folder, cases)["variables"], strict=True):
        dataset = replayed(key[0], a_case)
        found[key] = abs(float(dataset.weight[-1]) - variables["w"]) / span(dataset)
    return found


def runner(folder, kit, chosen):
    """A simulator for `plasticity.conformance.check`: NEST with the synapses of a folder.

    All sequences run at once, at the first call. Axonal delays are added to the pre spikes; a connection in NEST has a
    delay of at least one step, so post spikes come one step earlier. Without a volume transmitter a weight is brought
    up to date by a pre spike: at the end of a sequence if it flows, and 20 s later, without traces, if it does not.
    What this spike does to it is taken away.
    """
    runs = [(label, name, k) for label in chosen for name in kit.weights[label] for k in _numbers(kit, name)]
    found = {}

    def run(a_rule, sequence):
        if not found:
            variables = answer(folder, [_of_kit(kit, *each) for each in runs])["variables"]
            found.update(zip(runs, variables, strict=True))
        return [_at_end(a_rule, found[a_rule.label, sequence.name, k]) for k in range(len(sequence.pre))]

    return run


def _numbers(kit, name):
    return range(len(kit.sequences[name].pre))


def _of_kit(kit, label, name, k):
    sequence, event = kit.sequences[name], transmitted(rule(label))
    end = 1e3 * sequence.duration
    arrivals = [1e3 * (t + sequence.delay) for t in sequence.pre[k]]
    post = [1e3 * t - STEP for t in sequence.post]
    if event:
        third = ticks(rule(label), end) if event == "clock" else [1e3 * t for t in sequence.third_factor]
        return _case(label, STEP, arrivals, post, third, end)
    last = end + (0.0 if kit.rules[label].weight_flow != "0" else 20e3)
    return _case(label, STEP, [*arrivals, last], post, None, last)


def _at_end(a_rule, variables):
    """Weight without what the last pre spike added, which depends on no variable that this spike changes."""
    if transmitted(rule(a_rule.label)):
        return variables["w"]
    powers = {s.name: seconds_power(s.unit) for s in rule(a_rule.label).states}
    states = {name: variables[name] / 1e3**power for name, power in powers.items()}
    added = [text for target, text in a_rule.events.get("pre", ()) if target == "w"]
    return variables["w"] - sum(eval(text, FUNCTIONS, {**a_rule.parameters, **states, "w": 0.0}) for text in added)
