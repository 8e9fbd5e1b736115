"""What stands for a curvature is one where the signal says so: against finite differences, integrals, and its bias."""

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose

import circuits
from plasticity import ObservedCurvature, observe, poisson_trains, replay, rules, signals
from plasticity.errors import InputError
from plasticity.rule import CURVATURE, GRADIENT, WEIGHT
from tests.error_bounds import z

STILL = 1e-30  # plasticity with which no weight moves
NEEDY = [name for name in rules.names() if CURVATURE in rules.load(name)().inputs]
X, Y, THETA = 7.0, 11.0, 4.0


def curvature_of(loss, w=1.3, h=1e-3):
    return (loss(w + h) - 2 * loss(w) + loss(w - h)) / h**2


def mean_of_impulses(signal):
    """Mean of the curvature for Poisson trains of the rates X and Y, with traces at their means."""
    means = {"pre_trace": X, "post_trace": Y, "slow_post_trace": Y}
    values = {p.symbol: p.value for p in signal.parameters}
    values |= {s.symbol: -means[s.name] / sp.diff(s.flow, s.symbol) for s in signal.states if s.name in means}
    pulses = signal.curvature_impulses
    mean = X * pulses.get("pre", 0) + Y * pulses.get("post", 0)
    return float(mean.subs(values, simultaneous=True).subs(values))


def test_homeostasis_states_the_curvature_of_its_loss():
    stated = mean_of_impulses(signals.homeostasis(target_rate=3.0))
    assert stated == pytest.approx(curvature_of(lambda w: (40.0 - w * X - 3.0) ** 2 / 2), rel=1e-6)


def test_bcm_states_the_curvature_of_the_convex_part_of_its_loss_a_bound():
    signal, rest = signals.bcm(THETA), Y - 1.3 * X  # y = rest + wx is Y at w = 1.3

    def penalty(w):
        return THETA * (rest + w * X) ** 2 / 2

    stated = mean_of_impulses(signal)
    assert stated == pytest.approx(curvature_of(penalty), rel=1e-6)
    assert stated > curvature_of(lambda w: penalty(w) - (rest + w * X) ** 3 / 3)


def test_plateau_states_the_slope_of_its_gradient():
    signal = signals.plateau()
    for event, impulse in signal.gradient.items():
        here = {s: 0.3 + 0.1 * k for k, s in enumerate(sorted(impulse.free_symbols, key=str)) if s.name != "w"}
        slope = curvature_of(lambda w, e=impulse, at=here: float(sp.integrate(e, WEIGHT).subs({**at, WEIGHT: w})))
        assert float(signal.curvature_impulses[event].subs(here)) == pytest.approx(slope, rel=1e-6)


def test_pairing_likelihood_charges_the_integral_of_its_fisher_information():
    beta, rest, extra, tau, other = 0.8, 5.0, 20.0, 0.0168, 0.0337
    rule = observe(rules.multi_step(plasticity=STILL), signals.pairing_likelihood(beta, rest, extra), MEMORY)
    pre, post = np.array([0.1, 0.112, 0.15]), np.array([0.105, 0.13])
    t = np.arange(0, 1, 1e-5)
    psp, after = (
        sum(np.where(t >= s, np.exp(-(t - s) / m), 0) for s in train) for train, m in ((pre, tau), (post, other))
    )
    information = np.sum(beta**2 * (rest + extra * after) * psp**2) * 1e-5
    charged = replay(rule, pre, post, duration=1.0).belief_curvature.values[-1] * MEMORY.time_constant
    assert charged == pytest.approx(information, rel=2e-3)  # the grid has 1e-5 s, the shortest decay 8e-3 s


MEMORY = ObservedCurvature(time_constant=1e9)


def test_empirical_fisher_of_a_likelihood_exceeds_the_information_by_what_spikes_are_charged_beforehand():
    """For independent trains the excess is ρτ/(xτ + ½): pre spikes are charged with silence to come."""
    rate, tau, x, duration = 5.0, 0.0168, 20.0, 400.0
    signal = signals.pairing_likelihood(spontaneous_rate=rate, after_rate=0.0, tau_plus=tau)
    rule = rules.multi_step(plasticity=STILL)
    ratios = []
    for seed in range(6):
        pre, post = poisson_trains(np.array([x, rate]), 2, duration, seed=seed)
        local, squared = (
            replay(observe(rule, signal, ObservedCurvature(kind, 1e9)), pre, post).belief_curvature.values[-1]
            for kind in ("local", "empirical_fisher")
        )
        ratios.append(squared / local)
    error = np.std(ratios, ddof=1) / np.sqrt(len(ratios))
    assert abs(np.mean(ratios) - 1 - rate * tau / (x * tau + 0.5)) < z(degrees=5) * error


