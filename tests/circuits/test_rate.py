"""Rate engine: against Brian2 and NumPy, order of convergence, batches, limits, bad input."""

import itertools
import sys
from dataclasses import replace

import brian2
import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose, assert_array_equal

from circuits import RateUnit, Stimulus, load, run
from plasticity import Objective, ObservedCurvature, derive, observe, rules
from plasticity.controllability import Controllability, constrain, move
from plasticity.errors import DivergedError, InputError
from plasticity.feedback import FeedbackChannel
from plasticity.rules.adam import adam
from plasticity.rules.bcm import bcm
from plasticity.rules.gradient_descent import gradient_descent
from plasticity.rules.oja import oja
from plasticity.rules.pair_stdp import pair_stdp
from plasticity.signals.exact_error import exact_error
from plasticity.signals.node_perturbation import node_perturbation
from plasticity.signals.random_feedback import random_feedback
from tests.oracles import rate_loops

N, TAU, DT, RATE = 12, 0.02, 1e-3, 2.0
recurrent, feedforward = load("recurrent_rate"), load("feedforward_rate")


def ring(n=N, seed=0):
    """Weights and bias of a recurrent network with lively, but stable rates."""
    random = np.random.default_rng(seed)
    return 0.8 * random.standard_normal((n, n)) / np.sqrt(n), 0.5 * random.standard_normal(n)


def hebbian(**options):
    w, bias = ring()
    return recurrent(N, oja(RATE), tau=TAU, bias=bias, weight=w, **options)


def brian_oja(w, bias, duration, dt):
    """The same Euler steps in Brian2: all derivatives at the beginning of a step."""
    clock = brian2.Clock(dt * brian2.second, name="rate_steps")
    neurons = brian2.NeuronGroup(
        N,
        "dr/dt = (-r + tanh(u + bias))/tau : 1\nu : 1\nbias : 1 (constant)",
        method="euler",
        clock=clock,
        namespace={"tau": TAU * brian2.second},
        name="rate_neurons",
    )
    synapses = brian2.Synapses(
        neurons,
        neurons,
        "dw/dt = eta*(r_pre*r_post - r_post**2*w) : 1 (clock-driven)\nu_post = w*r_pre : 1 (summed)",
        method="euler",
        clock=clock,
        namespace={"eta": RATE * brian2.Hz},
        name="rate_synapses",
    )
    synapses.connect(i=np.tile(np.arange(N), N), j=np.repeat(np.arange(N), N))
    synapses.w, neurons.bias = w.ravel(), bias
    synapses.summed_updaters["u_post"].order = -2  # first the input, then the weights, then the rates
    synapses.state_updater.order = -1
    network = brian2.Network(neurons, synapses, name="rate_network")
    network.run(duration * brian2.second, namespace={})
    return np.array(neurons.r[:]), np.array(synapses.w[:]).reshape(N, N)


def test_same_model_in_brian2(monkeypatch):
    """Same equations, same explicit steps; only the order of sums differs, far below the required 1e-6."""
    monkeypatch.setitem(brian2.prefs, "codegen.target", "numpy")
    w, bias = ring()
    rates, weights = brian_oja(w, bias, 0.3, DT)
    ours = run(hebbian(), 0.3, dt=DT)
    assert np.abs(ours.final["recurrent"][0] - w).max() > 0.1  # it learned
    assert_allclose(ours.final["recurrent"][0], weights, rtol=1e-10, atol=1e-12)
    assert_allclose(ours.final_rates["neurons"][0], rates, rtol=1e-10, atol=1e-12)


def test_error_halves_with_the_time_step():
    """Explicit Euler is of first order: successive differences halve, up to terms of the next order, here a tenth."""
    paths = [run(hebbian(), 0.2, dt=dt).final["recurrent"] for dt in (1e-3, 5e-4, 2.5e-4, 1.25e-4)]
    steps = [np.linalg.norm(b - a) for a, b in itertools.pairwise(paths)]
    assert_allclose([steps[0] / steps[1], steps[1] / steps[2]], 2, rtol=0.1)


def test_members_of_a_batch_are_the_runs_alone():
    """Other rates of learning and other noise side by side change nothing in a member."""
    rates, channel = np.array([0.5, 1.0, 2.0]), FeedbackChannel(noise=0.1)
    random = np.random.default_rng(3)
    x, y = random.standard_normal((4, 3)), random.standard_normal((4, 2))
    rule = gradient_descent()

    def circuit(rates, trials):
        values = {"learning_rate": rates}
        return feedforward(
            (3, 4, 2), rule, exact_error(), patterns=x, targets=y, parameters=values, trials=trials, n_batch=len(trials)
        )

    together = run(circuit(rates, [0, 1, 5]), 2.0, dt=0.1, feedback=channel, seed=7)
    alone = run(circuit(rates[2:], [5]), 2.0, dt=0.1, feedback=channel, seed=7)
    other = run(circuit(rates[2:], [5]), 2.0, dt=0.1, feedback=channel, seed=8)
    assert_array_equal(together.final["layer_1"][2], alone.final["layer_1"][0])
    assert np.abs(other.final["layer_1"] - alone.final["layer_1"]).max() > 1e-3


