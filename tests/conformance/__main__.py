"""Other simulators on a conformance kit: `python tests/conformance kit.json [SIMULATOR …]`.

Each runs in its own environment in the folder that STEERSMAN_PEERS names (docs/benchmarks.md) and prints its weights;
here they are compared with the golden ones. The tables of docs/conformance.md come from here. `nestml` runs exported
synapses for the rules of the file, and builds a module for every four of them.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from plasticity import conformance

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parents[1]))  # where the folder of tests is, for `tests.conformance`
RUNNERS = {  # environment, script, further arguments
    "brian2": ("", "brian2_text.py", ()),
    "brian2-exported": ("", "brian2_exported.py", ()),
    "nest": ("nest", "nest_models.py", ("mapped",)),
    "nest-native": ("nest", "nest_models.py", ("native",)),
    "nest-restricted": ("nest", "nest_models.py", ("mapped", "stdp_nn_restr_synapse")),
    "nest-centered": ("nest", "nest_models.py", ("mapped", "stdp_nn_pre_centered_synapse")),
    "nest-all": ("nest", "nest_models.py", ("mapped", "stdp_synapse")),
    "annarchy": ("annarchy", "annarchy_models.py", ()),
}
TOLERANCE = 1e-9


def answer(name, path):
    """What a simulator prints about a kit, or None with a message where it is not installed."""
    environment, script, arguments = RUNNERS[name]
    python = Path(os.environ.get("STEERSMAN_PEERS", "")) / environment / "bin" / "python"
    python = python if environment else Path(sys.executable)
    if not python.exists():
        print(f"{name}: not installed in $STEERSMAN_PEERS/{environment}")
        return None
    paths = os.pathsep.join([str(python.parent), os.environ.get("PATH", "")])
    with TemporaryDirectory() as folder:
        done = subprocess.run(
            [python, HERE / script, Path(path).resolve(), *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"PATH": paths, "OMP_NUM_THREADS": "1", "PYNEST_QUIET": "1"},
        )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        raise SystemExit(f"{name} failed: {done.stderr[-2000:]}")
    return json.loads(lines[-1])


def outcomes_of(kit, answered):
    """The answers of a simulator against the golden weights."""

    def run(rule, sequence):
        weights = answered["weights"][rule.label].get(sequence.name)
        if weights is None:
            raise NotImplementedError(answered.get("refused", {}).get(rule.label, "not run"))
        return weights

    return conformance.check(kit, run, [name for name in kit.rules if name in answered["weights"]], TOLERANCE)


def answer_of_exported(kit):
    """What NEST makes of the synapses that are exported, or None with a message where they cannot be built."""
    from tests.conformance import exported

    if exported.python() is None:
        print("nestml: not installed in $STEERSMAN_PEERS/nest")
        return None
    weights = {}
    for folder, chosen, lacking in exported.in_modules([label for label in kit.rules if label in exported.labels()]):
        if lacking:
            print(f"nestml: {'; '.join(lacking)}")
            return None
        run = exported.runner(folder, kit, chosen)
        weights |= {r: {s: run(kit.rules[r], kit.sequences[s]) for s in kit.weights[r]} for r in chosen}
    return {"simulator": "NEST, exported synapses", "weights": weights}


def main(path, *names):
    """Print a table for every simulator."""
    kit = conformance.read(path)
    for name in names or (*RUNNERS, "nestml"):
        answered = answer_of_exported(kit) if name == "nestml" else answer(name, path)
        if answered is not None:
            models = ", ".join(f"{rule}: {model}" for rule, model in answered.get("models", {}).items())
            print(f"\n{name}: {answered['simulator']}{f' ({models})' if models else ''}\n")
            print(conformance.summary(outcomes_of(kit, answered)))


if __name__ == "__main__":
    main(*sys.argv[1:])
