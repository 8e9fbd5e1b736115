"""Replay against closed forms, an independent integrator and its own invariances."""

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import solve_ivp

from plasticity import Objective, derive, replay
from plasticity.errors import InputError, UnknownNameError
from plasticity.replay import final_weights
from plasticity.rule import WEIGHT, Parameter, Rule, State, Update, jump, time_constant, trace
from plasticity.rules.bcm import bcm
from plasticity.rules.graupner_calcium import graupner_calcium
from plasticity.rules.oja import oja
from plasticity.rules.pair_stdp import pair_stdp
from plasticity.rules.triplet_stdp import triplet_stdp
from tests.error_bounds import z


def random_trains(seed, n=60, duration=3.0):
    rng = np.random.default_rng(seed)
    return tuple(np.sort(rng.choice(int(duration * 1000), n, replace=False)) * 1e-3 for _ in range(2))


def change(rule, pre, post, **options):
    return float(replay(rule, pre, post, **options).weight[-1]) - 1


@pytest.mark.parametrize("lag", [0.001, 0.01, 0.04])
def test_window_of_the_pair_rule(lag):
    rule = pair_stdp(A_plus=0.02, A_minus=0.01, tau_plus=0.017, tau_minus=0.034)
    assert change(rule, [0.1], [0.1 + lag]) == pytest.approx(0.02 * np.exp(-lag / 0.017), rel=1e-12)
    assert change(rule, [0.1 + lag], [0.1]) == pytest.approx(-0.01 * np.exp(-lag / 0.034), rel=1e-12)


@pytest.mark.parametrize("interaction", ["all_to_all", "nearest_spike"])
def test_pair_rule_is_a_sum_over_pairs(interaction):
    pre, post = random_trains(0)
    rule = pair_stdp(A_plus=0.02, A_minus=0.013, interaction=interaction)
    expected = 0.0
    for t in post:
        earlier = pre[pre <= t]  # a simultaneous pre spike comes first
        earlier = earlier[-1:] if interaction == "nearest_spike" else earlier
        expected += 0.02 * np.exp(-(t - earlier) / 16.8e-3).sum()
    for t in pre:
        earlier = post[post < t]
        earlier = earlier[-1:] if interaction == "nearest_spike" else earlier
        expected -= 0.013 * np.exp(-(t - earlier) / 33.7e-3).sum()
    assert change(rule, pre, post) == pytest.approx(expected, rel=1e-11)


def test_triplet_rule_is_a_sum_over_triplets():
    pre, post = random_trains(1, n=40)
    rule = triplet_stdp(A2_plus=0.003, A3_plus=0.01, A2_minus=0.005, A3_minus=0.002, tau_x=0.09, tau_y=0.12)
    expected = 0.0
    for t in post:
        r1 = np.exp(-(t - pre[pre <= t]) / 16.8e-3).sum()
        expected += r1 * (0.003 + 0.01 * np.exp(-(t - post[post < t]) / 0.12).sum())
    for t in pre:
        o1 = np.exp(-(t - post[post < t]) / 33.7e-3).sum()
        expected -= o1 * (0.005 + 0.002 * np.exp(-(t - pre[pre < t]) / 0.09).sum())
    assert change(rule, pre, post) == pytest.approx(expected, rel=1e-11)


def test_simultaneous_spikes_take_pre_first():
    rule = pair_stdp(A_plus=0.02, A_minus=0.01)
    assert change(rule, [0.1], [0.1]) == pytest.approx(0.02, rel=1e-14)


@pytest.mark.parametrize("rule", [pair_stdp(), triplet_stdp(A2_plus=1e-3, A3_minus=1e-3)])
def test_only_time_differences_matter(rule):
    pre, post = random_trains(2)
    shifted = change(rule, pre + 1234.0, post + 1234.0)
    assert shifted == pytest.approx(change(rule, pre, post), rel=1e-9)  # times of 1e3 s carry 1e-13 s


def test_nonlinear_flow_agrees_with_an_independent_integrator():
    pre, post = random_trains(3, n=12, duration=0.5)
    for rule, weight in ((oja(learning_rate=3e-3), 0.7), (bcm(learning_rate=1e-4, tau_threshold=0.3), 0.7)):
        ours = replay(rule, pre, post, weight=weight, duration=0.6)
        np.testing.assert_allclose(ours.weight[-1], reference_end(rule, pre, post, weight, 0.6), rtol=1e-9)


