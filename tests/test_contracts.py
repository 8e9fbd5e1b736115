"""Every member of every catalogue fulfils the contract that users can run on members of their own."""

import os
import re
import subprocess
import sys

import pytest

pytest.register_assert_rewrite("steersman.contracts")
from steersman.contracts import *  # noqa: E402, F403

RULE = '''"""Hebb's rule with a decay."""
from plasticity import Parameter, Rule, Update, WEIGHT, jump, time_constant, trace


def my_rule(size: float = 0.01) -> Rule:
    """w += size·trace at post spikes."""
    amplitude, tau = Parameter("amplitude", size, meaning="growth"), time_constant("tau", 0.02, "pre trace")
    pre = trace("pre_trace", tau)
    return Rule(
        "my_rule",
        "Hebb with a decay",
        states=(pre,),
        events={"pre": (jump(pre, "all_to_all"),), "post": (Update("w", WEIGHT + amplitude.symbol * pre.symbol),)},
        parameters=(amplitude, tau),
        assumptions=("Pairs add up.",),
        references=("me_2026",),
    )
'''


def contract(path, *options):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--pyargs", "steersman.contracts"]
    env = os.environ | {"STEERSMAN_PATH": str(path)}
    return subprocess.run([*command, *options], cwd=path.parent, env=env, capture_output=True, text=True, check=False)


def test_a_users_file_is_tested_by_one_command(tmp_path):
    """A rule that fulfils the contract passes; one whose unit is unknown is noticed."""
    path = tmp_path / "my_rule.py"
    path.write_text(RULE, encoding="utf-8")
    done = contract(path, "-k", "my_rule")
    assert done.returncode == 0, done.stdout
    assert re.search(r"[4-9] passed", done.stdout)
    path.write_text(RULE.replace('meaning="growth"', 'meaning=""'), encoding="utf-8")
    assert contract(path, "-k", "my_rule and sourced").returncode == 1
