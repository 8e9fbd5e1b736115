"""Golden weights: every rule after every sequence, from exact replay, as one file that any program can read."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from plasticity.conformance.records import START, GoldenRule, Kit, Sequence
from plasticity.conformance.sequences import sequences
from plasticity.dataset import versions
from plasticity.errors import InputError, UnknownNameError
from plasticity.replay import replay
from plasticity.rule import CURVATURE, GRADIENT, Rule
from plasticity.support import catalog
from plasticity.support.checks import checked
from plasticity.support.units import seconds
from plasticity.support.whole_file import whole_file

FORMAT = "steersman conformance 1"
CONVENTIONS = {
    "time": "s; all spikes lie on a grid of 0.1 ms",
    "weight": "1 at the start, read at the end of a sequence",
    "order": "at one time: pre, post, third factor, clock; the assignments of an event one after the other",
    "delay": "axonal: a pre spike acts `delay` later; post spikes act at once",
    "clock": "ticks at clock_step, 2 clock_step, … before the end",
    "bounds": "the weight is clipped after every change",
    "pre_delayed": "an event `pre_delay` after each arrival of a pre spike",
    "text": "Python, with exp, sqrt, Heaviside (0 at 0) and so on",
}
CLOCK_STEP = 0.05  # s, so that clocks tick in the short sequences
_NEAREST = ("pair_stdp", "triplet_stdp", "reward_stdp")  # in both ways of pairing spikes


def labels() -> list[str]:
    """Names of all rules of the kit: those of spikes, and those of gradients with every signal of spikes.

    Examples
    --------
    >>> [name for name in labels() if name.startswith("pair")]
    ['pair_stdp', 'pair_stdp nearest_spike']
    """
    return sorted(members())


def rule_of(label: str) -> Rule:
    """Rule of a label.

    Raises
    ------
    UnknownNameError
        If there is no such rule.

    Examples
    --------
    >>> rule_of("gradient_descent+bcm").name
    'gradient_descent_bcm'
    """
    every = members()
    if label not in every:
        raise UnknownNameError("rule of the kit", label, every)
    return every[label]


@checked
def make(rules: Iterable[str] | None = None) -> Kit:
    """Compute the golden weights by exact replay.

    Parameters
    ----------
    rules : iterable of str, optional
        Some of `labels`; all by default, which compiles a loop for each.

    Raises
    ------
    UnknownNameError
        If there is no such rule.

    Examples
    --------
    >>> kit = make(["pair_stdp"])
    >>> round(kit.weights["pair_stdp"]["pre_then_post"][0] - 1, 6)  # A_plus·exp(−10 ms/tau_plus)
    0.002603
    """
    names = labels() if rules is None else list(dict.fromkeys(rules))
    chosen = {name: rule_of(name) for name in names}
    known = sequences()
    weights = {
        name: {s.name: _weights(rule, s) for s in known.values() if not s.third_factor or "third_factor" in rule.events}
        for name, rule in chosen.items()
    }
    return Kit(known, {name: golden(name, rule) for name, rule in chosen.items()}, weights)


def golden(label: str, rule: Rule) -> GoldenRule:
    """Text and numbers of a rule.

    Examples
    --------
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> golden("pair_stdp", pair_stdp()).events["pre"]
    (('w', '-A_minus*post_trace + w'), ('pre_trace', 'pre_trace + 1'))
    """
    return GoldenRule(
        label,
        rule.title,
        str(rule.weight_flow),
        {s.name: (str(s.flow), float(s.initial)) for s in rule.states},
        {event: tuple((u.target, str(u.expression)) for u in updates) for event, updates in rule.events.items()},
        {p.name: float(p.value) for p in rule.parameters},
        {p.name: p.unit for p in rule.parameters},
        rule.bounds,
    )


@checked
def write(kit: Kit, path: str | os.PathLike) -> Path:
    """Write a kit as one JSON file; returns its path."""
    text = json.dumps(
        {
            "format": FORMAT,
            "versions": versions(),
            "conventions": CONVENTIONS,
            "start": START,
            "sequences": {name: asdict(s) for name, s in kit.sequences.items()},
            "rules": {name: asdict(rule) for name, rule in kit.rules.items()},
            "weights": {name: dict(of_rule) for name, of_rule in kit.weights.items()},
        },
        indent=1,
    )
    with whole_file(path) as file:
        file.write(f"{text}\n".encode())
    return Path(path)


@checked
def read(path: str | os.PathLike) -> Kit:
    """Read a kit from its file.

    Raises
    ------
    InputError
        If it cannot be read, or is no kit.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise InputError(f"{path} has the format {content['format']!r}, this version reads {FORMAT!r}")
        return Kit(
            {name: Sequence(**_tuples(s)) for name, s in content["sequences"].items()},
            {name: GoldenRule(**_tuples(rule)) for name, rule in content["rules"].items()},
            {name: _tuples(of_rule) for name, of_rule in content["weights"].items()},
        )
    except InputError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"cannot read a conformance kit from {path}: {error}; write one by `conformance`") from None


@cache
def members() -> dict[str, Rule]:
    """Every rule that runs on spikes, by label."""
    made = {name: catalog.load("plasticity.rules", name, "rule")() for name in catalog.names("plasticity.rules")}
    spiking = {name: rule for name, rule in made.items() if not rule.inputs}
    for name in _NEAREST:
        make_rule = catalog.load("plasticity.rules", name, "rule")
        spiking[f"{name} nearest_spike"] = make_rule(interaction="nearest_spike")
    seen = {name: rule for name, rule in made.items() if GRADIENT in rule.inputs and CURVATURE not in rule.inputs}
    signals = {
        name: catalog.load("plasticity.signals", name, "signal")() for name in catalog.names("plasticity.signals")
    }
    for signal_name, signal in signals.items():
        for name, rule in seen.items():
            whole = _composed(rule, signal)
            if whole is not None and not whole.inputs:
                spiking[f"{name}+{signal_name}"] = whole
    return {name: _with_clock(rule) for name, rule in spiking.items()}


def _composed(rule: Rule, signal: Any) -> Rule | None:
    try:
        return rule.with_signal(signal)
    except InputError:
        return None


def _with_clock(rule: Rule) -> Rule:
    if "clock_step" not in rule.values:
        return rule
    parameters = tuple(replace(p, value=CLOCK_STEP) if p.name == "clock_step" else p for p in rule.parameters)
    return replace(rule, parameters=parameters)


def _weights(rule: Rule, sequence: Sequence) -> tuple[float, ...]:
    """Final weight of every synapse."""
    post = seconds(sequence.post)
    after = {"duration": sequence.duration, "third_factor": seconds(sequence.third_factor)}
    arrivals = (seconds(np.asarray(train, dtype=float) + sequence.delay) for train in sequence.pre)
    return tuple(float(replay(rule, pre, post, START, **after).weight[-1]) for pre in arrivals)


def _tuples(record: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a record with tuples for the lists of JSON."""
    return {name: _tuple(value) for name, value in record.items()}


def _tuple(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_tuple, value))
    return {k: _tuple(v) for k, v in value.items()} if isinstance(value, dict) else value
