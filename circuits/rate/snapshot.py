"""The state of a rate circuit by name, to be read and set: a run that is cut goes on as if it were not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from circuits.network.run_state import RunState
from circuits.rate.state import Network
from circuits.running.recording import RATE_VARIABLES
from plasticity.compile.dense import POST
from plasticity.errors import InputError
from plasticity.support.streams import counters, no_counters, set_counters

if TYPE_CHECKING:
    from circuits.rate.engine import Loop

OF_POPULATIONS = ("current", "error", "back", "twin_rate", "twin_current")
OF_PROJECTIONS = {"weights": "w", "noise": "noise", "memory_post": "memory_post", "memory_pre": "memory_pre"}
WAITING = "feedback.waiting"


def state_of(loop: Loop, step: int) -> RunState:
    """Copy of the state at the beginning of a step."""
    arrays = {name: np.array(view) for name, view in _views(loop).items()}
    arrays |= _presented(loop.network, step) | {WAITING: loop.channel.waiting.copy()}
    for name, each in _generators(loop).items():
        arrays[name] = np.stack([no_counters() if g is None else counters(g) for g in each])
    return RunState(step, loop.plan.dt, arrays)


def restore(loop: Loop, start: RunState) -> bool:
    """Set a network that was made anew to a state; whether its currents and errors have to be prepared.

    Raises
    ------
    InputError
        If the state is not one of this circuit.
    """
    views, network = _views(loop), loop.network
    for name, view in views.items():
        if name not in start.arrays or start.arrays[name].shape != view.shape:
            shape = f"has shape {start.arrays[name].shape}" if name in start.arrays else "is missing"
            raise InputError(
                f"start is no state of circuit {loop.plan.circuit.name!r}: {name!r} {shape}, expected is {view.shape}"
            )
        view[...] = start.arrays[name]
    for k in range(len(loop.plan.populations)):
        network.rows.view("rate", k)[:] = network.local(k, "post_rate")
    _restore_messages(loop.channel.waiting, start)
    _restore_counters(loop, start.arrays)
    same_noise = loop.noise.rejoin(start.step)
    shown = _presented(network, start.step)
    same = same_noise and all(np.array_equal(start.arrays[name], values) for name, values in shown.items())
    return start.is_changed or not same


def _views(loop: Loop) -> dict[str, NDArray]:
    """Everything that changes during a run, by name; what is assigned to a view is the state of the network."""
    plan, network, noise = loop.plan, loop.network, loop.noise
    rows = network.rows
    views: dict[str, NDArray] = {}
    for k, p in enumerate(plan.populations):
        views |= {f"{p.name}.{n}": rows.view(n, k) for n in OF_POPULATIONS if (n, k) in rows.places}
        names = {local: name for name, local in RATE_VARIABLES.items()}
        views |= {f"{p.name}.{names.get(local, local)}": network.local(k, local) for local in POST}
    for m, projection in enumerate(plan.circuit.projections):
        own: dict[str, NDArray] = {
            name: rows.view(kind, m) for kind, name in OF_PROJECTIONS.items() if (kind, m) in rows.places
        }
        own["n_remembered"] = network.filled[:, network.order.index(m)]
        own |= {s.name: network.state(plan, m, s.name) for s in (plan.rules[m].states if m in plan.rules else ())}
        for name, view in own.items():  # a population can have the name of a projection
            full = f"{projection.name}.{name}"
            views[f"{full}_of_synapses" if full in views else full] = view
    views |= {f"feedback.{name}": rows.view(name) for name in ("message", "received")}
    return views | {"noise.present": noise.present, "noise.number": noise.number}


def _presented(network: Network, step: int) -> dict[str, NDArray]:
    """Pattern and target of every member at a step."""
    (patterns, targets, order), setting = network.stimulus, network.setting
    shown = order[:, (step - setting.shown) // setting.hold % order.shape[1]]
    return {"stimulus.pattern": patterns[shown], "stimulus.target": targets[shown]}


def _restore_messages(waiting: NDArray, start: RunState) -> None:
    """Messages on their way: that of step s lies in slot s modulo the number of slots, which a delay determines."""
    before = start.arrays[WAITING]
    if (before.shape[0], before.shape[2]) != (waiting.shape[0], waiting.shape[2]):
        raise InputError(
            f"messages on their way have {before.shape[2]} components for {before.shape[0]} members, but the channel "
            f"delivers {waiting.shape[2]} to {waiting.shape[0]}; use a projection of the same size in all phases"
        )
    for step in range(start.step, start.step - min(before.shape[1], waiting.shape[1]), -1):
        waiting[:, step % waiting.shape[1]] = before[:, step % before.shape[1]]


def _restore_counters(loop: Loop, arrays: Mapping[str, NDArray]) -> None:
    """Streams of random numbers go on; one that the state does not know starts at its beginning."""
    for name, generators in _generators(loop).items():
        for generator, numbers in zip(generators, arrays.get(name, ()), strict=False):
            if generator is not None and numbers.any():
                set_counters(generator, numbers)


def _generators(loop: Loop) -> dict[str, list[np.random.Generator | None]]:
    """Streams of all members by name; None for a member without this one."""
    purposes = sorted({purpose for source in loop.channel.sources for purpose in source})
    disturbed = {f"random.feedback.{p}": [source.get(p) for source in loop.channel.sources] for p in purposes}
    return disturbed | {f"random.{name.replace('/', '.')}": list(each) for name, each in loop.noise.sources.items()}
