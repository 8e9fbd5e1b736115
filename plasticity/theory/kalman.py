"""Beliefs about what wanders or switches, as states of a rule: Kalman–Bucy filters, by conditioning Gaussians.

Between observations the prior moves the mean and the covariance of a belief. An observation over a time Δt is a
Gaussian with variance σ²/Δt; conditioning on it, to first order in Δt, gives the gain.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sympy as sp

from plasticity.belief import OrnsteinUhlenbeck, SwitchingTask
from plasticity.errors import InputError
from plasticity.rule import CURVATURE, GRADIENT, WEIGHT, Parameter, State, Step
from plasticity.theory.control import Forecast
from plasticity.theory.estimation import Inference
from plasticity.theory.kept import kept
from plasticity.trace import time_constant

_NEEDS_CURVATURE = "The observed optimum is w − gradient/curvature, which needs a positive curvature."


def wandering_gradient(belief: OrnsteinUhlenbeck) -> Inference:
    """Belief about a gradient that is an Ornstein–Uhlenbeck process seen through noise (Kalman–Bucy)."""
    if belief.n > 1:
        raise InputError(f"gradient_belief must have one component, got time_constant {belief.time_constant}")
    found = _wandering(belief, "gradient", "belief_mean", GRADIENT, "loss")
    return replace(
        found,
        gradient=found.forecasts[0].symbol,
        assumptions=("The gradient is an Ornstein–Uhlenbeck process that is observed through white noise.",),
        cautions=(
            "The belief ignores that the gradient changes because the learner moves (dg/dt = H dw/dt): at equal "
            "effective learning rate it leaves the same stationary variance as no belief.",
        ),
    )


def wandering_optimum(belief: OrnsteinUhlenbeck) -> Inference:
    """Belief about an optimum that is a sum of Ornstein–Uhlenbeck processes, seen as w − gradient/curvature."""
    found = _wandering(belief, "optimum", "belief_optimum", WEIGHT - GRADIENT / CURVATURE, "1")
    return replace(
        found,
        gradient=CURVATURE * (WEIGHT - sum(f.symbol for f in found.forecasts)),
        assumptions=("The optimum is a sum of Ornstein–Uhlenbeck processes, seen through white noise.",),
        cautions=(_NEEDS_CURVATURE,),
    )


def switching_optimum(belief: SwitchingTask) -> Inference:
    """Belief about an optimum that is replaced, unannounced, by draws from a prior: the first two moments.

    Between observations E dμ = λ(μ_0 − μ) dt and E dμ² = λ(Σ_0 + μ_0² − μ²) dt; observations are taken in as if
    the belief were Gaussian.
    """
    hazard = Parameter("hazard", belief.hazard, unit="Hz", meaning="rate λ at which the task is replaced")
    prior = Parameter(
        "prior_mean", _one("prior_mean", belief.prior_mean), meaning="mean optimum of tasks to come", low=float("-inf")
    )
    variance_0 = _one("prior_covariance", belief.prior_covariance)
    spread = Parameter("prior_variance", variance_0, meaning="variance of the optimum over tasks", positive=True)
    noise = _noise(belief.observation_noise, "s")
    mean, variance = sp.Symbol("belief_optimum", real=True), sp.Symbol("belief_variance", nonnegative=True)
    forecast = Forecast(mean, hazard.symbol, prior.symbol)
    second = hazard.symbol * (spread.symbol + prior.symbol**2 - (variance + mean**2))
    growth = sp.factor(sp.expand(second - 2 * mean * forecast.rate * (forecast.mean - mean)))
    observed = WEIGHT - GRADIENT / CURVATURE
    flows = filter_flows((forecast,), sp.Matrix([[variance]]), sp.Matrix([[growth]]), observed, noise.symbol)
    states = (
        State("belief_optimum", flows[0][0], "1", prior.value, "belief about the optimum", "optimum"),
        State("belief_variance", flows[1][0, 0], "1", spread.value, "its variance", nonnegative=True),
    )
    return Inference(
        states,
        (hazard, prior, spread, noise),
        forecasts=(forecast,),
        gradient=CURVATURE * (WEIGHT - mean),
        assumptions=(
            "The optimum is replaced at random times by a draw from a prior; this is not announced.",
            "The belief keeps the mean and the variance of the posterior.",
        ),
        cautions=(
            "The posterior after a possible switch is a mixture; two moments smooth the jump after a surprise.",
            _NEEDS_CURVATURE,
        ),
        steps=(
            Step("Variance of the belief between observations", sp.Eq(_rate("belief_variance"), growth)),
            *(Step("Filter", sp.Eq(_rate(s.name), s.flow)) for s in states),
        ),
    )


def filter_flows(
    forecasts: tuple[Forecast, ...],
    covariance: sp.Matrix,
    growth: sp.Matrix,
    observed: sp.Expr,
    noise: sp.Expr,
) -> tuple[list[sp.Expr], sp.Matrix]:
    """Flows of the mean and the covariance of a belief about components whose sum is observed.

    Parameters
    ----------
    forecasts : tuple of Forecast
        Components: symbol of the believed mean, rate, mean.
    covariance, growth : (n, n) sympy.Matrix
        Covariance of the belief, and how it grows between observations.
    observed, noise : sympy expression
        Observation of the sum, and its variance × time.

    Examples
    --------
    >>> m, S, r, y, noise = sp.symbols("m S r y noise")
    >>> filter_flows((Forecast(m, r, 0),), sp.Matrix([[S]]), sp.Matrix([[-2 * r * S]]), y, noise)[1]
    Matrix([[-S**2/noise - 2*S*r]])
    """
    dt = sp.Symbol("Delta_t", positive=True)
    read = sp.ones(len(forecasts), 1)
    total = (read.T * covariance * read)[0]
    conditioned = covariance * read * dt / (dt * total + noise)  # gain of an observation with variance noise/Δt
    gain = conditioned.applyfunc(lambda e: sp.cancel(sp.diff(e, dt).subs(dt, 0)))
    error = observed - sum(f.symbol for f in forecasts)
    means = [f.rate * (f.mean - f.symbol) + gain[i] * error for i, f in enumerate(forecasts)]
    return means, growth - (gain * (read.T * covariance)).applyfunc(sp.expand)


def _wandering(belief: OrnsteinUhlenbeck, what: str, name: str, observed: sp.Expr, unit: str) -> Inference:
    """Kalman–Bucy filter for a sum of Ornstein–Uhlenbeck components."""
    n = belief.n
    suffixes = [""] if n == 1 else [f"_{i + 1}" for i in range(n)]
    given = [v if isinstance(v, tuple) else (v,) for v in (belief.time_constant, belief.stationary_std, belief.mean)]
    squared = "1" if unit == "1" else f"{unit}**2"
    noise = _noise(belief.observation_noise, "s" if unit == "1" else f"{squared}*s")
    parameters, forecasts, diffusion = [], [], []
    for suffix, tau, std, mean in zip(suffixes, *given, strict=True):
        lasting = time_constant(f"tau_{what}{suffix}", tau, f"how long a change of the {what} lasts")
        spread = Parameter(
            f"{what}_variance{suffix}", std**2, unit=squared, meaning=f"variance of the {what}", positive=True
        )
        parameters += [lasting, spread]
        centre = sp.S.Zero
        if mean:
            centre = Parameter(f"{what}_mean{suffix}", mean, unit=unit, meaning=f"mean {what}", low=float("-inf"))
            parameters.append(centre)
            centre = centre.symbol
        forecasts.append(Forecast(sp.Symbol(name + suffix, real=True), 1 / lasting.symbol, centre))
        diffusion.append(2 * spread.symbol / lasting.symbol)
    covariance = _covariance_symbols(n)
    rates = sp.diag(*(f.rate for f in forecasts))
    growth = sp.diag(*diffusion) - rates * covariance - covariance * rates
    means, flow = filter_flows(tuple(forecasts), covariance, growth, observed, noise.symbol)
    states = [
        State(f.symbol.name, m, unit, float(start), f"belief about the {what}", what)
        for f, m, start in zip(forecasts, means, given[2], strict=True)
    ]
    for i in range(n):
        for j in range(i + 1):
            start = given[1][i] ** 2 if i == j else 0.0
            words = "variance of the belief" if i == j else "covariance of the belief"
            symbol = covariance[i, j]
            states.append(State(symbol.name, flow[i, j], squared, start, words, nonnegative=i == j))
    steps = tuple(Step("Filter", sp.Eq(_rate(s.name), s.flow)) for s in states)
    if n == 1:
        steps += (_steady_gain(covariance[0], flow[0], noise.symbol),)
    return Inference(
        tuple(states), (*parameters, noise), (), (), tuple(forecasts), steps=steps, references=("kalman_1961",)
    )


def _covariance_symbols(n: int) -> sp.Matrix:
    def symbol(i: int, j: int) -> sp.Symbol:
        if n == 1:
            return sp.Symbol("belief_variance", nonnegative=True)
        if i == j:
            return sp.Symbol(f"belief_variance_{i + 1}", nonnegative=True)
        return sp.Symbol(f"belief_covariance_{max(i, j) + 1}_{min(i, j) + 1}", real=True)

    return sp.Matrix(n, n, symbol)


@kept
def _steady_gain(variance: sp.Symbol, flow: sp.Expr, noise: sp.Symbol) -> Step:
    """Where the variance settles, divided by the noise."""
    free = sp.Dummy("S")
    roots = sp.solve(flow.subs(variance, free), free)
    ones = dict.fromkeys(flow.free_symbols - {variance}, 1)
    positive = [r for r in roots if r.subs(ones) > 0]
    if len(positive) != 1:
        raise ArithmeticError(f"expected one positive variance, found {positive}")
    return Step("Steady gain", sp.Eq(sp.Symbol("K"), sp.expand(positive[0] / noise)), "where the variance settles")


def _noise(std: float, unit: str) -> Parameter:
    words = "noise of the observation, variance × time"
    return Parameter("observation_variance", std**2, unit=unit, meaning=words, positive=True)


def _rate(name: str) -> sp.Symbol:
    return sp.Symbol(f"d_{name}/dt")


def _one(name: str, value: Any) -> float:
    while isinstance(value, tuple) and len(value) == 1:
        value = value[0]
    if isinstance(value, tuple):
        raise InputError(f"{name} must be one number for a synapse, got {value}; give each synapse its own rule")
    return float(value)
