"""Populations that fire at random: rates, counts and correlations of Poisson spikes; no list of them anywhere."""

import numpy as np
import pytest

from circuits import Circuit, Population, Projection, all_to_all, poisson_source, run, spike_source
from plasticity import InputError
from plasticity.rules.pair_stdp import pair_stdp
from tests.error_bounds import counts, variance_error, z

DT = 1e-3


def spikes(source, duration, random):
    """Whether each neuron fires in each step, (n, n_steps)."""
    made = run(
        Circuit("c", (source,)), duration, DT, "numpy", record=("source",), seed=int(random.integers(2**31))
    ).spikes["source"]
    fired = np.zeros((source.size, round(duration / DT)))
    fired[made[1], np.round(made[0] / DT).astype(int)] = 1
    assert fired.sum() == made[0].size  # one spike in a step at most
    return fired


def test_counts_are_those_of_independent_draws_at_the_rate(random):
    rates = np.repeat([5.0, 80.0], 100)
    fired = spikes(poisson_source("source", rates), 2.0, random)
    for rate in (5.0, 80.0):
        of_rate = fired[rates == rate]
        low, high = counts(of_rate.size, rate * DT)
        assert low <= of_rate.sum() <= high
        assert of_rate.sum(axis=1).var() / (2000 * rate * DT * (1 - rate * DT)) - 1 < variance_error(99)
    p = 80.0 * DT
    centred = fired[100:] - p
    for lag in (1, 2, 3, 4):  # words of one block
        error = z(8) * p * (1 - p) / np.sqrt(centred[lag:].size)
        assert abs(np.mean(centred[lag:] * centred[:-lag])) < error
        assert abs(np.mean(centred[:, lag:] * centred[:, :-lag])) < error * 1.03  # fewer pairs


def test_rows_of_rates_follow_one_another(random):
    fired = spikes(poisson_source("source", [[0.0, 1000.0], [1000.0, 0.0]], step=0.01), 0.03, random)
    np.testing.assert_array_equal(fired[0], np.repeat([0, 1, 1], 10))
    np.testing.assert_array_equal(fired[1], np.repeat([1, 0, 0], 10))


def test_spike_counts_have_the_correlation(random):
    """Steps are independent: the mean over pairs of a step has a standard error that is estimated from the steps."""
    p, c, n = 0.1, 0.3, 40
    fired = spikes(poisson_source("source", p / DT, n=n, correlation=c), 5.0, random)
    deviation = fired - p
    pairs = (deviation.sum(axis=0) ** 2 - (deviation**2).sum(axis=0)) / (n * (n - 1)) / (p * (1 - p))
    assert abs(pairs.mean() - c) < z(degrees=pairs.size - 1) * pairs.std() / np.sqrt(pairs.size)


def test_a_run_that_no_list_could_hold_is_made_at_once():
    """10^10 draws would have been 80 GB."""
    from circuits.running.grid import Grid
    from circuits.running.recording import Recording
    from circuits.spiking.model import describe

    _, inputs = describe(Circuit("c", (poisson_source("source", 1.0, n=10**5),)), Grid(1e-4, 10.0), Recording())
    assert inputs.tables["source_draw"].values.size == 4


def test_synapses_learn_from_them_as_from_the_same_trains(random):
    source, seed = poisson_source("inputs", 30.0, n=5), int(random.integers(2**31))
    cells = Population("cells", ([0.05, 0.15], [0.1]))

    def final(inputs):
        wiring = all_to_all("synapses", inputs, cells, 1.0)
        circuit = Circuit("c", (inputs, cells), (Projection(rule=pair_stdp(), **wiring),))
        return run(circuit, 0.3, DT, "numpy", record=("inputs",), seed=seed)

    drawn = final(source)
    times, neurons = drawn.spikes["inputs"]
    listed = final(Population("inputs", [times[neurons == k] for k in range(5)], spike_source()))
    np.testing.assert_allclose(drawn.final["synapses"], listed.final["synapses"], rtol=1e-14)
    assert np.ptp(drawn.final["synapses"]) > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rates": [-1.0]}, "rates of 'source' must be >= 0 Hz, got -1"),
        ({"rates": 10.0}, "give a number and n"),
        ({"rates": [[10.0]]}, "the step for which each holds"),
        ({"rates": [10.0], "step": 0.1}, "the step for which each holds"),
        ({"rates": [10.0], "n": 3}, "one rate for each neuron"),
        ({"rates": [10.0], "correlation": 1.5}, "correlation must be"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        poisson_source("source", **options)
