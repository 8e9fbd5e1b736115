"""Compiled models: built once by whoever comes first, every number read when they run, damaged ones noticed."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import circuits
from circuits import Circuit, Population, Projection
from circuits.escape_rate_neuron import escape_rate_neuron
from circuits.network.connectivity import at_random
from circuits.neurons.escape_rate import escape_rate
from circuits.neurons.integrate_and_fire import lif
from circuits.running.grid import Grid
from circuits.running.recording import Recording
from circuits.running.run import compiler
from circuits.spiking import toolchain
from circuits.spiking.binary import CHECKSUM, is_complete
from circuits.spiking.model import describe
from circuits.spiking.toolchain import PROGRAM
from plasticity import Controllability, observe
from plasticity.dataset import read
from plasticity.errors import DivergedError
from plasticity.feedback import FeedbackChannel
from plasticity.poisson import poisson_trains
from plasticity.rules.adam import adam
from plasticity.rules.oja import oja
from plasticity.rules.pair_stdp import pair_stdp
from plasticity.rules.reward_stdp import reward_stdp
from plasticity.signals.escape_rate_likelihood import escape_rate_likelihood

pytestmark = [
    pytest.mark.slow,  # two models are compiled
    pytest.mark.compiled,
    pytest.mark.skipif(compiler() is None, reason="needs a C++ compiler"),
]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="processes are read as Linux gives them")
DT = 1e-3
BOTH = """
import numpy as np, sys
sys.path.insert(0, sys.argv[1])
from test_binary import pupil
print(float(np.sum(pupil("cpp").final["synapses"])).hex(), "brian2" in sys.modules)
"""
INTERRUPTED = """
import sys
sys.path.insert(0, sys.argv[1])
from test_binary import pupil
try:
    pupil("cpp", duration={duration}, every=1.0, record_weights={path!r})
except KeyboardInterrupt:
    print("interrupted")
