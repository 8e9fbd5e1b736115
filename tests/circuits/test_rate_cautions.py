"""Rate circuits say what cannot mean what a user thinks: spikes at negative rates, errors of the pattern before."""

import numpy as np
import pytest

from circuits import load, run
from plasticity import FeedbackChannel, InputError
from plasticity.rules.gradient_descent import gradient_descent
from plasticity.rules.oja import oja
from plasticity.rules.pair_stdp import pair_stdp
from plasticity.rules.triplet_stdp import triplet_stdp
from plasticity.signals.exact_error import exact_error

feedforward = load("feedforward_rate")
ONES = [np.ones((1, 2))]


@pytest.mark.parametrize("rule", [pair_stdp(), triplet_stdp()], ids=["pair", "triplet"])
@pytest.mark.parametrize(
    ("patterns", "weights", "message"),
    [
        ([[-3.0, 2.0]], ONES, r"rate of input\[0\] is -3 Hz at 0.001 s"),
        (
            [[3.0, 2.0]],
            [-np.ones((1, 2))],
            r"rate of output\[0\] is -5 Hz at 0.001 s, .* use a nonlinearity such as relu",
        ),
    ],
)
def test_spikes_do_not_come_at_negative_rates(rule, patterns, weights, message):
    with pytest.raises(InputError, match=message):
        run(feedforward((2, 1), rule, patterns=patterns, weights=weights), 0.1)


def test_rules_of_rates_take_any_and_rectified_rates_are_right():
    signed = feedforward((2, 1), oja(), patterns=[[-3.0, 2.0]], weights=ONES)
    assert np.all(np.isfinite(run(signed, 0.1).final["layer_1"]))
    silent = feedforward((2, 1), pair_stdp(), patterns=[[3.0, 2.0]], weights=[-np.ones((1, 2))], output="relu")
    np.testing.assert_array_equal(run(silent, 0.1).final["layer_1"][0], -np.ones((1, 2)))  # no pair, no change


@pytest.mark.parametrize(
    ("delay", "hold", "words"), [(0.01, 0.01, "for 100% of"), (0.01, 0.02, "for 50%"), (0.01, 0.1, "")]
)
def test_errors_that_meet_a_later_pattern_are_announced(delay, hold, words, capsys):
    options = {"patterns": np.eye(2), "targets": np.ones((2, 1)), "hold": hold}
    circuit = feedforward((2, 1), gradient_descent(0.1), exact_error(), **options)
    run(circuit, 0.2, dt=0.01, feedback=FeedbackChannel(delay=delay))
    printed = capsys.readouterr().err
    assert (words in printed and "hold=0.1" in printed) if words else "late" not in printed
