"""Every equation that a rule card prints is true: it follows from the equations printed before it.

An identity counts as true if it holds to 30 digits at random rational values of its symbols: a false algebraic
identity of these sizes would hold at such a point with a probability below 1e-20.
"""

import random
from dataclasses import replace
from functools import cache

import mpmath
import pytest
import sympy as sp

from plasticity import Objective, derive, rules
from plasticity.belief import FadingMemory, GaussianWeight, LandscapeShape, OrnsteinUhlenbeck, SwitchingTask
from plasticity.limits import change
from plasticity.rule import CURVATURE, GRADIENT, WEIGHT
from plasticity.support.exprel import exprel
from plasticity.theory.symbols import DISCOUNT, DURATION, LEARNING_RATE, LOSS_WEIGHT, PLASTICITY

GAMMA, ETA, K = DISCOUNT.symbol, PLASTICITY.symbol, LOSS_WEIGHT.symbol
DELTA, A, F0, U, P, SLOPE = sp.symbols("delta a f_0 u p V'", real=True)
M, GAMMA_R = sp.symbols("effectiveness effective_discount", positive=True)
ROOT = sp.Symbol("root", positive=True)
VELOCITY = sp.Symbol("velocity", real=True)
BY_W, BY_VELOCITY, P12, P22 = sp.symbols("V_d V_v p12 p22", real=True)
DAMPING, STIFFNESS = sp.symbols("damping stiffness", positive=True)
CHANGES = {sp.Symbol(name) for name in ("dw/dt", "d_velocity/dt", "Delta_w", "Delta_velocity")}
HJB_TITLES = {
    "Objective", "Cost rate near the present weight", "Control effectiveness", "HJB equation",
    "Ansatz for its solution",
    "Optimal control", "Its optimal root", "Optimal control at δ = 0", "At this weight", "Coefficient of δ²/2",
    "Effective discount γ + R", "Coefficient of δ", "Quartic for p22", "Square root in it",
    *(f"Coefficient of δ^{m} velocity^{n}" for m, n in ((2, 0), (1, 1), (0, 2), (1, 0), (0, 1))),
    *(f"Coefficient of z1 {x}" for x in ("δ", "velocity")), "Linear coefficient", "Damping ηMp22", "Stiffness ηMp12",
}  # fmt: skip


def number(symbol, seed):
    draw = random.Random(f"{symbol} {seed}")
    value = sp.Rational(draw.randint(40, 400), 97)
    return value if symbol.is_positive or symbol.is_nonnegative or draw.random() < 0.7 else -value


def evaluations(expression, n, **chosen):
    expression = sp.sympify(expression).replace(exprel, lambda x: (sp.exp(x) - 1) / x)
    symbols = sorted(expression.free_symbols, key=str)
    function = sp.lambdify(symbols, expression, "mpmath")
    with mpmath.workdps(200):  # a difference at an extreme discount cancels up to 80 digits
        for seed in range(n):
            values = [sp.Rational(chosen.get(s.name, number(s, seed))) for s in symbols]
            yield function(*(mpmath.mpf(v.p) / v.q for v in values))


def numeric(expression, **chosen):
    return next(evaluations(expression, 1, **chosen))


def is_zero(expression):
    return all(abs(value) < 1e-30 for value in evaluations(expression, 3))


def limit_of(expression, of, **extreme):
    """Whether `of` tends to `expression`, compared at an extreme value, to a relative 1e-12."""
    exact, near = (numeric(e, **extreme) for e in (expression, of))
    return abs(near - exact) <= 1e-12 * abs(exact)


# --- the Hamilton–Jacobi–Bellman equation -----------------------------------------------------------------------------


def blocks(steps):
    """Derivations of a control among `steps`: from the objective to the control at the present weight."""
    titles = [s.title for s in steps]
    if "At this weight" in titles:
        block = steps[titles.index("Cost rate near the present weight") - 1 : titles.index("At this weight")]
        yield tuple(s for s in block if s.title != "Control effectiveness")  # the same for every problem of a kind


@cache
def check_control(steps):
    (check_acceleration_control if "p22" in str(steps) else check_velocity_control)(steps)


