"""Measured time and memory of scenarios against their cost models, which promise a factor of two.

Whole processes, warm; CPU seconds, so that other load does not count.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile

from scenarios._estimate import estimate

CASES = {
    "controllability": ({}, {"n_points": "100000"}),
    "double_well": ({}, {"duration": "300"}),
    "horizon": ({}, {"n_points": "100000"}),
    "pairing_frequency": ({}, {"n_pairs": "1500", "frequencies": "10,20"}),
    "digits": ({"n_rates": "2", "n_trials": "2"}, {"n_rates": "2", "n_tuning_trials": "1", "hidden": "100,100"}),
}
CODE = """
import json, resource, sys
from plasticity.cli import exit_status
from scenarios.__main__ import main
status = exit_status(main, sys.argv[1:])
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss * 1024.0]))
sys.exit(status)
"""


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


def main() -> None:
    """Print one line per case."""
    for name, cases in CASES.items():
        for parameters in cases:
            expected, found = estimate(name, parameters), measured(name, parameters)
            ratios = [m / e for m, e in zip(found, expected or (1.0, 1.0), strict=True)]
            kept = "" if all(0.5 <= ratio <= 2 for ratio in ratios) else "   NOT within a factor of two"
            settings = ", ".join(f"{key}={value}" for key, value in parameters.items()) or "defaults"
            print(
                f"{name:18} {settings:44} {found[0]:6.2f} s, {found[1] / 1e6:4.0f} MB; "
                f"measured/expected {ratios[0]:.2f}, {ratios[1]:.2f}{kept}",
                flush=True,
            )


if __name__ == "__main__":
    main()
