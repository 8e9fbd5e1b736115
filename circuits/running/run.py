"""Run a circuit, or build its Brian2 network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING, overload

from circuits.network.circuit import Circuit
from circuits.network.phase import Channels, Phase
from circuits.network.run_record import Run
from circuits.network.run_state import RunState
from circuits.running.cautions import warn_no_updates, warn_of_outcome
from circuits.running.devices import engine, is_short
from circuits.running.experiment import AfterPhase, Experiment, check_experiment
from circuits.running.grid import Grid, steps_in
from circuits.running.prepare import Events, Limits, Prepared, check_arguments, check_ends, limited, prepared
from circuits.running.recording import Tracked
from circuits.running.stimuli import frozen_projections
from circuits.running.weight_file import WeightTarget
from circuits.spiking.toolchain import compiler
from plasticity.compile.classify import clock_driven
from plasticity.errors import InputError
from plasticity.support.checks import checked, require_number
from plasticity.support.cli import say

if TYPE_CHECKING:
    from circuits.spiking.numpy_device import BrianNetwork


@overload
def run(
    circuit: Circuit,
    duration: float,
    dt: float = ...,
    device: str | None = ...,
    record_every: float | None = ...,
    seed: int | None = ...,
    record: Sequence[str] = ...,
    n_tracked: int = ...,
    feedback: Channels = ...,
    controllability: Limits = ...,
    record_weights: str | PathLike | None = ...,
    third_factor: Events = ...,
    tracked: Tracked = ...,
    trials: int = ...,
    carry: bool = ...,
    start: RunState | None = ...,
    after_phase: AfterPhase | None = ...,
) -> Run: ...
@overload
def run(
    circuit: Circuit,
    duration: Sequence[Phase],
    dt: float = ...,
    device: str | None = ...,
    record_every: float | None = ...,
    seed: int | None = ...,
    record: Sequence[str] = ...,
    n_tracked: int = ...,
    feedback: Channels = ...,
    controllability: Limits = ...,
    record_weights: str | PathLike | None = ...,
    third_factor: Events = ...,
    tracked: Tracked = ...,
    trials: int = ...,
    carry: bool = ...,
    start: RunState | None = ...,
    after_phase: AfterPhase | None = ...,
) -> tuple[Run, ...]: ...
@checked
def run(
    circuit: Circuit,
    duration: float | Sequence[Phase],
    dt: float = 1e-3,
    device: str | None = None,
    record_every: float | None = None,
    seed: int | None = None,
    record: Sequence[str] = (),
    n_tracked: int = 20,
    feedback: Channels = None,
    controllability: Limits = None,
    record_weights: str | PathLike | None = None,
    third_factor: Events = None,
    tracked: Tracked = None,
    trials: int = 1,
    carry: bool = False,
    start: RunState | None = None,
    after_phase: AfterPhase | None = None,
) -> Run | tuple[Run, ...]:
    """Simulate `circuit`: rate neurons in the rate engine, spiking ones in Brian2.

    Parameters
    ----------
    circuit : Circuit
    duration : float or sequence of Phase
        Simulated time [s]; or phases, which follow one another without loss of state.
    dt : float
        Time step [s]; prescribed spike times must be multiples of it.
    device : {"cpp", "numpy"}, optional
        ``"numpy"`` needs no compiler and skips silent gaps of event-driven circuits exactly; ``"cpp"`` compiles the
        equations once for all values of the parameters. By default numpy where gaps can be skipped, the run is short or
        there is no compiler, else cpp.
    record_every : float, optional
        Interval of the records [s]; by default only the final weights are recorded.
    seed : int, optional
        Seed of everything random; by default that of `start`, else 0.
    record : sequence of str
        What to record beside the weights: states of the rules; in rate circuits also ``"rate"`` and
        ``"information"``; in spiking circuits also spikes by the name of the population, and variables of neurons as
        ``"population.variable"``.
    n_tracked : int
        Number of synapses of each projection that are recorded, at even distances.
    feedback : FeedbackChannel, optional
        Channel through which the error, the reward or the change of the loss is transmitted; for a rate circuit also
        one for each member of the batch, for a spiking one also one for each neuron that sends, or a mapping from paths
        of feedback to channels.
    controllability : Controllability or mapping of str to Controllability, optional
        Which changes of the weights are possible, in all plastic projections or by their names.
    record_weights : path, optional
        netCDF-4 file for all weights of all plastic projections at every `record_every`; the memory that a run takes
        does not grow with it, and a run that ends early leaves what it recorded, or no file.
    third_factor : sequence of float, of (n,) arrays, or mapping of str to either, optional
        Times [s] of the third-factor events (rewards, plateau potentials) of the rules: one train for all synapses,
        one for the synapses on each postsynaptic neuron, or such trains by the names of plastic projections.
    tracked : (n_tracked,) sequence of int or mapping of str to such sequences, optional
        Synapses that are recorded, in place of those at even distances: their places in ``weight.ravel()`` or in the
        list of synapses, for all plastic projections or by name. `circuits.Projection.ends` says which neurons they
        connect.
    trials : int
        How often the phases are run, each time with other random numbers.
    carry : bool
        Whether a trial begins with the state in which the one before ended; by default all begin with the same state.
    start : RunState, optional
        ``run.state`` of an earlier run of this circuit, from which this one goes on, also in time and in what the
        circuit presents. A run that is cut in two in this way is, to the last bit, the run as a whole.
    after_phase : function of Run, optional
        Called with the record of every phase when it ends, to look at it or to change its state: if it returns a
        `RunState`, such as ``run.state.with_values(…)``, the next phase begins with that one. Phases of equal length,
        ``[Phase(0.1)] * 50``, are calls at intervals. What it changes cannot be repeated from a file.

    Returns
    -------
    Run or tuple of Run
        Of phases one record each, those of the first trial first.

    Raises
    ------
    InputError
        If spikes lie off the grid or beyond `duration`, the device is unknown, its compiler is missing or fails,
        the circuit has no feedback that a channel could disturb or nothing plastic to limit, a weight starts outside
        its bounds, a rule waits for third-factor events and there are none, `record_weights` cannot be written, or
        `start` is no state of this circuit.
    DivergedError
        If a weight, a rate or a variable of a neuron leaves the finite numbers; names it, the time and the phase.

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
    seed = seed if seed is not None else (start.seed or 0) if isinstance(start, RunState) else 0
    arguments = {name: value for name, value in locals().items() if name not in ("record_weights", "after_phase")}
    check_arguments(circuit, device, n_tracked, feedback, controllability, third_factor)
    require_number("dt", dt, low=0, exclusive=True, unit="s")
    is_one = not isinstance(duration, Sequence)
    phases = [Phase(duration)] if isinstance(duration, float | int) else list(duration)
    target = None if record_weights is None else WeightTarget(record_weights, arguments)
    check_experiment(phases, dt, trials, record_weights, start)
    if is_one and trials > 1:
        raise InputError(f"trials is {trials}, for phases alone; give [Phase({duration:g})] in place of {duration:g}")
    total = sum(steps_in("duration", p.duration, dt) for p in phases)
    first = 0 if start is None else start.step
    warn_no_updates(circuit, first * dt, (first + total) * dt)
    circuit = limited(circuit, controllability, third_factor, seed)
    if is_one and start is None:
        check_ends(circuit, total * dt)
    engine = engine_of(circuit, device, total * trials, target)
    filled = tuple(p.with_defaults(record, record_every, feedback) for p in phases)
    experiment = Experiment(circuit, filled, Grid(dt, total * dt, seed), n_tracked, tracked, engine, after_phase)
    made, is_repeatable = experiment.run(trials, carry, start)
    plastic = frozenset(circuit.rules)
    warn_of_outcome(made, [plastic - frozen_projections(circuit, p.plastic) for _ in range(trials) for p in phases])
    runs = tuple(replace(one, arguments=arguments if is_repeatable else {}) for one in made)
    return runs[0] if is_one else runs


