"""One run of a rule on a landscape, as data, and its executor on NumPy arrays for any landscape.

Both executors (here and in `plasticity.compile.landscape_loop`) are functions ``advance(batch, noise, first)`` that
move a batch of trials over ``noise.shape[1]`` steps and note what is recorded on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from plasticity.controllability import Constraint, move
from plasticity.landscape_sequence import LandscapeSequence
from plasticity.rule import CURVATURE, GRADIENT, WEIGHT, Rule, flows

if TYPE_CHECKING:
    from plasticity.feedback import FeedbackChannel

STEP = sp.Symbol("_dt", positive=True)


@dataclass(frozen=True)
class Descent:
    """A rule on a landscape: `n_steps` steps of `dt` [s], recorded `every` so many and at the end.

    `values` holds a number or an (n,) array for every parameter of the rule; `channel` and `constraint` are what
    limits feedback and change, if anything does.
    """

    rule: Rule
    landscape: Any
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


@dataclass(frozen=True, eq=False)
class Batch:
    """Trials that advance together; the arrays are changed in place.

    Parameters
    ----------
    theta : (n_trials, n) array
    states : (n_states, n_trials, n) array
    path : (n_trials, n_recorded, n) array
    loss : (n_trials, n_recorded) array
    broken : (n_trials,) array of int
        Step after which a variable was no longer finite; 0 if there is none.
    send : function, optional
        Line on which the gradient (n_trials, n) of a step is sent; it returns what is received.
    """

    theta: NDArray[np.float64]
    states: NDArray[np.float64]
    path: NDArray[np.float64]
    loss: NDArray[np.float64]
    broken: NDArray[np.int64]
    send: Callable[[NDArray[np.float64]], NDArray[np.float64]] | None = None


def euler(rule: Rule) -> dict[str, sp.Expr]:
    """Value after one explicit Euler step of every variable that flows, by name.

    Examples
    --------
    >>> from plasticity import Objective, derive
    >>> euler(derive(Objective(discount=sp.oo)))
    {'w': -_dt*gradient*learning_rate + w}
    """
    return {v.name: v + STEP * f for v, f in flows(rule).items() if f != 0}


def vectorised(descent: Descent) -> Callable[[Batch, NDArray, int], None]:
    """Executor that evaluates the landscape and the rule on arrays over all trials of a batch."""
    rule = descent.rule
    names = ["w", *(s.name for s in rule.states)]
    clock = [(u.target, _numeric(rule, [u.expression])) for u in rule.events.get("clock", ())]
    following = euler(rule)
    flow = _numeric(rule, list(following.values()))
    constants, inputs = {**descent.values, STEP.name: descent.dt}, rule.inputs
    change, settle = _changes(descent)

    def advance(batch: Batch, noise: NDArray, first: int) -> None:
        now = {**constants, **dict(zip(names, [batch.theta, *batch.states], strict=True))}
        for offset in range(noise.shape[1]):
            step = first + offset
            _observe(descent, inputs, batch, now, step, noise[:, offset])
            for target, expression in clock:
                value = expression(now)[0]
                now[target] = change(now["w"], value) if target == WEIGHT.name else value
            after = dict(zip(following, flow(now), strict=True))
            after[WEIGHT.name] = settle(now["w"], after.get(WEIGHT.name, now["w"]))
            now |= after
            _note_broken(batch, [now[name] for name in names], step + 1)
            if batch.broken.any():
                break
        batch.theta[:] = now["w"]
        for state, name in zip(batch.states, names[1:], strict=True):
            state[:] = now[name]
        if first + noise.shape[1] == descent.n_steps and not batch.broken.any():
            _record(descent, batch, descent.n_steps)

    return advance


def _changes(descent: Descent) -> tuple[Callable, Callable]:
    """What becomes of a weight that a rule assigns, and of one that flows for a step: functions of old and new."""
    constraint = descent.constraint
    if constraint is not None:
        return (
            lambda old, new: move(constraint, old, new - old),
            lambda old, new: move(constraint, old, new - old, descent.dt),
        )
    if descent.rule.bounds is None:
        return (lambda old, new: new), (lambda old, new: new)
    low, high = descent.rule.bounds
    return (lambda old, new: np.clip(new, low, high)), (lambda old, new: np.clip(new, low, high))


def _observe(descent: Descent, inputs: tuple, batch: Batch, now: dict, step: int, noise: NDArray) -> None:
    """Record if it is time, and read gradient (with noise) and curvature at the present parameters."""
    landscape = _at(descent.landscape, step)
    batch.theta[:] = now["w"]
    if step % descent.every == 0:
        _record(descent, batch, step)
    if GRADIENT in inputs:
        gradient = landscape.gradient(batch.theta)
        gradient = gradient + descent.noise_std * noise if noise.size else gradient
        now[GRADIENT.name] = gradient if batch.send is None else batch.send(gradient)
    if CURVATURE in inputs:
        now[CURVATURE.name] = np.diagonal(landscape.hessian(batch.theta), axis1=-2, axis2=-1)


def _record(descent: Descent, batch: Batch, step: int) -> None:
    row = -(-step // descent.every)
    batch.path[:, row] = batch.theta
    batch.loss[:, row] = _at(descent.landscape, step).loss(batch.theta)


def _at(landscape: Any, step: int) -> Any:
    return landscape.at(step) if isinstance(landscape, LandscapeSequence) else landscape


def _note_broken(batch: Batch, values: list, step: int) -> None:
    for value in values:
        bad = ~np.isfinite(value)
        if bad.any():
            lost = np.broadcast_to(bad, batch.theta.shape).any(axis=1)
            batch.broken[lost & (batch.broken == 0)] = step


def _numeric(rule: Rule, expressions: list[sp.Expr]) -> Callable[[Mapping[str, Any]], list]:
    """Function of a mapping name → value that gives the values of `expressions`."""
    symbols = sorted(set().union(STEP.free_symbols, *(e.free_symbols for e in expressions)), key=str)
    function = sp.lambdify(symbols, expressions, modules="numpy", cse=True)
    return lambda now: function(*(now[s.name] for s in symbols))
