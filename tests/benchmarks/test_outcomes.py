"""Combinations end in learning, in a caution or in a refusal, never in nonsense: those that take little time."""

import pytest

from tests.benchmarks.outcomes import CASES, FAULTS, IDLE, SILENT, Case, outcome

SLOW = ("eprop, recurrent", "balanced_ei", "actor", "escape_rate_neuron", "ring", "kalman", "bayesian")


@pytest.mark.parametrize("case", [c for c in CASES if not any(word in c.words for word in SLOW)], ids=lambda c: c.words)
def test_no_combination_is_a_fault(case):
    assert outcome(case).kind not in FAULTS


def test_faults_are_seen(capsys):
    silent = Case("w stands still", lambda: (0.0, None))
    assert outcome(silent).kind == SILENT
    assert outcome(Case("a loss rises", lambda: (1.0, (1.0, 2.0)))).kind == SILENT
    assert outcome(Case("unforeseen", lambda: 1 / 0)).kind == "traceback"
    assert outcome(Case("refused", lambda: (1.0, None), cannot=True)).kind == SILENT
    assert len(CASES) == 28
    assert IDLE not in FAULTS
