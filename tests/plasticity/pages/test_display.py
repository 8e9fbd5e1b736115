"""What notebooks show: the numbers of the records, short."""

import numpy as np
import pytest

import circuits
import steersman as sm
from plasticity.pages.display import numbers


def test_an_objective_shows_its_action_and_what_differs_from_the_defaults():
    text = sm.Objective(discount=0.5, metric=np.diag([1.0, 4.0]))._repr_markdown_()
    assert r"J = \int" in text
    assert "| `discount` | $\\gamma$ | 0.5 |" in text
    assert "| `metric` | $G$ | (1, 0; 0, 4) |" in text
    assert "plasticity" not in text


def test_a_policy_shows_its_eigenvalues_and_rest_point():
    """One weight: R = −γ/2 + √(γ²/4 + ηkv) = 2.5 for γ = 1, v = 8.75."""
    policy = sm.solve(sm.Objective(discount=1.0), sm.Quadratic([8.75], [3.0]))
    text = policy._repr_markdown_()
    assert "| eigenvalues (1/s) | -2.5 |" in text
    assert "| rest point | (3) |" in text
    still = sm.solve(sm.Objective(discount=1.0), sm.Quadratic([[1.0, 0.0], [0.0, 0.0]], [0.0, 0.0]))
    assert "depends on the start" in still._repr_markdown_()


def test_a_fit_and_a_comparison_show_values_and_warnings():
    fitted = sm.fit("pair_stdp", "sjostrom_2001", free=["A_plus"], n_starts=2)
    text = fitted._repr_markdown_()
    assert f"| `A_plus` | {fitted.parameters['A_plus']:.4g} | {fitted.standard_errors['A_plus']:.4g} | 1 |" in text
    assert f"E = {fitted.error:.3f}" in text
    unfitted = sm.fit("triplet_stdp", "sjostrom_2001")
    compared = sm.compare([fitted, unfitted])._repr_markdown_()
    assert compared.index("triplet_stdp") < compared.index("pair_stdp")  # the better one first
    assert all(f"{score.error:.3f}" in compared for score in sm.compare([fitted, unfitted]).scores)


def test_a_run_and_a_compiled_rule_show_what_they_are():
    rule = sm.rules.pair_stdp()
    circuit = sm.circuits.pairing([[0.1]], [[0.11]], rule)
    run = circuits.run(circuit, 0.2)
    assert f"| `synapses` | 1 | {run.final['synapses'][0]:.4g} | 0 |" in run._repr_markdown_()
    assert sm.compile_rule(rule)._repr_markdown_() == sm.compile_rule(rule).report()


def test_the_derivation_of_a_card_is_folded():
    rule = sm.rules.adam()
    text = rule._repr_markdown_()
    before, fold, after = text.partition(f"<details><summary>Derivation, {len(rule.steps)} steps</summary>")
    inside, _, rest = after.partition("</details>")
    assert fold
    assert rule.steps[0].title in inside
    assert "## Parameters" in rest
    parts = [line for line in rule.card().splitlines() if line]
    assert [line for line in (before + "## Derivation\n" + inside + rest).splitlines() if line] == parts
    assert "<details>" not in sm.rules.pair_stdp()._repr_markdown_()  # written by hand: nothing to fold


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.123456, "0.1235"), (lambda x: x, "function <lambda>"), ("oo", "oo"), (np.zeros(7), "array (7,)")],
)
def test_numbers_are_short(value, text):
    assert numbers(value) == text


WELL, VALLEY = sm.DoubleWell(), sm.Quadratic([1.0, 4.0], [1.0, 0.0])
LIF = sm.circuits.balanced_ei(20, sm.rules.pair_stdp(), probability=0.5)
RATES = sm.circuits.feedforward_rate((2, 1), sm.rules.oja(), patterns=[[1.0, 0.0]], targets=[[1.0]])
RECORDS = {
    "policy on a landscape": (lambda: sm.policy(sm.Objective(0.5), WELL), f"{float(WELL.loss(WELL.minima[1])):.4g} |"),
    "dual control": (lambda: sm.dual_control(sm.Objective(1.0), [0.5, 2.0], 1.0), "| dual |"),
    "signal": (lambda: sm.signals.variance(), "| per unit of time | $-"),
    "assumptions": (lambda: sm.assumptions_of(sm.rules.ballistic(), VALLEY), "- ballistic is optimal at every horizon"),
    "spiking circuit": (lambda: LIF, "| `excitatory` | 16 | lif |"),
    "rate circuit": (lambda: RATES, "| `layer_1` | input → output | 2 | oja |"),
}


@pytest.mark.parametrize("kind", RECORDS)
def test_long_records_show_what_matters(kind):
    make, part = RECORDS[kind]
    record = make()
    text = record._repr_markdown_()
    assert part in text
    assert len(text) < min(1600, len(repr(record)))