def test_recording_does_not_change_the_run():
    whole, pieces = (run(hebbian(), 0.1, dt=DT, record_every=every) for every in (None, 3e-3))
    assert_array_equal(whole.final["recurrent"], pieces.final["recurrent"])
    assert pieces.times[[0, 1, -1]].tolist() == pytest.approx([0, 3e-3, 0.1])
    at = pieces.tracked["recurrent"]
    assert len(at) == 20
    assert_array_equal(pieces.weights["recurrent"][0, -1], pieces.final["recurrent"][0].ravel()[at])


@pytest.mark.parametrize(
    ("rule", "by_hand"),
    [
        (oja(0.5), rate_loops.oja(0.5)),
        (bcm(0.5, target_rate=1.0, tau_threshold=0.5), rate_loops.sliding_threshold(0.5, 1.0, 0.5)),
    ],
    ids=["oja", "bcm"],
)
def test_a_linear_layer_learns_as_in_numpy(rule, by_hand):
    """Patterns that are held for several steps; sums in another order."""
    random = np.random.default_rng(1)
    x, w = random.random((4, 6)), random.random((3, 6)) / 3
    ours = run(feedforward((6, 3), rule, patterns=x, hold=5e-3, weights=[w]), 0.5, dt=DT).final["layer_1"][0]
    expected = rate_loops.linear_layer(by_hand, x, 5, w, DT, 500)
    assert np.abs(expected - w).max() > 0.005
    assert_allclose(ours, expected, rtol=1e-12)


@pytest.mark.parametrize("rank", [None, 10])
def test_a_recurrent_network_learns_from_exact_errors_as_in_numpy(rank):
    """Errors go back with the dynamics of the neurons; losses are those after every step."""
    random = np.random.default_rng(1)
    x, target, (w, _) = random.standard_normal((3, N)), random.random((3, N)), ring()
    given = {"patterns": x, "targets": target, "hold": 0.02, "weight": w, "input_weight": np.eye(N), "tau": 0.01}
    limits = None if rank is None else Controllability(rank=rank)
    done = run(recurrent(N, gradient_descent(RATE), exact_error(), **given), 0.3, DT, None, 0.1, controllability=limits)
    control = np.eye(N * N) if rank is None else constrain(limits, (N, N), 0, name="recurrent").projector.control

    def limited(change):
        return (control @ (control.T @ change.ravel())).reshape(N, N)

    arguments = x, target, np.eye(N), 20, w, RATE, 0.01, DT, 300, limited
    expected, losses = rate_loops.recurrent_errors(*arguments)
    assert np.abs(expected - w).max() > 0.01
    assert_allclose(done.final["recurrent"][0], expected, rtol=1e-10, atol=1e-13)
    assert_allclose(done.loss[0, 1:], losses.reshape(3, 100).mean(1), rtol=1e-10)


LIMITS = {
    "mask": Controllability(plastic_fraction=0.4, sign=np.where(np.arange(N) % 3, 1, -1)),
    "bounds and drift": Controllability(bounds=(-0.3, 0.25), drift=-1.5),
    "rank": Controllability(rank=3, drift=-0.5),
    "sums": Controllability(conserved="both", drift=-0.5),
    "matrix": Controllability(drift=np.random.default_rng(2).standard_normal((N * N, N * N)) / N),
}


