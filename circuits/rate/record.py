"""Records of a run of a rate circuit: a few tracked synapses, means of all, rates; all weights only in a file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from circuits.network.run_record import Run
from circuits.rate.plan import Plan
from circuits.rate.state import Network, settle
from circuits.running.weight_file import WeightFile
from plasticity.errors import UnknownNameError, require_number

RATE, INFORMATION, ENGINE = "rate", "information", "rate numba"


class Record:
    """Notes the present values in rows of arrays that were made beforehand."""

    def __init__(
        self,
        plan: Plan,
        network: Network,
        record: Sequence[str],
        n_tracked: int,
        times: NDArray,
        file: WeightFile | None = None,
    ):
        require_number("n_tracked", n_tracked, low=0)
        self.plan, self.network, self.times, self.file = plan, network, times, file
        states = {s.name for rule in plan.rules.values() for s in rule.states}
        for name in record:
            if name not in (RATE, INFORMATION, *states):
                raise UnknownNameError("variable to record", name, (RATE, INFORMATION, *states))
        names = [p.name for p in plan.circuit.projections]
        self.places = {n: _spread(w.shape[1:], int(n_tracked)) for n, w in zip(names, network.weights, strict=True)}
        shape = (plan.circuit.n_batch, times.size)
        self.weights = {n: np.empty((*shape, len(at))) for n, at in self.places.items()}
        self.states: dict[str, dict[str, NDArray]] = {}
        for m, name in enumerate(names):
            own = [s.name for s in plan.rules[m].states if s.name in record] if m in plan.rules else []
            self.states[name] = {s: np.empty_like(self.weights[name]) for s in own}
        sizes = {p.name: p.size for p in plan.populations}
        self.rates = {n: np.empty((*shape, k)) for n, k in sizes.items()} if RATE in record else {}
        self.information = {n: np.empty((*shape, k)) for n, k in sizes.items()} if INFORMATION in record else {}
        self.loss = np.empty(shape)
        self.plastic = {p.name: w for p, w in zip(plan.circuit.projections, network.weights, strict=True) if p.rule}
        self.mean, self.std = ({n: np.empty(shape) for n in self.plastic} for _ in range(2))

    def note(self, row: int) -> None:
        """Note the present values."""
        settle(self.plan, self.network)
        for m, (name, at) in enumerate(self.places.items()):
            self.weights[name][:, row] = self.network.weights[m][:, at[:, 0], at[:, 1]]
            for state, values in self.states[name].items():
                k = [s.name for s in self.plan.rules[m].states].index(state)
                values[:, row] = self.network.states(m)[:, k, at[:, 0], at[:, 1]]
        for by_population, which in ((self.rates, "post_rate"), (self.information, "post_information")):
            for k, kept in enumerate(by_population.values()):
                kept[:, row] = self.network.local(k, which)
        self.loss[:, row] = self.network.loss if self.plan.circuit.has_targets else np.nan
        for name, w in self.plastic.items():
            with np.errstate(all="ignore"):
                for b, member in enumerate(w):
                    self.mean[name][b, row], self.std[name][b, row] = member.mean(), member.std()
        if self.file is not None:
            self.file.append(self.times[row], self.plastic)

    def run(self, seed: int) -> Run:
        """Everything that was noted, and the final values."""
        names = list(self.places)
        finals = {
            names[m]: {s.name: self.network.states(m)[:, k].copy() for k, s in enumerate(rule.states)}
            for m, rule in self.plan.rules.items()
        }
        shapes = (w.shape[1:] for w in self.network.weights)
        tracked = {
            n: np.ravel_multi_index(tuple(at.T), s) for (n, at), s in zip(self.places.items(), shapes, strict=True)
        }
        variables = {f"{n}.{RATE}": values for n, values in self.rates.items()}
        variables |= {f"{n}.{INFORMATION}": values for n, values in self.information.items()}
        return Run(
            circuit=self.plan.circuit,
            seed=seed,
            dt=self.plan.dt,
            times=self.times,
            weights=self.weights,
            weight_mean=self.mean,
            weight_std=self.std,
            states=self.states,
            tracked=tracked,
            variables=variables,
            loss=self.loss,
            final=dict(zip(names, (w.copy() for w in self.network.weights), strict=True)),
            final_states=finals,
            final_rates={
                p.name: self.network.local(k, "post_rate").copy() for k, p in enumerate(self.plan.populations)
            },
            engine=ENGINE,
        )


def _spread(shape: tuple[int, int], n_tracked: int) -> NDArray[np.int64]:
    """Synapses at even distances through the matrix: (n, 2) of post- and presynaptic neuron."""
    size = shape[0] * shape[1]
    chosen = np.unique(np.linspace(0, size - 1, min(n_tracked, size)).round().astype(np.int64))
    return np.stack(np.unravel_index(chosen, shape), axis=1)
