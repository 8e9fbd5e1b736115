"""Checks of answers: right ones in any form, wrong ones with their hint, never an error."""

import numpy as np
import pytest
import sympy as sp

from course import check
from course.check.formula import short_names
from course.check.named import named_rules
from course.check.number import tolerance
from plasticity import Objective, derive, rules
from plasticity.errors import InputError
from plasticity.limits import change

GAMMA = sp.Symbol("gamma", positive=True)
DERIVED = derive(Objective(GAMMA))


@pytest.mark.parametrize(
    "text",
    [
        "-eta*k*g/(gamma/2 + sqrt(gamma**2/4 + eta*k*v))",
        "-plasticity*loss_weight*gradient/(discount/2 + sqrt(discount**2/4 + plasticity*loss_weight*curvature))",
        "g*(γ - sqrt(γ**2 + 4*η*k*v))/(2*v)",  # the other form of the root
        "dw/dt = −2·η·k·g/(γ + sqrt(γ**2 + 4*η*k*v))",
    ],
)
def test_one_rule_in_many_forms(text):
    assert check.formula(text, rules.multi_step()).correct is True
    assert check.formula(text, derive(Objective(sp.Symbol("discount", positive=True)))).correct is True


@pytest.mark.parametrize(
    "name", ["gradient_descent", "ballistic", "natural_gradient", "weight_decay", "polyak", "newton"]
)
def test_a_rule_in_place_of_another_is_named(name):
    """The text is that of the rule itself; the expected one is another."""
    rule = rules.load(name)()
    verdict = check.formula(str(change(rule).rhs), rules.multi_step())
    assert verdict.correct is False
    assert f"“{rule.title}”" in verdict.message


def test_the_limits_of_a_rule_say_what_they_assume():
    """As in the textbook: ηk/γ times the gradient is the short horizon, √(ηk/v) times the gradient the long one."""
    short, long = check.formula("-eta*k*g/gamma", DERIVED), check.formula("-sqrt(eta*k/v)*g", DERIVED)
    assert "Gradient descent" in short.message
    assert "γ → ∞" in short.message
    assert "Ballistic" in long.message
    assert "γ → 0⁺" in long.message


def test_no_two_named_rules_are_the_same():
    names = {rule.title: text for rule, texts in named_rules() for text in texts[:1]}
    assert len(set(names.values())) == len(names)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("eta*k*g/gamma", "sign"),
        ("-2*eta*k*g/gamma", "2 times"),
        ("-eta*k*g*v/gamma", "does not depend on curvature"),
        ("-eta*g/gamma", "also depends on loss_weight"),
        ("-eta*k*g*gamma", "unit"),
        ("-eta*k*g/gamma - k*k*eta*g/gamma", "right value is"),
        ("-eta*k*g/", "cannot be read"),
        ("-eta*k*g^2", "cannot be read"),
        ("__import__('os').system('true')", "cannot be read"),
        ("zeta*g", "cannot be read"),
        ("g" * 1000, "cannot be read"),
        ("1/(g - g)", "cannot be read"),
    ],
)
def test_hints_of_wrong_formulas(text, hint):
    verdict = check.formula(text, rules.gradient_descent())
    assert verdict.correct is False
    assert hint in verdict.message


def test_a_formula_of_ones_own_with_its_wrong_answers():
    """Closed form of a damped oscillator at critical damping: twice the root of the stiffness."""
    kappa = sp.Symbol("stiffness", positive=True)
    others = {"That is the frequency.": sp.sqrt(kappa)}
    assert check.formula("2*sqrt(kappa)", 2 * sp.sqrt(kappa), others, {"kappa": "stiffness"}).correct is True
    assert check.formula("sqrt(kappa)", 2 * sp.sqrt(kappa), others).message == "That is the frequency."


def test_short_names_mean_one_thing_each():
    known = short_names(set())
    assert {"w", "g", "v", "eta", "gamma", "k", "alpha"} <= set(known)
    assert known["alpha"] == "learning_rate"


@pytest.mark.parametrize("digits", [1, 2, 3, 6])
def test_a_rounded_number_is_right_and_one_unit_off_is_not(digits, random):
    """Rounding to n digits errs by half a unit of the last one at most."""
    for value in random.uniform(-5, 5, 200) * 10.0 ** random.integers(-6, 6, 200):
        rounded = float(f"{value:.{digits - 1}e}")
        assert check.number(rounded, value, digits=digits).correct is True
        assert check.number(value + 2.02 * tolerance(value, digits), value, digits=digits).correct is False


@pytest.mark.parametrize(
    ("answer", "hint"),
    [(-0.539, "sign"), (1.078, "twice"), (0.2695, "half"), (539.0, "1000"), (0.9, "too large"), (0.1, "too small")],
)
def test_hints_of_wrong_numbers(answer, hint):
    assert hint in check.number(answer, 0.539031).message


