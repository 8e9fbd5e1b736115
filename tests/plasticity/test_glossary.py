"""The glossary agrees with the code: units, parameters, symbols of equations, notation."""

import re
from pathlib import Path

import pytest
import sympy as sp

from plasticity import Objective, derive, rules
from plasticity.belief import OrnsteinUhlenbeck
from plasticity.equations import seconds_power
from plasticity.glossary import glossary, glossary_page, notation
from plasticity.local import LOCALS
from plasticity.pages.card import sections
from plasticity.theory import symbols

OPERATORS = {"min_u", "t", "s", "dw/dt", "d_velocity/dt", "Delta_w", "Delta_velocity"}  # and variables of integration
RELAXATION = {"r", "zbar", "h", "q"}  # of a forecast z, named there


def test_every_term_is_one_sentence_with_a_unit_that_is_a_power_of_the_second():
    assert len(glossary()) >= 40
    for term in glossary().values():
        assert term.meaning.endswith(".")
        assert ". " not in term.meaning.replace("vs. ", "")
        if term.unit:
            seconds_power(term.unit)


def test_parameters_and_local_variables_have_the_units_of_the_glossary():
    parameters = [p for p in vars(symbols).values() if isinstance(p, symbols.Parameter)]
    assert len(parameters) >= 5
    for named in (*parameters, *(v for v in LOCALS.values() if v.name in glossary())):
        assert glossary()[named.name].unit == named.unit


DERIVED = {
    "drift": lambda: derive(Objective(1.0, drift=-1.0, metric=2.0, control=[[1.0]])),
    "momentum": lambda: derive(Objective(1.0, drift=-1.0), order=2),
    "forecasts": lambda: derive(Objective(1.0), optimum_belief=OrnsteinUhlenbeck((1.0, 9.0), 1.0, 1.0)),
    "duration": lambda: derive(Objective(1.0), duration=1.0),
}


@pytest.mark.parametrize("name", [*DERIVED, *rules.names()])
def test_every_symbol_of_a_card_is_described_on_it(name):
    """In a table, as a state, by the title of the equation that defines it, or in the note beside an equation."""
    rule = DERIVED[name]() if name in DERIVED else rules.load(name)()
    parts = {s.title: s for s in sections(rule)}
    rows = [row for title in ("Parameters", "Symbols") if title in parts for row in parts[title].rows]
    described = {row[0] for row in rows} | {s.name for s in rule.states} | OPERATORS
    steps = [step for part in parts.values() for step in part.equations if not isinstance(step.equation, str)]
    described |= {
        step.equation.lhs.name for step in steps if isinstance(step.equation, sp.Eq) and step.equation.lhs.is_Symbol
    }
    described |= {word for step in steps for word in re.findall(r"\w+", f"{step.title} {step.note}")}
    used = {symbol.name for step in steps for symbol in step.equation.free_symbols}
    unknown = {n for n in used if n not in described and n.rstrip("0123456789_") not in RELAXATION}
    assert {n for n in unknown if not n.startswith("d_") and glossary_symbol(n) not in described} == set()


def glossary_symbol(name):
    """Greek letter by which a note calls a name in code."""
    return {"omega": "ω"}.get(name, name)


def test_one_symbol_stands_for_one_quantity():
    """Names share a symbol only where one is the value of the other at the present weight."""
    same = {("v", "curvature"), ("a", "drift"), ("belief_covariance", "belief_variance"), ("velocity", "dw/dt")}
    by_latex = {}
    for name, latex in notation().items():
        by_latex.setdefault(latex, []).append(name)
    shared = {tuple(sorted(names)) for names in by_latex.values() if len(names) > 1}
    assert shared <= {tuple(sorted(pair)) for pair in same}


def test_the_page_is_that_of_the_file():
    page = Path(__file__).parents[2] / "docs" / "glossary.md"
    assert len(glossary()) >= 40
    assert page.read_text(encoding="utf-8") == glossary_page(), "python -m plasticity glossary > docs/glossary.md"
