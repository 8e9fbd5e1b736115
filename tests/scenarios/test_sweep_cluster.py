"""Sweeps on dask: the same Dataset as local processes give, also when a worker is killed in the middle."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
import xarray as xr

from plasticity.errors import InputError
from scenarios.sweeps.cluster import run_on_worker
from scenarios.sweeps.sweep import sweep
from scenarios.sweeps.worker import Task

GRID = {"discount": [1e-9, 1e-3]}
SMALL = {"n_images": 200, "hidden": (8,), "n_epochs": 40, "n_trials": 2, "n_rates": 1, "n_tuning_trials": 1}


@pytest.mark.slow  # starts a scheduler and several workers
def test_a_cluster_with_a_worker_killed_in_the_middle_gives_the_same(tmp_path):
    distributed = pytest.importorskip("distributed")
    local = sweep("digits", GRID, range(4), tmp_path / "local", workers=2, **SMALL)
    folder = tmp_path / "cluster"
    with distributed.LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=None) as cluster:
        first = next(iter(cluster.workers.values())).process.process.pid
        killed = []

        def kill():
            while not list(folder.glob("runs/*.nc")):
                time.sleep(0.01)
            os.kill(first, signal.SIGKILL)
            killed.append(len(list(folder.glob("runs/*.nc"))))

        killer = threading.Thread(target=kill, daemon=True)
        killer.start()
        ds = sweep("digits", GRID, range(4), folder, scheduler=cluster.scheduler_address, **SMALL)
        killer.join(10)
    assert killed
    assert killed[0] < 8  # a run takes many times as long as the thread waits
    xr.testing.assert_identical(ds.drop_attrs(deep=False), local.drop_attrs(deep=False))
    assert len(list(folder.glob("runs/*"))) == 8


@pytest.mark.slow  # the same
def test_errors_on_a_cluster_are_kept(tmp_path):
    distributed = pytest.importorskip("distributed")
    points = [{"start": (0.0, 0.0)}, {"start": (1.0, 1.0)}]  # a start at the optimum has no rates
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        ds = sweep("horizon", points=points, directory=tmp_path, scheduler=cluster.scheduler_address, n_points=11)
    assert ds.completed.values.ravel().tolist() == [0, 1]
    (path,) = (tmp_path / "runs").glob("*.error.json")
    assert "start must differ" in path.read_text()


def test_without_dask_the_remedy_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install 'steersman\[cluster\]'"):
        sweep("horizon", directory=tmp_path, scheduler="tcp://127.0.0.1:1", n_points=11)


def test_a_scheduler_that_does_not_answer_is_named(tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("scenarios.sweeps.cluster.PATIENCE", "1s")
    with pytest.raises(InputError, match="no dask scheduler answers at 'tcp://127.0.0.1:1'"):
        sweep("horizon", directory=tmp_path, scheduler="tcp://127.0.0.1:1", n_points=11)


def test_a_worker_with_other_code_runs_nothing(tmp_path):
    pytest.importorskip("distributed")
    outcome = run_on_worker(Task("key", "horizon", SMALL, 0, None, str(tmp_path), "other"))
    assert "has another version of this project; install the same everywhere" in outcome.error
    assert [path.name for path in tmp_path.iterdir()] == ["key.error.json"]


def test_dask_is_not_imported_for_local_sweeps():
    code = (
        "import sys, scenarios.sweeps.sweep, scenarios.sweeps.cluster; print({'distributed', 'dask'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
