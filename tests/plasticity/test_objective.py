"""A wrong objective fails where it is written, with the name, the value and the remedy."""

import numpy as np
import pytest
import sympy as sp

from plasticity import Objective
from plasticity.errors import InputError


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"discount": -1}, "discount must be >= 0 1/s, got -1"),
        ({"discount": "long"}, "discount must be a number"),
        ({"discount": float("inf")}, "sympy.oo"),
        ({"discount": float("nan")}, "discount must be finite"),
        ({"discount": -sp.oo}, "discount"),
        ({"discount": 1, "plasticity": 0}, "plasticity must be > 0, got 0"),
        ({"discount": 1, "loss_weight": None}, "loss_weight must be a number"),
        ({"discount": 1, "metric": [[1, 0], [0, -2]]}, r"smallest eigenvalue is -2 along the direction \[0"),
        ({"discount": 1, "metric": [[1, 0.5], [0, 1]]}, "metric must be symmetric"),
        ({"discount": 1, "metric": [1, 0]}, "positive definite"),
        ({"discount": 1, "metric": [[1, 2, 3]]}, "metric must be square"),
        ({"discount": 1, "metric": "fisher"}, "metric must be numbers"),
        ({"discount": 1, "drift": [1.0, 2.0]}, "drift must have 0 or 2 dimensions, got 1"),
        ({"discount": 1, "drift": [[np.nan]]}, "drift must be finite"),
        ({"discount": 1, "control": [1.0, 0.0]}, "control must have 2 dimensions"),
        ({"discount": 1, "hazard": 0.5}, "hazard > 0 needs prior_mean"),
        ({"discount": 1, "hazard": -0.5}, "hazard must be >= 0"),
    ],
)
def test_bad_fields_are_named(arguments, message):
    with pytest.raises(InputError, match=message):
        Objective(**arguments)


@pytest.mark.parametrize("discount", [0, 0.5, sp.oo, sp.Symbol("gamma", positive=True), sp.Rational(1, 2)])
def test_discount_may_be_a_number_a_limit_or_a_symbol(discount):
    assert Objective(discount).discount == discount


def test_arrays_are_copied_and_frozen():
    metric = np.eye(2)
    objective = Objective(1.0, metric=metric)
    metric[0, 0] = -1
    assert objective.metric[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        objective.metric[0, 0] = -1