"""


def pupil(
    device,
    seed=1,
    duration=0.4,
    rate=0.02,
    step=0.1,
    every=0.05,
    delay=0.003,
    gain=0.9,
    tau=0.02,
    weight=0.1,
    rank=20,
    **options,
):
    """Neurons that are taught through a bad channel by a rule with a clock and few controllers, against a drift."""
    rule = observe(adam(rate), escape_rate_likelihood()).with_parameters(clock_step=step)
    inputs = poisson_trains(20.0, 12, duration, DT, seed)
    weights = weight * np.arange(24).reshape(2, 12) / 24
    neuron = escape_rate(tau_membrane=tau)
    circuit = escape_rate_neuron(inputs, [[0.05, 0.2], [0.1 + DT * seed]], rule, weight=weights, neuron=neuron)
    channel = FeedbackChannel(noise=2.0 * seed, delay=delay, gain=gain, sparsity=0.1 * seed)
    recorded = ("outputs.v", "outputs.spike_error_line", "belief_mean")
    drift = np.random.default_rng(seed).normal(0, 0.1, (24, 24))
    limits = Controllability(rank=rank, drift=drift, bounds=(-1.0, 1.0))
    channels = {"feedback": channel, "controllability": limits}
    return circuits.run(circuit, duration, DT, device, every, seed, recorded, **channels, **options)


def recurrent(device, seed=1, probability=0.3, delay=2e-3, duration=0.06, amplitude=0.01, low=0.0):
    """Neurons that excite and inhibit each other, with three rules; another seed wires others, and another number.

    All start at other potentials and fire by themselves. Rewards are spikes of a further population.
    """
    potentials = np.random.default_rng(seed).uniform(-0.06, -0.05, 32)
    neuron = lif(v_rest=-0.049)
    cells = Population("cells", neuron=replace(neuron, initial={**neuron.initial, "v": potentials}), n=32)
    rewards = Population("rewards", (np.array([0.011 + 1e-3 * seed, 0.03, 0.044]),))
    names = ("excites", "inhibits", "rewarded", "normalised")
    wiring = {name: at_random(name, cells, cells, probability, seed, 1.5) for name in names}
    rule = replace(pair_stdp(amplitude), bounds=(low, 2.0))
    projections = (
        Projection(rule=rule, receptor="excitatory", delay=delay, **wiring["excites"]),
        Projection(receptor="inhibitory", delay=2 * delay, **wiring["inhibits"]),
        Projection(rule=reward_stdp(), third_factor="rewards", **wiring["rewarded"]),
        Projection(rule=oja(), **wiring["normalised"]),
    )
    circuit = Circuit("recurrent", (cells, rewards), projections)
    limits = {"normalised": Controllability(conserved="incoming")}
    return circuits.run(circuit, duration, 1e-4, device, 0.02, seed, controllability=limits)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A cache folder into which two processes that start at the same time have put one model."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STEERSMAN_CACHE", str(folder))
        started = [process() for _ in range(2)]
        ended = [p.communicate(timeout=300) for p in started]
        assert [p.returncode for p in started] == [0, 0], ended
        printed = [out.split() for out, _ in ended]
        assert printed[0][0] == printed[1][0]
        assert sorted(brian2 for _, brian2 in printed) == ["False", "True"]  # only one of them had to build
        assert sum("compiling" in err for _, err in ended) == 1
        yield folder


def process():
    here = os.path.dirname(__file__)
    command = [sys.executable, "-c", BOTH, here]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def built(cache):
    return sorted(path.parent for path in cache.glob(f"brian/*/{CHECKSUM}"))


def assert_same(compiled, interpreted):
    """Chaos has no time to grow; sums in another order differ in the last digits."""
    for name in interpreted.final:
        np.testing.assert_allclose(compiled.final[name], interpreted.final[name], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(compiled.weights[name], interpreted.weights[name], rtol=1e-9, atol=1e-12)
        for state, values in interpreted.states[name].items():
            np.testing.assert_allclose(compiled.states[name][state], values, rtol=1e-9, atol=1e-9)
    for name, values in interpreted.variables.items():
        np.testing.assert_allclose(compiled.variables[name], values, rtol=1e-9, atol=1e-12)
    for name, counts in interpreted.counts.items():
        np.testing.assert_array_equal(compiled.counts[name], counts)
    for name, means in interpreted.weight_mean.items():
        np.testing.assert_allclose(compiled.weight_mean[name], means, rtol=1e-9)
        np.testing.assert_allclose(compiled.weight_std[name], interpreted.weight_std[name], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(compiled.times, interpreted.times, rtol=1e-12)


CHANGES = [
    {},
    {"seed": 3},
    {"duration": 0.73, "every": 0.07},
    {"rate": 0.1, "step": 0.06, "weight": 0.3},
    {"delay": 0.004, "gain": 1.7, "tau": 0.011, "rank": 7},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: " ".join(change) or "as built")
def test_every_number_is_read_when_a_run_starts(cache, change):
    before = built(cache)
    compiled, interpreted = pupil("cpp", **change), pupil("numpy", **change)
    assert_same(compiled, interpreted)
    assert np.ptp(interpreted.final["synapses"]) > 0.01
    assert built(cache) == before
    assert len(before) <= 2


def test_wiring_and_delays_are_read_when_a_run_starts(cache):
    runs = [{}, {"seed": 2, "duration": 0.05}, {"probability": 0.2, "delay": 5e-3}, {"amplitude": 0.05, "low": 1.0}]
    sizes = []
    for change in runs:
        compiled = recurrent("cpp", **change)
        assert compiled.counts["cells"].sum() > 0
        assert all(np.ptp(compiled.final[name]) > 1e-6 for name in compiled.final)
        assert_same(compiled, recurrent("numpy", **change))
        sizes.append(compiled.final["excites"].size)
    assert len(set(sizes)) == 3  # the last has the wiring of the first
    assert len(built(cache)) == 2


def test_the_same_seed_gives_the_same_bits(cache):
    first, second = pupil("cpp"), pupil("cpp")
    np.testing.assert_array_equal(first.weights["synapses"], second.weights["synapses"])
    np.testing.assert_array_equal(first.final["synapses"], second.final["synapses"])


def test_all_weights_go_to_a_file(cache, tmp_path):
    """Tracked are 20 of 24 synapses; the means are those of all."""
    runs = {device: pupil(device, record_weights=tmp_path / f"{device}.nc") for device in ("cpp", "numpy")}
    files = {device: read(tmp_path / f"{device}.nc") for device in runs}
    np.testing.assert_allclose(files["cpp"].weight_synapses, files["numpy"].weight_synapses, rtol=1e-9, atol=1e-12)
    for device, run in runs.items():
        all_weights = files[device].weight_synapses.values
        assert all_weights.shape == (8, 24)
        np.testing.assert_array_equal(all_weights[:, run.tracked["synapses"]], run.weights["synapses"])
        np.testing.assert_allclose(all_weights.mean(axis=1), run.weight_mean["synapses"], rtol=1e-12)
        np.testing.assert_allclose(all_weights.std(axis=1), run.weight_std["synapses"], rtol=1e-12)
        np.testing.assert_allclose(files[device].time, run.times, rtol=1e-12)


def test_a_weight_that_explodes_names_synapse_and_time(cache, tmp_path):
    with pytest.raises(DivergedError, match=r"w of synapse \d+ of 'synapses'") as error:
        pupil("cpp", rate=1e308, step=0.1, record_weights=tmp_path / "w.nc")
    np.testing.assert_allclose(read(tmp_path / "w.nc").time, [0.0, 0.05, 0.1])  # what was recorded until then
    assert 0.1 < error.value.time <= 0.1 + 0.4 / 100 + 1e-9  # the first tick, and the check after it


def long_run(duration, path):
    """A process that runs a known program for long, the number of that program, and its folder."""
    code = INTERRUPTED.format(duration=duration, path=path)
    running = subprocess.Popen([sys.executable, "-c", code, os.path.dirname(__file__)], stdout=subprocess.PIPE)
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
    while running.poll() is None:
        for child in children.read_text().split():  # imports start others for a moment
            with suppress(FileNotFoundError, ProcessLookupError):
                environment = Path(f"/proc/{child}/environ").read_bytes().decode().split("\0")
                folders = [t.partition("=")[2] for t in environment if t.startswith("STEERSMAN_RUN=")]
                if folders:
                    return running, int(child), folders[0]
        time.sleep(0.05)
    raise AssertionError(running.communicate()[0])


@LINUX
def test_a_program_ends_with_a_parent_that_is_killed(cache):
    running, program, _ = long_run(10_000.0, None)
    time.sleep(0.2)
    running.kill()
    running.wait()
    end = time.monotonic() + 30.0
    while Path(f"/proc/{program}").exists():
        assert time.monotonic() < end
        time.sleep(0.02)


@LINUX
def test_an_interrupted_run_leaves_a_readable_file(cache, tmp_path):
    running, _, folder = long_run(2000.0, str(tmp_path / "w.nc"))
    weights = Path(folder) / "results" / "synapses.all"
    while not (weights.exists() and weights.stat().st_size):  # until the first record
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    assert running.communicate()[0] == b"interrupted\n"
    times = read(tmp_path / "w.nc").time.values
    np.testing.assert_allclose(times, np.arange(times.size))
    assert 0 < times.size < 2000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["w.nc"]


def test_a_damaged_model_is_noticed_and_not_run(cache, capsys):
    folder = next(f for f in built(cache))
    program = (folder / PROGRAM).read_bytes()
    (folder / PROGRAM).write_bytes(program[: len(program) // 2])
    assert not is_complete(folder)
    assert "is damaged and will be built again" in capsys.readouterr().err
    (folder / PROGRAM).write_bytes(program)
    assert is_complete(folder)


def test_a_program_without_its_inputs_fails(cache, tmp_path):
    """Brian2's own programs would go on with what they were compiled with."""
    folder = next(f for f in built(cache) if "synapses_drift" in (f / "main.cpp").read_text())

    def ended():
        environment = {"STEERSMAN_RUN": str(tmp_path)}
        return subprocess.run(
            [folder / PROGRAM], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )

    for _ in range(60):  # each run names the next file that is missing
        done = ended()
        assert done.returncode == 3
        name = done.stderr.removeprefix("cannot read ").strip()
        if name == "synapses.w":
            break
        if name.endswith((".sources", ".targets")):
            np.zeros(24, dtype=np.int32).tofile(tmp_path / name)
        elif "." in name:
            np.ones(1).tofile(tmp_path / name)
        else:
            (tmp_path / name).write_bytes(np.array([1, 2], dtype=np.int64).tobytes() + np.ones(4).tobytes())
    np.ones(7).tofile(tmp_path / "synapses.w")
    assert "synapses.w has 7 values, expected are 24" in ended().stderr


