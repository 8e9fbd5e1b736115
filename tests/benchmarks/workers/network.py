"""The network of all workers: 4000 neurons that fire on their own, a million synapses with pair STDP among them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from circuits import Circuit

N, PROBABILITY, SEED, DT = 4000, 0.1, 1, 1e-4
WEIGHT = 1.62 * 0.02 / PROBABILITY  # mV; keeps the sum of the weights of Vogels & Abbott
W_MAX = 2 * WEIGHT
TAU_PLUS, TAU_MINUS = 16.8e-3, 33.7e-3  # s; Bi & Poo
A_PLUS = 0.005 * W_MAX
A_MINUS = 1.05 * A_PLUS * TAU_PLUS / TAU_MINUS  # depression wins by 5 % where spikes are independent


def circuit() -> Circuit:
    """Balanced network without inhibitory plasticity."""
    from circuits import load
    from plasticity.rules.pair_stdp import pair_stdp

    rule = replace(pair_stdp(A_PLUS, A_MINUS, TAU_PLUS, TAU_MINUS), bounds=(0.0, W_MAX))
    return load("balanced_ei")(N, rule, inhibition=None, probability_excitatory=PROBABILITY, weight=WEIGHT, seed=SEED)


def write_task(path: Path) -> int:
    """Write the same network as arrays; returns the number of plastic synapses."""
    made = circuit()
    excitatory, inhibitory = (made.population(name) for name in ("excitatory", "inhibitory"))
    values = {k: v for k, (v, _) in excitatory.neuron.parameters.items()}
    arrays = {
        f"{p.name}_{end}": np.asarray(neurons, dtype=np.int32)
        for p in made.projections
        for end, neurons in (("i", p.sources), ("j", p.targets))
    }
    np.savez(
        path,
        **arrays,
        **values,
        refractory=excitatory.neuron.refractory,
        n_excitatory=excitatory.size,
        n_inhibitory=inhibitory.size,
        v_start=np.concatenate([excitatory.neuron.initial["v"], inhibitory.neuron.initial["v"]]),
        delay=made.projection("ee").delay,
        dt=DT,
        w_start=WEIGHT,
        w_max=W_MAX,
        w_ei=float(np.mean(made.projection("ei").weight)),
        w_i=float(np.mean(made.projection("ie").weight)),
        a_plus=A_PLUS,
        a_minus=A_MINUS,
        tau_plus=TAU_PLUS,
        tau_minus=TAU_MINUS,
    )
    return made.projection("ee").n_synapses
