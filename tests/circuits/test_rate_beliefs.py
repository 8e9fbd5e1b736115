"""Beliefs and normalisers as states of synapses in a rate network: the same paths as on a landscape, recorded.

A linear neuron per target with one constant input of 1 has the loss ½ Σ (w − target)²: the landscape Quadratic(1,
target). Then `simulate` and the rate engine take the same steps, so they agree to rounding.
"""

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose

from circuits import load, run
from plasticity import Objective, ObservedCurvature, derive, observe, simulate
from plasticity.belief import FadingMemory, GaussianWeight, LandscapeShape, SwitchingTask
from plasticity.controllability import Controllability
from plasticity.feedback import FeedbackChannel
from plasticity.landscapes import Quadratic
from plasticity.local import local
from plasticity.rule import CURVATURE
from plasticity.rules.adam import adam
from plasticity.rules.heavy_ball import heavy_ball
from plasticity.rules.newton import newton
from plasticity.rules.redrawn_reset import redrawn_reset
from plasticity.signals.exact_error import exact_error
from tests.error_bounds import variance_error
from tests.oracles.switching import Seen

TARGET, START, DT, N_STEPS = np.array([0.7, -0.4, 0.2]), np.array([0.1, 0.3, -0.5]), 0.02, 150
feedforward = load("feedforward_rate")

RULES = {
    "gradient mean": (
        derive(Objective(discount=sp.oo), gradient_belief=FadingMemory(time_constant=0.5)),
        ("belief_mean",),
    ),
    "gradient mean and square at ticks": (
        adam(learning_rate=0.01),
        ("belief_mean", "belief_curvature"),
    ),
    "shape of the landscape": (
        derive(Objective(0.5), shape_belief=LandscapeShape(observation_noise=0.1)),
        ("belief_mean", "belief_curvature"),
    ),
    "tasks to come with other curvatures": (redrawn_reset(0.5, 0.3, (0.05, 5.0), 0.2), ()),
    "velocity": (heavy_ball(discount=0.3), ("velocity",)),
    "weight variance": (
        derive(Objective(sp.oo, plasticity=1.25), weight_belief=GaussianWeight(0.5, process_noise=0.1)),
        ("belief_variance",),
    ),
}


def network(rule, clock_step=DT, both=False, **options):
    """Neurons with the constant input 1; with `both` two patterns, the second with targets lower by 2."""
    moment = ObservedCurvature(time_constant=0, prior=0) if CURVATURE in rule.inputs else None
    rule = observe(rule, exact_error(sample_time=DT), moment)
    if "clock" in rule.events:
        rule = rule.with_parameters(clock_step=clock_step)
    return feedforward(
        (1, 3),
        rule,
        patterns=[[1.0], [1.0]] if both else [[1.0]],
        targets=[TARGET, TARGET - 2] if both else [TARGET],
        weights=[START[:, None]],
        output="linear",
        **options,
    )


@pytest.mark.parametrize("case", RULES)
def test_states_follow_the_path_of_simulate(case):
    rule, states = RULES[case]
    path = simulate(rule, Quadratic(np.ones(3), TARGET), START, N_STEPS, DT).theta.values[0]
    ours = run(network(rule), N_STEPS * DT, dt=DT, record_every=DT, record=states)
    assert_allclose(ours.weights["layer_1"][0], path, rtol=1e-9, atol=1e-12)
    for name in states:
        recorded = ours.states["layer_1"][name][0]
        assert recorded.shape == path.shape
        assert np.ptp(recorded, axis=0).min() > 1e-3
        assert_allclose(recorded[-1], ours.final_states["layer_1"][name][0, :, 0])


def test_the_belief_about_the_gradient_is_its_low_pass():
    """dm/dt = (g − m)/τ with the weight held still: m = g (1 − (1 − dt/τ)ⁿ), g = w − target."""
    rule = derive(Objective(discount=sp.oo, plasticity=1e-9), gradient_belief=FadingMemory(time_constant=0.5))
    ours = run(network(rule), N_STEPS * DT, dt=DT, record_every=DT, record=("belief_mean",))
    share = 1 - (1 - DT / 0.5) ** np.arange(N_STEPS + 1)
    assert_allclose(ours.states["layer_1"]["belief_mean"][0], share[:, None] * (START - TARGET), atol=1e-8)


def test_the_variance_of_a_weight_settles_where_drift_and_information_balance():
    """ds²/dt = −(ηk/γ) s⁴ v + q: s² = sqrt(qγ/(ηk v)), v = 1."""
    rule = derive(Objective(sp.oo, plasticity=1.25), weight_belief=GaussianWeight(0.5, process_noise=0.1))
    ours = run(network(rule), 60.0, dt=DT)
    assert_allclose(ours.final_states["layer_1"]["belief_variance"], np.sqrt(0.1 * 0.8), rtol=1e-6)


def test_a_clock_of_100_ms_acts_on_the_mean_gradient_in_between():
    """Adam's first step has the size of the learning rate whatever the gradient; it comes at the first tick."""
    rule = adam(learning_rate=0.01, epsilon=0.0)
    ours = run(network(rule, clock_step=0.1), 0.3, dt=DT, record_every=DT, record=("count",))
    w, count = ours.weights["layer_1"][0], ours.states["layer_1"]["count"][0, :, 0]
    assert count.tolist() == [0] * 5 + [1] * 5 + [2] * 5 + [3]
    assert_allclose(w[4], START)
    assert_allclose(w[5], START + 0.01 * np.sign(TARGET - START), rtol=1e-12)