@pytest.mark.parametrize("name", ["node_perturbation", "weight_perturbation"])
def test_second_differences_by_noise_have_the_mean_of_the_curvature(name):
    """L = ½(t − wx)² has the curvature x²; they are noisy, so many members of a batch."""
    rate, n = 1.5, 60
    rule = observe(rules.multi_step(plasticity=STILL), signals.load(name)(noise_std=0.3), MEMORY)
    circuit = circuits.feedforward_rate(
        (1, 1), rule, patterns=[[rate]], targets=[[0.9]], weights=[np.ones((1, 1))], n_batch=n
    )
    run = circuits.run(circuit, 5.0, dt=0.01)
    means = run.final_states["layer_1"]["belief_curvature"].ravel() * MEMORY.time_constant / 5.0
    assert abs(means.mean() - rate**2) < z(degrees=n - 1) * means.std(ddof=1) / np.sqrt(n)
    assert means.std(ddof=1) / np.sqrt(n) < 0.1 * rate**2


def test_eprop_remembers_gauss_newton_of_the_readouts():
    """In a network, step by step: d belief/dt = (Σ_k F_ik² eligibility² − belief)/τ."""
    weights, tau = np.array([[0.8], [-1.7]]), 0.05
    rule = observe(rules.multi_step(plasticity=STILL), signals.eprop(), ObservedCurvature(time_constant=tau))
    circuit = circuits.recurrent_lif(
        [np.arange(0.01, 0.1, 0.01)],
        np.ones((1, 2)),
        0.1,
        rule,
        n=1,
        probability=0.0,
        weight_input=np.array([[0.4]]),
        weight_output=weights,
    )
    run = circuits.run(circuit, 0.1, record_every=1e-3, record=("belief_curvature", "eligibility"), device="numpy")
    belief, eligibility = (np.ravel(run.states["input"][name]) for name in ("belief_curvature", "eligibility"))
    expected = belief[:-1] + 1e-3 / tau * (np.sum(weights**2) * eligibility[:-1] ** 2 - belief[:-1])
    assert belief.max() > 0
    assert_allclose(belief[1:], expected, rtol=1e-10, atol=1e-12 * belief.max())


@pytest.mark.parametrize(
    ("rule", "signal"),
    [*((r, "eprop") for r in NEEDY), *(("multi_step", s) for s in signals.names() if s not in ("variance", "eprop"))],
)
def test_rules_get_a_curvature_from_every_signal_but_that_of_a_concave_loss(rule, signal):
    scale = {"reward_scale": 1.0} if signal == "reward_modulated" else {}
    made = observe(rules.load(rule)(), signals.load(signal)(**scale))
    assert not {GRADIENT, CURVATURE} & set(made.inputs)


@pytest.mark.parametrize("signal", ["variance", "reward_modulated"])
def test_no_curvature_is_made_up(signal):
    rule, made = rules.multi_step(), signals.load(signal)()
    for asked, words in (
        (None, "does not provide"),
        ("local", "states no curvature"),
        ("empirical_fisher", "no information_scale"),
    ):
        with pytest.raises(InputError, match=words):
            observe(rule, made, asked)
    squares = observe(rule, made, ObservedCurvature("empirical_fisher", information_scale=2.0))
    assert any("noisy gradients squared are not the curvature" in caution for caution in squares.cautions)


def test_a_number_is_the_curvature():
    rule = observe(rules.multi_step(0.5, 2.0), signals.variance(), 3.0)
    given = {p.symbol: p.value for p in rule.parameters} | {"pre_rate": 1.0, "post_rate": 1.0}
    flow = rule.weight_flow.subs({sp.Symbol(str(k), real=True): v for k, v in given.items() if isinstance(k, str)})
    value = float(flow.subs({k: v for k, v in given.items() if not isinstance(k, str)}))
    assert value == pytest.approx(2.0 / (0.25 + np.sqrt(0.0625 + 2.0 * 3.0)), rel=1e-12)


def test_curvature_is_refused_where_none_is_read():
    with pytest.raises(InputError, match="reads no curvature"):
        observe(rules.gradient_descent(), signals.bcm(), 1.0)


def test_squares_of_spike_trains_are_for_ticks():
    with pytest.raises(InputError, match="no density"):
        observe(rules.multi_step(), signals.escape_rate_likelihood(), "empirical_fisher")
    ticking = observe(rules.newton(), signals.escape_rate_likelihood(), "empirical_fisher")
    assert [s.name for s in ticking.states] == ["gradient_sum"]


def test_a_rule_that_divides_by_a_curvature_gets_a_prior():
    ballistic = observe(rules.ballistic(), signals.homeostasis())
    assert ballistic.values["prior_curvature"] == 1.0
    assert "prior_curvature" not in observe(rules.multi_step(), signals.homeostasis()).values
    unregularised = ObservedCurvature(time_constant=0.0, prior=0.0)
    assert "prior_curvature" not in observe(rules.ballistic(), signals.exact_error(), unregularised).values


def test_information_is_read_as_it_comes_where_the_rule_is_linear_in_it():
    bayesian = observe(rules.bayesian_synapse(), signals.escape_rate_likelihood())
    assert [s.name for s in bayesian.states] == ["belief_variance"]
    with pytest.raises(InputError, match="give it a memory"):
        observe(rules.bayesian_synapse(), signals.homeostasis(), ObservedCurvature(time_constant=0.0))
