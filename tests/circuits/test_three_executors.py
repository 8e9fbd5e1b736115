"""One rule, three executors: on a sequence of losses, in a rate network, in a spiking network, the same mean path.

A neuron learns to fire as a teacher does. Its inputs spike; at every moment the expected loss is that of a Poisson
process whose rate is exponential in the potential. `simulate` descends that loss, a rate neuron gets the expected
error, escape-rate neurons in Brian2 get the error of the spikes that each of their teachers happens to fire.
"""

from functools import cache

import numpy as np
import pytest
import sympy as sp

import circuits
from circuits.escape_rate_neuron import escape_rate, escape_rate_neuron
from circuits.feedforward_rate import feedforward_rate
from plasticity import Controllability, Objective, ObservedCurvature, derive, observe, simulate
from plasticity.belief import FadingMemory, OrnsteinUhlenbeck
from plasticity.landscapes import LandscapeSequence
from plasticity.local import local
from plasticity.poisson import poisson_trains
from plasticity.signal import Signal
from plasticity.signals.escape_rate_likelihood import escape_rate_likelihood
from plasticity.support.streams import stream
from tests.error_bounds import z

DT, DURATION, N, N_NEURONS = 1e-3, 3.0, 4, 100
N_STEPS = round(DURATION / DT)
TAU, AT_THRESHOLD, THRESHOLD, WIDTH = 0.02, 10.0, 1.0, 1.0  # of the escape-rate neuron
TEACHER, START = np.array([1.0, -0.3, 0.5, 0.0]), np.full(N, 0.3)
RATE = 1e-2
RULES = {
    "short horizon": derive(Objective(sp.oo, plasticity=RATE)),
    "finite horizon": derive(Objective(1.0, plasticity=2e-2)),
    "fading memory": derive(Objective(sp.oo, plasticity=RATE), FadingMemory(time_constant=0.2)),
    "Kalman filter": derive(Objective(sp.oo, plasticity=2 * RATE), OrnsteinUhlenbeck(0.5, 1.0, 0.4)),
}


@cache
def psp():
    """Potential (n_steps, n) that each input has evoked; a spike counts in its own step."""
    now, path = np.zeros(N), []
    for spikes in on_grid(inputs()):
        now = now + spikes
        path.append(now)
        now = now * np.exp(-DT / TAU)
    return np.array(path)


@cache
def inputs():
    return poisson_trains(50.0, N, DURATION, DT, seed=1)


@cache
def targets():
    """Spike trains of the teacher, one realisation per neuron."""
    fired = stream(2, "targets").random((N_STEPS, N_NEURONS)) < escape(psp() @ TEACHER)[:, None] * DT
    return tuple(np.flatnonzero(column) * DT for column in fired.T)


def on_grid(trains):
    spikes = np.zeros((N_STEPS, len(trains)))
    for j, train in enumerate(trains):
        spikes[np.round(train / DT).astype(int), j] = 1
    return spikes


def escape(v):
    return AT_THRESHOLD * np.exp((v - THRESHOLD) / WIDTH)


class Moment:
    """Expected loss ρ − ρ* log ρ at one moment, its gradient and Fisher information, as functions of the weights."""

    def __init__(self, step):
        self.psp, self.target_rate = psp()[step], escape(psp()[step] @ TEACHER)

    def loss(self, w):
        rate = escape(w @ self.psp)
        return rate - self.target_rate * np.log(rate)

    def gradient(self, w):
        return (escape(w @ self.psp) - self.target_rate)[..., None] * self.psp / WIDTH

    def hessian(self, w):
        return escape(w @ self.psp)[..., None, None] * np.outer(self.psp, self.psp) / WIDTH**2


class Moments(LandscapeSequence):
    n, n_steps = N, N_STEPS

    def at(self, step):
        return Moment(min(step, N_STEPS - 1))


