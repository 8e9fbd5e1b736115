"""Phases and states of spiking circuits, on both devices: a cut changes no bit, what is frozen stands still."""

from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import circuits
from circuits import Circuit, Phase, Population, Projection, read_state, run, write_state
from plasticity import FadingMemory, FeedbackChannel, poisson_trains, rules, signals
from plasticity.errors import DivergedError, InputError, UnknownNameError
from tests.circuits.test_phases import assert_same_state

DT, N = 1e-3, 12
DISTURBED = FeedbackChannel(noise=0.5, delay=0.02, sparsity=0.1)


@cache
def trains(seed=5):
    return poisson_trains(60.0, N, 0.4, DT, seed=seed)


def adaptive():
    """Neurons that fire by themselves, with an axonal delay, and weights that learn from spikes."""
    neuron = circuits.NeuronModel(
        "adaptive",
        "dv/dt = (a - v)/tau : 1\nda/dt = -a/(10*tau) : 1\ntau : second (shared, constant)",
        threshold="v > 1",
        reset="v = 0\na -= 0.2",
        receptors={"current": "v_post += w"},
        parameters={"tau": (0.02, "second")},
    )
    inputs = Population("inputs", trains(), circuits.spike_source())
    cells = Population("cells", neuron=neuron, n=3)
    wiring = circuits.all_to_all("synapses", inputs, cells, 0.3)
    return Circuit(
        "adaptive", (inputs, cells), (Projection(rule=rules.triplet_stdp(), receptor="current", delay=7e-3, **wiring),)
    )


def taught(rule=None):
    """Neurons with prescribed spikes that learn from disturbed errors, by beliefs at the ticks of a clock."""
    rule = rules.adam(0.05).with_signal(signals.escape_rate_likelihood()) if rule is None else rule
    targets = poisson_trains(20.0, 2, 0.4, DT, seed=7, name="targets")
    return circuits.escape_rate_neuron(trains(), targets, rule.with_parameters(clock_step=0.03))


def rewarded():
    """Neurons that draw random numbers, a critic, and a reward that comes late."""
    rule = rules.gradient_descent(0.1).with_signal(signals.reward_modulated())
    return circuits.actor(trains(), [1.0, -1.0], step=0.1, rule=rule, n_neurons=4)


CIRCUITS = {
    "adaptive": (adaptive, {}),
    "taught": (taught, {"feedback": DISTURBED}),
    "rewarded": (rewarded, {"feedback": DISTURBED}),
    "paired": (lambda: circuits.pairing([[0.01, 0.15]], [[0.02, 0.39]], rules.reward_stdp()), {"third_factor": [0.07]}),
    "recurrent": (lambda: circuits.balanced_ei(400), {"dt": 5e-4}),
}


def compare_cut_and_whole(choice, cut, device, duration=0.4, path=None):
    make, options = CIRCUITS[choice]
    options = {"dt": DT, "device": device, "seed": 3, **options}
    (whole,) = run(make(), [Phase(duration)], **options)
    recorded = 0.01 if device == "numpy" else None  # another record would be another program to compile
    (one,) = run(make(), [Phase(cut, record_every=recorded)], **options)
    start = one.state if path is None else read_state(write_state(one.state, path))
    two = run(make(), duration - cut, start=start, **options)
    if choice == "adaptive":  # some spikes are due at once, some later
        due = one.state["synapses_pre.in_flight"][:, 0]
        assert 0 == due.min() < due.max()
    assert_same_state(two.state, whole.state)
    for name, count in whole.counts.items():
        assert_array_equal(one.counts[name] + two.counts[name], count)
    return whole


@pytest.mark.parametrize("choice", CIRCUITS)
def test_a_run_that_is_cut_is_the_whole_run(choice, tmp_path):
    """To the last bit: spikes and messages on their way, times of last events, streams of random numbers."""
    duration = 0.1 if choice == "recurrent" else 0.4
    whole = compare_cut_and_whole(choice, 0.045, "numpy", duration, tmp_path / "state.nc")
    fires = [name for name in whole.counts if name in ("cells", "actor", "excitatory")]
    assert all(whole.counts[name].sum() > 0 for name in fires)


@pytest.mark.compiled
@pytest.mark.parametrize("choice", ["adaptive", "rewarded"])
def test_a_cut_changes_nothing_in_the_compiled_program(choice):
    compare_cut_and_whole(choice, 0.15, "cpp")


@pytest.mark.compiled
def test_a_run_goes_on_on_another_device():
    """Sums may be in another order: 1e-12 is 10⁴ roundings."""
    make = adaptive
    phases = [Phase(0.1), Phase(0.1, plastic=False, stimuli={"inputs": trains_of_a_phase()}), Phase(0.1)]
    there = run(make(), phases, device="cpp")
    first, *_ = run(make(), phases[:1], device="numpy")
    on = run(make(), phases[1:], device="cpp", start=first.state)
    assert_allclose(on[1].final["synapses"], there[2].final["synapses"], rtol=0, atol=1e-12)
    assert_array_equal(on[1].counts["cells"], there[2].counts["cells"])
    assert_array_equal(there[1].final["synapses"], there[0].final["synapses"])


