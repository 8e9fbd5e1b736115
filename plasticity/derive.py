"""Derivation of the learning rule of a synapse from an objective and beliefs.

The optimal-control problem is solved by SymPy (`plasticity.theory`: `control`, `momentum`), beliefs become states
(`estimation`, `uncertainty`), and limits are taken by computer algebra (`plasticity.limits`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sympy as sp

from plasticity.belief import FadingMemory, GaussianWeight, OrnsteinUhlenbeck, SwitchingTask
from plasticity.equations import algebra
from plasticity.errors import InputError
from plasticity.limits import change
from plasticity.objective import Objective
from plasticity.rule import TICK, WEIGHT, Rule, State, Step, Update, free_symbols
from plasticity.support.cached_algebra import cached_algebra
from plasticity.support.checks import require_number, require_record
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
from plasticity.theory.momentum import VELOCITY, optimal_acceleration
from plasticity.theory.problem import StatedProblem, state_problem
from plasticity.theory.symbols import DURATION
from plasticity.theory.uncertainty import uncertain_weight


def derive(
    objective: Objective,
    gradient_belief: FadingMemory | OrnsteinUhlenbeck | None = None,
    curvature_belief: FadingMemory | None = None,
    optimum_belief: OrnsteinUhlenbeck | SwitchingTask | None = None,
    weight_belief: GaussianWeight | None = None,
    duration: object = None,
    order: int = 1,
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
        is plasticity·loss_weight. With ``order=2`` a drift −c is a friction.
    gradient_belief : FadingMemory or OrnsteinUhlenbeck, optional
        The gradient is estimated by a filter of the observed ones (state ``belief_mean``): a moving average, or
        a Kalman–Bucy filter, whose policy also expects the gradient to fade.
    curvature_belief : FadingMemory, optional
        The curvature is a moving average of squared gradients, the empirical Fisher information (state
        ``belief_curvature``). Using a belief in place of the curvature is an approximation.
    optimum_belief : OrnsteinUhlenbeck or SwitchingTask, optional
        The optimum moves and is observed as ``w − gradient/curvature``. Short-lived changes are followed less.
    weight_belief : GaussianWeight, optional
        The synapse holds a Gaussian belief about its weight (state ``belief_variance``), at ``discount`` 0 or
        ``sympy.oo``: in between its metric, which changes with the variance, leaves no closed form.
    duration : float or sympy.oo, optional
        Time between observations [s]: the weight changes at clock ticks, ``w += (1 − e^{−rT})/r · dw/dt``; ``oo`` is
        Newton's method.
    order : {1, 2}
        Whether the velocity or the acceleration of the weight is controlled (state ``velocity``).

    Returns
    -------
    Rule
        With inputs ``gradient`` and, where the curvature matters and is not estimated, ``curvature``. With a
        fading memory per step (``decay``) all updates are at clock ticks: count, beliefs, then the weight.

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
    _check(objective, gradient_belief, curvature_belief, optimum_belief, weight_belief, duration, order)
    process = _process(gradient_belief, optimum_belief)
    stated = state_problem(objective, process, order)
    rule, rate = _policy(stated, process, weight_belief, order)
    if duration is not None:
        rule = _acting_for(rule, rate, duration)
    if weight_belief is not None and stated.limit == 0:  # solved at γ = 0: nothing is left to take the limit of
        used = {s.name for s in free_symbols(rule)}
        rule = replace(rule, parameters=tuple(p for p in rule.parameters if p.name in used))
    elif stated.limit is not None:
        rule = rule.limit(discount=stated.limit)
    if duration == sp.oo:
        rule = rule.limit(duration=sp.oo)
    rule = _observing(rule, _memories(gradient_belief, curvature_belief))
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
    "2 diag(H) − H is not positive definite; Newton's step needs the whole Hessian."
)


def _stepwise(rule: Rule) -> tuple[str, ...]:
    """Caution about a continuous policy that is taken in steps."""
    if all(p.name != TICK.name for p in rule.parameters):
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
        assumptions=stated.assumptions,
        references=("vastola_2025",),
        cautions=stated.cautions,
    )
    rate = sp.S.Zero
    if weight_belief is not None:
        uncertain = uncertain_weight(weight_belief, stated.limit == 0)
        steps, rule = uncertain.steps, replace(_with(rule, uncertain.inference), weight_flow=uncertain.control)
    elif order == 2:
        control, steps = optimal_acceleration(stated.local)
        flow = stated.local.slope * VELOCITY + control
        velocity = State("velocity", flow, "Hz", meaning="velocity of the weight")
        rule = replace(rule, weight_flow=VELOCITY, states=(velocity,))
    else:
        solution = optimal_control(stated.local)
        steps, rate = solution.steps, solution.rate
        rule = rule if process is None else _with(rule, process)
        rule = replace(rule, weight_flow=stated.local.drift + solution.control)
    return replace(rule, steps=(*steps, *rule.steps, Step("The rule", change(rule)))), rate


def _acting_for(rule: Rule, rate: sp.Expr, duration: object) -> Rule:
    """Rule that observes at clock ticks; in between the closed loop relaxes: ẇ(t + s) = ẇ(t) e^{−rs}."""
    value = None if duration == sp.oo else require_number("duration", duration, low=0, exclusive=True, unit="s")
    r, relaxed, finite = _relaxation()
    moved = rule.weight_flow * finite.subs(r, rate)
    acting = replace(
        rule,
        weight_flow=sp.S.Zero,
        events={"clock": (Update(WEIGHT.name, WEIGHT + moved),)},
        parameters=(*rule.parameters, replace(DURATION, value=value)),
        assumptions=(
            *rule.assumptions,
            "The learner observes at clock ticks; in between it acts on the last observation.",
        ),
    )
    steps = (
        Step("Relaxation between observations", sp.Eq(sp.Symbol("Delta_w"), sp.Symbol("dw/dt") * relaxed), "r: rate"),
        Step("Rate of the closed loop", sp.Eq(r, rate)),
        Step("Change at an observation", change(acting), "exprel(x) = (eˣ − 1)/x is finite at 0: no inverse needed"),
    )
    return replace(acting, steps=(*rule.steps, *steps))


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


def _process(gradient_belief: Any, optimum_belief: Any) -> Inference | None:
    """Belief about the dynamics of the gradient or the optimum."""
    if isinstance(optimum_belief, SwitchingTask):
        return switching_optimum(optimum_belief)
    if optimum_belief is not None:
        return wandering_optimum(optimum_belief)
    return wandering_gradient(gradient_belief) if isinstance(gradient_belief, OrnsteinUhlenbeck) else None


def _memories(gradient_belief: Any, curvature_belief: FadingMemory | None) -> list[Inference]:
    gradient = [fading_gradient(gradient_belief)] if isinstance(gradient_belief, FadingMemory) else []
    return [*gradient, *([fading_curvature(curvature_belief)] if curvature_belief is not None else [])]


def _with(rule: Rule, inference: Inference) -> Rule:
    """Rule with the states, parameters and description of a belief; a shared counter is added once."""
    own = {s.name for s in rule.states}
    return replace(
        rule,
        states=(*rule.states, *(s for s in inference.states if s.name not in own)),
        parameters=(*rule.parameters, *inference.parameters),
        assumptions=(*rule.assumptions, *inference.assumptions),
        cautions=(*rule.cautions, *inference.cautions),
        steps=(*rule.steps, *inference.steps),
        references=tuple(dict.fromkeys((*rule.references, *inference.references))),
    )


def _observing(rule: Rule, memories: list[Inference]) -> Rule:
    """Replace exact quantities by beliefs; with beliefs per step all updates are at clock ticks."""
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
    if ticks:
        moves = [(s, flows[s.name]) for s in (*rule.states, State(WEIGHT.name)) if flows[s.name] != 0]
        clock += [Update(s.name, s.symbol + TICK.symbol * f) for s, f in moves]
        flows = dict.fromkeys(flows, sp.S.Zero)
        acting = replace(acting, parameters=(*acting.parameters, *([TICK] if moves else [])))
    acting = replace(
        acting,
        weight_flow=flows[WEIGHT.name],
        states=tuple(replace(s, flow=flows.get(s.name, s.flow)) for s in acting.states),
        events={"clock": (*ticks.values(), *clock)},
    )
    return replace(acting, steps=(*acting.steps, Step("With the beliefs", change(acting))))


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
    moving = isinstance(gradient, OrnsteinUhlenbeck) or optimum is not None or objective.hazard > 0
    if gradient is not None and optimum is not None:
        raise InputError("gradient_belief and optimum_belief exclude each other: leave one of them out")
    if order == 2 and (moving or weight is not None or duration is not None):
        raise InputError(
            "order=2 takes no hazard, optimum_belief, weight_belief, duration or OrnsteinUhlenbeck gradient_belief"
        )
    if duration is not None and moving:
        raise InputError("duration takes no hazard and no belief about a process: use duration=None")
    plain = objective.metric is None and objective.drift is None and objective.control is None
    if weight is not None and (moving or duration is not None or not plain):
        raise InputError(
            "weight_belief brings its own metric (Fisher): metric, drift, control, hazard, duration and beliefs "
            "about a process must be left out"
        )
    at = algebra("discount", objective.discount)
    if weight is not None and not (at.is_zero or at == sp.oo):
        raise InputError(
            f"weight_belief has no closed form at discount={at}, because its Fisher metric changes with the variance; "
            "use discount=0 or sympy.oo, or `plan` the mean m and x = ln s² with metric diag(e⁻ˣ, ½) and the loss "
            "L(m) + v eˣ/2, which is exact"
        )
    stepwise = [b.decay is not None for b in (gradient, curvature) if isinstance(b, FadingMemory)]
    continuous = moving and objective.hazard == 0
    if any(stepwise) and (continuous or weight is not None or not all(stepwise)):
        raise InputError("beliefs must all be per step (decay) or all continuous (time_constant)")


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