def check_velocity_control(steps):
    """One control: everything printed from the cost rate to the control at δ = 0."""
    of = {s.title: s.equation for s in steps}
    cost, bracket, value = of["Cost rate near the present weight"].rhs, _bracket(of), of["Ansatz for its solution"].rhs
    best, p, total = of["Optimal control"].rhs, of["Its optimal root"].rhs, of["Effective discount γ + R"].rhs
    assert is_zero(of["Objective"].rhs.subs(sp.Symbol("cost_rate"), 1).doit() - 1 / GAMMA)
    assert is_zero(bracket - cost - SLOPE * (F0 + A * DELTA + U) - relaxing(value))
    assert is_zero(sp.diff(bracket, U).subs(U, best))
    assert numeric(sp.diff(bracket, U, 2)) > 0
    residual = GAMMA * value - bracket.subs(U, best).subs(SLOPE, sp.diff(value, DELTA))
    quadratic = of["Coefficient of δ²/2"].lhs
    assert is_zero(quadratic - sp.diff(residual, DELTA, 2))
    assert is_zero(quadratic.subs(P, p).subs(GAMMA_R, total))
    assert numeric(p.subs(GAMMA_R, total).subs(A, sp.Rational(-1, 3))) > 0
    closed_loop = sp.diff(F0 + A * DELTA + best.subs(SLOPE, sp.diff(value, DELTA)), DELTA)
    assert is_zero(GAMMA_R - GAMMA + closed_loop.subs(P, p))  # the effective discount is γ + R
    linear = [s.equation for s in steps if s.title == "Coefficient of δ"]
    solved = residual
    for equation in sorted(linear, key=lambda e: e.lhs.name):  # b depends on the coefficients q of the forecasts
        solved = solved.subs(equation.lhs, equation.rhs)
    solved = solved.subs(P, p).subs(GAMMA_R, total)
    assert is_zero(sp.diff(solved, DELTA))  # so V solves the equation: what is left is a constant
    control = best.subs(SLOPE, sp.diff(value, DELTA)).subs(DELTA, 0)
    for equation in sorted(linear, key=lambda e: e.lhs.name):
        control = control.subs(equation.lhs, equation.rhs)
    assert is_zero(control.subs(P, p) - of["Optimal control at δ = 0"].rhs)


def relaxing(value):
    """Rate at which the value is expected to change because the forecasts relax."""
    z = sorted((s for s in value.free_symbols if s.name.startswith("z")), key=str)
    return sum(
        sp.Symbol(f"r{i}", real=True) * (sp.Symbol(f"zbar{i}", real=True) - s) * sp.diff(value, s)
        for i, s in enumerate(z, 1)
    )


def check_acceleration_control(steps):
    of = {s.title: s.equation for s in steps}
    bracket, value, best = _bracket(of), of["Ansatz for its solution"].rhs, of["Optimal control"].rhs
    moved = BY_W * VELOCITY + BY_VELOCITY * (F0 + A * VELOCITY + U) + relaxing(value)
    assert is_zero(bracket - of["Cost rate near the present weight"].rhs - moved)
    assert is_zero(sp.diff(bracket, U).subs(U, best))
    slopes = {BY_W: sp.diff(value, DELTA), BY_VELOCITY: sp.diff(value, VELOCITY)}
    residual = GAMMA * value - bracket.subs(U, best).subs(slopes)
    z = [s for s in value.free_symbols if s.name.startswith("z")]
    at_zero = dict.fromkeys((DELTA, VELOCITY, *z), 0)
    for title, equation in of.items():
        if title.startswith("Coefficient of δ^"):
            m, n = int(title[17]), int(title[-1])
            assert is_zero(equation.lhs - sp.diff(residual, *[DELTA] * m, *[VELOCITY] * n).subs(at_zero))
        elif title.startswith("Coefficient of z1"):
            assert is_zero(equation.lhs - sp.diff(residual, z[0], DELTA if title.endswith("δ") else VELOCITY))
    eliminated = {}
    for unknown, (m, n) in zip(sp.symbols("p12 p11", real=True), ((0, 2), (1, 1)), strict=True):
        equation = of[f"Coefficient of δ^{m} velocity^{n}"].lhs.subs(eliminated)
        eliminated[unknown] = sp.solve(equation, unknown)[0]
    quartic = of["Coefficient of δ^2 velocity^0"].lhs.subs(eliminated).subs(eliminated)
    assert is_zero(quartic - of["Quartic for p22"].lhs)
    p22, root = of["Its optimal root"].rhs, of["Square root in it"].rhs
    exact = p22.subs(ROOT, root)
    assert is_zero(quartic.subs(P22, exact))
    sample = exact.subs(A, sp.Rational(-1, 3))
    assert numeric(sample) > 0
    assert numeric(eliminated[P12].subs(P22, sample).subs(A, sp.Rational(-1, 3))) > 0
    unit = ETA * M
    damping = of["Damping ηMp22"].rhs.subs(ROOT, root)
    assert is_zero(damping - unit * exact)
    stiffness = of["Stiffness ηMp12"].rhs
    assert is_zero(stiffness.subs(DAMPING, unit * P22) - unit * eliminated[P12])
    solved = {s.equation.lhs: s.equation.rhs for s in steps if s.title == "Linear coefficient"}

    def placed(expression):  # b depends on the coefficients of the forecasts
        expression = expression.subs(solved).subs(solved).subs(eliminated).subs(eliminated)
        expression = expression.subs(STIFFNESS, stiffness).subs(DAMPING, unit * P22)
        return expression.subs(P22, exact)

    for y in (DELTA, VELOCITY):
        assert is_zero(placed(sp.diff(residual, y)))  # so V solves the equation: what is left is a constant
    control = best.subs(slopes).subs(DELTA, 0)
    assert is_zero(placed(control) - placed(of["Optimal control at δ = 0"].rhs))


