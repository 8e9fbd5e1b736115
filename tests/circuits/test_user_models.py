"""A neuron of a user that is wrong is refused with its part and the reason, on both devices."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import circuits
from circuits import Circuit, NeuronModel, Population, Projection, all_to_all
from circuits.running.grid import Grid
from circuits.running.recording import Recording
from circuits.spiking.brian import brian
from circuits.spiking.model import describe
from plasticity import InputError, Parameter, Rule, State
from plasticity.rules.pair_stdp import pair_stdp

RIGHT = NeuronModel(
    "adaptive",
    "dv/dt = (a - v)/tau : 1\nda/dt = -a/(10*tau) : 1",
    threshold="v > 1",
    reset="v = 0\na -= 0.2",
    receptors={"current": "v_post += w"},
    parameters={"tau": (0.02, "second")},
)
INPUTS = Population("inputs", ([0.001], [0.002]))
OTHER = "da/dt = -a/(10*tau) : 1\ntau : second (shared, constant)"

WRONG = {  # what is changed, and the part and the reason that the message names
    "unknown name": ({"model": f"dv/dt = (a - q*v)/tau : 1\n{OTHER}"}, r"equations of 'cells'.*\"q\" could not be res"),
    "unknown function": (
        {"model": f"dv/dt = f(v)/tau : 1\n{OTHER}"},
        r"equations of 'cells'.*\"f\" could not be resol",
    ),
    "unit of a flow": ({"model": f"dv/dt = a - v : 1\n{OTHER}"}, "equations of 'cells'.*Inconsistent units.*'v'"),
    "parenthesis": ({"model": f"dv/dt = (a - v/tau : 1\n{OTHER}"}, "equations of 'cells'.*never closed"),
    "twice": ({"model": f"dv/dt = -v/tau : 1\nv = 2 : 1\n{OTHER}"}, "equations of 'cells': Duplicate definition"),
    "method": (
        {"model": f"dv/dt = (a - v**2)/tau : 1\n{OTHER}"},
        "integration method of 'cells'.*linear.*method='euler'",
    ),
    "method for noise": (
        {"model": f"dv/dt = -v/tau + 0.1*noise(t, i)/sqrt(dt*tau) : 1\n{OTHER}"},
        "integration method of 'cells'.*noise.*method='euler'",
    ),
    "unit of a threshold": ({"threshold": "v > tau"}, "threshold of 'cells'.*different units"),
    "name in a threshold": ({"threshold": "v > q"}, r"threshold of 'cells'.*\"q\" could not be resolved"),
    "name in a reset": ({"reset": "v = q"}, r"reset of 'cells'.*\"q\" could not be resolved"),
    "unit of a reset": ({"reset": "v = tau"}, "reset of 'cells'.*expected unit 1"),
    "no statement": ({"reset": "v 0"}, "reset of 'cells'.*Parsing the statement failed"),
    "every step": ({"every_step": "v = 2*second"}, "every_step of 'cells'.*expected unit 1"),
    "unit of a receptor": ({"receptors": {"current": "v_post += w*volt"}}, "presynaptic spikes of 'synapses'.*unit"),
}


def circuit(model):
    cells = Population("cells", neuron=model, n=3)
    wiring = all_to_all("synapses", INPUTS, cells, 0.06)
    return Circuit("mine", (INPUTS, cells), (Projection(rule=pair_stdp(), receptor="current", **wiring),))


@pytest.mark.parametrize(("changes", "message"), WRONG.values(), ids=WRONG)
def test_equations_that_brian_refuses_are_named(changes, message):
    with pytest.raises(InputError, match=message):
        circuits.run(circuit(replace(RIGHT, **changes)), 0.01, device="numpy")


@pytest.mark.parametrize("case", ["unknown name", "no statement", "unit of a receptor"])
def test_the_compiled_engine_names_them_too(case, tmp_path):
    changes, message = WRONG[case]
    structure, _ = describe(circuit(replace(RIGHT, **changes)), Grid(1e-3, 0.01), Recording())
    with brian():
        from circuits.spiking.cpp_device import write_program

        with pytest.raises(InputError, match=message):
            write_program(structure, Path(tmp_path) / "program")
    assert circuits.run(circuit(RIGHT), 0.01, device="numpy").counts["cells"].sum() == 0  # Brian2 is as it was


@pytest.mark.parametrize("part", ["reset", "every_step", "on_prescribed_spike"])
def test_an_assignment_without_effect_is_refused(part):
    with pytest.raises(InputError, match="assigns 'z' in 'z = 0', which is no variable"):
        replace(RIGHT, **{part: "z = 0"})
    assert "z = 0" in getattr(replace(RIGHT, **{part: "z = 0; v = z"}), part)  # a name for a part of a statement


def test_a_receptor_acts_on_a_variable():
    with pytest.raises(InputError, match="assigns 'z_post' in .* declare it in model, such as 'z : 1'"):
        replace(RIGHT, receptors={"current": "z_post += w"})


def test_a_parameter_has_one_unit():
    with pytest.raises(InputError, match="'tau' of neuron 'm' is in ms, but its equations declare second"):
        NeuronModel("m", "dv/dt = -v/tau : 1\ntau : second (constant)", parameters={"tau": (20.0, "ms")})


def test_initial_values_fit_the_number_of_neurons():
    with pytest.raises(InputError, match=r"initial v of 'cells' has shape \(2,\); .* each of 3"):
        Population("cells", neuron=replace(RIGHT, initial={"v": [0.1, 0.2]}), n=3)


def test_neurons_without_a_threshold_start_nothing():
    silent = Population("silent", neuron=replace(RIGHT, threshold="", reset=""), n=2)
    with pytest.raises(InputError, match="'synapses' starts in 'silent', whose neurons have no threshold"):
        Circuit("c", (silent, INPUTS), (Projection(**all_to_all("synapses", silent, INPUTS, 1.0)),))
    with pytest.raises(InputError, match="waits for spikes in 'silent'"):
        Circuit("c", (INPUTS, silent), (Projection(rule=pair_stdp(), **all_to_all("s", INPUTS, silent, 1.0)),))


def test_trains_may_be_lists():
    run = circuits.run(Circuit("c", (INPUTS,)), 0.01, record=("inputs",))
    np.testing.assert_array_equal(run.counts["inputs"], [1, 1])


@pytest.mark.parametrize(
    ("trains", "message"),
    [
        ([0.001, 0.002], "must be a train of spike times .* for each neuron.*one neuron has .times."),
        (([0.002, 0.001],), r"spike_times of 'inputs'\[0\] is out of order"),
        (([-0.1],), "finite and >= 0 s"),
        ("0.1", "must be a train"),
        (0.1, "must be a train"),
    ],
)
def test_what_is_no_train_is_refused(trains, message):
    with pytest.raises(InputError, match=message):
        Population("inputs", trains)


@pytest.mark.parametrize("where", ["state", "parameter"])
def test_a_rule_and_its_neuron_do_not_use_one_name(where):
    """Either in the equations of the neuron or among its parameters."""
    state, parameter = ("a", "speed") if where == "state" else ("x", "tau")
    rule = Rule(
        "mine",
        "mine",
        states=(State(state, f"-{state}*{parameter}"),),
        parameters=(Parameter(parameter, 1.0, "Hz", ""),),
    )
    named = "a" if where == "state" else "tau"
    cells = Population("cells", neuron=RIGHT, n=3)
    message = rf"rule 'mine' of projection 's' defines '{named}', and so does neuron 'adaptive' of population 'cells'"
    with pytest.raises(InputError, match=message):
        Circuit("c", (INPUTS, cells), (Projection(rule=rule, **all_to_all("s", INPUTS, cells, 1.0)),))
