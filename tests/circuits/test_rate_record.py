"""What a rate run keeps: all weights in a file, means of all; what ends it early is named and leaves no ruin."""

import os
import signal
import threading
from time import process_time

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose, assert_array_equal

from circuits import as_dataset, load, run
from circuits.rate import engine
from circuits.running.weight_file import WeightFile
from plasticity.dataset import read
from plasticity.errors import DivergedError, InputError
from plasticity.feedback import FeedbackChannel
from plasticity.rule import Rule, State
from plasticity.rules.gradient_descent import gradient_descent
from plasticity.rules.oja import oja
from plasticity.signals.exact_error import exact_error
from plasticity.signals.node_perturbation import node_perturbation

recurrent, feedforward = load("recurrent_rate"), load("feedforward_rate")
RANDOM = np.random.default_rng(3)
TASK = {"patterns": RANDOM.standard_normal((4, 3)), "targets": RANDOM.standard_normal((4, 2)), "trials": [0, 1, 5]}


def two_layers(signal, **options):
    return feedforward((3, 4, 2), gradient_descent(), signal, n_batch=3, **TASK, **options)


def test_all_weights_go_to_a_file(tmp_path, random):
    task = {"patterns": random.standard_normal((2, 3)), "targets": random.standard_normal((2, 4))}
    circuit = recurrent(4, gradient_descent(0.9), exact_error(), **task, n_batch=3, trials=[0, 1, 5])
    result = run(circuit, 0.05, 1e-3, record_every=0.02, n_tracked=4, record_weights=tmp_path / "w.nc", seed=9)
    ds = read(tmp_path / "w.nc")
    assert ds.time.values.tolist() == result.times.tolist() == pytest.approx([0, 0.02, 0.04, 0.05])
    assert_array_equal(ds.trial, [0, 1, 5])
    assert [name for name in ds if "argument" not in name] == ["weight_recurrent"]  # those of the input are not plastic
    weights = ds.weight_recurrent.values.reshape(3, 4, 4, 4)
    assert_array_equal(weights[:, 0], circuit.projections[0].weight)
    assert_array_equal(weights[:, -1], result.final["recurrent"])
    assert np.abs(weights[:, -1] - weights[:, 0]).max() > 1e-3
    at = result.tracked["recurrent"]
    assert_array_equal(weights.reshape(3, 4, 16)[:, :, at], result.weights["recurrent"])
    assert (ds.attrs["rule"], ds.attrs["engine"]) == (circuit.projections[0].rule.name, "rate numba")
    assert ds.attrs["seed"] == 9
    assert list(result.weight_mean) == list(result.weight_std) == ["recurrent"]
    assert_allclose(result.weight_mean["recurrent"], weights.mean((2, 3)), rtol=1e-12)
    assert_allclose(result.weight_std["recurrent"], weights.std((2, 3)), rtol=1e-12)


def test_a_file_needs_times_and_plastic_weights(tmp_path):
    with pytest.raises(InputError, match="record_weights is .* without an interval"):
        run(two_layers(exact_error()), 0.5, 0.1, record_weights=tmp_path / "w.nc")
    with pytest.raises(InputError, match="record_weights is .* has no plastic projection"):
        run(recurrent(3, None), 0.5, 0.1, record_every=0.1, record_weights=tmp_path / "w.nc")
    with pytest.raises(InputError, match="is a folder"):
        run(two_layers(exact_error()), 0.5, 0.1, record_every=0.1, record_weights=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("case", ["exact error", "noise at every step", "noise for every pattern"])
def test_portions_change_nothing(monkeypatch, case):
    """All that is random goes on where it stopped; the portions here have one step, and an arbitrary number."""
    slow = {"tau": 0.06, "hold": 0.7} if case == "noise for every pattern" else {}
    circuit = two_layers(exact_error() if case == "exact error" else node_perturbation(), **slow)
    options = {"feedback": FeedbackChannel(noise=0.1, delay=0.2, sparsity=0.3), "seed": 7}
    whole = run(circuit, 3.0, 0.1, **options)
    for work in (1.0, 2000.0):
        monkeypatch.setattr(engine, "WORK_AHEAD", work)
        pieces = run(circuit, 3.0, 0.1, **options)
        for name in ("layer_1", "layer_2"):
            assert_array_equal(pieces.final[name], whole.final[name])


def test_an_interrupt_comes_through_and_leaves_what_was_recorded(tmp_path, monkeypatch):
    """A run of many minutes, interrupted after its first record, ends within seconds of time of the processor."""
    circuit, path, append = recurrent(100, oja(0.01)), tmp_path / "w.nc", WeightFile.append
    begun = []
    run(circuit, 0.01, 1e-3)  # compiled

    def append_and_interrupt_soon(self, time, weights):
        append(self, time, weights)
        begun.append(process_time())
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()

    monkeypatch.setattr(WeightFile, "append", append_and_interrupt_soon)
    with pytest.raises(KeyboardInterrupt):
        run(circuit, 1e5, 1e-3, record_every=1e5, record_weights=path)
    assert process_time() - begun[0] < 20.0
    assert_array_equal(read(path).weight_recurrent[0, 0].values.reshape(100, 100), circuit.projections[0].weight[0])
    assert [p.name for p in tmp_path.iterdir()] == ["w.nc"]


def test_a_run_that_diverges_leaves_what_was_recorded(tmp_path):
    circuit = recurrent(3, oja(1e4), weight=np.eye(3), bias=1.0)
    with pytest.raises(
        DivergedError, match=r"w of recurrent\[\d, \d\] \(member 0\) is no longer finite at t"
    ) as caught:
        run(circuit, 10.0, 1e-2, record_every=1e-2, record_weights=tmp_path / "w.nc")
    when = float(str(caught.value).split("t = ")[1].split(" s")[0])
    ds = read(tmp_path / "w.nc")
    assert ds.time[-1] == pytest.approx(when - 1e-2)
    assert np.isfinite(ds.weight_recurrent).all()


U, X = sp.Symbol("u", real=True), sp.Symbol("x", real=True)
ROOT = {"output": sp.sqrt(U), "patterns": [[1.0], [-1.0]], "hold": 0.3, "weights": [[[2.0]]]}
GROWING = Rule("growing", "a state that grows without bounds", states=(State("x", X**2, unit="Hz", initial=1e10),))
LOST = {
    r"rate of output\[0\] \(member 0\) is no longer finite at t = 0.3 s": lambda: feedforward((1, 1), None, **ROOT),
    r"input of output\[0\] \(member 0\) is no longer finite at t = 0.1 s": lambda: feedforward(
        (1, 1), None, **ROOT | {"patterns": [[1e200]], "weights": [[[1e200]]]}
    ),
    r"x of layer_1\[0, 0\] \(member 0\) is no longer finite at t = 1 s": lambda: feedforward(
        (1, 1), GROWING, **ROOT | {"patterns": [[1.0]]}
    ),
}


@pytest.mark.parametrize("words", LOST)
def test_what_diverges_is_named_with_its_time(words):
    with pytest.raises(DivergedError, match=words):
        run(LOST[words](), 2.0, 0.1, record_every=1.0)


def test_chosen_synapses_of_a_rate_circuit():
    circuit = feedforward((2, 3), oja(), patterns=np.eye(2), n_batch=2, trials=[3, 3])
    whole, chosen = (run(circuit, 0.05, record_every=0.01, tracked=which) for which in (None, [4, 1]))
    assert_array_equal(chosen.weights["layer_1"], whole.weights["layer_1"][:, :, [4, 1]])
    assert_array_equal(as_dataset(chosen).post_layer_1, [2, 0])