def _bracket(of):
    return of["HJB equation"].rhs / sp.Symbol("min_u")


def at_this_weight(steps, **here):
    """The general control with the symbols of the problem in place of f_0, a, v, g_0 and the forecasts."""
    of = {s.title: s.equation for s in steps}
    control = of["Optimal control at δ = 0"].rhs
    for title in ("Effective discount γ + R", "Stiffness ηMp12", "Damping ηMp22", "Square root in it"):
        control = control.subs(of[title].lhs, of[title].rhs) if title in of else control
    by_name = {s.name: s for s in control.free_symbols}
    return control.subs({by_name[name]: value for name, value in here.items() if name in by_name}, simultaneous=True)


def symbols(rule):
    return {p.name: p.symbol for p in rule.parameters} | {s.name: s.symbol for s in rule.states}


PLAIN = {"effectiveness": 1, "f_0": 0, "a": 0, "v": CURVATURE, "g_0": GRADIENT}


def forecast(i, z, rate, mean, weight):
    return {f"z{i}": z, f"r{i}": rate, f"zbar{i}": mean, f"h{i}": weight}


def wandering(rule):
    s, here = symbols(rule), {"g_0": CURVATURE * WEIGHT}
    for i in (1, 2):
        here |= forecast(i, s[f"belief_optimum_{i}"], 1 / s[f"tau_optimum_{i}"], s[f"optimum_mean_{i}"], -CURVATURE)
    return here


def between_tasks(rule):
    s = symbols(rule)
    new_task = CURVATURE * (WEIGHT - s["prior_mean"])
    return {"g_0": 0, **forecast(1, GRADIENT, s["hazard"], new_task, 1)}


def switching(rule):
    s = symbols(rule)
    belief = forecast(1, s["belief_optimum"], s["hazard"], s["prior_mean"], -CURVATURE)
    return {"g_0": CURVATURE * WEIGHT, **belief}


def wandering_once(rule):
    """One process of the optimum, replaced with the task if there is a hazard."""
    s = symbols(rule)
    rate, mean, hazard = 1 / s["tau_optimum"], s["optimum_mean"], s.get("hazard", 0)
    mean = (rate * mean + hazard * s.get("prior_mean", 0)) / (rate + hazard)
    return {"g_0": CURVATURE * WEIGHT, **forecast(1, s["belief_optimum"], rate + hazard, mean, -CURVATURE)}


def nonlinear_friction(rule):
    s = symbols(rule)
    y = VELOCITY / s["velocity_unit"]
    drift = s["drift"] * (y - y**3)
    return {"a": sp.diff(drift, VELOCITY), "f_0": drift - VELOCITY * sp.diff(drift, VELOCITY)}


def fading(rule):
    return {"g_0": 0, **forecast(1, symbols(rule)["belief_mean"], 1 / symbols(rule)["tau_gradient"], 0, 1)}


