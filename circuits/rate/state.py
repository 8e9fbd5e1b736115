"""Arrays of a rate circuit that runs: a row of numbers per member of the batch, which the compiled loop changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from circuits.network.circuit import Circuit
from circuits.rate.network import NONE, POPULATION, PROJECTION, Setting
from circuits.rate.plan import Plan
from circuits.rate.rows import Rows
from circuits.rate.signals import Channel
from circuits.running.grid import steps_in
from plasticity.compile.compiled_limits import deliver_source, move_source
from plasticity.compile.dense import POST, parameter_names
from plasticity.compile.euler import STEP
from plasticity.compile.frozen import IS_PLASTIC
from plasticity.compile.native import address
from plasticity.controllability import Constraint
from plasticity.errors import InputError

Array = NDArray[np.float64]
MEMORY = 128  # steps whose factors are remembered before they are carried into a state


@dataclass(frozen=True, eq=False)
class Network:
    """Arrays and records with which `circuits.rate.network.run` is called.

    Parameters
    ----------
    rows : Rows
    fixed : array
        Limits of control, the same for all members.
    filled : (n_batch, n_projections) array of int
        Steps whose factors are remembered.
    scratch : array
    populations, projections : records
        Projections are sorted by their postsynaptic population.
    setting : Setting
    stimulus : tuple
        Patterns, targets, order (n_batch, n_shown).
    order : list of int
        Index in the circuit of every record of a projection.
    random : dict of (str, int) to (int, tuple of int)
        Noise of ("neuron", k) and ("synapse", m): place among the random numbers of a step, and shape.
    loss, broken : (n_batch,) array
    """

    rows: Rows
    fixed: Array
    filled: NDArray[np.int64]
    scratch: Array
    populations: NDArray
    projections: NDArray
    setting: Setting
    stimulus: tuple[Array, Array, NDArray[np.int64]]
    order: list[int]
    random: dict[tuple[str, int], tuple[int, tuple[int, ...]]]
    loss: Array
    broken: NDArray[np.int64]

    @cached_property
    def weights(self) -> list[Array]:
        """Weights (n_batch, n_post, n_pre) of every projection, in the order of the circuit."""
        return [self.rows.view("weights", m) for m in range(len(self.order))]

    def state(self, plan: Plan, projection: int, name: str) -> Array:
        """State of the rule of a projection, (n_batch, n_post or 1, n_pre or 1): one number where it is the same."""
        numbers, shape = self.rows.view("states", projection), self.weights[projection].shape[1:]
        return plan.layouts[projection].part(numbers, name, *shape)

    def local(self, population: int, name: str) -> Array:
        """Local variable (n_batch, size) of a population."""
        return self.rows.view("table", population)[:, POST.index(name)]


def new_network(plan: Plan, limits: Sequence[Constraint | None], channel: Channel, shown: int = 0) -> Network:
    """Arrays at the start of a run, whose stimulus begins at the step `shown`."""
    circuit = plan.circuit
    rows, random = _rows(plan, channel.n_sent), _random(plan)
    _start(plan, rows)
    sizes = [int(np.prod(p.weight.shape[-2:])) for p in circuit.projections]
    order = sorted(range(len(plan.ends)), key=lambda m: plan.ends[m][1])
    fixed = [np.zeros(0) if c is None else np.concatenate([a.ravel() for a in _limit_arrays(c)]) for c in limits]
    projections = _projections(plan, rows, random)
    projections["limits"] = np.cumsum([0, *(f.size for f in fixed)])[:-1]
    for record, limit in zip(projections, limits, strict=True):
        if limit is not None and limit.projector is not None:
            record["n_directions"] = len(limit.projector.read)
            record["is_complement"] = limit.projector.is_complement
        record["has_matrix"] = limit is not None and limit.drift_matrix is not None
    return Network(
        rows=rows,
        fixed=np.concatenate([*fixed, np.zeros(1)]),
        filled=np.zeros((circuit.n_batch, len(order)), dtype=np.int64),
        scratch=np.zeros(2 * max(sizes, default=0) + projections["n_directions"].max(initial=0)),
        populations=_populations(plan, rows, random, order),
        projections=projections[order],
        setting=_setting(plan, rows, channel, shown),
        stimulus=_stimulus(circuit),
        order=order,
        random=random,
        loss=np.zeros(circuit.n_batch),
        broken=np.zeros(circuit.n_batch, dtype=np.int64),
    )


def present_state(plan: Plan, network: Network, m: int, name: str) -> Array:
    """Copy of a state, of which a part may still be remembered as factors (`Network.state`)."""
    state = network.state(plan, m, name).copy()
    if m in plan.deferred and plan.deferred[m].state == name:
        past_post, past_pre = network.rows.view("memory_post", m), network.rows.view("memory_pre", m)
        for b, count in enumerate(network.filled[:, network.order.index(m)]):
            state[b] += plan.dt * past_post[b, :count].T @ past_pre[b, :count]
    return state


def _rows(plan: Plan, n_sent: int) -> Rows:
    """Places of all arrays of a member."""
    rows = Rows(plan.circuit.n_batch)
    for k, p in enumerate(plan.populations):
        names = ["rate", "current", "bias"]
        names += ["error", "back"] if k in plan.reached else []
        names += ["twin_rate", "twin_current"] if plan.is_perturbed else []
        for name in names:
            rows.add(name, k, shape=(p.size,))
        rows.add("table", k, shape=(len(POST), p.size))
        if p.name in plan.circuit.feedback_weights and not plan.is_perturbed:
            rows.add("route", k, shape=(p.size, plan.n_received))
    for m, projection in enumerate(plan.circuit.projections):
        shape = projection.weight.shape[-2:]
        rows.add("weights", m, shape=shape)
        if m in plan.rules:
            rows.add("states", m, shape=(plan.layouts[m].size(*shape),))
            rows.add("parameters", m, shape=(len(parameter_names(plan.rules[m])),))
        if m in plan.noisy_weights:
            rows.add("noise", m, shape=shape)
        if m in plan.deferred:
            rows.add("memory_post", m, shape=(MEMORY, shape[0]))
            rows.add("memory_pre", m, shape=(MEMORY, shape[1]))
    rows.add("message", shape=(n_sent,))
    rows.add("received", shape=(plan.n_received,))
    rows.allocate()
    return rows


def _start(plan: Plan, rows: Rows) -> None:
    """Initial values."""
    for k, p in enumerate(plan.populations):
        rows.view("bias", k)[:] = p.rate_unit.bias
        table = rows.view("table", k)
        table[:, POST.index("post_information")] = 1.0
        if p.rate_unit.tau > 0:
            table[:, POST.index("post_rate")] = p.rate_unit.initial
            if plan.is_perturbed:
                rows.view("twin_rate", k)[:] = p.rate_unit.initial
        if rows.start("route", k) != NONE:
            matrix = np.asarray(plan.circuit.feedback_weights[p.name])
            if matrix.shape[-1] != plan.n_received:
                raise InputError(
                    f"feedback_weights of {p.name!r} take {matrix.shape[-1]} numbers, but the channel delivers "
                    f"{plan.n_received}"
                )
            rows.view("route", k)[:] = matrix
    for m, projection in enumerate(plan.circuit.projections):
        rows.view("weights", m)[:] = projection.weight
        if m in plan.rules:
            rows.view("parameters", m)[:] = _parameters(plan, m)
            for state in plan.rules[m].states:
                part = plan.layouts[m].part(rows.view("states", m), state.name, *projection.weight.shape[-2:])
                part[:] = state.initial


def _parameters(plan: Plan, m: int) -> Array:
    """Parameters of a rule, the time step and the bounds: (n_batch, n)."""
    rule, projection, n_batch = plan.rules[m], plan.circuit.projections[m], plan.circuit.n_batch
    known = rule.values | dict(projection.parameters) | {IS_PLASTIC.name: float(projection.name not in plan.frozen)}
    for p in rule.parameters:
        if np.ndim(known[p.name]) and p.name not in projection.parameters:
            raise InputError(f"{p.name} of rule {rule.name!r} has one value per synapse; give a network one number")
        for value in np.atleast_1d(known[p.name]):
            rule.with_parameters(**{p.name: float(value)})  # checks its bounds
    values = [*(known[p.name] for p in rule.parameters), plan.dt, *(rule.bounds or (-np.inf, np.inf))]
    return np.stack([np.broadcast_to(np.asarray(v, dtype=float), (n_batch,)) for v in values], axis=1)


def _random(plan: Plan) -> dict[tuple[str, int], tuple[int, tuple[int, ...]]]:
    """Noise of neurons and synapses: where it is among the random numbers of a step, and its shape."""
    shapes: dict[tuple[str, int], tuple[int, ...]]
    shapes = {("neuron", k): (plan.populations[k].size,) for k in plan.noisy_neurons}
    shapes |= {("synapse", m): plan.circuit.projections[m].weight.shape[-2:] for m in plan.noisy_weights}
    ends = np.cumsum([0, *(int(np.prod(shape)) for shape in shapes.values())]).tolist()
    return {name: (start, shape) for (name, shape), start in zip(shapes.items(), ends, strict=False)}


def _populations(plan: Plan, rows: Rows, random: dict, order: list[int]) -> NDArray:
    """Records of the populations."""
    records = np.zeros(len(plan.populations), POPULATION)
    posts = [plan.ends[m][1] for m in order]
    for k, (record, p, activation) in enumerate(zip(records, plan.populations, plan.activations(), strict=True)):
        for name in ("table", "rate", "current", "bias", "error", "back", "route", "twin_rate", "twin_current"):
            record[name] = rows.start(name, k)
        record["size"], record["driven"], record["activation"] = p.size, plan.is_input(k), activation
        record["first"], record["last"] = posts.index(k) if k in posts else 0, 0
        record["last"] = record["first"] + posts.count(k)
        record["noise"] = random.get(("neuron", k), (NONE, ()))[0]
        record["is_read"] = k in {pre for pre, _ in plan.ends}
        record["counts"] = k in plan.counted
        record["step"] = plan.dt / p.rate_unit.tau if p.rate_unit.tau > 0 else 0.0
        record["forget"] = plan.dt / p.rate_unit.tau_information
    return records


def _projections(plan: Plan, rows: Rows, random: dict) -> NDArray:
    """Records of the projections in the order of the circuit, without limits."""
    records = np.zeros(len(plan.ends), PROJECTION)
    compiled = plan.synapses()
    for m, record in enumerate(records):
        for name in ("weights", "states", "parameters", "noise", "memory_post", "memory_pre"):
            record[name] = max(rows.start(name, m), 0)  # what is not there is not read
        record["pre"], record["post"] = plan.ends[m]
        record["drawn"] = random.get(("synapse", m), (NONE, ()))[0]
        record["n_memory"], record["is_coupled"] = MEMORY, plan.limits[m] == "coupled"
        if m in plan.rules:
            record["advance"], record["factors"] = compiled[m]
            places = record["parameters"] + np.arange(len(parameter_names(plan.rules[m])))
            named = dict(zip(parameter_names(plan.rules[m]), places, strict=True))
            record["time_step"], record["is_plastic"] = named[STEP.name], named[IS_PLASTIC.name]
            record["ticks"] = _ticks(plan, m)
        if m in plan.deferred:
            place = plan.layouts[m].start(plan.deferred[m].state, *rows.places["weights", m][1])
            record["collected"] = record["states"] + place
    return records


def _setting(plan: Plan, rows: Rows, channel: Channel, shown: int) -> Setting:
    stimulus = plan.circuit.stimulus
    hold = 1 if stimulus is None or stimulus.hold is None else steps_in("hold", stimulus.hold, plan.dt)
    return Setting(
        has_targets=plan.circuit.has_targets,
        sends_error=plan.sends_error,
        is_perturbed=plan.is_perturbed,
        signals_last=plan.receives_all,
        message=rows.start("message"),
        n_sent=channel.n_sent,
        received=rows.start("received"),
        n_received=plan.n_received,
        hold=hold,
        shown=shown,
        is_diffusing=plan.is_diffusing,
        period=hold if plan.is_slow and not plan.is_diffusing else 1,
        move=address(move_source(), "move") if "coupled" in plan.limits else 0,
        deliver=0 if channel.is_perfect else address(deliver_source(), "deliver"),
    )


def _stimulus(circuit: Circuit) -> tuple[Array, Array, NDArray[np.int64]]:
    """Patterns, targets and order (n_batch, n_shown); writable, since numba compiles once for each type."""
    stimulus = circuit.stimulus
    if stimulus is None:
        return np.zeros((1, 0)), np.zeros((1, 0)), np.zeros((circuit.n_batch, 1), dtype=np.int64)
    order = stimulus.sequence if stimulus.sequence.ndim == 2 else np.tile(stimulus.sequence, (circuit.n_batch, 1))
    targets = np.zeros((len(stimulus.patterns), 0)) if stimulus.targets is None else stimulus.targets
    patterns, targets = (np.require(a, float, ["C", "W"]) for a in (stimulus.patterns, targets))
    return patterns, targets, np.require(order, np.int64, ["C", "W"])


def _limit_arrays(constraint: Constraint) -> list[Array]:
    """Mask, bounds and drift of every synapse; then reading, control and drift matrix, where there are any."""
    c = constraint
    own = [1.0 if c.mask is None else c.mask, c.low, c.high, 0.0 if c.drift is None else c.drift]
    coupling = [] if c.projector is None else [c.projector.read, c.projector.control]
    coupling += [] if c.drift_matrix is None else [c.drift_matrix]
    return [*(np.broadcast_to(a, c.shape).astype(float) for a in own), *coupling]


def _ticks(plan: Plan, m: int) -> int:
    """Steps between ticks of the clock of a rule; 0 if it has none."""
    rule = plan.rules[m]
    if "clock" not in rule.events:
        return 0
    name = "clock_step" if "clock_step" in rule.values else "duration"
    step = plan.circuit.projections[m].parameters.get(name, rule.clock_dt)
    if step is None or np.ndim(step):
        raise InputError(
            f"rule {rule.name!r} acts at clock ticks; {name} must be one number for all members, got {step}"
        )
    return steps_in(name, step, plan.dt)
