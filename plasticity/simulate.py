"""Run a rule on a loss landscape, without a network: many noisy trials of the same learner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.compile.landscape_loop import compiled
from plasticity.compile.landscape_step import Batch, Descent, vectorised
from plasticity.controllability import Controllability, check_weights, constrain, narrowed, separate_drift
from plasticity.dataset import make_dataset
from plasticity.errors import DivergedError, InputError, require_number, require_whole
from plasticity.feedback import FeedbackChannel, open_channel, projection_matrix
from plasticity.landscape_sequence import LandscapeSequence
from plasticity.landscapes import Quadratic
from plasticity.rule import CURVATURE, GRADIENT, Rule

if TYPE_CHECKING:
    import xarray as xr

_NUMBERS_AT_ONCE = 2**17  # random numbers drawn ahead: 1 MB, about the second cache
_JUMP = 0x9E3779B97F4A7C15F39CC0605CEDC835  # distance of streams in PCG64.jumped: 2**128 over the golden ratio
_CLOCK_STEP = "clock_step"  # parameter of rules that act at ticks: the time between them


def simulate(
    rule: Rule,
    landscape: Any,
    start: ArrayLike,
    n_steps: int,
    dt: float,
    gradient_noise: float = 0.0,
    seed: int = 0,
    n_trials: int = 1,
    *,
    record_every: int = 1,
    feedback: FeedbackChannel | None = None,
    controllability: Controllability | None = None,
) -> xr.Dataset:
    """Parameters and loss along runs of `rule` on `landscape`, one synapse per parameter.

    At every step the learner observes the gradient once, with noise, and the curvature (the diagonal of the
    Hessian), at its present parameters. A rule with a ``clock`` event then carries out its assignments, once,
    in their order; after that, what flows takes one explicit Euler step ``v ← v + dt·flow``, all variables at
    once, so that the path converges to the exact flow at first order in `dt`. White noise of intensity σ² in
    continuous time is ``gradient_noise = σ/√dt``.

    Parameters
    ----------
    rule : Rule
        Any rule that asks for nothing but ``gradient`` and ``curvature``. Its parameters are numbers or (n,)
        arrays; ``clock_step``, if it has one, is set to `dt`; a ``duration`` between ticks must equal `dt`.
    landscape : Quadratic or any object with ``loss``, ``gradient``, ``hessian``, batched; or LandscapeSequence
        A `Quadratic` runs in one compiled loop, the others on NumPy arrays over all trials.
    start : (n,) or (n_trials, n) array
        Initial parameters [1].
    n_steps : int
    dt : float
        Time step [s].
    gradient_noise : float
        Standard deviation of the noise on one observed gradient, independent over steps and parameters.
    seed : int
        The noise of trial k depends on (`seed`, k) alone: it is the stream ``PCG64(seed).jumped(k)``.
    n_trials : int
    record_every : int
        Steps between records; start and end are always recorded.
    feedback : FeedbackChannel, optional
        What becomes of the observed gradient before the learner sees it; the curvature is known as it is. A channel
        noise σ is white noise of intensity σ², as ``gradient_noise = σ/√dt``, from streams of its own.
    controllability : Controllability, optional
        What becomes of the change that the rule asks for. Control of low rank projects in the metric of the rule. A
        drift that the rule counts on acts on all weights, also where the rule cannot act.

    Returns
    -------
    xarray.Dataset
        ``theta(trial, time, parameter)`` [1] and ``loss(trial, time)`` (without noise).

    Raises
    ------
    InputError
        If the rule runs on spikes or has a parameter without value, an argument cannot be used, the start is out of
        bounds, or a delay does not fit `dt`.
    DivergedError
        If a variable leaves the finite numbers; names it and the time.

    Examples
    --------
    >>> import sympy as sp
    >>> from plasticity import Objective, derive
    >>> ds = simulate(derive(Objective(discount=sp.oo)), Quadratic(2.0, [0.0]), [1.0], n_steps=2, dt=0.1)
    >>> ds.theta.values[0, :, 0]  # each step multiplies by 1 − 0.1·2
    array([1.  , 0.8 , 0.64])
    """
    n_trials, seed = require_whole("n_trials", n_trials, low=1), require_whole("seed", seed, low=0)
    theta = _start(start, n_trials, landscape)
    descent = _descent(rule, landscape, n_steps, dt, record_every, gradient_noise, theta.shape[1])
    descent = _limited(descent, feedback, controllability, theta, seed)
    path = np.empty((n_trials, descent.recorded.size, theta.shape[1]))
    loss = np.empty(path.shape[:2])
    advance = compiled(descent) if _is_compiled(descent) else vectorised(descent)
    size = _trials_at_once(descent, theta)
    with np.errstate(all="ignore"):
        for low in range(0, n_trials, size):
            high = min(low + size, n_trials)
            send = _line(descent, seed, low, high, theta.shape[1])
            batch = _batch(rule, theta[low:high], path[low:high], loss[low:high], send)
            _run(descent, advance, batch, seed, low)
            _check_finite(descent, batch, low)
    return _dataset(
        descent, path, loss, seed, {**_given("feedback", feedback), **_given("controllability", controllability)}
    )


def _run(descent: Descent, advance: Callable, batch: Batch, seed: int, low: int) -> None:
    """Advance a batch, whose first trial is `low`, to the end, with as many random numbers drawn ahead as fit."""
    n_trials, n = batch.theta.shape
    noisy = descent.noise_std > 0
    ahead = max(1, _NUMBERS_AT_ONCE // (n_trials * n)) if noisy else descent.n_steps
    bits = np.random.PCG64(seed)
    random, origin = np.random.Generator(bits), bits.state
    reached: dict[int, Any] = {}  # states of the generator
    for first in range(0, descent.n_steps, ahead):
        count = min(ahead, descent.n_steps - first)
        noise = np.empty((n_trials if noisy else 0, count, n))
        for k, numbers in enumerate(noise):
            bits.state = reached.get(k, origin)
            if first == 0:
                bits.advance((low + k) * _JUMP)
            random.standard_normal(out=numbers)
            if first + count < descent.n_steps:
                reached[k] = bits.state
        advance(batch, noise, first)
        if batch.broken.any():
            return


def _trials_at_once(descent: Descent, theta: NDArray) -> int:
    """Size of a batch: all random numbers of its trials at once if compiled, else wide batches."""
    n_trials, n = theta.shape
    if descent.noise_std == 0:
        return n_trials
    if _is_compiled(descent):
        return max(1, _NUMBERS_AT_ONCE // (descent.n_steps * n))
    return max(1, _NUMBERS_AT_ONCE // (8 * n))


def _is_compiled(descent: Descent) -> bool:
    """Whether the compiled loop can run it."""
    return isinstance(descent.landscape, Quadratic) and descent.channel is None and descent.constraint is None


def _limited(
    descent: Descent,
    feedback: FeedbackChannel | None,
    controllability: Controllability | None,
    theta: NDArray,
    seed: int,
) -> Descent:
    """Descent with what limits it; a perfect channel and full control are none."""
    if feedback is not None and not feedback.is_perfect:
        descent = replace(descent, channel=feedback)
        matrix = projection_matrix(feedback, theta.shape[1])
        if matrix is not None and len(matrix) != theta.shape[1]:
            raise InputError(f"projection must return {theta.shape[1]} numbers, one per parameter, got {len(matrix)}")
    if controllability is None or controllability.is_full:
        return descent
    rule, controllability = separate_drift(descent.rule, controllability)
    constraint = constrain(controllability, theta.shape[1], seed, descent.values.get("metric"))
    constraint = constraint if rule.bounds is None else narrowed(constraint, *rule.bounds)
    check_weights(constraint, theta, "start")
    return replace(descent, rule=rule, constraint=constraint)


def _line(descent: Descent, seed: int, low: int, high: int, n: int) -> Callable | None:
    """Line on which the trials from `low` to `high` receive their gradients."""
    if descent.channel is None:
        return None
    return open_channel(descent.channel, n, descent.dt, [(seed, trial) for trial in range(low, high)])


def _batch(rule: Rule, theta: NDArray, path: NDArray, loss: NDArray, send: Callable | None) -> Batch:
    states = np.empty((len(rule.states), *theta.shape))
    for values, state in zip(states, rule.states, strict=True):
        values[:] = state.initial
    return Batch(theta, states, path, loss, np.zeros(theta.shape[0], dtype=np.int64), send)


def _check_finite(descent: Descent, batch: Batch, low: int) -> None:
    if not batch.broken.any():
        return
    trial = int(np.flatnonzero(batch.broken)[np.argmin(batch.broken[batch.broken > 0])])
    names = ["theta", *(s.name for s in descent.rule.states)]
    values = [batch.theta, *batch.states]
    variable, index = next(
        (name, int(i)) for name, v in zip(names, values, strict=True) for i in np.flatnonzero(~np.isfinite(v[trial]))
    )
    remedy = "use a smaller dt or a smaller learning rate"
    if CURVATURE in descent.rule.inputs:
        remedy += "; where the curvature is zero or negative, a positive discount"
    where = f"{variable}[{index}]" + (f" of trial {low + trial}" if batch.theta.shape[0] > 1 else "")
    raise DivergedError(where, float(batch.broken[trial]) * descent.dt, remedy)


def _descent(rule: Rule, landscape: Any, n_steps: Any, dt: Any, every: Any, noise: Any, n: int) -> Descent:
    """Check what is to run, with every value in its place."""
    events = [event for event in rule.events if event != "clock"]
    if events:
        raise InputError(
            f"rule {rule.name!r} acts at {events[0]!r} events, which a landscape does not give; use replay"
        )
    unknown = [s.name for s in rule.inputs if s not in (GRADIENT, CURVATURE)]
    if unknown:
        raise InputError(f"rule {rule.name!r} asks for {unknown[0]!r}, which a landscape does not give")
    n_steps = require_whole("n_steps", n_steps, low=1)
    dt = require_number("dt", dt, low=0, exclusive=True, unit="s")
    noise = require_number("gradient_noise", noise, low=0)
    duration = rule.values.get("duration") if "clock" in rule.events else None
    if duration is not None and not np.isclose(duration, dt, rtol=1e-9, atol=0):
        raise InputError(f"dt is {dt:g} s, but rule {rule.name!r} acts for {duration:g} s between looks; give the same")
    if isinstance(landscape, LandscapeSequence) and landscape.n_steps < n_steps:
        raise InputError(f"n_steps is {n_steps}, but the sequence has only {landscape.n_steps} gradients")
    values = {p.name: _value(rule, p.name, p.value, n) for p in rule.parameters if p.name != _CLOCK_STEP}
    if any(p.name == _CLOCK_STEP for p in rule.parameters):
        values[_CLOCK_STEP] = dt
    return Descent(rule, landscape, n_steps, dt, require_whole("record_every", every, low=1), noise, values)


def _value(rule: Rule, name: str, value: Any, n: int) -> NDArray[np.float64]:
    if value is None:
        raise InputError(f"{name} of rule {rule.name!r} has no value; use rule.with_parameters({name}=…)")
    array = np.asarray(value, dtype=float)
    if array.shape not in ((), (n,)):
        raise InputError(f"{name} of rule {rule.name!r} has shape {array.shape}; give a number or shape ({n},)")
    return array


def _start(start: ArrayLike, n_trials: int, landscape: Any) -> NDArray[np.float64]:
    """Writable (n_trials, n) array of initial parameters that fit the landscape."""
    try:
        given = np.asarray(start, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"start must be numbers, got {start!r}") from None
    n = given.shape[-1] if given.ndim else 0
    if given.shape not in ((n,), (n_trials, n)) or n == 0:
        raise InputError(f"start must have shape (n,) or ({n_trials}, n) for n_trials={n_trials}, got {given.shape}")
    if not np.all(np.isfinite(given)):
        raise InputError(f"start must be finite, got {given.tolist()}")
    theta = np.array(np.broadcast_to(given, (n_trials, n)))
    first = landscape.at(0) if isinstance(landscape, LandscapeSequence) else landscape
    fits = landscape.n == n if isinstance(landscape, Quadratic | LandscapeSequence) else True
    if not fits or np.shape(first.gradient(theta[:1])) != (1, n):
        raise InputError(f"start has {n} parameters, which does not fit the landscape {type(landscape).__name__}")
    return theta


def _dataset(descent: Descent, path: NDArray, loss: NDArray, seed: int, limits: dict) -> xr.Dataset:
    n_trials, _, n = path.shape
    rule = descent.rule
    return make_dataset(
        {
            "theta": (("trial", "time", "parameter"), path, "1", "parameters"),
            "loss": (("trial", "time"), loss, "loss", "loss without noise"),
        },
        {
            "trial": ("trial", np.arange(n_trials), "1", "trial"),
            "time": ("time", descent.recorded * descent.dt, "s", "time"),
            "parameter": ("parameter", np.arange(n), "1", "parameter"),
        },
        title=f"{rule.title} on {type(descent.landscape).__name__}",
        rule=rule.name,
        engine="simulate",
        seed=seed,
        parameters={**descent.values, "dt": descent.dt, "gradient_noise": descent.noise_std, **limits},
        references=rule.references,
    )


def _given(name: str, record: FeedbackChannel | Controllability | None) -> dict[str, Any]:
    """Fields of a record that differ from their defaults, for the file."""
    if record is None:
        return {}
    changed = {f.name: getattr(record, f.name) for f in fields(record)}
    return {name: {k: v for k, v in changed.items() if np.ndim(v) or v != getattr(type(record), k)}}
