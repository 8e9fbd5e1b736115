"""Records of a run of a rate circuit: a few tracked synapses, means of all, rates; all weights only in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from circuits.network.run_record import Run
from circuits.network.run_state import RunState
from circuits.rate.plan import Plan
from circuits.rate.state import Network, present_state
from circuits.running.recording import RATE_VARIABLES, Recording

if TYPE_CHECKING:
    from circuits.running.weight_file import WeightFile

ENGINE = "rate numba"


class Record:
    """Notes the present values in rows of arrays that were made beforehand."""

    def __init__(
        self, plan: Plan, network: Network, recording: Recording, times: NDArray, file: WeightFile | None = None
    ):
        self.plan, self.network, self.times, self.file = plan, network, times, file
        names = [p.name for p in plan.circuit.projections]
        self.tracked = {n: recording.tracked(n, w[0].size) for n, w in zip(names, network.weights, strict=True)}
        shape = (plan.circuit.n_batch, times.size)
        self.weights = {n: np.empty((*shape, at.size)) for n, at in self.tracked.items()}
        self.states: dict[str, dict[str, NDArray]] = {}
        for m, name in enumerate(names):
            own = [s.name for s in plan.rules[m].states if s.name in recording.states] if m in plan.rules else []
            self.states[name] = {s: np.empty_like(self.weights[name]) for s in own}
        sizes = {p.name: p.size for p in plan.populations}
        self.variables = {n: np.empty((*shape, sizes[n.partition(".")[0]])) for n in recording.variables}
        self.loss = np.empty(shape)
        self.plastic = {p.name: w for p, w in zip(plan.circuit.projections, network.weights, strict=True) if p.rule}
        self.mean, self.std = ({n: np.empty(shape) for n in self.plastic} for _ in range(2))

    def note(self, row: int) -> None:
        """Note the present values."""
        for m, (name, at) in enumerate(self.tracked.items()):
            post, pre = np.unravel_index(at, self.network.weights[m].shape[1:])
            self.weights[name][:, row] = self.network.weights[m][:, post, pre]
            for state, values in self.states[name].items():
                values[:, row] = self._whole(m, state)[:, post, pre]
        index = {p.name: k for k, p in enumerate(self.plan.populations)}
        for name, values in self.variables.items():
            population, _, variable = name.partition(".")
            values[:, row] = self.network.local(index[population], RATE_VARIABLES[variable])
        self.loss[:, row] = self.network.loss if self.plan.circuit.has_targets else np.nan
        for name, w in self.plastic.items():
            with np.errstate(all="ignore"):
                for b, member in enumerate(w):
                    self.mean[name][b, row], self.std[name][b, row] = member.mean(), member.std()
        if self.file is not None:
            self.file.append(self.times[row], self.plastic)

    def _whole(self, m: int, state: str) -> NDArray:
        """State of all synapses (n_batch, n_post, n_pre); what neurons own is copied once per neuron."""
        return np.broadcast_to(present_state(self.plan, self.network, m, state), self.network.weights[m].shape)

    def run(self, seed: int, state: RunState) -> Run:
        """Everything that was noted, the final values, and the state from which a run goes on."""
        names = list(self.tracked)
        finals = {
            names[m]: {s.name: self._whole(m, s.name) for s in rule.states} for m, rule in self.plan.rules.items()
        }
        return Run(
            circuit=self.plan.circuit,
            seed=seed,
            dt=self.plan.dt,
            times=self.times,
            weights=self.weights,
            weight_mean=self.mean,
            weight_std=self.std,
            states=self.states,
            tracked=self.tracked,
            variables=self.variables,
            loss=self.loss,
            final=dict(zip(names, (w.copy() for w in self.network.weights), strict=True)),
            final_states=finals,
            final_rates={
                p.name: self.network.local(k, "post_rate").copy() for k, p in enumerate(self.plan.populations)
            },
            engine=ENGINE,
            state=state,
        )
