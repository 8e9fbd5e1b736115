"""Random numbers of Brian2, which no seed of a run determines on every device, are refused by name."""

from dataclasses import replace

import pytest

from circuits import NeuronModel, Projection, escape_rate
from plasticity import compile_rule, rules
from plasticity.errors import InputError

EQUATIONS = {
    "xi": {"model": "dv/dt = -v/tau + sigma*xi : 1"},
    "xi_2": {"model": "dv/dt = -v/tau + sigma*xi_2 : 1"},
    "randn": {"every_step": "v += randn()"},
    "rand": {"threshold": "rand() < 0.1"},
    "poisson": {"reset": "v = poisson(2)"},
}


@pytest.mark.parametrize("word", EQUATIONS)
def test_random_numbers_without_a_seed_are_refused_by_name(word):
    with pytest.raises(InputError, match=rf"uses {word}, .*draw\(t, i\)"):
        NeuronModel(**{"name": "noisy", "model": "dv/dt = -v/tau : 1"} | EQUATIONS[word])


def test_a_synapse_that_draws_is_refused():
    model = compile_rule(rules.pair_stdp())
    with pytest.raises(InputError, match="uses rand"):
        Projection("p", "a", "b", replace(model, on_pre=model.on_pre + "\nw += rand()"))


def test_names_that_contain_the_words_are_free_and_seeded_draws_are_used():
    NeuronModel("plain", "dv/dt = -v/tau_random : 1\nrand_state : 1\nmaxima : 1")
    assert "draw(t, i)" in escape_rate().threshold
