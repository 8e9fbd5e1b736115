"""Brian2 against replay on random spike trains that share time steps."""

from dataclasses import replace

import numpy as np
import pytest

import circuits
from circuits import Circuit, Feedback, Population, Projection
from circuits.pairing import pairing
from circuits.running.run import choose_device
from plasticity import Controllability, compile_rule, replay, rules
from plasticity.belief import FadingMemory
from plasticity.errors import DivergedError, InputError, UnknownNameError
from plasticity.replay import final_weights
from plasticity.rules.bcm import bcm
from plasticity.rules.derived_bcm import derived_bcm
from plasticity.rules.oja import oja
from plasticity.rules.pair_stdp import pair_stdp
from plasticity.rules.triplet_stdp import triplet_stdp

FORGETFUL = FadingMemory(time_constant=0.5)


def event_driven_rules():
    """Rules of the catalogue that run on pre and post spikes alone, with their defaults."""
    for name in rules.names():
        rule = rules.load(name)()
        if not rule.inputs and set(rule.events) <= {"pre", "post"} and compile_rule(rule).is_event_driven:
            yield name, rule


EVENT_DRIVEN = {
    **dict(event_driven_rules()),
    "pair_nearest": pair_stdp(interaction="nearest_spike"),
    "triplet_full": triplet_stdp(A2_plus=1e-3, A3_minus=2e-3),
    "triplet_nearest": triplet_stdp(interaction="nearest_spike"),
    "derived_sliding": derived_bcm(threshold=FORGETFUL),
    "derived_curvature": derived_bcm(1e-3, discount=2.0, curvature_belief=FORGETFUL),
}


def trains(n_protocols=3, n=80, steps=2000, dt=1e-3, gap=20.0):
    """Random trains on the grid; about n²/steps steps hold a pre and a post spike. The last one starts late."""
    rng = np.random.default_rng(7)
    drawn = [np.sort(rng.choice(steps, n, replace=False)) * dt for _ in range(2 * n_protocols)]
    drawn[-1], drawn[n_protocols - 1] = drawn[-1] + gap, drawn[n_protocols - 1] + gap
    return drawn[:n_protocols], drawn[n_protocols:]


def test_the_trains_share_steps():
    pre, post = trains()
    assert all(np.intersect1d(np.round(a, 9), np.round(b, 9)).size > 0 for a, b in zip(pre, post, strict=True))


@pytest.mark.parametrize("rule", EVENT_DRIVEN.values(), ids=EVENT_DRIVEN)
def test_brian_gives_the_weights_of_replay(rule):
    pre, post = trains()
    result = circuits.run(pairing(pre, post, rule), 25.0, device="numpy")
    np.testing.assert_allclose(result.final["synapses"], final_weights(rule, pre, post)[0], rtol=1e-9)


@pytest.mark.parametrize(("method", "order", "dt"), [("euler", 1, 1e-3), ("rk4", 4, 4e-3)])
@pytest.mark.parametrize("make", [oja, bcm])
def test_nonlinear_rules_converge_to_replay_at_the_order_of_the_method(make, method, order, dt):
    rule, duration = make(), 0.24
    synapse = compile_rule(rule, method=method)
    pre, post = trains(n_protocols=1, n=15, steps=50, dt=4e-3, gap=0.0)
    exact = float(replay(rule, pre[0], post[0], duration=duration).weight[-1])
    coarse, fine = (
        circuits.run(pairing(pre, post, synapse), duration, dt=step, device="numpy").final["synapses"][0]
        for step in (dt, dt / 2)
    )
    assert np.log2((coarse - exact) / (fine - exact)) == pytest.approx(order, abs=0.25)


def test_skipped_gaps_change_nothing(monkeypatch):
    from circuits.spiking import numpy_device as _brian_numpy

    pre, post = trains(gap=3.0)
    circuit = pairing(pre, post, triplet_stdp())
    skipped = circuits.run(circuit, 6.0, device="numpy", record_every=0.1)
    monkeypatch.setattr(_brian_numpy, "_can_skip", lambda circuit: False)
    stepped = circuits.run(circuit, 6.0, device="numpy", record_every=0.1)
    np.testing.assert_allclose(skipped.final["synapses"], stepped.final["synapses"], rtol=1e-12)
    np.testing.assert_array_equal(skipped.times, stepped.times)
    np.testing.assert_allclose(skipped.weights["synapses"], stepped.weights["synapses"], rtol=1e-12)


