"""Rule → numba source: one loop over trials on a quadratic landscape, gradient and rule in one pass.

A loop per trial keeps the parameters and states of that trial in cache through all the steps. What does not
change from step to step (parameters, curvature of a quadratic, the step) is taken out of the equations by
computer algebra and evaluated once, what is the same for all parameters (a count of steps) once per step.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from plasticity.compile.generated import generated_module, indented, python_code
from plasticity.compile.hoist import hoisted
from plasticity.compile.landscape_step import STEP, Batch, Descent, euler
from plasticity.rule import CURVATURE, GRADIENT, WEIGHT, Rule

_RUN = '''"""{title}, on a quadratic landscape. Generated; do not edit."""

import math

import numpy as np
from numba import njit


@njit(cache=True, error_model="numpy")
def slope_at(hessian, optimum, x, slope):
    """Gradient at x into slope."""
    for i in range(x.size):
        slope[i] = 0.0
    for j in range(x.size):
        away = x[j] - optimum[j]
        for i in range(x.size):
            slope[i] += hessian[j, i] * away


@njit(cache=True, error_model="numpy")
def record(optimum, x, slope, path, trial, row):
    """Note x; returns the loss of a quadratic at x, where its gradient is slope."""
    loss = 0.0
    for i in range(x.size):
        path[trial, row, i] = x[i]
        loss += slope[i] * (x[i] - optimum[i])
    return 0.5 * loss


@njit(cache=True, error_model="numpy")
def run(
    theta, states, path, losses, broken, noise, noise_std, hessian, optimum, constants, first, every, n_steps
):
    """Advance every trial by noise.shape[1] steps from step first; record on the way."""
    n = optimum.size
    count = noise.shape[1]
    noisy = noise.size > 0
    x = np.empty(n)
    slope = np.empty(n)
    s = np.empty((states.shape[0], n))
{once}
    for trial in range(theta.shape[0]):
        for i in range(n):
            x[i] = theta[trial, i]
            for k in range(s.shape[0]):
                s[k, i] = states[k, trial, i]
{begin}
        row = (first + every - 1) // every
        due = row * every
        for step in range(first, first + count):
            slope_at(hessian, optimum, x, slope)
            if step == due:
                losses[trial, row] = record(optimum, x, slope, path, trial, row)
                row += 1
                due += every
            if noisy:
                for i in range(n):
                    slope[i] += noise_std * noise[trial, step - first, i]
            lost = 0
{before}
            for i in range(n):
                gradient = slope[i]
{load}
{body}
{store}
{after}
            if lost:
                broken[trial] = step + 1
                break
        else:
            if first + count == n_steps:
                slope_at(hessian, optimum, x, slope)
                losses[trial, row] = record(optimum, x, slope, path, trial, row)
        for i in range(n):
            theta[trial, i] = x[i]
            for k in range(s.shape[0]):
                states[k, trial, i] = s[k, i]
{end}
'''


def compiled(descent: Descent) -> Callable[[Batch, NDArray, int], None]:
    """Executor for a `Quadratic`: compiled once per rule, whatever the values of its parameters."""
    arrays = frozenset(name for name, value in descent.values.items() if np.ndim(value))
    source, constants = descent_source(descent.rule, arrays)
    module = generated_module("descents", source)
    landscape = descent.landscape
    hessian = np.ascontiguousarray(landscape.hessian_matrix)
    curvature = np.diagonal(hessian)
    values = {**descent.values, STEP.name: descent.dt, CURVATURE.name: curvature}
    table = np.array([_evaluated(c, values, landscape.n) for c in constants]).reshape(-1, landscape.n)

    def advance(batch: Batch, noise: NDArray, first: int) -> None:
        module.run(
            batch.theta,
            batch.states,
            batch.path,
            batch.loss,
            batch.broken,
            noise,
            descent.noise_std,
            hessian,
            landscape.optimum,
            table,
            first,
            descent.every,
            descent.n_steps,
        )

    return advance


def descent_source(rule: Rule, arrays: frozenset[str] = frozenset()) -> tuple[str, list[sp.Expr]]:
    """Text of the module that `compiled` loads, and the expressions behind its table of constants.

    `arrays` names the parameters that have a value for each parameter of the landscape.

    Examples
    --------
    >>> from plasticity import Objective, derive
    >>> text, constants = descent_source(derive(Objective(discount=sp.oo)))
    >>> "next_w = _c0*gradient + w" in text, constants
    (True, [-_dt*learning_rate])
    """
    program = _Program(rule, common_states(rule, arrays), arrays)
    for update in rule.events.get("clock", ()):
        program.assign(update.target, update.expression)
    program.flow()
    names = {s.name: k for k, s in enumerate(rule.states)}
    own = {name: k for name, k in names.items() if name not in program.common}
    store = ["x[i] = w", _lost("w")]
    for name, k in own.items():
        store += [f"s[{k}, i] = now_{name}", _lost(f"now_{name}")]
    constants = list(enumerate(program.constants.items()))
    loads = [(f"{c.name} = constants[{k}, ", program.differs(e)) for k, (e, c) in constants]
    text = _RUN.format(
        title=rule.title,
        once=indented(4, [f"{load}0]" for load, differs in loads if not differs]),
        begin=indented(8, [f"now_{name} = states[{names[name]}, trial, 0]" for name in program.common]),
        before=indented(12, program.before),
        load=indented(
            16,
            [
                "w = x[i]",
                *(f"now_{name} = s[{k}, i]" for name, k in own.items()),
                *(f"{load}i]" for load, differs in loads if differs),
            ],
        ),
        body=indented(16, program.body),
        store=indented(16, store),
        after=indented(12, program.after),
        end=indented(12, [f"states[{names[name]}, trial, i] = now_{name}" for name in program.common]),
    )
    return text, list(program.constants)


def common_states(rule: Rule, arrays: frozenset[str]) -> list[str]:
    """States that are the same for every parameter (a count of steps, a variance): once per step is enough.

    They start equal and depend on nothing but each other and on parameters that are numbers.

    Examples
    --------
    >>> from plasticity.rules.adam import adam
    >>> common_states(adam(), frozenset())
    ['count']
    """
    changes: dict[str, set[str]] = {s.name: {x.name for x in s.flow.free_symbols} for s in rule.states}
    for update in rule.events.get("clock", ()):
        if update.target in changes:
            changes[update.target] |= {x.name for x in sp.sympify(update.expression).free_symbols}
    common = set(changes)
    own = {WEIGHT.name, GRADIENT.name, CURVATURE.name, *arrays}
    while True:
        left = {name for name in common if not changes[name] & (own | (set(changes) - common))}
        if left == common:
            return [s.name for s in rule.states if s.name in common]
        common = left


class _Program:
    """Lines of the loop: `before` and `after` the loop over parameters, and its `body`.

    A common state that is assigned gets a new name, so that all of them can be computed before the loop over
    parameters, whatever the order of the assignments.
    """

    def __init__(self, rule: Rule, common: list[str], arrays: frozenset[str]):
        self.rule, self.common, self.arrays = rule, common, arrays
        self.constants: dict[sp.Expr, sp.Symbol] = {}
        self.per_step: dict[sp.Expr, sp.Symbol] = {}
        self.before: list[str] = []
        self.body: list[str] = []
        self.after: list[str] = []
        self.now = {s.symbol: sp.Symbol(f"now_{s.name}", real=True) for s in rule.states}
        self.own = {WEIGHT, GRADIENT, *(v for s, v in self.now.items() if s.name not in common)}
        self.shared = {v for s, v in self.now.items() if s.name in common}

    def differs(self, constant: sp.Expr) -> bool:
        """Whether a constant has a value for each parameter."""
        return any(s.name in self.arrays or s == CURVATURE for s in constant.free_symbols)

    def code(self, expression: sp.Expr) -> str:
        """Text of an expression at this place; what is the same for all parameters goes before their loop."""
        here = sp.sympify(expression).xreplace(self.now)
        here = hoisted(here, self.own | self.shared, self.constants)
        own = self.own | {c for e, c in self.constants.items() if self.differs(e)}
        known = len(self.per_step)
        here = hoisted(here, own, self.per_step, "_u", self.shared)
        for e, u in list(self.per_step.items())[known:]:
            self.before.append(f"{u.name} = {python_code(e)}")
        return python_code(here)

    def assign(self, name: str, expression: sp.Expr) -> None:
        """One assignment at a tick."""
        text = self.code(expression)
        if name not in self.common:
            self.body += _assigned(self.rule, name if name == WEIGHT.name else f"now_{name}", text)
            return
        fresh = sp.Symbol(f"then{len(self.before)}_{name}", real=True)
        self.before.append(f"{fresh.name} = {text}")
        self.now = {s: fresh if s.name == name else v for s, v in self.now.items()}
        self.shared.add(fresh)

    def flow(self) -> None:
        """The Euler step of all that flows, at once; then the common states are carried over to the next step."""
        following = {name: self.code(e) for name, e in euler(self.rule).items()}
        self.body += [f"next_{name} = {text}" for name, text in following.items() if name not in self.common]
        for name in following:
            if name not in self.common:
                self.body += _assigned(self.rule, name if name == WEIGHT.name else f"now_{name}", f"next_{name}")
        last = {s.name: v.name for s, v in self.now.items()} | following
        self.before += [f"next_{name} = {last[name]}" for name in self.common]
        for name in self.common:
            self.after += [f"now_{name} = next_{name}", _lost(f"now_{name}")]


def _lost(name: str) -> str:
    """Count a variable that is not finite."""
    return f"lost += {name} - {name} != 0.0"


def _assigned(rule: Rule, name: str, code: str) -> list[str]:
    lines = [f"{name} = {code}"]
    if rule.bounds is not None and name == WEIGHT.name:
        low, high = (repr(float(b)) for b in rule.bounds)
        lines += [f"w = {low} if w < {low} else ({high} if w > {high} else w)"]
    return lines


def _evaluated(expression: sp.Expr, values: dict, n: int) -> NDArray[np.float64]:
    symbols = sorted(expression.free_symbols, key=str)
    with np.errstate(all="ignore"):
        value = sp.lambdify(symbols, expression, modules="numpy")(*(values[s.name] for s in symbols))
    return np.broadcast_to(np.asarray(value, dtype=float), (n,))