G1 = OrnsteinUhlenbeck(0.7, 1.0, 1.0, mean=0.2)
G2 = OrnsteinUhlenbeck((1.0, 9.0), 1.0, 1.0, mean=(1.0, 2.0))
PROBLEMS = {  # a derived rule, and what stands for the symbols of the general solution
    "plain": (lambda: derive(Objective(1.0)), lambda r: {}),
    "metric": (lambda: derive(Objective(1.0, metric=2.0)), lambda r: {"effectiveness": 1 / symbols(r)["metric"]}),
    "metric of w": (lambda: derive(Objective(1.0, metric=sp.exp)), lambda r: {"effectiveness": sp.exp(-WEIGHT)}),
    "controls": (
        lambda: derive(Objective(1.0, control=[[1.0, 2.0]], metric=[1.0, 2.0])),
        lambda r: {"effectiveness": sum(symbols(r)[f"control_{i}"] ** 2 / symbols(r)[f"metric_{i}"] for i in (1, 2))},
    ),
    "drift": (
        lambda: derive(Objective(1.0, drift=-1.0)),
        lambda r: {"f_0": symbols(r)["drift"] * WEIGHT, "a": symbols(r)["drift"]},
    ),
    "drift of w": (
        lambda: derive(Objective(sp.Symbol("gamma"), drift=lambda w: w - w**3)),
        lambda r: {"f_0": symbols(r)["drift"] * (WEIGHT - WEIGHT**3), "a": symbols(r)["drift"] * (1 - 3 * WEIGHT**2)},
    ),
    "hazard": (lambda: derive(Objective(1.0, hazard=0.5, prior_mean=0.3)), between_tasks),
    "hazard, drift and metric": (
        lambda: derive(Objective(1.0, hazard=0.5, prior_mean=0.3, drift=-1.0, metric=2.0)),
        lambda r: {
            "effectiveness": 1 / symbols(r)["metric"],
            "f_0": symbols(r)["drift"] * WEIGHT,
            "a": symbols(r)["drift"],
            **between_tasks(r),
        },
    ),
    "fading gradient": (lambda: derive(Objective(1.0), OrnsteinUhlenbeck(1.0, 1.0, 1.0)), fading),
    "wandering optimum": (lambda: derive(Objective(1.0), optimum_belief=G2), wandering),
    "switching optimum": (lambda: derive(Objective(1.0), optimum_belief=SwitchingTask(0.1, 0.0, 1.0, 1.0)), switching),
    "switching optimum, memory of the curvature": (
        lambda: derive(
            Objective(1.0),
            optimum_belief=SwitchingTask(0.1, 0.0, 1.0, 1.0),
            curvature_belief=FadingMemory(time_constant=2.0),
        ),
        switching,
    ),
    "landscape shape": (lambda: derive(Objective(1.0), shape_belief=LandscapeShape()), lambda r: {}),
    "memories": (lambda: derive(Objective(1.0), FadingMemory(decay=0.9), FadingMemory(decay=0.99)), lambda r: {}),
    "memories in time": (
        lambda: derive(Objective(1.0), FadingMemory(time_constant=1.0), FadingMemory(time_constant=2.0)),
        lambda r: {},
    ),
    "duration": (
        lambda: derive(Objective(1.0, drift=-1.0), duration=1.0),
        lambda r: {"f_0": symbols(r)["drift"] * WEIGHT, "a": symbols(r)["drift"]},
    ),
    "acceleration": (lambda: derive(Objective(1.0), order=2), lambda r: {}),
    "friction": (
        lambda: derive(Objective(1.0, drift=-1.0, metric=2.0), order=2),
        lambda r: {"a": -symbols(r)["friction"], "effectiveness": 1 / symbols(r)["metric"]},
    ),
    "growth": (lambda: derive(Objective(1.0, drift=0.1), order=2), lambda r: {"a": symbols(r)["growth"]}),
    "nonlinear friction": (lambda: derive(Objective(1.0, drift=lambda y: y - y**3), order=2), nonlinear_friction),
    "acceleration and hazard": (
        lambda: derive(Objective(1.0, hazard=0.5, prior_mean=0.3), order=2),
        between_tasks,
    ),
    "acceleration, wandering optimum": (lambda: derive(Objective(1.0), optimum_belief=G1, order=2), wandering_once),
    "hazard and wandering optimum": (
        lambda: derive(Objective(1.0, hazard=0.5, prior_mean=0.3), optimum_belief=G1),
        wandering_once,
    ),
    "duration and wandering optimum": (
        lambda: derive(Objective(1.0), optimum_belief=G1, duration=1.0),
        wandering_once,
    ),
    "duration and hazard": (
        lambda: derive(Objective(1.0, hazard=0.5, prior_mean=0.3), duration=1.0),
        between_tasks,
    ),
    "acceleration, steps": (lambda: derive(Objective(1.0), FadingMemory(decay=0.9), order=2), lambda r: {}),
}


