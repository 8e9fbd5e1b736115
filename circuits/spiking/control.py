"""Shared controllers in Brian2: many synapses move along few directions, or a drift couples them.

What a rule asks for is gathered in the state ``wanted`` of each synapse. At the end of every step, when all else has
been advanced, the weights become ``w + B (BᵀGB)⁻¹BᵀG wanted + dt·A w``, within their bounds: the same step as in a rate
circuit and in `simulate` (`plasticity.controllability.move`). Every controller listens to all synapses first, then
all synapses listen to the controllers.
"""

from __future__ import annotations

import brian2
import numpy as np

from circuits.running.limits import WANTED
from circuits.spiking.blueprint import Blueprint
from plasticity.compile.brian import SynapseModel

LISTEN, MOVE = -8, -7  # after synapses are advanced and clipped, before neurons


def control(name: str, model: SynapseModel, made: brian2.Synapses, plan: Blueprint) -> None:
    """Let the synapses of the projection `name` move as their controllers allow."""
    bounded = "weight_low" in model.parameters
    parts = {"steered": ("read", "control", WANTED.name), "drifted": ("", "drift", "w")}
    free = f"{name}_control" not in plan.given.tables  # then it moves as its rule wants
    listen, moved = [], ["w", WANTED.name] if free else ["w"]
    for kind, (read, spread, variable) in parts.items():
        if f"{name}_{spread}" not in plan.given.tables:
            continue
        listening, granting = _pair(plan, f"{name}_{read}" if read else None, f"{name}_{spread}")
        made.namespace |= {f"{kind}_listen": listening, f"{kind}_grant": granting}
        listen.append(f"heard = {kind}_listen(own_index, {variable})")
        moved.append(f"{kind}_grant(own_index){'*dt/second' if kind == 'drifted' else ''}")
    total = " + ".join(moved)
    move = f"w = {f'clip({total}, weight_low, weight_high)' if bounded else total}\n{WANTED.name} = 0"
    for statement, order, what in (("\n".join(listen), LISTEN, "listen"), (move, MOVE, "move")):
        made.run_regularly(statement, clock=plan.clock, when="groups", order=order, name=f"{name}_{what}")


def _pair(plan: Blueprint, read: str | None, spread: str) -> tuple[brian2.Function, brian2.Function]:
    """Functions of one synapse after the other: note what it says; give what it gets of all that was said."""
    tables, names = plan.given.tables, list(plan.given.tables)
    reading = None if read is None else tables[read].values
    heard = [np.zeros(0)]

    def listen(i: np.ndarray, x: np.ndarray) -> np.ndarray:
        heard[0] = np.array(x) if reading is None else reading.T @ x
        return x

    def grant(i: np.ndarray) -> np.ndarray:
        return tables[spread].values @ heard[0]

    which, told = names.index(spread), -1 if read is None else names.index(read)
    made = []
    for function, arguments, call in (
        (listen, ("int i", "double x"), f"given::listen({told}, {which}, i, x)"),
        (grant, ("int i",), f"given::grant({which}, i)"),
    ):
        name = f"{spread}_{function.__name__}"
        found = brian2.Function(function, arg_units=[1] * len(arguments), return_unit=1, stateless=False)
        found.implementations.add_numpy_implementation(function, discard_units=True)
        text = f"static inline double {name}({', '.join(arguments)}) {{ return {call}; }}"
        found.implementations.add_implementation("cpp", text, name=name)
        made.append(found)
    return made[0], made[1]