def reference_end(rule, pre, post, weight, end):
    """Integrate with scipy from event to event."""
    variables = [WEIGHT, *(s.symbol for s in rule.states)]
    values = {p.symbol: p.value for p in rule.parameters}
    flow = sp.lambdify(variables, [e.subs(values) for e in (rule.weight_flow, *(s.flow for s in rule.states))])
    names = [v.name for v in variables]
    y, now = np.array([weight, *(s.initial for s in rule.states)]), 0.0
    events = [*sorted([(t, 0) for t in pre] + [(t, 1) for t in post]), (end, 2)]
    for time, kind in events:
        if time > now:
            solution = solve_ivp(lambda t, y: flow(*y), (now, time), y, method="DOP853", rtol=1e-12, atol=1e-14)
            y, now = solution.y[:, -1], time
        for update in rule.events.get(("pre", "post", "end")[kind], ()):
            at = dict(zip(variables, y, strict=True))
            y[names.index(update.target)] = float(sp.sympify(update.expression).subs(values).subs(at))
    return y[0]


def test_linear_drift_of_a_weight_is_exact():
    """dw/dt = a (w_0 − w) without spikes: w = w_0 + (1 − w_0) e^{−at}."""
    rate, rest = Parameter("a", 0.3, unit="Hz"), Parameter("rest", 0.2)
    rule = Rule("decay", "decay", rate.symbol * (rest.symbol - WEIGHT), parameters=(rate, rest))
    assert float(replay(rule, [], [], duration=7.0).weight[-1]) == pytest.approx(0.2 + 0.8 * np.exp(-2.1), rel=1e-13)
    still = rule.with_parameters(a=0.0)
    assert float(replay(still, [], [], duration=7.0).weight[-1]) == 1.0


def test_drift_towards_a_moving_trace_has_its_closed_form():
    """dw/dt = a x − b w with x = e^{−t/τ} after one spike: a coupled flow, solved by extrapolation."""
    tau = time_constant("tau", 0.02, "trace")
    x = trace("pre_trace", tau)
    a, b = Parameter("a", 2.0, unit="Hz"), Parameter("b", 0.5, unit="Hz")
    rule = Rule(
        "filter",
        "filter",
        a.symbol * x.symbol - b.symbol * WEIGHT,
        states=(x,),
        events={"pre": (jump(x, "all_to_all"),)},
        parameters=(a, b, tau),
    )
    t = 1.3
    expected = np.exp(-0.5 * t) + 2.0 * (np.exp(-0.5 * t) - np.exp(-t / 0.02)) / (1 / 0.02 - 0.5)
    assert float(replay(rule, [0.0], [], duration=t).weight[-1]) == pytest.approx(expected, rel=1e-12)


def test_weights_stay_in_bounds_after_every_event():
    from dataclasses import replace

    pre, post = random_trains(5)
    rule = replace(pair_stdp(A_plus=5.0, A_minus=5.0), bounds=(0.4, 1.3))
    w = replay(rule, pre, post).weight.values
    assert w.min() == 0.4
    assert w.max() == 1.3


def test_many_protocols_and_parameter_vectors_equal_single_runs():
    rule = triplet_stdp(A2_plus=1e-3)
    trains = [random_trains(s, n=20 + s) for s in range(4)]
    vectors = np.array([[p.value for p in rule.parameters]] * 3) * [[1.0], [1.1], [0.7]]
    together = final_weights(rule, *zip(*trains, strict=True), parameters=vectors)
    names = [p.name for p in rule.parameters]
    for row, vector in zip(together, vectors, strict=True):
        single = rule.with_parameters(**dict(zip(names, vector, strict=True)))
        np.testing.assert_array_equal(row, [float(replay(single, *t).weight[-1]) for t in trains])