@cache
def problem(name):
    make, here = PROBLEMS[name]
    rule = make()
    return rule, PLAIN | here(rule)


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_printed_solution_solves_the_printed_equations(name):
    rule, here = problem(name)
    (block,) = blocks(rule.steps)
    check_control(block)
    steps = {s.title: s.equation for s in rule.steps}
    assert is_zero(steps["Control effectiveness"].rhs - here["effectiveness"])
    at = steps["At this weight"].rhs
    assert is_zero(at - at_this_weight(block, **here))
    free = here["f_0"] + (here["a"] * VELOCITY if "p22" in str(block) else 0)
    assert is_zero(steps["The rule"].rhs - free - at)


# --- what follows the control -----------------------------------------------------------------------------------------


def check_filters(rule):
    """Kalman–Bucy: dm = r(m̄ − m)dt + S1(y − 1ᵀm)/σ² dt, dS/dt = growth − S11ᵀS/σ²."""
    printed = {s.equation.lhs.name: s.equation.rhs for s in rule.steps if s.title == "Filter"}
    s = symbols(rule)
    means = sorted((v for n, v in s.items() if n.startswith(("belief_mean", "belief_optimum"))), key=str)
    n = len(means)
    suffix = [""] if n == 1 else [f"_{i + 1}" for i in range(n)]
    covariance = sp.Matrix(
        n,
        n,
        lambda i, j: s[
            f"belief_variance{suffix[i]}" if i == j else f"belief_covariance_{max(i, j) + 1}_{min(i, j) + 1}"
        ],
    )
    ones, noise = sp.ones(n, 1), s["observation_variance"]
    what = "gradient" if "belief_mean" in s else "optimum"
    rate = [1 / s[f"tau_{what}{x}"] for x in suffix]
    centre = [s.get(f"{what}_mean{x}", 0) for x in suffix]
    r = sp.diag(*rate)
    growth = sp.diag(*(2 * q * s[f"{what}_variance{x}"] for q, x in zip(rate, suffix, strict=True)))
    growth = growth - r * covariance - covariance * r
    observed = GRADIENT if "belief_mean" in s else WEIGHT - GRADIENT / CURVATURE
    error = observed - sum(means)
    gain = covariance * ones / noise
    for i, mean in enumerate(means):
        assert is_zero(printed[f"d_{mean}/dt"] - rate[i] * (centre[i] - mean) - gain[i] * error)
    flow = growth - covariance * ones * ones.T * covariance / noise
    for i in range(n):
        for j in range(i + 1):
            assert is_zero(printed[f"d_{covariance[i, j]}/dt"] - flow[i, j])
    for step in rule.steps:
        if step.title == "Steady gain":
            settled = step.equation.rhs * noise
            assert numeric(settled) > 0
            assert is_zero(flow[0].subs(covariance[0], settled))


def check_hypotheses(rule):
    """Bayes' rule, N(x; m, S) N(y; x, N) = p(y) N(x; m', S') for all x, and the first two moments of a mixture."""
    of = {x.title: x.equation.rhs for x in rule.steps}
    s, x, q = symbols(rule), sp.Symbol("x", real=True), sp.Symbol("q", positive=True)
    m, variance, y, noise, m_0, s_0 = sp.symbols("m S y N m_0 S_0", positive=True)

    def density(value, mean, spread):
        return sp.exp(-((value - mean) ** 2) / (2 * spread)) / sp.sqrt(2 * sp.pi * spread)

    after = density(x, of["Mean of a hypothesis"], of["Variance of a hypothesis"])
    assert is_zero(density(x, m, variance) * density(y, x, noise) - of["Density of an observation"] * after)
    mean = (1 - q) * m + q * m_0
    assert is_zero(of["Mean of two that join"] - mean)
    second = (1 - q) * (variance + m**2) + q * (s_0 + m_0**2)
    assert is_zero(of["Variance of two that join"] - second + mean**2)
    assert is_zero(of["Probability of a switch between ticks"] - 1 + sp.exp(-s["hazard"] * s["clock_step"]))