@checked
def build(
    circuit: Circuit,
    duration: float,
    dt: float = 1e-3,
    record_every: float | None = None,
    seed: int = 0,
    record: Sequence[str] = (),
    n_tracked: int = 20,
    feedback: Channels = None,
    controllability: Limits = None,
    third_factor: Events = None,
    tracked: Tracked = None,
) -> BrianNetwork:
    """Build the Brian2 objects that ``circuits.run(…, device="numpy")`` would run, to inspect and extend them.

    Parameters
    ----------
    circuit : Circuit
    duration, dt, record_every, seed, record, n_tracked, feedback, controllability, third_factor, tracked
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
    check_arguments(circuit, None, n_tracked, feedback, controllability, third_factor)
    if circuit.is_rate:
        raise InputError(f"circuit {circuit.name!r} is one of rates, which do not run in Brian2; use circuits.run")
    grid = Grid(dt, steps_in("duration", duration, dt) * dt, seed)
    phase = Phase(duration, record=record, record_every=record_every, feedback=feedback)
    circuit = limited(circuit, controllability, third_factor, seed)
    check_ends(circuit, grid.duration)
    ready = prepared(circuit, phase, grid, n_tracked, tracked)
    return engine("spiking").build(ready.circuit, ready.grid, ready.record, ready.channels)


def engine_of(
    circuit: Circuit, device: str | None, n_steps: int, record_weights: WeightTarget | None
) -> Callable[[Prepared, RunState | None], Run]:
    """Function that runs a phase of a circuit from a state, or from the beginning."""
    if circuit.is_rate:
        rates = engine("rate")
        return lambda ready, start: rates.run(
            ready.circuit, ready.grid, ready.record, ready.channels, record_weights, start, ready.frozen
        )
    spikes, chosen = engine("spiking"), choose_device(circuit, device, n_steps)
    return lambda ready, start: spikes.run(
        ready.circuit, ready.grid, chosen, ready.record, ready.channels, record_weights, start, ready.frozen
    )


def choose_device(circuit: Circuit, device: str | None, n_steps: float = float("inf")) -> str:
    """Device that runs `circuit` for `n_steps`.

    By default it is numpy where gaps can be skipped or the run takes less time than to build C++; a message tells it.

    Raises
    ------
    InputError
        If cpp is chosen and there is no compiler.
    """
    if device == "cpp" and compiler() is None:
        raise InputError("device 'cpp' needs a C++ compiler and make; install them or use 'numpy'")
    if device is not None:
        return device
    if all(p.is_passive for p in circuit.populations) and not any(
        clock_driven(rule) for rule in circuit.rules.values()
    ):
        return "numpy"
    if is_short(n_steps, sum(p.n_synapses for p in circuit.projections)):
        return "numpy"
    if compiler() is None:
        say("no C++ compiler found: running with Brian2's numpy target, which is slower")
        return "numpy"
    say("something in this circuit changes at every step: running as compiled C++ (built once, then cached)")
    return "cpp"
