"""The relative exponential: its series, its limits, and the code that it prints."""

import math

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose
from sympy.printing.pycode import PythonCodePrinter

from plasticity.support.exprel import exprel

X = sp.Symbol("x", real=True)


def test_values():
    assert exprel(0) == 1
    assert exprel(-sp.oo) == 0
    assert_allclose(float(exprel(sp.Float(-2.0))), (1 - math.exp(-2.0)) / 2, rtol=1e-15)


def test_derivative():
    slope = sp.diff(exprel(X), X).rewrite(sp.exp)
    assert sp.simplify(slope - sp.diff((sp.exp(X) - 1) / X, X)) == 0


@pytest.mark.parametrize("modules", ["scipy", "math"])
def test_code_is_accurate_where_the_quotient_is_not(modules):
    """Series 1 + x/2 + x²/6; the quotient (eˣ − 1)/x loses eight digits at x = 1e-8."""
    f = sp.lambdify(X, exprel(X), modules)
    for x in (0.0, 1e-8, -1e-8, 1e-3):
        assert_allclose(f(x), 1 + x / 2 + x**2 / 6 + x**3 / 24, rtol=1e-13)
    assert f(-1e3) == pytest.approx(1e-3, rel=1e-15)


def test_arrays_with_a_zero_raise_no_warning():
    f = sp.lambdify(X, exprel(X), "scipy")
    with np.errstate(all="raise"):
        assert_allclose(f(np.array([0.0, 1.0])), [1.0, math.e - 1], rtol=1e-15)


def test_python_code_runs():
    text = PythonCodePrinter({"fully_qualified_modules": True}).doprint(exprel(X))
    assert eval(text, {"math": math, "x": 0.0}) == 1.0
    assert eval(text, {"math": math, "x": 1.0}) == pytest.approx(math.e - 1, rel=1e-15)
