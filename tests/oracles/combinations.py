"""Every pair and triple of the arguments of `derive`, and what each means as numbers for the augmented problem."""

import itertools

import numpy as np
import sympy as sp
from scipy.integrate import solve_ivp

from plasticity import Objective, derive
from plasticity.belief import FadingMemory, GaussianWeight, OrnsteinUhlenbeck, SwitchingTask
from plasticity.errors import InputError
from plasticity.rule import WEIGHT
from tests.oracles.augmented import Problem, moved, speed

ETA, K, GAMMA, V, W, GRADIENT = 1.3, 0.8, 0.3, 1.7, 0.9, 0.65
MEAN, VARIANCE, BELIEVED, SQUARE, VELOCITY = 0.33, 0.6, (0.33, -0.4), 2.1, 0.27
DISCOUNTS = {"number": GAMMA, "symbol": sp.Symbol("discount", positive=True), "0": 0, "oo": sp.oo}
OBJECTIVE = {
    "metric": {"metric": 1.9},
    "metric of w": {"metric": lambda w: 1 / w**2},
    "drift": {"drift": -0.4},
    "drift of w": {"drift": lambda w: 0.2 * w - 0.5 * w**3},
    "control": {"control": [[0.6, -0.5]]},
    "hazard": {"hazard": 0.5, "prior_mean": 0.4},
}
ARGUMENTS = {
    "order 2": {"order": 2},
    "duration": {"duration": 0.8},
    "Newton": {"duration": sp.oo},
    "gradient memory per step": {"gradient_belief": FadingMemory(decay=0.9)},
    "gradient memory": {"gradient_belief": FadingMemory(time_constant=0.8)},
    "gradient process": {"gradient_belief": OrnsteinUhlenbeck(0.7, 1.0, 1.0, mean=0.2)},
    "curvature memory per step": {"curvature_belief": FadingMemory(decay=0.99)},
    "curvature memory": {"curvature_belief": FadingMemory(time_constant=3.0)},
    "optimum process": {"optimum_belief": OrnsteinUhlenbeck(0.7, 1.0, 1.0, mean=0.2)},
    "optimum of two": {"optimum_belief": OrnsteinUhlenbeck((0.7, 9.0), 1.0, 1.0, mean=(0.2, -0.1))},
    "optimum switches": {"optimum_belief": SwitchingTask(0.4, 0.2, 1.0, 1.0)},
    "weight belief": {"weight_belief": GaussianWeight(VARIANCE)},
}
NAMES = (*OBJECTIVE, *ARGUMENTS)
REASONS = {  # words of a refusal, and the mathematics behind it
    "two different dynamics": "one observed gradient cannot follow two dynamics",
    "splits over": "the optimum of a new task is not determined as a sum of components",
    "curved": "acceleration of a belief on a curved manifold: the objective states no cost",
    "scaling": "at γ = 0 the scaling that closes the equation of the weight belief is broken: `plan`",
    "no closed form at discount": "the metric of the weight belief changes on the way: `plan`",
    "its rate changes with": "the weight belief relaxes at a rate that changes in no closed form",
    "relax together": "weight and velocity relax together, at real or complex rates",
}


def combinations(size):
    """Every choice of `size` arguments that names no argument of `derive` or `Objective` twice."""
    for names in itertools.combinations(NAMES, size):
        taken = [key for name in names for key in (OBJECTIVE | ARGUMENTS)[name]]
        if len(set(taken)) == len(taken):
            yield names


def rule_of(names, discount):
    """Derived rule of a choice of arguments."""
    objective = {"plasticity": ETA, "loss_weight": K}
    for name in names:
        objective |= OBJECTIVE.get(name, {})
    if "order 2" in names and "drift of w" in names:
        objective["drift"] = lambda y: 0.2 * y - 0.5 * y**3
    arguments = {key: value for name in names for key, value in ARGUMENTS.get(name, {}).items()}
    return derive(Objective(DISCOUNTS[discount], **objective), **arguments)


