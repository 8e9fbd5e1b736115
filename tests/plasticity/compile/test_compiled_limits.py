"""The compiled limits of control and feedback channel do what their NumPy functions do."""

import ctypes

import numpy as np
import pytest
from numpy.testing import assert_allclose

from plasticity.compile.compiled_limits import deliver_source, move_source
from plasticity.compile.native import address
from plasticity.controllability import Controllability, constrain, move
from plasticity.feedback import NAME, FeedbackChannel, delay_steps, disturb, open_channel, projection_matrix

N_POST, N_PRE, DT = 3, 4, 0.1
N = N_POST * N_PRE
SIZES = {"without": 0, "rank": 2, "sums": 6, "matrix": 0}
LIMITS = {
    "without": Controllability(plastic_fraction=0.5, bounds=(-0.5, 0.6), drift=-0.7),
    "rank": Controllability(rank=2, sign=1, drift=0.3),
    "sums": Controllability(conserved="both", plastic_fraction=0.9, drift=0.3),
    "matrix": Controllability(plastic_fraction=0.7, drift=np.random.default_rng(0).standard_normal((N, N))),
}


def call(text, name, *arguments):
    """Call a compiled function with arrays, numbers and integers."""
    kinds = {np.ndarray: ctypes.c_void_p, float: ctypes.c_double, int: ctypes.c_int64}
    function = ctypes.CFUNCTYPE(None, *(kinds[type(a)] for a in arguments))(address(text, name))
    function(*(a.ctypes.data if isinstance(a, np.ndarray) else a for a in arguments))


@pytest.mark.parametrize("case", LIMITS)
def test_changes_of_weights(case):
    random = np.random.default_rng(1)
    limits = constrain(LIMITS[case], (N_POST, N_PRE), seed=3)
    w, change, rate = random.uniform(0, 0.5, (N_POST, N_PRE)), random.standard_normal(N), random.standard_normal(N_PRE)
    expected = move(limits, w, change.reshape(w.shape), DT)
    own = (
        1.0 if limits.mask is None else limits.mask,
        limits.low,
        limits.high,
        0.0 if limits.drift is None else limits.drift,
    )
    parts = [np.broadcast_to(a, w.shape).astype(float) for a in own]
    parts += [] if limits.projector is None else [limits.projector.read, limits.projector.control]
    parts += [] if limits.drift_matrix is None else [limits.drift_matrix]
    numbers, room = np.concatenate([p.ravel() for p in parts]), np.append(change, np.zeros(N + SIZES[case]))
    current = np.ones(N_POST)
    flags = int(case == "sums"), int(limits.drift_matrix is not None)
    call(move_source(), "move", w, room, numbers, rate, current, DT, N_POST, N_PRE, SIZES[case], *flags)
    assert_allclose(w, expected, rtol=1e-12, atol=1e-14)
    assert_allclose(current, 1 + expected @ rate, rtol=1e-12, atol=1e-14)


CHANNELS = {
    "all at once": FeedbackChannel(noise=0.2, delay=0.3, sparsity=0.3, gain=0.8, sign_error=0.2, quantum=0.05),
    "projection": FeedbackChannel(projection=np.random.default_rng(2).standard_normal((2, 3)), delay=0.1),
    "gain": FeedbackChannel(gain=-2.0),
}


@pytest.mark.parametrize("case", CHANNELS)
def test_feedback(case):
    channel, n_steps, n_sent = CHANNELS[case], 12, 3
    messages = np.random.default_rng(4).standard_normal((n_steps, n_sent))
    send = open_channel(channel, n_sent, DT, [(5, 6)])
    expected = [send(message[np.newaxis])[0] for message in messages]
    matrix, delay = projection_matrix(channel, n_sent, 5), delay_steps(channel, DT)
    n_received = n_sent if matrix is None else len(matrix)
    drawn = disturb(channel, n_steps, n_received, DT, 5, 6, NAME)
    waiting, received = np.zeros((1 + delay, n_received)), np.zeros(n_received)
    is_projected, matrix = int(matrix is not None), np.zeros(1) if matrix is None else matrix
    for now, message in enumerate(messages):
        random = (drawn.factor[now].copy(), drawn.noise[now].copy())
        numbers = (float(drawn.delivered[now, 0]), float(channel.quantum))
        sizes = (n_sent, n_received, len(waiting), is_projected, now, delay)
        call(deliver_source(), "deliver", message, received, *random, waiting, matrix, *numbers, *sizes)
        assert_allclose(received, expected[now], rtol=1e-12, atol=1e-15)
