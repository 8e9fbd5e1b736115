"""Spiking circuits in threads: as the first thing that a thread does, several at once, and on the workers of dask."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
import xarray as xr

import scenarios
from scenarios.sweeps.sweep import sweep

FIRST = """
import signal, sys, threading
from concurrent.futures import ThreadPoolExecutor
from circuits import balanced_ei, run
from plasticity.rules.pair_stdp import pair_stdp

def final(seed):
    made = run(balanced_ei(20, pair_stdp(), probability=0.5, seed=seed), 0.02, device="numpy")
    return [float(values.sum()) for values in made.final.values()]

before = signal.getsignal(signal.SIGINT)
with ThreadPoolExecutor(4) as pool:
    in_threads = list(pool.map(final, range(4)))
assert signal.getsignal(signal.SIGINT) is before
print(in_threads == [final(seed) for seed in range(4)])
"""


def test_the_first_run_of_a_process_may_be_in_a_thread_and_several_at_once():
    done = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True, check=False, timeout=300)
    assert done.stdout.strip() == "True", done.stderr


@pytest.mark.slow  # starts a scheduler and workers
def test_spiking_sweeps_on_dask_survive_a_worker_killed_in_the_middle(tmp_path):
    distributed = pytest.importorskip("distributed")
    module = scenarios.load("spike_timing")
    options = {**module.SMOKE, "n_presentations": 40, "device": "numpy"}
    local = sweep("spike_timing", {"period": [0.06, 0.08]}, range(3), tmp_path / "local", workers=1, **without(options))
    folder = tmp_path / "cluster"
    with distributed.LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=None) as cluster:
        first = next(iter(cluster.workers.values())).process.process.pid

        def kill():
            while not list(folder.glob("runs/*.nc")):
                time.sleep(0.01)
            os.kill(first, signal.SIGKILL)

        killer = threading.Thread(target=kill, daemon=True)
        killer.start()
        address = cluster.scheduler_address
        ds = sweep("spike_timing", {"period": [0.06, 0.08]}, range(3), folder, scheduler=address, **without(options))
        killer.join(10)
    assert ds.completed.values.all()
    xr.testing.assert_identical(ds.drop_attrs(deep=False), local.drop_attrs(deep=False))


def without(options):
    """Options of the sweep without the swept one."""
    return {name: value for name, value in options.items() if name != "period"}
