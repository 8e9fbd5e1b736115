"""Members of other packages (entry points) and of a user's files (--path) join the catalogues."""

import os
import re
import subprocess
import sys

import pytest

from plasticity.errors import InputError
from plasticity.support.catalog import take_paths

RULE = '''"""{title}"""
from plasticity import WEIGHT, Parameter, Rule, Update


def {name}() -> Rule:
    """Every post spike adds 0.5."""
    return Rule("{name}", "{title}", events={{"post": (Update("w", WEIGHT + 0.5),)}}, references=("me_2026",))
'''
SCENARIO = '''"""Half: what is half of a number?

Question: what is half of a number?
"""
from dataclasses import dataclass

from plasticity import dataset
from scenarios import parameter

SMOKE = {}


@dataclass(frozen=True)
class Parameters:
    number: float = parameter(3.0, "1", "the number")


def simulate(parameters, seed, device):
    variables = {"half": ((), parameters.number / 2, "1", "half of the number")}
    return dataset.make_dataset(variables, {}, title="half", rule="", engine="", references="")
'''
METADATA = "Metadata-Version: 2.1\nName: other\nVersion: 1.0\n"


def python(*arguments, **environment):
    path = os.pathsep.join(filter(None, [environment.pop("first", ""), os.environ.get("PYTHONPATH", "")]))
    env = os.environ | {"PYTHONPATH": path} | environment
    return subprocess.run([sys.executable, *arguments], env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def package(tmp_path):
    """Folder of an installed package that offers the rule `half_step`, and takes the name of a bundled rule or not."""

    def make(*members):
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "__init__.py").write_text("")
        info = tmp_path / "other-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(METADATA)
        lines = [f"{name} = other.{name}:{name}" for name in members]
        (info / "entry_points.txt").write_text("\n".join(["[steersman.rules]", *lines]))
        for name in members:
            (tmp_path / "other" / f"{name}.py").write_text(RULE.format(name=name, title="A rule from elsewhere."))
        return str(tmp_path)

    return make


def test_a_rule_of_an_installed_package_is_a_rule_like_others(package):
    first = package("half_step")
    shown = python("-m", "plasticity", "list", first=first)
    assert re.search(r"half_step +A rule from elsewhere\.", shown.stdout)
    code = (
        "import plasticity as p; r = p.rules.half_step(); assert 'half_step' in dir(p.rules); "
        "print(float(p.replay(r, [], [0.1, 0.2]).weight[-1]))"
    )
    assert python("-c", code, first=first).stdout.strip() == "2.0"


def test_a_member_cannot_take_the_name_of_a_bundled_one(package):
    done = python("-m", "plasticity", "card", "oja", first=package("oja"))
    assert done.returncode == 2
    assert "'oja'" in done.stderr
    assert "rename it" in done.stderr


def test_a_users_files_join_by_path(tmp_path):
    """A file may even replace a bundled rule: 1 + 2·0.5; and a scenario of one's own runs like others."""
    rule, scenario = tmp_path / "oja.py", tmp_path / "half.py"
    rule.write_text(RULE.format(name="oja", title="Another Oja."))
    scenario.write_text(SCENARIO)
    card = python("-m", "plasticity", "card", "oja", "--path", str(rule))
    assert card.stdout.startswith("Another Oja.")
    out = tmp_path / "out.nc"
    done = python("-m", "scenarios", f"--path={scenario}", "run", "half", "--set", "number=5", "-o", str(out))
    assert done.returncode == 0, done.stderr
    from plasticity.dataset import read

    assert float(read(out).half) == 2.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--path"], "needs a file"),
        (["--path", "missing.py"], "no Python file"),
        (["--path", "notes.txt"], "no Python file"),
    ],
)
def test_a_file_that_is_not_there_is_named(arguments, message, monkeypatch):
    monkeypatch.setenv("STEERSMAN_PATH", "")
    with pytest.raises(InputError, match=message):
        take_paths(["list", *arguments])


def test_a_file_without_a_member_says_what_it_needs(tmp_path, monkeypatch):
    monkeypatch.setenv("STEERSMAN_PATH", "")
    (tmp_path / "odd.py").write_text("def odd(): return 1\n")
    with pytest.raises(InputError, match=r"def odd\(…\) -> Rule"):
        take_paths(["list", "--path", str(tmp_path / "odd.py")])
