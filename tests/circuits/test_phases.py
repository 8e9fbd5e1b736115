"""Phases and states: a run that is cut is the run as a whole, what is frozen stands still, and nothing else does."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from circuits import Phase, Stimulus, as_dataset, load, read_state, run, run_arguments, write_state
from plasticity import Controllability, FeedbackChannel, observe, rules, signals
from plasticity.dataset import read, write
from plasticity.errors import DivergedError, InputError, UnknownNameError

DT = 0.01
ADAM = observe(rules.adam(0.01), signals.exact_error())
DISTURBED = FeedbackChannel(noise=0.3, delay=0.05, sparsity=0.2)
feedforward, recurrent = load("feedforward_rate"), load("recurrent_rate")


def patterns(n, size, seed):
    return np.random.default_rng(seed).random((n, size))


def layers(rule, signal=None, **options):
    return feedforward(
        (4, 6, 2), rule, signal, patterns=patterns(5, 4, 0), targets=patterns(5, 2, 1), **{"seed": 2, **options}
    )


def ring(rule=None, **options):
    rule = rules.oja(1.0) if rule is None else rule
    return recurrent(6, rule, tau=0.05, patterns=patterns(3, 6, 3), hold=0.1, **options)


RATE = {
    "gradient": (lambda: layers(rules.gradient_descent(0.5), signals.exact_error(), n_batch=2), {}),
    "belief on a clock": (lambda: layers(ADAM.with_parameters(clock_step=0.07)), {}),
    "disturbed": (
        lambda: layers(rules.gradient_descent(0.5), signals.random_feedback(), n_batch=2),
        {"feedback": DISTURBED, "controllability": Controllability(rank=3, drift=-0.1)},
    ),
    "perturbed": (lambda: layers(rules.gradient_descent(0.5), signals.node_perturbation()), {"feedback": DISTURBED}),
    "recurrent": (ring, {}),
}


def assert_same_state(a, b):
    assert set(a) == set(b)
    assert a.step == b.step
    for name in a:
        assert_array_equal(a[name], b[name], err_msg=name)


@pytest.mark.parametrize("choice", RATE)
@pytest.mark.parametrize("cut", [0.01, 0.37, 0.5])
def test_a_run_that_is_cut_is_the_whole_run(choice, cut, tmp_path):
    """To the last bit, also through a file, and whatever is recorded."""
    make, options = RATE[choice]
    options = {"dt": DT, "seed": 4, **options}
    whole = run(make(), 1.0, record_every=0.09, **options)
    one = run(make(), cut, **options)
    goes_on = options | {"seed": None, "start": read_state(write_state(one.state, tmp_path / "state.nc"))}
    two = run(make(), 1.0 - cut, **goes_on)
    assert two.seed == 4
    assert_same_state(two.state, whole.state)
    phases = run(make(), [Phase(cut), Phase(1.0 - cut, record_every=0.01)], **options)
    assert_same_state(phases[1].state, whole.state)
    for name, final in whole.final.items():
        assert_array_equal(two.final[name], final)


def test_a_phase_with_other_stimuli_is_a_run_that_starts_with_its_weights():
    """Without time constants the weights are all that the phase before leaves."""
    shown = Stimulus(patterns(3, 4, 7), patterns(3, 2, 8), hold=0.04)
    first, second = run(
        layers(rules.gradient_descent(0.5), signals.exact_error()),
        [Phase(0.33), Phase(0.5, stimuli=shown, record_every=0.1)],
        dt=DT,
    )
    weights = [first.final["layer_1"][0], first.final["layer_2"][0]]
    fresh = feedforward(
        (4, 6, 2),
        rules.gradient_descent(0.5),
        signals.exact_error(),
        patterns=shown.patterns,
        targets=shown.targets,
        hold=0.04,
        weights=weights,
    )
    alone = run(fresh, 0.5, dt=DT, record_every=0.1)
    for name in alone.final:
        assert_array_equal(second.final[name], alone.final[name])
    np.testing.assert_allclose(second.times, 0.33 + alone.times, atol=1e-12)
    assert_array_equal(second.loss, alone.loss)


def test_rates_go_on_when_the_stimulus_changes():
    """A neuron with a time constant relaxes on, from where the phase before has left it: r ← r + (dt/τ)(φ(u) − r)."""
    weight, high, low = np.array([[0.8]]), 2.0, -1.0
    make = feedforward((1, 1), None, patterns=[[high]], weights=[weight], tau=0.1, nonlinearity="tanh", output="tanh")
    runs = run(make, [Phase(0.2), Phase(0.2, stimuli=Stimulus([[low]]))], dt=DT)
    rate = 0.0
    for level, part in zip((high, low), runs, strict=True):
        for _ in range(20):
            rate += DT / 0.1 * (np.tanh(0.8 * level) - rate)
        np.testing.assert_allclose(part.final_rates["output"][0, 0], rate, rtol=1e-13)


def test_a_frozen_projection_holds_its_weight_and_its_beliefs_and_nothing_else():
    circuit = layers(ADAM.with_parameters(clock_step=0.05))
    phases = [Phase(0.3), Phase(0.3, plastic={"layer_1": False}), Phase(0.3, plastic=False), Phase(0.3)]
    states = [r.state for r in run(circuit, phases, dt=DT)]
    learned = ["w", "belief_mean", "belief_curvature", "count", "gradient_sum"]
    for name in learned:
        assert_array_equal(states[1][f"layer_1.{name}"], states[0][f"layer_1.{name}"])
        for layer in ("layer_1", "layer_2"):
            assert_array_equal(states[2][f"{layer}.{name}"], states[1][f"{layer}.{name}"])
    assert np.abs(states[1]["layer_2.w"] - states[0]["layer_2.w"]).min() > 0
    assert np.abs(states[3]["layer_1.w"] - states[2]["layer_1.w"]).min() > 0
    assert states[3]["layer_1.count"].item() == 12


def test_a_frozen_projection_does_not_drift():
    limits = Controllability(drift=-0.5, plastic_fraction=0.5)
    circuit = layers(rules.gradient_descent(0.5), signals.exact_error())
    for options in (limits, Controllability(drift=-0.5, rank=2)):
        first, second = run(circuit, [Phase(0.1), Phase(0.2, plastic=False)], dt=DT, controllability=options)
        assert_array_equal(second.final["layer_1"], first.final["layer_1"])


def test_what_follows_the_neurons_goes_on_while_the_weight_is_frozen():
    """The threshold of BCM relaxes to y²/y_0 at the rate that the frozen weights give: ϑ ← ϑ + (dt/τ)(y²/y_0 − ϑ)."""
    rule = rules.bcm()
    circuit = feedforward((2, 1), rule, patterns=[[3.0, 1.0]], weights=[np.array([[0.5, 0.2]])])
    before, after = run(circuit, [Phase(0.2), Phase(0.2, plastic=False)], dt=DT)
    assert_array_equal(after.final["layer_1"], before.final["layer_1"])
    rate = (after.final["layer_1"][0] @ [3.0, 1.0]).item()
    start, rest = before.state["layer_1.threshold"].item(), rate**2 / rule.values["target_rate"]
    expected = start + (1 - (1 - DT / rule.values["tau_threshold"]) ** 20) * (rest - start)
    np.testing.assert_allclose(after.state["layer_1.threshold"].item(), expected, rtol=1e-12)


def test_trials_start_from_the_same_state_with_other_random_numbers_unless_it_is_carried():
    make, options = RATE["perturbed"]
    start = run(make(), 0.2, dt=DT, **options).state
    apart = run(make(), [Phase(0.2)], dt=DT, trials=2, start=start, **options)
    carried = run(make(), [Phase(0.2)], dt=DT, trials=2, start=start, carry=True, **options)
    whole = run(make(), 0.6, dt=DT, **options)
    assert_same_state(carried[1].state, whole.state)
    assert [r.trial for r in (*apart, *carried)] == [0, 1, 0, 1]
    assert_same_state(apart[0].state, carried[0].state)
    assert apart[1].state.step == apart[0].state.step
    assert np.abs(apart[1].final["layer_1"] - apart[0].final["layer_1"]).max() > 0


def test_a_state_can_be_changed():
    """With the weights doubled and the rates set, a run goes on as one of a circuit that is made so."""
    rates, w = np.linspace(-0.5, 0.5, 6), 2 * run(ring(), 0.25, dt=DT).final["recurrent"][0]
    options = {"tau": 0.05, "patterns": patterns(1, 6, 3)}
    before = run(recurrent(6, rules.oja(1.0), **options), 0.25, dt=DT).state
    start = before.with_values({"recurrent.w": w[None], "neurons.rate": rates[None], "neurons.information": 1.0})
    changed = run(recurrent(6, rules.oja(1.0), **options), 0.2, dt=DT, start=start)
    made = run(recurrent(6, rules.oja(1.0), weight=w, initial=rates, **options), 0.2, dt=DT)
    assert_array_equal(changed.final["recurrent"], made.final["recurrent"])
    assert_array_equal(changed.final_rates["neurons"], made.final_rates["neurons"])
    with pytest.raises(UnknownNameError, match=r"recurrent\.v"):
        start.with_values({"recurrent.v": 0.0})
    with pytest.raises(InputError, match="shape"):
        start.with_values({"recurrent.w": [1.0, 2.0]})


def test_a_run_that_diverges_names_its_phase():
    circuit = layers(rules.gradient_descent(0.5), signals.exact_error())
    loud = Stimulus(1e200 * patterns(3, 4, 0), 1e200 * patterns(3, 2, 0))
    with pytest.raises(DivergedError, match=r"t = 0\.\d+ s in phase 1 \(loud\), trial 0") as caught:
        run(circuit, [Phase(0.2), Phase(0.5, stimuli=loud, name="loud")], dt=DT)
    assert caught.value.time > 0.2
    assert caught.value.phase.startswith("phase 1")


def test_final_weights_go_into_a_new_circuit():
    first = run(layers(rules.gradient_descent(0.5), signals.exact_error(), n_batch=2), 0.1, dt=DT)
    on = layers(rules.gradient_descent(0.5), signals.exact_error(), n_batch=2, weights=list(first.final.values()))
    assert_array_equal(on.projections[0].weight, first.final["layer_1"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"duration": []}, "empty"),
        ({"duration": 0.1, "trials": 2}, "trials"),
        ({"duration": [Phase(0.1, plastic={"layer": False})]}, "plastic projection"),
        ({"duration": [Phase(0.1, stimuli={"input": [[0.1]]})]}, "Stimulus"),
        ({"duration": [Phase(0.1), Phase(0.1)], "record_weights": "w.nc", "record_every": 0.1}, "record_weights"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        run(layers(rules.gradient_descent(0.5), signals.random_feedback()), dt=DT, **options)


def test_a_state_of_another_circuit_or_step_is_refused():
    state = run(ring(), 0.1, dt=DT).state
    with pytest.raises(InputError, match="no state of circuit"):
        run(layers(rules.gradient_descent(0.5), signals.exact_error()), 0.1, dt=DT, start=state)
    with pytest.raises(InputError, match="dt"):
        run(ring(), 0.1, dt=DT / 2, start=state)


def test_a_phase_is_repeated_from_its_file(tmp_path):
    shown = Stimulus(patterns(3, 4, 7), patterns(3, 2, 8))
    start = run(layers(rules.gradient_descent(0.5), signals.exact_error()), 0.05, dt=DT).state
    phases = [Phase(0.1), Phase(0.1, stimuli=shown, plastic={"layer_1": False}, name="with other patterns")]
    runs = run(layers(rules.gradient_descent(0.5), signals.exact_error()), phases, dt=DT, start=start)
    write(as_dataset(runs[1]), tmp_path / "run.nc")
    ds = read(tmp_path / "run.nc")
    assert (ds.attrs["phase"], ds.attrs["repetition"]) == ("with other patterns", 0)
    again = run(**run_arguments(ds))
    assert_same_state(again[1].state, runs[1].state)


def test_after_every_phase_the_state_can_be_seen_and_changed():
    """To halve all weights between two phases is to start the second from the halved state."""
    circuit, phases = ring(), [Phase(0.1), Phase(0.1)]
    seen = []

    def halve(done):
        seen.append(done.state.time)
        return done.state.with_values({"recurrent.w": done.state["recurrent.w"] / 2}) if len(seen) == 1 else None

    first, second = run(circuit, phases, dt=DT, after_phase=halve)
    by_hand = run(circuit, phases[:1], dt=DT, start=first.state)[0]
    assert_array_equal(second.final["recurrent"], by_hand.final["recurrent"])
    assert_array_equal(np.round(seen, 9), [0.1, 0.2])
    with pytest.raises(InputError, match="after_phase"):
        run_arguments(as_dataset(second))
    watched = run(circuit, phases, dt=DT, after_phase=lambda done: None)[1]
    assert run_arguments(as_dataset(watched))["dt"] == DT
    with pytest.raises(InputError, match="after_phase must return None or a RunState"):
        run(circuit, phases, dt=DT, after_phase=lambda done: done)
