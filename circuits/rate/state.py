"""Arrays of a rate circuit that runs: made once, changed in place by the compiled loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from circuits.network.circuit import Circuit, Projection
from circuits.rate.channel import Channel
from circuits.rate.plan import Plan
from circuits.running.grid import steps_in
from plasticity.compile.dense import POST
from plasticity.compile.euler import common_states
from plasticity.controllability import Constraint, Controllability, check_weights, constrain, narrowed
from plasticity.errors import InputError, UnknownNameError
from plasticity.local import LOCALS
from plasticity.rule import Rule

Array = NDArray[np.float64]
MEMORY = 128  # steps whose factors are remembered before they are carried into a state


@dataclass(frozen=True, eq=False)
class Network:
    """Everything that changes or is read in a run; tuples have one array per population or projection."""

    tables: tuple[Array, ...]
    currents: tuple[Array, ...]
    biases: tuple[Array, ...]
    slow: Array
    remember: Array
    errors: tuple[Array, ...]
    backs: tuple[Array, ...]
    weights: tuple[Array, ...]
    states: tuple[Array, ...]
    vectors: tuple[Array, ...]
    limits: tuple[tuple[Array, ...], ...]
    past_post: tuple[Array, ...]
    past_pre: tuple[Array, ...]
    filled: NDArray[np.int64]
    routes: tuple[Array, ...]
    noises: tuple[Array, ...]
    twins: tuple[Array, ...]
    stimulus: tuple[Any, ...]
    ticks: NDArray[np.int64]
    noise_std: dict[tuple[str, int], Array]
    shared: Array
    loss: Array
    broken: NDArray[np.int64] = field(repr=False)

    def arguments(self) -> tuple:
        """First arguments of the compiled loop."""
        neurons = (self.tables, self.currents, self.biases, self.slow, self.remember, self.errors, self.backs)
        memory = (self.past_post, self.past_pre, self.filled)
        synapses = (self.weights, self.states, self.vectors, self.limits, *memory)
        return (*neurons, *synapses, self.routes, self.noises, self.twins)


def limits_of(
    circuit: Circuit,
    projection: Projection,
    controllability: Controllability | Mapping[str, Controllability] | None,
    seed: int,
) -> Constraint | None:
    """Limits of a projection beyond the bounds of its rule, which they include; None where there are none.

    Its weights must start inside.

    Raises
    ------
    InputError
        If a name, a shape or an initial weight does not fit.
    """
    if isinstance(controllability, Mapping):
        names = [p.name for p in circuit.projections]
        for name in controllability:
            if name not in names:
                raise UnknownNameError("projection", name, names)
        controllability = controllability.get(projection.name)
    if projection.rule is None:
        return None
    full = controllability is None or controllability.is_full
    constraint = constrain(
        controllability or Controllability(), projection.weight.shape[-2:], seed, name=projection.name
    )
    if projection.rule.bounds is not None:
        constraint = narrowed(constraint, *projection.rule.bounds)
    check_weights(constraint, projection.weight, f"weight of {projection.name!r}")
    return None if full else constraint


def new_network(plan: Plan, limits: Sequence[Constraint | None], channel: Channel, dt: float) -> Network:
    """Arrays at the start of a run with time step `dt` [s]."""
    circuit, n_batch = plan.circuit, plan.circuit.n_batch
    sizes, units = [p.size for p in circuit.populations], [p.rate_unit for p in circuit.populations]
    tables = tuple(np.zeros((n_batch, len(POST), n)) for n in sizes)
    for table, unit in zip(tables, units, strict=True):
        table[:, 0] = unit.initial if unit.tau > 0 else 0.0
        table[:, POST.index("post_information")] = 1.0
    vectors = tuple(_vector(plan, m) for m in range(len(circuit.projections)))
    weights = tuple(_copies(p.weight, 2, n_batch) for p in circuit.projections)
    states = tuple(_states(plan.rules.get(m), w) for m, w in enumerate(weights))
    perturbed = {("neuron", k): _noise_std(plan, vectors, k) for k in plan.noisy_neurons}
    perturbed |= {("synapse", m): vectors[m][:, _place(plan, m, "noise_std")] for m in plan.noisy_weights}
    return Network(
        tables=tables,
        currents=tuple(np.zeros((n_batch, n)) for n in sizes),
        biases=tuple(np.array(np.broadcast_to(u.bias, (n_batch, n)), float) for u, n in zip(units, sizes, strict=True)),
        slow=np.array([dt / u.tau if u.tau > 0 else 0.0 for u in units]),
        remember=np.array([dt / u.tau_information for u in units]),
        errors=tuple(np.zeros((n_batch, sizes[k])) for k in plan.reached),
        backs=tuple(np.zeros((n_batch, sizes[k])) for k in plan.reached),
        weights=weights,
        states=states,
        vectors=vectors,
        limits=tuple(_limit_arrays(constraint) for constraint in limits if constraint is not None),
        past_post=tuple(np.zeros((n_batch, MEMORY, weights[m].shape[1])) for m in plan.waiting),
        past_pre=tuple(np.zeros((n_batch, MEMORY, weights[m].shape[2])) for m in plan.waiting),
        filled=np.zeros((max(1, len(plan.waiting)), n_batch), dtype=np.int64),
        routes=tuple(_route(plan, circuit.populations[k].name, n_batch) for k in plan.routed),
        noises=tuple(np.zeros(weights[m].shape) for m in plan.noisy_weights),
        twins=tuple(np.array(tables[k][:, [0, 0]]) for k in plan.slow if plan.is_perturbed),
        stimulus=_stimulus(circuit, dt),
        ticks=np.array([_ticks(plan, m, dt) for m in range(len(circuit.projections))], dtype=np.int64),
        noise_std=perturbed,
        shared=np.zeros((n_batch, 1)),
        loss=np.zeros(n_batch),
        broken=np.zeros(n_batch, dtype=np.int64),
    )


def settle(plan: Plan, network: Network) -> None:
    """Carry what is remembered into the states, so that they can be read."""
    for n, (m, late) in enumerate(plan.waiting.items()):
        for b, count in enumerate(network.filled[n]):
            if count:
                collected = network.past_post[n][b, :count].T @ network.past_pre[n][b, :count]
                network.states[m][b, late.state] += plan.dt * collected
        network.filled[n] = 0
    for m, rule in plan.rules.items():
        states = network.states[m]
        for name in common_states(rule, frozenset(LOCALS)):
            k = [s.name for s in rule.states].index(name)
            states[:, k] = states[:, k, :1, :1]  # kept by the first synapse


def _copies(values: Any, n_own: int, n_batch: int) -> Array:
    """Writable array with one copy per member."""
    array = np.asarray(values, dtype=float)
    shape = array.shape if array.ndim > n_own else (n_batch, *array.shape)
    return np.array(np.broadcast_to(array, shape), order="C")


def _states(rule: Rule | None, weights: Array) -> Array:
    n_batch, n_post, n_pre = weights.shape
    if rule is None or not rule.states:
        return np.zeros((n_batch, 0, 0, 0))
    states = np.empty((n_batch, len(rule.states), n_post, n_pre))
    for k, state in enumerate(rule.states):
        states[:, k] = state.initial
    return states


def _vector(plan: Plan, m: int) -> Array:
    """Parameters of a rule, the time step and the bounds: (n_batch, n)."""
    rule, projection, n_batch = plan.rules.get(m), plan.circuit.projections[m], plan.circuit.n_batch
    if rule is None:
        return np.zeros((n_batch, 0))
    low, high = rule.bounds or (-np.inf, np.inf)
    known = rule.values | dict(projection.parameters)
    for p in rule.parameters:
        if np.ndim(known[p.name]) and p.name not in projection.parameters:
            raise InputError(f"{p.name} of rule {rule.name!r} has one value per synapse; give a network one number")
        for value in np.atleast_1d(known[p.name]):
            rule.with_parameters(**{p.name: float(value)})  # checks its bounds
    values = [known[p.name] for p in rule.parameters] + [plan.dt, low, high]
    return np.stack([np.broadcast_to(np.asarray(v, dtype=float), (n_batch,)) for v in values], axis=1)


def _place(plan: Plan, m: int, name: str) -> int:
    return [p.name for p in plan.rules[m].parameters].index(name)


def _noise_std(plan: Plan, vectors: tuple[Array, ...], population: int) -> Array:
    """Noise in the inputs of a population (n_batch,): the same for all rules that read it."""
    found = [
        vectors[m][:, _place(plan, m, "noise_std")]
        for m, (_, post) in enumerate(plan.ends)
        if post == population and m in plan.rules and "noise_std" in plan.rules[m].values
    ]
    if any(not np.array_equal(f, found[0]) for f in found):
        raise InputError(f"the rules into {plan.populations[population].name!r} differ in noise_std; give the same")
    return found[0]


def _limit_arrays(constraint: Constraint) -> tuple[Array, ...]:
    """Mask, bounds and drift of every synapse; then reading, control and drift matrix, empty if there is none."""
    c, none = constraint, np.zeros((0, 0))
    read, control = (none, none) if c.projector is None else (c.projector.read, c.projector.control)
    matrix = none if c.drift_matrix is None else c.drift_matrix
    own = [np.ones(c.shape) if c.mask is None else c.mask.astype(float), c.low, c.high]
    own.append(np.zeros(c.shape) if c.drift is None else c.drift)
    each = [np.array(np.broadcast_to(a, c.shape), dtype=float, order="C") for a in own]
    coupling = [np.array(a, dtype=float, order="C") for a in (read, control, matrix)]
    return (*each, *coupling)


def _route(plan: Plan, name: str, n_batch: int) -> Array:
    matrix = _copies(plan.circuit.feedback_weights[name], 2, n_batch)
    if matrix.shape[2] != plan.n_received:
        raise InputError(
            f"feedback_weights of {name!r} take {matrix.shape[2]} numbers, but the channel delivers {plan.n_received}"
        )
    return matrix


def _stimulus(circuit: Circuit, dt: float) -> tuple:
    """Patterns, targets, order (n_batch, n_shown) and steps for which each is shown."""
    stimulus = circuit.stimulus
    if stimulus is None:
        return np.zeros((1, 0)), np.zeros((1, 0)), np.zeros((circuit.n_batch, 1), dtype=np.int64), 1
    hold = 1 if stimulus.hold is None else steps_in("hold", stimulus.hold, dt)
    shown = stimulus.sequence
    order = shown if shown.ndim == 2 else np.tile(shown, (circuit.n_batch, 1))
    targets = np.zeros((1, 0)) if stimulus.targets is None else stimulus.targets
    return np.ascontiguousarray(stimulus.patterns), np.ascontiguousarray(targets), np.ascontiguousarray(order), hold


def _ticks(plan: Plan, m: int, dt: float) -> int:
    """Steps between ticks of the clock of a rule; 0 if it has none."""
    rule = plan.rules.get(m)
    if rule is None or "clock" not in rule.events:
        return 0
    name = "clock_step" if "clock_step" in rule.values else "duration"
    step = plan.circuit.projections[m].parameters.get(name, rule.clock_dt)
    if step is None or np.ndim(step):
        raise InputError(
            f"rule {rule.name!r} acts at clock ticks; {name} must be one number for all members, got {step}"
        )
    return steps_in(name, step, dt)
