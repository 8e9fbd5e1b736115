"""Noise in neurons and weights of a rate circuit, by which perturbations tell the gradient."""

from __future__ import annotations

import numpy as np

from circuits.rate.plan import Plan
from circuits.rate.state import Network
from plasticity.support.streams import stream


class Perturbations:
    """Noise in neurons and weights, a stream per member and population or projection.

    It is drawn anew at every step, or, where neurons have a time constant, for every pattern that is shown.
    """

    def __init__(self, plan: Plan, network: Network, seed: int):
        self.network = network
        self.neurons = {
            k: self._open(plan, f"{plan.populations[k].name}/perturbation", seed) for k in plan.noisy_neurons
        }
        self.synapses = {
            m: self._open(plan, f"{plan.circuit.projections[m].name}/perturbation", seed) for m in plan.noisy_weights
        }
        self.std = network.noise_std
        sizes = [network.tables[k].shape[2] for k in self.neurons] + [network.weights[m][0].size for m in self.synapses]
        self.period = int(network.stimulus[3]) if plan.slow else 1
        self.per_step = -(-plan.circuit.n_batch * sum(sizes) // self.period)
        self.present: dict[tuple[str, int], np.ndarray] = {}
        self.number = -1  # of what is present

    @staticmethod
    def _open(plan: Plan, name: str, seed: int) -> list[np.random.Generator]:
        return [stream(seed, name, int(trial)) for trial in plan.circuit.trials]

    def draw(self, first: int, count: int) -> tuple[tuple, tuple]:
        """Noise at the ends of `count` steps from `first`: (n_batch, n_drawn, n) and (n_batch, n_drawn, n_post, n_pre).

        Its first entry is what was present at the end of the last call, if that is still so.
        """
        low, high = (first + 1) // self.period, (first + count) // self.period
        fresh = high - self.number
        self.number = high
        nodes = [
            self._next("neuron", k, self.network.tables[k].shape[2:], sources, high - low + 1, fresh)
            for k, sources in self.neurons.items()
        ]
        weights = [
            self._next("synapse", m, self.network.weights[m].shape[1:], sources, high - low + 1, fresh)
            for m, sources in self.synapses.items()
        ]
        return tuple(nodes), tuple(weights)

    def _next(
        self, kind: str, k: int, shape: tuple[int, ...], sources: list[np.random.Generator], count: int, fresh: int
    ) -> np.ndarray:
        drawn = np.stack([g.standard_normal((fresh, *shape)) for g in sources])
        drawn *= self.std[kind, k].reshape(-1, *(1 for _ in drawn.shape[1:]))
        if fresh < count:
            drawn = np.concatenate([self.present[kind, k], drawn], axis=1)
        self.present[kind, k] = drawn[:, -1:].copy()
        return drawn
