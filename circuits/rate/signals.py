"""Random signals of a rate circuit, drawn ahead: the feedback channels and the noise of neurons and weights."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from circuits.rate.network import Delivery
from plasticity.errors import InputError
from plasticity.feedback import NAME, FeedbackChannel, delay_steps, draw, projection_matrix, sources_of, stacked

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Channel:
    """Feedback channels of all members of a batch, each with its own streams of random numbers.

    Parameters
    ----------
    channels : list of FeedbackChannel
        One per member.
    sources : list of dict of Generator
    waiting : (n_batch, 1 + longest delay, n_received) array
        Messages on their way.
    projection : (n_batch, n_received, n_sent) or (n_batch, 0, 0) array
    delay : (n_batch,) array of int
        Steps.
    dt : float
    n_sent : int
    """

    channels: list[FeedbackChannel]
    sources: list[dict[str, np.random.Generator]]
    waiting: Array
    projection: Array
    delay: NDArray[np.int64]
    dt: float
    n_sent: int

    @property
    def is_perfect(self) -> bool:
        """Whether all members receive what was sent."""
        return all(c.is_perfect for c in self.channels)

    @property
    def n_received(self) -> int:
        """Components of a message that is received."""
        return self.waiting.shape[2]

    @property
    def per_step(self) -> int:
        """Random numbers for a step."""
        return 0 if self.is_perfect else 2 * len(self.channels) * self.n_received

    def draw(self, count: int) -> Delivery:
        """Channels with the random numbers of the next `count` messages."""
        factor, noise, delivered = (np.zeros((len(self.channels), 0, 0)) for _ in range(3))
        if not self.is_perfect:
            drawn = zip(self.channels, self.sources, strict=True)
            random = stacked([draw(c, count, self.n_received, self.dt, sources) for c, sources in drawn], axis=0)
            factor, noise, delivered = random.factor, random.noise, random.delivered
        quantum = np.array([float(c.quantum) for c in self.channels])
        return Delivery(factor, noise, delivered, quantum, self.delay, self.waiting, self.projection)


def open_channel(
    channels: list[FeedbackChannel], n_sent: int, dt: float, seed: int, trials: NDArray[np.int64]
) -> Channel:
    """Channel of every member for messages of `n_sent` components.

    Raises
    ------
    InputError
        If a delay does not fit the time step, or a projection the message.
    """
    delays = [delay_steps(c, dt) for c in channels]
    matrices = [projection_matrix(c, n_sent, seed) for c in channels]
    projections = [m for m in matrices if m is not None]
    if len(projections) not in (0, len(matrices)) or len({len(m) for m in projections}) > 1:
        raise InputError("feedback: either all channels have a projection, of one shape, or none")
    n_received = len(projections[0]) if projections else n_sent
    return Channel(
        channels=channels,
        sources=[sources_of(c, seed, int(t), NAME) for c, t in zip(channels, trials, strict=True)],
        waiting=np.zeros((len(channels), 1 + max(delays), n_received)),
        projection=np.stack(projections).astype(float) if projections else np.zeros((len(channels), 0, 0)),
        delay=np.array(delays, dtype=np.int64),
        dt=dt,
        n_sent=n_sent,
    )


@dataclass(eq=False)
class Perturbations:
    """Noise of neurons and weights, by which perturbations estimate the gradient.

    It is drawn anew every `period` steps: at every step or, where neurons have a time constant, for every pattern.

    Parameters
    ----------
    sources : dict of str to list of Generator
        For each population or projection with noise, by the name of its numbers, a stream per member.
    stds : list of (n_batch,) arrays
    sizes : list of int
        Numbers of each.
    period : int
    n_batch : int
    shown : int
        Step from which periods are counted.
    """

    sources: dict[str, list[np.random.Generator]]
    stds: list[Array]
    sizes: list[int]
    period: int
    n_batch: int
    shown: int = 0
    number: NDArray[np.int64] = field(default_factory=lambda: np.array([-1]))  # of the period of what is `present`
    present: Array = field(init=False)

    def __post_init__(self) -> None:
        """Nothing is present at first."""
        self.present = np.zeros((self.n_batch, sum(self.sizes)))

    def rejoin(self, step: int) -> bool:
        """Whether what is present goes on at a step; if not, new numbers are drawn."""
        number = (step - self.shown) // self.period
        if self.number[0] == number or not self.sizes:
            return True
        self.number[0] = number - 1
        return False

    @property
    def per_step(self) -> int:
        """Random numbers for a step."""
        return -(-self.n_batch * sum(self.sizes) // self.period)

    def draw(self, first: int, count: int) -> Array:
        """Noise (n_batch, n_drawn, n) at the ends of `count` steps from `first`.

        Its first entry is what was present at the end of the last call, if that is still so.
        """
        low, high = ((step - self.shown) // self.period for step in (first + 1, first + count))
        fresh, n_drawn = high - int(self.number[0]), high - low + 1
        self.number[0] = high
        noise = np.empty((self.n_batch, n_drawn, sum(self.sizes)))
        if fresh < n_drawn:
            noise[:, 0] = self.present
        ends = np.cumsum([0, *self.sizes])
        for generators, std, start, end in zip(self.sources.values(), self.stds, ends[:-1], ends[1:], strict=True):
            for b, generator in enumerate(generators):
                noise[b, n_drawn - fresh :, start:end] = std[b] * generator.standard_normal((fresh, end - start))
        self.present[:] = noise[:, -1]
        return noise
