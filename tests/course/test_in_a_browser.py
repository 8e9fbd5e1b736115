"""Browsers have no Brian2, no Numba and only a part of the standard library: what runs there, and with what results."""

import configparser
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement

import steersman as sm

ROOT = Path(__file__).parents[2]
STAND_IN = Path(__file__).with_name("browser_stand_in.py")


@pytest.fixture(scope="module")
def found():
    pytest.importorskip("marimo")
    pytest.importorskip("plotly")
    done = subprocess.run(
        [sys.executable, STAND_IN], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_what_is_derived_and_planned_is_the_same_there(found):
    assert found["imported"] == []
    assert found["flow"] == "-gradient*learning_rate"
    discount = 0.5
    rates = [-discount / 2 + np.sqrt(discount**2 / 4 + curvature) for curvature in (1.0, 4.0)]
    np.testing.assert_allclose(found["rates"], rates, rtol=1e-9)
    assert found["gamma_c"] == pytest.approx(0.539031, abs=1e-6)
    np.testing.assert_allclose(found["moved"][-1], [0.99**5, 0.96**5], rtol=1e-12)


@pytest.mark.parametrize("name", ["triplet_stdp", "graupner_calcium", "bcm"])
def test_replay_without_numba_is_replay(found, name):
    """Closed forms alone, thresholds of the flow, and a flow that is integrated."""
    pre = np.array([0.05, 0.1])
    expected = sm.replay(sm.rules.load(name)(), pre, pre + 0.01).weight.values
    assert np.ptp(expected) > 1e-5
    np.testing.assert_allclose(found[name], expected, rtol=1e-12)


@pytest.mark.parametrize("circuit", ["pairing", "feedforward_rate"])
def test_a_network_says_what_it_needs(found, circuit):
    assert "a browser has none" in found[circuit]


def test_all_cells_of_the_first_lessons_run(found):
    assert all(found[lesson] > 20 for lesson in ("objective", "geometry", "control", "escape"))  # names that it defines


def test_nothing_is_required_in_a_browser_that_it_does_not_have():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    lines = [line for line in setup["options"]["install_requires"].split("\n") if line and line[0] != "#"]
    place = {"sys_platform": "emscripten", "python_version": "3.14"}
    needed = {r.name for r in map(Requirement, lines) if r.marker is None or r.marker.evaluate(place)}
    assert {"numpy", "scipy", "sympy", "xarray"} <= needed
    assert not needed & {"brian2", "numba", "llvmlite"}
