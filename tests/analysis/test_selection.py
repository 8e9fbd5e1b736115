"""The best of several models against the best of several others: chance alone does not decide."""

import numpy as np
import pytest
from scipy.special import erfc

from analysis.leave_out import LeftOut
from analysis.selection import LEVEL, best_of_each
from plasticity.errors import InputError
from tests.error_bounds import counts

UNITS = tuple("abcdefghijklmnopqrst")


def left(scores, units=UNITS):
    return LeftOut("protocol", units, scores, scores, scores, 1.0, ())


def test_one_against_one_is_two_standard_errors():
    noise = np.tile([1.0, -1.0], 10)
    for shift in (0.1, 0.45, -0.45):
        result = best_of_each([left(noise + shift)], [left(np.zeros(20))])
        assert result.gain == pytest.approx(20 * shift)
        assert result.p_value == pytest.approx(erfc(abs(result.gain) / result.error / np.sqrt(2)), abs=0.015)
        assert (result.p_value < LEVEL) == (abs(result.gain) > 2 * result.error)


def test_a_choice_among_equals_does_not_decide(monkeypatch):
    """Six equal models against one: the best of them lies two errors ahead much more often than in 5 % of sets."""
    monkeypatch.setitem(best_of_each.__globals__, "N_SETS", 1000)
    random, n_sets, decided, naive = np.random.default_rng(3), 1000, 0, 0
    for _ in range(n_sets):
        common = random.standard_normal(20)  # easy and hard measurements are so for all
        models = [left(common + random.standard_normal(20)) for _ in range(7)]
        result = best_of_each(models[:6], models[6:])
        decided += result.p_value < LEVEL
        naive += abs(result.gain) > 2 * result.error
    low, high = counts(n_sets, LEVEL + 0.01)  # scatter is estimated from 20 units
    assert low <= decided <= high
    assert naive > high


def test_other_units_are_refused():
    with pytest.raises(InputError, match="not tested on the same units"):
        best_of_each([left(np.zeros(20))], [left(np.zeros(3), ("a", "b", "c"))])
