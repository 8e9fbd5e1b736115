"""Beliefs as states of a rule: filters for a quantity that the policy would need to know.

A fading memory has the gain that follows from the recursion of its precision. For a quantity that wanders, the prior
moves the mean and the covariance of the belief between observations; an observation over a time Δt is a Gaussian with
variance σ²/Δt, and conditioning on it, to first order in Δt, gives the gain (Kalman–Bucy). A quantity that switches
needs several hypotheses, which Bayes' rule weighs at every observation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from plasticity.belief import FadingMemory, OrnsteinUhlenbeck, SwitchingTask
from plasticity.errors import InputError
from plasticity.rule import CURVATURE, GRADIENT, TICK, WEIGHT, Parameter, State, Step, Update, time_constant
from plasticity.support.cached_algebra import cached_algebra
from plasticity.theory.symbols import Forecast

COUNT = sp.Symbol("count", real=True)
_LEAST = sp.Float("1e-12")  # least probability of a hypothesis
_NEEDS_CURVATURE = "The observed optimum is w − gradient/curvature, which needs a positive curvature."


@dataclass(frozen=True)
class Inference:
    """States of a belief, their dynamics, and the quantities that they replace.

    `replaces` pairs a symbol of the policy with the belief about it; `ticks` are updates at clock ticks, where
    observations are discrete; `forecasts` is the expected change of the quantity; `gradient` is the gradient of the
    loss in terms of the believed quantities.
    """

    states: tuple[State, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    replaces: tuple[tuple[sp.Symbol, sp.Expr], ...] = ()
    ticks: tuple[Update, ...] = ()
    forecasts: tuple[Forecast, ...] = ()
    gradient: sp.Expr = GRADIENT
    assumptions: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    references: tuple[str, ...] = ()


def fading_gradient(belief: FadingMemory) -> Inference:
    """Belief about a gradient that stands still but may have changed: a moving average of gradients."""
    state = State("belief_mean", unit="loss", meaning="belief about the gradient", estimates="gradient")
    memory = _fading(belief, state, (GRADIENT, GRADIENT), ("decay_mean", "tau_gradient", "gradient"))
    return replace(
        memory,
        assumptions=("The gradient is known through a fading memory.",),
        cautions=(
            "The memory ignores that the gradient changes because the learner moves (dg/dt = H dw/dt): bad where it is "
            "longer than the learner needs; for 4Rτ > 1, with R the rate of the learner, the weight oscillates.",
        ),
    )


def fading_curvature(belief: FadingMemory) -> Inference:
    """Belief about the curvature: a moving average of squared gradients (empirical Fisher information)."""
    words = "belief about the squared gradient"
    state = State("belief_curvature", unit="loss", meaning=words, estimates="curvature", nonnegative=True)
    names = ("decay_square", "tau_curvature", "squared gradient")
    return replace(
        _fading(belief, state, (CURVATURE, GRADIENT**2), names),
        assumptions=(
            "The squared gradient is known through a fading memory.",
            "The squared gradient stands for the curvature (empirical Fisher): an approximation.",
        ),
        cautions=(
            "A belief about the curvature is never certainty-equivalent: using it as if known is approximate.",
            "Where the loss is no log likelihood, squared gradient and curvature differ in scale and unit.",
        ),
    )


def _fading(belief: FadingMemory, state: State, pair: tuple, names: tuple[str, str, str]) -> Inference:
    """Memory of ``observed``, which replaces ``needed``, per step or in continuous time."""
    needed, observed = pair
    decay_name, tau_name, meaning = names
    state = replace(state, initial=float(belief.initial or 0.0))
    replaced = ((needed, state.symbol),)
    if belief.time_constant is not None:
        tau = time_constant(tau_name, belief.time_constant, f"memory of the {meaning}")
        rate = fading_rate(tau.symbol)
        words = "limit of (1 − β)/Δt for Δt → 0 with β = e^{−Δt/τ}: the memory per step in continuous time"
        step = Step(f"Gain per time of {state.name}", sp.Eq(sp.Symbol("K"), rate), words)
        return Inference((replace(state, flow=(observed - state.symbol) * rate),), (tau,), replaced, steps=(step,))
    words = f"memory of the {meaning}, β per step"
    beta = Parameter(decay_name, belief.decay, meaning=words, high=1.0, positive=True)
    diffuse = belief.initial is None
    gain, precision = fading_gain(beta.symbol, diffuse)
    counter = (State("count", meaning="observations so far"),) if diffuse else ()
    count = (Update("count", COUNT + 1),) if diffuse else ()
    steps = (
        Step(f"Precision of {state.name}", sp.Eq(sp.Symbol("Lambda"), precision), "Λ ← βΛ + 1, per observation"),
        Step(f"Kalman gain of {state.name}", sp.Eq(sp.Symbol("K"), gain), "one over the precision"),
    )
    tick = Update(state.name, state.symbol + gain * (observed - state.symbol))
    return Inference((*counter, state), (beta,), replaced, (*count, tick), steps=steps)


@cached_algebra
def fading_rate(tau: sp.Symbol) -> sp.Expr:
    """Gain per time of a fading memory in its steady state, as its steps become short.

    Examples
    --------
    >>> fading_rate(sp.Symbol("tau", positive=True))
    1/tau
    """
    dt, beta = sp.symbols("Delta_t beta", positive=True)
    gain, _ = fading_gain(beta, diffuse=False)
    return sp.limit(gain.subs(beta, sp.exp(-dt / tau)) / dt, dt, 0, "+")


@cached_algebra
def seen_optimum() -> sp.Expr:
    """Optimum μ at which a quadratic loss has the observed gradient: ``g = v(w − μ)``, solved for μ."""
    mu = sp.Symbol("mu", real=True)
    return sp.expand(sp.solve(CURVATURE * (WEIGHT - mu) - GRADIENT, mu)[0])


@cached_algebra
def fading_gain(decay: sp.Symbol, diffuse: bool = True) -> tuple[sp.Expr, sp.Expr]:
    """Kalman gain and precision of a belief about a constant whose covariance grows by 1/β before each step.

    The precision follows Λ ← βΛ + 1, in units of the precision of one observation, from 0 (`diffuse`) or from its
    fixed point; the gain is 1/Λ after ``count`` observations.

    Examples
    --------
    >>> fading_gain(sp.Symbol("beta", positive=True))[0]
    (1 - beta)/(1 - beta**count)
    >>> fading_gain(sp.Symbol("beta", positive=True), diffuse=False)[0]
    1 - beta
    """
    n, start = sp.Symbol("n", integer=True, nonnegative=True), sp.Symbol("Lambda_0")
    precision = sp.Function("Lambda")
    after = sp.rsolve(precision(n + 1) - decay * precision(n) - 1, precision(n), {precision(0): start})
    fixed = sp.solve(start - decay * start - 1, start)[0]
    solution = sp.simplify(after.subs(start, 0 if diffuse else fixed)).subs(n, COUNT)
    above, below = (sp.expand(part) for part in sp.fraction(sp.cancel(solution)))
    if below.subs(decay, 0) < 0:
        above, below = -above, -below
    return below / above, above / below


def wandering_gradient(belief: OrnsteinUhlenbeck, at_ticks: bool = False) -> Inference:
    """Belief about a gradient that is an Ornstein–Uhlenbeck process observed through noise (Kalman–Bucy)."""
    if belief.n > 1:
        raise InputError(f"gradient_belief must have one component, got time_constant {belief.time_constant}")
    filtered = _wandering(belief, "gradient", "belief_mean", GRADIENT, "loss", at_ticks)
    return replace(
        filtered,
        gradient=filtered.forecasts[0].symbol,
        assumptions=("The gradient is an Ornstein–Uhlenbeck process observed through white noise.",),
        cautions=(
            "The belief ignores that the gradient changes because the learner moves (dg/dt = H dw/dt): at equal "
            "effective learning rate it leaves the same stationary variance as no belief.",
            "Where the optimum moves, g = H(w − μ), and the noise is large, this is worse than never moving; use "
            "optimum_belief there.",
        ),
    )


def wandering_optimum(belief: OrnsteinUhlenbeck, at_ticks: bool = False) -> Inference:
    """Belief about an optimum that is a sum of Ornstein–Uhlenbeck processes, observed as w − gradient/curvature."""
    filtered = _wandering(belief, "optimum", "belief_optimum", seen_optimum(), "1", at_ticks)
    return replace(
        filtered,
        gradient=CURVATURE * (WEIGHT - sum(f.symbol for f in filtered.forecasts)),
        assumptions=("The optimum is a sum of Ornstein–Uhlenbeck processes observed through white noise.",),
        cautions=(_NEEDS_CURVATURE,),
    )


def switching_optimum(belief: SwitchingTask) -> Inference:
    """Belief about an optimum that is replaced, unannounced, by draws from a prior: two Gaussian hypotheses.

    At a tick every hypothesis, and a fresh draw that came since the last tick with probability 1 − e^{−λΔt}, is
    weighed by the density that it predicted for the observation, and conditioned on it. Then the fresh draw joins the
    less probable hypothesis, with the mean and the variance of their mixture.
    """
    parameters = _task_parameters(belief)
    hazard, prior, spread, noise = parameters
    mean, share = sp.Symbol("belief_optimum", real=True), sp.Symbol("second_share", nonnegative=True)
    fresh = sp.Symbol("just_switched", nonnegative=True)
    switch = 1 - sp.exp(-hazard.symbol * TICK.symbol)
    observed, error = sp.Symbol("observed_optimum", real=True), noise.symbol / TICK.symbol
    drawn = conditioned(prior.symbol, spread.symbol, observed, error)
    pair = [_hypothesis(name) for name in ("first", "second")]
    after = [conditioned(m, v, observed, error) for m, v in pair]
    odds = [sp.exp(a.log_density - drawn.log_density) * sp.sqrt(drawn.total / a.total) for a in after]
    second = sp.exp(after[0].log_density - after[1].log_density) * sp.sqrt(after[1].total / after[0].total)
    lighter = sp.Heaviside(sp.Rational(1, 2) - share)  # 1 where the second hypothesis is the less probable one
    joins = [
        fresh * light / (fresh + (1 - fresh) * part) for light, part in ((1 - lighter, 1 - share), (lighter, share))
    ]
    weighed = switch / (switch + (1 - switch) * ((1 - share) * odds[0] + share * odds[1]))
    ticks = [
        Update(observed.name, seen_optimum()),
        Update(fresh.name, weighed),
        Update(share.name, _not_certain(share / (share + (1 - share) * second))),
        *(Update(s.name, e) for (m, v), a in zip(pair, after, strict=True) for s, e in ((m, a.mean), (v, a.variance))),
    ]
    for (m, v), join in zip(pair, joins, strict=True):
        together = mixed(join, (m, v), (drawn.mean, drawn.variance))
        ticks += [Update(v.name, together[1]), Update(m.name, together[0])]
    ticks += [
        Update(share.name, _not_certain(fresh * lighter + (1 - fresh) * share)),
        Update(mean.name, pair[0][0] + share * (pair[1][0] - pair[0][0])),
    ]
    return Inference(
        _switching_states(pair, prior.value, spread.value),
        (*parameters, TICK),
        ticks=tuple(ticks),
        forecasts=(Forecast(mean, hazard.symbol, prior.symbol),),
        gradient=CURVATURE * (WEIGHT - mean),
        assumptions=(
            "The optimum is replaced at random times by a draw from a prior; this is not announced.",
            "The belief keeps two Gaussian hypotheses; a fresh draw joins the less probable one.",
        ),
        cautions=(
            "The exact posterior has a hypothesis for every possible time of the last switch; two of them have up to a "
            "tenth more mean square error (`plasticity.filters.Switching` is exact).",
            _NEEDS_CURVATURE,
        ),
        steps=(Step("Probability of a switch between ticks", sp.Eq(sp.Symbol("s"), switch)), *_hypothesis_steps()),
        references=("adams_2007",),
    )


def _task_parameters(belief: SwitchingTask) -> tuple[Parameter, Parameter, Parameter, Parameter]:
    words = "mean optimum of tasks to come"
    variance = _one("prior_covariance", belief.prior_covariance)
    return (
        Parameter("hazard", belief.hazard, unit="Hz", meaning="rate λ at which the task is replaced"),
        Parameter("prior_mean", _one("prior_mean", belief.prior_mean), meaning=words, low=float("-inf")),
        Parameter("prior_variance", variance, meaning="variance of the optimum over tasks", positive=True),
        _noise(belief.observation_noise, "s"),
    )


def _hypothesis(name: str) -> tuple[sp.Symbol, sp.Symbol]:
    """Mean and variance."""
    return sp.Symbol(f"{name}_mean", real=True), sp.Symbol(f"{name}_variance", nonnegative=True)


def _switching_states(pair: list, centre: Any, spread: Any) -> tuple[State, ...]:
    hypotheses = []
    for which, (m, v) in zip(("first", "second"), pair, strict=True):
        hypotheses.append(State(m.name, initial=centre, meaning=f"mean of the {which} hypothesis"))
        hypotheses.append(State(v.name, initial=spread, meaning="its variance", nonnegative=True))
    return (
        State("belief_optimum", initial=centre, meaning="belief about the optimum", estimates="optimum"),
        *hypotheses,
        State("second_share", meaning="probability of the second hypothesis", nonnegative=True),
        State("just_switched", meaning="probability of a switch since the last tick", nonnegative=True),
        State("observed_optimum", initial=centre, meaning="where the gradient puts the optimum"),
    )


def _hypothesis_steps() -> tuple[Step, ...]:
    """Bayes' rule for one hypothesis, and the moments of two that join, in general symbols."""
    m, variance, y, noise = _BAYES
    after, share = conditioned(m, variance, y, noise), sp.Symbol("q", positive=True)
    other = sp.symbols("m_0 S_0", positive=True)
    together = mixed(share, (m, variance), other)
    density = sp.exp(after.log_density) / sp.sqrt(2 * sp.pi * after.total)
    return (
        Step("Density of an observation", sp.Eq(sp.Symbol("p_y"), density), "of a hypothesis N(m, S), noise N"),
        Step("Mean of a hypothesis", sp.Eq(sp.Symbol("m_next"), after.mean), "after the observation"),
        Step("Variance of a hypothesis", sp.Eq(sp.Symbol("S_next"), after.variance), "after the observation"),
        Step("Mean of two that join", sp.Eq(sp.Symbol("m_both"), together[0]), "q: share of the fresh draw"),
        Step("Variance of two that join", sp.Eq(sp.Symbol("S_both"), together[1])),
    )


