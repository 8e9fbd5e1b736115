"""Redrawn reset: a constant penalty towards the tasks to come, where each task brings its own curvature.

dw/dt = −ηk (g + a(w − μ_0))/(Γ/2 + sqrt(Γ²/4 + ηk(v + a))) with Γ = γ + λ and a = λP̄/k: descend the loss and
½a(w − μ_0)², with the penalty inside the preconditioner. P̄, the mean curvature of the value of a fresh task, follows
from hazard and curvatures. Flat weights return fully to μ_0. Not where tasks share their curvature: then the reset is
proportional to it (`soft_reset`), the same for a task with the one curvature only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import sympy as sp

from plasticity.belief import FadingMemory, TaskPrior
from plasticity.derive import derive
from plasticity.objective import Objective
from plasticity.optimal.redrawn import future_tasks
from plasticity.rule import CURVATURE, GRADIENT, WEIGHT, Parameter, Rule, Step
from plasticity.support.checks import checked


@checked
def redrawn_reset(
    hazard: float = 0.1,
    prior_mean: float = 0.0,
    curvatures: Sequence[float] = (0.05, 5.0),
    discount: float = 1.0,
    plasticity: float = 1.0,
    loss_weight: float = 1.0,
    decay_square: float | None = None,
) -> Rule:
    """Derive the rule of a learner whose task is replaced at random times by one with another curvature.

    Parameters
    ----------
    hazard : float
        λ > 0 [Hz]: rate at which tasks are replaced.
    prior_mean : float
        μ_0: mean optimum of the tasks to come.
    curvatures : sequence of float
        Curvatures ≥ 0 that a weight meets from task to task, all as often [loss].
    discount : float
        γ > 0 [1/s].
    plasticity, loss_weight : float
        η [1/(loss·s²)] and k [1].
    decay_square : float, optional
        Memory of squared gradients per observation, which stand for a curvature that is not known (`rmsprop`).

    Examples
    --------
    >>> rule = redrawn_reset(hazard=0.5, curvatures=(0.05, 5.0), discount=0.1)
    >>> round(rule.values["penalty"] / 0.5, 6)  # P̄, as k = 1
    1.352356

    References
    ----------
    vastola_2025, section on continual learning.
    """
    prior = TaskPrior([prior_mean], [[1.0]], hessians=[[[h]] for h in curvatures])
    objective = Objective(discount, plasticity, loss_weight, hazard=hazard, task_prior=prior)
    penalty = hazard * float(future_tasks(objective, prior).quadratic[0, 0]) / loss_weight
    memory = None if decay_square is None else FadingMemory(decay=decay_square)
    lasting = derive(Objective(sp.Symbol("discount", positive=True), plasticity, loss_weight), curvature_belief=memory)
    parameters = tuple(replace(p, value=discount) if p.name == "discount" else p for p in lasting.parameters)
    added = (
        Parameter("hazard", hazard, "Hz", "rate λ at which the task is replaced", low=0.0),
        Parameter("prior_mean", prior_mean, "1", "mean optimum μ_0 of the tasks to come", low=-math.inf),
        Parameter("penalty", penalty, "loss", "curvature a = λP̄/k of the value of tasks to come", low=0.0),
    )
    rate, mean, size = (p.symbol for p in added)
    gamma = next(p.symbol for p in lasting.parameters if p.name == "discount")
    curvature = CURVATURE if memory is None else next(s.symbol for s in lasting.states if s.estimates == "curvature")
    change = {gamma: gamma + rate, GRADIENT: GRADIENT + size * (WEIGHT - mean), curvature: curvature + size}

    def resetting(expression: sp.Expr) -> sp.Expr:
        return expression.subs(change, simultaneous=True)

    ticks = tuple(
        replace(u, expression=resetting(u.expression)) if u.target == WEIGHT.name else u
        for u in lasting.events.get("clock", ())
    )
    last = lasting.steps[-1]
    step = Step(
        "With tasks to come",
        sp.Eq(last.equation.lhs, resetting(last.equation.rhs)),
        "γ + λ for γ, and k(L + a(w − μ_0)²/2) for kL: a task ends at rate λ, and a fresh one costs λP̄(w − μ_0)²/2",
    )
    return replace(
        lasting,
        name="redrawn_reset",
        title="Redrawn reset",
        weight_flow=resetting(lasting.weight_flow),
        events={"clock": ticks} if ticks else {},
        parameters=(*parameters, *added),
        assumptions=(
            *(text.replace("γ = discount", f"γ = {discount:g} Hz") for text in lasting.assumptions),
            f"The task is replaced at random times, which is announced, by one of the curvatures {list(curvatures)}.",
        ),
        steps=(*lasting.steps, step),
    )