def test_poisson_trains_drift_as_the_mean_field_formula_says():
    """⟨ẇ⟩ = A3+ τ+ τy x y² + A2+ τ+ x y − A2− τ− x y − A3− τ− τx x² y for independent Poisson trains.

    400 trials of 60 s after a start of 2 s.
    """
    x, y, start, stop = 12.0, 18.0, 2.0, 62.0
    rule = triplet_stdp(A2_plus=4e-3, A3_plus=6e-3, A2_minus=3e-3, A3_minus=1e-3, tau_x=0.08, tau_y=0.1)
    p = rule.values
    rng = np.random.default_rng(11)
    pre, post = ([np.sort(rng.uniform(0, stop, rng.poisson(rate * stop))) for _ in range(400)] for rate in (x, y))
    early = [[t[t < start] for t in trains] for trains in (pre, post)]
    drift = (final_weights(rule, pre, post) - final_weights(rule, *early))[0] / (stop - start)
    expected = (
        p["A3_plus"] * p["tau_plus"] * p["tau_y"] * x * y**2
        + p["A2_plus"] * p["tau_plus"] * x * y
        - p["A2_minus"] * p["tau_minus"] * x * y
        - p["A3_minus"] * p["tau_minus"] * p["tau_x"] * x**2 * y
    )
    error = drift.std(ddof=1) / np.sqrt(drift.size)
    assert error < 0.02 * abs(expected)
    assert abs(drift.mean() - expected) < z(degrees=399) * error


@pytest.mark.parametrize(
    ("pre", "post", "message"),
    [
        ([0.2, 0.1], [], r"pre_spikes is out of order: spike 1 at 0\.1 s"),
        ([], [0.1, 0.1], "post_spikes is out of order"),
        ([-0.1], [], r"pre_spikes must be finite and >= 0 s, got -0\.1"),
        ([np.nan], [], "pre_spikes must be finite"),
        (["soon"], [], "pre_spikes must be numbers, got text"),
        ([[0.1]], [], "pre_spikes must be one-dimensional"),
    ],
)
def test_bad_spikes_are_named(pre, post, message):
    with pytest.raises(InputError, match=message):
        replay(pair_stdp(), pre, post)


def test_rules_that_cannot_run_say_why():
    with pytest.raises(InputError, match="needs gradient"):
        replay(derive(Objective(discount=sp.oo)), [0.1], [0.2])
    with pytest.raises(UnknownNameError, match="did you mean 'tau_plus'"):
        pair_stdp().with_parameters(tauplus=0.1)
    with pytest.raises(InputError, match="tau_plus must be > 0 s, got -1 s"):
        pair_stdp().with_parameters(tau_plus=-1)
    with pytest.raises(InputError, match="duration must be >= 0.2 s"):
        replay(pair_stdp(), [0.1], [0.2], duration=0.15)
    with pytest.raises(InputError, match="uses 'oops'"):
        Rule("x", "x", sp.Symbol("oops"))
    with pytest.raises(InputError, match="assigns 'y'"):
        Rule("x", "x", events={"pre": (Update("y", WEIGHT),)})
    k = Parameter("k", None, unit="Hz")
    with pytest.raises(InputError, match="no value"):
        replay(Rule("x", "x", k.symbol, (State("s"),), {}, (k,)), [], [])


def test_events_that_a_rule_ignores_are_refused():
    with pytest.raises(InputError, match="third_factor: rule 'pair_stdp' does nothing"):
        replay(pair_stdp(), [0.1], [0.2], third_factor=[0.3])


@pytest.mark.parametrize("lag", [0.02, -0.02])
def test_delays_of_axon_and_dendrite_shift_the_window(lag):
    """The synapse sees post − pre + dendritic − axonal."""
    rule = pair_stdp(A_plus=0.02, A_minus=0.01)
    pre, post = ([0.1], [0.1 + lag])
    shifted = change(rule, pre, post, axonal_delay=0.003, dendritic_delay=0.008)
    assert shifted == pytest.approx(change(rule, pre, [0.1 + lag + 0.005]), rel=1e-12)
    with pytest.raises(InputError, match="dendritic_delay must be >= 0 s, got -1"):
        replay(rule, pre, post, dendritic_delay=-1.0)


def test_stated_bounds_clip_the_weight():
    rule = pair_stdp(A_plus=0.4).with_bounds(0.0, 1.5)
    pre = np.arange(1, 6) * 1.0
    assert change(rule, pre, pre + 1e-3) == 0.5
    with pytest.raises(InputError, match="outside the bounds"):
        replay(rule, [0.1], [0.2], weight=2.0)