def _not_certain(probability: sp.Expr) -> sp.Expr:
    """Probability that no evidence makes 0 or 1 to machine precision, from which it could not return."""
    return _LEAST + (1 - 2 * _LEAST) * probability


@dataclass(frozen=True)
class Conditioned:
    """Gaussian after an observation, and the density of the observation: exp(`log_density`)/√(2π `total`)."""

    mean: sp.Expr
    variance: sp.Expr
    log_density: sp.Expr
    total: sp.Expr


def conditioned(mean: sp.Expr, variance: sp.Expr, observed: sp.Expr, noise: sp.Expr) -> Conditioned:
    """Bayes' rule for a Gaussian, N(mean, variance), that is seen with Gaussian noise of variance `noise`.

    Examples
    --------
    >>> m, S, y, N = sp.symbols("m S y N", positive=True)
    >>> conditioned(m, S, y, N).variance
    N*S/(N + S)
    """
    here = dict(zip(_BAYES, (mean, variance, observed, noise), strict=True))
    return Conditioned(*(part.subs(here, simultaneous=True) for part in _bayes()))


_BAYES = sp.symbols("m S y N", positive=True)


@cached_algebra
def _bayes() -> tuple[sp.Expr, sp.Expr, sp.Expr, sp.Expr]:
    """Complete the square in the joint density of a quantity x and its observation y, and integrate over x."""
    x = sp.Symbol("x", real=True)
    m, variance, y, noise = _BAYES
    exponent = -((x - m) ** 2) / (2 * variance) - (y - x) ** 2 / (2 * noise)
    best = sp.solve(sp.diff(exponent, x), x)[0]
    left = sp.factor(-1 / sp.diff(exponent, x, 2))
    gain = sp.factor(sp.diff(best, y))
    if sp.simplify(best - m - gain * (y - m)) != 0:
        raise ArithmeticError(f"{best} is not linear in the surprise")
    return m + gain * (y - m), left, sp.factor(exponent.subs(x, best)), sp.factor(variance * noise / left)


