"""Runs of a rule on a loss landscape, without a network: many noisy trials of the same learner on NumPy arrays."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from plasticity.compile.euler import STEP, euler
from plasticity.controllability import (
    Constraint,
    Controllability,
    check_weights,
    constrain,
    move,
    narrowed,
    separate_drift,
)
from plasticity.dataset import make_dataset
from plasticity.errors import DivergedError, InputError
from plasticity.feedback import FeedbackChannel, open_channel, projection_matrix
from plasticity.landscapes import Landscape, LandscapeSequence, Quadratic, curvature_of
from plasticity.rule import CURVATURE, GRADIENT, WEIGHT, Rule, free_symbols
from plasticity.support.catalog import require_made
from plasticity.support.checks import checked, require_array, require_number, require_record, require_whole

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
AnyLandscape = Landscape | LandscapeSequence
_NUMBERS_PER_STEP = 2**12  # parameters of all trials that advance together
_NUMBERS_AHEAD = 2**19  # random numbers drawn at once: 4 MB
_JUMP = 0x9E3779B97F4A7C15F39CC0605CEDC835  # distance of streams in PCG64.jumped: 2**128 over the golden ratio
_DIVERGED = 1e3  # times the start
_CLOCK_STEP = "clock_step"  # parameter of rules that act at ticks: the time between them


@checked
def simulate(
    rule: Rule,
    landscape: AnyLandscape,
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
    Hessian, taken as 0 where it is negative), at its present parameters. A rule with a ``clock`` event then carries out
    its assignments, once, in their order; after that, what flows takes one explicit Euler step ``v ← v + dt·flow``, all
    variables at once, so that the path converges to the exact flow at first order in `dt`. White noise of intensity σ²
    in continuous time is ``gradient_noise = σ/√dt``.

    Parameters
    ----------
    rule : Rule
        Any rule whose only inputs are ``gradient`` and ``curvature``. Its parameters are numbers or (n,) arrays;
        ``clock_step``, if it has one, is set to `dt`; a ``duration`` between ticks must equal `dt`.
    landscape : Landscape or LandscapeSequence
        Any object with ``loss``, ``gradient``, ``hessian``, batched (`plasticity.landscapes`); rules without curvature
        need no Hessian.
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
        Channel of the observed gradient; the curvature is observed without error. A channel noise σ is white noise of
        intensity σ², as ``gradient_noise = σ/√dt``, with its own random streams.
    controllability : Controllability, optional
        Limits of control. Control of low rank projects in the metric of the rule. The drift assumed by the rule acts
        on all weights, also where they are not plastic.

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
    require_made(rule, Rule, "plasticity.rules")
    for name, record, kind in (
        ("feedback", feedback, FeedbackChannel),
        ("controllability", controllability, Controllability),
    ):
        if record is not None:
            require_record(name, record, kind)
    needed = ("loss", "gradient", "hessian")[: 3 if CURVATURE in rule.inputs else 2]
    if not all(hasattr(landscape, part) for part in needed) and not hasattr(landscape, "at"):
        remedy = "; solve(objective, landscape).trajectory takes products" if hasattr(landscape, "product") else ""
        raise InputError(f"landscape must have {', '.join(needed)} (plasticity.landscapes), got {landscape!r}{remedy}")
    n_trials, seed = require_whole("n_trials", n_trials, low=1), require_whole("seed", seed, low=0)
    theta = _start(start, n_trials, landscape)
    run = _checked(rule, landscape, n_steps, dt, record_every, gradient_noise, theta.shape[1])
    run = _limited(run, feedback, controllability, theta, seed)
    path = np.empty((run.recorded.size, *theta.shape))  # one record after the other, as they are made
    loss = np.empty(path.shape[:2])
    learner = _learner(run)
    size = max(1, _NUMBERS_PER_STEP // theta.shape[1])
    with np.errstate(all="ignore"):
        for low in range(0, n_trials, size):
            batch = slice(low, min(low + size, n_trials))
            for row, (values, losses) in enumerate(_records(run, learner, theta[batch], seed, low)):
                path[row, batch], loss[row, batch] = values, losses
    _warn_of_divergence(rule, path, loss)
    limits = {**_changed("feedback", feedback), **_changed("controllability", controllability)}
    return _dataset(run, path.swapaxes(0, 1), loss.T, seed, limits)


@dataclass(frozen=True)
class _Run:
    """A rule on a landscape: `n_steps` steps of `dt` [s], recorded `every` so many and at the end.

    `values` holds a number or an (n,) array for every parameter of the rule.
    """

    rule: Rule
    landscape: AnyLandscape
    n_steps: int
    dt: float
    every: int
    noise_std: float
    values: Mapping[str, Any]
    channel: FeedbackChannel | None = None
    constraint: Constraint | None = None

    @property
    def recorded(self) -> NDArray[np.int64]:
        """Steps that are recorded: 0, every, 2·every, … and the last."""
        return np.unique(np.append(np.arange(0, self.n_steps, self.every), self.n_steps))

    def at(self, step: int) -> Any:
        """Landscape of a step."""
        return self.landscape.at(step) if isinstance(self.landscape, LandscapeSequence) else self.landscape


def _records(run: _Run, learner: Callable, theta: Array, seed: int, first: int) -> Iterator[tuple[Array, Array]]:
    """Parameters (n_trials, n) and losses (n_trials,) at the recorded steps of trials from `first` on.

    A state with one value for all parameters and trials, such as a count of steps, stays one number by broadcasting.
    """
    trials, inputs = range(first, first + len(theta)), run.rule.inputs
    noise = _normals(seed, trials, run.n_steps, theta.shape[1]) if run.noise_std > 0 else None
    send = run.channel and open_channel(run.channel, theta.shape[1], run.dt, [(seed, trial) for trial in trials])
    now = {**run.values, STEP.name: run.dt, WEIGHT.name: theta}
    now |= {s.name: np.full((1, 1), float(s.initial)) for s in run.rule.states}
    for step in range(run.n_steps):
        landscape = run.at(step)
        if step % run.every == 0:
            yield now[WEIGHT.name], landscape.loss(now[WEIGHT.name])
        if GRADIENT in inputs:
            gradient = landscape.gradient(now[WEIGHT.name])
            gradient = gradient if noise is None else gradient + run.noise_std * next(noise)
            now[GRADIENT.name] = send(gradient) if send else gradient
        if CURVATURE in inputs:
            now[CURVATURE.name] = curvature_of(landscape, now[WEIGHT.name])
        learner(now)
        _check_finite(run, now, step + 1, first)
    yield now[WEIGHT.name], run.at(run.n_steps).loss(now[WEIGHT.name])


def _normals(seed: int, trials: range, n_steps: int, n: int) -> Iterator[Array]:
    """Standard normal numbers (n_trials, n) of every step, drawn ahead from one stream per trial."""
    bits = np.random.PCG64(seed)
    random, origin, states = np.random.Generator(bits), bits.state, []
    for trial in trials:
        bits.state = origin
        bits.advance(trial * _JUMP)
        states.append(bits.state)
    ahead = max(1, _NUMBERS_AHEAD // (len(trials) * n))
    for first in range(0, n_steps, ahead):
        drawn = np.empty((len(trials), min(ahead, n_steps - first), n))
        for k, numbers in enumerate(drawn):
            bits.state = states[k]
            random.standard_normal(out=numbers)
            states[k] = bits.state
        yield from np.moveaxis(drawn, 1, 0)


def _learner(run: _Run) -> Callable[[dict[str, Any]], None]:
    """Function that carries out one step of the rule on all variables, by name."""
    clock = [(u.target, _function((u.expression,))) for u in run.rule.events.get("clock", ())]
    following = euler(run.rule)
    flow = _function(tuple(following.values()))

    def change(old: Array, new: Array, dt: float = 0.0) -> Array:
        return new if run.constraint is None else move(run.constraint, old, new - old, dt)

    def step(now: dict[str, Any]) -> None:
        for target, expression in clock:
            value = expression(now)[0]
            now[target] = change(now[target], value) if target == WEIGHT.name else value
        new = dict(zip(following, flow(now), strict=True))
        new[WEIGHT.name] = change(now[WEIGHT.name], new.get(WEIGHT.name, now[WEIGHT.name]), run.dt)
        now |= new

    return step


@cache
def _function(expressions: tuple[sp.Expr, ...]) -> Callable[[Mapping[str, Any]], list]:
    """Function of a mapping of names to arrays that evaluates `expressions`."""
    symbols = sorted(set().union(*(e.free_symbols for e in expressions)), key=str)
    steps = {"Heaviside": lambda x, *at_zero: np.where(x > 0, 1.0, 0.0)}
    function = sp.lambdify(symbols, expressions, modules=[steps, "numpy"], cse=True)
    names = [s.name for s in symbols]
    return lambda now: function(*(now[name] for name in names))


def _check_finite(run: _Run, now: Mapping[str, Any], step: int, first: int) -> None:
    """Refuse to go on after a step when a variable is not finite; the message names the first such trial."""
    names = [WEIGHT.name, *(s.name for s in run.rule.states)]
    if all(np.isfinite(now[name]).all() for name in names):
        return
    shape = now[WEIGHT.name].shape
    bad = {name: ~np.isfinite(np.broadcast_to(now[name], shape)) for name in names}
    trial = min(int(np.argmax(b.any(axis=1))) for b in bad.values() if b.any())
    name = next(name for name in names if bad[name][trial].any())
    i = int(np.argmax(bad[name][trial]))
    variable = f"{'theta' if name == WEIGHT.name else name}[{i}]"
    where = f" of trial {first + trial}" if shape[0] > 1 else ""
    flat = CURVATURE in run.rule.inputs and not np.broadcast_to(now[CURVATURE.name], shape)[trial, i] > 0
    raise DivergedError(variable + where, step * run.dt, _remedy(run.rule, flat))


def _warn_of_divergence(rule: Rule, path: Array, loss: Array) -> None:
    """Warn where finite parameters (record, trial, n) have left the scale of their start while the loss rose."""
    largest, scale = np.abs(path[-1]).max(), max(1.0, np.abs(path[0]).max())
    if largest > _DIVERGED * scale and loss[-1].max() > loss[0].max():
        warnings.warn(f"theta grew to {largest:.3g}: the learner diverges; {_remedy(rule, False)}", stacklevel=4)


def _remedy(rule: Rule, flat: bool) -> str:
    """What helps a rule that left the finite numbers, on a loss whose curvature there is not positive or is."""
    if flat:
        return (
            "the curvature of the loss there is zero or negative, where a step that divides by it has no end; start "
            "where the loss is convex, or take a rule with a short horizon (discount=sympy.oo)"
        )
    taken = set().union(*(e.free_symbols for e in euler(rule).values()), free_symbols(rule))
    if not taken & {STEP, *(p.symbol for p in rule.parameters)}:
        return "a step of this rule depends on neither dt nor a learning rate; see its cautions"
    return "use a smaller dt or a smaller learning rate"


def _limited(
    run: _Run,
    feedback: FeedbackChannel | None,
    controllability: Controllability | None,
    theta: Array,
    seed: int,
) -> _Run:
    """Run with limits of feedback and control."""
    if feedback is not None and not feedback.is_perfect:
        run = replace(run, channel=feedback)
        matrix = projection_matrix(feedback, theta.shape[1])
        if matrix is not None and len(matrix) != theta.shape[1]:
            raise InputError(f"projection must return {theta.shape[1]} numbers, one per parameter, got {len(matrix)}")
    rule, n = run.rule, theta.shape[1]
    if controllability is None or controllability.is_full:
        bounds = rule.bounds and narrowed(constrain(Controllability(), n), *rule.bounds)
        if bounds is not None:
            check_weights(bounds, theta, "start")
        return replace(run, constraint=bounds)
    rule, controllability = separate_drift(rule, controllability)
    constraint = constrain(controllability, n, seed, run.values.get("metric"))
    constraint = constraint if rule.bounds is None else narrowed(constraint, *rule.bounds)
    check_weights(constraint, theta, "start")
    return replace(run, rule=rule, constraint=constraint)


def _checked(rule: Rule, landscape: AnyLandscape, n_steps: Any, dt: Any, every: Any, noise: Any, n: int) -> _Run:
    """Run with checked arguments and a value for every parameter."""
    events = [event for event in rule.events if event != "clock"]
    if events:
        raise InputError(
            f"rule {rule.name!r} acts at {events[0]!r} events, which do not exist on a landscape; use replay"
        )
    unknown = [s.name for s in rule.inputs if s not in (GRADIENT, CURVATURE)]
    if unknown:
        raise InputError(f"rule {rule.name!r} needs {unknown[0]!r}, which a landscape does not have")
    n_steps = require_whole("n_steps", n_steps, low=1)
    dt = require_number("dt", dt, low=0, exclusive=True, unit="s")
    noise = require_number("gradient_noise", noise, low=0)
    duration = rule.values.get("duration") if "clock" in rule.events else None
    if duration is not None and not np.isclose(duration, dt, rtol=1e-9, atol=0):
        raise InputError(
            f"dt is {dt:g} s, but rule {rule.name!r} acts for {duration:g} s between observations; use the same"
        )
    if isinstance(landscape, LandscapeSequence) and landscape.n_steps < n_steps:
        raise InputError(f"n_steps is {n_steps}, but the sequence has only {landscape.n_steps} gradients")
    values = {p.name: _value(rule, p.name, p.value, n) for p in rule.parameters if p.name != _CLOCK_STEP}
    if any(p.name == _CLOCK_STEP for p in rule.parameters):
        values[_CLOCK_STEP] = dt
    return _Run(rule, landscape, n_steps, dt, require_whole("record_every", every, low=1), noise, values)


def _value(rule: Rule, name: str, value: Any, n: int) -> Array:
    if value is None:
        raise InputError(f"{name} of rule {rule.name!r} has no value; use rule.with_parameters({name}=…)")
    array = np.asarray(value, dtype=float)
    if array.shape not in ((), (n,)):
        raise InputError(f"{name} of rule {rule.name!r} has shape {array.shape}; use a number or shape ({n},)")
    return array


def _start(start: ArrayLike, n_trials: int, landscape: AnyLandscape) -> Array:
    """Writable (n_trials, n) array of initial parameters that fit the landscape."""
    values = require_array("start", start)
    n = values.shape[-1] if values.ndim else 0
    if values.shape not in ((n,), (n_trials, n)) or n == 0:
        raise InputError(f"start must have shape (n,) or ({n_trials}, n) for n_trials={n_trials}, got {values.shape}")
    theta = np.array(np.broadcast_to(values, (n_trials, n)))
    first = landscape.at(0) if isinstance(landscape, LandscapeSequence) else landscape
    fits = landscape.n == n if isinstance(landscape, Quadratic | LandscapeSequence) else True
    if not fits or np.shape(first.gradient(theta[:1])) != (1, n):
        raise InputError(f"start has {n} parameters, which does not fit the landscape {type(landscape).__name__}")
    return theta


def _dataset(run: _Run, path: NDArray, loss: NDArray, seed: int, limits: dict) -> xr.Dataset:
    n_trials, _, n = path.shape
    rule = run.rule
    return make_dataset(
        {
            "theta": (("trial", "time", "parameter"), path, "1", "parameters"),
            "loss": (("trial", "time"), loss, "loss", "loss without noise"),
        },
        {
            "trial": ("trial", np.arange(n_trials), "1", "trial"),
            "time": ("time", run.recorded * run.dt, "s", "time"),
            "parameter": ("parameter", np.arange(n), "1", "parameter"),
        },
        title=f"{rule.title} on {type(run.landscape).__name__}",
        rule=rule.name,
        engine="simulate",
        seed=seed,
        parameters={**run.values, "dt": run.dt, "gradient_noise": run.noise_std, **limits},
        references=rule.references,
    )


def _changed(name: str, record: FeedbackChannel | Controllability | None) -> dict[str, Any]:
    """Fields of a record that differ from their defaults, for the file."""
    if record is None:
        return {}
    changed = {f.name: getattr(record, f.name) for f in fields(record)}
    return {name: {k: v for k, v in changed.items() if np.ndim(v) or v != getattr(type(record), k)}}
