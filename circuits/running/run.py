"""Run a circuit: choose an engine and a device, say which and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING

from circuits.network.circuit import Circuit
from circuits.network.run_record import Run
from circuits.running.arguments import check_arguments
from circuits.running.devices import DEVICES, is_short
from circuits.spiking.structure import compiler
from plasticity.compile.classify import clock_driven
from plasticity.errors import InputError, UnknownNameError
from plasticity.support.cli import say

if TYPE_CHECKING:
    from circuits.running.third_factor import Events
    from plasticity.controllability import Controllability
    from plasticity.feedback import FeedbackChannel


def run(
    circuit: Circuit,
    duration: float,
    dt: float = 1e-3,
    device: str | None = None,
    record_every: float | None = None,
    seed: int = 0,
    record: Sequence[str] = (),
    n_tracked: int = 20,
    feedback: FeedbackChannel | Sequence[FeedbackChannel] | Mapping | None = None,
    controllability: Controllability | Mapping[str, Controllability] | None = None,
    record_weights: str | PathLike | None = None,
    third_factor: Events | Mapping[str, Events] | None = None,
) -> Run:
    """Simulate `circuit`: rate neurons in the rate engine, spiking ones in Brian2.

    Parameters
    ----------
    circuit : Circuit
    duration : float
        Simulated time [s].
    dt : float
        Time step [s]; every given spike must lie on its grid.
    device : {"cpp", "numpy"}, optional
        ``"numpy"`` needs no compiler and skips silent gaps of event-driven circuits exactly; ``"cpp"`` compiles the
        equations once, keeps them, and is told every number when it runs. By default numpy where gaps can be skipped,
        the run is short or there is no compiler, else cpp.
    record_every : float, optional
        Interval of recorded weights [s]; by default only the final weights are kept.
    seed : int
        Seed of everything random.
    record : sequence of str
        What to record beside the weights: states of the rules; in rate circuits also ``"rate"`` and
        ``"information"``; in spiking circuits also populations, whose spikes are kept, and variables of neurons as
        ``"population.variable"``.
    n_tracked : int
        Synapses of each projection that are recorded, at even distances.
    feedback : FeedbackChannel, optional
        What becomes of the error, the reward or the change of the loss, on its way; for a rate circuit also a sequence
        with one channel for each member of the batch, for a spiking one with one for each neuron that sends, or a
        mapping from paths of feedback to channels.
    controllability : Controllability or mapping of str to Controllability, optional
        Which weights can change, of all plastic projections or by their names.
    record_weights : path, optional
        netCDF-4 file for all weights of all plastic projections at every `record_every`; the memory that a run takes
        does not grow with it, and a run that ends early leaves what it recorded, or no file.
    third_factor : sequence of float, of (n,) arrays, or mapping of str to either, optional
        Times [s] of the third-factor events (rewards, plateau potentials) of the rules: one train for all synapses,
        one for the synapses on each postsynaptic neuron, or such trains by the names of plastic projections.

    Returns
    -------
    Run

    Raises
    ------
    InputError
        If spikes lie off the grid or beyond `duration`, the device is unknown, its compiler is missing or fails,
        the circuit has no feedback that a channel could disturb or nothing plastic to limit, a weight starts outside
        its bounds, a rule waits for third-factor events and there are none, or `record_weights` cannot be written.
    DivergedError
        If a weight, a rate or a variable of a neuron leaves the finite numbers.

    Examples
    --------
    >>> from circuits.pairing import pairing
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> circuit = pairing([[0.010]], [[0.020]], pair_stdp(A_plus=0.01, tau_plus=0.02))
    >>> print(f"{run(circuit, 0.03).final['synapses'][0]:.6f}")  # 1 + 0.01·exp(−1/2)
    1.006065

    A reward 50 ms later, for a rule that waits for one:

    >>> from plasticity.rules.reward_stdp import reward_stdp
    >>> rewarded = run(pairing([[0.010]], [[0.020]], reward_stdp()), 0.2, device="numpy", third_factor=[0.07])
    >>> bool(rewarded.final["synapses"][0] > 1)
    True
    """
    check_arguments(circuit, record, n_tracked, controllability)
    _announce_idle(circuit, duration)
    if circuit.is_rate:
        from circuits.rate import engine as rate

        if device is not None and device not in DEVICES:
            raise UnknownNameError("device", device, DEVICES)  # else no matter: rates run in one way only
        if third_factor is not None:
            raise InputError("third_factor: synapses of rate neurons have no events; leave it out")
        if isinstance(feedback, Mapping):
            raise InputError(
                "feedback is a mapping, but rate circuits have one path; give one channel or one per member"
            )
        told = (feedback, controllability, record_weights)
        return rate.run(circuit, duration, dt, seed, record_every, record, n_tracked, *told)
    from circuits.running.prepare import prepared
    from circuits.spiking import engine as spiking

    found = prepared(
        circuit, duration, dt, record_every, seed, record, n_tracked, feedback, controllability, third_factor
    )
    device = choose_device(found.circuit, device, duration / dt)
    return spiking.run(found.circuit, found.grid, device, found.record, found.channels, record_weights)


def _announce_idle(circuit: Circuit, duration: float) -> None:
    """Say which rules do not act before the end."""
    for name, rule in circuit.rules.items():
        if "clock" in rule.events and rule.clock_dt is not None and rule.clock_dt >= duration:
            say(
                f"rule {rule.name!r} of {name!r} acts every {rule.clock_dt:g} s, which is never in {duration:g} s; "
                "set its clock_step"
            )


def choose_device(circuit: Circuit, device: str | None, n_steps: float = float("inf")) -> str:
    """Device that runs `circuit` for `n_steps`; the choice is announced where nobody made it.

    Without a wish it is numpy where gaps can be skipped or the run takes less time than to build C++.

    Raises
    ------
    InputError
        If `device` is unknown, or cpp is asked for and there is no compiler.
    """
    if device is not None and device not in DEVICES:
        raise UnknownNameError("device", device, DEVICES)
    if device == "cpp" and compiler() is None:
        raise InputError(
            "device 'cpp' needs a C++ compiler and make, which were not found; install them or use 'numpy'"
        )
    if device is not None:
        return device
    given = all(p.is_passive for p in circuit.populations)
    if given and not any(clock_driven(rule) for rule in circuit.rules.values()):
        return "numpy"
    if is_short(n_steps, sum(p.n_synapses for p in circuit.projections)):
        return "numpy"
    if compiler() is None:
        say("no C++ compiler found: running with Brian2's numpy target, which is slower")
        return "numpy"
    say("something in this circuit changes at every step: running as compiled C++ (built once, then kept)")
    return "cpp"