def mixed(share: sp.Expr, one: tuple[sp.Expr, sp.Expr], other: tuple[sp.Expr, sp.Expr]) -> tuple[sp.Expr, sp.Expr]:
    """Mean and variance of a mixture, of which `other` (mean, variance) has the part `share`.

    Examples
    --------
    >>> p, m, n = sp.symbols("p m n")
    >>> mixed(p, (m, 0), (n, 0))[1]
    p*(1 - p)*(-m + n)**2
    """
    away = other[0] - one[0]
    return one[0] + share * away, (1 - share) * one[1] + share * other[1] + share * (1 - share) * away**2


def filter_flows(
    forecasts: tuple[Forecast, ...], covariance: sp.Matrix, growth: sp.Matrix, observed: sp.Expr, noise: sp.Expr
) -> tuple[list[sp.Expr], sp.Matrix]:
    """Flows of the mean and the covariance of a belief about components whose sum is `observed`.

    `growth` is the flow of the (n, n) covariance between observations, `noise` the variance × time of an observation.

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


def _wandering(
    belief: OrnsteinUhlenbeck, what: str, name: str, observed: sp.Expr, unit: str, at_ticks: bool
) -> Inference:
    """Filter of a sum of Ornstein–Uhlenbeck components: Kalman–Bucy, or Kalman's with observations at clock ticks."""
    n = belief.n
    suffixes = [""] if n == 1 else [f"_{i + 1}" for i in range(n)]
    taus, stds, centres = (
        v if isinstance(v, tuple) else (v,) for v in (belief.time_constant, belief.stationary_std, belief.mean)
    )
    squared = "1" if unit == "1" else f"{unit}**2"
    noise = _noise(belief.observation_noise, "s" if unit == "1" else f"{squared}*s")
    parameters, forecasts, diffusion = [], [], []
    for suffix, tau, std, mean in zip(suffixes, taus, stds, centres, strict=True):
        lasting = time_constant(f"tau_{what}{suffix}", tau, f"correlation time of the {what}")
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
        for f, m, start in zip(forecasts, means, centres, strict=True)
    ]
    for i in range(n):
        for j in range(i + 1):
            start = stds[i] ** 2 if i == j else 0.0
            words = "variance of the belief" if i == j else "covariance of the belief"
            symbol = covariance[i, j]
            states.append(State(symbol.name, flow[i, j], squared, start, words, nonnegative=i == j))
    if at_ticks:
        ticks, helpers = _at_ticks(tuple(forecasts), covariance, growth, observed, noise.symbol, (unit, squared))
        still = tuple(replace(s, flow=sp.S.Zero) for s in states)
        steps = tuple(Step(f"Tick {i}: {u.target}", sp.Eq(_after(u.target), u.expression)) for i, u in enumerate(ticks))
        return Inference(
            (*still, *helpers),
            (*parameters, noise),
            ticks=ticks,
            forecasts=tuple(forecasts),
            steps=steps,
            references=("kalman_1961",),
        )
    steps = tuple(Step("Filter", sp.Eq(_rate(s.name), s.flow)) for s in states)
    if n == 1:
        steps += (_steady_gain(covariance[0], flow[0], noise.symbol),)
    return Inference(
        tuple(states), (*parameters, noise), (), (), tuple(forecasts), steps=steps, references=("kalman_1961",)
    )


