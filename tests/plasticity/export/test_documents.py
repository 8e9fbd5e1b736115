"""Cards as files: LaTeX that compiles, and Markdown, with all equations and parameters of a rule."""

import re
import shutil
import subprocess
import unicodedata

import pytest
import sympy as sp

from plasticity import Objective, derive, rules, signals
from plasticity.belief import OrnsteinUhlenbeck, SwitchingTask
from plasticity.export import files
from plasticity.pages.card import card, sections
from plasticity.pages.notation import latex as formula
from plasticity.pages.notation import symbol_name
from plasticity.support import catalog

DERIVED = {
    "momentum": lambda: derive(Objective(1.0, drift=-1.0), order=2),
    "future optimum": lambda: derive(Objective(1.0), optimum_belief=OrnsteinUhlenbeck((1.0, 9.0), 1.0, 1.0, mean=1.0)),
    "switching": lambda: derive(Objective(1.0), optimum_belief=SwitchingTask(0.1, 0.0, 1.0, 1.0)),
    "symbolic": lambda: derive(Objective(sp.Symbol("gamma"), metric=2.0, drift=-1.0)),
    "adam+plateau": lambda: rules.adam().with_signal(signals.plateau()),
}
EVERY = DERIVED | {name: getattr(rules, name) for name in catalog.names("plasticity.rules")}
FORMULA = re.compile(r"\\\[ (.*?) \\\]", re.DOTALL)


def document(rule):
    ((name, text),) = files(rule, "latex").items()
    assert name.endswith(".tex")
    return text


@pytest.mark.parametrize("name", EVERY)
def test_a_document_has_all_of_the_rule_and_nothing_that_stops_a_compiler(name):
    """A letter outside of ASCII that LaTeX has no glyph for is an error there, as is an end without its beginning."""
    rule = EVERY[name]()
    text = document(rule)
    strange = {c for c in text if not c.isascii() and not unicodedata.name(c).startswith("LATIN")}
    assert not strange
    stack = []
    for kind, what in re.findall(r"\\(begin|end)\{(\w+)\}", text):
        assert kind == "begin" or stack.pop() == what
        stack += [what] * (kind == "begin")
    assert not stack
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")
    for p in rule.parameters:
        assert f"{p.name.replace('_', chr(92) + '_')} & ${symbol_name(p.name)}$ & " in text
    shown = FORMULA.findall(text)
    of_the_rule = [step.equation for part in sections(rule) if part.title == "Rule" for step in part.equations]
    assert of_the_rule
    assert {formula(e) for e in of_the_rule} <= set(shown)


@pytest.mark.skipif(
    shutil.which("pdflatex") is None, reason="pdflatex is not installed: apt install texlive-latex-base"
)
@pytest.mark.parametrize("name", ["momentum", "future optimum", "soft_reset", "clopath_voltage"])
def test_a_document_compiles_and_nothing_sticks_out(name, tmp_path):
    (tmp_path / "card.tex").write_text(document(EVERY[name]()), encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "card.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "card.pdf").stat().st_size > 10_000
    assert not re.findall(r"Overfull \\hbox \((?:[2-9]\d|\d{3,})\.", done.stdout)  # by 20 pt or more


def test_a_page_is_the_card():
    rule = rules.triplet_stdp()
    assert files(rule, "markdown") == {"triplet_stdp.md": card(rule, "markdown")}


def test_code_and_letters_with_a_bar_are_those_of_latex():
    from plasticity.pages.card import Section, page

    text = page("T", [Section("S", ("see `with_signal`: the mean w̄ of θ̄ – in 50 %",))], "latex")
    assert r"see \texttt{with\_signal}: the mean $\bar{w}$ of $\bar{\theta}$ -- in 50 \%" in text
