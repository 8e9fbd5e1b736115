"""The rule card says everything about a rule: its equations, parameters, derivation and limits, in three formats."""

import re
from dataclasses import replace
from functools import cache

import pytest
import sympy as sp

from plasticity import Objective, derive, rules
from plasticity.belief import FadingMemory, GaussianWeight, OrnsteinUhlenbeck, SwitchingTask
from plasticity.errors import UnknownNameError
from plasticity.pages.card import card, page, sections
from plasticity.pages.markdown import markdown
from plasticity.pages.notation import latex, symbol_name
from plasticity.rule import GRADIENT, WEIGHT, Parameter, Rule, State
from plasticity.theory.symbols import DISCOUNT, LOSS_WEIGHT, PLASTICITY

GENERAL = {
    "multi-step": lambda: derive(Objective(sp.Symbol("gamma"), metric=2.0, drift=-1.0)),
    "momentum": lambda: derive(Objective(1.0, drift=-1.0), order=2),
    "duration": lambda: derive(Objective(1.0), duration=1.0),
    "future optimum": lambda: derive(Objective(1.0), optimum_belief=OrnsteinUhlenbeck((1.0, 9.0), 1.0, 1.0, mean=1.0)),
    "switching": lambda: derive(Objective(1.0), optimum_belief=SwitchingTask(0.1, 0.0, 1.0, 1.0)),
    "exact Adam": lambda: derive(Objective(1.0), FadingMemory(decay=0.9), FadingMemory(decay=0.99)),
    "uncertain": lambda: derive(Objective(sp.oo), weight_belief=GaussianWeight(1.0)),
    "controls": lambda: derive(Objective(1.0, control=[[1.0, 2.0]], metric=[1.0, 2.0])),
}
RULES = GENERAL | {name: rules.load(name) for name in rules.names()}


@cache
def made(name):
    return RULES[name]()


@cache
def contents(name):
    return sections(made(name))


def text_of(name, format="markdown"):
    return page(made(name).title, contents(name), format)


def test_every_parameter_state_reference_and_step_is_on_the_card():
    for name in RULES:
        rule = made(name)
        text = text_of(name)
        for parameter in rule.parameters:
            assert f"| `{parameter.name}` | ${symbol_name(parameter.name)}$ |" in text
            assert parameter.meaning in text
        for part in (*rule.assumptions, *rule.cautions, *(f"`{r}`" for r in rule.references)):
            assert f"- {markdown(part)}" in text
        for step in rule.steps:
            assert f"**{markdown(step.title)}**" in text
        for state in rule.states:
            moved = [s for section in contents(name) for s in section.equations if section.title == "Rule"]
            assert any(symbol_name(state.name) in latex(s.equation) for s in moved)


@pytest.mark.parametrize("format", ["markdown", "latex"])
def test_formulas_are_balanced_and_free_of_code(format):
    pattern = r"\$\$ (.*?) \$\$" if format == "markdown" else r"\\\[ (.*?) \\\]"
    for name in RULES:
        formulas = re.findall(pattern, text_of(name, format), flags=re.DOTALL)
        assert formulas
        for formula in formulas:
            assert formula.count("{") == formula.count("}")
            assert len(re.findall(r"\\left\W", formula)) == len(re.findall(r"\\right\W", formula))
            bare = re.sub(r"\\text\{[^}]*\}", "", formula)
            assert not re.search(r"[a-z]{2,}_[a-z]{2,}", bare), f"a name of the code in {formula}"


def test_symbols_of_one_rule_are_distinct():
    """A covariance is distinguished from a variance by its double index."""
    for name in RULES:
        rule = made(name)
        names = {s.name for s in (*rule.parameters, *rule.states)} | {s.name for s in rule.inputs} | {"w"}
        assert len({symbol_name(n) for n in names}) == len(names)


def test_the_text_holds_the_equation_as_sympy_reads_it():
    for name in RULES:
        rule = made(name)
        if rule.weight_flow != 0:
            lines = text_of(name, "text").splitlines()
            line = next(x for x in lines if x.strip() == f"dw/dt = {rule.weight_flow}")
            names = {s.name: s for s in rule.weight_flow.free_symbols}
            assert sp.simplify(sp.sympify(line.split(" = ")[1], locals=names) - rule.weight_flow) == 0


def test_the_derivation_is_shown_from_objective_to_rule():
    titles = [s.title for s in GENERAL["multi-step"]().steps]
    expected = ["Objective", "HJB equation", "Optimal control", "Its optimal root", "The rule"]
    assert [t for t in titles if t in expected] == expected


def test_the_limits_on_the_card_are_those_of_the_engine():
    text = card(derive(Objective(1.0)), "text")
    assert "discount → ∞ (at fixed learning rate)\n     dw/dt = -gradient*learning_rate\n" in text
    assert "discount → 0\n     dw/dt = -gradient*sqrt(loss_weight)*sqrt(plasticity)/sqrt(curvature)" in text
    parameters = (replace(DISCOUNT, value=1.0), PLASTICITY, LOSS_WEIGHT)
    flow = -GRADIENT * PLASTICITY.symbol * LOSS_WEIGHT.symbol / DISCOUNT.symbol
    assert "no finite limit" in card(
        Rule("descent", "Gradient descent at rate ηk/γ", flow, parameters=parameters), "text"
    )
    assert "Delta_w = -gradient/curvature" in card(GENERAL["duration"](), "text")


def test_a_rule_written_by_hand_has_a_card_too():
    tau = Parameter("tau", 2.0, unit="s", meaning="time constant", positive=True)
    rule = Rule("mine", "My rule", -WEIGHT / tau.symbol, parameters=(tau,), bounds=(0.0, 1.0), cautions=("Never.",))
    text = rule.card()
    assert r"\dot w = - \frac{w}{\tau}" in text
    assert "clipped to [0, 1]" in text
    assert "- Never." in text
    assert "Derivation" not in text
    assert rule._repr_markdown_() == text


def test_states_show_where_they_start():
    rate = Parameter("rate", 1.0, unit="Hz")
    state = State("memory", -rate.symbol * sp.Symbol("memory"), initial=0.5, meaning="something")
    assert "at the start 0.5" in card(Rule("a", "A", states=(state,), parameters=(rate,)))


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("discount", r"\gamma"),
        ("tau_plus", r"\tau_{+}"),
        ("A3_minus", "A_{3}^{-}"),
        ("A_plus", "A^{+}"),
        ("belief_covariance_2_1", "S_{21}"),
        ("metric_2", "G_{2}"),
        ("pre_trace", r"r_{\text{pre}}"),
        ("f_0", "f_{0}"),
        ("theta", r"\theta"),
        ("d_velocity/dt", r"\ddot w"),
    ],
)
def test_names_become_symbols_of_the_field(name, written):
    assert symbol_name(name) == written


def test_an_unknown_format_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'markdown'"):
        card(derive(Objective(1.0)), "markdwn")


@pytest.mark.parametrize("name", ["kalman_gradient", "curvature_bcm", "triplet_stdp"])
def test_a_second_card_repeats_no_algebra(name, monkeypatch):
    rule = rules.load(name)()
    first = rule.card()
    for function in ("latex", "solve", "cse", "simplify"):
        monkeypatch.setattr(sp, function, lambda *_, **__: pytest.fail("done again"))
    assert rule.card() == first
    parameter = rule.parameters[0]
    other = rule.with_parameters(**{parameter.name: 1.25 * parameter.value}).card()
    assert f"| {1.25 * parameter.value:g} |" in other  # and nothing stale
