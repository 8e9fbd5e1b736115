"""Feedback channel: noisy, delayed, sparse, quantised, low-dimensional feedback, or with sign errors.

A message s(t) is received as ``delivered · quantised(gain · sign · F s(t − delay) + noise)``, in this order, in every
engine. The message is the gradient on a landscape (`plasticity.simulate`), and the error, reward or learning signal in
a network. Before the first message can arrive, and whenever a message is lost, the learner receives 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticity.compile import elementwise
from plasticity.errors import InputError
from plasticity.support.checks import checked, require_array, require_finite, require_number, require_whole
from plasticity.support.streams import stream

Array = NDArray[np.float64]
Generators = dict[str, np.random.Generator]
NAME = "feedback"
_STEPS_AHEAD = 256  # steps for which random numbers are drawn at once


@checked
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
    >>> send = open_channel(FeedbackChannel(delay=0.1, gain=2.0), size=1, dt=0.1)
    >>> [float(send(np.array([[s]]))[0, 0]) for s in (1.0, 2.0, 3.0)]
    [0.0, 2.0, 4.0]
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


@dataclass(frozen=True, eq=False)
class Disturbance:
    """Random disturbances of the messages of some steps.

    Parameters
    ----------
    factor : (n_steps, ..., size) array
        Gain times sign.
    noise : (n_steps, ..., size) array
        Standard deviation σ/√dt.
    delivered : (n_steps, ..., 1) array
        1, or 0 where the message is lost.
    """

    factor: Array
    noise: Array
    delivered: Array


def open_channel(
    channel: FeedbackChannel,
    size: int,
    dt: float,
    streams: Sequence[tuple[int, int]] = ((0, 0),),
    name: str = NAME,
) -> Callable[[Array], Array]:
    """Function that sends one message per time step for many learners, each with its own random numbers.

    Parameters
    ----------
    channel : FeedbackChannel
    size : int
        Components of a message.
    dt : float
        Time step [s].
    streams : sequence of (seed, trial)
        One pair per learner.
    name : str
        The random numbers depend on seed, trial and this name alone (`plasticity.support.streams`).

    Returns
    -------
    function of an (n_learners, size) array
        Returns the received message: (n_learners, n_received).

    Raises
    ------
    InputError
        If the delay is no multiple of `dt` or the projection does not fit.
    """
    delay = delay_steps(channel, dt)
    seeds = [seed for seed, _ in streams]
    matrices = None
    if channel.projection is not None:
        unique = {seed: _projection(channel.projection, size, seed, name) for seed in dict.fromkeys(seeds)}
        matrices = np.stack([unique[seed] for seed in seeds])
    n_received = size if matrices is None else matrices.shape[1]
    sources = [sources_of(channel, seed, trial, name) for seed, trial in streams]
    ahead = max(1, min(_STEPS_AHEAD, 2**20 // max(1, len(sources) * n_received)))
    delayed = np.zeros((delay, len(sources), n_received))
    drawn, step = Disturbance(*(np.zeros((0, 0, 0)),) * 3), 0

    def send(signal: Array) -> Array:
        nonlocal drawn, step
        if channel.is_perfect:
            return signal
        now = step % ahead
        if now == 0:
            drawn = stacked([draw(channel, ahead, n_received, dt, s) for s in sources], axis=1)
        arriving = signal if matrices is None else np.einsum("krs,ks->kr", matrices, signal)
        if delay:
            slot = step % delay
            arriving, delayed[slot] = delayed[slot].copy(), arriving
        step += 1
        if step <= delay:
            return np.zeros_like(arriving)
        return receive(channel, arriving, drawn.factor[now], drawn.noise[now], drawn.delivered[now])

    return send


def receive(channel: FeedbackChannel, arriving: Array, factor: Array, noise: Array, delivered: Array) -> Array:
    """Received message from one that arrives after projection and delay (`plasticity.compile.elementwise`)."""
    value = elementwise.disturbed(arriving, factor, noise)
    if channel.quantum > 0:
        value = elementwise.rounded(value, channel.quantum)
    return elementwise.received(value, delivered)


def disturb(
    channel: FeedbackChannel, n_steps: int, size: int, dt: float, seed: int = 0, trial: int = 0, name: str = NAME
) -> Disturbance:
    """Disturbances of the first `n_steps` messages of `size` components."""
    return draw(channel, n_steps, size, dt, sources_of(channel, seed, trial, name))


def sources_of(channel: FeedbackChannel, seed: int, trial: int, name: str) -> Generators:
    """Random generators of a channel: one per disturbance, so that none shifts the others."""
    amounts = {"noise": channel.noise, "sign": channel.sign_error, "delivery": channel.sparsity}
    return {purpose: stream(seed, f"{name}/{purpose}", trial) for purpose, amount in amounts.items() if amount > 0}


def draw(channel: FeedbackChannel, n_steps: int, size: int, dt: float, sources: Generators) -> Disturbance:
    """Next disturbances; time runs slowest, so that drawing in portions changes nothing."""
    dt = require_number("dt", dt, low=0, exclusive=True, unit="s")
    noise = np.broadcast_to(0.0, (n_steps, size))  # no memory where nothing is random
    factor = np.broadcast_to(float(channel.gain), (n_steps, size))
    delivered = np.broadcast_to(1.0, (n_steps, 1))
    if "noise" in sources:
        noise = sources["noise"].standard_normal((n_steps, size))
        noise *= channel.noise / np.sqrt(dt)
    if "sign" in sources:
        sign = np.where(sources["sign"].random((n_steps, size)) < channel.sign_error, -1.0, 1.0)
        factor = elementwise.signed(channel.gain, sign)
    if "delivery" in sources:
        delivered = np.where(sources["delivery"].random((n_steps, 1)) < channel.sparsity, 0.0, 1.0)
    return Disturbance(factor, noise, delivered)


def stacked(parts: Sequence[Disturbance], axis: int) -> Disturbance:
    """Disturbances of many learners, with the learners on a new axis."""
    return Disturbance(*(np.stack([getattr(p, f.name) for p in parts], axis) for f in fields(Disturbance)))


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
    if isinstance(value, bool | str):
        raise InputError(f"projection must be a number of directions or a matrix, got {value!r}")
    if require_finite("projection", value).ndim == 0:
        return require_whole("projection", value, low=1)
    matrix = require_array("projection", value)
    if matrix.ndim != 2 or matrix.size == 0:
        raise InputError(f"projection must have shape (n_received, n_sent), got {matrix.shape}")
    return matrix
