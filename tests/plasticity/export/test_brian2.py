"""Exported Brian2 scripts, run as they are in a fresh interpreter, against exact replay of the same spikes."""

import ast
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from plasticity import Rule, replay, rules, signals
from plasticity.compile.increments import statements
from plasticity.errors import InputError
from plasticity.export import files
from plasticity.export.brian2 import brian2
from plasticity.rule import WEIGHT, Parameter

DURATION = 0.5  # s
DELAY = 0.003  # s, axonal


def trains(third_factor):
    """Random spikes on the grid of 0.1 ms, every fourth post spike at the arrival of a pre spike, and third factors."""
    random = np.random.default_rng(4)
    pre, post, third = (
        np.unique(np.round(random.uniform(0.0, DURATION - 0.02, n), 4)) for n in (16, 12, 3 * third_factor)
    )
    return pre, np.unique(np.round(np.concatenate([post, pre[::4] + DELAY]), 4)), third


def printed(folder, rule, *spikes, **more):
    """Times and weights that the script of a rule prints, run from its folder without this project."""
    ((name, text),) = brian2(rule, *spikes, **more).items()
    (folder / name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", name], cwd=folder, capture_output=True, text=True, check=False, env={"HOME": str(folder)}
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return np.array([(line.split()[0], line.split()[-1]) for line in done.stdout.splitlines()], dtype=float).T


def bounded():
    """A weight that flows against a bound."""
    rate = Parameter("rate", 1.0, unit="Hz")
    return Rule("bounded", "Bounded", rate.symbol * (2 - WEIGHT), parameters=(rate,), bounds=(0.0, 1.5))


CASES = {
    "traces": rules.pair_stdp,
    "thresholds at spikes": rules.clopath_voltage,
    "a derived rule with bounds": lambda: replace(rules.derived_bcm(), bounds=(0.98, 1.01)),
    "a flow that is not linear": rules.oja,
    "third factors, a product of traces": rules.reward_stdp,
    "third factors that move the weight": rules.derived_plateau,
    "a clock and third factors": lambda: rules.adam().with_signal(signals.plateau()).with_parameters(clock_step=0.05),
    "a weight that flows against a bound": bounded,
}


@pytest.mark.parametrize("case", CASES)
def test_the_script_prints_the_weight_of_replay(tmp_path, case):
    """To 1e-9 of the largest change, at ten times and at the end, with coincidences and a delay."""
    rule = CASES[case]()
    pre, post, third = trains("third_factor" in rule.events)
    third = third if third.size else None
    times, weights = printed(tmp_path, rule, pre, post, third, axonal_delay=DELAY, duration=DURATION)
    ds = replay(rule, pre, post, 1.0, DURATION, () if third is None else third, DELAY)
    scale = np.abs(ds.weight.values - 1).max()
    assert scale > 1e-3
    assert abs(weights[-1] - float(ds.weight[-1])) <= 1e-9 * scale
    if rule.weight_flow == 0:  # constant between events
        last = np.searchsorted(ds.time.values, times[:-1] - 1e-9) - 1
        np.testing.assert_allclose(weights[1:-1], ds.weight.values[last[1:]], rtol=0, atol=1e-9 * scale)
    assert times[-1] == DURATION


def test_a_threshold_is_crossed_within_a_step(tmp_path):
    """Calcium crosses either of two thresholds up to twice for each spike, by up to one step too late.

    In that step the flow is wrong by what the threshold adds to it, at most w_max (γ_p + γ_d)/τ.
    """
    rule = rules.graupner_calcium().with_parameters(pre_delay=0.0046)
    pre, post, _ = trains(False)
    _, weights = printed(tmp_path, rule, pre, post, axonal_delay=DELAY, duration=DURATION)
    exact = float(replay(rule, pre, post, 1.0, DURATION, axonal_delay=DELAY).weight[-1])
    v = rule.values
    steepest = (v["gamma_p"] + v["gamma_d"]) / (v["initial_efficacy"] * v["tau_weight"])
    assert 1e-12 < abs(weights[-1] - exact) < 4 * (pre.size + post.size) * 1e-4 * steepest


@pytest.mark.parametrize("label", ["pair_stdp", "adam+plateau", "graupner_calcium"])
def test_a_script_is_plain_python_that_imports_brian2_and_numpy_only(label):
    name, _, signal = label.partition("+")
    rule = getattr(rules, name)()
    rule = rule.with_signal(getattr(signals, signal)()) if signal else rule
    ((_, text),) = files(rule, "brian2").items()
    tree = ast.parse(text)
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"numpy", "brian2"}
    assert all(f"\n{p.name} = " in text for p in rule.parameters)
    assert ast.get_docstring(tree).startswith(rule.title)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("w = -a*x + w", "w -= a*x"),
        ("w = w - a*(x - (y + z))", "w -= a*(x - (y + z))"),
        ("w = a - b + w", "w += a - b"),
        ("w = w - a*x + b", "w = w - a*x + b"),
        ("w = -a + b + w", "w = -a + b + w"),
        ("w = wide + 1", "w = wide + 1"),
        ("w = w*2", "w = w*2"),
        ("w = clip(a + w, 0, 1)", "w = clip(a + w, 0, 1)"),
    ],
)
def test_an_increment_is_written_as_one_where_it_means_the_same(line, shown):
    assert statements(line) == [shown]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: brian2(rules.adam()), "reads a gradient, which spikes do not provide; export it with a signal"),
        (lambda: brian2(replace(rules.pair_stdp(), bounds=(0.0, 0.5))), "weight must be"),
        (lambda: brian2(rules.adam().with_signal(signals.escape_rate_likelihood())), "which neurons that spike at"),
        (lambda: brian2(rules.gradient_descent().with_signal(signals.exact_error())), "which neurons that spike at"),
        (lambda: brian2(rules.pair_stdp().with_parameters(A_plus=np.array([0.1, 0.2]))), "A_plus.* has 2 values"),
        (lambda: brian2(Rule("r", "R", -WEIGHT * Parameter("ms", 1.0, "Hz").symbol,
                             parameters=(Parameter("ms", 1.0, "Hz"),))), "defines 'ms'"),
        (lambda: brian2(rules.pair_stdp(), [0.01234567], [0.02]), r"pre_spikes has 0.0123457 s, which is no multiple"),
        (lambda: brian2(rules.pair_stdp(), axonal_delay=0.00015), "axonal_delay has 0.00015 s, which is no multiple"),
        (lambda: brian2(rules.pair_stdp(), third_factor=[0.1]), "does nothing at such events"),
        (lambda: brian2(rules.pair_stdp(), duration=0.1), "duration must be"),
        (lambda: brian2(rules.pair_stdp(), dt=0.0), "dt must be"),
    ],
)  # fmt: skip
def test_what_a_script_cannot_say_is_refused_by_name(make, message):
    with pytest.raises(InputError, match=message):
        make()