def test_changes_in_proportion_to_the_weight_compound():
    """n distant pairs: (1 + A e^{−Δ/τ})ⁿ, from any weight; a flow becomes exponential."""
    rule = pair_stdp(A_plus=0.02, A_minus=0.0).in_proportion()
    pre, step = np.arange(1, 11) * 5.0, 0.02 * np.exp(-0.01 / 16.8e-3)
    for weight in (1.0, 3.0):
        final = float(replay(rule, pre, pre + 0.01, weight).weight[-1])
        assert final == pytest.approx(weight * (1 + step) ** 10, rel=1e-12)
    rate = Parameter("rate", 0.1, unit="Hz")
    growing = Rule("growing", "growing", rate.symbol, parameters=(rate,)).in_proportion()
    assert float(replay(growing, [], [], duration=2.0).weight[-1]) == pytest.approx(np.exp(0.2), rel=1e-10)


def test_a_delay_that_makes_a_tie_keeps_its_order():
    """0.7 + 0.1 is below 0.8 in the arithmetic of machines; at a tie the pre spike comes first."""
    assert 0.7 + 0.1 < 0.8
    late = replay(pair_stdp(), [0.8], [0.7], dendritic_delay=0.1)
    tie = replay(pair_stdp(), [0.8], [0.8])
    assert late.weight.values[-1] == tie.weight.values[-1] > 1


def test_the_end_leaves_nothing_out_that_the_spikes_cause():
    """The calcium rule has a delayed effect, and a flow until calcium is below both thresholds."""
    rule = graupner_calcium("hippocampal_cultures")
    v = rule.values
    change = replay(rule, [0.1], [0.11]).weight.values[-1] - 1
    # both jumps come together at 0.11 s; until c falls to theta_p, w relaxes, then it decays
    c = v["pre_calcium"] + v["post_calcium"]
    growing, above = (v["tau_calcium"] * np.log(c / v[theta]) for theta in ("theta_p", "theta_d"))
    target = v["gamma_p"] / (v["gamma_p"] + v["gamma_d"]) / v["initial_efficacy"]
    both = (v["gamma_p"] + v["gamma_d"]) / v["tau_weight"]
    grown = target + (1 - target) * np.exp(-both * growing)
    expected = grown * np.exp(-v["gamma_d"] / v["tau_weight"] * (above - growing)) - 1
    assert change == pytest.approx(expected, rel=1e-9)
    assert expected == pytest.approx(0.005054, abs=1e-6)
    np.testing.assert_allclose(final_weights(rule, [[0.1]], [[0.11]])[0, 0] - 1, change, rtol=1e-12)


def test_the_tick_after_the_last_event_is_taken():
    w, n = WEIGHT, sp.Symbol("n", real=True)
    step = Parameter("clock_step", 0.5, unit="s")
    events = {"pre": (Update("n", n + 1),), "clock": (Update("w", w + n), Update("n", 0))}
    rule = Rule("counting", "counting", states=(State("n"),), events=events, parameters=(step,))
    assert replay(rule, [0.1, 0.5], []).weight.values[-1] == 3.0
    assert replay(rule, [0.1, 0.5], [], duration=0.5).weight.values[-1] == 1.0  # no tick before the end


def test_a_weight_that_never_rests_ends_with_the_last_event():
    x, rate = sp.Symbol("x", real=True), Parameter("rate", 1.0, unit="Hz")
    jump = {"pre": (Update("x", x + 1),)}
    trace = State("x", flow=-x * rate.symbol)
    leaking = Rule("a", "a", weight_flow=(x - WEIGHT) * rate.symbol, states=(trace,), events=jump, parameters=(rate,))
    driven = replace(leaking, weight_flow=x * rate.symbol)
    assert replay(leaking, [0.1], []).time.values[-1] == 0.1
    assert replay(driven, [0.1], []).weight.values[-1] == pytest.approx(2.0, rel=1e-14)  # ∫ x dt = 1
    fast, slow = final_weights(driven, [[0.1]], [[]], parameters=[[10.0], [0.1]])[:, 0]
    assert fast == pytest.approx(2.0, rel=1e-14)
    assert slow == pytest.approx(2.0, rel=1e-14)
