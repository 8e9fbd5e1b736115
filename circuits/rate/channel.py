"""The feedback channel of a rate circuit, with its random numbers drawn ahead, a stream per member of the batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from circuits.rate.plan import Plan
from plasticity.errors import InputError
from plasticity.feedback import NAME, FeedbackChannel, delay_steps, draw, projection_matrix, sources_of

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Channel:
    """Channels of all members, and what is on the way.

    Parameters
    ----------
    channels : list of FeedbackChannel
        One per member.
    sources : list of dict of Generator
    waiting : (n_batch, 1 + longest delay, n_received) array
    projection : (n_batch, n_received, n_sent) or (n_batch, 0, 0) array
    received : (n_batch, n_received) array
    late : (n_batch,) array of int
        Delay in steps.
    dt : float
    n_sent : int
    """

    channels: list[FeedbackChannel]
    sources: list[dict[str, np.random.Generator]]
    waiting: Array
    projection: Array
    received: Array
    late: NDArray[np.int64]
    dt: float
    n_sent: int

    @property
    def is_perfect(self) -> bool:
        """Whether everybody receives what was sent."""
        return all(c.is_perfect for c in self.channels)

    @property
    def per_step(self) -> int:
        """Numbers that a step needs."""
        return 0 if self.is_perfect else 2 * self.received.size

    def arguments(self, count: int) -> tuple:
        """Arguments of the compiled loop for the next `count` messages."""
        shape = (len(self.channels), 0, 0)
        drawn: tuple[Array, ...] = (np.zeros(shape),) * 3
        if not self.is_perfect:
            size = self.received.shape[1]
            parts = [draw(c, count, size, self.dt, s) for c, s in zip(self.channels, self.sources, strict=True)]
            drawn = tuple(np.stack([getattr(p, name) for p in parts]) for name in ("factor", "noise", "delivered"))
        quantum = np.array([float(c.quantum) for c in self.channels])
        return drawn, quantum, self.late, self.waiting, self.projection, self.n_sent


def open_channel(plan: Plan, channels: list[FeedbackChannel], n_sent: int, dt: float, seed: int) -> Channel:
    """Channel of every member for messages of `n_sent` components.

    Raises
    ------
    InputError
        If a delay does not fit the time step, or a projection the message.
    """
    late = [delay_steps(c, dt) for c in channels]
    matrices = [projection_matrix(c, n_sent, seed) for c in channels]
    projections = [m for m in matrices if m is not None]
    if len(projections) not in (0, len(matrices)) or len({len(m) for m in projections}) > 1:
        raise InputError("feedback: either all channels have a projection, of one shape, or none")
    n_received = len(projections[0]) if projections else n_sent
    return Channel(
        channels=channels,
        sources=[sources_of(c, seed, int(t), NAME) for c, t in zip(channels, plan.circuit.trials, strict=True)],
        waiting=np.zeros((len(channels), 1 + max(late), n_received)),
        projection=np.stack(projections).astype(float) if projections else np.zeros((len(channels), 0, 0)),
        received=np.zeros((len(channels), n_received)),
        late=np.array(late, dtype=np.int64),
        dt=dt,
        n_sent=n_sent,
    )
