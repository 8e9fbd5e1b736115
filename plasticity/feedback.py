"""What a learner gets to see: feedback that is noisy, late, sparse, coarse, wrong in sign, or low-dimensional.

A message s(t) is received as ``delivered · quantised(gain · sign · F s(t − delay) + noise)``, in this order, in every
engine. What is sent is the gradient on a landscape (`plasticity.simulate`), the error, reward or learning signal in a
network. Before the first message can arrive, and whenever one is lost, the learner receives 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from plasticity.disturbance import NAME, Disturbance, disturb, draw, receive, sources_of, together
from plasticity.errors import InputError, require_number, require_whole
from plasticity.support.streams import stream

Array = NDArray[np.float64]
_STEPS_AHEAD = 256  # steps for which random numbers are drawn at once


@dataclass(frozen=True, eq=False)
class FeedbackChannel:
    """Feedback channel with its disturbances; the default is perfect.

    Parameters
    ----------
    noise : float
        σ [unit of the signal · √s]: intensity of white noise, independent over components. Averaged over a time T
        the feedback has the standard deviation σ/√T, so a message that stands for a step dt has σ/√dt.
    delay : float
        Time [s] that a message takes; 0 or a multiple of the time step.
    sparsity : float
        Fraction of the messages that are lost, at random times; all components of a message share its fate.
    gain : float
        Factor on the signal, not on the noise.
    sign_error : float
        Probability that a component of a message arrives with the wrong sign.
    quantum : float
        What is received is rounded to multiples of this; 0 is no rounding.
    projection : None, int or (n_received, n_sent) array
        F: a matrix; or a number m, for the orthogonal projector on m random directions (the same in every trial of a
        seed). Its mean over seeds is m/n, which ``gain=n/m`` makes good.

    Raises
    ------
    InputError
        If a number is out of range or the projection is no matrix.

    Examples
    --------
    >>> transmit(FeedbackChannel(delay=0.2, gain=2.0), [[1.0], [2.0], [3.0], [4.0]], dt=0.1).ravel()
    array([0., 0., 2., 4.])
    """

    noise: float = 0.0
    delay: float = 0.0
    sparsity: float = 0.0
    gain: float = 1.0
    sign_error: float = 0.0
    quantum: float = 0.0
    projection: Any = None

    def __post_init__(self) -> None:
        """Check every field, so that a wrong channel fails where it is written."""
        require_number("noise", self.noise, low=0)
        require_number("delay", self.delay, low=0, unit="s")
        require_number("sparsity", self.sparsity, low=0, high=1)
        require_number("gain", self.gain)
        require_number("sign_error", self.sign_error, low=0, high=1)
        require_number("quantum", self.quantum, low=0)
        if self.projection is not None:
            object.__setattr__(self, "projection", _checked_projection(self.projection))

    @property
    def is_perfect(self) -> bool:
        """Whether what is received is what was sent."""
        plain = (self.noise, self.delay, self.sparsity, self.gain, self.sign_error, self.quantum)
        return plain == (0, 0, 0, 1, 0, 0) and self.projection is None


def transmit(
    channel: FeedbackChannel, signals: ArrayLike, dt: float, seed: int = 0, trial: int = 0, name: str = NAME
) -> Array:
    """Messages that are received when `signals` are sent, one per time step.

    Parameters
    ----------
    channel : FeedbackChannel
    signals : (n_steps, ...) array
    dt : float
        Time step [s], for which one message stands.
    seed, trial, name
        The random numbers depend on these alone (`plasticity.support.streams`).

    Returns
    -------
    (n_steps, ...) array, or (n_steps, n_received) with a projection

    Raises
    ------
    InputError
        If the delay is no multiple of `dt`, the projection does not fit, or a signal is not finite.
    """
    sent = np.asarray(signals, dtype=float)
    if sent.ndim == 0:
        raise InputError(f"signals must have one row per time step, got the number {sent}")
    if not np.all(np.isfinite(sent)):
        raise InputError("signals must be finite, got NaN or an infinite value")
    flat = sent.reshape(len(sent), -1)
    matrix = projection_matrix(channel, flat.shape[1], seed, name)
    shape = sent.shape if matrix is None else (len(sent), len(matrix))
    late = delay_steps(channel, dt)
    arriving = flat if matrix is None else flat @ matrix.T
    disturbance = disturb(channel, len(arriving), arriving.shape[1], dt, seed, trial, name)
    received = np.zeros_like(arriving)
    rest = slice(late, None)
    lines = Disturbance(disturbance.factor[rest], disturbance.noise[rest], disturbance.delivered[rest])
    received[rest] = receive(channel, arriving[: max(len(sent) - late, 0)], lines)
    return received.reshape(shape)


def open_line(
    channel: FeedbackChannel,
    size: int,
    dt: float,
    streams: Sequence[tuple[int, int]] = ((0, 0),),
    name: str = NAME,
) -> Callable[[Array], Array]:
    """Line to send messages step by step, for many learners at once; equal to `transmit` for each of them.

    Parameters
    ----------
    channel : FeedbackChannel
    size : int
        Components of a message.
    dt : float
        Time step [s].
    streams : sequence of (seed, trial)
        One pair per learner.

    Returns
    -------
    function of an (n_learners, size) array
        Called once per time step with what is sent, it returns what is received: (n_learners, n_received).

    Raises
    ------
    InputError
        If the delay is no multiple of `dt` or the projection does not fit.

    Examples
    --------
    >>> send = open_line(FeedbackChannel(delay=0.1), size=1, dt=0.1)
    >>> [float(send(np.array([[s]]))[0, 0]) for s in (1.0, 2.0, 3.0)]
    [0.0, 1.0, 2.0]
    """
    late = delay_steps(channel, dt)
    seeds = [seed for seed, _ in streams]
    matrices = None
    if channel.projection is not None:
        unique = {seed: _projection(channel.projection, size, seed, name) for seed in dict.fromkeys(seeds)}
        matrices = np.stack([unique[seed] for seed in seeds])
    n_received = size if matrices is None else matrices.shape[1]
    sources = [sources_of(channel, seed, trial, name) for seed, trial in streams]
    waiting = np.zeros((late, len(sources), n_received))
    disturbances = _step_by_step(channel, n_received, dt, sources)
    step = 0

    def send(signal: Array) -> Array:
        nonlocal step
        if channel.is_perfect:
            return signal
        now = next(disturbances)
        arriving = signal if matrices is None else np.einsum("krs,ks->kr", matrices, signal)
        if late:
            slot = step % late
            arriving, waiting[slot] = waiting[slot].copy(), arriving
        step += 1
        return receive(channel, arriving, now) if step > late else np.zeros_like(arriving)

    return send


def _step_by_step(
    channel: FeedbackChannel, size: int, dt: float, sources: Sequence[dict[str, np.random.Generator]]
) -> Iterator[Disturbance]:
    """Disturbances of every step for all learners, (n_learners, size); random numbers are drawn for many steps."""
    ahead = max(1, min(_STEPS_AHEAD, 2**20 // max(1, len(sources) * size)))
    while True:
        drawn = together([draw(channel, ahead, size, dt, s) for s in sources])
        for k in range(ahead):
            yield Disturbance(drawn.factor[k], drawn.noise[k], drawn.delivered[k])


def delay_steps(channel: FeedbackChannel, dt: float) -> int:
    """Delay in time steps.

    Raises
    ------
    InputError
        If it is shorter than a time step or no multiple of it.

    Examples
    --------
    >>> delay_steps(FeedbackChannel(delay=0.3), dt=0.1)
    3
    """
    dt = require_number("dt", dt, low=0, exclusive=True, unit="s")
    steps = channel.delay / dt
    if 0 < steps < 1 - 1e-6:
        raise InputError(
            f"delay is {channel.delay:g} s, shorter than the time step dt = {dt:g} s; use a smaller dt, or delay=0"
        )
    if abs(steps - round(steps)) > 1e-6:
        raise InputError(
            f"delay is {channel.delay:g} s, no multiple of the time step dt = {dt:g} s; "
            f"use {round(steps) * dt:g} s, or a dt that divides it"
        )
    return round(steps)


def projection_matrix(channel: FeedbackChannel, n_sent: int, seed: int = 0, name: str = NAME) -> Array | None:
    """F (n_received, n_sent), or None if the message is sent as it is.

    Raises
    ------
    InputError
        If it does not fit messages of `n_sent` components.
    """
    return None if channel.projection is None else _projection(channel.projection, n_sent, seed, name)


def _projection(projection: int | Array, n_sent: int, seed: int, name: str) -> Array:
    if not isinstance(projection, int):
        if projection.shape[1] != n_sent:
            raise InputError(
                f"projection has shape {projection.shape}, but a message has {n_sent} components; "
                f"give it {n_sent} columns"
            )
        return projection
    if projection > n_sent:
        raise InputError(f"projection is {projection}, but a message has only {n_sent} components")
    directions = orthonormal(stream(seed, f"{name}/projection").standard_normal((n_sent, projection)))
    return directions @ directions.T


def orthonormal(directions: Array) -> Array:
    """Orthonormal basis (n, m) of the space that the columns of `directions` span, if they are independent."""
    return np.linalg.qr(directions)[0]


def _checked_projection(value: Any) -> Any:
    if isinstance(value, bool):
        raise InputError(f"projection must be a number of directions or a matrix, got {value!r}")
    try:
        matrix = np.array(value, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"projection must be a number of directions or a matrix, got {value!r}") from None
    if matrix.ndim == 0:
        return require_whole("projection", value, low=1)
    if matrix.ndim != 2 or matrix.size == 0:
        raise InputError(f"projection must have shape (n_received, n_sent), got {matrix.shape}")
    if not np.all(np.isfinite(matrix)):
        raise InputError(f"projection must be finite, got {matrix.tolist()}")
    matrix.setflags(write=False)
    return matrix