def test_newton_is_there_at_the_first_tick():
    """The loss is quadratic and its curvature known; the distance of ticks cancels, but says when."""
    ours = run(network(newton(), clock_step=0.1), 0.2, dt=DT, record_every=DT)
    w = ours.weights["layer_1"][0]
    assert_allclose(w[4], START)
    assert_allclose(w[5:], np.broadcast_to(TARGET, w[5:].shape), rtol=1e-12)


def test_fisher_metric_of_a_neuron_takes_its_slope_out_of_the_rule():
    """Natural gradient in the metric E[φ'²]: neurons with slopes 1 and ¼ learn their targets equally fast.

    −δ r/φ'² = −(e/φ') r: for r = φ u the output relaxes as dr/dt = φ' dw/dt = α e, whatever the slope.
    """
    rule = derive(Objective(discount=sp.oo, plasticity=0.5, metric=lambda w: local("post_information")))
    u = sp.Symbol("u", real=True)
    circuit = feedforward(
        (1, 2),
        rule,
        exact_error(),
        patterns=[[1.0]],
        targets=[[1.0, -1.0]],
        weights=[[[1e-9], [-1e-9]]],
        output=sp.Piecewise((u, u > 0), (u / 4, True)),
    )
    quick = tuple(replace(p, neuron=replace(p.rate_unit, tau_information=DT)) for p in circuit.populations)
    ours = run(replace(circuit, populations=quick), 2.0, dt=DT, record_every=DT, record=("information",))
    steep, flat = ours.final_rates["output"][0] * [1, -1]
    information = ours.variables["output.information"][0]
    assert_allclose(information[-1], [1.0, 0.25**2], rtol=1e-6)
    assert information[0].tolist() == [1.0, 1.0]
    assert_allclose(steep, 1 - (1 - 0.5 * DT) ** 100, rtol=1e-8)
    assert_allclose(steep, flat, rtol=0.05)  # the belief starts at 1 and takes 5 % of the time to settle


def test_a_belief_about_the_gradient_does_not_lower_the_noise_of_the_weights():
    """White gradient noise σ, loss h w²/2, rate κ: the plain rule has the variance κσ²/2h. With a low-pass belief
    τẅ + ẇ + κhw = κσ·noise, whose variance is the same for every τ. 6000 weights give it to
    9 %; the Euler steps add κ dt/2 = 0.4 %.
    """
    sigma, members, tau = 0.3, 2000, 0.05
    plain = derive(Objective(discount=sp.oo, plasticity=0.8))
    believing = derive(Objective(discount=sp.oo, plasticity=0.8), gradient_belief=FadingMemory(time_constant=tau))
    for rule in (plain, believing):
        ends = run(network(rule, n_batch=members), 8.0, dt=0.01, feedback=FeedbackChannel(noise=sigma), seed=3).final[
            "layer_1"
        ]
        variance = ends.var(axis=0).mean()
        assert_allclose(variance, 0.8 * sigma**2 / 2, rtol=variance_error(3 * (members - 1), 2))


def test_what_can_wait_until_the_tick_gives_the_same():
    """The sum of gradients between ticks as one product of matrices, and collected at every step (as it is with bounds
    for every synapse): equal up to the order of sums, with 300 steps between ticks and records in between.
    """
    random = np.random.default_rng(2)
    rule = observe(adam(learning_rate=0.05), exact_error()).with_parameters(clock_step=0.3)
    circuit = feedforward(
        (4, 5, 3), rule, patterns=random.standard_normal((7, 4)), targets=random.standard_normal((7, 3)), n_batch=2
    )
    options = {"dt": 1e-3, "record_every": 0.1, "record": ("gradient_sum", "count", "belief_curvature")}
    waiting = run(circuit, 1.0, **options)
    every_step = run(circuit, 1.0, controllability=Controllability(bounds=(-1e9, 1e9)), **options)
    for name in ("layer_1", "layer_2"):
        assert np.ptp(waiting.weights[name], axis=1).min() > 1e-3
        assert_allclose(waiting.weights[name], every_step.weights[name], rtol=1e-9, atol=1e-12)
        for state, values in waiting.states[name].items():
            assert_allclose(values, every_step.states[name][state], rtol=1e-9, atol=1e-12)
    assert waiting.states["layer_2"]["count"][1, :, 0].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3]


def test_the_belief_about_a_switching_task_runs_as_on_a_landscape_and_jumps():
    """The target moves at once by 2; simulate and the rate engine take the same steps, with a surprise in one."""
    half, task = N_STEPS // 2, SwitchingTask(0.05, 0.0, 1.0, 0.1)
    rule = derive(Objective(0.5), optimum_belief=task)
    optima = np.repeat([TARGET, TARGET - 2], half, axis=0)
    path = simulate(rule, Seen(optima), START, N_STEPS, DT).theta.values[0]
    names = ("belief_optimum", "just_switched")
    ours = run(
        network(rule, both=True, order=[0, 1], hold=half * DT), N_STEPS * DT, dt=DT, record_every=DT, record=names
    )
    assert_allclose(ours.weights["layer_1"][0], path, rtol=1e-9, atol=1e-12)
    belief, surprise = (ours.states["layer_1"][name][0] for name in names)
    assert_allclose(belief[half], TARGET, atol=0.05)  # pulled to 0 by the prior: σ_o²/t = 0.007 against 1
    assert_allclose(belief[half + 25], TARGET - 2, atol=0.1)  # σ_o²/t = 0.02
    assert surprise[half + 1].min() > 3 * surprise[half].max()
