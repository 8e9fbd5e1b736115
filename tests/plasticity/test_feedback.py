"""Feedback channels: each disturbance alone against its law, streams that depend on nothing else, refusals."""

from dataclasses import fields

import numpy as np
import pytest
from oracles.messages import transmit

from plasticity import FeedbackChannel
from plasticity.errors import InputError
from plasticity.feedback import delay_steps, disturb, open_channel, projection_matrix
from plasticity.support.streams import stream
from tests.error_bounds import counts, variance_error, z

DT = 0.01
EVERYTHING = FeedbackChannel(noise=0.3, delay=0.05, sparsity=0.4, gain=1.5, sign_error=0.2, quantum=0.1, projection=2)


def ramp(n_steps=200, size=3):
    """A signal that never repeats, so that a message differs from its neighbours."""
    return 1.0 + np.arange(n_steps * size).reshape(n_steps, size)


def test_a_perfect_channel_hands_on_the_message():
    assert FeedbackChannel().is_perfect
    np.testing.assert_array_equal(transmit(FeedbackChannel(), ramp(), DT), ramp())
    changes = {"noise": 1, "delay": 1, "sparsity": 1, "gain": 2, "sign_error": 1, "quantum": 1, "projection": 1}
    assert set(changes) == {f.name for f in fields(FeedbackChannel)}
    assert not any(FeedbackChannel(**{name: value}).is_perfect for name, value in changes.items())


@pytest.mark.parametrize("steps", [0, 1, 7, 199, 200, 300])
def test_delay_is_exact_to_the_step(steps):
    received = transmit(FeedbackChannel(delay=steps * DT), ramp(), DT)
    expected = np.zeros((200, 3))
    expected[steps:] = ramp()[: max(200 - steps, 0)]
    np.testing.assert_array_equal(received, expected)


def test_nothing_is_received_before_the_first_message_arrives():
    """Not even noise: there is no message yet."""
    received = transmit(FeedbackChannel(delay=3 * DT, noise=1.0), ramp(), DT)
    assert np.all(received[:3] == 0)
    assert np.all(received[3:] != 0)


@pytest.mark.parametrize("dt", [1e-3, 0.1])
def test_noise_is_white_and_averages_over_time_whatever_the_step(dt):
    """A message has variance σ²/dt, so the mean over T has σ²/T. Messages are independent."""
    sigma, n = 0.7, 20_000
    noise = transmit(FeedbackChannel(noise=sigma), np.zeros((n, 2)), dt, seed=4)
    np.testing.assert_allclose(noise.mean(0), 0, atol=z(2) * sigma / np.sqrt(n * dt))
    np.testing.assert_allclose(np.cov(noise.T) * dt / sigma**2, np.eye(2), atol=variance_error(n - 1, 3))
    lagged = (noise[1:] * noise[:-1]).mean(0) * dt / sigma**2
    np.testing.assert_allclose(lagged, 0, atol=z(2) / np.sqrt(n))


def test_sparse_feedback_delivers_whole_messages_a_fraction_of_the_time():
    """The count is binomial; that of two in a row, whose chance is p², has the variance p²(1 − p²) + 2p³(1 − p)."""
    n, lost = 20_000, 0.3
    received = transmit(FeedbackChannel(sparsity=lost), ramp(n), DT, seed=1)
    arrived = (received == ramp(n)).all(axis=1)
    assert np.all(received[~arrived] == 0)
    low, high = counts(n, 1 - lost)
    assert low <= arrived.sum() <= high
    both = (arrived[1:] & arrived[:-1]).mean()  # independent from step to step
    p = 1 - lost
    assert both == pytest.approx(p**2, abs=z() * np.sqrt((p**2 * (1 - p**2) + 2 * p**3 * (1 - p)) / n))


def test_sign_errors_flip_a_fraction_of_the_components():
    n, wrong = 20_000, 0.2
    ratio = transmit(FeedbackChannel(sign_error=wrong, gain=3.0), ramp(n, 2), DT, seed=2) / ramp(n, 2)
    assert set(np.unique(ratio)) == {-3.0, 3.0}
    flipped = ratio < 0
    low, high = counts(n, wrong, comparisons=2)
    assert low <= flipped.sum(0).min() <= flipped.sum(0).max() <= high
    assert np.corrcoef(flipped.T)[0, 1] == pytest.approx(0, abs=z() / np.sqrt(n))


def test_quantised_feedback_is_a_multiple_and_off_by_half_a_quantum_at_most():
    signal, quantum = stream(0, "signal").standard_normal((5000, 2)), 0.25
    received = transmit(FeedbackChannel(quantum=quantum), signal, DT)
    np.testing.assert_allclose(np.remainder(received, quantum), 0, atol=1e-12)
    error = np.abs(received - signal).max()
    assert error <= quantum / 2
    assert error > 0.99 * quantum / 2


def test_projection_on_random_directions_is_an_orthogonal_projector():
    """F² = F = Fᵀ with trace m; over seeds its mean is m/n (36 different entries)."""
    n, m, n_seeds = 8, 3, 400
    every = np.array([projection_matrix(FeedbackChannel(projection=m), n, seed) for seed in range(n_seeds)])
    np.testing.assert_allclose(every @ every, every, atol=1e-14)
    np.testing.assert_allclose(every, every.transpose(0, 2, 1), atol=1e-15)
    np.testing.assert_allclose(np.trace(every, axis1=1, axis2=2), m, rtol=1e-13)
    spread = every.std(0).max()
    np.testing.assert_allclose(every.mean(0), m / n * np.eye(n), atol=z(36, n_seeds - 1) * spread / np.sqrt(n_seeds))
    signal = ramp(5, n)
    received = transmit(FeedbackChannel(projection=m), signal, DT, seed=3)
    np.testing.assert_allclose(received, signal @ every[3], atol=1e-12)


