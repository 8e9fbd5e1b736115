"""Names of earlier versions for the records of rate circuits; they warn, and go with the next release."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from circuits.network.circuit import Circuit, Stimulus
from circuits.network.connectivity import error_feedback
from circuits.network.population import Population
from circuits.network.projection import Projection
from circuits.network.run_record import Run
from circuits.neurons.rate_unit import RateUnit
from plasticity.rule import Rule


def RateCircuit(
    name: str,
    populations: tuple[Population, ...],
    projections: tuple[Projection, ...],
    stimulus: Stimulus | None = None,
    feedback_weights: Mapping[str, Any] | None = None,
    n_batch: int = 1,
    trials: Any = None,
) -> Circuit:
    """`Circuit` with ``feedback_weights`` by population instead of paths of feedback."""
    _warn("RateCircuit", "Circuit")
    last = populations[-1].name
    paths = tuple(error_feedback(last, target, weights) for target, weights in (feedback_weights or {}).items())
    return Circuit(name, tuple(populations), tuple(projections), paths, stimulus, n_batch, trials)


def RatePopulation(name: str, size: int, *values: Any, **named: Any) -> Population:
    """`Population` with the values of its `RateUnit` as its own arguments."""
    _warn("RatePopulation", "Population(name, neuron=RateUnit(…), n=size)")
    return Population(name, neuron=RateUnit(*values, **named), n=size)


def RateProjection(
    name: str, pre: str, post: str, weight: Any, rule: Rule | None = None, parameters: Mapping[str, Any] | None = None
) -> Projection:
    """`Projection` with the weight before the rule."""
    _warn("RateProjection", "Projection")
    return Projection(name, pre, post, rule, weight=weight, parameters=parameters or {})


def _warn(old: str, new: str) -> None:
    warnings.warn(f"circuits.{old} is deprecated; use circuits.{new}", DeprecationWarning, stacklevel=3)


def __getattr__(name: str) -> Any:
    if name == "RateRun":
        _warn(name, "Run")
        return Run
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
