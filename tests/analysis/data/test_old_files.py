"""Measurements and results as earlier versions wrote or read them: one of each kind still opens, with its numbers."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from analysis import compare, fit
from analysis.data.kinds import KINDS
from analysis.datasets import load
from plasticity import dataset

FILES = Path(__file__).parents[2] / "files"
MEASURED = {  # values, standard errors, numbers, and one label with its first value
    "spikes": ([0.35, -0.2], [0.1, 0.08], [6, 7], "interval", 0.01),
    "frequency": ([-0.1, 0.25], [0.03, 0.06], [8, 8], "frequency", 1.0),
    "plateau": ([5.2, -0.8], [0.6, 0.5], [12, 10], "time_from_plateau", -1.0),
    "trials": ([0.2, 3.9, 7.5], [1.1, 1.2, 1.4], [16, 16, 15], "perturbation", 0.0),
    "distribution": ([-1.4], [0.02], [1960], "sd_log", 0.24),
    "quantities": ([20.4], [2.6], [14], "unit", "%"),
    "choices": ([1, 0, 0, 1], [np.nan] * 4, [1] * 4, "reward", 1.0),
    "successes": ([0.3, 0.825], [np.nan] * 2, [40, 40], "x_contrast", 0.1),
    "times": ([9, 60, 4, 7], [np.nan] * 4, [1] * 4, "followed", 60.0),
    "folder": ([0.25, 0.02], [0.05, 0.04], [8, 9], "initial_weight", 0.5),
}
RESULTS = {  # a variable of each
    "fit": "weight_change",
    "left_out_fit": "left_out_prediction",
    "recovery": "estimate",
    "confusion": "share",
    "discrimination": "expected_log_bayes_factor",
    "posterior": "A_plus",
}


def old_result(name, tmp_path):
    path = tmp_path / f"{name}.nc"
    path.write_bytes(gzip.decompress((FILES / f"{name}.nc.gz").read_bytes()))
    return path


@pytest.mark.parametrize("name", MEASURED)
def test_tables_and_folders_load_as_before(name):
    path = FILES / "measurements" / name
    data = load(path if path.is_dir() else path.with_suffix(".csv"))
    value, sem, n, label, first = MEASURED[name]
    assert data.attrs["kind"] == ("spikes" if name == "folder" else name)
    assert_allclose(data.value, value)
    assert_allclose(data["sem"], sem)
    assert_allclose(data.n, n)
    assert data[label].values[0] == first


def test_there_is_a_table_of_every_kind():
    assert {*KINDS, "folder"} == set(MEASURED)


@pytest.mark.parametrize("name", RESULTS)
def test_results_open_and_hold_what_they_held(name, tmp_path):
    run = dataset.read(old_result(name, tmp_path))
    assert "schema_version" not in run.attrs
    assert np.isfinite(run[RESULTS[name]]).any()


def test_an_old_fit_is_scored_as_it_would_be_today(tmp_path):
    """The same E, likelihood and left-out score as a fit of this version; its p value stays the one in the file."""
    score = compare(str(old_result("left_out_fit", tmp_path))).scores[0]
    today = fit("pair_stdp", "sjostrom_2001", ["A_plus"], n_starts=1)
    assert_allclose([score.error, score.log_likelihood], [today.error, today.log_likelihood], rtol=1e-6)
    assert_allclose(score.run.attrs["left_out_score"], -36.871, atol=5e-4)
    assert score.n_free == 1
