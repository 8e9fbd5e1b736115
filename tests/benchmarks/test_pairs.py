"""The classification of pairs: its criterion, copies that do not disturb each other, and a pair of each class."""

import numpy as np
import pytest

import circuits
from plasticity import observe, poisson_trains, rules, signals
from tests.benchmarks.pair_tasks import side_by_side
from tests.benchmarks.pairs import Learner, pairs, verdict


def test_the_criterion_is_a_paired_difference_in_standard_errors():
    base = np.linspace(1.0, 2.0, 8)
    opponent = Learner(base, 1.0)
    assert verdict(Learner(0.9 * base, 1.0), opponent, 3.0)[0] == "better"
    assert verdict(Learner(base * np.where(np.arange(8) % 2, 0.9, 1.1), 1.0), opponent, 3.0)[0] == "equal"
    assert verdict(Learner(1.1 * base, 1.0), opponent, 3.0)[0] == "worse"
    assert verdict(Learner(0.9 * base, 1.0), opponent, 0.5)[0] == "worse"
    assert verdict(Learner(None, np.nan), opponent, 3.0)[0] == "diverged"


def test_copies_side_by_side_learn_as_each_alone():
    rule = observe(rules.multi_step(), signals.eprop())

    def copy(seed):
        inputs = [train.round(3) for train in poisson_trains(40.0, 3, 0.1, seed=seed)]
        return circuits.recurrent_lif(inputs, np.full((1, 2), 20.0), 0.1, rule, n=3, probability=0.7, seed=5)

    rates = np.array([0.03, 0.1])
    both = side_by_side([copy(1), copy(2)], rule, {"plasticity": rates})
    together = circuits.run(both, 0.1, device="numpy").final
    for k, seed in enumerate((1, 2)):
        alone = circuits.run(
            side_by_side([copy(seed)], rule, {"plasticity": rates[k : k + 1]}), 0.1, device="numpy"
        ).final
        for name in ("input", "recurrence"):
            n = len(alone[name])
            np.testing.assert_allclose(together[name][k * n : (k + 1) * n], alone[name], rtol=1e-12)


@pytest.mark.parametrize(
    ("rule", "signal", "kind"), [("multi_step", "node_perturbation", "better"), ("newton", "variance", "refused")]
)
def test_a_pair_of_a_class(rule, signal, kind):
    """A horizon pays where inputs differ in strength, even with a curvature from second differences of the loss."""
    assert [p[2] for p in pairs([rule], [signal], 8)] == [kind]
