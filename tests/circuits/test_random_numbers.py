"""Random numbers of Brian2, which no seed of a run determines on every device, are refused by name."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import stats

import circuits
from circuits import NeuronModel, Projection, escape_rate
from plasticity import compile_rule, rules
from plasticity.errors import InputError
from plasticity.support.streams import Counted
from tests.error_bounds import FALSE_ALARMS, variance_error, z

OU = NeuronModel(
    "ornstein_uhlenbeck",
    "dv/dt = -v/tau + sigma*noise(t, i)/sqrt(dt) : 1\nsigma : second**-0.5 (shared, constant)",
    parameters={"tau": (0.02, "second"), "sigma": (3.0, "second**-0.5")},
    method="euler",
)
EQUATIONS = {
    "xi": {"model": "dv/dt = -v/tau + sigma*xi : 1"},
    "xi_2": {"model": "dv/dt = -v/tau + sigma*xi_2 : 1"},
    "randn": {"every_step": "v += randn()"},
    "rand": {"threshold": "rand() < 0.1"},
    "poisson": {"reset": "v = poisson(2)"},
}


@pytest.mark.parametrize("word", EQUATIONS)
def test_random_numbers_without_a_seed_are_refused_by_name(word):
    with pytest.raises(InputError, match=rf"uses {word}, .*draw\(t, i\).*noise\(t, i\)"):
        NeuronModel(**{"name": "noisy", "model": "dv/dt = -v/tau : 1"} | EQUATIONS[word])


def test_a_synapse_that_draws_is_refused():
    model = compile_rule(rules.pair_stdp())
    with pytest.raises(InputError, match="uses rand"):
        Projection("p", "a", "b", replace(model, on_pre=model.on_pre + "\nw += rand()"))


def test_noise_in_equations_has_the_variance_of_its_process(random):
    """Euler's step of an Ornstein–Uhlenbeck process has the variance σ²τ/(2 − dt/τ); records are 5 τ apart."""
    circuit = circuits.Circuit("noise", (circuits.Population("cells", neuron=OU, n=500),))
    run = circuits.run(circuit, 2.0, device="numpy", record=("cells.v",), record_every=0.1, seed=random.integers(2**31))
    v = run.variables["cells.v"][2:].ravel()
    variance = 9.0 * 0.02 / (2 - 1e-3 / 0.02)
    assert abs(v.mean()) < z() * np.sqrt(variance / v.size) * 1.01  # numbers that are exp(-5) correlated
    assert abs(v.var() / variance - 1) < variance_error(0.99 * v.size)
    again = circuits.run(
        circuit, 2.0, device="numpy", record=("cells.v",), record_every=0.1, seed=random.integers(2**31)
    )
    assert np.abs(again.variables["cells.v"][2:] - run.variables["cells.v"][2:]).min() > 0


def test_numbers_of_a_place_do_not_depend_on_who_else_draws(random):
    """They are words of Philox4x64-10, here as in NumPy, which counts on from a block to the next."""
    draw = Counted(int(random.integers(2**31)), "cells/draw", 0, 1e-3)
    whole = np.random.Generator(np.random.Philox(key=draw.key, counter=[0, 7, 0, 0])).random(10)
    assert_array_equal(draw(0.007, np.arange(10)), whole)
    assert_array_equal(draw(0.007, np.array([9, 3])), whole[[9, 3]])
    normal = replace(draw, kind=1)(0.007, np.arange(200_000))
    assert abs(normal.mean()) < z() * 200_000**-0.5
    assert abs(normal.var() - 1) < variance_error(199_999)
    assert abs((normal[1:] * normal[:-1]).mean()) < z() * 199_999**-0.5
    assert stats.kstest(normal, "norm").pvalue > FALSE_ALARMS


def test_names_that_contain_the_words_are_free_and_seeded_draws_are_used():
    NeuronModel("plain", "dv/dt = -v/tau_random : 1\nrand_state : 1\nmaxima : 1")
    assert "draw(t, i)" in escape_rate().threshold
