"""Contract tests of every rule, signal, scenario and data set, those of other packages and of a user's files included.

``python -m pytest --pyargs steersman.contracts -k my_rule`` runs them on a member that an installed package offers;
``STEERSMAN_PATH=my_rule.py`` before it, on a file.
"""

import dataclasses
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import sympy as sp
import xarray as xr

import circuits
import scenarios
from analysis import datasets, figures
from analysis.pages.bibliography import entries
from plasticity import Objective, compile_rule, derive, observe, replay, rules, signals, simulate
from plasticity.compile.classify import flows
from plasticity.dataset import check_schema, read, write
from plasticity.equations import seconds_power
from plasticity.landscapes import Quadratic
from plasticity.local import LOCALS
from plasticity.support import catalog

KEYS = set(entries())
CATALOGUES = (
    "plasticity.rules",
    "plasticity.signals",
    "circuits",
    "scenarios",
    "analysis.datasets",
    "analysis.figures",
)


def check_references(package, name, references):
    """Every member names its sources; those of this project are keys of its bibliography."""
    assert references
    if catalog.members(package)[name].module.startswith(package):
        assert set(references) <= KEYS


def rule_of(name):
    return rules.load(name)()


def on_spikes(name):
    rule = rule_of(name)
    return not rule.inputs and "clock" not in rule.events


def on_landscapes(name):
    return bool(rule_of(name).inputs)


SPIKE_RULES = [n for n in rules.names() if on_spikes(n)]
LANDSCAPE_RULES = [n for n in rules.names() if on_landscapes(n)]


def trains(seed=0):
    rng = np.random.default_rng(seed)
    return tuple(np.sort(rng.choice(500, 30, replace=False)) * 2e-3 for _ in range(2))


@pytest.mark.parametrize("package", CATALOGUES)
def test_every_member_has_a_title_that_is_read_without_importing_it(package):
    for name in catalog.names(package):
        assert len(catalog.title(package, name)) > 10


@pytest.mark.parametrize("name", rules.names())
def test_rule_is_sourced_and_its_units_are_known(name):
    rule = rule_of(name)
    check_references("plasticity.rules", name, rule.references)
    assert rule.assumptions
    for item in (*rule.parameters, *rule.states):
        seconds_power(item.unit)
    assert all(p.meaning for p in rule.parameters)
    assert rule.title in rule.card()


def test_every_rule_runs_somewhere():
    assert set(SPIKE_RULES) | set(LANDSCAPE_RULES) == set(rules.names())


@pytest.mark.parametrize("name", SPIKE_RULES)
def test_spike_rule_runs_in_brian_with_consistent_units_and_any_dt(name):
    """Brian2 checks the units of every statement; the namespace of the run is empty, so the rule is whole."""
    rule = rule_of(name)
    if "pre_delayed" in rule.events:
        rule = rule.with_parameters(pre_delay=4e-3)  # on both grids
    pre, post = trains()
    circuit = circuits.load("pairing")([pre], [post], rule)
    third = [0.2, 0.4, 0.6, 0.8] if "third_factor" in rule.events else None
    coarse, fine = (
        circuits.run(circuit, 1.1, dt=dt, device="numpy", third_factor=third).final["synapses"][0]
        for dt in (2e-3, 1e-3)
    )
    tolerance = 1e-12 if compile_rule(rule).is_event_driven else 1e-5  # rk4: dt⁴
    if any(flow.has(sp.Heaviside) for flow in flows(rule).values()):
        tolerance = (
            2e-3 * 3.0
        )  # a switch is late by up to a step: here less, on average, than one step of full flow, 3/s
    assert coarse == pytest.approx(fine, rel=tolerance)


@pytest.mark.parametrize("name", SPIKE_RULES)
def test_spike_rule_keeps_its_bounds_and_rests_in_silence(name):
    rule = rule_of(name)
    pre, post = trains(1)
    bounded = replace(rule, bounds=(0.99999, 1.00001))
    third = np.arange(1, 5) * 0.2 if "third_factor" in rule.events else ()
    w = replay(bounded, pre, post, third_factor=third).weight.values
    assert w.min() >= 0.99999
    assert w.max() <= 1.00001
    assert w.min() < 1 or w.max() > 1
    if flows(rule)[sp.Symbol("w", real=True)].subs({s.symbol: 0 for s in rule.states}) == 0:
        assert float(replay(rule, [], [], duration=5.0).weight[-1]) == 1.0


