"""Rule → numba source: one loop over trials on a quadratic landscape, gradient and rule in one pass.

A loop per trial keeps the parameters and states of that trial in cache through all the steps. What does not
change from step to step (parameters, curvature of a quadratic, the step) is taken out of the equations by
computer algebra and evaluated once.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from plasticity.compile.generated import generated_module, indented, python_code
from plasticity.descent import STEP, Batch, Descent, euler
from plasticity.rule import CURVATURE, GRADIENT, WEIGHT, Rule

_RUN = '''"""{title}, on a quadratic landscape. Generated; do not edit."""

import math

import numpy as np
from numba import njit


@njit(cache=True, error_model="numpy")
def slope_at(hessian, optimum, x, slope):
    """Gradient at x into slope."""
    slope[:] = 0.0
    for j in range(x.size):
        away = x[j] - optimum[j]
        for i in range(x.size):
            slope[i] += hessian[j, i] * away


@njit(cache=True, error_model="numpy")
def loss_at(optimum, x, slope):
    """Loss of a quadratic at x, where its gradient is slope."""
    loss = 0.0
    for i in range(x.size):
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
    for trial in range(theta.shape[0]):
        x[:] = theta[trial]
        s[:] = states[:, trial]
        row = (first + every - 1) // every
        due = row * every
        for step in range(first, first + count):
            slope_at(hessian, optimum, x, slope)
            if step == due:
                path[trial, row] = x
                losses[trial, row] = loss_at(optimum, x, slope)
                row += 1
                due += every
            if noisy:
                for i in range(n):
                    slope[i] += noise_std * noise[trial, step - first, i]
            lost = 0
            for i in range(n):
                gradient = slope[i]
{load}
{clock}
{flow}
{store}
            if lost:
                broken[trial] = step + 1
                break
        else:
            if first + count == n_steps:
                path[trial, row] = x
                slope_at(hessian, optimum, x, slope)
                losses[trial, row] = loss_at(optimum, x, slope)
        theta[trial] = x
        states[:, trial] = s
'''


def compiled(descent: Descent) -> Callable[[Batch, NDArray, int], None]:
    """Executor for a `Quadratic`: compiled once per rule, whatever the values of its parameters."""
    source, constants = descent_source(descent.rule)
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


def descent_source(rule: Rule) -> tuple[str, list[sp.Expr]]:
    """Text of the module that `compiled` loads, and the expressions behind its table of constants.

    Examples
    --------
    >>> from plasticity import Objective, derive
    >>> text, constants = descent_source(derive(Objective(discount=sp.oo)))
    >>> "next_w = _c0*gradient + w" in text, constants
    (True, [-_dt*learning_rate])
    """
    local = {s.symbol: sp.Symbol(f"now_{s.name}", real=True) for s in rule.states}
    names = {WEIGHT.name: WEIGHT.name, **{s.name: local[s.symbol].name for s in rule.states}}
    varying = {WEIGHT, GRADIENT, *local.values()}
    constants: dict[sp.Expr, sp.Symbol] = {}

    def code(expression: sp.Expr) -> str:
        return python_code(hoisted(sp.sympify(expression).xreplace(local), varying, constants))

    clock = [
        line
        for u in rule.events.get("clock", ())
        for line in _assigned(rule, names[u.target], code(u.expression))
    ]
    following = {names[name]: code(e) for name, e in euler(rule).items()}
    flow = [f"next_{name} = {text}" for name, text in following.items()]
    for name in following:
        flow += _assigned(rule, name, f"next_{name}")
    load = ["w = x[i]", *(f"{v.name} = s[{k}, i]" for k, v in enumerate(local.values()))]
    load += [f"{c.name} = constants[{k}, i]" for k, c in enumerate(constants.values())]
    store = ["x[i] = w", "lost += w - w != 0.0"]
    for k, v in enumerate(local.values()):
        store += [f"s[{k}, i] = {v.name}", f"lost += {v.name} - {v.name} != 0.0"]
    text = _RUN.format(
        title=rule.title,
        load=indented(16, load),
        clock=indented(16, clock),
        flow=indented(16, flow),
        store=indented(16, store),
    )
    return text, list(constants)


def hoisted(expression: sp.Basic, varying: set[sp.Symbol], constants: dict[sp.Expr, sp.Symbol]) -> sp.Basic:
    """Replace the largest parts of `expression` that are free of `varying` by symbols, noted in `constants`.

    Examples
    --------
    >>> x, a, b = sp.symbols("x a b")
    >>> found = {}
    >>> hoisted(sp.sqrt(a + b) * x + 1, {x}, found), found
    (_c0*x + 1, {sqrt(a + b): _c0})
    """
    if not isinstance(expression, sp.Expr):
        return expression.func(*(hoisted(a, varying, constants) for a in expression.args))
    if not expression.free_symbols & varying:
        if not expression.free_symbols:
            return expression
        return constants.setdefault(expression, sp.Symbol(f"_c{len(constants)}", real=True))
    arguments = expression.args
    if isinstance(expression, sp.Add | sp.Mul):
        fixed = [a for a in arguments if not a.free_symbols & varying]
        moving = [a for a in arguments if a.free_symbols & varying]
        arguments = [expression.func(*fixed), *moving] if fixed else moving
    if expression.is_Atom:
        return expression
    return expression.func(*(hoisted(a, varying, constants) for a in arguments))


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