def check_regression(rule):
    """Normal equations of the regression of g on (w, 1) with a prior; the inverse of their matrix."""
    of, s = {x.title: x.equation.rhs for x in rule.steps}, symbols(rule)
    h, c, noise = of["Expected curvature"], of["Expected intercept"], s["observation_variance"]
    by_h = s["seen_square"] / noise + 1 / s["curvature_variance"]
    by_c = s["seen_time"] / noise + 1 / s["intercept_variance"]
    both = s["seen_weight"] / noise
    assert is_zero(by_h * h + both * c - s["seen_product"] / noise - s["prior_curvature"] / s["curvature_variance"])
    assert is_zero(both * h + by_c * c - s["seen_gradient"] / noise - s["prior_intercept"] / s["intercept_variance"])
    assert is_zero(of["Variance of the curvature"] - sp.Matrix([[by_h, both], [both, by_c]]).inv()[0, 0])


def check_memory(steps, i):
    """Precision of an estimate: Λ ← βΛ + 1 from 0, or its fixed point; the gain is 1/Λ."""
    precision, gain = steps[i].equation.rhs, steps[i + 1].equation.rhs
    (decay,) = (s for s in precision.free_symbols if s.name.startswith("decay"))
    count = sp.Symbol("count", real=True)
    assert is_zero(precision.subs(count, count + 1) - decay * precision - 1)
    assert count not in precision.free_symbols or is_zero(precision.subs(count, 1) - 1)
    assert is_zero(gain * precision - 1)


def check_uncertain_weight(steps):
    omega, m, m_0 = sp.symbols("omega m m_0", real=True)
    variance = sp.Symbol("S", positive=True)
    of = {s.title: s.equation for s in steps}
    log_density = of["Log density of the belief"].rhs

    assert is_zero(sp.exp(log_density.subs(omega, m)) - 1 / sp.sqrt(2 * sp.pi * variance))
    assert is_zero(sp.diff(log_density, omega) + (omega - m) / variance)  # so it is the Gaussian N(m, S)

    def mean(expression):
        moments = {0: 1, 2: variance, 4: 3 * variance**2}
        terms = sp.Poly(sp.expand(expression.subs(omega, omega + m)), omega).terms()
        return sum(moments.get(power, 0) * c for (power,), c in terms)

    score = [sp.diff(log_density, x) for x in (m, variance)]
    for i in range(2):
        for j in range(2):
            assert is_zero(of["Fisher matrix of (m, S)"][i, j] - mean(score[i] * score[j]))
    expected = of["Expected loss"].rhs
    assert is_zero(expected - mean(GRADIENT * (omega - m_0) + CURVATURE * (omega - m_0) ** 2 / 2))
    # in S the loss is linear: γp = −ηMp² has the root 0, so dS/dt = −ηMk ∂E_L/∂S/γ with 1/M the Fisher information
    belief = sp.Symbol("belief_variance", nonnegative=True)
    speed = -ETA * K * sp.diff(expected, variance) / of["Fisher matrix of (m, S)"][1, 1] / GAMMA
    noise = sp.Symbol("process_noise", nonnegative=True)
    assert is_zero(of["Variance"].rhs - speed.subs(variance, belief) - noise)
    (block,) = blocks(steps)
    here = PLAIN | {"effectiveness": 1 / of["Fisher matrix of (m, S)"][0, 0]}
    assert is_zero(of["At this weight"].rhs - at_this_weight(block, **here))
    assert is_zero(of["The rule"].rhs - of["At this weight"].rhs.subs(variance, belief))


def forecast_of(rule):
    if "first_mean" in symbols(rule):
        return switching(rule)
    return between_tasks(rule) if "tau_optimum" not in symbols(rule) else wandering_once(rule)


def followed(share, rate, pace):
    return share.subs({sp.Symbol("r", positive=True): rate, sp.Symbol("rho", positive=True): pace}).rewrite(sp.exp)


def following(rate, pace, time):
    """ρ ∫_0^T ∫_0^t e^{−ρs} e^{−r(t−s)} ds dt, by hand."""
    lag = [(1 - sp.exp(-x * time)) / x for x in (pace, rate)]
    return pace * (lag[0] - lag[1]) / (rate - pace)


