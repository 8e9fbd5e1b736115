"""Choices, trial by trial: trial tables, fits that come back, left-out sessions, models that would see the future."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import optimize

from analysis import Model, choice_learner, datasets, fit, leave_out, recover
from analysis.choice_models import regressors
from analysis.data.csv_write import as_csv
from analysis.data.examples import example
from analysis.data.repeated import with_measured
from plasticity.errors import InputError
from plasticity.rule import Parameter

BOUNDS = {"learning_rate": (0.01, 10.0)}


def table(path, n=300, separator=",", rewards=True):
    """Two stimuli with opposite answers that are rewarded in 4 of 5 trials, two sessions."""
    rng = np.random.default_rng(2)
    stimulus = rng.integers(0, 2, n)
    often = (rng.random(n) < 0.8).astype(int)
    pays = np.where(stimulus == 1, often, 1 - often)
    choice = rng.integers(0, 2, n)
    columns = ["stimulus", "choice", "reward", "session", *(["reward_0", "reward_1"] if rewards else [])]
    rows = [
        [f"s{s}", str(c), str(int(c == p)), f"day {1 + 2 * i // n}", *([str(1 - p), str(p)] if rewards else [])]
        for i, (s, c, p) in enumerate(zip(stimulus, choice, pays, strict=True))
    ]
    path.write_text("\n".join(separator.join(row) for row in [columns, *rows]))
    return datasets.load(path)


@pytest.fixture
def learnt(tmp_path):
    """Choices of a REINFORCE learner at learning rate 1.5, in the task of the table."""
    data = table(tmp_path / "trials.csv")
    truth = choice_learner().with_parameters(learning_rate=1.5)
    return with_measured(data, truth({}, data).sample(np.random.default_rng(3)))


def test_a_trial_table_is_read_with_any_separator(tmp_path):
    data, other = (table(tmp_path / f"{i}.csv", separator=s) for i, s in enumerate(",\t"))
    assert data.attrs["kind"] == "choices"
    assert_allclose(data.value, other.value)
    assert data.protocol.values[:2].tolist() == ["trial_1", "trial_2"]
    assert regressors(data).sum(axis=1).tolist() == [1.0] * 300
    assert np.array_equal(data.reward, np.where(data.value == 1, data.reward_1, data.reward_0))


def test_the_likelihood_is_that_of_the_choices(learnt):
    """Best fit and its log likelihood by a scalar search on REINFORCE written out; p from the conditional chances."""
    x, r, c = regressors(learnt), learnt.reward.values, learnt.value.values

    def cost(rate):
        total, w = 0.0, np.zeros(2)
        for t in range(c.size):
            if t == 150:
                w = np.zeros(2)
            p = 1 / (1 + np.exp(-w @ x[t]))
            total -= np.log(p if c[t] else 1 - p)
            w = w + rate * r[t] * (c[t] - p) * x[t]
        return total

    best = optimize.minimize_scalar(cost, bounds=(0.1, 5.0), method="bounded", options={"xatol": 1e-7})
    fitted = fit(choice_learner(), learnt, "learning_rate", BOUNDS, n_starts=3)
    assert_allclose(fitted.parameters["learning_rate"], best.x, rtol=1e-4)
    assert_allclose(fitted.log_likelihood, -best.fun, rtol=1e-9)
    assert fitted.error == pytest.approx(2 * best.fun / 300)
    assert abs(fitted.parameters["learning_rate"] - 1.5) < 5 * fitted.standard_errors["learning_rate"]
    step = 0.01
    bend = (cost(best.x + step) - 2 * best.fun + cost(best.x - step)) / step**2
    assert fitted.standard_errors["learning_rate"] == pytest.approx(bend**-0.5, rel=0.35)  # expected for observed
    assert 0.001 < fitted.p_value <= 1
    prediction = choice_learner().with_parameters(learning_rate=best.x)({}, learnt)
    assert_allclose(prediction.log_density(c).sum(), -best.fun, rtol=1e-9)
    other = prediction.log_density(1 - c)  # other choices have their own history
    assert_allclose(prediction.log_density(c), np.log(np.where(c == 1, prediction.mean, 1 - prediction.mean)))
    assert not np.allclose(np.exp(other) + np.exp(prediction.log_density(c)), 1)


def test_learners_come_back_and_sessions_are_left_out(learnt):
    fitted = fit(choice_learner(), learnt, "learning_rate", BOUNDS, n_starts=1)
    recovery = recover(fitted, n_sets=20, n_starts=1)
    assert recovery.verdict.values.tolist() == ["identifiable"]
    left = leave_out(fitted, "session", n_starts=1)
    assert left.units == ("day 1", "day 2")
    assert left.score < fitted.log_likelihood
    with pytest.raises(InputError, match="unit 'protocol' divides session 'day 1'"):
        leave_out(fitted)
    with pytest.raises(InputError, match="predicts sequences; leave calibrate out"):
        recover(fitted, n_sets=2, calibrate=True)


def test_a_model_that_sees_the_choice_that_it_predicts_is_refused(learnt):
    def peeks(values, protocol):
        return np.clip(values["a"] + 0.5 * protocol.value.values, 0.01, 0.99)

    model = Model("peeks", "peeks", peeks, (Parameter("a", 0.2),), sequence="session")
    with pytest.raises(InputError, match="predicts trial 151 or an earlier one from what was measured then or later"):
        fit(model, learnt)
    with pytest.raises(InputError, match="reads 'value', but a model predicts without seeing"):  # not of a sequence
        fit(Model("peeks", "peeks", peeks, (Parameter("a", 0.2),)), learnt)


def test_what_is_missing_is_named(tmp_path):
    data = table(tmp_path / "trials.csv", n=40, rewards=False)
    fitted = fit(choice_learner(), data, "learning_rate", BOUNDS, n_starts=1)
    with pytest.raises(InputError, match="add the columns reward_0 and reward_1"):
        recover(fitted, n_sets=2)
    with pytest.raises(InputError, match="must be of kind 'choices'"):
        fit(choice_learner(), "wang_2005", "learning_rate")


@pytest.mark.parametrize("kind", ["choices", "successes", "times"])
def test_what_is_written_is_read(kind, tmp_path):
    (tmp_path / "own.csv").write_text(example(kind))
    data = datasets.load(tmp_path / "own.csv")
    (tmp_path / "again.csv").write_text(as_csv(data))
    again = datasets.load(tmp_path / "again.csv")
    for name in ("value", "n", *(name for name in data.coords if name != "protocol")):
        assert again[name].values.tolist() == data[name].values.tolist(), name
