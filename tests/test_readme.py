"""The README and the page on networks are true: their Python runs, the files and commands of the README exist."""

import re
from pathlib import Path

import numpy as np
import pytest

from plasticity import replay
from plasticity.rules.derived_bcm import derived_bcm
from plasticity.support import catalog

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.S)


def test_first_example_prints_a_rule_card(capsys):
    for block in BLOCKS[:-1]:
        exec(block, {})
    shown = capsys.readouterr().out
    assert "-gradient*learning_rate" in shown
    assert "HJB equation" in shown


def test_every_call_of_the_table_of_assumptions_runs():
    """After the lines that stand before the table; what each yields is a rule, a policy or a number of the engine."""
    preface = next(block for block in BLOCKS if "from steersman import *" in block)
    table = README.partition("| assumption | call |")[2].partition("\n\n")[0]
    calls = [call for row in table.splitlines()[2:] for call in re.findall(r"`([^`]+)`", row.split(" | ")[1])]
    space = {}
    exec(preface, space)
    assert len(calls) > 25
    for call in calls:
        assert eval(call, space) is not None, call


def test_added_rule_has_its_closed_form():
    space = {}
    exec(BLOCKS[-1], space)
    change = float(replay(space["hebb"](), [0.1], [0.11]).weight[-1]) - 1
    assert change == pytest.approx(0.01 * np.exp(-0.01 / 0.02), rel=1e-12)


def test_the_page_on_networks_runs():
    """One of two synapses is rewarded; the equations in a script by hand give what replay gives."""
    page, space = (ROOT / "docs" / "networks.md").read_text(encoding="utf-8"), {}
    for block in re.findall(r"```python\n(.*?)```", page, re.S):
        exec(block, space)
    rewarded, other = space["run"].final["synapses"]
    assert rewarded > other == 1.0
    expected = replay(derived_bcm(), [0.01, 0.03], [0.02, 0.04]).weight[-1]
    assert space["synapses"].w[0] == pytest.approx(float(expected), rel=1e-12)


def test_the_experiment_in_thirty_lines_says_what_it_shows():
    """The first task is learned, forgotten with the second, and less so if the first layer is frozen."""
    page, space = (ROOT / "docs" / "networks.md").read_text(encoding="utf-8"), {}
    code = re.search(r"## An experiment in thirty lines.*?```python\n(.*?)```", page, re.S)[1]
    assert sum(bool(line.strip()) for line in code.splitlines()) <= 30
    exec(code, space)
    loss, runs, spared = space["loss"], space["runs"], space["spared"]
    assert loss["first, learned"] < loss["naive"] / 10
    assert loss["second, learned"] < loss["naive"] / 10
    assert loss["first, learned"] < spared[-1].loss[0, -1] < loss["first, later"]
    np.testing.assert_array_equal(runs[2].final["layer_1"], runs[1].final["layer_1"])
    np.testing.assert_array_equal(spared[-1].final["layer_1"], runs[2].final["layer_1"])


def test_files_that_it_names_exist():
    named = set(re.findall(r"`((?:plasticity|circuits|scenarios|analysis)/[\w/.]*)`", README))
    named |= set(re.findall(r"\]\(([\w/.]+)\)", README))
    assert len(named) > 15
    assert [name for name in named if not (ROOT / name).exists()] == ["plasticity/rules/hebb.py"]  # its example


def test_members_that_commands_name_exist():
    for package, pattern in (
        ("scenarios", r"scenarios (?:run|describe|sweep) (\w+)"),
        ("analysis.datasets", r"--data (\w+)"),
    ):
        used = set(re.findall(pattern, README))
        assert used
        assert used <= set(catalog.names(package))
