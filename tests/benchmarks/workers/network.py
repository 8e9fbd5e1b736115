"""The network of all workers: 4000 neurons that fire on their own, a million synapses with pair STDP among them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from circuits import Circuit

N, PROBABILITY, SEED, DT = 4000, 0.1, 1, 1e-4
TAU_PLUS, TAU_MINUS = 16.8e-3, 33.7e-3  # s; Bi & Poo
DEPRESSION = 1.05 * TAU_PLUS / TAU_MINUS  # wins by 5 % where spikes are independent


def weight(n: int) -> float:
    """Weight at the start [mV], half of the largest; keeps the sum of the weights of Vogels & Abbott."""
    return 1.62 * 0.02 / PROBABILITY * N / n


def circuit(n: int = N) -> Circuit:
    """Balanced network of n neurons without inhibitory plasticity."""
    from circuits import load
    from plasticity.rules.pair_stdp import pair_stdp

    w_max = 2 * weight(n)
    a_plus = 0.005 * w_max
    rule = replace(pair_stdp(a_plus, DEPRESSION * a_plus, TAU_PLUS, TAU_MINUS), bounds=(0.0, w_max))
    return load("balanced_ei")(
        n, rule, inhibition=None, probability_excitatory=PROBABILITY, weight=weight(n), seed=SEED
    )


def write_task(path: Path, n: int = N) -> int:
    """Write the same network as arrays; returns the number of plastic synapses."""
    made = circuit(n)
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
        w_start=weight(n),
        w_max=2 * weight(n),
        w_ei=float(np.mean(made.projection("ei").weight)),
        w_i=float(np.mean(made.projection("ie").weight)),
        a_plus=0.01 * weight(n),
        a_minus=DEPRESSION * 0.01 * weight(n),
        tau_plus=TAU_PLUS,
        tau_minus=TAU_MINUS,
    )
    return made.projection("ee").n_synapses
