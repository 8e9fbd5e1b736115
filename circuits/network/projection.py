"""Projections: the synapses between two populations, and paths of feedback."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuits.neurons.model import refuse_random
from plasticity.compile.brian import SynapseModel, check_method, compile_rule, neuron_traces
from plasticity.compile.frozen import freezable
from plasticity.controllability import Constraint
from plasticity.errors import InputError, UnknownNameError
from plasticity.rule import Rule
from plasticity.support.catalog import require_made
from plasticity.support.checks import checked, require_finite, require_identifier, require_indices, require_number


@checked
@dataclass(frozen=True, eq=False)
class Projection:
    """Synapses from one population to another: all-to-all, or a list.

    Parameters
    ----------
    name : str
    pre, post : str
        Names of the populations.
    rule : Rule, SynapseModel or None
        Learning rule; None for fixed weights. The strings of a SynapseModel run as they are, except within limits of
        control, for which its rule is compiled again.
    sources, targets : (n_synapses,) int arrays, optional
        Presynaptic and postsynaptic neuron of every synapse; by default all neurons are connected. Rate circuits are
        all-to-all.
    weight : float, (n_synapses,) array or (n_post, n_pre) array
        Initial weights [1]; a matrix where all neurons are connected, in rate circuits also
        (n_batch, n_post, n_pre).
    receptor : str, optional
        Receptor of spiking neurons on which the synapses act; None if they have no effect on the neuron.
    delay : float, (n_synapses,) array or (n_post, n_pre) array
        Axonal delay [s], of all synapses or one each: pre spikes act on post neuron and rule that much later.
    dendritic_delay : float, (n_synapses,) array or (n_post, n_pre) array
        Time [s] after which a post spike reaches the rule.
    limits : Constraint, optional
        Limits of control of the synapses, which the rule includes; set by `circuits.run`.
    third_factor : str, optional
        Population whose spikes are the third-factor events of the rule, such as rewards or plateau potentials: those of
        its neuron k reach the synapses on the postsynaptic neuron k, those of a single neuron all synapses, without
        delay and after the other spikes of the time step.
    parameters : mapping of str to float or (n_batch,) array
        Values of parameters of the rule that differ from it, one for each member of the batch of a rate circuit.
    method : str, optional
        Integration method of Brian2 for the rule, see `plasticity.compile_rule`.
    model : SynapseModel, optional
        Brian2 strings in place of those that are compiled from the rule.

    Raises
    ------
    InputError
        If arrays do not fit together, or a weight is not finite.
    UnknownNameError
        If the rule has no parameter of such a name.

    Examples
    --------
    >>> Projection("synapses", "inputs", "outputs", weight=[[0.1, 0.2], [0.3, 0.4]]).n_synapses
    4
    >>> Projection("synapses", "inputs", "outputs", sources=[0, 1], targets=[1, 0], weight=0.5).n_synapses
    2
    """

    name: str
    pre: str
    post: str
    rule: Any = None
    sources: Any = None
    targets: Any = None
    weight: Any = 1.0
    receptor: str | None = None
    delay: Any = 0.0
    dendritic_delay: Any = 0.0
    limits: Constraint | None = None
    third_factor: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    method: str | None = None
    model: SynapseModel | None = None

    def __post_init__(self) -> None:
        """Check values and sizes."""
        require_identifier("name of a projection", self.name)
        if isinstance(self.rule, SynapseModel):
            object.__setattr__(self, "method", self.rule.method)
            object.__setattr__(self, "model", self.rule)
            object.__setattr__(self, "rule", self.rule.rule)
        if self.rule is not None:
            require_made(self.rule, Rule, "plasticity.rules")
        object.__setattr__(self, "weight", require_finite(f"weight of {self.name!r}", self.weight))
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))
        if self.sources is not None or self.targets is not None:
            self._check_list()
        elif self.weight.ndim not in (0, 2, 3):
            raise InputError(
                f"weight of {self.name!r} must be a number or have shape (n_post, n_pre) or (n_batch, n_post, n_pre), "
                f"got {self.weight.shape}; a list of synapses needs sources and targets"
            )
        for name in ("delay", "dendritic_delay"):
            self._check_delay(name)
        check_method(self.method)
        if self.model is not None:
            refuse_random(f"synapse model of {self.name!r}", self.model.texts)
        known = [] if self.rule is None else [p.name for p in self.rule.parameters]
        for name in self.parameters:
            if name not in known:
                raise UnknownNameError(f"parameter of projection {self.name!r}", name, known)

    def _check_delay(self, name: str) -> None:
        value = getattr(self, name)
        delays = require_finite(f"{name} of {self.name!r}", value)
        if delays.ndim == 0:
            require_number(f"{name} of {self.name!r}", value, low=0, unit="s")
            return
        shape = (np.size(self.sources),) if self.is_listed else self.weight.shape
        if not delays.size or (delays.shape != shape and self.weight.ndim + self.is_listed):
            raise InputError(
                f"{name} of {self.name!r} must be a number or have a value for each synapse, of shape {shape}, got "
                f"shape {delays.shape}"
            )
        if delays.min(initial=0.0) < 0:
            raise InputError(f"{name} of {self.name!r} must be >= 0 s, got {delays.min():g}")
        object.__setattr__(self, name, delays)

    def _check_list(self) -> None:
        if self.sources is None or self.targets is None:
            raise InputError(f"projection {self.name!r} needs both sources and targets, or neither")
        for name in ("sources", "targets"):
            object.__setattr__(self, name, require_indices(f"{name} of {self.name!r}", getattr(self, name)))
        n, n_targets = self.sources.size, self.targets.size
        if n == 0:
            raise InputError(
                f"projection {self.name!r} has no synapses; leave it out, or use more neurons or a higher probability"
            )
        if n_targets != n:
            raise InputError(f"projection {self.name!r} has {n} sources and {n_targets} targets")
        if self.weight.shape not in ((), (n,)):
            raise InputError(f"weight of {self.name!r} has shape {self.weight.shape}; give a number or shape ({n},)")

    @property
    def is_listed(self) -> bool:
        """Whether it is a list of synapses."""
        return self.sources is not None

    @property
    def n_synapses(self) -> int:
        """Number of synapses; of an all-to-all projection, after its circuit has spread a single weight over them."""
        return int(np.size(self.sources)) if self.is_listed else int(np.prod(self.weight.shape[-2:], dtype=int))

    @property
    def ends(self) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
        """Targets and sources (n_synapses,), in the order of ``weight.ravel()`` of a matrix (n_post, n_pre)."""
        if self.is_listed:
            return self.targets, self.sources
        targets, sources = np.indices(self.weight.shape[-2:], dtype=np.int32)
        return targets.ravel(), sources.ravel()

    @cached_property
    def synapse(self) -> SynapseModel | None:
        """The rule as strings of Brian2, of a projection that can be frozen."""
        if self.rule is None or self.model is not None:
            return self.model
        bounds = None if self.limits is None else (self.limits.low, self.limits.high)
        return compile_rule(freezable(self.rule), method=self.method, bounds=bounds)

    @cached_property
    def synapse_without_traces(self) -> SynapseModel | None:
        """The same, without the traces that belong to neurons."""
        return None if self.synapse is None else neuron_traces(self.synapse)


def listed(projection: Projection, n_post: int, n_pre: int) -> Projection:
    """Projection as a list of synapses; those of a matrix in the order of ``weight.ravel()``.

    Raises
    ------
    InputError
        If the weights do not fit the populations.
    """
    if projection.is_listed:
        return projection
    matrix = dense(projection, n_post, n_pre)
    if matrix.weight.ndim == 3:
        raise InputError(f"weight of {projection.name!r} has a batch axis, which is for rate circuits")
    targets, sources = (neurons.astype(np.int64) for neurons in matrix.ends)
    delays = {name: _listed_delay(matrix, name) for name in ("delay", "dendritic_delay")}
    return replace(projection, sources=sources, targets=targets, weight=matrix.weight.ravel(), **delays)


def _listed_delay(projection: Projection, name: str) -> Any:
    """Delay of a matrix of synapses as a number, or one for each in the order of ``weight.ravel()``."""
    value, shape = getattr(projection, name), projection.weight.shape
    if np.ndim(value) and np.shape(value) != shape:
        raise InputError(f"{name} of {projection.name!r} must be a number or have shape {shape}, got {np.shape(value)}")
    return value.ravel() if np.ndim(value) else value


def dense(projection: Projection, n_post: int, n_pre: int) -> Projection:
    """All-to-all projection with weights (n_post, n_pre) or (n_batch, n_post, n_pre).

    Raises
    ------
    InputError
        If the weights do not fit the populations, or it is a list that leaves pairs out.
    """
    shape = n_post, n_pre
    if projection.is_listed:
        index = np.ravel_multi_index((projection.targets, projection.sources), shape)
        if not np.array_equal(np.sort(index), np.arange(n_post * n_pre)):
            raise InputError(
                f"projection {projection.name!r} is a list of {projection.n_synapses} synapses, but rate circuits are "
                f"all-to-all; give weights of shape {shape}, and a Controllability mask for weights that stay 0"
            )
        matrix = np.empty(n_post * n_pre)
        matrix[index] = projection.weight
        return replace(projection, sources=None, targets=None, weight=matrix.reshape(shape))
    if projection.weight.ndim == 0:
        return replace(projection, weight=np.full(shape, projection.weight))
    if projection.weight.shape[-2:] != shape:
        raise InputError(f"weight of {projection.name!r} must have shape {shape}, got {projection.weight.shape}")
    return projection


@checked
@dataclass(frozen=True, eq=False)
class Feedback:
    """A path on which neurons receive errors or rewards as a local variable, through a `FeedbackChannel`.

    In a rate circuit it leads from the ``"error"`` of the last population to the ``"learning_signal"`` of another.

    Parameters
    ----------
    name : str
    source, sends : str
        Population and the variable of its neurons that is sent at every step.
    target, receives : str
        Population and the local variable of its neurons that is set.
    weights : None or (n_target, n_received) array
        Neuron i receives ``Σ_k weights[i, k]·message[k]``. None sends each component to the neuron of the same
        index, or a single one to all (a broadcast). In rate circuits also (n_batch, n_target, n_received).
    unit : str
        Unit of the message, a power of the second.
    """

    name: str
    source: str
    sends: str
    target: str
    receives: str
    weights: Any = None
    unit: str = "1"

    def __post_init__(self) -> None:
        """Check the weights."""
        if self.weights is not None:
            object.__setattr__(self, "weights", require_finite(f"weights of {self.name!r}", self.weights))
