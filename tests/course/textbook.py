"""Answers from textbooks and closed forms, and an engine that is wrong by a factor two."""

import dataclasses

import numpy as np
import sympy as sp

from plasticity import Quadratic
from plasticity.objective import constant_matrix


def scalar_rate(discount, curvature):
    """Root of R² + γR = v, the scalar Riccati equation of a linear-quadratic regulator with discount."""
    return float(max(np.roots([1.0, discount, -curvature])))


ANSWERS = {
    "objective": {
        "finite_horizon": "g*(gamma - sqrt(gamma**2 + 4*eta*k*v))/(2*v)",  # Riccati, its other form
        "short_horizon": "-eta*k*g/gamma",  # gradient descent
        "long_horizon": "-g*sqrt(eta*k)/sqrt(v)",  # Kalman 1964: the undiscounted regulator, K = √(q/r)
        "rate": scalar_rate,
        "predict_path": "straighter",
        "discount_of_ratio_three": 2.0412414523,  # 5/√6: R² + γR = 1 and 9R² + 3γR = 4
        "damping_ratio": 0.7071067812,  # the double integrator with a cost of position: poles at 45°
    },
}


def metric_elsewhere(metric, transform):
    """Amari 1998: lengths are the same, dθ'ᵀG'dθ' = dθᵀG dθ for the steps along all pairs of axes."""
    back = np.linalg.solve(transform, np.eye(2))
    return np.array([[back[:, i] @ metric @ back[:, j] for j in range(2)] for i in range(2)])


ANSWERS["geometry"] = {
    "natural_flow": "-eta*k*g/(gamma*G)",  # Amari 1998
    "natural_long_horizon": "-g*sqrt(eta*k)/sqrt(G*v)",  # Kalman 1964, with the cost of control G/η
    "straight_metric": [[8.0, 2.0], [2.0, 2.0]],  # any multiple of the Hessian
    "diagonal_speed": 3.0,  # eigenvalues 1 ± 1/2 of [[1, 1/2], [1/2, 1]]
    "fisher_poisson": "T*exp(w*x)*x*x",  # variance of a Poisson count times (∂ log r/∂w)²
    "metric_elsewhere": metric_elsewhere,
    "predict_invariance": "natural",
}


def reachable(direction, curvatures, optimum):
    """Least squares with weights: the normal equation of one regressor, solved by NumPy on scaled rows."""
    root = np.sqrt(curvatures)
    return direction * np.linalg.lstsq((root * direction)[:, None], root * optimum, rcond=None)[0][0]


ANSWERS["control"] = {
    "decaying_flow": "a*w - eta*k*g/gamma",  # gradient descent with weight decay
    "rest_of_decay": lambda discount, decay: 1 / (decay**2 + decay * discount + 1),  # costate and weight at rest
    "rate_of_decay": 1.41421356,  # √(j² + ηkv): the regulator of a first-order lag
    "predict_turning": "just as fast",
    "rest_of_turning": 0.8,  # 1/(1 + q²) of the optimum remains
    "curl_of_turning": -2.0,  # −q
    "reachable": reachable,
    "smallest_rank": 2,  # Parseval: the cosines are orthogonal
}


def front_speed(tilt):
    """Speed of the front of a cubic reaction between its stable states a and b, with m in between (Muratov 2008)."""
    a, m, b = np.sort(np.roots([4.0, 0.0, -4.0, -tilt]).real)
    return 2 * 2**0.5 * ((a + b) / 2 - m)


def minima(tilt):
    """Cardano: x = 2/√3 cos((φ + 2πk)/3) with cos φ = 3√3 tilt/8 solves x³ − x = tilt/4."""
    angle = np.arccos(3 * 3**0.5 * tilt / 8)
    return 2 / 3**0.5 * np.cos((angle + 2 * np.pi * np.array([1, 0])) / 3)


def trapezoid_free_action(x, h, discount):
    """Sum over intervals, one after another."""
    total = 0.0
    for i in range(len(x) - 1):
        y = 0.5 * (x[i] + x[i + 1])
        rate = 0.5 * ((x[i + 1] - x[i]) / h) ** 2 + (y * y - 1) ** 2 - y / 2
        total += h * np.exp(-discount * h * (i + 0.5)) * rate
    return total


def front_path():
    """The path at the critical discount, a logistic one, begun 1.4 s before its middle."""
    (a, b), s = minima(0.5), 2**0.5
    t = np.linspace(0.0, 20.0, 201)
    rise = 1 / (1 + np.exp(-s * (b - a) * (t - 1.0)))
    rise[0] = 0.0
    return a + (b - a) * rise


