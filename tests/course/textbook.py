"""Answers from textbooks and closed forms, and an engine that is wrong by a factor two."""

import dataclasses

import numpy as np

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


def twice(value):
    """Twice a number, an array or the flows of a rule."""
    if not hasattr(value, "weight_flow"):
        return 2 * value
    states = tuple(dataclasses.replace(s, flow=2 * s.flow) for s in value.states)
    return dataclasses.replace(value, weight_flow=2 * value.weight_flow, states=states)


def miscurved(objective, landscape):
    """The first weight of a quadratic loss has twice its curvature and optimum."""
    if not isinstance(landscape, Quadratic):
        return objective, landscape
    twice_first = np.diag([2.0, *np.ones(landscape.n - 1)])
    root = np.sqrt(twice_first)
    return objective, Quadratic(root @ landscape.hessian_matrix @ root, twice_first @ landscape.optimum)


def mispriced(objective, landscape):
    """The first of several weights is twice as costly, or all are twice as plastic."""
    n = landscape.n if objective.control is None else np.shape(objective.control)[1]
    if n == 1 or not isinstance(landscape, Quadratic):
        return dataclasses.replace(objective, plasticity=2 * objective.plasticity), landscape
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
    for mistake in (miscurved, mispriced):
        solvers = ("solve", "plan", "critical_discount")
        yield formulas | {n: confused(present[n], mistake) for n in solvers if n in present}
