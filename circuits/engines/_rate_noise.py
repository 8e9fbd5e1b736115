"""Noise in neurons and weights of a rate circuit, by which perturbations tell the gradient."""

from __future__ import annotations

import numpy as np

from circuits.engines._rate_plan import Plan
from circuits.engines._rate_state import Network
from plasticity.streams import stream


class Perturbations:
    """Noise in neurons and weights, a stream per member and population or projection."""

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
        self.per_step = plan.circuit.n_batch * sum(sizes)

    @staticmethod
    def _open(plan: Plan, name: str, seed: int) -> list[np.random.Generator]:
        return [stream(seed, name, int(trial)) for trial in plan.circuit.trials]

    def draw(self, count: int) -> tuple[tuple, tuple]:
        """Noise of the next `count` steps: (n_batch, count, n) and (n_batch, count, n_post, n_pre) arrays."""
        nodes, weights = [], []
        for k, sources in self.neurons.items():
            size = self.network.tables[k].shape[2]
            drawn = np.stack([g.standard_normal((count, size)) for g in sources])
            nodes.append(drawn * self.std["neuron", k][:, None, None])
        for m, sources in self.synapses.items():
            shape = (count, *self.network.weights[m].shape[1:])
            drawn = np.stack([g.standard_normal(shape) for g in sources])
            weights.append(drawn * self.std["synapse", m][:, None, None, None])
        return tuple(nodes), tuple(weights)
