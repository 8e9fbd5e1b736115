"""The table prints what could be measured, says what is missing, and fails on nothing but a broken benchmark."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def table(*arguments, **environment):
    """Status and lines of a run."""
    done = subprocess.run(
        [sys.executable, HERE, *arguments], capture_output=True, text=True, check=False, env=os.environ | environment
    )
    return done.returncode, done.stdout.splitlines()


def test_without_a_compiler_it_says_what_to_install(tmp_path):
    status, lines = table("stdp_network", PATH=str(tmp_path), CXX="")
    assert status == 0
    assert "install g++" in lines[1]
    assert len(lines) == 3


def test_ratios_are_those_of_the_figures_and_only_unmet_ones_are_marked():
    status, lines = table("--quick", "riccati")
    assert status == 0
    assert len(lines) == 8
    for line in lines[1:-1]:
        found = line.split("solve_continuous_are")[1].split()
        assert abs(float(found[1]) / float(found[0]) / float(found[4]) - 1) < 0.02  # three digits each
        assert ("!" in found) == (float(found[4]) < 1)
        assert all(float(number) < 1e-11 for number in line.split("residuals ")[1].split(" and "))
