"""Exported NESTML by an interpreter of its text against replay, and what is refused; NEST itself: tests/conformance."""

import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

from plasticity import Parameter, Rule, State, Update, compile_rule, rules, signals
from plasticity.compile.nestml import number
from plasticity.errors import InputError
from plasticity.export.nestml import nestml
from plasticity.replay import replay
from plasticity.rule import WEIGHT
from tests.conformance import exported
from tests.oracles import nestml_text

DELAYS = (0.1, 1.0, 3.7)  # ms


def test_what_is_exported():
    """Rules without a flow of the weight or with one that is solved; the others are refused in words."""
    labels = set(exported.labels())
    assert {"pair_stdp", "triplet_stdp nearest_spike", "sliding_bcm", "clopath_voltage", "bcm"} <= labels
    assert {f"{rule}+bcm" for rule in ("gradient_descent", "natural_gradient", "polyak", "weight_decay")} <= labels
    assert {"reward_stdp", "derived_plateau", "adam+bcm", "rmsprop+homeostasis"} <= labels
    assert not {"oja", "adam+plateau", "graupner_calcium", "btsp_two_trace"} & labels


def test_the_texts_have_the_weights_of_replay():
    """Every rule, at three delays, with coincidences at the synapse and a silence in which exponentials overflow."""
    wrong = {}
    for label in exported.labels():
        rule = exported.rule(label)
        text = nestml(rule)[f"{exported.synapse(label)}.nestml"]
        for k, delay in enumerate(DELAYS):
            a_case = exported.case(label, delay, *exported.trains(k, delay, 20.0))
            dataset = exported.replayed(label, a_case)
            trains = a_case["pre"], a_case["post"], delay, a_case["transmitter"] or ()
            difference = nestml_text.weight(text, *trains, a_case["until"]) - float(dataset.weight[-1])
            if not abs(difference) < 1e-9 * exported.span(dataset):
                wrong[label, delay] = difference
    assert wrong == {}


def test_bounds_hold_after_every_change():
    rule = rules.polyak().with_signal(signals.bcm()).with_bounds(0.9, 1.2)
    pre, post = exported.trains(0, 1.0, 20.0)
    dataset = replay(rule, pre / 1e3, post / 1e3, duration=pre[-1] / 1e3, dendritic_delay=1e-3)
    assert {0.9, 1.2} <= set(dataset.weight.values)
    text = nestml(rule)["polyak_bcm_synapse.nestml"]
    assert nestml_text.weight(text, pre, post, 1.0) == pytest.approx(float(dataset.weight[-1]), abs=1e-9)
    above = nestml(rule.with_bounds(0.9, np.inf))["polyak_bcm_synapse.nestml"]
    assert nestml_text.weight(above, pre, post, 1.0) > 1.2


def test_pre_comes_first_at_a_coincidence():
    """One pair at a lag of 0: A_plus for pre first, −A_minus for post first, as NEST has it."""
    rule = rules.pair_stdp()
    text = nestml(rule)["pair_stdp_synapse.nestml"]
    assert nestml_text.weight(text, [11.0, 1e5], [10.0], 1.0) - 1 == pytest.approx(rule.values["A_plus"], abs=1e-12)


def test_all_states_stay_in_the_synapse():
    for label in exported.labels():
        files, name = nestml(exported.rule(label)), exported.synapse(label)
        states = nestml_text.declared(nestml_text.blocks(files[f"{name}.nestml"])["state"])
        assert set(json.loads(files[f"{name}.json"])["strictly_synaptic_vars"]) == set(states)


def test_numbers_survive_how_nestml_writes_them():
    """It writes nine digits and then takes away zeros, also those of an exponent: 1e-10 becomes 1.0e-1."""

    def written(literal):
        plain = literal.group()
        return plain if plain.isdigit() else f"{float(plain):#.9g}".rstrip("0")

    random = np.random.default_rng(3)
    values = [*random.normal(size=50), *10.0 ** random.uniform(-30, 30, 50), 1e-10, 1e20, 5e-300, 0.1, 1 / 3, 0.0]
    for value in values:
        again = eval(re.sub(r"[0-9][0-9.]*(e[+-]?[0-9]+)?", written, number(float(value))))
        assert again == pytest.approx(value, rel=4e-16, abs=0)