def rate_likelihood():
    """The likelihood signal of a rate neuron: its rate stands for the escape rate, the error is the expected one."""
    error, rate, slope, pre = (local(n) for n in ("learning_signal", "post_rate", "post_slope", "pre_rate"))
    return Signal(
        "rate_likelihood",
        "likelihood of target rates",
        density=-error * slope / rate * pre,
        curvature=slope**2 / rate * pre**2,
        loss_unit="Hz",
    )


@cache
def on_losses(name, limits=None):
    return (
        simulate(RULES[name], Moments(), START, N_STEPS, DT, record_every=500, controllability=limits).theta[0].values
    )


def observing(name, signal):
    """Rule that reads the curvature of the moment, as the losses have it."""
    return observe(RULES[name], signal, ObservedCurvature(time_constant=0.0) if name == "finite horizon" else None)


def in_rates(name, limits=None):
    circuit = feedforward_rate(
        (N, 1),
        observing(name, rate_likelihood()),
        patterns=psp(),
        targets=escape(psp() @ TEACHER)[:, None],
        output=AT_THRESHOLD * sp.exp((sp.Symbol("u", real=True) - THRESHOLD) / WIDTH),
        weights=[START[None]],
    )
    return circuits.run(circuit, DURATION, DT, record_every=0.5, n_tracked=N, controllability=limits).weights[
        "layer_1"
    ][0]


@pytest.mark.parametrize("name", RULES)
def test_the_rate_engine_follows_the_losses(name):
    """The same numbers: 3000 steps of rounding on weights of order 1, none of them unstable."""
    np.testing.assert_allclose(in_rates(name), on_losses(name), rtol=0, atol=1e-11)
    assert np.abs(on_losses(name)[-1] - START).max() > 0.02  # something was learned


@pytest.mark.parametrize("name", RULES)
def test_limits_of_control_are_the_same_on_losses_and_in_rates(name):
    """Mask, sign, bounds and drift, each of which acts on one weight at least."""
    limits = Controllability(mask=[1, 1, 0, 1], sign=[0, 1, 1, 0], bounds=(-0.5, 0.305), drift=[-0.05, -0.1, -0.2, 0.1])
    reference = on_losses(name, limits)
    np.testing.assert_allclose(in_rates(name, limits), reference, rtol=0, atol=1e-11)
    assert reference[-1, 2] == pytest.approx(0.3 * (1 - 0.2 * DT) ** N_STEPS, rel=1e-12)
    assert 0.305 in reference


@pytest.mark.slow  # 4 × 3 s: 3000 steps of Brian2 in NumPy
@pytest.mark.parametrize("name", RULES)
def test_spiking_neurons_follow_the_losses_in_the_mean(name):
    """Mean over 100 neurons at 6 times in 4 weights.

    Two biases are allowed for, and must be below the statistical error. A spike enters the potential with the weight
    that it found, so that learning sees weights of TAU ago. And the loss is curved: noise of variance s² shifts the
    mean by about ε s²/(2·WIDTH).
    """
    neuron = escape_rate(TAU, AT_THRESHOLD, THRESHOLD, WIDTH)
    rule = observing(name, escape_rate_likelihood())
    circuit = escape_rate_neuron(inputs(), targets(), rule, weight=START, neuron=neuron)
    run = circuits.run(circuit, DURATION + DT, DT, "numpy", record_every=0.5, n_tracked=N * N_NEURONS)
    paths = run.weights["synapses"].reshape(-1, N_NEURONS, N)[1:7]
    expected = on_losses(name)[1 : 1 + len(paths)]
    error = paths.std(axis=1, ddof=1) / np.sqrt(N_NEURONS)
    late = TAU * np.abs(np.gradient(on_losses(name), 0.5, axis=0)).max()
    curved = psp().mean() * paths.var(axis=1).max() / (2 * WIDTH)
    bound = z(expected.size, N_NEURONS - 1)
    assert max(late, curved) < bound * error[-1].mean()
    assert np.all(np.abs(paths.mean(axis=1) - expected) < bound * error + late + curved)
