"""Limits of the general rule are the textbook rules: the difference simplifies to 0."""

from dataclasses import replace

import pytest
import sympy as sp

from plasticity import Objective, derive
from plasticity.belief import FadingMemory, OrnsteinUhlenbeck
from plasticity.errors import InputError
from plasticity.limits import in_steps, reparametrised, small_discount
from plasticity.rule import CURVATURE, GRADIENT, WEIGHT, Parameter, Rule
from plasticity.theory.symbols import DISCOUNT, LOSS_WEIGHT, PLASTICITY

GAMMA = DISCOUNT.symbol
ETA, K, G, V = PLASTICITY.symbol, LOSS_WEIGHT.symbol, GRADIENT, CURVATURE
RATE = sp.Symbol("learning_rate", positive=True)
METRIC = sp.Symbol("metric", positive=True)
FRICTION = sp.Symbol("friction", nonnegative=True)
VELOCITY = sp.Symbol("velocity", real=True)
DRIFT = sp.Symbol("drift", real=True)


def flow(rule):
    return next((s.flow for s in rule.states if s.name == "velocity"), rule.weight_flow)


ROWS = {
    "gradient descent": ({}, {}, sp.oo, -RATE * G),
    "natural gradient": ({"metric": 2.0}, {}, sp.oo, -RATE * G / METRIC),
    "natural gradient of w": ({"metric": lambda w: sp.exp(w)}, {}, sp.oo, -RATE * G * sp.exp(-WEIGHT)),
    "ballistic": ({}, {}, 0, -sp.sqrt(ETA * K) * G / sp.sqrt(V)),
    "ballistic in a metric": ({"metric": 2.0}, {}, 0, -sp.sqrt(ETA * K / (METRIC * V)) * G),
    "drift, short-sighted": ({"drift": -1.0}, {}, sp.oo, DRIFT * WEIGHT - RATE * G),
    "heavy ball": (
        {},
        {"order": 2},
        0,
        -sp.sqrt(ETA * K) * G / sp.sqrt(V) - sp.sqrt(2 * sp.sqrt(ETA * K) * sp.sqrt(V)) * VELOCITY,
    ),
    "polyak": ({"drift": -1.0}, {"order": 2}, sp.oo, -FRICTION * VELOCITY - RATE * G),
    "hazard, short-sighted": ({"hazard": 1.0, "prior_mean": 0.0}, {}, sp.oo, -RATE * G),
    "fading gradient": (
        {},
        {"gradient_belief": OrnsteinUhlenbeck(1.0, 1.0, 1.0)},
        sp.oo,
        -RATE * sp.Symbol("belief_mean", real=True),
    ),
    "memories, long-sighted": (
        {},
        {"gradient_belief": FadingMemory(time_constant=1.0), "curvature_belief": FadingMemory(time_constant=1.0)},
        0,
        -sp.sqrt(ETA * K)
        * sp.Symbol("belief_mean", real=True)
        / sp.sqrt(sp.Symbol("belief_curvature", nonnegative=True)),
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_the_limit_is_the_textbook_rule(row):
    objective, arguments, at, textbook = ROWS[row]
    general = derive(Objective(GAMMA, **objective), **arguments)
    limit = general.limit(discount=at)
    assert sp.simplify(flow(limit) - textbook) == 0
    apart = flow(general) - textbook
    assert abs(apart.subs({s: 0.7 + 0.1 * i for i, s in enumerate(sorted(apart.free_symbols, key=str))})) > 1e-3
    assert "discount" not in limit.values
    assert sp.simplify(flow(derive(Objective(at, **objective), **arguments)) - textbook) == 0


@pytest.mark.parametrize("objective", [{}, {"metric": 2.0}, {"control": [[0.5]]}])
def test_a_long_time_between_looks_is_newton(objective):
    rule = derive(Objective(GAMMA, **objective), duration=1.0).limit(duration=sp.oo)
    assert sp.simplify(rule.events["clock"][0].expression - (WEIGHT - G / V)) == 0


@pytest.mark.parametrize("discount", [0, sp.oo])
def test_newton_is_the_end_of_every_horizon(discount):
    rule = derive(Objective(discount), duration=sp.oo)
    assert sp.simplify(rule.events["clock"][0].expression - (WEIGHT - G / V)) == 0


def test_with_a_drift_a_long_time_leads_to_the_rest_point():
    """Rest point of decay: ηkh μ/(ηkh + j(j + γ)), theory.

    The policy is exact for a quadratic loss, so one observation from anywhere leads there.
    """
    rule = derive(Objective(0.3, plasticity=1.2, loss_weight=0.8, drift=-0.5), duration=sp.oo)
    h, mu, w = 2.0, 0.7, -0.4
    values = {p.symbol: p.value for p in rule.parameters} | {G: h * (w - mu), V: h, WEIGHT: w}
    push = 1.2 * 0.8 * h
    assert float(rule.events["clock"][0].expression.subs(values)) == pytest.approx(
        push * mu / (push + 0.5 * (0.5 + 0.3)), rel=1e-12
    )


def test_limits_commute():
    rule = derive(Objective(GAMMA), duration=1.0)
    one = rule.limit(discount=sp.oo).limit(duration=sp.oo)
    other = rule.limit(discount=sp.oo, duration=sp.oo)
    assert sp.simplify(one.events["clock"][0].expression - other.events["clock"][0].expression) == 0


def test_the_short_horizon_keeps_the_relaxation_between_looks():
    rule = derive(Objective(GAMMA), duration=1.0).limit(discount=sp.oo)
    time = sp.Symbol("duration", positive=True)
    textbook = WEIGHT - (1 - sp.exp(-RATE * V * time)) / V * G
    assert sp.simplify(rule.events["clock"][0].expression.rewrite(sp.exp) - textbook) == 0


def test_the_learning_rate_takes_its_value_from_the_objective():
    assert derive(Objective(0.5, 2.0, 3.0)).limit(discount=sp.oo).values == {"learning_rate": 12.0}
    assert derive(Objective(0.5, 2.0, 3.0), order=2).limit(discount=sp.oo).values["learning_rate"] == 24.0


def test_the_limit_is_approached():
    """The relative error of gradient descent at a finite horizon is ηkv/γ² to first order."""
    rule = derive(Objective(GAMMA))
    x = sp.Symbol("x", positive=True)
    error = (rule.weight_flow / (-ETA * K * G / DISCOUNT.symbol) - 1).subs(DISCOUNT.symbol, sp.sqrt(ETA * K * V) / x)
    assert sp.limit(sp.simplify(error) / x**2, x, 0) == -1


def test_the_horizon_is_the_epsilon_of_adam():
    """Slowness to first order in γ: ε = γ/(2 sqrt(ηk))."""
    rule = small_discount(derive(Objective(GAMMA)))
    epsilon = DISCOUNT.symbol / (2 * sp.sqrt(ETA * K))
    assert sp.simplify(rule.weight_flow + sp.sqrt(ETA * K) * G / (sp.sqrt(V) + epsilon)) == 0


def test_the_epsilon_form_errs_in_second_order():
    exact, near = derive(Objective(GAMMA)).weight_flow, small_discount(derive(Objective(GAMMA))).weight_flow
    x = sp.Symbol("x", positive=True)
    error = (near / exact - 1).subs(DISCOUNT.symbol, x * sp.sqrt(ETA * K * V))
    assert sp.limit(error / x, x, 0) == 0
    assert sp.limit(error / x**2, x, 0) == sp.Rational(1, 8)


def test_steps_have_the_textbook_parameters():
    memory = FadingMemory(decay=0.9, initial=0.0)
    rule = in_steps(small_discount(derive(Objective(GAMMA), curvature_belief=memory)), 1e-3, 1e-8)
    assert rule.values == {"decay_square": 0.9, "learning_rate": 1e-3, "epsilon": 1e-8}
    belief = sp.Symbol("belief_curvature", nonnegative=True)
    textbook = WEIGHT - RATE * G / (sp.sqrt(belief) + sp.Symbol("epsilon", nonnegative=True))
    assert sp.simplify(rule.events["clock"][-1].expression - textbook) == 0


def test_other_parameters_give_the_same_rule():
    rate = Parameter("speed", 3.0, positive=True)
    rule = derive(Objective(0, plasticity=9.0))
    other = reparametrised(rule, (rate,), {"plasticity": rate.symbol**2 / K})
    values = {p.symbol: p.value for p in rule.parameters} | {p.symbol: p.value for p in other.parameters}
    assert sp.simplify((rule.weight_flow - other.weight_flow).subs(values)) == 0


@pytest.mark.parametrize(
    ("objective", "flat"), [({}, True), ({"drift": -1.0}, False), ({"hazard": 1.0, "prior_mean": 0.0}, False)]
)
def test_only_a_rule_that_diverges_on_flat_losses_warns_of_it(objective, flat):
    rule = derive(Objective(1.0, **objective)).limit(discount=0)
    assert any("curvature vanishes" in c for c in rule.cautions) == flat
    assert not any("curvature vanishes" in c for c in derive(Objective(1.0, **objective)).cautions)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("at", [0, sp.oo])
def test_a_limit_assumes_what_the_same_objective_assumes(at, order):
    """Taking the limit of a rule or deriving with the limit: the same words, and the finite horizon is gone."""
    taken = derive(Objective(0.5), order=order).limit(discount=at)
    assert taken.assumptions == derive(Objective(at), order=order).assumptions
    assert "0.5" not in " ".join(taken.assumptions)


@pytest.mark.parametrize(
    ("rule", "limit", "named"),
    [
        (lambda: derive(Objective(sp.oo)), {"discount": 0}, "has no discount"),
        (lambda: derive(Objective(1.0)), {"duration": sp.oo}, "has no duration"),
        (lambda: derive(Objective(1.0)), {"discount": 2}, "discount=0 or discount=sympy.oo, got 2"),
        (lambda: derive(Objective(1.0), duration=1.0), {"duration": 0}, "duration=sympy.oo, got 0"),
        (lambda: derive(Objective(1.0)), {}, "got neither"),
    ],
)
def test_a_limit_that_does_not_exist_is_refused(rule, limit, named):
    with pytest.raises(InputError, match=named):
        rule().limit(**limit)


def test_an_infinite_limit_is_refused():
    """Gradient descent with the rate ηk/γ of a short horizon, taken at every γ."""
    parameters = (replace(DISCOUNT, value=1.0), PLASTICITY, LOSS_WEIGHT)
    flow = -GRADIENT * PLASTICITY.symbol * LOSS_WEIGHT.symbol / DISCOUNT.symbol
    with pytest.raises(InputError, match="no finite limit for a long horizon"):
        Rule("descent", "Gradient descent at rate ηk/γ", flow, parameters=parameters).limit(discount=0)


@pytest.mark.parametrize(("power", "unit"), [(1, "Hz"), (-1, "Hz**(-1)"), (sp.Rational(1, 2), "Hz**(2)")])
def test_a_discount_in_symbols_of_the_user_is_written_in_them(power, unit):
    x = sp.Symbol("x", positive=True)
    rule, plain = derive(Objective(2 * x**power)), derive(Objective(GAMMA))
    assert rule.weight_flow == plain.weight_flow.subs(GAMMA, 2 * x**power)
    assert {p.name: p.unit for p in rule.parameters}["x"] == unit
    assert "discount" not in rule.values
    named = derive(Objective(x))
    for at in (0, sp.oo):
        assert named.limit(discount=at).weight_flow == plain.limit(discount=at).weight_flow


def test_a_discount_that_is_no_rate_in_its_symbols_is_refused():
    with pytest.raises(InputError, match="must be a rate"):
        derive(Objective(1 + sp.Symbol("x", positive=True)))