def test_a_matrix_can_change_the_number_of_components():
    matrix = np.array([[1.0, 2.0, 0.0]])
    received = transmit(FeedbackChannel(projection=matrix), ramp(), DT)
    np.testing.assert_array_equal(received, ramp() @ matrix.T)


def test_the_order_of_disturbances():
    """delivered · quantised(gain · sign · F s + noise), put together from channels with one disturbance each."""
    signal = np.sin(ramp(300, 3))
    matrix = projection_matrix(EVERYTHING, 3, seed=9)
    arriving = np.zeros_like(signal)
    arriving[5:] = (signal @ matrix.T)[:-5]
    ones = np.ones_like(signal)
    sign = transmit(FeedbackChannel(sign_error=0.2), ones, DT, seed=9, trial=2)
    noise = transmit(FeedbackChannel(noise=0.3), 0 * ones, DT, seed=9, trial=2)
    delivered = transmit(FeedbackChannel(sparsity=0.4), ones, DT, seed=9, trial=2)
    expected = delivered * 0.1 * np.rint((1.5 * sign * arriving + noise) / 0.1)
    expected[:5] = 0
    np.testing.assert_allclose(transmit(EVERYTHING, signal, DT, seed=9, trial=2), expected, atol=1e-12)


def test_learners_side_by_side_receive_what_each_would_alone():
    """700 steps: random numbers are drawn in several portions; learners with another seed have another projection."""
    signal, streams = np.cos(ramp(700, 3)), [(9, 0), (9, 5), (10, 0)]
    send = open_channel(EVERYTHING, 3, DT, streams)
    received = np.array([send(np.tile(s, (3, 1))) for s in signal])
    for k, (seed, trial) in enumerate(streams):
        np.testing.assert_allclose(received[:, k], transmit(EVERYTHING, signal, DT, seed, trial), atol=1e-12)


def test_disturbances_drawn_beforehand_are_those_of_the_channel():
    """As engines that need them before a run use them; several portions of random numbers."""
    signal = np.cos(ramp(700, 3))
    drawn = disturb(EVERYTHING, 700, 3, DT, seed=9, trial=5)
    arriving = np.roll(signal @ projection_matrix(EVERYTHING, 3, seed=9).T, 5, axis=0)
    expected = drawn.delivered * 0.1 * np.rint((drawn.factor * arriving + drawn.noise)[:] / 0.1)
    received = transmit(EVERYTHING, signal, DT, seed=9, trial=5)
    np.testing.assert_allclose(received[5:], expected[5:], atol=1e-12)


def test_a_longer_run_begins_as_the_shorter_one():
    short, long = (transmit(EVERYTHING, np.cos(ramp(n)), DT, seed=1) for n in (50, 400))
    np.testing.assert_array_equal(short, long[:50])


def test_streams_differ_by_seed_trial_and_name():
    def noise(**which):
        return transmit(FeedbackChannel(noise=1.0), np.zeros((500, 1)), DT, **which).ravel()

    runs = np.array([noise(), noise(seed=1), noise(trial=1), noise(name="reward"), noise(seed=1, trial=1)])
    assert np.abs(np.corrcoef(runs) - np.eye(5)).max() < 4.5 / np.sqrt(500)
    np.testing.assert_array_equal(runs[0], noise())


def test_delay_in_steps_survives_decimal_fractions():
    assert [delay_steps(FeedbackChannel(delay=k * 1e-4), 1e-4) for k in range(60)] == list(range(60))


BAD = {
    "noise": ({"noise": -0.1}, "noise must be >= 0, got -0.1"),
    "noise nan": ({"noise": float("nan")}, "noise must be finite"),
    "delay": ({"delay": -1.0}, "delay must be >= 0 s"),
    "sparsity": ({"sparsity": 1.5}, "sparsity must be <= 1"),
    "sign": ({"sign_error": -0.5}, "sign_error must be >= 0"),
    "gain": ({"gain": None}, "gain must be a number"),
    "quantum": ({"quantum": -1}, "quantum must be >= 0"),
    "no direction": ({"projection": 0}, "projection must be >= 1"),
    "half a direction": ({"projection": 1.5}, "projection must be a whole number"),
    "vector": ({"projection": [1.0, 2.0]}, r"projection must have shape \(n_received, n_sent\), got \(2,\)"),
    "text": ({"projection": "random"}, "projection must be a number of directions or a matrix"),
    "infinite": ({"projection": [[np.inf]]}, "projection must be finite"),
}


@pytest.mark.parametrize(("fields", "message"), BAD.values(), ids=BAD)
def test_bad_channels_are_refused_where_they_are_written(fields, message):
    with pytest.raises(InputError, match=message):
        FeedbackChannel(**fields)


@pytest.mark.parametrize(
    ("channel", "signals", "message"),
    [
        (FeedbackChannel(delay=0.004), ramp(), "delay is 0.004 s, shorter than the time step dt = 0.01 s"),
        (FeedbackChannel(delay=0.025), ramp(), "no multiple of the time step.*use 0.02 s"),
        (FeedbackChannel(projection=np.ones((2, 4))), ramp(), r"shape \(2, 4\), but a message has 3"),
        (FeedbackChannel(projection=4), ramp(), "projection is 4, but a message has only 3"),
    ],
)
def test_what_does_not_fit_is_refused(channel, signals, message):
    with pytest.raises(InputError, match=message):
        transmit(channel, signals, DT)


@pytest.mark.parametrize(("seed", "trial"), [(-1, 0), (0, -2), (0.5, 0)])
def test_streams_want_whole_numbers(seed, trial):
    with pytest.raises(InputError, match=r"(seed|trial) must be"):
        stream(seed, "noise", trial)
