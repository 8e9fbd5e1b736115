"""Replay of spike trains: a rule in one synapse between one pre- and one postsynaptic neuron, exact between events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from plasticity.compile.classify import event_driven
from plasticity.compile.events import EVENT_CODES, loop_module
from plasticity.dataset import make_dataset
from plasticity.errors import DivergedError, InputError
from plasticity.rule import WEIGHT, Rule
from plasticity.support.catalog import require_made
from plasticity.support.checks import checked, plain, refuse_units, require_number, warn_of_gap
from plasticity.support.units import own_unit

if TYPE_CHECKING:
    import xarray as xr

DECAYS = 37.0  # time constants in which exp(-t/tau) falls below the rounding of 1: 53 ln 2
PAIRED = 0.5  # s between spikes of two neurons that tell seconds from milliseconds
_SIMULTANEOUS = 12  # decimals of a second to which spike times are compared
_REMEDY = "check the parameters of the rule and the initial values of its beliefs"


@checked
def replay(
    rule: Rule,
    pre_spikes: ArrayLike,
    post_spikes: ArrayLike,
    weight: float = 1.0,
    duration: float | None = None,
    third_factor: ArrayLike = (),
    axonal_delay: float = 0.0,
    dendritic_delay: float = 0.0,
) -> xr.Dataset:
    """Weight and states of one synapse after every event.

    Variables that relax on their own are advanced by their closed form, coupled or nonlinear ones by
    extrapolation to a relative error of 1e-13 between events. Of events at one time the pre spike is taken first, then
    the post spike, then the third factor, then the clock of rules that have one: it ticks at ``clock_step``,
    ``2·clock_step``, … before the end.

    Parameters
    ----------
    rule : Rule
        A rule that runs on spikes (compose a derived one with a signal by `Rule.with_signal`).
    pre_spikes, post_spikes : (n,) and (m,) array
        Spike times [s], increasing, not negative.
    weight : float
        Initial weight [1].
    duration : float, optional
        End of the run [s]; by default when all that the events cause has happened (`settling_time`): the effect of the
        last pre spike where it is delayed, the tick that follows the last event, and a flow of the weight that
        decays. A weight that never comes to rest ends with the last event.
    third_factor : (k,) array, optional
        Times of a third factor [s], such as plateau potentials or rewards, for rules that react to it.
    axonal_delay, dendritic_delay : float
        Times that pre and post spikes need to the synapse [s]: it sees ``t_pre + axonal_delay`` and
        ``t_post + dendritic_delay``, so that a pair ``t_post − t_pre`` apart acts like one that is longer by the
        difference of the two. Networks have both, for each synapse (`circuits.Projection`).

    Returns
    -------
    xarray.Dataset
        ``weight(time)`` and every state, from time 0 to the end, each just after the event.

    Raises
    ------
    InputError
        If spikes are out of order, negative or not finite, the weight starts outside the bounds of the rule, a
        parameter has no value, or the rule needs a gradient.
    DivergedError
        If a variable leaves the finite numbers; names it and the time.

    Examples
    --------
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> ds = replay(pair_stdp(A_plus=0.01, tau_plus=0.02), [0.1], [0.12])
    >>> print(f"{float(ds.weight[-1]) - 1:.6f}")  # 0.01/e
    0.003679
    """
    require_made(rule, Rule, "plasticity.rules")
    weight = require_number("weight", weight)
    if rule.bounds is not None and not rule.bounds[0] <= weight <= rule.bounds[1]:
        low, high = rule.bounds
        raise InputError(f"weight is {weight:g}, outside the bounds {low:g} … {high:g} of the rule; start inside")
    delays = {"axonal_delay": axonal_delay, "dendritic_delay": dendritic_delay}
    axonal, dendritic = (require_number(name, delay, low=0, unit="s") for name, delay in delays.items())
    trains = spike_protocol({"pre_spikes": pre_spikes, "post_spikes": post_spikes, "third_factor": third_factor})
    events = {
        "pre": np.round(trains["pre_spikes"] + axonal, _SIMULTANEOUS),
        "post": np.round(trains["post_spikes"] + dendritic, _SIMULTANEOUS),
        "third_factor": trains["third_factor"],
    }
    if events["third_factor"].size and "third_factor" not in rule.events:
        raise InputError(f"third_factor: rule {rule.name!r} does nothing at such events; leave it out")
    last = _last(events)
    if duration is None:
        end = last + settling_time(rule)
    else:
        end = require_number("duration", duration, low=last, unit="s (the last event)")
    times, kinds = _merge(events, end, _tick(rule))
    names = ["weight", *(s.name for s in rule.states)]
    path = np.empty((times.size, len(names)))
    final = np.empty((1, 1))
    bounds = (np.array([0]), np.array([times.size]))
    loop_module(rule).run(times, kinds, *bounds, _vectors(rule, None), np.array([float(weight)]), final, path)
    bad = ~np.isfinite(path)
    if bad.any():
        event, column = np.argwhere(bad)[0]
        raise DivergedError(names[column], times[event], _REMEDY)
    start = [float(weight), *(s.initial for s in rule.states)]
    path = np.vstack([start, path])
    units = ["1", *(s.unit for s in rule.states)]
    meanings = ["synaptic weight", *(s.meaning or s.name for s in rule.states)]
    return make_dataset(
        {n: ("time", path[:, i], units[i], meanings[i]) for i, n in enumerate(names)},
        {"time": ("time", np.concatenate([[0.0], times]), "s", "time")},
        title=f"{rule.title} on spike trains",
        rule=rule.name,
        engine="replay",
        parameters=rule.values,
        references=rule.references,
    )


def final_weights(
    rule: Rule,
    pre: Sequence[ArrayLike],
    post: Sequence[ArrayLike],
    parameters: ArrayLike | None = None,
    weight: float = 1.0,
) -> NDArray[np.float64]:
    """Weights after many protocols, for many parameter vectors, in one compiled call.

    Each ends when all that its spikes cause has happened, see `settling_time`.

    Parameters
    ----------
    rule : Rule
    pre, post : sequences of (n,) arrays
        Spike times [s] of each protocol.
    parameters : (n_vectors, n_parameters) array, optional
        Values in the order of ``rule.parameters``; by default the rule's own values (one vector).
    weight : float
        Initial weight [1].

    Returns
    -------
    (n_vectors, n_protocols) array
        NaN or inf where a run diverged.

    Raises
    ------
    InputError
        As `replay`.

    Examples
    --------
    >>> from plasticity.rules.pair_stdp import pair_stdp
    >>> final_weights(pair_stdp(A_plus=0.01, A_minus=0.0), [[0.0], [0.0]], [[0.0], []]) - 1
    array([[0.01, 0.  ]])
    """
    settle = settling_time(rule, parameters)
    return run_events(rule, merge_protocols(pre, post, settle=settle, tick=_tick(rule)), parameters, weight)


def settling_time(rule: Rule, parameters: ArrayLike | None = None) -> float:
    """Time after its last event in which a rule does all that the events cause [s].

    The longest of: ``pre_delay``, after which a presynaptic spike acts; the time between ticks of its clock; the decay
    of a flow of the weight to below rounding, 37 time constants. 0 where the weight never comes to rest.

    Parameters
    ----------
    rule : Rule
    parameters : (n_vectors, n_parameters) array, optional
        Values in the order of ``rule.parameters``, of which the slowest count; by default the rule's own values.

    Examples
    --------
    >>> from plasticity.rules.graupner_calcium import graupner_calcium
    >>> print(f"{settling_time(graupner_calcium('DP')):.4f}")  # 0.0137 + 37·0.02
    0.7537
    """
    values = dict(zip((p.symbol for p in rule.parameters), _vectors(rule, parameters).T, strict=True))
    delay = next((v for p, v in values.items() if p.name == "pre_delay"), np.zeros(1))
    return float(np.max(delay) + max(_tick(rule) or 0.0, _decay_time(rule, values)))


def _decay_time(rule: Rule, values: Mapping[sp.Symbol, NDArray]) -> float:
    """Time [s] in which a flow of the weight that events cause decays to nothing; 0 where it does not."""
    if rule.weight_flow == 0:
        return 0.0
    decaying = {v: a for v, (a, b) in event_driven(rule).items() if b == 0 and a != 0 and rule.weight_flow.has(v)}
    decaying.pop(WEIGHT, None)
    if not decaying or sp.simplify(rule.weight_flow.subs(dict.fromkeys(decaying, 0))) != 0:
        return 0.0
    rates = [np.max(sp.lambdify(list(values), a, "numpy")(*values.values())) for a in decaying.values()]
    return DECAYS / -max(rates) if max(rates) < 0 else 0.0


def merge_protocols(
    pre: Sequence[ArrayLike],
    post: Sequence[ArrayLike],
    third_factor: Sequence[ArrayLike] | None = None,
    settle: float = 0.0,
    tick: float | None = None,
) -> tuple[NDArray, ...]:
    """Sort the events of every protocol into one list, for repeated use in `run_events`.

    Parameters
    ----------
    pre, post, third_factor : sequences of (n,) arrays
        Times [s] of the events of each protocol; no third factor by default.
    settle : float
        Time from the last event to the end [s], for weights that flow between events.
    tick : float, optional
        Time between ticks of rules that have a clock [s].
    """
    require_number("settle", settle, low=0, unit="s")
    trains = {"pre": pre, "post": post, "third_factor": [()] * len(pre) if third_factor is None else third_factor}
    for name, of_protocols in trains.items():
        if len(of_protocols) != len(pre):
            raise InputError(
                f"pre has {len(pre)} protocols, {name} has {len(of_protocols)}; each protocol needs one train"
            )
    merged = []
    for i in range(len(pre)):
        named = spike_protocol({f"{name}[{i}]": each[i] for name, each in trains.items()})
        events = dict(zip(trains, named.values(), strict=True))
        merged.append(_merge(events, _last(events) + settle, tick))
    sizes = np.array([t.size for t, _ in merged], dtype=np.int64)
    last = np.cumsum(sizes)
    times = np.concatenate([t for t, _ in merged]) if merged else np.empty(0)
    kinds = np.concatenate([k for _, k in merged]) if merged else np.empty(0, dtype=np.int64)
    return times, kinds, last - sizes, last


def run_events(
    rule: Rule,
    events: tuple[NDArray, ...],
    parameters: ArrayLike | None = None,
    weight: ArrayLike = 1.0,
    loop: ModuleType | None = None,
) -> NDArray[np.float64]:
    """Final weights, shape (n_vectors, n_protocols), for events that `merge_protocols` made.

    `weight` is the initial one, a number or one per protocol.

    `loop` is ``loop_module(rule)``, for callers that run one rule many times.
    """
    times, kinds, first, last = events
    vectors = _vectors(rule, parameters)
    final = np.empty((vectors.shape[0], first.size))
    nothing = np.empty((0, 1))
    try:
        start = np.array(np.broadcast_to(np.asarray(weight, dtype=float), first.shape))
    except ValueError:
        raise InputError(f"weight must be a number or one per protocol ({first.size}), got {weight!r}") from None
    (loop or loop_module(rule)).run(times, kinds, first, last, vectors, start, final, nothing)
    return final


def spike_trains(name: str, trains: Sequence[ArrayLike]) -> tuple[NDArray[np.float64], ...]:
    """Checked spike trains, named ``name[0]``, ``name[1]``, … in errors; see `spike_train`."""
    made = tuple(_spike_train(f"{name}[{i}]", train) for i, train in enumerate(trains))
    bare = [train for train, times in zip(made, trains, strict=True) if train.size > 1 and own_unit(times) is None]
    if bare:  # slow trains beside others are usual
        warn_of_gap(name, *bare)
    return made


def spike_protocol(trains: Mapping[str, ArrayLike]) -> dict[str, NDArray[np.float64]]:
    """Checked trains of one protocol by their names, of which the first two are those of the two neurons.

    Where these fire within half a second of each other, times are in seconds, however seldom they do.
    """
    made = {name: _spike_train(name, times) for name, times in trains.items()}
    pre, post, *_ = made.values()
    is_paired = bool(np.any(np.searchsorted(post, pre + PAIRED) > np.searchsorted(post, pre - PAIRED)))
    for name, train in made.items():
        if not is_paired and own_unit(trains[name]) is None:
            warn_of_gap(name, train)
    return made


def spike_train(name: str, times: ArrayLike) -> NDArray[np.float64]:
    """Checked spike times [s]: one-dimensional, finite, not negative, strictly increasing.

    Raises
    ------
    InputError
        If they are not; names the first offending spike.
    """
    train = _spike_train(name, times)
    if own_unit(times) is None:
        warn_of_gap(name, train)
    return train


def _spike_train(name: str, times: ArrayLike) -> NDArray[np.float64]:
    times = plain(name, times, "s")
    refuse_units(name, times)
    try:
        refuse_units(name, np.asarray(times))
        train = np.round(np.asarray(times, dtype=float), _SIMULTANEOUS)
    except InputError:
        raise
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{name} must be spike times in seconds, got {times!r}") from None
    if train.ndim != 1:
        raise InputError(f"{name} must be one-dimensional, got shape {train.shape}")
    if not np.all(np.isfinite(train)) or train.min(initial=0) < 0:
        raise InputError(f"{name} must be finite and >= 0 s, got {train[~(train >= 0) | ~np.isfinite(train)][0]}")
    wrong = np.flatnonzero(np.diff(train) <= 0)
    if wrong.size:
        i = wrong[0] + 1
        raise InputError(
            f"{name} is out of order: spike {i} at {train[i]:g} s does not follow {train[i - 1]:g} s; sort the times"
        )
    return train


def _tick(rule: Rule) -> float | None:
    """Time between clock ticks [s], or None for a rule without a clock."""
    if "clock" not in rule.events:
        return None
    if rule.clock_dt is None:
        raise InputError(f"rule {rule.name!r} acts at clock ticks, but has no parameter clock_step")
    return require_number("clock_step", rule.clock_dt, low=0, exclusive=True, unit="s")


def _last(events: Mapping[str, NDArray]) -> float:
    """Time of the last event [s]; 0 if there is none."""
    return max(times[-1:].max(initial=0) for times in events.values())


def _merge(events: Mapping[str, NDArray], end: float, tick: float | None) -> tuple[NDArray, NDArray]:
    """Times and kinds of events of every kind, in order, with the ticks of a clock and the end of the run."""
    ticks = np.empty(0)
    if tick is not None:
        ticks = np.round(np.arange(1, np.ceil(end / tick) + 1) * tick, _SIMULTANEOUS)
        ticks = ticks[ticks < np.round(end, _SIMULTANEOUS)]
    every = {**events, "clock": ticks, "end": np.array([end])}
    times = np.concatenate([*every.values()])
    codes = np.array([EVENT_CODES[kind] for kind in every], dtype=np.int64)
    kinds = np.repeat(codes, [t.size for t in every.values()])
    order = np.lexsort((kinds, times))
    return times[order], kinds[order]


def _vectors(rule: Rule, parameters: ArrayLike | None) -> NDArray[np.float64]:
    if parameters is None:
        missing = [p.name for p in rule.parameters if p.value is None]
        if missing:
            raise InputError(f"{missing[0]} of rule {rule.name!r} has no value; use rule.with_parameters")
        parameters = [[p.value for p in rule.parameters]]
    vectors = np.array(parameters, dtype=float, ndmin=2)
    if vectors.shape[1] != len(rule.parameters):
        raise InputError(
            f"parameters has {vectors.shape[1]} columns, rule {rule.name!r} has {len(rule.parameters)} parameters"
        )
    return vectors
