"""Models that are no rules: functions of parameters and protocol, and learners in trials on public data."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from analysis import Model, as_dataset, fit, state_space, trial_learner
from analysis.datasets import load
from analysis.trial_models import TrialPrediction
from plasticity import FeedbackChannel, InputError, Objective, OrnsteinUhlenbeck, Parameter, derive_trials

STATES = ["retention_1", "retention_2", "drive_1", "drive_2"]
COMPONENTS = ["retention_1", "retention_2", "ratio_1", "ratio_2"]


def proportional(parameters, protocol):
    assert "value" not in protocol.variables  # a model does not see the measurements
    return parameters["slope"] * protocol.frequency.values


def rates():
    data = load("kirkwood_1996")
    return data.isel(protocol=np.flatnonzero(data.sem > 0))


def test_a_function_is_fitted_by_weighted_least_squares():
    data = rates()
    x, y, weight = data.frequency.values, data.value.values, 1 / data.sem.values**2
    fitted = fit(proportional, data, ["slope"], {"slope": (-1.0, 1.0)})
    assert_allclose(fitted.parameters["slope"], np.sum(weight * x * y) / np.sum(weight * x**2), rtol=1e-6)
    assert_allclose(fitted.standard_errors["slope"], np.sum(weight * x**2) ** -0.5, rtol=1e-4)
    assert as_dataset(fitted).attrs["rule"] == "proportional"


def test_what_a_density_of_a_model_lacks_is_named():
    half = type("Half", (), {"mean": np.zeros(3), "log_density": lambda self, observed: observed})()
    with pytest.raises(
        InputError, match="must return a number per protocol, or a Prediction.*got Half, which lacks sample"
    ):
        fit(lambda parameters, protocol: half, rates(), ["slope"], {"slope": (-1.0, 1.0)})


def test_derived_learner_and_two_states_are_one_on_seen_and_clamped_trials():
    """'t Hart: the misfit is the same at every horizon γ + R, and that of the two-state model."""
    data = load("thart_reach")
    medians = data.assign(
        value=("protocol", data["median"].values, data.value.attrs),
        sem=("protocol", np.ones(data.sizes["protocol"]), data.sem.attrs),
    )
    states = fit(state_space(), medians, STATES, n_starts=1)
    assert_allclose(states.error, 5.285189, atol=5e-7)
    assert_allclose(states.free_values, [0.708, 0.9994, 0.44, 0.0713], atol=6e-4)
    for horizon in (0.3, 400.0):
        learner = fit(trial_learner().with_parameters(horizon=horizon), medians, COMPONENTS, n_starts=1)
        assert_allclose(learner.error, states.error, rtol=1e-8)
        assert_allclose(learner.predictions, states.predictions, atol=1e-3)


@pytest.mark.parametrize("gain", [1.0, 0.7])
def test_mean_of_a_learner_is_its_run_without_noise(gain):
    kinds, turns = np.array([0, 0, 1, 2, 2, 0, 1]), np.full(7, 20.0)
    belief = OrnsteinUhlenbeck((3.0, 80.0), (5.0, 8.0), 4.0, mean=1.5)
    learner = derive_trials(Objective(0.3, drift=-0.1), belief, FeedbackChannel(gain=gain))
    prediction = TrialPrediction(learner, learner.trials(turns, kinds, 3.0))
    assert_allclose(prediction.mean, learner.run(turns, kinds, 3.0).aim, atol=1e-12)


def test_drawn_learners_scatter_about_the_mean():
    model = trial_learner(1).with_parameters(output_noise=2.0, feedback_noise=3.0)
    data = load("thart_reach").isel(protocol=slice(30, 50))
    prediction, rng = model({}, data), np.random.default_rng(0)
    draws = np.array([prediction.sample(rng) for _ in range(150)])
    z = (draws.mean(axis=0) - prediction.mean) / (draws.std(axis=0, ddof=1) / np.sqrt(len(draws)))
    assert np.abs(z).max() < 6
    assert prediction.log_density(draws[0]).sum() > prediction.log_density(draws[0] + 50.0).sum()


@pytest.mark.parametrize(
    ("model", "free", "bounds", "problem"),
    [
        (proportional, ["slope"], None, "bounds"),
        (lambda p, _: np.zeros(3), ["a"], {"a": (0, 1)}, "8 values"),
        (trial_learner(1), ["ratio_1"], None, "trials"),
        (state_space(1), ["drive_1"], None, "trials"),
    ],
)
def test_models_that_do_not_fit_the_data_are_refused(model, free, bounds, problem):
    with pytest.raises(InputError, match=problem):
        fit(model, rates(), free, bounds)


def test_a_model_needs_values_and_a_function():
    with pytest.raises(InputError, match="slope"):
        Model("line", "a line", proportional, (Parameter("slope", None),))({}, rates())
    with pytest.raises(InputError, match="n_components"):
        trial_learner(4)