@pytest.mark.parametrize("name", LANDSCAPE_RULES)
def test_landscape_rule_repeats_by_seed_and_finds_a_minimum(name):
    """From (1, −1) every rule of the catalogue ends closer to the optimum (0.1, 0.2) of a well-conditioned bowl."""
    bowl = Quadratic([2.0, 1.0], [0.1, 0.2])
    start = np.array([1.0, -1.0])
    runs = [simulate(rule_of(name), bowl, start, 2000, 0.01, gradient_noise=0.01, seed=5) for _ in range(2)]
    xr.testing.assert_equal(runs[0], runs[1])
    final = runs[0].theta.values[0, -1]
    assert np.linalg.norm(final - bowl.optimum) < 0.6 * np.linalg.norm(start - bowl.optimum)


@pytest.mark.parametrize("name", rules.names())
def test_rule_in_plain_symbols_is_the_same_rule(name):
    """Symbols are found by name, so an equation means the same whatever assumptions its symbols carry."""
    rule = rule_of(name)

    def plain(expression):
        return expression.xreplace({s: sp.Symbol(s.name) for s in expression.free_symbols})

    again = replace(
        rule,
        weight_flow=plain(rule.weight_flow),
        states=tuple(replace(s, flow=plain(s.flow)) for s in rule.states),
        events={
            event: tuple(replace(u, expression=plain(u.expression)) for u in updates)
            for event, updates in rule.events.items()
        },
    )
    third = [0.2, 0.4] if "third_factor" in rule.events else ()
    both = (rule, again)
    if rule.inputs:
        runs = [simulate(r, Quadratic([2.0, 1.0], [0.1, 0.2]), [1.0, -1.0], 50, 0.01).theta.values for r in both]
    else:
        pre, post = trains()
        runs = [replay(r, pre, post, third_factor=third).weight.values for r in both]
    assert np.array_equal(*runs)


@pytest.mark.parametrize("name", signals.names())
def test_signal_feeds_a_derived_rule(name):
    signal = signals.load(name)()
    check_references("plasticity.signals", name, signal.references)
    rule = observe(derive(Objective(discount=sp.oo)), signal)
    assert {s.name for s in rule.inputs} <= set(LOCALS)
    if not rule.inputs:
        assert np.isfinite(replay(rule, *trains()).weight.values).all()


@cache
def smoke(name):
    """The shortest run of a scenario."""
    return scenarios.run(name, seed=1, **scenarios.load(name).SMOKE)


@pytest.mark.parametrize("name", scenarios.names())
def test_scenario_smoke_run_follows_the_schema_and_survives_a_file(name, tmp_path):
    module = scenarios.load(name)
    for f in dataclasses.fields(module.Parameters):
        assert f.metadata["help"]
        seconds = f.metadata["unit"]
        assert isinstance(seconds, str)
    ds = smoke(name)
    check_schema(ds)
    check_references("scenarios", name, ds.attrs["references"].split())
    xr.testing.assert_identical(read(write(ds, tmp_path / "run.nc")), ds)
    xr.testing.assert_equal(scenarios.run(name, seed=1, **module.SMOKE), ds)


@pytest.mark.parametrize("name", datasets.names())
def test_data_set_is_sourced(name):
    ds = datasets.load(name)
    check_schema(ds)
    for key in ("kind", "doi", "figure", "rights", "provenance"):
        assert ds.attrs[key]
    assert ds.attrs["doi"].startswith("10.") or (ds.attrs["doi"].startswith("none") and ds.attrs["url"])
    check_references("analysis.datasets", name, ds.attrs["references"].split())
    unknown = np.isnan(ds.sem.values)  # where no standard error was published, the data set says why
    assert bool(ds.attrs.get("sem_missing")) == unknown.any()
    assert (ds.sem.values[~unknown] > 0).all()


@pytest.mark.parametrize("name", scenarios.names())
def test_scenario_result_can_be_drawn(name):
    assert figures.draw(smoke(name)).axes