def check_change(rule, i, before):
    """One equation of the change of the weight, from the one that was printed before it."""
    step, after = rule.steps[i], rule.steps[i].equation.rhs
    s = symbols(rule)
    if step.title == "With the beliefs":
        beliefs = {CURVATURE: s["belief_curvature"]} if "belief_curvature" in s else {}
        beliefs |= {GRADIENT: s["belief_mean"]} if "belief_mean" in s else {}
        stepwise = step.equation.lhs.name.startswith("Delta") and before.lhs.name.startswith("d")
        tick = sp.Symbol("clock_step", positive=True) if stepwise else 1
        assert is_zero(after - before.rhs.subs(beliefs) * tick)
    elif step.title == "Change at an observation" and rule.steps[i - 1].title == "Variance after acting":
        # dS/dt = −cS² from S at T = 0; the mean moves by its speed times T S_T/S
        start, c = sp.symbols("S c", positive=True)
        fallen, belief = rule.steps[i - 1].equation.rhs, sp.Symbol("belief_variance", nonnegative=True)
        assert is_zero(sp.diff(fallen, DURATION.symbol) + c * fallen**2)
        assert is_zero(fallen.subs(DURATION.symbol, 0) - start)
        shrink = LEARNING_RATE.symbol * CURVATURE
        share = (fallen / start).subs({start: belief, c: shrink})
        assert is_zero(after - before.rhs * DURATION.symbol * share)
    elif step.title == "Change at an observation":
        of = {x.title: x.equation for x in rule.steps}
        r, exact = sp.Symbol("r", positive=True), of["Relaxation between observations"].rhs
        rate, time = of["Rate of the closed loop"].rhs, DURATION.symbol
        time = time if time in after.free_symbols else s["clock_step"]
        assert is_zero(exact - sp.Symbol("dw/dt") * (1 - sp.exp(-r * time)) / r)
        velocity = before.rhs
        moves = exact.subs({r: rate, sp.Symbol("dw/dt"): velocity})
        if "Following a forecast" in of:  # the expected path of one forecast
            z, pace, centre, _ = (forecast_of(rule)[f"{x}1"] for x in ("z", "r", "zbar", "h"))
            share = following(rate, pace, time)
            assert is_zero(followed(of["Following a forecast"].rhs, rate, pace) - share)
            moves += sp.diff(velocity, z) * (centre - z) * share
        assert is_zero(moves - after.rewrite(sp.exp))
        # R: the rate at which the printed velocity changes along the quadratic loss, plus that of the drift
        if "Following a forecast" not in of:
            moved = sp.diff(velocity, WEIGHT) + CURVATURE * sp.diff(velocity, GRADIENT)
            assert is_zero(rate + moved)
    elif step.title.startswith("Limit: short horizon"):
        power = 2 if "k/γ²" in step.title else 1
        fast = before.rhs.subs(ETA, LEARNING_RATE.symbol * GAMMA**power / K)
        assert limit_of(after, fast, discount=sp.Integer(10) ** 40)
    elif step.title.startswith("Limit: long horizon, γ → 0⁺"):
        assert limit_of(after, before.rhs, discount=sp.Integer(10) ** -40)
    elif step.title.startswith("Limit: long horizon, slowness"):
        rest = (1 / after - 1 / before.rhs) / GAMMA  # of order γ
        assert limit_of(after, before.rhs, discount=sp.Integer(10) ** -20)
        assert abs(numeric(rest, discount=sp.Integer(10) ** -20)) < 1e-12
    elif step.title.startswith("Limit: long time"):
        assert limit_of(after, before.rhs.rewrite(sp.exp), duration=sp.Integer(10) ** 15, drift=-sp.S.Half)
    elif step.title == "In other parameters":
        names = {x.name: x for x in (*after.free_symbols, *before.rhs.free_symbols)} | symbols(rule)
        old = dict(part.split(" = ") for part in step.note.split(", "))
        swap = {names[k]: sp.sympify(v, locals=names) for k, v in old.items()}
        assert is_zero(after - before.rhs.subs(swap))
    elif step.title == "With prior information in the metric":
        assert is_zero(after - s["clock_step"] * before.rhs.subs(CURVATURE, CURVATURE + s["prior_information"]))
    elif step.title == "With tasks to come":  # a longer way from γ to γ + λ, and a second loss ½a(w − μ_0)²
        penalty = s["penalty"] * (WEIGHT - s["prior_mean"]) ** 2 / 2
        slope, curvature = sp.diff(penalty, WEIGHT), sp.diff(penalty, WEIGHT, 2)
        swap = {
            GRADIENT: GRADIENT + slope,
            CURVATURE: CURVATURE + curvature,
            s["discount"]: s["discount"] + s["hazard"],
        }
        assert is_zero(after - before.rhs.subs(swap, simultaneous=True))
    else:
        assert step.title == "The rule", f"no check for the step {step.title!r}"


