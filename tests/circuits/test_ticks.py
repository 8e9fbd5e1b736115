"""Rules that act at clock ticks: Brian2 against replay, from the first tick to those between spikes."""

import numpy as np
import pytest
import sympy as sp

import circuits
from circuits.pairing import pairing
from plasticity import Objective, compile_rule, derive, observe, replay
from plasticity.belief import FadingMemory, LandscapeShape, SwitchingTask
from plasticity.errors import InputError
from plasticity.rule import WEIGHT, Parameter, Rule, State, Update, time_constant
from plasticity.rules.adam import adam
from plasticity.signals.bcm import bcm


def trains(gap=2.0):
    """Spikes that share steps with each other and with ticks, and a silence in which only the clock ticks."""
    rng = np.random.default_rng(4)
    drawn = [np.sort(rng.choice(np.arange(1, 1000), 60, replace=False)) * 1e-3 for _ in range(2)]
    return [np.concatenate([t, t[:20] + gap]) for t in drawn]


PAST = FadingMemory(decay=0.8)
RULES = {
    "adam": observe(adam(learning_rate=1e-2), bcm()),
    "long_horizon": observe(derive(Objective(1.0, 1e-4), PAST, PAST), bcm()),
    "switching": observe(
        derive(
            Objective(1.0, 1e-3),
            optimum_belief=SwitchingTask(0.3, 0.5, 1.0, 0.5),
            curvature_belief=FadingMemory(decay=0.8, initial=1.0),
        ),
        bcm(),
    ),
    "shape": observe(
        derive(Objective(1.0, 1e-4), shape_belief=LandscapeShape(observation_noise=0.5, time_constant=2.0)), bcm()
    ),
    "short_horizon": observe(derive(Objective(sp.oo, 1e-5), PAST), bcm(threshold=FadingMemory(time_constant=0.5))),
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize("tick", [0.1, 0.037])
def test_a_synapse_with_a_clock_is_the_same_in_brian_and_replay(rule, tick):
    rule = rule.with_parameters(clock_step=tick)
    pre, post = trains()
    states = tuple(s.name for s in rule.states)
    result = circuits.run(pairing([pre], [post], rule), 3.5, device="numpy", record_every=0.05, record=states)
    exact = replay(rule, pre, post, duration=3.5)
    assert abs(float(exact.weight[-1]) - 1) > 1e-3
    assert result.final["synapses"][0] == pytest.approx(float(exact.weight[-1]), rel=1e-9)
    for name in states:  # the record at t shows the values just before the events of t
        last = {"count", "belief_mean", "belief_curvature", "gradient_sum", "belief_optimum"} & {name}
        if last:
            before = exact[name].values[np.searchsorted(exact.time.values, result.times - 1e-9) - 1]
            recorded = result.states["synapses"][name][1:, 0]
            np.testing.assert_allclose(recorded, before[1:], rtol=1e-9, atol=1e-12 * np.abs(before).max())


def test_traces_are_recorded_as_they_are_between_spikes():
    rule = observe(derive(Objective(sp.oo)), bcm())
    spikes = np.array([0.01, 0.05])
    circuit = pairing([spikes], [[]], rule)
    result = circuits.run(circuit, 0.2, device="numpy", record_every=0.02, record=("pre_trace",))
    since = result.times[:, None] - spikes
    expected = np.where(since > 1e-9, np.exp(-since / 16.8e-3), 0).sum(axis=1)
    np.testing.assert_allclose(result.states["synapses"]["pre_trace"][:, 0], expected, rtol=1e-9, atol=1e-12)


def test_the_first_tick_comes_after_one_interval_and_the_last_before_the_end():
    step = Parameter("clock_step", 0.1, unit="s", positive=True)
    counting = Rule("counting", "counting", events={"clock": (Update("w", WEIGHT + 1),)}, parameters=(step,), states=())
    for duration, ticks in ((0.05, 0), (0.1, 0), (0.101, 1), (0.55, 5)):
        result = circuits.run(pairing([[]], [[]], counting, weight=0.0), duration, device="numpy")
        assert result.final["synapses"][0] == ticks
        assert float(replay(counting, [], [], weight=0.0, duration=duration).weight[-1]) == ticks


def test_what_moves_and_is_read_at_ticks_is_kept_current():
    """A leaky state that only the clock reads: w is its sum over the ticks."""
    tau, step = time_constant("tau", 0.05, "leak"), Parameter("clock_step", 0.1, unit="s")
    leak = State("leak", -sp.Symbol("leak", real=True) / tau.symbol)
    rule = Rule(
        "leaky",
        "leaky",
        states=(leak,),
        events={
            "pre": (Update("leak", leak.symbol + 1),),
            "clock": (Update("w", WEIGHT + leak.symbol),),
        },
        parameters=(tau, step),
    )
    result = circuits.run(pairing([[0.02]], [[]], rule, weight=0.0), 0.45, device="numpy")
    expected = np.exp(-(np.array([0.1, 0.2, 0.3, 0.4]) - 0.02) / 0.05).sum()
    assert result.final["synapses"][0] == pytest.approx(expected, rel=1e-6)  # rk4 with 1/50 of the time constant


def test_bad_input_is_named():
    pre, post = trains()
    rule = RULES["adam"].with_parameters(clock_step=1.5e-3)
    with pytest.raises(InputError, match=r"clock_step of rule .* is 0.0015 s, no multiple of dt = 0.001 s"):
        circuits.run(pairing([pre], [post], rule), 3.5, device="numpy")
    with pytest.raises(InputError, match="no parameter clock_step"):
        compile_rule(Rule("ticking", "ticking", events={"clock": (Update("w", WEIGHT / 2),)}))
    with pytest.raises(InputError, match="no parameter clock_step"):
        replay(Rule("ticking", "ticking", events={"clock": (Update("w", WEIGHT / 2),)}), [0.1], [])


def test_a_driven_state_is_recorded_as_it_is_between_spikes():
    """ẋ = drive − x/τ between spikes, which add 1: x(t) = drive·τ (1 − e^(−t/τ)) + Σ e^(−(t − t_spike)/τ)."""
    tau, drive = time_constant("tau", 0.05, "leak"), Parameter("drive", 4.0, unit="Hz")
    level = State("level", drive.symbol - sp.Symbol("level", real=True) / tau.symbol)
    events = {"pre": (Update("level", level.symbol + 1), Update("w", WEIGHT + level.symbol))}
    rule = Rule("driven", "driven", states=(level,), events=events, parameters=(tau, drive))
    spikes = np.array([0.03, 0.11])
    result = circuits.run(pairing([spikes], [[]], rule), 0.2, device="numpy", record_every=0.02, record=("level",))
    since = result.times[:, None] - spikes
    expected = 0.2 * (1 - np.exp(-result.times / 0.05)) + np.where(since > 1e-9, np.exp(-since / 0.05), 0).sum(axis=1)
    np.testing.assert_allclose(result.states["synapses"]["level"][:, 0], expected, rtol=1e-9)
