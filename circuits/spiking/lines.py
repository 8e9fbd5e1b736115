"""Channels of the components of a feedback message: what shapes the equations of a path, and its disturbances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from circuits.network.circuit import Circuit, Feedback
from plasticity.errors import InputError
from plasticity.feedback import NAME, FeedbackChannel, delay_steps, disturb


@dataclass(frozen=True, eq=False)
class Lines:
    """Channels of the components of a message: one for all, or one each.

    Parameters
    ----------
    channels : tuple of FeedbackChannel
        One, or one per component; then component k has the noise of trial k.
    """

    channels: tuple[FeedbackChannel, ...]

    @property
    def common(self) -> FeedbackChannel:
        """Channel whose delay, rounding and projection all components share."""
        return self.channels[0]

    @property
    def is_perfect(self) -> bool:
        """Whether every component is received as it was sent."""
        return all(c.is_perfect for c in self.channels)

    def structure(self, dt: float) -> list:
        """What shapes the equations."""
        c = self.common
        return [
            self.disturbs,
            ring_size(delay_steps(c, dt)),
            c.quantum > 0,
            None if c.projection is None else np.shape(c.projection),
        ]

    @property
    def disturbs(self) -> list[str]:
        """What is random or differs between components."""
        found = {
            "factor": any(c.sign_error > 0 or c.gain != self.common.gain for c in self.channels),
            "noise": any(c.noise > 0 for c in self.channels),
            "delivered": any(c.sparsity > 0 for c in self.channels),
        }
        return [name for name, used in found.items() if used]

    def drawn(self, n_steps: int, n: int, dt: float, seed: int, name: str) -> dict[str, np.ndarray]:
        """Disturbances (n_steps, n) of all steps."""
        if len(self.channels) == 1:
            found = disturb(self.common, n_steps, n, dt, seed, name=name)
            return {key: np.broadcast_to(getattr(found, key), (n_steps, n)) for key in self.disturbs}
        each = [disturb(c, n_steps, 1, dt, seed, trial=k, name=name) for k, c in enumerate(self.channels)]
        return {key: np.concatenate([getattr(d, key) for d in each], axis=1) for key in self.disturbs}


def lines(path: Feedback, channels: FeedbackChannel | Sequence[FeedbackChannel] | None, n_sent: int) -> Lines:
    """Channels of a path of feedback that sends `n_sent` components.

    Raises
    ------
    InputError
        If there is neither one channel nor one per component, or they differ in what they must share.
    """
    if channels is None or isinstance(channels, FeedbackChannel):
        return Lines((channels or FeedbackChannel(),))
    channels = tuple(channels)
    if len(channels) not in (1, n_sent):
        raise InputError(
            f"feedback {path.name!r} has {len(channels)} channels for {n_sent} components; give one or one each"
        )
    shared = {(c.delay, c.quantum) for c in channels}
    if len(channels) > 1 and (len(shared) > 1 or any(c.projection is not None for c in channels)):
        raise InputError(
            f"channels of the components of {path.name!r} must share delay and quantum, without projection"
        )
    return Lines(channels)


def noise_name(circuit: Circuit, path: Feedback) -> str:
    """Name of the random numbers of a path: where there is only one, it has those of other engines."""
    return NAME if len(circuit.feedback) == 1 else path.name


def is_wire(path: Feedback, channels: Mapping[str, Lines]) -> bool:
    """Whether a neuron merely talks to itself."""
    return path.weights is None and path.source == path.target and channels[path.name].is_perfect


def ring_size(late: int) -> int:
    """Messages that a ring for a delay of `late` steps can hold: a power of two, so that delays share a binary.

    Examples
    --------
    >>> [ring_size(late) for late in (0, 1, 5, 64)]
    [0, 1, 8, 64]
    """
    return 1 << (late - 1).bit_length() if late else 0
