"""Pairing at different frequencies: how does the outcome of spike-timing plasticity depend on the rate?

A pre and a post neuron fire pairs of spikes a fixed interval apart, repeated at a given frequency; one plastic synapse
per protocol, all protocols in one Brian2 network. In cortex, pairs potentiate at high frequency whatever their order,
and pre-before-post pairs do nothing at 0.1 Hz: pair rules cannot reproduce that, rules with triplets can.

Result: `weight_change`(protocol), the fractional change of each synapse, and `weight`(time, protocol). Compare it with
measurements by `python -m analysis compare FILE --data sjostrom_2001`. Source: Sjöström, Turrigiano & Nelson 2001
(sjostrom_2001); protocol as modelled by Pfister & Gerstner 2006.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from plasticity.dataset import encode_json, make_dataset
from plasticity.protocols import pairing, pairing_name
from scenarios.running.parameters import parameter

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Parameters:
    """Protocol of the experiment and the rule of the synapse."""

    rule: Any = parameter("triplet_stdp", "1", "learning rule: a name from `python -m plasticity list`, or a Rule")
    rule_parameters: dict = parameter({}, "1", "arguments of the rule, as rule_parameters.NAME=VALUE (SI units)")
    frequencies: tuple[float, ...] = parameter(
        (0.1, 10.0, 20.0, 40.0, 50.0), "Hz", "pairing frequencies", low=1e-3, high=200.0
    )
    intervals: tuple[float, ...] = parameter((0.01, -0.01), "s", "post minus pre spike time", low=-0.5, high=0.5)
    n_pairs: int = parameter(60, "1", "pairs per protocol, in one unbroken train", low=1)
    n_free: int | None = parameter(
        None, "1", "how many of the rule's parameters were fitted to the data; none: as the catalogue knows", low=0
    )
    dt: float = parameter(1e-3, "s", "time step; all spikes must lie on it", low=1e-6, high=0.1)
    record_every: float = parameter(1.0, "s", "interval of recorded weights", low=1e-3)


SMOKE = {"frequencies": (20.0, 50.0)}


def cost(parameters: Parameters) -> tuple[float, float]:
    """Expected seconds and peak bytes for a rule that changes at spikes only: imports, spikes, records."""
    p = parameters
    n_protocols = len(p.intervals) * len(p.frequencies)
    n_records = p.n_pairs / min(p.frequencies) / p.record_every
    return 3.0 + 7e-5 * 2 * p.n_pairs * n_protocols + 2e-5 * n_records, 165e6 + 20 * n_records * n_protocols


def simulate(parameters: Parameters, seed: int, device: str | None) -> xr.Dataset:
    """Run all protocols in one network; nothing is random, so `seed` is only recorded."""
    import circuits
    from circuits.pairing import pairing as pairing_circuit
    from plasticity.rules import resolve

    rule = resolve(parameters.rule, parameters.rule_parameters)
    protocols = [(i, f) for i in parameters.intervals for f in parameters.frequencies]
    pre, post = zip(*(pairing(i, f, parameters.n_pairs) for i, f in protocols), strict=True)
    duration = max(t[-1] for t in (*pre, *post)) + 10 * parameters.dt
    duration = parameters.dt * np.ceil(duration / parameters.dt - 1e-6)
    record_every = min(parameters.record_every, duration)
    circuit = pairing_circuit(pre, post, rule)
    result = circuits.run(circuit, duration, parameters.dt, device, record_every, n_tracked=len(protocols))
    names = [pairing_name(i, f) for i, f in protocols]
    return make_dataset(
        {
            "weight_change": (
                "protocol",
                result.final["synapses"] - 1.0,
                "1",
                "fractional change of the weight",
            ),
            "weight": (("time", "protocol"), result.weights["synapses"], "1", "synaptic weight"),
        },
        {
            "time": ("time", result.times, "s", "time"),
            "protocol": ("protocol", names, "1", "protocol"),
            "interval": ("protocol", [i for i, _ in protocols], "s", "post minus pre spike time"),
            "frequency": ("protocol", [f for _, f in protocols], "Hz", "pairing frequency"),
        },
        title=f"Pairing at different frequencies: {rule.title}",
        rule_title=rule.title,
        rule=rule.name,
        engine=result.engine,
        references=("sjostrom_2001", *rule.references),
        **_fitted(parameters),
        rule_values=encode(rule.values),
        assumptions="\n".join(rule.assumptions),
    )


def _fitted(parameters: Parameters) -> dict[str, Any]:
    """Attributes that count fitted parameters: as stated, or of a rule of the catalogue with its own values."""
    from plasticity.rules import fitted_defaults

    if parameters.n_free is not None:
        return {"n_free": parameters.n_free}
    if isinstance(parameters.rule, str) and not parameters.rule_parameters:
        return {f"n_free_{data}": number for data, number in fitted_defaults(parameters.rule).items()}
    return {}


def encode(values: dict) -> str:
    """Parameter values as JSON text."""
    import json

    return json.dumps(values, default=encode_json)