def trains_of_a_phase():
    return [train[train < 0.1] for train in trains(seed=8)]


def test_stimuli_of_a_phase_count_from_its_beginning():
    """The second phase is the whole run in which its spikes come later."""
    make, _ = CIRCUITS["adaptive"]
    shown = trains_of_a_phase()
    parts = run(make(), [Phase(0.1), Phase(0.1, stimuli={"inputs": shown}, record=("cells",))], device="numpy")
    joined = [np.r_[a[a < 0.1], np.round(0.1 + b, 9)] for a, b in zip(trains(), shown, strict=True)]
    whole = run(make(), [Phase(0.2, stimuli={"inputs": joined}, record=("cells",))], device="numpy")[0]
    assert_array_equal(parts[1].final["synapses"], whole.final["synapses"])
    late = whole.spikes["cells"][0] >= 0.1 - DT / 2
    assert late.any()
    assert_array_equal(parts[1].spikes["cells"][0], whole.spikes["cells"][0][late])


def test_a_frozen_projection_holds_its_weight_and_its_beliefs_and_nothing_else():
    phases = [Phase(0.1), Phase(0.1, plastic=False), Phase(0.1)]
    states = [r.state for r in run(taught(), phases, device="numpy", feedback=DISTURBED)]
    for name in ("w", "belief_mean", "belief_curvature", "count", "gradient_sum"):
        before, frozen, after = (state[f"synapses.{name}"] for state in states)
        assert_array_equal(frozen, before)
        assert np.abs(after - frozen).max() > 0
    traces = [r.state["synapses.pre_trace"] for r in run(adaptive(), phases[:2], device="numpy")]
    assert np.abs(traces[1] - traces[0]).min() > 0


def test_a_belief_that_fades_between_spikes_stands_still_while_it_is_frozen():
    """It has decayed by e^{−t/τ} over the time t in which the projection learned, whenever spikes come."""
    rule = rules.curvature_bcm()
    circuit = circuits.pairing([[0.01, 0.02, 0.45]], [[0.015, 0.021]], rule)
    phases = [Phase(0.1), Phase(0.2, plastic=False), Phase(0.1)]
    last = run(circuit, phases, device="numpy", record=("belief_curvature",), record_every=0.05)
    start = last[0].states["synapses"]["belief_curvature"][1:, 0]  # at 0.05 s, after all spikes
    tau = rule.values["tau_curvature"]
    frozen = last[1].states["synapses"]["belief_curvature"][:, 0]
    assert_allclose(frozen, start[0] * np.exp(-0.05 / tau), rtol=1e-12)
    after = last[2].states["synapses"]["belief_curvature"][:, 0]
    assert_allclose(after, start[0] * np.exp(-np.array([0.05, 0.1]) / tau), rtol=1e-12)


def test_a_belief_stands_still_in_each_synapse_with_its_own_memory():
    """Parameters that differ between synapses: together they go where each goes alone."""
    taus, pre, post = np.array([0.05, 0.4]), [0.01, 0.2], [0.02, 0.21]
    phases = [Phase(0.1), Phase(0.05, plastic=False), Phase(0.1)]

    def ends(tau, n):
        belief = FadingMemory(time_constant=0.1, initial=1e4)
        rule = rules.derived_bcm(1e-4, discount=1.0, curvature_belief=belief).with_parameters(tau_curvature=tau)
        return run(circuits.pairing([pre] * n, [post] * n, rule), phases, device="numpy")[-1].final["synapses"]

    assert_allclose(ends(taus, 2), [ends(tau, 1)[0] for tau in taus], rtol=1e-13)


def test_records_of_a_phase_count_from_its_beginning():
    parts = run(adaptive(), [Phase(0.037), Phase(0.1)], device="numpy", record=("cells.v",), record_every=0.02)
    assert_allclose(parts[1].times, 0.037 + 0.02 * np.arange(5), atol=1e-12)
    whole = run(adaptive(), [Phase(0.137)], device="numpy", record=("cells.v",), record_every=DT)[0]
    at = np.round(parts[1].times / DT).astype(int)
    assert_array_equal(parts[1].variables["cells.v"], whole.variables["cells.v"][at])
    assert_array_equal(parts[1].weights["synapses"], whole.weights["synapses"][at])


def test_trials_differ_in_what_is_random_and_in_nothing_else():
    make, options = CIRCUITS["rewarded"]
    start = run(make(), [Phase(0.05)], device="numpy", **options)[0].state
    apart = run(make(), [Phase(0.05)], trials=2, start=start, device="numpy", **options)
    carried = run(make(), [Phase(0.05)], trials=2, carry=True, start=start, device="numpy", **options)
    assert_same_state(apart[0].state, carried[0].state)
    assert np.abs(apart[1].final["synapses"] - apart[0].final["synapses"]).max() > 0
    assert_same_state(carried[1].state, run(make(), [Phase(0.15)], device="numpy", **options)[0].state)


