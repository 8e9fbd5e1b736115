"""The balanced network: irregular firing at its known rate, or at the target rate of homeostasis."""

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

import circuits
from circuits.balanced_ei import balanced_ei
from circuits.running.limits import controlled
from plasticity import Objective, derive, observe
from plasticity.errors import InputError
from plasticity.rules.pair_stdp import pair_stdp
from plasticity.signals.homeostasis import homeostasis
from tests.error_bounds import counts


def fast_homeostasis(target):
    rule = observe(derive(Objective(sp.oo, plasticity=0.15)), homeostasis(target))
    return replace(rule, bounds=(0.0, 100.0))


def rates(result, duration):
    """Mean rate of excitatory neurons in the first and in the last half second."""
    times = result.spikes["excitatory"][0]
    return [np.sum((times >= a) & (times < a + 0.5)) / 400 / 0.5 for a in (0.0, duration - 0.5)]


def test_it_fires_slowly_and_irregularly_by_itself():
    """About 5 Hz (Vogels & Abbott give 5 to 10 Hz), with intervals that vary as those of a random process."""
    circuit = balanced_ei(500, inhibition=None, probability=0.2, seed=1)
    result = circuits.run(circuit, 1.0, 1e-3, "numpy", record=("excitatory",))
    for name in ("excitatory", "inhibitory"):
        assert 2 < result.counts[name].mean() < 10
    times, neurons = result.spikes["excitatory"]
    gaps = np.concatenate([np.diff(times[neurons == k]) for k in range(400)])
    assert 0.4 < gaps.std() / gaps.mean() < 1.5


def test_homeostasis_moves_the_rate_towards_its_target():
    """After 2 s 3.8 ± 0.3 Hz over networks for a target of 3 Hz, 9.0 ± 0.6 Hz for one of 12 Hz; 5 sd are allowed."""
    final = []
    for target in (3.0, 12.0):
        circuit = balanced_ei(500, inhibition=fast_homeostasis(target), probability=0.2, seed=1)
        final.append(rates(circuits.run(circuit, 2.0, 1e-3, "numpy", record=("excitatory",)), 2.0)[1])
    assert final[0] < 5.2
    assert final[1] > 6.2


def test_it_takes_rules_and_counts_its_synapses():
    circuit = balanced_ei(300, pair_stdp(), probability=0.1, seed=2)
    assert [p.name for p in circuit.plastic] == ["ee", "ie"]
    assert [circuit.population(n).size for n in ("excitatory", "inhibitory")] == [240, 60]
    ee = circuit.projection("ee")
    low, high = counts(240 * 239, 0.1)
    assert low <= ee.n_synapses <= high
    assert (ee.sources != ee.targets).all()
    result = circuits.run(circuit, 0.2, 1e-3, "numpy")
    assert np.ptp(result.final["ee"]) > 0
    again = balanced_ei(300, pair_stdp(), probability=0.1, seed=2).projection("ee")
    np.testing.assert_array_equal(again.targets, ee.targets)
    other = balanced_ei(300, pair_stdp(), probability=0.1, seed=3).projection("ee")
    assert other.n_synapses != ee.n_synapses or (other.targets != ee.targets).any()


def test_bad_input_is_named():
    with pytest.raises(InputError, match="probability of 'ee' must be <= 1"):
        balanced_ei(100, probability=1.5)
    with pytest.raises(InputError, match="delay of 'ee' is 0.0015 s, no multiple of dt = 0.001 s"):
        circuits.run(balanced_ei(100, probability=0.2, delay=1.5e-3), 0.1, 1e-3, "numpy")


@pytest.mark.parametrize("n", [50, 300, 4000])
def test_its_own_weights_are_within_the_bounds_of_its_own_rule(n):
    circuit = controlled(balanced_ei(n), None)  # refuses weights outside the bounds
    low, high = circuit.rules["ie"].bounds
    assert (low, high / np.max(circuit.projection("ie").weight)) == (0.0, pytest.approx(100 / 9))
