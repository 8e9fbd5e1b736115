"""Account of a rule: what is local, what a third factor, when it acts, what it costs."""

import numpy as np
import pytest
import sympy as sp

from plasticity import Objective, compile_rule, derive, observe, rules
from plasticity.belief import FadingMemory
from plasticity.local import LOCALS
from plasticity.pages.card import card
from plasticity.pages.report import cost, report, terms
from plasticity.rule import WEIGHT
from plasticity.rules.oja import oja
from plasticity.rules.pair_stdp import pair_stdp
from plasticity.rules.triplet_stdp import triplet_stdp
from plasticity.signals.bcm import bcm
from plasticity.signals.exact_error import exact_error
from plasticity.signals.node_perturbation import node_perturbation

SHORT = derive(Objective(discount=sp.oo))
ERROR = observe(SHORT, exact_error())
TICKING = observe(rules.load("adam")(), exact_error())


@pytest.mark.parametrize("name", rules.names())
def test_the_terms_add_up_to_the_rule(name):
    """Nothing is lost or counted twice: the sum over each flow and each jump is that flow or jump."""
    rule = rules.load(name)()
    every = terms(rule)
    flows = {WEIGHT.name: rule.weight_flow} | {s.name: s.flow for s in rule.states}
    for variable, flow in flows.items():
        found = sum(
            t.expression for t in every if t.variable == variable and t.when in ("every time step", "exact at events")
        )
        assert sp.simplify(found - flow) == 0
    for event, updates in rule.events.items():
        label = {"pre": "pre spike", "post": "post spike"}.get(event)
        if label is None or len({u.target for u in updates}) < len(updates):
            continue
        for update in updates:
            target = next((s.symbol for s in rule.states if s.name == update.target), WEIGHT)
            found = sum(t.expression for t in every if (t.variable, t.when) == (update.target, label))
            assert sp.simplify(found - (update.expression - target)) == 0


def test_spike_timing_rules_are_local_and_cheap():
    for rule in (pair_stdp(), triplet_stdp()):
        assert all(t.is_local for t in terms(rule))
        assert cost(rule).rank == 0
        assert set(cost(rule).per_event) == {"pre", "post"}
        assert "all terms are local" in report(rule)


def test_an_error_or_a_loss_from_elsewhere_is_a_third_factor():
    (term,) = terms(ERROR)
    assert not term.is_local
    assert term.sources == ("post_error", "pre neuron")
    assert LOCALS["post_error"].meaning in report(ERROR)
    (term,) = terms(observe(SHORT, node_perturbation()))
    assert term.sources == ("loss_difference", "post neuron", "pre neuron")


def test_a_gradient_without_a_signal_comes_from_outside():
    (term,) = terms(SHORT)
    assert term.sources == ("gradient from a signal or a landscape",)
    assert not term.is_local
    assert term.verdict == "as the signal"
    assert "1 of 1 terms need what a signal must provide: gradient" in report(SHORT)


def test_objectives_of_rates_need_no_third_factor():
    assert all(t.is_local for t in terms(observe(SHORT, bcm())))


def test_cost_classes():
    """What jumps at spikes only, what ticks, what flows in a way that has to be followed."""
    ticking = pair_stdp()
    assert cost(ticking).rank == 0
    assert cost(rules.load("adam")()).rank == 1
    assert cost(TICKING).rank == 2  # the gradient must be collected between ticks
    assert cost(oja()).rank == 2
    assert [cost(r).rank for r in (ERROR, SHORT)] == [2, 2]
    assert "clock tick (1 s)" in report(TICKING)


def test_variables_are_weight_states_the_time_of_the_last_event_and_own_parameters():
    """One double each; pair STDP stores 4, a rule that follows every step needs no time of the last event."""
    assert cost(pair_stdp()).bytes == 32
    assert cost(oja()).variables == ("w", "pre_trace", "post_trace")
    belief = observe(derive(Objective(sp.oo), FadingMemory(time_constant=1.0)), exact_error())
    assert cost(belief).variables == ("w", "belief_mean")
    assert cost(pair_stdp().with_parameters(A_plus=np.full(3, 0.1))).bytes == 40


def test_operations_are_counted_by_hand():
    """w − A_minus·post_trace and pre_trace + 1: one product and two sums, at either spike."""
    assert cost(pair_stdp()).per_event == {"pre": 3, "post": 3}
    assert cost(ERROR).per_event == {"step": 2}


def test_the_model_reports_its_strings_too():
    text = compile_rule(pair_stdp()).report()
    assert text.startswith(report(pair_stdp()))
    assert "on_pre\n```\nw = " in text
    assert "on_clock" not in text
    assert compile_rule(pair_stdp()).n_variables == 4


@pytest.mark.parametrize("rule", [pair_stdp(), triplet_stdp(), oja()], ids=lambda r: r.name)
def test_brian_stores_what_the_report_says(rule, monkeypatch):
    """Arrays of doubles with one number per synapse in a Brian2 object, without delays (newer versions keep them)."""
    brian2 = pytest.importorskip("brian2")
    brian2.BrianLogger.suppress_name("unused_brian_object")
    monkeypatch.setitem(brian2.prefs, "codegen.target", "numpy")
    model = compile_rule(rule)
    group = brian2.NeuronGroup(3, "v : 1", threshold="v > 1", reset="", name=f"cells_{rule.name}")
    synapses = brian2.Synapses(
        group,
        group,
        model.model,
        on_pre=model.on_pre,
        on_post=model.on_post,
        method=model.method or "exact",
        namespace={},
    )
    synapses.connect()
    kinds = brian2.core.variables.ArrayVariable
    arrays = [v.get_value() for n, v in synapses.variables.items() if isinstance(v, kinds) and "delay" not in n]
    assert sum(a.nbytes for a in arrays if a.shape == (9,) and a.dtype == float) == 9 * cost(rule).bytes


@pytest.mark.parametrize("format", ["markdown", "latex", "text"])
def test_the_card_says_it_too(format):
    text = card(ERROR, format)
    assert "Cost per synapse" in text
    assert "1 of 1 terms need a third factor" in text
