"""Answers from textbooks and closed forms, and an engine that is wrong by a factor two."""

import dataclasses

import numpy as np


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


def twice(value):
    """Twice a number, an array or the flows of a rule."""
    if not hasattr(value, "weight_flow"):
        return 2 * value
    states = tuple(dataclasses.replace(s, flow=2 * s.flow) for s in value.states)
    return dataclasses.replace(value, weight_flow=2 * value.weight_flow, states=states)


def mutated(lesson):
    """Functions of the engine that a lesson uses, each wrong by a factor two: in its result, or in the plasticity."""

    def doubled(function):
        return lambda *arguments, **named: twice(function(*arguments, **named))

    def confused(function):
        def wrong(objective, *arguments, **named):
            objective = dataclasses.replace(objective, plasticity=2 * objective.plasticity)
            return function(objective, *arguments, **named)

        return wrong

    kinds = {
        doubled: ("derive", "fisher_information", "fisher_matrix"),
        confused: ("solve", "plan", "critical_discount"),
    }
    return {
        name: spoil(getattr(lesson, name)) for spoil, names in kinds.items() for name in names if hasattr(lesson, name)
    }