@pytest.mark.parametrize("case", LIMITS)
def test_limits_of_control(case):
    """Against the same steps in NumPy, with the change carried out by `plasticity.controllability.move`."""
    w, bias = ring()
    w = np.abs(w) * np.where(np.arange(N) % 3, 1, -1) if case == "mask" else np.clip(w, -0.25, 0.25)
    limits = constrain(LIMITS[case], (N, N), seed=4, name="recurrent")
    circuit = recurrent(N, oja(RATE), tau=TAU, bias=bias, weight=w)
    ours = run(circuit, 0.1, dt=DT, seed=4, controllability=LIMITS[case])
    r, before = np.zeros(N), w.copy()
    for _ in range(100):
        requested = DT * RATE * (np.outer(r, r) - (r**2)[:, None] * w)
        following = r + DT / TAU * (np.tanh(w @ r + bias) - r)
        w, r = move(limits, w, requested, DT), following
    assert np.abs(w - before).max() > 0.01
    assert_allclose(ours.final["recurrent"][0], w, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize(("name", "axis"), [("incoming", 1), ("outgoing", 0)])
def test_conserved_sums_make_projected_gradient_descent(name, axis):
    """A linear layer at every step: w ← w + dt·η·Π(error·inputᵀ), Π subtracts the mean over the sum; sums stay."""
    random = np.random.default_rng(3)
    x, target, w = random.standard_normal(5), random.standard_normal(4), random.standard_normal((4, 5))
    learning = gradient_descent(learning_rate=0.5), exact_error()
    circuit = feedforward((5, 4), *learning, patterns=[x], targets=[target], weights=[w])
    limits = Controllability(conserved=name)
    ours = run(circuit, 2.0, dt=0.1, controllability=limits, record_every=0.1, n_tracked=20)
    path = [w]
    for _ in range(20):
        step = np.outer(target - path[-1] @ x, x)
        path.append(path[-1] + 0.1 * 0.5 * (step - step.mean(axis, keepdims=True)))
    weights = ours.weights["layer_1"].reshape(21, 4, 5)
    assert np.abs(weights[-1] - w).max() > 0.1
    assert_allclose(weights, path, rtol=1e-11, atol=1e-13)
    assert_allclose(weights.sum(axis + 1), np.broadcast_to(w.sum(axis), (21, 9 - w.shape[axis])), atol=1e-13)


def test_rank_leaves_the_rest_alone():
    w, _ = ring()
    limits = constrain(Controllability(rank=2), (N, N), seed=0, name="recurrent")
    moved = run(hebbian(), 0.2, dt=DT, controllability=Controllability(rank=2)).final["recurrent"][0] - w
    outside = moved.ravel() - limits.projector.control @ (limits.projector.control.T @ moved.ravel())
    assert np.linalg.norm(moved) > 0.02
    assert_allclose(outside, 0, atol=1e-13)


def test_feedback_channel_delays_and_loses_messages():
    """One linear synapse: w follows the error that arrives, d steps late and rounded, as computed by hand."""
    rule, channel = gradient_descent(learning_rate=0.5), FeedbackChannel(delay=0.3, gain=0.8, quantum=0.01)
    circuit = feedforward((1, 1), rule, exact_error(), patterns=[[1.0]], targets=[[1.0]], weights=[[[0.2]]])
    ours = run(circuit, 2.0, dt=0.1, feedback=channel, record_every=0.1).weights["layer_1"][0, :, 0]
    w = [0.2]
    for n in range(20):
        error = 0.01 * np.rint(0.8 * (1 - w[n - 3]) / 0.01) if n >= 3 else 0.0
        w.append(w[-1] + 0.1 * 0.5 * error)
    assert_allclose(ours, w, rtol=1e-12)
    lost = run(circuit, 2.0, dt=0.1, feedback=FeedbackChannel(sparsity=1.0)).final["layer_1"]
    assert lost.item() == 0.2


def test_another_depth_or_size_compiles_nothing():
    shallow, deep = ((2, 1), (3, 4, 2))
    task = {s: {"patterns": np.ones((1, s[0])), "targets": np.ones((1, s[-1]))} for s in (shallow, deep)}
    before = None
    for sizes in (shallow, deep):
        run(feedforward(sizes, gradient_descent(), exact_error(), **task[sizes]), 0.2, dt=0.1)
        compiled = {n for n, m in sys.modules.items() if n.startswith("steersman_rates")}
        loops = [sys.modules[n].run.signatures for n in compiled if hasattr(sys.modules[n], "run")]
        assert [len(signatures) for signatures in loops] == [1]
        assert before in (None, compiled)
        before = compiled


def test_two_channels_side_by_side():
    circuit = feedforward(
        (1, 1), gradient_descent(), exact_error(), patterns=[[1.0]], targets=[[1.0]], weights=[[[0.0]]], n_batch=2
    )
    ends = run(circuit, 1.0, dt=0.1, feedback=[FeedbackChannel(), FeedbackChannel(gain=0.0)]).final["layer_1"].ravel()
    assert_allclose(ends, [1 - 0.9**10, 0], rtol=1e-12)


def test_spiking_rules_run_on_rates():
    """Pair STDP between Poisson spikes of constant rates x, y: dw/dt = (A₊τ₊ − A₋τ₋) x y."""
    rule = pair_stdp(A_plus=0.01, A_minus=0.004, tau_plus=0.02, tau_minus=0.03)
    circuit = feedforward(
        (1, 1), rule, patterns=[[5.0]], weights=[[[2.0]]], tau=0.0, output=sp.Integer(8) + 0 * sp.Symbol("u")
    )
    grown = run(circuit, 1.0, dt=0.1).final["layer_1"].item() - 2.0
    assert_allclose(grown, (0.01 * 0.02 - 0.004 * 0.03) * 40, rtol=1e-9)


def test_a_network_that_explodes_is_named_with_its_time():
    circuit = recurrent(3, oja(1e6), weight=np.eye(3), bias=1.0)
    with pytest.raises(
        DivergedError, match=r"w of recurrent\[\d, \d\] \(member 0\) is no longer finite at t = 0\.\d+ s"
    ):
        run(circuit, 10.0, dt=1e-2)


SMALL = {"patterns": [[1.0, 0.0]], "targets": [[1.0]]}
GRADIENT = gradient_descent()
BAD = {
    "asks for the gradient": lambda: run(feedforward((2, 1), GRADIENT, **SMALL), 1.0, dt=0.1),
    "give the stimulus targets": lambda: run(
        feedforward((2, 1), GRADIENT, exact_error(), patterns=[[1, 0]]), 1.0, dt=0.1
    ),
    "use tau=0": lambda: run(feedforward((2, 1), GRADIENT, node_perturbation(), tau=0.1, **SMALL), 1.0, dt=0.1),
    "give feedback_weights": lambda: run(
        feedforward((2, 2, 1), GRADIENT, random_feedback(), feedback_weights={}, **SMALL), 1.0, dt=0.1
    ),
    "learning_signal in 'output'; give feedback_weights": lambda: run(  # three numbers arrive for its one neuron
        feedforward((2, 2, 1), GRADIENT, random_feedback(), feedback_weights={"hidden_1": np.ones((2, 3))}, **SMALL),
        1.0,
        dt=0.1,
        feedback=FeedbackChannel(projection=np.ones((3, 1))),
    ),
    "n_batch must be >= 1, got 0": lambda: feedforward((2, 1), GRADIENT, n_batch=0, **SMALL),
    "targets must be finite, got nan": lambda: Stimulus([[1.0]], [[np.nan]]),
    "patterns have 3 rates": lambda: feedforward((2, 1), GRADIENT, patterns=[[1, 2, 3]]),
    "shorter than the time step": lambda: run(
        feedforward((2, 1), GRADIENT, exact_error(), **SMALL), 1.0, dt=0.1, feedback=FeedbackChannel(delay=0.01)
    ),
    "feedback is a mapping, but rate circuits have one path": lambda: run(
        feedforward((2, 1), GRADIENT, exact_error(), **SMALL), 1.0, dt=0.1, feedback={"errors": FeedbackChannel()}
    ),
    "mask has shape": lambda: run(
        feedforward((2, 1), GRADIENT, exact_error(), **SMALL),
        1.0,
        0.1,
        controllability=Controllability(mask=[True] * 5),
    ),
    "outside its bounds": lambda: run(
        feedforward((2, 1), GRADIENT, exact_error(), weights=[[[3.0, 0.0]]], **SMALL),
        1.0,
        0.1,
        controllability=Controllability(bounds=(-1, 1)),
    ),
    "outside its bounds -1": lambda: run(
        feedforward((2, 1), replace(GRADIENT, bounds=(-1, 1)), exact_error(), weights=[[[3.0, 0.0]]], **SMALL), 1.0, 0.1
    ),
    "closes a loop": lambda: recurrent(3, oja(), tau=0.0),
    "unknown nonlinearity 'tanhh'; did you mean 'tanh'": lambda: RateUnit(nonlinearity="tanhh"),
    "unknown parameter of projection": lambda: feedforward((2, 1), oja(), parameters={"speed": 1.0}, **SMALL),
    "unknown name to record 'belief'": lambda: run(feedforward((2, 1), oja(), **SMALL), 1.0, 0.1, record=("belief",)),
    "no multiple of dt": lambda: run(feedforward((2, 1), oja(), **SMALL), 1.0, 0.3),
    "clock_step is 0.05 s, no multiple": lambda: run(
        feedforward((2, 1), adam(), exact_error(), parameters={"clock_step": 0.05}, **SMALL), 1.0, 0.1
    ),
    "has no value": lambda: run(
        feedforward((2, 1), derive(Objective(sp.Symbol("gamma", positive=True))), exact_error(), **SMALL), 1.0, 0.1
    ),
}


@pytest.mark.parametrize("words", BAD)
def test_bad_input_is_named(words):
    with pytest.raises(InputError, match=words):
        BAD[words]()


def test_a_rule_that_divides_by_zero_says_by_what():
    """The ballistic rule divides by the root of the curvature, which silent inputs do not give."""
    rule = observe(rules.load("ballistic")(), exact_error(), ObservedCurvature(time_constant=0, prior=0))
    silent = load("feedforward_rate")((2, 1), rule, patterns=np.zeros((1, 2)), targets=np.ones((1, 1)))
    with pytest.raises(DivergedError, match="divides by post_slope, pre_rate, which must not be 0: a positive"):
        run(silent, 0.1, dt=0.01)
