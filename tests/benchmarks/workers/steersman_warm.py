"""Wall seconds of runs in a process that has run before: the smallest of five for each duration, as a list."""

import json
import sys
import time

import numpy as np
from network import circuit

import circuits

N_RUNS = 5


def main() -> None:
    """Run every duration once, then for the clock."""
    path, *durations = sys.argv[1:]
    with np.load(path) as task:
        made, dt = circuit(int(task["n_excitatory"] + task["n_inhibitory"])), float(task["dt"])
    walls = []
    for duration in map(float, durations):
        marks = []
        for _ in range(1 + N_RUNS):
            begin = time.perf_counter()
            circuits.run(made, duration, dt, device="cpp")
            marks.append(time.perf_counter() - begin)
        walls.append(min(marks[1:]))
    print(json.dumps(walls))


if __name__ == "__main__":
    main()