def test_a_device_is_chosen_and_announced(monkeypatch, capsys):
    pre, post = trains()
    assert choose_device(pairing(pre, post, pair_stdp()), None) == "numpy"
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("circuits.running.run.compiler", lambda: None)
    assert choose_device(pairing(pre, post, oja()), None) == "numpy"
    assert "no C++ compiler found" in capsys.readouterr().err
    with pytest.raises(InputError, match="needs a C\\+\\+ compiler"):
        choose_device(pairing(pre, post, oja()), "cpp")
    with pytest.raises(UnknownNameError, match="did you mean 'numpy'"):
        circuits.run(pairing(pre, post, oja()), 0.1, device="numpi")


def test_bad_input_is_named():
    with pytest.raises(InputError, match=r"spike at 0.0105 s of pre\[0\] is off the grid"):
        circuits.run(pairing([[0.0105]], [[]], pair_stdp()), 1.0)
    with pytest.raises(InputError, match=r"spike at 2 s of post\[0\] is not before the end"):
        circuits.run(pairing([[0.1]], [[2.0]], pair_stdp()), 2.0)
    with pytest.raises(InputError, match="dt must be > 0 s"):
        circuits.run(pairing([[0.1]], [[0.2]], pair_stdp()), 1.0, dt=0)
    with pytest.raises(InputError, match="pre has 1 protocols, post has 0"):
        pairing([[0.1]], [], pair_stdp())
    with pytest.raises(InputError, match=r"pre\[0\] is out of order"):
        pairing([[0.2, 0.1]], [[]], pair_stdp())


def test_circuits_check_their_wiring():
    population = Population("cells", (np.array([0.1]),))
    synapse = compile_rule(pair_stdp())
    here = np.array([0])
    with pytest.raises(UnknownNameError, match="unknown population 'cell'; did you mean 'cells'"):
        Circuit("c", (population,), (Projection("s", "cell", "cells", synapse, here, here),))
    with pytest.raises(InputError, match="neurons outside 0…0"):
        Circuit("c", (population,), (Projection("s", "cells", "cells", synapse, here, here + 1),))
    with pytest.raises(InputError, match="two parts of one name"):
        Circuit("c", (population, population))
    with pytest.raises(InputError, match="'cells' has spike trains alone: it has no variables for feedback"):
        Circuit("c", (population,), feedback=(Feedback("errors", "cells", "error", "cells", "post_error"),))


def test_a_diverging_run_names_the_synapse():
    rule = derived_bcm(1e-4, discount=0, curvature_belief=FadingMemory(time_constant=1.0, initial=0.0))
    with np.errstate(all="ignore"), pytest.raises(DivergedError, match="w of synapse 0 of 'synapses'"):
        circuits.run(pairing([[0.1]], [[0.12]], rule), 0.2, record_every=0.05)


def test_strings_of_a_synapse_model_run_as_they_are():
    """Unlike its rule, it adds ½ at every pre spike; within limits of control its rule is compiled instead."""
    model = replace(compile_rule(pair_stdp(A_plus=0.0, A_minus=0.0)), on_pre="w = w + 0.5", on_post="")
    circuit = pairing([[0.01, 0.02, 0.05]], [[0.03]], model)
    assert circuits.run(circuit, 0.1, device="numpy").final["synapses"] == 2.5
    limits = Controllability(bounds=(0.0, 2.0))
    assert circuits.run(circuit, 0.1, device="numpy", controllability=limits).final["synapses"] == 1.0


def lists(rule):
    """Five neurons onto one, each of which fires at another time before it."""
    pre = tuple(np.array([0.01 + 1e-3 * k, 0.05]) for k in range(5))
    populations = Population("pre", pre), Population("post", (np.array([0.02, 0.055]),))
    ends = circuits.all_to_all("synapses", *populations, 1.0)
    return Circuit("lists", populations, (Projection(rule=rule, **ends),))


def test_a_parameter_may_have_a_value_for_every_synapse():
    amplitudes = np.linspace(1e-3, 1e-2, 5)
    circuit = lists(pair_stdp().with_parameters(A_plus=amplitudes))
    run = circuits.run(circuit, 0.1, 1e-3, device="numpy")
    trains = zip(amplitudes, circuit.population("pre").spike_times, strict=True)
    alone = [replay(pair_stdp(A_plus=a), pre, [0.02, 0.055]).weight[-1] for a, pre in trains]
    np.testing.assert_allclose(run.final["synapses"], alone, rtol=1e-12)
    assert repr(run).splitlines()[1:3] == [
        f"  synapses: 5 synapses, final weight {run.final['synapses'].mean():.4g} ± {run.final['synapses'].std():.4g}",
        "  pre: 10 spikes",
    ]
    with pytest.raises(InputError, match=r"A_plus of rule 'pair_stdp' has shape \(3,\), but 'synapses' has 5 synapses"):
        lists(pair_stdp().with_parameters(A_plus=amplitudes[:3]))
