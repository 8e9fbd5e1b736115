"""Structure and inputs of a spiking model: what Brian2 objects are built from, and the numbers of one run.

`ModelStructure` is all that shapes the generated code; its canonical text is the key of a compiled model. `RunInputs`
holds the numbers that may differ between two runs of one model. Network builders read nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from plasticity.controllability import Constraint
from plasticity.support.streams import Counted

STEPS = "steps"  # clock of all that is advanced

SCHEDULE = ("start", "thresholds", "synapses", "groups", "resets", "end")  # of a time step


@dataclass(frozen=True)
class Function:
    """Function that equations call as `symbol`; its numbers are run inputs.

    Parameters
    ----------
    symbol : str
    kind : {"table", "draw", "noise", "delay", "coupling"}
        ``f(t, i)`` reads the table `name`, or computes the random number of its place; ``f(step, delay, n, i, x)``
        returns the x of `delay` steps before, once per step and element; ``f(dt)`` computes the changes of coupled
        synapses.
    name : str
        Unique in the model.
    unit : str
        Brian2 unit of the value.
    """

    symbol: str
    kind: str
    name: str
    unit: str = "1"


@dataclass(frozen=True)
class Operation:
    """Statements that a group carries out at every tick of a clock."""

    name: str
    code: str
    when: str
    order: int
    clock: str = STEPS


@dataclass(frozen=True)
class Event:
    """Event of a neuron besides its spikes, with what it does to the neuron."""

    name: str
    condition: str
    order: int
    after: str


@dataclass(frozen=True)
class Link:
    """Variable of a group that is a variable of another group, of the same neuron or of the one that `index` says."""

    variable: str
    source: str
    source_variable: str
    index: str | None = None


@dataclass(frozen=True)
class SpikeSource:
    """Group that fires the spike trains of a run; `size` as in `NeuronGroup`."""

    name: str
    size: str


@dataclass(frozen=True)
class NeuronGroup:
    """Arguments of a Brian2 ``NeuronGroup`` and the operations of its neurons; `size` names a number of a run."""

    name: str
    size: str
    equations: str
    threshold: str = ""
    reset: str = ""
    refractory: str = ""
    method: str = "exact"
    threshold_order: int = 0
    reset_order: int = 0  # in slot ``groups``
    update_order: int = 0
    events: tuple[Event, ...] = ()
    operations: tuple[Operation, ...] = ()
    functions: tuple[Function, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Pathway:
    """What spikes or events of one side of a synapse do, after a delay that is a run input, shared or one for each."""

    name: str
    side: str
    code: str
    when: str = "synapses"
    order: int = 0
    event: str = "spike"
    has_delays: bool = False


@dataclass(frozen=True)
class Reference:
    """Variable of the synapses that is a variable of another group, of the neuron at one side of each synapse."""

    variable: str
    source: str
    side: str


@dataclass(frozen=True)
class SynapseGroup:
    """Arguments of a Brian2 ``Synapses`` object and the operations of its synapses; the wiring is a run input."""

    name: str
    source: str
    target: str
    equations: str
    pathways: tuple[Pathway, ...] = ()
    method: str = "exact"
    update_order: int = 0
    summed_order: int = 0
    operations: tuple[Operation, ...] = ()
    functions: tuple[Function, ...] = ()
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True)
class SpikeRecord:
    """Monitor of spikes: their number ``count``, and where a run asks for them times ``t`` and neurons ``i``."""

    name: str
    source: str
    variables: ClassVar[tuple[str, ...]] = ("t", "i", "count")


@dataclass(frozen=True)
class StateRecord:
    """Monitor of a variable of all neurons of a group at the times of the record, where equations compute it anew."""

    name: str
    source: str
    variables: tuple[str, ...]
    size: str


ModelObject = SpikeSource | NeuronGroup | SynapseGroup | SpikeRecord | StateRecord


@dataclass(frozen=True)
class ModelStructure:
    """Structure of a model; equal structures have equal generated code.

    Parameters
    ----------
    objects : tuple of records
        Brian2 objects, each after those that it refers to.
    clocks : tuple of str
    values, tables : tuple of str
        Names of the numbers and tables that are read when a run starts.
    checked : tuple of str
        Arrays that must stay finite.
    plastic : tuple of str
        Groups of synapses whose weights are recorded.
    """

    objects: tuple[ModelObject, ...]
    clocks: tuple[str, ...]
    values: tuple[str, ...]
    tables: tuple[str, ...]
    checked: tuple[str, ...]
    plastic: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its objects."""
        return tuple(o.name for o in self.objects)

    @property
    def sizes(self) -> tuple[str, ...]:
        """Names of the numbers of neurons of groups."""
        return tuple(dict.fromkeys(o.size for o in self.objects if isinstance(o, SpikeSource | NeuronGroup)))

    @property
    def plasticity_clocks(self) -> tuple[str, ...]:
        """Clocks that tick for the first time after one interval, not at 0."""
        return tuple(name for name in self.clocks if name != STEPS)

    @property
    def saved(self) -> tuple[str, ...]:
        """Arrays of monitors, as ``"object.variable"``."""
        recorded = [
            f"{o.name}.{v}" for o in self.objects if isinstance(o, SpikeRecord | StateRecord) for v in o.variables
        ]
        return tuple(recorded)

    def columns(self, array: str) -> str | None:
        """Name of the number of columns of a saved array; None if it has one dimension."""
        name = array.partition(".")[0]
        record = next((o for o in self.objects if o.name == name and isinstance(o, StateRecord)), None)
        return None if record is None else record.size

    @property
    def delay_lines(self) -> tuple[str, ...]:
        """Functions that hold messages on their way."""
        groups = (o for o in self.objects if isinstance(o, NeuronGroup))
        return tuple(f.name for group in groups for f in group.functions if f.kind == "delay")

    @property
    def monitors(self) -> tuple[str, ...]:
        """Monitors that are called at the times of the record."""
        return tuple(o.name for o in self.objects if isinstance(o, StateRecord))


