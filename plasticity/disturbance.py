"""Random disturbances of messages: noise, wrong signs and losses, drawn from their own streams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from plasticity.errors import require_number
from plasticity.support.streams import stream

if TYPE_CHECKING:
    from plasticity.feedback import FeedbackChannel

Array = NDArray[np.float64]
NAME = "feedback"


@dataclass(frozen=True, eq=False)
class Disturbance:
    """What happens to the messages of some steps: received = delivered · quantised(factor · arriving + noise).

    Parameters
    ----------
    factor : (n_steps, size) array
        Gain times the sign, −1 where it is wrong.
    noise : (n_steps, size) array
        Standard deviation σ/√dt.
    delivered : (n_steps, 1) array
        1, or 0 where the message is lost.
    """

    factor: Array
    noise: Array
    delivered: Array


def receive(channel: FeedbackChannel, arriving: Array, disturbance: Disturbance) -> Array:
    """What is received of messages that arrive after projection and delay."""
    received = disturbance.factor * arriving + disturbance.noise
    if channel.quantum > 0:
        received = channel.quantum * np.rint(received / channel.quantum)
    return received * disturbance.delivered


def disturb(
    channel: FeedbackChannel, n_steps: int, size: int, dt: float, seed: int = 0, trial: int = 0, name: str = NAME
) -> Disturbance:
    """Disturbances of the first `n_steps` messages of `size` components, for engines that need them beforehand."""
    return draw(channel, n_steps, size, dt, sources_of(channel, seed, trial, name))


def sources_of(channel: FeedbackChannel, seed: int, trial: int, name: str) -> dict[str, np.random.Generator]:
    """Generators of what is random in this channel: each its own, so that one does not shift the other."""
    wanted = {"noise": channel.noise, "sign": channel.sign_error, "delivery": channel.sparsity}
    return {purpose: stream(seed, f"{name}/{purpose}", trial) for purpose, amount in wanted.items() if amount > 0}


def draw(
    channel: FeedbackChannel, n_steps: int, size: int, dt: float, sources: dict[str, np.random.Generator]
) -> Disturbance:
    """Next disturbances from generators; time runs slowest, so that drawing in portions changes nothing."""
    dt = require_number("dt", dt, low=0, exclusive=True, unit="s")
    factor, noise, delivered = (
        np.broadcast_to(value, shape)  # no memory where nothing is random
        for value, shape in ((float(channel.gain), (n_steps, size)), (0.0, (n_steps, size)), (1.0, (n_steps, 1)))
    )
    if "noise" in sources:
        noise = sources["noise"].standard_normal((n_steps, size))
        noise *= channel.noise / np.sqrt(dt)
    if "sign" in sources:
        factor = np.where(sources["sign"].random((n_steps, size)) < channel.sign_error, -factor, factor)
    if "delivery" in sources:
        delivered = np.where(sources["delivery"].random((n_steps, 1)) < channel.sparsity, 0.0, 1.0)
    return Disturbance(factor, noise, delivered)


def together(parts: list[Disturbance]) -> Disturbance:
    """Disturbances of many learners, with the learners on the second axis."""
    return Disturbance(
        np.stack([p.factor for p in parts], axis=1),
        np.stack([p.noise for p in parts], axis=1),
        np.stack([p.delivered for p in parts], axis=1),
    )
