"""Every equation that a signal prints on a rule card is true: the impulses have the mean of the gradient."""

import pytest
import sympy as sp

from plasticity import Objective, derive, rules, signals
from plasticity.belief import FadingMemory
from plasticity.limits import change
from plasticity.rule import GRADIENT, WEIGHT
from plasticity.signals.bcm import bcm
from plasticity.signals.pairing_likelihood import pairing_likelihood


def is_zero(expression):
    return sp.simplify(expression) == 0


def real(*names):
    return [sp.Symbol(name, real=True) for name in names]


def symbols(rule):
    return {p.name: p.symbol for p in rule.parameters} | {s.name: s.symbol for s in rule.states}


X, Y, MOMENT = sp.symbols("x y m", positive=True)


def means(rule):
    """Means of traces at constant rates x and y: rate · time constant."""
    s = symbols(rule)
    pairs = {"pre_trace": X, "post_trace": Y, "slow_post_trace": Y}
    traces = {state.name: -1 / sp.diff(state.flow, state.symbol) for state in rule.states if state.name in pairs}
    return {s[name]: pairs[name] * tau for name, tau in traces.items()}


def readings(steps):
    return {s.title.removeprefix("Read at "): s.equation for s in steps if s.title.startswith("Read at ")}


def check_rates(of, steps, rule):
    """BCM and homeostasis: the impulses have the mean of the gradient, the gradient is the slope of the objective."""
    read = readings(steps)
    mean = (X * read["pre spikes"] + Y * read["post spikes"]).subs(means(rule))
    assert is_zero(mean - of["Its gradient"].rhs)


def check_bcm(of, steps, rule):
    check_rates(of, steps, rule)
    w = sp.Symbol("w_", positive=True)
    loss = of["Objective of the neuron"].rhs  # of y = w x and of m = E[y²], whose slope in w is 2yx
    slope = sp.diff(loss.subs(Y, w * X), w).subs(w, Y / X) + sp.diff(loss, MOMENT) * 2 * Y * X
    belief = sp.Symbol("belief_second_moment", real=True)
    assert is_zero(slope.subs(MOMENT, belief) - of["Its gradient"].rhs)


def check_homeostasis(of, steps, rule):
    check_rates(of, steps, rule)
    assert is_zero(-X * sp.diff(of["Objective of the synapse"].rhs, Y) - of["Its gradient"].rhs)


def check_pairing(of, steps, rule):
    """A spike is charged with the flow ρ·psp that it adds from then on, a post spike gains psp."""
    s, later = symbols(rule), sp.Symbol("s", positive=True)
    beta, rest, extra, psp, after = (s[n] for n in ("steepness", "spontaneous_rate", "after_rate", "psp", "after"))
    evoked, raised = (sp.exp(-later / s[n]) for n in ("tau_plus", "tau_after"))
    together = sp.integrate(evoked * raised, (later, 0, sp.oo))
    assert is_zero(of["Overlap of a potential and an after-depolarisation"] - together)
    assert is_zero(of["Gradient of −ln likelihood"].rhs + beta * (sp.Symbol("S") - rest - extra * after) * psp)
    at_pre = sp.integrate(sp.expand(beta * (rest + extra * after * raised) * evoked), (later, 0, sp.oo))
    at_post = sp.integrate(beta * extra * raised * psp * evoked, (later, 0, sp.oo)) - beta * psp
    read = readings(steps)
    assert is_zero(read["pre spikes"] - at_pre)
    assert is_zero(read["post spikes"] - at_post)


def check_plateau(of, steps, rule):
    s, read = symbols(rule), readings(steps)
    together, episode = sp.symbols("together episode", nonnegative=True)
    slope = sp.expand(sp.diff(of["Loss of one input in an episode"].rhs, WEIGHT)).subs(together * episode, together)
    assert is_zero(slope - of["Its gradient"].rhs)
    for where, pair in (
        ("a plateau", ("eligibility", "slow_eligibility")),
        ("an input", ("instructive", "slow_instructive")),
    ):
        believed = {together: s[pair[0]], episode: s[pair[1]]}
        assert is_zero(read[where] - of["Its gradient"].rhs.subs(believed))


def check_perturbation(of, steps, rule):
    """The mean of the estimate over the noise is the gradient: ⟨noise²⟩ = noise_std²."""
    change_of_loss, estimate = of["Change of the loss"], of["Its correlation with the noise"].rhs
    mean = sp.expand(estimate.subs(change_of_loss.lhs, change_of_loss.rhs))
    noise = next(x for x in mean.free_symbols if x.name.endswith("perturbation"))
    slope = next(x for x in mean.free_symbols if x.name.startswith("dL/d"))
    by_weight = sp.Symbol("pre_rate", real=True) if slope.name == "dL/du" else 1  # u = Σ w·pre_rate
    assert is_zero(mean.coeff(noise**2) * symbols(rule)["noise_std"] ** 2 - slope * by_weight)


