"""Algebra that is done once per machine: another process, or a damaged file, changes no rule."""

import os
import subprocess
import sys

import pytest
import sympy as sp

from plasticity.theory import kept as module
from plasticity.theory.kept import kept

CARDS = """
import sys
from plasticity import rules
text = "".join(rules.load(name)().card() for name in ("derived_bcm", "heavy_ball"))
print(text.encode().hex())
"""


def cards(folder):
    environment = os.environ | {"STEERSMAN_CACHE": str(folder), "PYTHONHASHSEED": "random"}
    done = subprocess.run([sys.executable, "-c", CARDS], env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def test_rules_from_files_are_those_that_were_derived(tmp_path):
    derived = cards(tmp_path)
    files = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.pickle")}
    assert files
    assert cards(tmp_path) == derived
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.pickle")} == files  # nothing was done again
    for path in files:
        path.write_bytes(path.read_bytes()[:20])
    assert cards(tmp_path) == derived


@pytest.fixture
def counted(tmp_path, monkeypatch):
    """A function that counts how often it really runs, and what it is asked as in another process."""
    monkeypatch.setenv("STEERSMAN_CACHE", str(tmp_path))
    runs = []

    @kept
    def square(x):
        runs.append(x)
        return sp.expand((x + 1) ** 2)

    def anew(x):
        square.cache_clear()
        return square(x)

    return runs, anew


def test_another_argument_or_another_text_is_another_result(counted, monkeypatch):
    runs, anew = counted
    x, positive = sp.Symbol("x"), sp.Symbol("x", positive=True)
    assert anew(x) == anew(x) == x**2 + 2 * x + 1
    assert len(runs) == 1
    assert anew(positive) == positive**2 + 2 * positive + 1
    assert anew(positive).free_symbols == {positive}
    assert len(runs) == 2
    monkeypatch.setattr(module, "_text", lambda: b"an edited package")
    anew(x)
    assert len(runs) == 3
