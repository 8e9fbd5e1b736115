"""The problem of one synapse: from an `Objective` to the linear-quadratic problem at its present weight."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp

from plasticity.equations import algebra, unit_of
from plasticity.errors import InputError
from plasticity.local import LOCALS
from plasticity.objective import Objective
from plasticity.rule import CURVATURE, GRADIENT, WEIGHT, Parameter
from plasticity.theory.control import LocalProblem
from plasticity.theory.estimation import Inference
from plasticity.theory.symbols import DISCOUNT, LOSS_WEIGHT, PLASTICITY, VELOCITY, Forecast, horizon

_ANY = float("-inf")


@dataclass(frozen=True)
class StatedProblem:
    """The problem in symbols, their parameters, and the assumptions in words.

    `limit` is 0 or ``sympy.oo`` if the discount of the objective is one of these limits, else None. `grows`: the drift
    may exceed γ/2, so that a loss without curvature is left alone, and one with a little is not.
    """

    local: LocalProblem
    parameters: tuple[Parameter, ...]
    assumptions: tuple[str, ...]
    cautions: tuple[str, ...]
    limit: sp.Expr | None
    grows: bool = False
    bounds: tuple[float, float] | None = None


def state_problem(objective: Objective, process: Inference | None, order: int) -> StatedProblem:
    """Write the objective of one synapse in symbols; `process` describes the dynamics of gradient or optimum.

    An `InputError` says if the objective couples synapses, or has a field that is not derived with `order`.
    """
    at = algebra("discount", objective.discount)
    at = sp.S.Zero if at.is_zero else at
    gains, gain_parameters = _controls(objective)
    metric, metric_parameters = _metric(objective, len(gains))
    drift, slope, drift_parameters = _drift(objective, order)
    frozen = _frozen_metric(metric[0], at) if callable(objective.metric) else ()
    gradient, forecasts, task_parameters = _task(objective, process)
    local = LocalProblem(metric, gains, drift, slope, gradient, forecasts=forecasts)
    common = _common(objective, at, order)
    parameters = (*common, *metric_parameters, *gain_parameters, *drift_parameters, *task_parameters)
    limit = at if at in (sp.S.Zero, sp.oo) else None
    cautions = (*_cautions(objective, at, order), *frozen)
    assumptions = _assumptions(objective, at, order)
    bounds = None if _positive_everywhere(metric[0]) else (0.0, math.inf)
    return StatedProblem(local, parameters, assumptions, cautions, limit, _grows(objective, at), bounds)


def _grows(objective: Objective, at: sp.Expr) -> bool:
    """Whether the drift may grow faster than γ/2."""
    if objective.drift is None or at == sp.oo:
        return False
    if callable(objective.drift):
        return True
    half = float(at) / 2 if at.is_number else 0.0
    return bool(np.any(np.greater(objective.drift, half)))


def _common(objective: Objective, at: sp.Expr, order: int) -> tuple[Parameter, ...]:
    plasticity = PLASTICITY if order == 1 else replace(PLASTICITY, unit="1/(loss*s**4)")
    discount = float(at) if at.is_number and at.is_finite and at != 0 else None
    values = (discount, float(objective.plasticity), float(objective.loss_weight))
    return tuple(replace(p, value=v) for p, v in zip((DISCOUNT, plasticity, LOSS_WEIGHT), values, strict=True))


def _controls(objective: Objective) -> tuple[tuple[sp.Expr, ...], tuple[Parameter, ...]]:
    if objective.control is None:
        return (sp.S.One,), ()
    rows, m = objective.control.shape
    if rows != 1:
        raise InputError(
            f"control has {rows} rows, which couples synapses; derive takes (1, m), the gains of m controls on one "
            "weight, solve takes (n, m)"
        )
    names = ["control"] if m == 1 else [f"control_{i + 1}" for i in range(m)]
    row, words = objective.control[0], "gain b of this control on the weight"
    if _mixes_controls(objective.metric, m):  # G = CCᵀ: the controls Cᵀu cost their squared size
        row = np.linalg.solve(np.linalg.cholesky(objective.metric), row)
        words = "gain of a combination of controls that has the unit cost"
    gains = tuple(Parameter(n, float(b), meaning=words, low=_ANY) for n, b in zip(names, row, strict=True))
    if not np.any(objective.control):
        raise InputError("control is 0: nothing can move the weight; give a gain that is not 0")
    return tuple(p.symbol for p in gains), gains


def _mixes_controls(metric: Any, m: int) -> bool:
    return m > 1 and not callable(metric) and np.shape(metric) == (m, m)


def _function_of(name: str, function: Any, variable: sp.Symbol = WEIGHT) -> sp.Expr:
    """Value of a function of the weight or its velocity, as an expression of SymPy."""
    try:
        value = function(variable)
    except (TypeError, AttributeError, ValueError) as error:
        raise InputError(
            f"{name}({variable}) cannot be evaluated for a symbol {variable} ({error}); derive takes functions of "
            f"SymPy, such as sympy.exp in place of numpy.exp"
        ) from None
    if getattr(value, "shape", ()):
        raise InputError(f"{name}({variable}) is a matrix, which couples synapses; derive takes a function to a number")
    if isinstance(value, list | tuple):
        raise InputError(f"{name}({variable}) must be one number for one weight, got {value!r}")
    return algebra(f"{name}({variable})", value)


def _is_positive_for(metric: sp.Expr, **sign: bool) -> bool:
    return metric.subs(WEIGHT, sp.Dummy("w", **sign)).is_positive is True


def _require_positive(metric: sp.Expr) -> None:
    """Raise an error where a metric is not shown to be positive for positive weights."""
    if not metric.free_symbols - {WEIGHT}:
        positive = metric.is_positive or _is_positive_for(metric, positive=True)
    else:
        positive = not metric.is_nonpositive  # other signals in it have a sign of their own
    if not positive:
        raise InputError(
            f"metric(w) = {metric} is not shown to be positive for w > 0: a cost of change that is not positive has no "
            "optimum; write it so that its sign shows, such as 1/w**2 or 1 + w**2"
        )


def _positive_everywhere(metric: sp.Expr) -> bool:
    """Whether a metric is shown to be positive for weights of both signs, or is no function of the weight."""
    return bool(not metric.has(WEIGHT) or metric.is_positive or _is_positive_for(metric, negative=True))


def _frozen_metric(metric: sp.Expr, at: sp.Expr) -> tuple[str, ...]:
    """Cautions about a metric that is a function of the weight."""
    words = []
    if not _positive_everywhere(metric):
        words.append(
            f"The metric {metric} is not shown to be positive for w < 0, where the rule would climb the loss: the "
            "weight is kept in w >= 0."
        )
    if metric.has(WEIGHT) and at not in (sp.S.Zero, sp.oo):
        words.append(
            "The metric is frozen at the present weight: approximate at a finite discount, and bad where G changes by "
            "a factor on the way to the optimum; `plan` and `policy` take the whole metric."
        )
    return tuple(words)


def _metric(objective: Objective, m: int) -> tuple[tuple[sp.Expr, ...], tuple[Parameter, ...]]:
    if objective.metric is None:
        return (sp.S.One,) * m, ()
    if callable(objective.metric):
        metric = _function_of("metric", objective.metric)
        _require_positive(metric)
        return (metric,) * m, ()
    if _mixes_controls(objective.metric, m):
        return (sp.S.One,) * m, ()
    meaning = "metric G: cost of change"
    if m > 1 and objective.metric.ndim == 1:
        if objective.metric.size != m:
            raise InputError(f"metric has {objective.metric.size} entries for {m} controls")
        names = [f"metric_{i + 1}" for i in range(m)]
        prices = tuple(
            Parameter(n, float(g), meaning=meaning, positive=True) for n, g in zip(names, objective.metric, strict=True)
        )
        return tuple(p.symbol for p in prices), prices
    price = Parameter("metric", _scalar("metric", objective.metric), meaning=meaning, positive=True)
    return (price.symbol,) * m, (price,)


def _drift(objective: Objective, order: int) -> tuple[sp.Expr, sp.Expr, tuple[Parameter, ...]]:
    if objective.drift is None:
        return sp.S.Zero, sp.S.Zero, ()
    moving = WEIGHT if order == 1 else VELOCITY
    if callable(objective.drift):
        return _drift_function(objective.drift, moving)
    value = _scalar("drift", objective.drift)
    if order == 1:
        rate = Parameter("drift", value, unit="Hz", meaning="rate of drift, negative for decay", low=_ANY)
        return rate.symbol * WEIGHT, rate.symbol, (rate,)
    if np.any(np.greater(value, 0)):
        words = "rate at which the velocity grows without control"
        growth = Parameter("growth", value, unit="Hz", meaning=words, positive=True)
        return growth.symbol * VELOCITY, growth.symbol, (growth,)
    friction = Parameter("friction", -value, unit="Hz", meaning="friction c of the velocity")
    return -friction.symbol * VELOCITY, -friction.symbol, (friction,)


def _drift_function(function: Any, moving: sp.Symbol) -> tuple[sp.Expr, sp.Expr, tuple[Parameter, ...]]:
    """Drift that is a function of the weight [1], or of its velocity in units of 1/s."""
    value = _function_of("drift", function, moving)
    units = {v.name: v.unit for v in LOCALS.values()}
    unit = unit_of(value, units)  # its numbers stand for what lacks to the unit of the change
    rate = "Hz" if moving == WEIGHT else "Hz**2"
    unit = rate if unit == "1" else f"{rate}/({unit})"
    scale = Parameter("drift", 1.0, unit=unit, meaning=f"unit of the drift function f({moving})", positive=True)
    own: tuple[Parameter, ...] = (scale,)
    if moving == VELOCITY:
        speed = Parameter("velocity_unit", 1.0, unit="Hz", meaning="unit of the velocity in the drift", positive=True)
        value, own = value.subs(VELOCITY, VELOCITY / speed.symbol), (scale, speed)
    drift = scale.symbol * value
    return drift, sp.diff(drift, moving), own


def _task(objective: Objective, process: Inference | None) -> tuple:
    """Coefficient of δ in the loss, its forecasts, and the parameters of a hazard.

    Relaxation and replacement both move an expected value linearly, so that their rates add up and their means are
    weighted by their rates.
    """
    gradient, forecasts = (GRADIENT, ()) if process is None else (process.gradient, process.forecasts)
    if objective.hazard == 0:
        return gradient, forecasts, ()
    if len(forecasts) > 1:
        raise InputError(
            "hazard with an optimum_belief of several components leaves open how the optimum of a new task splits over "
            "them; use one time_constant, or hazard=0"
        )
    taken = () if process is None else {p.name for p in process.parameters}
    names = [f"task_{name}" if name in taken else name for name in ("hazard", "prior_mean")]
    hazard = Parameter(names[0], float(objective.hazard), unit="Hz", meaning="rate λ at which the task is replaced")
    value = _scalar("prior_mean", objective.prior_mean)
    prior = Parameter(names[1], value, meaning="mean optimum μ_0 of the tasks to come", low=_ANY)
    rate = hazard.symbol
    if not forecasts:
        return GRADIENT, (Forecast(GRADIENT, rate, _of_new_task(prior)),), (hazard, prior)
    (own,) = forecasts
    new = _of_new_task(prior) if gradient == own.symbol else prior.symbol
    both = own.rate + rate
    return gradient, (Forecast(own.symbol, both, (own.rate * own.mean + rate * new) / both),), (hazard, prior)


def _of_new_task(prior: Parameter) -> sp.Expr:
    """Expected gradient of a new task, with the curvature of the present one."""
    return CURVATURE * (WEIGHT - prior.symbol)


def _scalar(name: str, value: Any) -> Any:
    """Number, or array with one entry per synapse; a matrix would couple synapses."""
    array = np.asarray(value)
    if array.ndim == 2 and array.size > 1:
        raise InputError(
            f"{name} is a {array.shape[0]}×{array.shape[1]} matrix, which couples synapses; derive takes a "
            "number or a function of w, solve takes matrices"
        )
    return array if array.ndim == 1 else float(array.reshape(()))


def _assumptions(objective: Objective, at: sp.Expr, order: int) -> tuple[str, ...]:
    what = "its squared speed" if order == 1 else "its squared acceleration"
    words = [f"Changing a weight costs {what}; the learner trades it against the discounted loss."]
    words.append(horizon(at, order))
    if objective.metric is not None:
        words.append("The cost of change is measured in a metric, taken at the present weight.")
    if objective.control is not None:
        words.append("The weight moves through controls with fixed gains.")
    if objective.drift is not None and order == 1:
        words.append("Weights drift without control; the drift is linearised at the present weight.")
    if objective.drift is not None and order == 2:
        words.append("Without control the velocity of a weight changes in proportion to itself (friction or growth).")
    if objective.hazard > 0:
        words.append("The task is replaced at random times, which is announced; every task has the same curvature.")
    words.append("The loss is quadratic near the present weight; each synapse plans for itself.")
    return tuple(words)


def _cautions(objective: Objective, at: sp.Expr, order: int) -> tuple[str, ...]:
    words = ["The rule is local: leaving a local minimum needs a plan over the landscape (`plan`)."]
    if at != sp.oo:
        words.append("A negative curvature steeper than −γ²/(4ηk)·G has no optimum; the curvature is taken ≥ 0.")
    if at == sp.oo and objective.hazard > 0:
        words.append(
            "The hazard has no effect here: λ ≪ γ in the limit of a short horizon. At a finite λ/γ the target is the "
            "mean of the optimum and μ_0 with the weights γ and λ; use a finite discount."
        )
    if at != sp.oo:
        words.append(
            "Each synapse knows the diagonal of the curvature only: bad where the loss couples synapses, most at a "
            "long horizon, not at all at a short one; `excess` is what it costs."
        )
    if callable(objective.drift):
        words.append(
            "The drift is linearised at the present weight: bad where its slope changes by a factor on the way to the "
            "optimum; `plan` takes the whole function."
        )
    if objective.hazard > 0:
        words.append(
            "Tasks to come have the curvature of the present one: bad where they are stiff along other weights; "
            "`solve` with a TaskPrior redraws it."
        )
    if _grows(objective, at):
        words.append(
            "Where the drift grows faster than γ/2, the least curvature is worth stabilising, but v = 0 is left alone: "
            "bad where a believed curvature is 0 by accident."
        )
    return tuple(words)
