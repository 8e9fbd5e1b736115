"""Published models by this project and by hand: agreement, and times of a first run and of later ones.

The programs by hand are the independent ones with which tests compare (``tests/oracles``): plain Brian2, as C++ where
it can, or loops in NumPy. The first run has nothing compiled, a later one has what the first left behind in another
process, the third comes once more in that process. Imports at the top of a script do not count. CPU seconds of all
processes that a run starts. Brian2 gives its objects other names in a second call, so that it would compile again: the
figure of its third run is that of the second.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from _peers import HERE
from _table import Missing, Row
from _timing import named

from circuits.running.run import compiler

TOLERANCE = 1e-9  # of the largest weight; sums in another order, for as long as the spikes are the same
QUICK = 0.2  # of the time simulated


def rows(quick: bool) -> Iterator[Row | Missing]:
    """Three rows per model: the first run, one in another process, and one more in that."""
    if compiler() is None:
        yield Missing("published models", "by hand", "no C++ compiler: install g++ or clang++")
        return
    sys.path.insert(0, str(HERE / "workers"))
    from both_sides import MODELS

    for name, model in MODELS.items():
        with tempfile.TemporaryDirectory() as folder:
            sides = {side: [_call(name, side, folder, quick) for _ in range(2)] for side in ("ours", "by_hand")}
            found = [dict(np.load(Path(folder, f"{side}.npz"))) for side in sides]
        target = {"cpp_standalone": "C++", "cython": "Cython"}.get(model.kind)
        label = f"{named('brian2', 'Brian2')} {target}" if target else f"{named('numpy', 'NumPy')} loop"
        for which, k, key in (("first", 0, "seconds"), ("later", 1, "seconds"), ("again", 1, "again")):
            figures = [calls[k][key] for calls in sides.values()]
            proof = "" if k else agreement(name, *found) + _words(sides["by_hand"][1])
            yield Row(f"{name} {model.title}, {which}", f"{label} by hand", *figures, "CPU s", (0.0, math.inf), proof)


def _call(name: str, side: str, folder: str, quick: bool) -> dict[str, float]:
    """What the worker printed."""
    print(f"  {name}, {side}", file=sys.stderr, flush=True)
    caches = {"STEERSMAN_CACHE": f"{folder}/cache", "NUMBA_CACHE_DIR": f"{folder}/numba", "CCACHE_DISABLE": "1"}
    script = HERE / "workers" / "both_sides.py"
    command = [sys.executable, script, name, side, folder, str(QUICK if quick else 1.0)]
    environment = os.environ | caches | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name}, {side}: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


def agreement(name: str, ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """How far spikes and weights agree.

    Raises
    ------
    RuntimeError
        If weights differ by more than the tolerance though all spikes are the same.
    """
    change = np.abs(ours["weights"] - ours["start"]).max()
    tolerance = theirs.get("tolerance", TOLERANCE * np.abs(theirs["weights"]).max())
    differ = np.abs(ours["weights"] - theirs["weights"])
    same, words = _spikes(ours, theirs)
    if same and differ.max() > tolerance:
        raise RuntimeError(f"{name}: weights differ by {differ.max():.2g}, of a change of {change:.2g}")
    words += [f"weights differ by {differ.max():.2g}, mean {differ.mean():.2g}, changed by {change:.2g}"]
    if not same:
        pairs = [(w.mean(), w.std()) for w in (ours["weights"], theirs["weights"])]
        words += ["weights " + " and ".join(f"{mean:.4f}±{spread:.4f}" for mean, spread in pairs)]
    if "losses" in ours:
        words += ["losses " + ", ".join(f"{a:.2f} → {b:.2f}" for a, b in ours["losses"])]
        words += [f"they differ by {np.abs(ours['losses'] - theirs['losses']).max():.1g}"]
    return "; ".join(words)


def _spikes(ours: dict[str, Any], theirs: dict[str, Any]) -> tuple[bool, list[str]]:
    """Whether spikes are the same, as far as there are some, and the words for it."""
    if "steps" not in theirs:
        return True, []
    names = [key for key in ("steps", "neurons") if key in theirs]
    sizes = [side["steps"].size for side in (ours, theirs)]
    n = min(sizes)
    other = np.any([ours[key][:n] != theirs[key][:n] for key in names], axis=0)
    if sizes[0] == sizes[1] and not other.any():
        return True, [f"all {n} spikes the same"]
    return False, [f"{sizes[0]} and {sizes[1]} spikes, the first {np.argmax(other) if other.any() else n} the same"]


def _words(call: dict[str, float]) -> str:
    """What the program by hand adds."""
    words = {"running": "; {:.2g} s of theirs are the run", "replayed": "; replay differs by {:.1g}"}
    return "".join(text.format(call[key]) for key, text in words.items() if key in call)
