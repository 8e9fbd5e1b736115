"""The glossary agrees with the code: units, parameters, symbols of equations, notation."""

from pathlib import Path

import sympy as sp

from plasticity import Objective, derive, rules
from plasticity.belief import OrnsteinUhlenbeck
from plasticity.equations import seconds_power
from plasticity.glossary import glossary, glossary_page, notation
from plasticity.local import LOCALS
from plasticity.pages.card import sections
from plasticity.theory import symbols

# what an equation needs without a quantity of its own: operators, integration variables, names of other equations
AUXILIARY = {"cost_rate", "min_u", "t", "V'", "V_v", "V_d", "dw/dt", "d_velocity/dt", "Delta_w", "r", "s", "root"}
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


def test_every_symbol_of_a_card_is_described_on_it():
    cases = [
        derive(Objective(1.0, drift=-1.0, metric=2.0, control=[[1.0]])),
        derive(Objective(1.0, drift=-1.0), order=2),
        derive(Objective(1.0), optimum_belief=OrnsteinUhlenbeck((1.0, 9.0), 1.0, 1.0)),
        derive(Objective(1.0), duration=1.0),
        rules.load("adam")(),
    ]
    for rule in cases:
        parts = {s.title: s for s in sections(rule)}
        described = {row[0] for title in ("Parameters", "Symbols") for row in parts[title].rows}
        described |= {s.name for s in (*rule.states, *rule.inputs)} | AUXILIARY
        used = {s.name for step in parts["Derivation"].equations for s in sp.sympify(step.equation).free_symbols}
        beliefs = {name for name in used if name.startswith(("d_", "belief_"))}
        forecasts = {name for name in used if name.rstrip("0123456789") in RELAXATION}
        parameters_before_a_limit = {"discount", "plasticity", "loss_weight"}
        assert used - described - beliefs - forecasts - parameters_before_a_limit == set()


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
