"""The formulas that all engines share: the same numbers from NumPy functions, Python text and Brian2 text."""

import math

import numpy as np
import pytest

from plasticity.compile import elementwise as shared

RANDOM = np.random.default_rng(7)
SYMBOLS = "weight change plastic drift velocity dt low high arriving gain sign factor noise quantum delivered value"
VALUES = dict(zip(SYMBOLS.split(), RANDOM.uniform(0.2, 2.0, 16), strict=True)) | {"low": -0.3, "high": 0.4}
FORMULAS = ("PERMITTED", "DRIFT_VELOCITY", "MOVED", "CLIPPED", "FACTOR", "DISTURBED", "ROUNDED", "RECEIVED")
BRIAN = {"clip": np.clip, "floor": math.floor}


@pytest.mark.parametrize("name", FORMULAS)
def test_functions_and_texts_give_the_same_number(name):
    expression = getattr(shared, name)
    arguments = sorted(expression.free_symbols, key=str)
    expected = shared.numpy_function(expression, *arguments)(*(VALUES[s.name] for s in arguments))
    assert eval(shared.python_text(expression), {"np": np}, dict(VALUES)) == expected
    assert eval(shared.brian_text(expression), BRIAN, dict(VALUES)) == expected


@pytest.mark.parametrize(("x", "expected"), [(-1.0, -0.3), (0.1, 0.1), (1.0, 0.4), (np.nan, np.nan)])
def test_clipping_keeps_values_in_bounds_and_shows_what_is_not_a_number(x, expected):
    text = shared.python_text(shared.CLIPPED, weight="x")
    np.testing.assert_equal(eval(text, {}, {"x": x, "low": -0.3, "high": 0.4}), expected)
    np.testing.assert_equal(shared.clipped(x, -0.3, 0.4), expected)


def test_halves_are_rounded_to_even_numbers():
    np.testing.assert_array_equal(shared.rounded(np.array([-1.5, -0.5, 0.5, 1.5, 2.5]), 1.0), [-2, 0, 0, 2, 2])


def test_the_sum_of_a_step_does_not_depend_on_the_names_of_its_operands():
    names = {"weight": "z", "change": "a[i]", "dt": "step", "velocity": "(b + c)"}
    assert shared.python_text(shared.MOVED, **names) == "step*(b + c) + (a[i] + z)"
