"""A rule means what its equations say: names, text, units."""

import ast
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sympy as sp

from plasticity import Objective, Parameter, Rule, State, Update, derive, replay, simulate
from plasticity.equations import dimension
from plasticity.errors import InputError
from plasticity.landscapes import Quadratic

ROOT = Path(__file__).parents[2]
K = Parameter("k", 1.0, unit="Hz", positive=True)
RESERVED_NAMES = ("w", "gradient", "pre_rate", "i", "t", "xi", "dt", "lt", "x_pre", "y_post")
NO_NAMES = ("lambda", "times", "a b", "math", "ü", "", "_x", "double", "pi")
Z = State("z", flow=-sp.Symbol("k") * sp.Symbol("z"))


@pytest.mark.parametrize("flow", ["-k*w", -sp.Symbol("k") * sp.Symbol("w"), -sp.Symbol("w", positive=True) * K.symbol])
def test_the_weight_is_found_by_name(flow):
    """dw/dt = −k w from 1 is exp(−kt), however the symbols were made."""
    rule = Rule("r", "t", weight_flow=flow, parameters=(K,))
    assert float(replay(rule, [0.1], [], duration=1).weight[-1]) == pytest.approx(np.exp(-1), rel=1e-12)


@pytest.mark.parametrize("z", [sp.Symbol("z"), sp.Symbol("z", real=True), "z"])
def test_a_state_is_found_by_name(z):
    """z jumps to 1 at 0.5 s and decays; w integrates k z: 1 + (1 − exp(−0.5))."""
    flow = "-k*z" if isinstance(z, str) else -z * sp.Symbol("k")
    jump = "z + 1" if isinstance(z, str) else z + 1
    rule = Rule(
        "r",
        "t",
        weight_flow=sp.Symbol("z") * sp.Symbol("k"),
        states=(State("z", flow=flow),),
        events={"pre": (Update("z", jump),)},
        parameters=(K,),
    )
    assert float(replay(rule, [0.5], [], duration=1).weight[-1]) == pytest.approx(2 - np.exp(-0.5), rel=1e-12)


def test_a_plain_gradient_is_the_gradient():
    """Steepest descent on w²/2: the flow of w is −w."""
    rules = [Rule("r", "t", weight_flow=-sp.Symbol("k") * g, parameters=(K,)) for g in (sp.Symbol("gradient"),)]
    exact = derive(Objective(discount=sp.oo))
    final = [simulate(r, Quadratic([1.0], [0.0]), [1.0], 50, 0.01).theta.values for r in (*rules, exact)]
    assert np.array_equal(*final)


@pytest.mark.parametrize(
    "change",
    [
        {"states": (Z, State("z", initial=5.0))},
        {"parameters": (K, replace(K, value=2.0))},
        {"states": (State("k"),)},
        *(
            {"states": (Z, State(n))}
            for n in ("w", "gradient", "pre_rate", "i", "t", "xi", "dt", "lt", "x_pre", "y_post")
        ),
        *(
            {"parameters": (K, Parameter(n, 1.0))}
            for n in ("lambda", "times", "a b", "math", "ü", "", "_x", "double", "pi")
        ),
        {"weight_flow": "__import__('os').system('true')"},
        {"weight_flow": "k.diff()"},
        {"weight_flow": "k*v"},
        {"weight_flow": True},
        {"weight_flow": None},
        {"weight_flow": [1]},
        {"states": "z"},
        {"parameters": (1.0,)},
        {"events": {"pre": (Update("z", "open('x')"),)}},
        {"parameters": (K, Parameter("a", 1.0, unit="__import__('os').system('true')"))},
        {"parameters": (K, Parameter("a", 1.0, unit="mV"))},
    ],
    ids=str,
)
def test_names_and_text_that_have_no_meaning_are_refused(change):
    fields = {"weight_flow": "k*z", "states": (Z,), "parameters": (K,), **change}
    with pytest.raises(InputError):
        Rule("r", "t", **fields)


@pytest.mark.parametrize(
    ("flow", "unit"),
    [
        ("a", "s"),
        ("a", "1"),
        ("a*w + a**2", "Hz"),
        ("exp(a)*a", "Hz"),
        ("a*sqrt(a)", "Hz"),
        ("2", "Hz"),
        ("a*k*k", "Hz"),
    ],
)
def test_units_that_do_not_add_up_are_refused(flow, unit):
    with pytest.raises(InputError, match="unit"):
        Rule("r", "t", weight_flow=flow, parameters=(Parameter("a", 1.0, unit=unit), K))


def test_assignments_keep_units_and_the_loss_has_one():
    rate = State("rate", unit="Hz")
    with pytest.raises(InputError, match="rate at 'pre'"):
        Rule("r", "t", states=(rate,), events={"pre": (Update("rate", "rate + 1"),)})
    a, b = Parameter("a", 1.0, unit="1/(loss*s)"), Parameter("b", 1.0, unit="Hz")
    Rule("r", "t", weight_flow="-a*gradient", parameters=(a,))
    Rule("r", "t", weight_flow="-b*gradient", parameters=(b,))  # a loss without unit
    Rule("r", "t", weight_flow="a*pre_rate**3", parameters=(a,))  # a loss in Hz³
    with pytest.raises(InputError, match="unit"):
        Rule("r", "t", weight_flow="-a*gradient - b*gradient + a*pre_rate", parameters=(a, b))


def test_units_are_read_as_formulas():
    assert dimension("s/loss") == (1, -1)
    assert dimension("Hz**(1/2)") == (-0.5, 0)
    for wrong in ("2*s", "s + Hz", "1/0", "x", "", "s*"):
        with pytest.raises(InputError):
            dimension(wrong)


def test_no_text_reaches_the_evaluator_of_sympy():
    """Every `sympify` of the packages is strict, which refuses text; nothing else that evaluates text is called."""
    for package in ("plasticity", "circuits", "scenarios", "analysis", "steersman"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute | ast.Name):
                    continue
                name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
                assert name not in ("S", "parse_expr"), path
                if name == "sympify":
                    assert any(k.arg == "strict" and k.value.value is True for k in node.keywords), path