ANSWERS["escape"] = {
    "two_minima": minima,
    "cost_of_staying": ((0.9304029274**2 - 1) ** 2 + 0.9304029274 / 2) / 0.3,  # L/γ
    "action": trapezoid_free_action,
    "drawn_path": front_path(),
    "predict_escape": "the far-sighted",
    "critical": front_speed,
    "cheaper_change": 3.0,  # a discount is a rate, and √(ηk) the only one
}


def adam(gradients):
    """Algorithm 1 of Kingma & Ba 2015, with sums that are corrected at the end of each step."""
    first = second = weight = 0.0
    path = []
    for t, gradient in enumerate(gradients, 1):
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        weight -= 0.01 * (first / (1 - 0.9**t)) / ((second / (1 - 0.999**t)) ** 0.5 + 1e-8)
        path.append(weight)
    return np.array(path)


ANSWERS["noise"] = {
    "kalman_gain": 1 / 2.0 * ((1 + 2 * 2.0 / 0.25) ** 0.5 - 1),  # Kalman & Bucy 1961: (√(1 + 2τσ²/σ_o²) − 1)/τ
    "predict_fading": "the one who knows moves slower",
    "fading_flow": "-2*eta*k*m*tau/(tau*gamma + tau*sqrt(gamma**2 + 4*eta*k*v) + 2)",
    "memory_gain": "1/((1 - b**t)/(1 - b))",  # Kingma & Ba 2015: one over the sum of a geometric series
    "adam_path": adam,
    "epsilon": "gamma/sqrt(4*eta*k)",
    "predict_noise": "more",
}


def twice(value):
    """Twice a number or an array, or a rule with twice the flow, and with parameters that are off by a factor two."""
    if not hasattr(value, "weight_flow"):
        return 2 * value

    def off(expression):
        factors = {"plasticity": 2, "observation_variance": 2, "decay_mean": sp.Rational(1, 2), "tau_plus": 2}
        return expression.subs({s: factors.get(s.name, 1) * s for s in expression.free_symbols})

    states = tuple(dataclasses.replace(s, flow=2 * off(s.flow)) for s in value.states)
    events = {
        event: tuple(dataclasses.replace(u, expression=off(u.expression)) for u in updates)
        for event, updates in value.events.items()
    }
    return dataclasses.replace(value, weight_flow=2 * value.weight_flow, states=states, events=events)


class Doubled:
    """A catalogue of rules that are all wrong."""

    def __init__(self, catalogue):
        self.catalogue = catalogue

    def __getattr__(self, name):
        return lambda *arguments, **named: twice(getattr(self.catalogue, name)(*arguments, **named))


def miscurved(objective, landscape):
    """The first weight of a quadratic loss has twice its curvature and optimum; another loss counts twice."""
    if not isinstance(landscape, Quadratic):
        return dataclasses.replace(objective, loss_weight=2 * objective.loss_weight), landscape
    twice_first = np.diag([2.0, *np.ones(landscape.n - 1)])
    root = np.sqrt(twice_first)
    return objective, Quadratic(root @ landscape.hessian_matrix @ root, twice_first @ landscape.optimum)


def mispriced(objective, landscape):
    """The first of several weights is twice as costly; a weight of plasticity 1 is twice as plastic."""
    n = landscape.n if objective.control is None else np.shape(objective.control)[1]
    if n == 1 or not isinstance(landscape, Quadratic):
        return dataclasses.replace(objective, plasticity=1 + objective.plasticity), landscape
    price = np.diag([2.0**0.5, *np.ones(n - 1)])
    metric = price @ constant_matrix("metric", objective.metric, n) @ price
    return dataclasses.replace(objective, metric=metric), landscape


def mutated(lesson):
    """Two sets of the engine's functions, wrong by a factor two: in formulas and in curvatures, or in prices."""

    def doubled(function):
        return lambda *arguments, **named: twice(function(*arguments, **named))

    def confused(function, mistake):
        def wrong(objective, landscape, *arguments, **named):
            return function(*mistake(objective, landscape), *arguments, **named)

        return wrong

    present = vars(lesson)
    formulas = {n: doubled(present[n]) for n in ("derive", "fisher_information", "fisher_matrix") if n in present}
    formulas |= {"rules": Doubled(present["rules"])} if "rules" in present else {}
    for mistake in (miscurved, mispriced):
        solvers = ("solve", "plan", "critical_discount")
        wrong = {n: confused(present[n], mistake) for n in solvers if n in present}
        if "explain" in present:
            wrong["explain"] = lambda path, *problem, explain=present["explain"], mistake=mistake: explain(
                path, *mistake(*problem)
            )
        if "DoubleWell" in present:
            wrong["DoubleWell"] = lambda tilt, well=present["DoubleWell"]: well(barrier=2.0, tilt=tilt)
        yield formulas | wrong
