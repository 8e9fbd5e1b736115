"""Landscapes: derivatives are those of the loss, shapes follow θ, bad formulas are refused."""

import numpy as np
import pytest
import sympy
from numpy.testing import assert_allclose

from plasticity.errors import InputError, UnknownNameError
from plasticity.landscapes import DoubleWell, Quadratic, from_expression

LANDSCAPES = {
    "quadratic": Quadratic([[2.0, 0.3], [0.3, 1.0]], [0.5, -1.0]),
    "double well": DoubleWell(barrier=1.3, tilt=0.4, stiffness=0.7),
    "formula": from_expression("exp(-x**2/2)*sin(y) + 0.5*x*y**3 - tanh(x) + erf(x*y)", "x y"),
    "one parameter flat": from_expression("x**2", symbols="x y"),
}


@pytest.mark.parametrize("name", LANDSCAPES)
def test_derivatives_and_shapes(name):
    landscape = LANDSCAPES[name]
    theta = np.random.default_rng(0).standard_normal((3, 4, 2))
    assert landscape.loss(theta).shape == (3, 4)
    assert landscape.gradient(theta).shape == (3, 4, 2)
    assert landscape.hessian(theta).shape == (3, 4, 2, 2)
    assert landscape.loss(theta[0, 0]).shape == ()
    assert_allclose(landscape.hessian(theta)[1, 2], landscape.hessian(theta[1, 2]), rtol=1e-14, atol=1e-14)
    h = 1e-5  # central differences: h² ~ 1e-10 and rounding 1e-16/h ~ 1e-11, times derivatives of order 10
    for i, unit in enumerate(np.eye(2)):
        up, down = theta + h * unit, theta - h * unit
        assert_allclose(
            (landscape.loss(up) - landscape.loss(down)) / (2 * h),
            landscape.gradient(theta)[..., i],
            atol=1e-8,
        )
        assert_allclose(
            (landscape.gradient(up) - landscape.gradient(down)) / (2 * h),
            landscape.hessian(theta)[..., i, :],
            atol=1e-7,
        )


def test_double_well_equals_its_formula():
    well, formula = DoubleWell(), from_expression("(x**2-1)**2 - x/2 + y**2", ["x", "y"])
    theta = np.random.default_rng(1).standard_normal((10, 2))
    assert_allclose(well.loss(theta), formula.loss(theta), rtol=1e-13)
    assert_allclose(well.hessian(theta), formula.hessian(theta), rtol=1e-13, atol=1e-13)


@pytest.mark.paper
def test_minima_of_the_double_well():
    minima = DoubleWell().minima
    assert_allclose(minima[:, 0], [-0.930403, 1.057454], atol=5e-7)
    assert_allclose(DoubleWell().gradient(minima), 0, atol=1e-14)
    # the left valley vanishes when the tilt equals the steepest slope of the ridge, 8/√27
    assert len(DoubleWell(tilt=8 / np.sqrt(27) * 1.001).minima) == 1
    assert len(DoubleWell(tilt=8 / np.sqrt(27) * 0.999).minima) == 2


def test_sympy_expressions_are_taken_as_they_are():
    x, y = sympy.symbols("x y")
    assert_allclose(from_expression(x**2 * y, "x y").gradient([2.0, 3.0]), [12, 4])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x**2 + z", "unknown symbol 'z'"),
        ("x^2", r"x\*\*2"),
        ("x**", "cannot read"),
        ("", "cannot read"),
        ("foo(x)", "unknown function 'foo'"),
        ("__import__('os').system('true')", "formula may hold"),
        ("x.real", "formula may hold"),
        ("[x for x in (1,)]", "formula may hold"),
        ("(lambda: 1)()", "formula may hold"),
        ("9**9**9**9", "power"),
        ("x/0", "finite real"),
        ("sqrt(-1)*x", "finite real"),
        ("'text'", "formula may hold"),
        ("True*x", "formula may hold"),
        ("(" * 3000 + "x" + ")" * 3000, "cannot read"),
    ],
)
def test_bad_formulas_are_named(text, words):
    with pytest.raises(InputError, match=words):
        from_expression(text, "x y")


@pytest.mark.parametrize("symbols", ["", "x x", "2x", "sin", "lambda", []])
def test_bad_symbols_are_named(symbols):
    with pytest.raises(InputError, match="symbols"):
        from_expression("x", symbols)


def test_other_bad_input():
    with pytest.raises(UnknownNameError, match="z"):
        from_expression(sympy.Symbol("z"), "x y")
    with pytest.raises(InputError, match="parameters"):
        from_expression("x", "x").loss([1.0, 2.0])
    with pytest.raises(InputError, match="barrier"):
        DoubleWell(barrier=0)
    with pytest.raises(InputError, match="symmetric"):
        Quadratic([[1, 2], [0, 1]], [0, 0])


@pytest.mark.parametrize("tilt", [0.0, 0.5, 1.5])
def test_the_saddle_of_a_double_well_is_level_and_falls_in_one_direction(tilt):
    well = DoubleWell(tilt=tilt)
    np.testing.assert_allclose(well.gradient(well.saddle), 0, atol=1e-12)
    assert np.sum(np.linalg.eigvalsh(well.hessian(well.saddle)) < 0) == 1
    assert np.all(np.isnan(DoubleWell(tilt=2.0).saddle))
