"""Records of rate circuits: populations of rate neurons, dense plastic projections, what is shown to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuits.network.rate_population import RatePopulation, finite
from plasticity.errors import InputError, UnknownNameError, require_number
from plasticity.rule import Rule

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RateProjection:
    """All-to-all synapses with weights (n_post, n_pre); `rule` None keeps them as they are.

    Parameters
    ----------
    name, pre, post : str
        Its name, and those of the populations.
    weight : (n_post, n_pre) or (n_batch, n_post, n_pre) array
        Initial weights [1].
    rule : Rule or None
    parameters : mapping of str to float or (n_batch,) array
        Values of parameters of the rule that differ from it, one per member of the batch.
    """

    name: str
    pre: str
    post: str
    weight: Array
    rule: Rule | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check that the weights are numbers and that the parameters exist."""
        weight = np.asarray(self.weight, dtype=float)
        if weight.ndim not in (2, 3):
            raise InputError(
                f"weight of {self.name!r} must have shape (n_post, n_pre) or (n_batch, n_post, n_pre), "
                f"got {weight.shape}"
            )
        finite(f"weight of {self.name!r}", weight)
        object.__setattr__(self, "weight", weight)
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))
        known = [] if self.rule is None else [p.name for p in self.rule.parameters]
        for name in self.parameters:
            if name not in known:
                raise UnknownNameError(f"parameter of projection {self.name!r}", name, known)


@dataclass(frozen=True, eq=False)
class Stimulus:
    """What is shown to the input population, one pattern after the other, and what should come out.

    Parameters
    ----------
    patterns : (n_patterns, n_inputs) array
        Rates of the input population [Hz].
    targets : (n_patterns, n_outputs) array or None
        Rates that the output population should have [Hz].
    order : (n_shown,) or (n_batch, n_shown) array of int, or None
        Which pattern is shown, from the start again after the last; None is one after the other.
    hold : float or None
        Time for which each is shown [s]; None is one time step.

    Raises
    ------
    InputError
        If shapes do not fit, or a value is not finite.
    """

    patterns: Array
    targets: Array | None = None
    order: NDArray[np.int64] | None = None
    hold: float | None = None

    def __post_init__(self) -> None:
        """Check shapes and values."""
        patterns = _matrix("patterns", self.patterns)
        object.__setattr__(self, "patterns", patterns)
        if self.targets is not None:
            targets = _matrix("targets", self.targets)
            if len(targets) != len(patterns):
                raise InputError(f"targets has {len(targets)} rows, patterns has {len(patterns)}; give one each")
            object.__setattr__(self, "targets", targets)
        if self.order is not None:
            object.__setattr__(self, "order", _checked_order(self.order, len(patterns)))
        if self.hold is not None:
            require_number("hold", self.hold, low=0, exclusive=True, unit="s")

    @property
    def sequence(self) -> NDArray[np.int64]:
        """Which pattern is shown, (n_shown,) or (n_batch, n_shown)."""
        return np.arange(len(self.patterns)) if self.order is None else self.order