AFTER_THE_RULE = (
    "Limit", "In other", "With ", "Precision", "Following", "Kalman", "Relaxation", "Rate of", "Change at", "Filter",
    "Steady", "Gain per time", "Tick",
)  # fmt: skip
SELF_CHECKED = HJB_TITLES | {
    "Filter", "Steady gain", "Log density of the belief", "Probability of a switch between ticks",
    "Density of an observation", "Mean of a hypothesis", "Variance of a hypothesis",
    "Mean of two that join", "Variance of two that join",
    "Expected curvature", "Expected intercept", "Variance of the curvature",
    "Fisher matrix of (m, S)", "Expected loss", "Variance", "Relaxation between observations",
    "Rate of the closed loop", "Following a forecast", "Variance after acting",
}  # fmt: skip


def check_gain_per_time(step):
    """The gain 1 − β of a memory per step, with β = e^{−Δt/τ}, per Δt."""
    (tau,) = step.equation.rhs.free_symbols
    dt = sp.Symbol("Delta_t", positive=True)
    assert limit_of(step.equation.rhs, (1 - sp.exp(-dt / tau)) / dt, Delta_t=sp.Integer(10) ** -20)


def check_tick(rule, step):
    """The printed assignment is that of the rule, which test_beliefs_at_ticks.py holds against Kalman's filter."""
    number, target = step.title.removeprefix("Tick ").split(": ")
    update = rule.events["clock"][int(number)]
    assert update.target == target
    if "duration" in rule.values:  # not its limit
        printed = step.equation.rhs.subs(sp.Symbol("clock_step", positive=True), DURATION.symbol)
        assert is_zero(printed - update.expression)


def check_steps(rule):
    before = None
    for i, step in enumerate(rule.steps):
        if step.title.startswith("Precision of"):
            check_memory(rule.steps, i)
        elif step.title.startswith("Gain per time"):
            check_gain_per_time(step)
        elif step.title.startswith("Tick "):
            check_tick(rule, step)
        elif step.title not in SELF_CHECKED and not step.title.startswith("Kalman gain of"):
            check_change(rule, i, before)
        if getattr(step.equation, "lhs", None) in CHANGES and step.title != "Relaxation between observations":
            before = step.equation
    if any(step.title == "Filter" for step in rule.steps):
        check_filters(rule)
    if any(step.title == "Expected intercept" for step in rule.steps):
        check_regression(rule)
    if any(step.title == "Density of an observation" for step in rule.steps):
        check_hypotheses(rule)
    if any(step.title == "Variance" for step in rule.steps):
        check_uncertain_weight(rule.steps)
    for block in blocks(rule.steps):
        check_control(block)
    return before


def test_every_equation_on_the_card_of_a_derived_rule_follows_from_those_before():
    for name in PROBLEMS:
        rule = problem(name)[0]
        assert is_zero(check_steps(rule).rhs - change(rule).rhs)
    limits = [derive(Objective(d, drift=-1.0, metric=2.0), duration=t) for d in (0, sp.oo) for t in (None, 1.0, sp.oo)]
    limits += [derive(Objective(d, drift=-1.0), order=2) for d in (0, sp.oo)]
    limits += [derive(Objective(d), optimum_belief=G1, order=2) for d in (0, sp.oo)]
    limits += [derive(Objective(d), optimum_belief=G1, duration=1.0) for d in (0, sp.oo)]  # oo: test_beliefs_at_ticks
    limits += [derive(Objective(sp.oo), weight_belief=GaussianWeight(1.0, 0.1))]  # at 0: test_uncertainty
    limits += [derive(Objective(sp.oo), weight_belief=GaussianWeight(1.0, 0.1), duration=t) for t in (1.0, sp.oo)]
    limits += [derive(Objective(d, hazard=0.5, prior_mean=0.3)) for d in (0, sp.oo)]
    for rule in limits:
        assert is_zero(check_steps(rule).rhs - change(rule).rhs)


def test_every_equation_on_the_cards_of_the_catalogue_follows_from_those_before():
    with_policy = [rule for name in rules.names() if (rule := rules.load(name)()).steps]
    assert len(with_policy) > 15
    for rule in with_policy:
        last = [s.title for s in rule.steps].index("The rule")
        while last + 1 < len(rule.steps) and rule.steps[last + 1].title.startswith(AFTER_THE_RULE):
            last += 1
        after = rule.steps[last + 1 :]  # those of a signal: see signals/test_printed_signals.py
        last_change = check_steps(replace(rule, steps=rule.steps[: last + 1]))
        assert after or is_zero(last_change.rhs - change(rule).rhs)
