"""Derivation of the learning rule of a synapse from an objective and beliefs.

The optimal-control problem is solved by SymPy (`plasticity.theory`: `control`, `momentum`), beliefs become states
(`estimation`, `uncertainty`), and limits are taken by computer algebra (`plasticity.limits`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sympy as sp

from plasticity.belief import FadingMemory, GaussianWeight, LandscapeShape, OrnsteinUhlenbeck, SwitchingTask
from plasticity.equations import algebra
from plasticity.errors import InputError
from plasticity.limits import change, named_discount
from plasticity.objective import Objective
from plasticity.rule import CURVATURE, TICK, WEIGHT, Parameter, Rule, State, Step, Update, free_symbols
from plasticity.support.cached_algebra import cached_algebra
from plasticity.support.checks import checked, require_number, require_record
from plasticity.support.exprel import exprel
from plasticity.theory.control import optimal_control
from plasticity.theory.estimation import (
    Inference,
    fading_curvature,
    fading_gradient,
    switching_optimum,
    wandering_gradient,
    wandering_optimum,
)
from plasticity.theory.momentum import optimal_acceleration
from plasticity.theory.problem import StatedProblem, state_problem
from plasticity.theory.shape import landscape_shape
from plasticity.theory.symbols import DURATION, VELOCITY, Forecast
from plasticity.theory.uncertainty import uncertain_weight


@checked
def derive(
    objective: Objective,
    gradient_belief: FadingMemory | OrnsteinUhlenbeck | None = None,
    curvature_belief: FadingMemory | None = None,
    optimum_belief: OrnsteinUhlenbeck | SwitchingTask | None = None,
    weight_belief: GaussianWeight | None = None,
    duration: object = None,
    order: int = 1,
    shape_belief: LandscapeShape | None = None,
) -> Rule:
    """Optimal learning rule of one synapse with access to its gradient and curvature, or beliefs about them.

    For a finite discount ``dw/dt = f(w) − ηM (k g + p f)/(γ − f' + ηMp)`` with the control effectiveness M = b²/G and
    p the optimal root of ``γp = kv + 2f'p − ηMp²``; without drift ``−ηM k g/(γ/2 + sqrt(γ²/4 + ηkMv))``. A discount
    of 0 or ``sympy.oo`` is the limit of that, taken by computer algebra.

    Parameters
    ----------
    objective : Objective
        Discount (number, symbol, 0 or ``sympy.oo``), plasticity, loss weight; metric None, a number or a
        function of w; drift None, a number or a function of w (linearised at w); control None or (1, m), the gains
        of m controls; hazard and prior mean. At ``discount=oo`` only the learning rate ηk/γ is left: its default
        is plasticity·loss_weight. With ``order=2`` the drift is that of the velocity: −c is a friction, a function
        is one of the velocity. A hazard is announced: beliefs that are states begin anew when the task changes.
    gradient_belief : FadingMemory or OrnsteinUhlenbeck, optional
        The gradient is estimated by a filter of the observed ones (state ``belief_mean``): a moving average, or
        a Kalman–Bucy filter, whose policy also expects the gradient to fade.
    curvature_belief : FadingMemory, optional
        The curvature is a moving average of squared gradients, the empirical Fisher information (state
        ``belief_curvature``). Using a belief in place of the curvature is an approximation.
    optimum_belief : OrnsteinUhlenbeck or SwitchingTask, optional
        The optimum moves and is observed as ``w − gradient/curvature``. Short-lived changes are followed less. With
        a `SwitchingTask` the belief jumps after a surprise: at clock ticks (parameter ``clock_step``) two hypotheses
        (states ``first_mean``, ``second_mean`` …) are weighed, and the weight moves towards the mean
        ``belief_optimum`` for the time until the next tick, as with `duration`.
    weight_belief : GaussianWeight, optional
        The synapse holds a Gaussian belief about its weight (state ``belief_variance``), at ``discount`` 0 or
        ``sympy.oo``: in between its metric, which changes with the variance, leaves no closed form. Metric and
        controls change the price of moving mean and variance; at ``oo`` a drift carries both along.
    duration : float or sympy.oo, optional
        Time between observations [s]: the weight changes at clock ticks, ``w += (1 − e^{−rT})/r · dw/dt``, and by
        what its forecasts ask for on the way; ``oo`` is Newton's method. A belief about a process is then Kalman's
        filter, with one observation of the noise σ_o²/T at every tick.
    order : {1, 2}
        Whether the velocity or the acceleration of the weight is controlled (state ``velocity``).
    shape_belief : LandscapeShape, optional
        Gradient and curvature are inferred together, from gradients seen at other weights: the exact posterior of
        which Adam is an approximation. States ``belief_mean``, ``belief_curvature`` and five sums, at clock ticks.

    Returns
    -------
    Rule
        With inputs ``gradient`` and, where the curvature matters and is not estimated, ``curvature``. With a
        fading memory per step (``decay``) the weight moves at clock ticks: count, memories, then the weight; beliefs
        in continuous time go on in between.

    Raises
    ------
    InputError
        If the objective couples synapses (a matrix), or the arguments exclude each other.

    Examples
    --------
    >>> import sympy as sp
    >>> from plasticity import Objective
    >>> derive(Objective(discount=sp.oo)).weight_flow
    -gradient*learning_rate
    >>> derive(Objective(discount=0)).weight_flow
    -gradient*sqrt(loss_weight)*sqrt(plasticity)/sqrt(curvature)

    References
    ----------
    vastola_2025, eq. 1 and the sections on horizons, partial controllability and partial observability.
    """
    require_record("objective", objective, Objective)
    if duration is not None and not (isinstance(duration, float | sp.Basic) and duration == sp.oo):
        duration = require_number("duration", duration, low=0, exclusive=True, unit="s")
    _check(objective, gradient_belief, curvature_belief, optimum_belief, weight_belief, duration, order)
    _check_shape(shape_belief, gradient_belief, curvature_belief, optimum_belief, weight_belief, duration)
    process = _process(gradient_belief, optimum_belief, duration is not None)
    stated = state_problem(objective, process, order)
    rule, rate = _policy(stated, process, weight_belief, order)
    looks = () if process is None else process.ticks
    relaxes = order == 1 and weight_belief is None
    if weight_belief is not None and duration is not None:
        rule = _believing_for(rule.limit(discount=sp.oo), _duration(duration))
    elif duration is not None or (relaxes and (looks or shape_belief is not None)):
        time = TICK if duration is None else _duration(duration)
        rule = _acting_for(rule, rate, time, looks, stated.local.forecasts)
    elif looks:
        rule = _stepping(replace(rule, events={"clock": looks}))
    if weight_belief is not None and stated.limit == 0:  # solved at γ = 0: nothing is left to take the limit of
        used = {s.name for s in free_symbols(rule)}
        rule = replace(rule, parameters=tuple(p for p in rule.parameters if p.name in used))
    elif stated.limit is not None and (weight_belief is None or duration is None):
        rule = rule.limit(discount=stated.limit)
    if duration == sp.oo:
        rule = rule.limit(duration=sp.oo)
    symbolic = algebra("discount", objective.discount)
    if symbolic.free_symbols:
        rule = named_discount(rule, symbolic)
    shape = [landscape_shape(shape_belief)] if shape_belief is not None else []
    rule = _observing(rule, [*_memories(gradient_belief, curvature_belief), *shape], duration is not None)
    noisy = optimum_belief is not None and curvature_belief is not None
    newton = duration == sp.oo
    cautions = (*([_NOISE] if noisy else []), *([_JACOBI] if newton else []), *_stepwise(rule))
    return replace(rule, cautions=(*rule.cautions, *cautions)) if cautions else rule


_NOISE = (
    "The noise of the observed optimum is constant, but gradient noise σ gives σ/v: where the believed curvature v "
    "varies by a factor, the gain of the filter is off by its square."
)
_JACOBI = (
    "With several weights this is a step with the diagonal of the Hessian (Jacobi), not Newton's: it diverges where "
    "2 diag(H) − H is not positive definite; Newton's step needs the whole Hessian (`change` of the policy of `solve`)."
)


def _stepwise(rule: Rule) -> tuple[str, ...]:
    """Caution about a continuous policy that is taken in steps."""
    steps = [u.expression for u in rule.events.get("clock", ()) if u.target == WEIGHT.name]
    if any(step.has(exprel) for step in steps) or all(p.name != TICK.name for p in rule.parameters):
        return ()
    return (
        "The weight takes Euler steps of the policy in continuous time: bad where the rate R of the learner times the "
        "step is not small, divergent where it exceeds 2; the best step for discrete observations never diverges.",
    )


def _policy(
    stated: StatedProblem, process: Inference | None, weight_belief: GaussianWeight | None, order: int
) -> tuple[Rule, sp.Expr]:
    """Rule with exact gradient and curvature, and the relaxation rate of its closed loop."""
    rule = Rule(
        name="derived",
        title="Optimal rule of a synapse",
        parameters=stated.parameters,
        bounds=stated.bounds,
        assumptions=stated.assumptions,
        references=("vastola_2025",),
        cautions=stated.cautions,
    )
    rule = rule if process is None else _with(rule, process)
    rate, costed = sp.S.Zero, sp.sign(CURVATURE) if stated.grows else sp.S.One  # what costs nothing is left alone
    if weight_belief is not None:
        name = "belief_variance" if process is None else "weight_variance"
        uncertain = uncertain_weight(weight_belief, stated.local, stated.limit == 0, name)
        steps, control = uncertain.steps, uncertain.control
        rule = replace(_with(rule, uncertain.inference), weight_flow=stated.local.drift + control)
    elif order == 2:
        control, steps = optimal_acceleration(stated.local)
        control *= costed
        velocity = State("velocity", stated.local.drift + control, "Hz", meaning="velocity of the weight")
        rule = replace(rule, weight_flow=VELOCITY, states=(*rule.states, velocity))
    else:
        solution = optimal_control(stated.local)
        steps, slope = solution.steps, stated.local.slope
        rate = costed * (solution.rate + slope) - slope if stated.grows else solution.rate
        rule = replace(rule, weight_flow=stated.local.drift + costed * solution.control)
    return replace(rule, steps=(*steps, *rule.steps, Step("The rule", change(rule)))), rate


def _believing_for(rule: Rule, time: Parameter) -> Rule:
    """Rule of a weight belief that acts at ticks: while it acts its variance falls, dS/dt = −cS², and so does its rate.

    The distance of the mean from the optimum stays in proportion to S, so that both changes are their speeds times
    ``T S(T)/S``: at ηk/γ = 1 that is the step of Bayes after T seconds of evidence v.
    """
    (state,) = (s for s in rule.states if s.estimates == "weight")
    controlled = sp.expand(state.flow).as_independent(state.symbol, as_Add=True)
    before, after, c = sp.symbols("S S_T c", positive=True)
    elapsed = sp.integrate(1 / (-c * after**2), (after, before, after))  # ∫ dS/(dS/dt)
    fallen = sp.solve(elapsed - time.symbol, after)[0]
    here = {before: state.symbol, c: sp.cancel(-controlled[1] / state.symbol**2)}
    share = sp.factor((fallen / before).subs(here))
    ticks = (
        Update(WEIGHT.name, WEIGHT + rule.weight_flow * time.symbol * share),
        Update(state.name, state.symbol + controlled[1] * time.symbol * share),
    )
    states = tuple(replace(s, flow=controlled[0]) if s is state else s for s in rule.states)
    words = "The learner observes at clock ticks; in between it acts on the last observation, while uncertainty grows."
    acting = replace(
        rule,
        weight_flow=sp.S.Zero,
        states=states,
        events={"clock": ticks},
        parameters=(*rule.parameters, time),
        assumptions=(*rule.assumptions, words),
    )
    steps = (
        Step("Variance after acting", sp.Eq(sp.Symbol("S_T"), fallen), "dS/dt = −cS²"),
        Step("Change at an observation", change(acting), "the speed times T S_T/S"),
    )
    return replace(acting, steps=(*rule.steps, *steps))


def _duration(duration: object) -> Parameter:
    value = None if duration == sp.oo else duration
    return replace(DURATION, value=value)


def _acting_for(
    rule: Rule, rate: sp.Expr, time: Parameter, looks: tuple[Update, ...], forecasts: tuple[Forecast, ...]
) -> Rule:
    """Rule that looks at clock ticks and then acts for the time until the next.

    In between the closed loop relaxes at the rate r of its last observation, ``ẇ(t) = ẇ_0 e^{−rt}``, plus what its
    forecasts z ask for on the way: ``Σ (∂ẇ/∂z) ρ(z̄ − z) ∫ e^{−ρs} e^{−r(t−s)} ds``.
    """
    r, relaxed, finite = (e.subs(DURATION.symbol, time.symbol) for e in _relaxation())
    moved = rule.weight_flow * finite.subs(r, rate)
    looks = tuple(Update(u.target, u.expression.subs(TICK.symbol, time.symbol)) for u in looks)
    others = tuple(p for p in rule.parameters if p.name != TICK.name)
    on_the_way = sp.S.Zero
    for z in forecasts:
        rho, ahead = _following()
        asked = sp.diff(rule.weight_flow, z.symbol) * (z.mean - z.symbol)
        on_the_way += asked * ahead.subs({r: rate, rho: z.rate, DURATION.symbol: time.symbol})
    acting = replace(
        rule,
        weight_flow=sp.S.Zero,
        events={"clock": (*looks, Update(WEIGHT.name, WEIGHT + moved + on_the_way))},
        parameters=(*others, time),
        assumptions=(
            *rule.assumptions,
            "The learner observes at clock ticks; in between it acts on the last observation.",
        ),
    )
    steps = [
        Step("Relaxation between observations", sp.Eq(sp.Symbol("Delta_w"), sp.Symbol("dw/dt") * relaxed), "r: rate"),
        Step("Rate of the closed loop", sp.Eq(r, rate)),
    ]
    if forecasts:
        following = _following()[1].subs(DURATION.symbol, time.symbol)
        words = "time for which it follows z̄ − z until the next tick; ρ: rate of z"
        steps.append(Step("Following a forecast", sp.Eq(sp.Symbol("followed"), following), words))
    note = "exprel(x) = (eˣ − 1)/x is finite at 0: no inverse needed"
    steps.append(Step("Change at an observation", change(acting), note))
    return replace(acting, steps=(*rule.steps, *steps))


@cached_algebra
def _following() -> tuple[sp.Symbol, sp.Expr]:
    """Rate ρ of a forecast, and ρ ∫∫ e^{−ρs} e^{−r(t−s)} ds dt over a duration, without a division by r − ρ."""
    r, rho, since, t = sp.symbols("r rho s t", positive=True)
    time = DURATION.symbol
    product = sp.expand(sp.exp(-rho * since) * sp.exp(-r * (t - since)))
    lag = sp.simplify(sp.integrate(product, (since, 0, t), conds="none"))
    exact = rho * sp.integrate(sp.expand(lag.rewrite(sp.exp)), (t, 0, time))
    apart = sp.Abs(r - rho)
    smaller = (r + rho - apart) / 2
    finite = time * exprel(-r * time) - time * sp.exp(-smaller * time) * exprel(-apart * time)
    for values in ({r: 2, rho: 3, time: 1}, {r: 5, rho: 1, time: 2}):
        at = [sp.N(e.rewrite(sp.exp).subs(values), 30) for e in (exact, finite)]
        if abs(at[0] - at[1]) > 1e-25:
            raise ArithmeticError(f"{finite} is not {exact}")
    return rho, finite


@cached_algebra
def _relaxation() -> tuple[sp.Symbol, sp.Expr, sp.Expr]:
    """Rate r, and ∫ e^{−rs} ds from 0 to T: as SymPy integrates it, and in a form that is finite for r = 0."""
    r, since = sp.symbols("r s", positive=True)
    time = DURATION.symbol
    relaxed = sp.integrate(sp.exp(-r * since), (since, 0, time))
    finite = time * exprel(-r * time)
    if sp.simplify(relaxed - finite.rewrite(sp.exp)) != 0:
        raise ArithmeticError(f"{finite} is not {relaxed}")
    return r, relaxed, finite


def _process(gradient_belief: Any, optimum_belief: Any, at_ticks: bool) -> Inference | None:
    """Belief about the dynamics of the gradient or the optimum, observed at clock ticks or all the time."""
    if isinstance(optimum_belief, SwitchingTask):
        return switching_optimum(optimum_belief)
    if optimum_belief is not None:
        return wandering_optimum(optimum_belief, at_ticks)
    known = not isinstance(gradient_belief, OrnsteinUhlenbeck)
    return None if known else wandering_gradient(gradient_belief, at_ticks)


def _memories(gradient_belief: Any, curvature_belief: FadingMemory | None) -> list[Inference]:
    gradient = [fading_gradient(gradient_belief)] if isinstance(gradient_belief, FadingMemory) else []
    return [*gradient, *([fading_curvature(curvature_belief)] if curvature_belief is not None else [])]


def _with(rule: Rule, inference: Inference) -> Rule:
    """Rule with the states, parameters and description of a belief; a shared counter or clock is added once."""
    own = {s.name for s in rule.states} | {p.name for p in rule.parameters}
    return replace(
        rule,
        states=(*rule.states, *(s for s in inference.states if s.name not in own)),
        parameters=(*rule.parameters, *(p for p in inference.parameters if p.name not in own)),
        assumptions=(*rule.assumptions, *inference.assumptions),
        cautions=(*rule.cautions, *inference.cautions),
        steps=(*rule.steps, *inference.steps),
        references=tuple(dict.fromkeys((*rule.references, *inference.references))),
    )


def _observing(rule: Rule, memories: list[Inference], acts: bool) -> Rule:
    """Replace exact quantities by beliefs; with beliefs per step all updates are at clock ticks.

    `acts`: the rule already moves at ticks.
    """
    beliefs = {symbol: belief for m in memories for symbol, belief in m.replaces}
    if not beliefs:
        return rule
    clock = [Update(u.target, u.expression.subs(beliefs)) for u in rule.events.get("clock", ())]
    flows = {s.name: s.flow.subs(beliefs) for s in rule.states} | {WEIGHT.name: rule.weight_flow.subs(beliefs)}
    ticks = {u.target: u for m in memories for u in m.ticks}
    acting = replace(
        rule, weight_flow=sp.S.Zero, states=tuple(replace(s, flow=sp.S.Zero) for s in rule.states), events={}
    )
    for memory in memories:
        acting = _with(acting, memory)
    acting = replace(
        acting,
        weight_flow=flows[WEIGHT.name],
        states=tuple(replace(s, flow=flows.get(s.name, s.flow)) for s in acting.states),
        events={"clock": (*ticks.values(), *clock)},
    )
    acting = _stepping(acting) if ticks and not acts else acting
    return replace(acting, steps=(*acting.steps, Step("With the beliefs", change(acting))))


def _stepping(rule: Rule) -> Rule:
    """Rule whose controlled variables take Euler steps at clock ticks; beliefs in continuous time go on in between."""
    controlled = {s.name for s in rule.states if s.name == "velocity" or s.estimates == "weight"}
    stopped = tuple(replace(s, flow=sp.S.Zero) if s.name in controlled else s for s in rule.states)
    moving = [s for s in rule.states if s.name in controlled] + [State(WEIGHT.name, rule.weight_flow)]
    moves = [Update(s.name, s.symbol + TICK.symbol * s.flow) for s in moving if s.flow != 0]
    has_tick = any(p.name == TICK.name for p in rule.parameters)
    return replace(
        rule,
        weight_flow=sp.S.Zero,
        states=stopped,
        events={"clock": (*rule.events.get("clock", ()), *moves)},
        parameters=(*rule.parameters, *([TICK] if moves and not has_tick else [])),
    )


def _check(
    objective: Objective,
    gradient: object,
    curvature: object,
    optimum: object,
    weight: object,
    duration: object,
    order: object,
) -> None:
    """Raise an error for combinations that are not derived."""
    if objective.task_prior is not None:
        raise InputError("task_prior is for `solve`; use prior_mean with `derive`, where tasks share their curvature")
    _check_kinds(gradient, curvature, optimum, weight, order)
    if gradient is not None and optimum is not None:
        raise InputError(
            "gradient_belief and optimum_belief exclude each other: as g = v(w − μ), they are two different dynamics "
            "of one observation; leave one of them out"
        )
    if order == 2 and duration is not None:
        raise InputError(
            "order=2 takes no duration: between observations weight and velocity relax together, at real or complex "
            "rates that depend on the curvature, so that no one formula holds; use `solve` for (w, velocity), with "
            "drift [[0, 1], [0, −c]] and control [[0], [1]], and the path of its policy"
        )
    if weight is not None:
        _check_weight_belief(objective, gradient, optimum, duration, order)


def _check_weight_belief(
    objective: Objective, gradient: object, optimum: object, duration: object, order: object
) -> None:
    """Raise an error where the belief about a weight leaves no closed form."""
    at = algebra("discount", objective.discount)
    alternative = "`plan` the mean m and x = ln s² with metric diag(e⁻ˣ, ½) and the loss L(m) + v eˣ/2, which is exact"
    if order == 2:
        raise InputError(
            "weight_belief takes no order=2: the Fisher metric is curved, and what an acceleration of the belief costs "
            "is not stated by the objective; use order=1"
        )
    if not (at.is_zero or at == sp.oo):
        raise InputError(
            f"weight_belief has no closed form at discount={objective.discount}, because its Fisher metric changes "
            f"with the variance; use discount=0 or sympy.oo, or {alternative}"
        )
    moving = isinstance(gradient, OrnsteinUhlenbeck) or optimum is not None or objective.hazard > 0
    if duration is not None and (moving or objective.drift is not None or at != sp.oo):
        raise InputError(
            "weight_belief takes a duration at discount=sympy.oo only and without drift, hazard or a process: "
            "its rate changes with the variance in no closed form; use duration=None"
        )
    if at.is_zero and (moving or objective.drift is not None or callable(objective.metric)):
        raise InputError(
            "weight_belief at discount=0 takes no drift, no hazard, no belief about a process and no metric that "
            "depends on w: the closed form is due to the scaling (w − μ, s) → (c(w − μ), cs), which they break; use "
            f"discount=sympy.oo, or {alternative}"
        )


def _check_shape(shape: object, *others: object) -> None:
    """Raise an error where a belief about the shape of the landscape has company."""
    if shape is None:
        return
    require_record("shape_belief", shape, LandscapeShape)
    if any(other is not None for other in others):
        raise InputError(
            "shape_belief is a belief about gradient and curvature together, at looks that are clock_step apart: "
            "leave out gradient_belief, curvature_belief, optimum_belief, weight_belief and duration"
        )


def _check_kinds(gradient: object, curvature: object, optimum: object, weight: object, order: object) -> None:
    kinds = {
        "gradient_belief": (gradient, (FadingMemory, OrnsteinUhlenbeck)),
        "curvature_belief": (curvature, (FadingMemory,)),
        "optimum_belief": (optimum, (OrnsteinUhlenbeck, SwitchingTask)),
        "weight_belief": (weight, (GaussianWeight,)),
    }
    for name, (belief, allowed) in kinds.items():
        if belief is not None and not isinstance(belief, allowed):
            raise InputError(f"{name} must be {' or '.join(k.__name__ for k in allowed)}, got {belief!r}")
    if isinstance(order, bool) or order not in (1, 2):
        raise InputError(f"order must be 1 (velocity) or 2 (acceleration), got {order!r}")