@dataclass(frozen=True, eq=False)
class Table:
    """Function of time and neuron: row k holds from ``start + k·step`` on, the last one for ever.

    Parameters
    ----------
    values : (n_rows, n) array
    step, start : float
        [s].
    """

    values: NDArray[np.float64]
    step: float = 1.0
    start: float = 0.0

    def __call__(self, t: float, i: NDArray[np.int64]) -> NDArray[np.float64]:
        """Values at time `t` [s] of the neurons `i`."""
        row = np.int64((t - self.start) / self.step + 1e-6)
        return self.values[np.minimum(row, len(self.values) - 1), i]


@dataclass(frozen=True, eq=False)
class RunInputs:
    """Numbers of one run.

    Parameters
    ----------
    sizes : dict of str to int
        Numbers of neurons of groups, by name.
    values : dict of str to array
        By ``"object.variable"``, in SI units; one number where all elements are alike.
    connections : dict of str to ((n_synapses,) array, (n_synapses,) array)
        Source and target of each synapse, by group of synapses.
    tables : dict of str to Table or Counted
    couplings : dict of str to Constraint
        Limits of control that couple the synapses of a group.
    pauses : array
        Times [s] at which the numbers are checked: also where a plasticity clock starts, and the end.
    records : array
        Those of them at which the record is made.
    recorded : dict of str to array
        Elements of ``"object.variable"`` that are recorded then.
    spikes : tuple of str
        Monitors that keep the times of spikes.
    start : dict of str to array
        State from which the run goes on, by name; empty at the beginning.
    begins : float
        Time at which the run begins [s].
    counters : dict of str to array
        Where streams of random numbers stand at the end.
    """

    sizes: dict[str, int] = field(default_factory=dict)
    values: dict[str, NDArray] = field(default_factory=dict)
    connections: dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]] = field(default_factory=dict)
    tables: dict[str, Table | Counted] = field(default_factory=dict)
    couplings: dict[str, Constraint] = field(default_factory=dict)
    pauses: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    records: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    recorded: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    spikes: tuple[str, ...] = ()
    start: dict[str, NDArray] = field(default_factory=dict)
    begins: float = 0.0
    counters: dict[str, NDArray[np.uint64]] = field(default_factory=dict)