def test_the_files_and_their_neuron():
    model = compile_rule(rules.pair_stdp())
    own = model.to_nestml()
    assert list(own) == ["pair_stdp_synapse.nestml", "pair_stdp_synapse.json", "build_nest.py", "lif_neuron.nestml"]
    theirs = model.to_nestml("iaf_psc_exp_neuron")
    assert "lif_neuron.nestml" not in theirs
    assert json.loads(theirs["pair_stdp_synapse.json"])["neuron"] == "iaf_psc_exp_neuron"
    compile(own["build_nest.py"], "build_nest.py", "exec")


def flowing(flow, *states):
    rate = Parameter("rate", 2.0, unit="Hz")
    return Rule("flowing", "Flowing", weight_flow=flow, states=states, parameters=(rate, Parameter("quick", 4.0, "Hz")))


def test_what_nestml_cannot_say_is_refused_by_name():
    x, y, rate, quick = sp.symbols("x y rate quick")
    pair = rules.pair_stdp()
    refused = {
        "a third factor and a clock": rules.adam().with_signal(signals.plateau()),
        "some time after a pre spike": rules.graupner_calcium(),
        "it reads gradient": rules.gradient_descent(),
        "post_error, which spikes do not provide": rules.gradient_descent().with_signal(signals.exact_error()),
        "not linear in w": rules.oja(),
        "x and y in rule 'flowing' has no closed form: they drive": flowing(
            rate * x, State("x", -rate * y), State("y", rate * x)
        ),
        "two rates are equal, -quick + 2*rate = 0": flowing(
            rate * x, State("x", -2 * rate * x + rate * y), State("y", -quick * y)
        ),
        "A_plus of rule 'pair_stdp' must be one number": pair.with_parameters(A_plus=np.array([0.1, 0.2])),
        "defines 'state', a word or unit of NESTML": Rule("r", "R", parameters=(Parameter("state", 1.0),)),
        "defines 'kHz', a word or unit of NESTML": Rule("r", "R", parameters=(Parameter("kHz", 1.0),)),
        "it uses asin": Rule("r", "R", events={"pre": (Update("w", sp.asin(WEIGHT)),)}),
    }
    for words, rule in refused.items():
        with pytest.raises(InputError) as raised:
            nestml(rule)
        assert words in str(raised.value)
    with pytest.raises(InputError, match="neuron must be the name"):
        nestml(pair, neuron="../neuron")


def test_functions_and_powers_of_units():
    """Heaviside, min and max, exponentials and a root of a quantity with a unit, in the events."""
    rate, tau = Parameter("rate", 3.0, unit="Hz"), Parameter("tau", 0.02, unit="s")
    trace = sp.Symbol("trace", real=True)
    change = sp.sqrt(rate.symbol**2 * trace + 1 / tau.symbol**2) * tau.symbol * sp.Heaviside(trace - sp.Rational(1, 3))
    more = sp.Max(0, sp.Min(trace, sp.Float("0.123456789012"))) * sp.exp(-trace) + sp.log(1 + trace) ** 2
    rule = Rule(
        "functions",
        "Functions",
        states=(State("trace", -trace / tau.symbol),),
        events={
            "pre": (Update("w", WEIGHT + change / 100),),
            "post": (Update("trace", trace + 1), Update("w", WEIGHT + more)),
        },
        parameters=(rate, tau),
    )
    pre, post = exported.trains(1, 1.0, 5.0)
    found = nestml_text.weight(nestml(rule)["functions_synapse.nestml"], pre, post, 1.0)
    dataset = replay(rule, pre / 1e3, post / 1e3, duration=pre[-1] / 1e3, dendritic_delay=1e-3)
    assert found == pytest.approx(float(dataset.weight[-1]), rel=1e-12)
    assert math.isfinite(found)
    assert found != replay(replace(rule, events={}), pre / 1e3, post / 1e3).weight[-1]