@dataclass(frozen=True, eq=False)
class RateCircuit:
    """Rate populations, the projections between them, and the stimulus.

    Parameters
    ----------
    name : str
    populations : tuple of RatePopulation
        The first is driven by the stimulus, if there is one; the last has the targets, if there are any.
    projections : tuple of RateProjection
    stimulus : Stimulus or None
    feedback_weights : mapping of str to (n, n_received) or (n_batch, n, n_received) array
        F: how the error reaches a population as its `learning_signal`.
    n_batch : int
        Independent copies that run together (seeds, conditions).
    trials : (n_batch,) sequence of int or None
        Random numbers of a member depend on the seed and this alone; None is 0, 1, 2, …

    Raises
    ------
    InputError
        If names, shapes or the order of populations do not fit.
    """

    name: str
    populations: tuple[RatePopulation, ...]
    projections: tuple[RateProjection, ...]
    stimulus: Stimulus | None = None
    feedback_weights: Mapping[str, Array] = field(default_factory=dict)
    n_batch: int = 1
    trials: Any = None

    def __post_init__(self) -> None:
        """Check that everything fits together."""
        require_number("n_batch", self.n_batch, low=1)
        object.__setattr__(self, "trials", np.arange(self.n_batch) if self.trials is None else np.asarray(self.trials))
        if self.trials.shape != (self.n_batch,):
            raise InputError(f"trials must have shape ({self.n_batch},), one per member, got {self.trials.shape}")
        order = [p.name for p in self.populations]
        if len(set(order)) < len(order):
            raise InputError(f"circuit {self.name!r} has two populations of one name: {order}")
        for projection in self.projections:
            self._check_projection(projection, order)
        for name, matrix in self.feedback_weights.items():
            if name not in order:
                raise UnknownNameError("population", name, order)
            if np.shape(matrix)[-2:-1] != (self.population(name).size,) or np.ndim(matrix) not in (2, 3):
                raise InputError(
                    f"feedback_weights of {name!r} must have shape ({self.population(name).size}, n_received), "
                    f"got {np.shape(matrix)}"
                )
            finite(f"feedback_weights of {name!r}", matrix)
            _check_batch(f"feedback_weights of {name!r}", matrix, 2, self.n_batch)
        if self.stimulus is not None:
            self._check_stimulus(self.stimulus)

    def population(self, name: str) -> RatePopulation:
        """Population of this name."""
        return next(p for p in self.populations if p.name == name)

    @property
    def has_targets(self) -> bool:
        """Whether the last population has targets, so that there is a loss."""
        return self.stimulus is not None and self.stimulus.targets is not None

    def _check_projection(self, projection: RateProjection, order: list[str]) -> None:
        for name in (projection.pre, projection.post):
            if name not in order:
                raise UnknownNameError("population", name, order)
        shape = (self.population(projection.post).size, self.population(projection.pre).size)
        if projection.weight.shape[-2:] != shape:
            raise InputError(f"weight of {projection.name!r} must have shape {shape}, got {projection.weight.shape}")
        _check_batch(f"weight of {projection.name!r}", projection.weight, 2, self.n_batch)
        for name, value in projection.parameters.items():
            _check_batch(f"{name} of {projection.name!r}", value, 0, self.n_batch)
        if self.stimulus is not None and projection.post == order[0]:
            raise InputError(f"{projection.name!r} ends in {order[0]!r}, which is driven by the stimulus")
        late = order.index(projection.pre) >= order.index(projection.post)
        if late and (self.population(projection.post).tau == 0 or self.population(projection.pre).tau == 0):
            raise InputError(
                f"{projection.name!r} closes a loop, which needs time constants: give {projection.pre!r} and "
                f"{projection.post!r} tau > 0"
            )

    def _check_stimulus(self, stimulus: Stimulus) -> None:
        first, last = self.populations[0], self.populations[-1]
        if stimulus.patterns.shape[1] != first.size:
            raise InputError(f"patterns have {stimulus.patterns.shape[1]} rates, but {first.name!r} has {first.size}")
        if stimulus.targets is not None and stimulus.targets.shape[1] != last.size:
            raise InputError(f"targets have {stimulus.targets.shape[1]} rates, but {last.name!r} has {last.size}")
        _check_batch("order", stimulus.sequence, 1, self.n_batch)


@dataclass(frozen=True, eq=False)
class RateRun:
    """What the rate engine recorded; `circuits.as_dataset` labels it.

    Parameters
    ----------
    circuit : RateCircuit
    seed : int
    dt : float
        Time step [s].
    times : (n_times,) array
        Times of the records [s], from 0 to the end.
    weights : dict of str to (n_batch, n_times, n_tracked) array
        Weights of the tracked synapses, by projection [1].
    weight_mean, weight_std : dict of str to (n_batch, n_times) array
        Mean and standard deviation of all weights, by plastic projection [1].
    states : dict of str to dict of str to (n_batch, n_times, n_tracked) array
        The same for the states of the rule, as far as they were asked for.
    tracked : dict of str to (n_tracked, 2) array
        Post- and presynaptic neuron of every tracked synapse.
    rates, information : dict of str to (n_batch, n_times, n) array
        By population, where asked for.
    loss : (n_batch, n_times) array
        Mean of ½ Σ (target − rate)² since the last record [Hz²]; NaN at the start and without targets.
    final : dict of str to (n_batch, n_post, n_pre) array
        Weights at the end.
    final_states : dict of str to dict of str to (n_batch, n_post, n_pre) array
    final_rates : dict of str to (n_batch, n) array
    engine : str
    """

    circuit: RateCircuit
    seed: int
    dt: float
    times: Array
    weights: dict[str, Array]
    weight_mean: dict[str, Array]
    weight_std: dict[str, Array]
    states: dict[str, dict[str, Array]]
    tracked: dict[str, NDArray[np.int64]]
    rates: dict[str, Array]
    information: dict[str, Array]
    loss: Array
    final: dict[str, Array]
    final_states: dict[str, dict[str, Array]]
    final_rates: dict[str, Array]
    engine: str


def _matrix(name: str, values: Any) -> Array:
    finite(name, values)
    array = np.array(values, dtype=float)
    if array.ndim != 2 or array.size == 0:
        raise InputError(f"{name} must have shape (n_patterns, n), got {array.shape}")
    return array


def _checked_order(values: Any, n_patterns: int) -> NDArray[np.int64]:
    order = np.asarray(values)
    if order.dtype.kind not in "iu" or order.ndim not in (1, 2) or order.size == 0:
        raise InputError(f"order must be whole numbers of shape (n_shown,) or (n_batch, n_shown), got {order!r}")
    if order.min() < 0 or order.max() >= n_patterns:
        raise InputError(f"order names pattern {order.max()}, but there are {n_patterns}; count from 0")
    return order.astype(np.int64)


def _check_batch(name: str, values: Any, n_own: int, n_batch: int) -> None:
    shape = np.shape(values)
    if len(shape) > n_own and shape[0] != n_batch:
        raise InputError(f"{name} has {shape[0]} members on its leading axis, but n_batch is {n_batch}")
