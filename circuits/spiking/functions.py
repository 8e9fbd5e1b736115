"""Functions that equations call, each with a NumPy implementation and the text of a C++ one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import brian2
import numpy as np
from numpy.typing import NDArray

from circuits.spiking.structure import Function, ModelStructure
from plasticity.controllability import Constraint, drift, project
from plasticity.equations import seconds_power

if TYPE_CHECKING:
    from circuits.spiking.network import Builder

REQUESTED, PERMITTED = "requested_change", "permitted_change"


def _unit(unit: str) -> brian2.Unit | int:
    power = seconds_power(unit)
    return brian2.second**power if power else 1


def _function(
    record: Function,
    call: Callable | None,
    arguments: dict[str, Any],
    types: str,
    cpp: str,
    stateless: bool = True,
) -> brian2.Function:
    """Function with a NumPy implementation and the text of a C++ one, which returns `cpp`."""

    def missing(*_: Any) -> Any:
        raise RuntimeError(f"{record.name} has no numbers")

    function = brian2.Function(
        call or missing,
        arg_units=list(arguments.values()),
        arg_names=list(arguments),
        return_unit=_unit(record.unit),
        stateless=stateless,
    )
    function.implementations.add_numpy_implementation(call or missing, discard_units=True)
    text = f"static inline double {record.name}({types}) {{ return {cpp}; }}"
    function.implementations.add_implementation("cpp", text, name=record.name)
    return function


def _table(builder: Builder, record: Function) -> brian2.Function:
    read = None if builder.inputs is None else builder.inputs.tables[record.name]
    call = None if read is None else lambda t, i: read(t, i)
    table = _cpp_table(builder.structure, record.name)
    cpp = f"{table}(t, i)" if record.kind == "table" else f"run_inputs::{record.kind}({table}, t, i)"
    return _function(record, call, {"t": brian2.second, "i": 1}, "const double t, const int i", cpp)


def _cpp_table(structure: ModelStructure, name: str) -> str:
    return f"run_inputs::Tables<{structure.tables.index(name)}>::value"


def held() -> brian2.Function:
    """Function `plasticity.support.held`."""
    made = brian2.Function(
        lambda on, new, old: np.where(on > 0, new, old),
        arg_units=[1, None, None],
        arg_names=["on", "new", "old"],
        return_unit=lambda on, new, old: old,
        stateless=True,
    )
    made.implementations.add_numpy_implementation(made.pyfunc, discard_units=True)
    text = "static inline double held(double on, double x, double old) { return on > 0.0 ? x : old; }"
    made.implementations.add_implementation("cpp", text, name="held")
    return made


def _delay(builder: Builder, record: Function) -> brian2.Function:
    units = {"step": 1, "delay": 1, "n": 1, "i": 1, "x": _unit(record.unit)}
    types = "const int64_t step, const int64_t delay, const int64_t n, const int64_t i, const double x"
    cpp = f"{cpp_line(builder.structure, record.name)}.exchange(step, delay, n, i, x)"
    line = builder.lines.setdefault(record.name, DelayLine())
    return _function(record, lambda *message: line.exchange(*message), units, types, cpp, stateless=False)


def cpp_line(structure: ModelStructure, name: str) -> str:
    """Messages on their way, in C++."""
    return f"run_inputs::DelayLines<{structure.delay_lines.index(name)}>::value"


class DelayLine:
    """Messages on their way."""

    def __init__(self) -> None:
        self.messages = np.zeros((0, 0))

    def exchange(self, step: Any, delay: Any, n: Any, i: Any, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Messages (n,) of `delay` steps before, 0 at first, in exchange for the newest ones x (n,)."""
        if not delay:
            return x
        if not self.messages.size:
            self.messages = np.zeros((int(delay), int(n)))
        slot = int(step) % int(delay)
        oldest = self.messages[slot].copy()
        self.messages[slot] = x
        return oldest


def permitted_change(limits: Constraint, requested: NDArray, weights: NDArray, dt: float) -> NDArray[np.float64]:
    """Part of the requested changes along the directions of control, and what a coupling drift adds in a step."""
    change = project(limits, requested)
    return change if limits.drift_matrix is None else np.asarray(change + dt * drift(limits, weights))


def _coupling(builder: Builder, record: Function) -> brian2.Function:
    made = builder.objects[record.name]
    requested, weights, permitted = (made.variables[name] for name in (REQUESTED, "w", PERMITTED))
    limits = None if builder.inputs is None else builder.inputs.couplings[record.name]

    def project_changes(dt: float) -> float:
        assert limits is not None
        permitted.set_value(permitted_change(limits, requested.get_value(), weights.get_value(), dt))
        return 1.0

    tables = [f"{record.name}_{kind}" for kind in ("read", "control", "removed", "drift")]
    present = [
        f"&{_cpp_table(builder.structure, name)}" if name in builder.structure.tables else "nullptr" for name in tables
    ]
    cpp = "0.0"
    if builder.inputs is None:
        device = brian2.get_device()
        arrays = [f"brian::{device.get_array_name(v, access_data=False)}" for v in (requested, weights, permitted)]
        cpp = f"run_inputs::project_changes({', '.join([*present, *arrays])}, dt)"
    return _function(record, None if limits is None else project_changes, {"dt": brian2.second}, "const double dt", cpp)


FUNCTIONS = {"table": _table, "draw": _table, "noise": _table, "delay": _delay, "coupling": _coupling}
