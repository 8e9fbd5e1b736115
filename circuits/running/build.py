"""Brian2 network of a spiking circuit, to look at and to add to before it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from circuits.network.circuit import Circuit
from circuits.running.arguments import check_arguments
from plasticity.errors import InputError

if TYPE_CHECKING:
    from circuits.running.third_factor import Events
    from circuits.spiking.numpy_device import BrianNetwork
    from plasticity.controllability import Controllability
    from plasticity.feedback import FeedbackChannel


def build(
    circuit: Circuit,
    duration: float,
    dt: float = 1e-3,
    record_every: float | None = None,
    seed: int = 0,
    record: Sequence[str] = (),
    n_tracked: int = 20,
    feedback: FeedbackChannel | Sequence[FeedbackChannel] | Mapping | None = None,
    controllability: Controllability | Mapping[str, Controllability] | None = None,
    third_factor: Events | Mapping[str, Events] | None = None,
) -> BrianNetwork:
    """Build the Brian2 objects that ``circuits.run(…, device="numpy")`` would run.

    Parameters
    ----------
    circuit : Circuit
    duration, dt, record_every, seed, record, n_tracked, feedback, controllability, third_factor
        As in `circuits.run`.

    Returns
    -------
    BrianNetwork
        With the ``network`` of Brian2, its ``objects`` by name (populations, projections, …), and ``run()``, which
        takes it to the end, once, and returns the `Run`. Objects of your own go in by ``network.add``.

    Raises
    ------
    InputError
        If the circuit is one of rates, or the arguments do not fit.

    Examples
    --------
    >>> import brian2
    >>> from circuits import load
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> made = build(load("pairing")([[0.01]], [[0.02]], pair_stdp(A_plus=0.01, tau_plus=0.02)), 0.03)
    >>> monitor = brian2.StateMonitor(made.objects["synapses"], "pre_trace", record=True, dt=1 * brian2.ms)
    >>> made.network.add(monitor)
    >>> print(f"{made.run().final['synapses'][0]:.6f}", monitor.pre_trace.shape)
    1.006065 (1, 30)
    """
    check_arguments(circuit, record, n_tracked, controllability)
    if circuit.is_rate:
        raise InputError(f"circuit {circuit.name!r} is one of rates, which do not run in Brian2; use circuits.run")
    from circuits.running.prepare import prepared
    from circuits.spiking import engine as spiking

    found = prepared(
        circuit, duration, dt, record_every, seed, record, n_tracked, feedback, controllability, third_factor
    )
    return spiking.build(found.circuit, found.grid, found.record, found.channels)