def test_final_weights_go_into_a_new_circuit():
    first = run(adaptive(), [Phase(0.1)], device="numpy")[0]
    inputs, cells = adaptive().populations
    again = circuits.all_to_all("synapses", inputs, cells, first.final["synapses"])
    assert_array_equal(again["weight"].ravel(), first.final["synapses"])
    made = adaptive().with_weights(first.final)
    assert_array_equal(made.projection("synapses").weight, first.final["synapses"])
    with pytest.raises(UnknownNameError, match="synapse"):
        adaptive().with_weights({"synapse": 1.0})


def test_a_run_that_diverges_names_its_phase():
    """A belief of 0 about the curvature, by which the rule divides at the first spike of the second phase."""
    rule = rules.derived_bcm(1e-4, discount=0, curvature_belief=FadingMemory(time_constant=1.0, initial=0.0))
    phases = [Phase(0.05), Phase(0.2, name="pairs")]
    with np.errstate(all="ignore"), pytest.raises(DivergedError, match=r"w of synapse 0 .* phase 1 \(pairs\), trial 0"):
        run(circuits.pairing([[0.1]], [[0.12]], rule), phases, device="numpy")


@pytest.mark.parametrize(
    ("phase", "message"),
    [
        (Phase(0.1, stimuli={"inputs": [[0.2]] * N}), "before the end"),
        (Phase(0.1, stimuli={"inputs": [[0.01]]}), "12 neurons"),
        (Phase(0.1, stimuli={"cells": [[0.01]] * 3}), "fires by itself"),
        (Phase(0.1, stimuli={"cells": {"drive": (np.ones((2, 3)), 0.1)}}), "has no series"),
        (Phase(0.1, stimuli=circuits.Stimulus([[1.0]])), "mapping"),
    ],
)
def test_what_does_not_fit_is_refused(phase, message):
    with pytest.raises(InputError, match=message):
        run(adaptive(), [phase], device="numpy")


@pytest.mark.parametrize(
    ("rates", "stimulus", "message"),
    [
        (20.0, [[0.01]] * 3, "rows of rates and their step"),
        (20.0, {"rate": ([[20.0] * 3], 0.1)}, "rows of rates and their step"),
        ([[20.0] * 3], [[0.01]] * 3, r"state its series, \{'rate': \(values, step\)\}"),
        ([[20.0] * 3], {"rate": [[20.0] * 3]}, r"'rate' of 'source' must be \(values, step\)"),
        ([[20.0] * 3], {"rates": ([[20.0] * 3], 0.1)}, "unknown series"),
    ],
)
def test_a_source_says_how_its_rates_change(rates, stimulus, message):
    source = circuits.poisson_source("source", rates, n=3, step=0.1 if np.ndim(rates) else None)
    with pytest.raises(InputError, match=message):
        run(Circuit("alone", (source,)), [Phase(0.1, stimuli={"source": stimulus})], device="numpy")


def test_a_run_in_place_of_its_state_is_refused_in_one_line():
    before = run(adaptive(), [Phase(0.05)], device="numpy")[0]
    with pytest.raises(InputError, match=r"it has one: state its \.state") as refused:
        run(adaptive(), [Phase(0.05)], device="numpy", start=before)
    assert len(str(refused.value)) < 250
    with pytest.raises(InputError, match=r"give them one by one, \[f\(run\) for run in …\]"):
        circuits.as_dataset((before, before))


def test_a_state_of_another_circuit_is_refused():
    state = run(adaptive(), [Phase(0.05)], device="numpy")[0].state
    with pytest.raises(InputError, match="use a state of this circuit"):
        run(taught(), [Phase(0.05)], device="numpy", start=state)


def test_another_delay_of_feedback_delivers_what_was_sent_that_long_ago():
    """Where the new delay reaches back further than the old one, nothing is received."""
    delays, length = (5, 9, 3), 40
    phases = [Phase(length * DT, feedback=FeedbackChannel(delay=k * DT)) for k in delays]
    names = ("outputs.error", "outputs.spike_error")
    runs = run(taught(), phases, record=names, record_every=DT, device="numpy")
    sent, received = (np.concatenate([r.variables[name] for r in runs])[1:] for name in names)  # records precede steps
    expected = np.zeros_like(sent)
    for k, delay in enumerate(delays):
        remembered = max(k * length - delays[k - 1], 0)
        for s in range(max(k * length, remembered + delay), min((k + 1) * length, len(sent))):
            expected[s] = sent[s - delay]
    assert np.ptp(sent) > 100  # Hz: there are spikes
    assert_array_equal(received, expected)