def test_a_value_that_would_stay_in_the_text_of_the_program_is_an_error(tmp_path):
    from circuits.spiking.cpp_device import write_program

    circuit = escape_rate_neuron([[0.01]], [[0.02]], observe(adam(), escape_rate_likelihood()))
    structure, _ = describe(circuit, Grid(DT, 0.1), Recording())
    less = replace(structure, values=tuple(name for name in structure.values if name != "steps.dt"))
    with pytest.raises(RuntimeError, match="values of _array_steps_dt are part of the compiled program"):
        write_program(less, tmp_path)


def test_the_key_follows_the_compiler_of_the_moment(monkeypatch, tmp_path):
    """A process whose path or flags change asks for another program, and for the first one when they are back."""
    first = toolchain.toolchain()
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        assert toolchain.toolchain() != first
    with monkeypatch.context() as patch:
        patch.setenv("CXXFLAGS", "-O1")
        assert toolchain.toolchain() != first
    assert toolchain.toolchain() == first


WAITING = """
import sys
from pathlib import Path
from circuits.spiking.binary import _locked
with _locked(Path(sys.argv[1])):
    print("has it", flush=True)
    sys.stdin.readline()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc whether a process is stopped")
def test_a_process_that_stands_still_with_a_lock_is_named(tmp_path):
    """The second one names who has the lock, and that it is stopped; when that is killed it gets the lock."""
    command = [sys.executable, "-c", WAITING, str(tmp_path / "model.lock")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    first = subprocess.Popen(command, **pipes)
    assert first.stdout.readline() == "has it\n"
    first.send_signal(signal.SIGSTOP)
    second = subprocess.Popen(command, **pipes)
    line = ""
    while "stands still" not in line:
        line = second.stderr.readline()
        assert line, "it ended"
        assert str(first.pid) in line
    assert f"kill -CONT {first.pid}" in line
    first.kill()
    assert second.stdout.readline() == "has it\n"
    second.communicate("\n", timeout=60)
    first.communicate(timeout=60)
    assert second.returncode == 0