def test_functions_are_compared_on_random_problems():
    def problem(random):
        return random.normal(size=(3, 3)), random.normal(size=3)

    def solve(matrix, vector):
        return np.linalg.solve(matrix, vector)

    def wrong(matrix, vector):
        return np.linalg.solve(matrix.T, vector)

    def spoils(matrix, vector):
        result = solve(matrix, vector)
        matrix[:] = 0
        return result

    def inverse(matrix, vector):
        return np.linalg.inv(matrix) @ vector

    assert check.code(inverse, solve, problem, error=1e-8).correct is True
    assert check.code(spoils, solve, problem).correct is True  # each call has arguments of its own
    assert (
        check.code(wrong, solve, problem, others={"That is the transpose.": wrong}).message == "That is the transpose."
    )
    assert "is right" in check.code(wrong, solve, problem).message
    assert "shape" in check.code(lambda m, v: m, solve, problem).message
    assert "ZeroDivisionError" in check.code(lambda m, v: 1 / 0, solve, problem).message
    assert check.code(lambda m, v: np.nan * v, solve, problem).correct is False


def test_curves_are_compared_in_their_range():
    x = np.linspace(0, 4, 50)
    right = np.exp(-x)
    assert check.curve(right + 0.005, x, right).correct is True
    assert "sign" in check.curve(-right, x, right).message
    assert check.curve(np.exp(-2 * x), x, right, others={"That is e^(−2x).": np.exp(-2 * x)}).message.startswith(
        "That is"
    )
    assert "differs most at" in check.curve(1 - x / 4, x, right).message
    assert "shape" in check.curve(right[:-1], x, right).message


def test_a_wrong_prediction_counts_as_begun():
    options = {"faster": False, "slower": True}
    assert not check.prediction(None, options).begun
    assert check.prediction("faster", options).begun
    assert check.prediction("slow", options).correct is True
    assert "Choose" in check.prediction("neither", options).message
    with pytest.raises(InputError, match="one that is True"):
        check.prediction("faster", {"faster": False})


def test_a_function_is_judged_by_what_it_returns():
    def of_a_half(answer):
        return check.number(answer, 0.5)

    def stub():
        raise NotImplementedError

    def crash():
        return 1 / 0

    assert check.judge(stub, of_a_half).correct is None
    assert check.judge(lambda: 0.5, of_a_half).correct is True
    assert "ZeroDivisionError" in check.judge(crash, of_a_half).message
    assert "must be" in check.judge(lambda: Objective(-1.0), of_a_half).message  # the message of the engine


STRANGE = [None, "", "x", b"x", True, 3, 0.5, np.nan, np.inf, 1j, [], {}, [np.nan], ["a"], object(), KeyError, abs]


@pytest.mark.parametrize("value", STRANGE, ids=[str(i) for i in range(len(STRANGE))])
def test_nothing_that_a_student_returns_is_an_error(value):
    verdicts = [
        check.formula(value, rules.gradient_descent()),
        check.number(value, 0.51),
        check.curve(value, [0.0, 1.0], [0.0, 1.0]),
        check.prediction(value, {"faster": False, "slower": True}),
        check.code(value, lambda x: x + 0.01, lambda random: (1.0,)),
        check.judge(lambda: value, lambda answer: check.number(answer, 0.51)),
    ]
    assert {verdict.correct for verdict in verdicts} <= {False, None}


def test_a_wrong_engine_refuses_the_right_answer(monkeypatch):
    """The right answer is what the engine derives: half of it is then twice too small."""
    wrong = derive(Objective(sp.oo)).weight_flow / 2
    assert check.formula("-alpha*g", derive(Objective(sp.oo)).weight_flow).correct is True
    assert "2 times" in check.formula("-alpha*g", wrong).message


def test_personal_numbers_are_even_between_their_bounds_and_differ_between_names():
    """The largest distance of 400 even numbers from their law is below 1.63/√400 in 99 of 100 cases (Kolmogorov)."""
    numbers = np.sort([check.personal(f"student {i}", "one", x=(2.0, 4.0))["x"] for i in range(400)])
    law = (numbers - 2.0) / 2.0
    assert np.abs(law - np.arange(400) / 400).max() < 1.63 / 20 + 1e-2
    assert np.unique(numbers).size > 150  # of the 200 numbers of three digits
    assert check.personal("student 1", "other", x=(2.0, 4.0)) != check.personal("student 1", "one", x=(2.0, 4.0))


@pytest.mark.parametrize(("name", "bounds"), [("", (0, 1)), (7, (0, 1)), ("ada", (1, 1)), ("ada", 3), ("ada", "ab")])
def test_wrong_personal_numbers_are_refused(name, bounds):
    with pytest.raises(InputError, match=r"name must|must have bounds"):
        check.personal(name, "one", x=bounds)
