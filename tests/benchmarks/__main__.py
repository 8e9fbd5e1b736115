"""Benchmarks as ratios: ``python tests/benchmarks [--quick] [NAME ...]`` prints one table.

Each row compares this project with a named baseline that ran in turn with it, in this run; the smallest of several
times counts. Where the ratio is not as wanted the row bears a mark, but nothing fails: time depends on the machine.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2]))  # where the folder of tests is, for `tests.conformance`
NETWORKS = ("stdp_network", "spiking_rules", "rate", "compiled_sweep")
BELIEFS = ("switching_belief", "landscape_shape", "shape_networks", "inference", "predicted_penalty")
POLICIES = ("plan", "certificate", "riccati", "large_network")
PUBLISHED = ("published_models", "remade_models")
NAMES = (*NETWORKS, *BELIEFS, "simulate", "export", *POLICIES, "replay", "sweep", "cost", "nestml", *PUBLISHED)


def main() -> int:
    """Print the table; the status is 1 only if a benchmark itself broke, such as by two results that differ."""
    parser = argparse.ArgumentParser(prog="python tests/benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one or more of {', '.join(NAMES)}; all by default")
    parser.add_argument("--quick", action="store_true", help="smaller and fewer runs: less time, less certain")
    chosen = parser.parse_args()
    unknown = [name for name in chosen.names if name not in NAMES]
    if unknown:
        parser.error(f"no benchmark {unknown[0]!r}; there are {', '.join(NAMES)}")
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # one thread for everybody, set before NumPy is imported
    from _table import head, line

    broken, begin = [], time.perf_counter()
    print(head(), flush=True)
    for name in chosen.names or NAMES:
        try:
            for row in importlib.import_module(name).rows(chosen.quick):
                print(line(row), flush=True)
        except Exception as error:  # the others go on
            broken.append(name)
            first = (str(error).strip().splitlines() or [""])[0]
            print(f"{name}: BROKEN, {type(error).__name__}: {first}", flush=True)
    print(f"ratio = theirs/ours; ! = not as wanted; {os.cpu_count()} cores, {time.perf_counter() - begin:.0f} s in all")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
