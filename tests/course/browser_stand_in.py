"""What a browser runs, in a process without the modules that Pyodide does not have; prints what it computed as JSON.

Names that Pyodide's page on compatibility with Python lists as removed, and compiled packages that it does not build.
"""

import importlib
import json
import sys
import types

REMOVED = {"curses", "dbm", "ensurepip", "fcntl", "grp", "lib2to3", "msvcrt", "pwd", "resource", "syslog", "termios"}
REMOVED |= {"tkinter", "venv", "_multiprocessing"}
NOT_BUILT = {"brian2", "numba", "llvmlite", "dask", "distributed", "torch", "jax"}
LESSONS = ("objective", "geometry", "control", "escape")


class Without:
    """A finder that does not find the modules."""

    def __init__(self, finder):
        self.finder = finder

    def __getattr__(self, name):
        return getattr(self.finder, name)

    def find_spec(self, name, path=None, target=None):
        missing = name.partition(".")[0] in REMOVED | NOT_BUILT
        return None if missing else self.finder.find_spec(name, path, target)


def main():
    for name in [name for name in sys.modules if name.partition(".")[0] in REMOVED | NOT_BUILT]:
        del sys.modules[name]
    sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
    import numpy as np
    import sympy as sp

    import steersman as sm

    found = {"flow": str(sm.derive(sm.Objective(discount=sp.oo)).weight_flow)}
    valley = sm.Quadratic([1.0, 4.0], [0.0, 0.0])
    found["rates"] = list(sm.solve(sm.Objective(0.5), valley).rates)
    found["gamma_c"] = sm.critical_discount(sm.Objective(0.5), sm.DoubleWell(), *sm.DoubleWell().minima)
    moved = sm.simulate(sm.rules.gradient_descent(), valley, [1.0, 1.0], n_steps=5, dt=0.01)
    found["moved"] = moved.theta.values[-1].tolist()
    pre = np.array([0.05, 0.1])
    for name in ("triplet_stdp", "graupner_calcium", "bcm"):
        found[name] = sm.replay(sm.rules.load(name)(), pre, pre + 0.01).weight.values.tolist()
    for circuit in (
        sm.circuits.pairing([[0.1]], [[0.11]], sm.rules.pair_stdp()),
        sm.circuits.feedforward_rate([1, 1], sm.rules.oja(), patterns=[[1.0]]),
    ):
        try:
            sm.circuits.run(circuit, 0.2)
        except sm.InputError as error:
            found[circuit.name] = str(error)
    sys.modules["_multiprocessing"] = types.ModuleType("_multiprocessing")  # marimo has its own way in Pyodide
    for name in LESSONS:
        _, definitions = importlib.import_module(f"course.lessons.{name}").app.run()
        found[name] = len(definitions)
    found["imported"] = sorted((REMOVED | NOT_BUILT) & set(sys.modules) - {"_multiprocessing"})
    print(json.dumps(found))


if __name__ == "__main__":
    main()
