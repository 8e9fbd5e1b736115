"""The pages on the paper and on exactness are true: their tests, calls and commands exist, and their Python runs."""

import ast
import re
from pathlib import Path

import pytest

import steersman as sm
from plasticity.support import catalog

ROOT = Path(__file__).parents[1]
PAGES = {name: (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in ("paper", "exact")}
CALL = re.compile(r"(?<![\w./])([a-z_]\w*|[A-Z]\w+)(?=\()")


def functions(path):
    return {node.name for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_a_page_names_exists(page):
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGES[page])
    assert len(named) > 20
    assert [(path, name) for path, name in named if name not in functions(ROOT / path)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_row_has_a_check_or_says_that_it_has_none(page):
    rows = [line for line in PAGES[page].splitlines() if line.startswith("| ") and not line.startswith("|---")]
    rows = [row for row in rows if "| check |" not in row and "| test |" not in row]
    assert [row for row in rows if "tests/" not in row and "not " not in row] == []


@pytest.mark.parametrize("page", PAGES)
def test_names_that_are_called_are_public(page):
    calls = set(CALL.findall(" ".join(re.findall(r"`([^`]+)`", PAGES[page]))))
    assert len(calls) > 8
    assert [name for name in calls if not hasattr(sm, name)] == []


def test_python_of_the_pages_runs():
    for page in PAGES.values():
        for block in re.findall(r"```python\n(.*?)```", page, re.S):
            exec(block, {})


def test_commands_name_scenarios_and_their_parameters():
    for command in re.findall(r"`(python -m scenarios run [^`]+)`", PAGES["paper"]):
        name = command.split()[4]
        assert name in catalog.names("scenarios")
        fields = sm.scenarios.load(name).Parameters.__dataclass_fields__
        assert set(re.findall(r"--set (\w+)=", command)) <= set(fields)
