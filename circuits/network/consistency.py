"""Whether the parts of a circuit fit together: names, ends, what rules read of neurons, shapes of batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from circuits.network.population import Population
from circuits.network.projection import Feedback, Projection
from plasticity.compile.brian import NOISE, check_rule
from plasticity.errors import InputError
from plasticity.rule import NeuronVariable, Rule
from plasticity.support.checks import require_finite

if TYPE_CHECKING:
    from circuits.network.circuit import Circuit


def check_names(circuit: Circuit) -> None:
    """Refuse a mixture of rate units and spiking neurons, and names that occur twice."""
    rates = [p.name for p in circuit.populations if p.is_rate]
    spiking = [p.name for p in circuit.populations if not p.is_rate]
    if rates and spiking:
        raise InputError(
            f"circuit {circuit.name!r} mixes rate units ({', '.join(rates)}) and spiking neurons "
            f"({', '.join(spiking)}); make all of one kind, or two circuits"
        )
    if not circuit.populations:
        raise InputError(f"circuit {circuit.name!r} has no populations")
    kinds = [[part.name for part in parts] for parts in (circuit.populations, circuit.projections, circuit.feedback)]
    for names in kinds if rates else [[*kinds[0], *kinds[1], *kinds[2]]]:  # Brian2 calls its objects by these names
        for name in names:
            if names.count(name) > 1:
                raise InputError(f"circuit {circuit.name!r} has two parts of one name: {name!r}")


def check_ends(circuit: Circuit, projection: Projection, shape: tuple[int, int]) -> None:
    """Refuse listed synapses of neurons that do not exist; `shape` is the number of targets and of sources."""
    if not projection.is_listed:
        return
    for name, size, neurons in zip((projection.post, projection.pre), shape, projection.ends, strict=True):
        if not 0 <= np.min(neurons) <= np.max(neurons) < size:
            raise InputError(
                f"projection {projection.name!r} names neurons outside 0…{size - 1} of population {name!r}"
            )


def check_spiking(circuit: Circuit) -> None:
    """Refuse parts of a spiking circuit that do not fit together."""
    if circuit.stimulus is not None or circuit.n_batch > 1:
        raise InputError(
            f"circuit {circuit.name!r} spikes: stimulus and n_batch are for rate circuits; "
            "give its populations spike_times or series"
        )
    for projection in circuit.projections:
        _check_projection(circuit, projection)
    for path in circuit.feedback:
        for name in (path.source, path.target):
            if circuit.population(name).neuron is None:
                raise InputError(f"population {name!r} has spike trains alone: it has no variables for feedback")


def _check_projection(circuit: Circuit, projection: Projection) -> None:
    pre, post = circuit.population(projection.pre), circuit.population(projection.post)
    _check_fires(pre, f"projection {projection.name!r} starts")
    if projection.receptor is not None:
        if post.neuron_model is None:
            raise InputError(f"population {post.name!r} has spike trains alone: it has no receptor for a projection")
        post.neuron_model.receptor(projection.receptor)
    if projection.parameters:
        raise InputError(
            f"parameters of {projection.name!r} are for rate circuits; use rule.with_parameters(…) instead"
        )
    if projection.third_factor is not None:
        _check_third_factor(projection, circuit.population(projection.third_factor), post)
    if projection.rule is not None:
        check_rule(projection.rule)
        _check_values(projection, projection.rule)
        _check_own_names(projection, projection.rule, post)
        _check_locals(circuit, projection.rule, pre, post)
        if "post" in projection.rule.events:
            _check_fires(post, f"the rule of {projection.name!r} waits for spikes")


def _check_fires(population: Population, what: str) -> None:
    if population.neuron_model is not None and not (population.has_spike_trains or population.neuron_model.threshold):
        raise InputError(
            f"{what} in {population.name!r}, whose neurons have no threshold and never spike; "
            "give their model a threshold, or the population spike_times"
        )


def _check_own_names(projection: Projection, rule: Rule, post: Population) -> None:
    """Refuse a name that means one thing in a synapse and another in the neuron that it ends in."""
    neuron = post.neuron_model
    if neuron is None:
        return
    own = (*(s.name for s in rule.states), *(p.name for p in rule.parameters))
    for name in sorted({*own} & neuron.variables.keys()):
        raise InputError(
            f"rule {rule.name!r} of projection {projection.name!r} defines {name!r}, and so does neuron "
            f"{neuron.name!r} of population {post.name!r}, where it ends; rename one of them, such as "
            f"'{name}_rule' in the rule"
        )


def _check_locals(circuit: Circuit, rule: Rule, pre: Population, post: Population) -> None:
    for local in (rule.locals[s.name] for s in rule.inputs if s != NOISE):
        owner = pre if local.index == "pre" else post
        if isinstance(local, NeuronVariable):
            _check_variable(rule, local, owner)
            continue
        received = {path.receives for path in circuit.feedback if path.target == owner.name}
        if "learning_signal" in received:
            received.add("feedback_power")
        offered = {*(owner.neuron_model.provides if owner.neuron_model else ()), *received}
        if local.index == "synapse" or local.name not in offered:
            raise InputError(
                f"rule {rule.name!r} asks for {local.name!r} ({local.meaning}), which circuit "
                f"{circuit.name!r} does not give: {owner.name!r} offers {', '.join(sorted(offered)) or 'spikes only'}; "
                "use another signal, a neuron that provides it or a path of feedback that brings it"
            )


def _check_variable(rule: Rule, variable: NeuronVariable, owner: Population) -> None:
    """Refuse a rule that reads a variable that its neuron does not have, or has in another unit."""
    reads = f"rule {rule.name!r} reads {variable.name!r} [{variable.unit}] of its {variable.index} neuron"
    if owner.neuron_model is None:
        raise InputError(f"{reads}, but population {owner.name!r} has spike trains alone; give it a neuron model")
    variables = owner.neuron_model.variables
    if variable.name not in variables:
        raise InputError(
            f"{reads}, but neurons of {owner.name!r} have {', '.join(variables) or 'no variables'}; rename it, or "
            f"add it to the equations of neuron {owner.neuron_model.name!r}"
        )
    unit = variables[variable.name]
    if unit != variable.base_unit:
        raise InputError(
            f"{reads}, but the equations of neuron {owner.neuron_model.name!r} declare it in {unit}; they must "
            f"declare {variable.base_unit}, or the rule must read another unit"
        )


def _check_third_factor(projection: Projection, source: Population, post: Population) -> None:
    _check_fires(source, f"third-factor events of {projection.name!r} start")
    if projection.rule is None or "third_factor" not in projection.rule.events:
        raise InputError(
            f"projection {projection.name!r} gets third-factor events from {source.name!r}, but its rule does nothing "
            "at them; leave third_factor out"
        )
    if source.size not in (1, post.size):
        raise InputError(
            f"third_factor of {projection.name!r} has {source.size} trains; give one for all, or one for each of the "
            f"{post.size} neurons of {post.name!r}"
        )


def check_rates(circuit: Circuit) -> None:
    """Refuse parts of a rate circuit that do not fit together."""
    for population in circuit.populations:
        _check_batch(f"initial of {population.name!r}", population.rate_unit.initial, 1, circuit.n_batch)
    for projection in circuit.projections:
        _check_rate_projection(circuit, projection)
    for path in circuit.feedback:
        _check_rate_feedback(circuit, path)
    stimulus, first, last = circuit.stimulus, circuit.populations[0], circuit.populations[-1]
    if stimulus is None:
        return
    if stimulus.patterns.shape[1] != first.size:
        raise InputError(f"patterns have {stimulus.patterns.shape[1]} rates, but {first.name!r} has {first.size}")
    if stimulus.targets is not None and stimulus.targets.shape[1] != last.size:
        raise InputError(f"targets have {stimulus.targets.shape[1]} rates, but {last.name!r} has {last.size}")
    _check_batch("order", stimulus.sequence, 1, circuit.n_batch)


def _check_values(projection: Projection, rule: Rule) -> None:
    """Refuse parameters that are neither one number nor one for every synapse."""
    for p in rule.parameters:
        if np.ndim(p.value) and np.shape(p.value) != (projection.n_synapses,):
            raise InputError(
                f"{p.name} of rule {rule.name!r} has shape {np.shape(p.value)}, but {projection.name!r} has "
                f"{projection.n_synapses} synapses; give one number, or one for each, in the order of their list"
            )


def _check_rate_projection(circuit: Circuit, projection: Projection) -> None:
    for name in ("receptor", "delay", "dendritic_delay", "third_factor"):
        value = getattr(projection, name)
        if np.any(value) if np.ndim(value) else value:
            raise InputError(f"{name} of {projection.name!r} is for spiking circuits; leave it out")
    _check_batch(f"weight of {projection.name!r}", projection.weight, 2, circuit.n_batch)
    for name, value in projection.parameters.items():
        _check_batch(f"{name} of {projection.name!r}", value, 0, circuit.n_batch)
    order = [p.name for p in circuit.populations]
    if circuit.stimulus is not None and projection.post == order[0]:
        raise InputError(f"{projection.name!r} ends in {order[0]!r}, which is driven by the stimulus")
    closes_loop = order.index(projection.pre) >= order.index(projection.post)
    taus = [circuit.population(name).rate_unit.tau for name in (projection.pre, projection.post)]
    if closes_loop and 0 in taus:
        raise InputError(
            f"{projection.name!r} closes a loop, which needs time constants: give {projection.pre!r} and "
            f"{projection.post!r} tau > 0"
        )


def _check_rate_feedback(circuit: Circuit, path: Feedback) -> None:
    size, last = circuit.population(path.target).size, circuit.populations[-1].name
    if (path.source, path.sends, path.receives) != (last, "error", "learning_signal"):
        raise InputError(f"feedback {path.name!r} of a rate circuit must send the error of {last!r} as learning_signal")
    shape = np.shape(path.weights)
    if len(shape) not in (2, 3) or shape[-2] != size:
        raise InputError(f"feedback_weights of {path.target!r} must have shape ({size}, n_received), got {shape}")
    require_finite(f"feedback_weights of {path.target!r}", path.weights)
    _check_batch(f"feedback_weights of {path.target!r}", path.weights, 2, circuit.n_batch)


def _check_batch(name: str, values: Any, n_own: int, n_batch: int) -> None:
    shape = np.shape(values)
    if len(shape) > n_own and shape[0] != n_batch:
        raise InputError(f"{name} has {shape[0]} members on its leading axis, but n_batch is {n_batch}")
