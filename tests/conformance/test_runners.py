"""Other simulators on the short sequences of the kit: who passes what is as docs/conformance.md says."""

import os
import subprocess
import sys
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from plasticity import conformance

HERE = Path(__file__).parent
TIES = {"coincidence", "delayed_coincidence", "clock_ties"}
DELAYS = {"delay", "delayed_coincidence"}
FAILS = {  # sequences of pair_stdp on which the conventions of a simulator show
    "brian2": set(),
    "nest": TIES,
    "nest-native": TIES | DELAYS,
}


def runners():
    spec = spec_from_file_location("conformance_runners", HERE / "__main__.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """A file with the short sequences of pair STDP, and what it holds."""
    kit = conformance.make(["pair_stdp"])
    weights = {name: w for name, w in kit.weights["pair_stdp"].items() if kit.sequences[name].duration < 1}
    kit = replace(kit, weights={"pair_stdp": weights})
    return conformance.write(kit, tmp_path_factory.mktemp("kit") / "kit.json"), kit


@pytest.mark.parametrize("name", FAILS)
def test_a_simulator_differs_where_its_conventions_do(short, name):
    path, kit = short
    answered = runners().answer(name, path)
    if answered is None:
        pytest.skip(f"{name} has no environment in the folder that STEERSMAN_PEERS names: docs/benchmarks.md")
    outcomes = runners().outcomes_of(kit, answered)
    assert len(outcomes) > 9
    assert {o.sequence for o in outcomes if not o.passed} == FAILS[name]


def test_two_spikes_that_meet_do_not_see_each_other_in_nest(short):
    """The weight after two coincidences lacks what each pre spike gives the post spike at its time, 2·A_plus."""
    path, kit = short
    answered = runners().answer("nest", path)
    if answered is None:
        pytest.skip("nest has no environment in the folder that STEERSMAN_PEERS names: docs/benchmarks.md")
    (ours,), (theirs,) = (w["pair_stdp"]["coincidence"] for w in (kit.weights, answered["weights"]))
    assert ours - theirs == pytest.approx(2 * kit.rules["pair_stdp"].parameters["A_plus"], rel=1e-9)


def test_every_runner_is_a_script_that_is_there():
    assert all((HERE / script).is_file() for _, script, _ in runners().RUNNERS.values())
    assert sys.executable


@pytest.mark.parametrize("arguments", [["tests/conformance", "kit.json", "nestml"], ["tests/benchmarks", "nestml"]])
def test_commands_for_exported_synapses_say_where_nest_is_missing(short, tmp_path, arguments):
    """As a user starts them: in the folder of the project, which no variable names."""
    command = [str(short[0]) if each == "kit.json" else each for each in arguments]
    own = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {"STEERSMAN_PEERS": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, *command], cwd=HERE.parents[1], env=own, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "STEERSMAN_PEERS" in done.stdout