def _at_ticks(
    forecasts: tuple[Forecast, ...],
    covariance: sp.Matrix,
    growth: sp.Matrix,
    observed: sp.Expr,
    noise: sp.Symbol,
    units: tuple[str, str],
) -> tuple[tuple[Update, ...], tuple[State, ...]]:
    """Assignments of a Kalman filter at a tick: means and covariances since the last one, then the observation.

    What relaxes, dx/dt = c − rx, is c/r + (x − c/r) e^{−rΔt} after Δt. The observation has the variance noise/Δt.
    """
    time, n = TICK.symbol, len(forecasts)

    def later(x: sp.Symbol, flow: sp.Expr) -> sp.Expr:
        rate, rest = -sp.diff(flow, x), sp.solve(flow, x)[0]
        return rest + (x - rest) * sp.exp(-rate * time)

    pairs = [(i, j) for i in range(n) for j in range(i + 1)]
    error = sp.Symbol("surprise", real=True)
    shared = [sp.Symbol(f"shared_{i + 1}", real=True) for i in range(n)]  # covariance with what is observed
    total = sum(shared, sp.S.Zero) + noise / time
    ticks = [Update(f.symbol.name, later(f.symbol, f.rate * (f.mean - f.symbol))) for f in forecasts]
    ticks += [Update(covariance[p].name, later(covariance[p], growth[p])) for p in pairs]
    ticks += [Update(error.name, observed - sum(f.symbol for f in forecasts))]
    ticks += [Update(s.name, sum(covariance[i, j] for j in range(n))) for i, s in enumerate(shared)]
    ticks += [Update(f.symbol.name, f.symbol + s / total * error) for f, s in zip(forecasts, shared, strict=True)]
    ticks += [Update(covariance[i, j].name, covariance[i, j] - shared[i] * shared[j] / total) for i, j in pairs]
    words = "covariance of a component with what is observed"
    helpers = (
        State(error.name, unit=units[0], meaning="observed minus expected"),
        *(State(s.name, unit=units[1], meaning=words) for s in shared),
    )
    return tuple(ticks), helpers


def _after(name: str) -> sp.Symbol:
    return sp.Symbol(f"{name}_after")


def _covariance_symbols(n: int) -> sp.Matrix:
    def symbol(i: int, j: int) -> sp.Symbol:
        if n == 1:
            return sp.Symbol("belief_variance", nonnegative=True)
        if i == j:
            return sp.Symbol(f"belief_variance_{i + 1}", nonnegative=True)
        return sp.Symbol(f"belief_covariance_{max(i, j) + 1}_{min(i, j) + 1}", real=True)

    return sp.Matrix(n, n, symbol)


@cached_algebra
def _steady_gain(variance: sp.Symbol, flow: sp.Expr, noise: sp.Symbol) -> Step:
    """Where the variance settles, divided by the noise."""
    free = sp.Dummy("S")
    roots = sp.solve(flow.subs(variance, free), free)
    ones = dict.fromkeys(flow.free_symbols - {variance}, 1)
    positive = [r for r in roots if r.subs(ones) > 0]
    if len(positive) != 1:
        raise ArithmeticError(f"expected one positive variance, got {positive}")
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
