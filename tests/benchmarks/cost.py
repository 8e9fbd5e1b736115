"""Measured time and memory of scenarios against their cost models, which promise a factor of two.

Whole processes, warm; CPU seconds, so that other load does not count.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from _table import Row
from _timing import PEAK

from scenarios.running.run import cost as expected_cost

CASES = {
    "controllability": ({}, {"n_points": "100000"}),
    "double_well": ({}, {"duration": "300"}),
    "horizon": ({}, {"n_points": "100000"}),
    "pairing_frequency": ({}, {"n_pairs": "1500", "frequencies": "10,20"}),
    "theory_check": ({}, {"n_outputs": "50"}),
    "partial_control": ({}, {"n_neurons": "40", "n_trials": "50"}),
    "random_feedback": ({}, {"n_hidden": "128", "n_epochs": "10"}),
    "spike_timing": ({}, {"rules": "gradient", "n_presentations": "20"}, {"n_inputs": "300"}),
    "competitive_stdp": ({"rules": "pair", "duration": "100"}, {"rules": "pair", "input_rates": "10", "n_trials": "6"}),
    "inhibitory_balance": ({"rules": "published"}, {"rules": "published", "duration": "400"}),
    "distal_reward": ({"rules": "published"}, {"rules": "derived", "n_trials": "1"}),
    "unsupervised_digits": ({"rules": "derived"}, {"n_train": "200", "n_label": "200"}),
    "place_field_plateaus": ({}, {"rules": "published", "dt": "0.005"}, {"rules": "derived", "n_inputs": "1000"}),
    "voltage_rule": ({}, {"rules": "published", "frequencies": "1,10"}),
    "digits": ({"n_rates": "2", "n_trials": "2"}, {"n_rates": "2", "n_tuning_trials": "1", "hidden": "100,100"}),
}
CODE = f"""{PEAK}
import json, resource, sys
from plasticity.support.cli import exit_status
from scenarios.__main__ import main
status = exit_status(main, sys.argv[1:])
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps([sum(u.ru_utime + u.ru_stime for u in used), peak()]))
sys.exit(status)
"""


def rows(quick: bool) -> Iterator[Row]:
    """Two rows per case: time and memory."""
    for name, cases in CASES.items():
        for parameters in cases[:1] if quick else cases:
            expected, found = expected_cost(name, parameters), measured(name, parameters)
            settings = ", ".join(f"{key}={value}" for key, value in parameters.items()) or "defaults"
            for kind, unit, scale, index in (("time", "CPU s", 1.0, 0), ("memory", "MB", 1e6, 1)):
                figures = (expected[index] / scale, found[index] / scale)
                what = f"{name}, {kind}, expected and measured"
                yield Row(what, "the run, whole process", *figures, unit, (0.5, 2.0), settings)


def measured(name: str, parameters: dict[str, str]) -> tuple[float, float]:
    """CPU seconds and peak bytes of the second of two processes."""
    with tempfile.TemporaryDirectory() as folder:
        settings = [word for key, value in parameters.items() for word in ("--set", f"{key}={value}")]
        command = [sys.executable, "-c", CODE, "run", name, *settings, "-o", f"{folder}/run.nc"]
        for _ in range(2):
            done = subprocess.run(
                command, capture_output=True, text=True, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"}
            )
    seconds, size = json.loads(done.stdout.splitlines()[-1])
    return seconds, size
