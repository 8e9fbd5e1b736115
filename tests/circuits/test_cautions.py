"""A run tells on standard error when nothing was learned, when weights diverge, and when a loss rose by much."""

import numpy as np
import pytest

from circuits import (
    Circuit,
    Phase,
    Population,
    Projection,
    RateUnit,
    Stimulus,
    load,
    poisson_source,
    run,
    two_compartment,
)
from plasticity import Controllability, InputError, NeuronVariable, Parameter, Rule, observe, rules, signals
from plasticity.feedback import FeedbackChannel
from plasticity.rules.gradient_descent import gradient_descent
from plasticity.rules.pair_stdp import pair_stdp
from plasticity.signals.exact_error import exact_error

TASK = {"patterns": np.eye(2), "targets": np.array([[1.0], [-1.0]]), "hold": 0.01}


def descending(rate, phases, **options):
    circuit = load("feedforward_rate")((2, 1), gradient_descent(rate), exact_error(), **TASK)
    return run(circuit, phases, dt=0.01, **options)


def test_a_loss_that_rises_is_announced_and_one_that_falls_is_not(capsys):
    """One weight per pattern: w ← w − dt·rate·(w − target)/2 per presentation diverges beyond dt·rate = 2."""
    ran = descending(220.0, 0.2, record_every=0.02)
    assert ran.loss[0, -1] > 2 * ran.loss[0, 1]
    assert f"the loss rose from {ran.loss[0, 1]:.3g} to {ran.loss[0, -1]:.3g} Hz²" in capsys.readouterr().err
    descending(20.0, 0.2, record_every=0.02)
    descending(220.0, [Phase(0.2, plastic=False, record_every=0.02)])
    assert capsys.readouterr().err == ""


def test_a_late_error_is_announced_twice(capsys):
    descending(100.0, 0.4, record_every=0.02, feedback=FeedbackChannel(delay=0.01))
    printed = capsys.readouterr().err
    assert "feedback is 0.01 s late" in printed
    assert "the loss rose" in printed


def test_a_silent_neuron_is_named(capsys):
    pairs = load("feedforward_spiking")([[0.01, 0.02]], pair_stdp(), weight=1e-3)
    run(pairs, 0.05, device="numpy")
    assert "no weight of 'synapses' changed" in (printed := capsys.readouterr().err)
    assert "'outputs' did not fire" in printed
    run(load("feedforward_spiking")([[0.01, 0.02]], pair_stdp(), weight=200.0), 0.05, device="numpy")
    run(pairs, [Phase(0.05, plastic=False)], device="numpy")
    assert capsys.readouterr().err == ""


def test_weights_that_diverge_are_announced(capsys):
    grown = Rule("growth", "Growth", "rate*w", parameters=(Parameter("rate", 200.0, "Hz"),))
    run(load("pairing")([[0.01]], [[0.02]], grown), 0.05, device="numpy")
    assert "grew from at most 1 to" in capsys.readouterr().err


RATE, VOLTAGE = Parameter("rate", 1.0, "Hz"), NeuronVariable("v", "post", "mV")
REFUSED = {
    "reads 'v' of its post neuron, but rate units have no variables of their own; read post_rate": Rule(
        "reader", "Reader", "rate*v_post", parameters=(RATE,), variables=(VOLTAGE,)
    ),
    "pre_psp .* use a spiking circuit": observe(rules.load("gradient_descent")(), signals.load("eprop")()),
    "events of a third factor, .* use a spiking circuit": rules.load("btsp_two_trace")(),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_rate_units_have_not_is_named_with_its_remedy(words):
    with pytest.raises(InputError, match=words):
        run(load("feedforward_rate")((2, 1), REFUSED[words], **TASK), 0.1, dt=0.01)


def layers(pre=None, post=None, **options):
    """Two inputs and an output that learn by pair STDP, if both are of one kind."""
    ends = pre or Population("a", neuron=RateUnit(), n=2), post or Population("b", neuron=RateUnit(), n=1)
    synapses = Projection("s", "a", "b", pair_stdp(), weight=np.ones((1, 2)), **options)
    return Circuit("mixed", ends, (synapses,), stimulus=Stimulus(np.eye(2), hold=0.01))


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("mixes rate units .* make all of one kind", {"pre": poisson_source("a", 20.0, n=2)}),
        ("mixes rate units .* make all of one kind", {"post": Population("b", neuron=two_compartment(), n=1)}),
        ("delay of 's' is for spiking circuits; leave it out", {"delay": np.full((1, 2), 1e-3)}),
        ("dendritic_delay of 's' is for spiking circuits; leave it out", {"dendritic_delay": 1e-3}),
        ("third_factor of 's' is for spiking circuits; leave it out", {"third_factor": "a"}),
    ],
)
def test_what_belongs_to_spikes_is_refused_in_a_circuit_of_rates(words, options):
    with pytest.raises(InputError, match=words):
        layers(**options)


@pytest.mark.parametrize("device", ["numpy", "cpp"])
def test_conserved_sums_are_the_same_on_either_device(device):
    """What one of two synapses gains the other loses."""
    final = run(layers(), 0.01, dt=1e-3, device=device, controllability=Controllability(conserved="incoming")).final[
        "s"
    ]
    assert final.sum() == pytest.approx(2.0, abs=1e-14)
    assert final[0, 0, 0] != final[0, 0, 1]