def check_score(of, steps, rule):
    """Score of a Poisson train S with the rate ρ(Σ w psp): ∂/∂w (S ln ρ − ρ) with ∂ρ/∂w = ρ' psp."""
    rate, slope, psp, train = real("escape_rate", "escape_slope", "pre_psp", "S")
    score = sp.diff(train * sp.log(rate) - rate, rate) * slope * psp
    assert is_zero(of["Score of the neuron's own spikes S"].rhs - score)
    reward, eligibility = real("reward_deviation", "eligibility")
    assert is_zero(of["Gradient of the loss"].rhs + reward * eligibility)


def check_likelihood(of, steps, rule):
    """∂/∂w of −(S ln ρ − ρ) with S = ρ + error; the mean square of the score per unit time, spikes at the rate ρ."""
    rate, slope, psp, error, train = real("escape_rate", "escape_slope", "pre_psp", "spike_error", "S")
    by_weight = (-sp.diff(train * sp.log(rate) - rate, rate) * slope * psp).subs(train, rate + error)
    gradient = of["Gradient of the loss by the weight"].rhs
    assert is_zero(gradient - by_weight)
    assert is_zero(of["Fisher information per unit time"].rhs - (gradient / error) ** 2 * rate)


def check_eprop(of, steps, rule):
    """The eligibility low-pass filters pre_psp·ψ, the slope of the spike train in w, as a leaky readout does."""
    psp, pseudo, eligibility, message = real("pre_psp", "pseudo_derivative", "eligibility", "learning_signal")
    assert is_zero(of["Eligibility"].rhs - (psp * pseudo - eligibility) / symbols(rule)["tau_output"])
    assert is_zero(of["Gradient of the loss"].rhs + message * eligibility)


def check_chain_rule(of, steps, rule):
    error = real("post_error")[0]
    by_weight = sp.diff(of["Input of the neuron"].rhs, sp.Symbol("w"))
    assert is_zero(of["Gradient by the chain rule"].rhs + error * by_weight)


def check_feedback(of, steps, rule):
    message, slope, rate = real("learning_signal", "post_slope", "pre_rate")
    assert of["Message of the feedback path"] == sp.Eq(message, sp.Symbol("F") * sp.Symbol("e"))
    assert is_zero(of["In place of the gradient"].rhs + message * slope * rate)


def check_variance(of, steps, rule):
    rate, y = real("pre_rate", "post_rate")
    assert is_zero(of["Its gradient"].rhs - sp.diff(of["Objective of the neuron"].rhs, y) * rate)


SIGNALS = {
    "bcm": check_bcm,
    "homeostasis": check_homeostasis,
    "pairing_likelihood": check_pairing,
    "plateau": check_plateau,
    "node_perturbation": check_perturbation,
    "weight_perturbation": check_perturbation,
    "reward_modulated": check_score,
    "escape_rate_likelihood": check_likelihood,
    "eprop": check_eprop,
    "exact_error": check_chain_rule,
    "random_feedback": check_feedback,
    "variance": check_variance,
}


def check_changes(steps, policy, places):
    """At a spike the weight changes by the coefficient of the gradient in the policy times the impulse."""
    linear = sp.Poly(policy.rhs, GRADIENT).coeff_monomial(GRADIENT)
    changes = [s for s in steps if s.title.startswith("Change of w at ")]
    for step in changes:
        where = step.title.removeprefix("Change of w at ")
        assert is_zero(step.equation - linear * readings(steps)[places[where]])
    return changes


VARIANTS = {
    "bcm": lambda: (bcm(), bcm(pair=0.5), bcm(threshold=FadingMemory(time_constant=1.0))),
    "pairing_likelihood": lambda: (pairing_likelihood(), pairing_likelihood(2.0, 1.0)),
}


@pytest.mark.parametrize("name", signals.names())
def test_every_equation_of_a_signal_follows_from_its_objective(name):
    policies = [rules.load("gradient_descent")(), derive(Objective(1.0), curvature_belief=None)]
    places = {"a pre spike": "pre spikes", "a post spike": "post spikes", "a third factor": "a plateau"}
    if name == "plateau":
        places["a pre spike"] = "an input"
    for signal in VARIANTS.get(name, lambda: (signals.load(name)(),))():
        for policy in policies[: 1 + (signal.curvature is not None)]:
            rule = policy.with_signal(signal)
            steps = rule.steps[len(policy.steps) :]
            SIGNALS[name]({s.title: s.equation for s in steps}, steps, rule)
            assert check_changes(steps, change(policy), places) or not signal.gradient


def test_the_change_at_a_clock_tick_is_that_of_the_policy_with_the_mean_gradient():
    policy = derive(Objective(sp.oo), gradient_belief=FadingMemory(decay=0.9))
    step = policy.with_signal(bcm()).steps[-1]
    assert step.title == "Change of w at a clock tick"
    assert is_zero(step.equation - change(policy).rhs)  # of the belief, which takes in the mean gradient