def problem_of(names, discount):
    """Numbers of the same problem, written down from the arguments alone; the variance of a weight belief beside it."""
    order = 2 if "order 2" in names else 1
    gamma = {"0": 1e-9, "oo": 3e5}.get(discount, GAMMA)
    eta = ETA * gamma**order if discount == "oo" else ETA  # the default learning rate is ηk
    price = {"metric": 1.9, "metric of w": 1 / W**2}
    metric = next((price[name] for name in names if name in price), 1.0)
    effective = (0.6**2 + 0.5**2 if "control" in names else 1.0) / metric
    at = VELOCITY if order == 2 else W
    drift, slope = 0.0, 0.0
    if "drift" in names:
        drift, slope = -0.4 * at, -0.4
    if "drift of w" in names:
        drift, slope = 0.2 * at - 0.5 * at**3, 0.2 - 1.5 * at**2
    if order == 2:
        drift -= slope * at  # of a velocity of 0
    v = SQUARE if any(name.startswith("curvature") for name in names) else V
    gradient = MEAN if any(name.startswith("gradient memory") for name in names) else GRADIENT
    z = []
    if "gradient process" in names:
        z, gradient = [[MEAN, 1 / 0.7, 0.2, 1.0]], 0.0
    if "optimum process" in names:
        z, gradient = [[BELIEVED[0], 1 / 0.7, 0.2, -v]], v * W
    if "optimum switches" in names:
        z, gradient = [[BELIEVED[0], 0.4, 0.2, -v]], v * W
    if "optimum of two" in names:
        z = [[BELIEVED[0], 1 / 0.7, 0.2, -v], [BELIEVED[1], 1 / 9.0, -0.1, -v]]
        gradient = v * W
    if "hazard" in names:
        if not z:
            z, gradient = [[gradient, 0.0, 0.0, 1.0]], 0.0
        new = v * (W - 0.4) if z[0][3] == 1.0 else 0.4
        value, rate, mean, weight = z[0]
        z = [[value, rate + 0.5, (rate * mean + 0.5 * new) / (rate + 0.5), weight]]
    forecasts = tuple((a, r, m, K * h) for a, r, m, h in z)
    common = {"forecasts": forecasts, "velocity": VELOCITY if order == 2 else None}
    if "weight belief" not in names:
        effort = 1 / (eta * effective)
        return [Problem(gamma, effort, K * v, K * gradient, drift, slope, **common)]
    mean = Problem(gamma, 1 / (eta * effective * VARIANCE), K * v, K * gradient, drift, slope, **common)
    by_variance = 1 / (eta * effective * 2 * VARIANCE**2)
    return [mean, Problem(gamma, by_variance, 0.0, K * v / 2, 2 * slope * VARIANCE, 2 * slope)]


def value_of(rule, expression):
    """Number of an expression of a rule at the present state."""
    at = {"w": W, "gradient": GRADIENT, "curvature": V, "velocity": VELOCITY, "belief_mean": MEAN, "discount": GAMMA}
    at |= {"belief_optimum": BELIEVED[0], "belief_optimum_1": BELIEVED[0], "belief_optimum_2": BELIEVED[1]}
    at |= {"belief_curvature": SQUARE, "belief_variance": VARIANCE, "weight_variance": VARIANCE}
    values = at | {name: value for name, value in rule.values.items() if value is not None}
    names = sorted(expression.free_symbols, key=str)
    return float(sp.lambdify(names, expression, ["scipy", "numpy"])(*(values[s.name] for s in names)))


def changes(rule, names):
    """Speeds of a rule (weight or velocity, then the variance of a weight belief), or its change at a tick."""
    ticks = {u.target: u.expression for u in rule.events.get("clock", ())}
    targets = ["velocity" if "order 2" in names else WEIGHT.name]
    if "weight belief" in names:
        targets += [s.name for s in rule.states if s.estimates == "weight"]
    flows = {s.name: s for s in rule.states}
    for target in targets:
        symbol = WEIGHT if target == WEIGHT.name else flows[target].symbol
        if target in ticks:
            yield value_of(rule, ticks[target] - symbol) / rule.values.get("clock_step", 1.0)
        else:
            yield value_of(rule, rule.weight_flow if target == WEIGHT.name else flows[target].flow)


def error_of(names, discount):
    """Largest relative error of a derived rule against the augmented problem, or the reason of its refusal."""
    try:
        rule = rule_of(names, discount)
    except InputError as error:
        return next((reason for words, reason in REASONS.items() if words in str(error)), f"no reason: {error}")
    if "weight belief" in names and discount == "0":  # the augmented problem is not linear: η → ηM is checked instead
        plain = [n for n in names if n not in ("metric", "control")]
        scale = (0.61 if "control" in names else 1.0) / (1.9 if "metric" in names else 1.0)
        pairs = zip(changes(rule, names), changes(rule_of(plain, discount), plain), strict=True)
        return max(abs(a / (b * np.sqrt(scale)) - 1) for a, b in pairs)
    problems = problem_of(names, discount)
    if "weight belief" in names and ("duration" in names or "Newton" in names):
        return error_of_belief(rule, names, problems)
    if "duration" in names:
        exact = [moved(p, 0.8) for p in problems]
    elif "Newton" in names:
        exact = [moved(p, 400.0) for p in problems]
    elif "optimum switches" in names and not {"order 2", "weight belief"} & set(names):
        exact = [moved(p, 1.0) for p in problems]  # for the time until the next tick, clock_step
    else:
        exact = [speed(p) for p in problems]
    return max(abs(a - b) / abs(b) for a, b in zip(changes(rule, names), exact, strict=True))


def error_of_belief(rule, names, problems):
    """A weight belief that acts for a time: mean and variance fall together, integrated as an equation."""
    after = list(changes(rule, names))
    pace = 1 / (problems[0].effort * VARIANCE * problems[0].discount)  # ηkM/γ per unit of variance, times k/k
    v, g = problems[0].curvature, problems[0].gradient

    def speeds(_, y):
        return [-pace * y[1] * (g + v * y[0]), -pace * v * y[1] ** 2]

    time = 0.8 if "duration" in names else 1e9
    exact = solve_ivp(speeds, (0, time), [0.0, VARIANCE], method="LSODA", rtol=1e-11, atol=1e-13).y[:, -1]
    exact -= [0.0, VARIANCE]
    return max(abs(a / b - 1) for a, b in zip(after, exact, strict=True))
