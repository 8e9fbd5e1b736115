"""Derive the learning rule of a synapse from an objective, by solving its optimal-control problem symbolically.

Near the present weight the loss is L ≈ L_0 + g δ + ½ v δ² and the drift f ≈ f_0 + a δ. The value function of
this linear-quadratic problem is V = ½ p δ² + b δ + c. The engine writes the Hamilton–Jacobi–Bellman equation,
minimises it over the control, compares coefficients of δ, takes the root that is the optimal cost, and reads the
control at δ = 0. Nothing of the result is typed in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp

from plasticity.belief import FadingMemory
from plasticity.errors import InputError
from plasticity.limits import DISCOUNT, LOSS_WEIGHT, PLASTICITY
from plasticity.objective import Objective
from plasticity.rule import CURVATURE, GRADIENT, WEIGHT, Parameter, Rule, State, Step
from plasticity.trace import time_constant

_DELTA, _P, _B, _C, _U = sp.symbols("delta p b c u", real=True)
_DRIFT, _SLOPE = sp.symbols("f_0 a", real=True)
_METRIC = sp.Symbol("G", positive=True)


def derive(
    objective: Objective,
    gradient_belief: FadingMemory | None = None,
    curvature_belief: FadingMemory | None = None,
) -> Rule:
    """Optimal learning rule of one synapse that knows the local gradient and curvature, or beliefs about them.

    For a finite discount, ``dw/dt = f(w) − (η/G)(k g + p f)/(γ − f' + ηp/G)`` with p the optimal root of
    ``γp = kv + 2f'p − ηp²/G``; without drift ``−(ηk/G) g / (γ/2 + sqrt(γ²/4 + ηkv/G))``. A discount of 0 or
    ``sympy.oo`` is taken as a limit of that, by computer algebra.

    Parameters
    ----------
    objective : Objective
        Discount (number, symbol, 0 or ``sympy.oo``), plasticity, loss weight; metric None, a number or a
        function of w; drift None, a number or a function of w. At ``discount=oo`` only the learning rate ηk/γ
        is left: its default is plasticity·loss_weight.
    gradient_belief : FadingMemory, optional
        The gradient is a fading memory of the observed ones (state ``belief_mean``).
    curvature_belief : FadingMemory, optional
        The curvature is a fading memory of squared gradients, the empirical Fisher information (state
        ``belief_curvature``). Using a belief in place of the curvature is an approximation.

    Returns
    -------
    Rule
        With inputs ``gradient`` and, where the curvature matters and is not believed, ``curvature``.

    Raises
    ------
    InputError
        If the objective couples synapses (a matrix) or uses what a single synapse cannot have.

    Examples
    --------
    >>> import sympy as sp
    >>> derive(Objective(discount=sp.oo)).weight_flow
    -gradient*learning_rate
    >>> derive(Objective(discount=0)).weight_flow
    -gradient*sqrt(loss_weight)*sqrt(plasticity)/sqrt(curvature)

    References
    ----------
    vastola_2025, eq. 1 and the sections on horizons and on partial controllability.
    """
    problem = _local_problem(objective)
    control, steps = _optimal_control(problem)
    rule = Rule(
        name="derived",
        title="Optimal rule of a synapse",
        weight_flow=problem.drift + control,
        parameters=_used((DISCOUNT, PLASTICITY, LOSS_WEIGHT), problem, objective, control),
        assumptions=_assumptions(objective),
        steps=steps,
        references=("vastola_2025",),
    )
    at = sp.sympify(objective.discount)
    if at == 0 or at == sp.oo:
        rule = rule.limit(discount=at)
    return _with_beliefs(rule, gradient_belief, curvature_belief)


@dataclass(frozen=True)
class _LocalProblem:
    """Metric, drift and slope of the drift at the present weight, and the parameters that they bring."""

    metric: sp.Expr
    drift: sp.Expr
    slope: sp.Expr
    parameters: tuple[Parameter, ...]


def _local_problem(objective: Objective) -> _LocalProblem:
    if objective.control is not None or objective.hazard > 0:
        raise InputError(
            "derive is local to one synapse: control must be None and hazard 0; "
            "use solve for a control matrix or a hazard"
        )
    parameters = []
    metric, drift = sp.S.One, sp.S.Zero
    if callable(objective.metric):
        metric = sp.sympify(objective.metric(WEIGHT))
    elif objective.metric is not None:
        meaning = "metric G: price of change of this synapse"
        parameters.append(
            Parameter("metric", _scalar("metric", objective.metric), meaning=meaning, positive=True)
        )
        metric = parameters[-1].symbol
    if callable(objective.drift):
        drift = sp.sympify(objective.drift(WEIGHT))
    elif objective.drift is not None:
        value = _scalar("drift", objective.drift)
        parameters.append(Parameter("drift", value, unit="Hz", meaning="rate of drift", low=-np.inf))
        drift = parameters[-1].symbol * WEIGHT
    return _LocalProblem(metric, drift, sp.diff(drift, WEIGHT), tuple(parameters))


def _scalar(name: str, value: Any) -> Any:
    array = np.asarray(value)
    if array.ndim == 2 and array.size > 1:
        raise InputError(
            f"{name} is a {array.shape[0]}×{array.shape[1]} matrix, which couples synapses; derive takes a "
            "number or a function of w, solve takes matrices"
        )
    return array if array.ndim == 1 else float(array.reshape(()))


def _optimal_control(problem: _LocalProblem) -> tuple[sp.Expr, tuple[Step, ...]]:
    """Control at the present weight and the steps that lead to it."""
    gamma, eta, k = DISCOUNT.symbol, PLASTICITY.symbol, LOSS_WEIGHT.symbol
    value = _P * _DELTA**2 / 2 + _B * _DELTA + _C
    slope = sp.diff(value, _DELTA)
    cost = _METRIC * _U**2 / (2 * eta) + k * (GRADIENT * _DELTA + CURVATURE * _DELTA**2 / 2)
    bracket = cost + slope * (_DRIFT + _SLOPE * _DELTA + _U)
    best = sp.solve(sp.diff(bracket, _U), _U)[0]
    balance = sp.Poly(sp.expand(gamma * value - bracket.subs(_U, best)), _DELTA)
    quadratic, linear, _ = balance.all_coeffs()
    p = _optimal_root(sp.solve(quadratic, _P))
    b = sp.solve(linear, _B)[0].subs(_P, p)
    local = {_METRIC: problem.metric, _SLOPE: problem.slope, _DRIFT: problem.drift}
    control = sp.simplify(best.subs(_DELTA, 0).subs(_B, b).subs(local))
    v_of = sp.Symbol("V(delta)")
    steps = (
        Step(
            "Objective near the present weight", sp.Eq(sp.Symbol("cost rate"), cost), "discounted by e^{−γt}"
        ),
        Step("HJB equation", sp.Eq(gamma * v_of, sp.Symbol("min_u") * bracket), "with V = p δ²/2 + b δ + c"),
        Step("Optimal control", sp.Eq(_U, best)),
        Step("Coefficient of δ²", sp.Eq(sp.numer(sp.together(quadratic)), 0)),
        Step("Its optimal root", sp.Eq(_P, p), "the one that is a cost: p ≥ 0 for v ≥ 0"),
        Step("Coefficient of δ", sp.Eq(_B, sp.solve(linear, _B)[0])),
        Step("The rule", sp.Eq(sp.Symbol("dw/dt"), problem.drift + control)),
    )
    return control, steps


def _optimal_root(roots: list[sp.Expr]) -> sp.Expr:
    """The root that is non-negative for non-negative curvature: value functions of costs are."""
    sample = {s: 1 for s in (DISCOUNT.symbol, PLASTICITY.symbol, LOSS_WEIGHT.symbol, _METRIC, CURVATURE)}
    costs = [r for r in roots if r.subs(sample).subs(_SLOPE, 0) >= 0]
    if len(costs) != 1:
        raise ArithmeticError(f"expected one root that is a cost, found {costs}")
    return costs[0]


def _used(
    common: tuple, problem: _LocalProblem, objective: Objective, control: sp.Expr
) -> tuple[Parameter, ...]:
    """Parameters with the values of the objective."""
    at = sp.sympify(objective.discount)
    values = {
        "discount": float(at) if at.is_number and at.is_finite else None,
        "plasticity": float(objective.plasticity),
        "loss_weight": float(objective.loss_weight),
    }
    return (*(replace(p, value=values[p.name]) for p in common), *problem.parameters)


def _assumptions(objective: Objective) -> tuple[str, ...]:
    at = sp.sympify(objective.discount)
    horizon = {0: "The horizon is long (γ → 0⁺).", sp.oo: "The horizon is short (γ → ∞ at fixed ηk/γ)."}
    words = ["Changing a weight costs its squared speed; the learner trades it against the discounted loss."]
    words.append(horizon.get(at, f"The planning horizon is 1/γ with γ = {at}."))
    if objective.metric is not None:
        words.append("The cost of change is measured in a metric, taken at the present weight.")
    if objective.drift is not None:
        words.append("Weights drift when left alone; the drift is linearised at the present weight.")
    words.append("The loss is quadratic near the present weight; each synapse plans for itself.")
    return tuple(words)


def _with_beliefs(rule: Rule, gradient: FadingMemory | None, curvature: FadingMemory | None) -> Rule:
    """Replace what the policy knows by states that are filtered from the observed gradient."""
    wanted = (
        (gradient, GRADIENT, GRADIENT, "belief_mean", "tau_gradient", "loss", "gradient"),
        (curvature, CURVATURE, GRADIENT**2, "belief_curvature", "tau_curvature", "loss", "squared gradient"),
    )
    states, parameters, words, replaced = [], [], [], {}
    for belief, known, seen, name, tau_name, unit, meaning in wanted:
        if belief is None:
            continue
        if belief.time_constant is None:
            raise InputError(f"the belief about the {meaning} needs a time_constant, got {belief}")
        tau = time_constant(tau_name, belief.time_constant, f"memory of the {meaning}")
        state = State(name, unit=unit, meaning=f"belief: {meaning}", nonnegative=known == CURVATURE)
        states.append(replace(state, flow=(seen - state.symbol) / tau.symbol))
        parameters.append(tau)
        replaced[known] = state.symbol
        words.append(f"The {meaning} is known through a fading memory.")
    if curvature is not None:
        words.append("The squared gradient stands for the curvature (empirical Fisher): an approximation.")
    return replace(
        rule,
        weight_flow=rule.weight_flow.subs(replaced, simultaneous=True),
        states=(*rule.states, *states),
        parameters=(*rule.parameters, *parameters),
        assumptions=(*rule.assumptions, *words),
    )
