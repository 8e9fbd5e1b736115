"""The pages of the site that are made from the program have all members, and what they say is what the program says."""

import ast
import importlib
import re
import sys
from pathlib import Path

import pytest

import steersman as sm
from plasticity.support import catalog

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def pages():
    sys.path.insert(0, str(DOCS))
    try:
        import site_pages
    finally:
        sys.path.remove(str(DOCS))
    return site_pages


def test_a_rule_has_its_card_and_its_picture(pages, tmp_path):
    text = pages.rule_page("pair_stdp", tmp_path)
    assert text.startswith(sm.rules.pair_stdp().card())
    assert "pairs of spikes" in text
    assert (tmp_path / "pair_stdp.png").stat().st_size > 5_000
    assert "Path down a valley" in pages.rule_page("multi_step", tmp_path)


def test_a_rule_that_needs_a_third_factor_shows_no_window(pages, tmp_path):
    assert "## Picture" not in pages.rule_page("reward_stdp", tmp_path)


def test_a_scenario_has_its_figure_and_every_parameter(pages, tmp_path):
    text = pages.scenario_page("horizon", tmp_path)
    assert (tmp_path / "horizon.png").stat().st_size > 20_000
    assert "(reduced run)" in text
    fields = pages.load_scenario("horizon").Parameters.__dataclass_fields__
    assert all(f"| `{name}` |" in text for name in fields)


IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|href=\"([^\"]+)\"")
WRITTEN = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *DOCS.glob("*.md")]


def test_every_image_says_what_is_seen(pages, tmp_path):
    made = [pages.rule_page("pair_stdp", tmp_path), pages.scenario_page("horizon", tmp_path)]
    pages.index(tmp_path, "Gallery", {name: catalog.title("scenarios", name) for name in ("horizon",)})
    written = [path.read_text(encoding="utf-8") for path in (*WRITTEN, tmp_path / "index.md")]
    images = [(words, target) for text in (*written, *made) for words, target in IMAGE.findall(text)]
    assert len(images) >= 5
    examples = [ast.get_docstring(ast.parse(p.read_text(encoding="utf-8"))) for p in (DOCS / "gallery").glob("*.py")]
    assert [words for words in (*(words for words, _ in images), *examples) if len(words.split()) < 5] == []


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_every_link_to_a_file_or_a_heading_resolves(path, pages):
    made = {
        *(
            f"{folder}/index.md"
            for folder in ("scenarios", "rules", "signals", "circuits", "datasets", "api", "commands")
        ),
        *("references.md", "theory.md", "changelog.md"),
    }
    for target in filter(None, (a or b for a, b in LINK.findall(prose_of(path)))):
        file, _, heading = target.partition("#")
        if "://" in file or file.startswith("_pages/") or file == "explorer.html":
            assert not file.startswith("_pages/") or file.removeprefix("_pages/") in made, target
            continue
        page = path.parent / file if file else path
        assert page.exists(), target
        assert not heading or heading in headings(page), target


def prose_of(path):
    """Text without code."""
    return re.sub(r"```.*?```|`[^`\n]*`", "", path.read_text(encoding="utf-8"), flags=re.S)


def headings(path):
    """Anchors of a page, as GitHub and MyST name them."""
    titles = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_api_has_every_public_name(pages):
    text = "\n".join(pages.api_page(package, "title") for package in pages.PACKAGES)
    members = {name for package in ("circuits", "scenarios") for name in catalog.names(package)}
    modules = {
        "analysis",
        "circuits",
        "conformance",
        "export",
        "dataset",
        "datasets",
        "figures",
        "filters",
        "plasticity",
        "rules",
        "scenarios",
    }
    missing = [
        name
        for name in sm.__all__
        if name not in members | modules | {"signals"} and not re.search(rf"\.{name}\b", text)
    ]
    assert missing == []


def test_every_page_is_in_the_table_of_contents():
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    assert [path.stem for path in DOCS.glob("*.md") if path.stem != "index" and f"\n{path.stem}\n" not in index] == []


def test_the_python_of_the_tutorial_runs(capsys):
    """One short horizon rate ratio of 9, one long of 3, as the text states."""
    page, space = (DOCS / "tutorial.md").read_text(encoding="utf-8"), {}
    for block in re.findall(r"```python\n(.*?)```", page, re.S):
        exec(block, space)
    shown = capsys.readouterr().out
    assert "-gradient*learning_rate" in shown
    slow, fast = space["policy"].rates if space["policy"].objective.discount == 10.0 else (None, None)
    assert 3 < fast / slow < 9
    long = sm.solve(sm.Objective(0.0), space["valley"]).rates
    assert long[1] / long[0] == pytest.approx(3)


def test_every_circuit_has_an_example_that_is_run_for_its_page(pages, tmp_path):
    files = {path.stem for path in (DOCS / "gallery").glob("*.py")}
    assert files == set(catalog.names("circuits"))
    text = pages.circuit_page("pairing", tmp_path)
    assert (tmp_path / "pairing.png").stat().st_size > 10_000
    assert "sm.circuits.pairing(" in text
    pages.index(tmp_path, "Circuits", {"pairing": "pairs", "actor": "votes"})
    rows = (tmp_path / "index.md").read_text(encoding="utf-8")
    assert "![pairs](pairing.png)" in rows
    assert "(actor.png)" not in rows


def test_the_page_on_theory_names_functions_that_derive(pages, monkeypatch):
    """Where `derive` calls a function by name, an error in it is an error of the call on the page."""
    import theory_page

    module = importlib.import_module("plasticity.derive")
    functions = [*(function for _, function, _ in theory_page.DERIVED), *(f for _, f in theory_page.SOLVED)]
    assert all(callable(theory_page.resolved(function)) for function in functions)

    class Broken(Exception):
        pass

    def broken(*arguments, **options):
        raise Broken

    checked = 0
    for _, function, call in theory_page.DERIVED:
        name = function.rpartition(".")[2]
        if name not in vars(module):
            continue
        with monkeypatch.context() as patch:
            patch.setattr(module, name, broken)
            with pytest.raises(Broken):
                theory_page.steps_of(call)
        checked += 1
    assert checked >= 9
    text = theory_page.theory_page()
    assert all(f"`{function}`" in text for function in functions)
    assert text.count("$$") > 100
