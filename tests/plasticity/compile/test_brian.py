"""The Brian2 strings of a rule: what is event-driven, what needs a clock, units and refusals."""

import pytest
import sympy as sp

from plasticity import Objective, compile_rule, derive
from plasticity.compile.brian import brian_unit
from plasticity.errors import InputError
from plasticity.rule import WEIGHT, Parameter, Rule, Update
from plasticity.rules.bcm import bcm as bcm_rule
from plasticity.rules.oja import oja
from plasticity.rules.triplet_stdp import triplet_stdp
from plasticity.signals.bcm import bcm


def test_traces_are_event_driven_and_parameters_shared():
    model = compile_rule(triplet_stdp())
    assert model.is_event_driven
    assert "dpre_trace/dt = -pre_trace/tau_plus : 1 (event-driven)" in model.model
    assert "tau_plus : second (shared, constant)" in model.model
    assert model.parameters["tau_plus"] == (16.8e-3, "second")
    assert model.on_pre.splitlines()[0].startswith("w = ")  # the weight reads the traces before they jump


@pytest.mark.parametrize("rule", [oja(), bcm_rule()])
def test_nonlinear_flows_are_clock_driven_with_all_that_they_need(rule):
    model = compile_rule(rule)
    assert not model.is_event_driven
    assert model.method == "rk4"
    assert "event-driven" not in model.model


def test_a_signal_can_be_composed_on_the_way():
    model = compile_rule(derive(Objective(discount=sp.oo)), bcm())
    assert model.parameters["learning_rate"][1] == "second**2"
    assert model.parameters["threshold"][1] == "hertz"


def test_units_are_powers_of_the_second():
    assert [brian_unit(u) for u in ("1", "s", "s**2", "1/s", "Hz**3", "s*Hz")] == [
        "1",
        "second",
        "second**2",
        "hertz",
        "hertz**3",
        "1",
    ]
    with pytest.raises(InputError, match="unit 'volt'"):
        brian_unit("volt")


def test_report_says_the_cost_and_shows_the_equations():
    text = compile_rule(oja()).report()
    assert "every time step" in text
    assert "dw/dt = " in text
    assert "at spikes only" in compile_rule(triplet_stdp()).report()


def test_what_brian_cannot_run_is_refused():
    with pytest.raises(InputError, match="asks for gradient"):
        compile_rule(derive(Objective(discount=sp.oo)))
    with pytest.raises(InputError, match="clock ticks"):
        compile_rule(Rule("ticking", "ticking", events={"clock": (Update("w", WEIGHT / 2),)}))
    k, unknown = Parameter("k", 1.0, unit="Hz"), Parameter("k", None, unit="Hz")
    with pytest.raises(InputError, match="function that Brian2 does not have"):
        compile_rule(Rule("odd", "odd", k.symbol * sp.gamma(WEIGHT), parameters=(k,)))
    with pytest.raises(InputError, match="must be one number"):
        compile_rule(Rule("open", "open", unknown.symbol * WEIGHT, parameters=(unknown,)))
