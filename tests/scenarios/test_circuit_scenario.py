"""A function that returns a circuit can be run and swept like a scenario."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_array_equal

import circuits
import scenarios
from plasticity.errors import InputError
from plasticity.support import catalog
from plasticity.support.cli import exit_status
from scenarios.__main__ import main

PAGE = (Path(__file__).parents[2] / "docs" / "sweeps.md").read_text(encoding="utf-8")
TEXT = re.search(r"```python\n(\"\"\"Fast and slow.*?)```", PAGE, re.DOTALL).group(1)
SHORT = {"n": 20, "duration": 0.2, "record_every": 0.1}


@pytest.fixture
def circuit(tmp_path, monkeypatch):
    """The function of the page on sweeps, from a file."""
    file = tmp_path / "fast_and_slow.py"
    file.write_text(TEXT, encoding="utf-8")
    monkeypatch.setenv(catalog.PATH, str(file))
    yield catalog.load("circuits", "fast_and_slow")
    del sys.modules["steersman_path_fast_and_slow"]


def test_a_run_is_the_run_of_its_circuit(circuit):
    ds = scenarios.run("fast_and_slow", seed=3, device="numpy", rate=500.0, **SHORT)
    run = circuits.run(circuit(n=20, rate=500.0), 0.2, seed=3, device="numpy", record_every=0.1)
    assert_array_equal(ds.final_weight_synapses, run.final["synapses"])
    assert np.ptp(ds.final_weight_synapses.values) > 0
    assert ds.attrs["scenario"] == "fast_and_slow"
    assert ds.attrs["question"].startswith("Which of them")


def test_a_sweep_has_its_arguments_as_dimensions(circuit, tmp_path):
    grid = {"A_minus": [0.0, 0.1], "rate": [500.0]}
    ds = scenarios.sweep("fast_and_slow", grid, [1], tmp_path / "sweep", device="numpy", workers=1, **SHORT)
    assert ds.weight_mean_synapses.dims == ("A_minus", "rate", "seed", "time")
    alone = scenarios.run("fast_and_slow", seed=1, device="numpy", A_minus=0.1, rate=500.0, **SHORT)
    one = ds.sel(A_minus=0.1, rate=500.0, seed=1)
    assert_array_equal(one.final_weight_synapses, alone.final_weight_synapses)
    assert float(one.final_weight_synapses.mean()) < float(
        ds.sel(A_minus=0.0, rate=500.0, seed=1).final_weight_synapses.mean()
    )


def test_its_run_is_drawn_as_that_of_a_circuit(circuit, tmp_path):
    file = tmp_path / "run.nc"
    settings = [f"{key}={value}" for key, value in SHORT.items()]
    assert exit_status(main, ["run", "fast_and_slow", "--device", "numpy", "--set", *settings, "-o", str(file)]) == 0
    from analysis.figures import draw

    with xr.open_dataset(file) as ds:
        assert draw(ds.load()).axes


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("n: int = 500, dt: float = 1.0", "'dt', as its run has; rename it"),
        ("n: int", "'n' of circuit 'fast_and_slow' has no default"),
    ],
)
def test_arguments_that_are_no_parameters_are_refused(arguments, words, tmp_path, monkeypatch):
    file = tmp_path / "fast_and_slow.py"
    file.write_text(
        TEXT.replace("n: int = 500, rate: float = 10.0, A_minus: float = 0.0053", arguments), encoding="utf-8"
    )
    monkeypatch.setenv(catalog.PATH, str(file))
    with pytest.raises(InputError, match=words):
        scenarios.run("fast_and_slow")
    del sys.modules["steersman_path_fast_and_slow"]
