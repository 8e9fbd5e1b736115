"""Learners in trials: an exact alias of the horizon under errors, broken by trials without feedback."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from analysis.__main__ import main
from analysis.datasets import load
from analysis.inference.trials import horizon_error, infer_trials
from analysis.trial_people import learner_at
from plasticity.errors import InputError
from plasticity.trials import NONE

TURNS = np.r_[np.zeros(32), np.full(100, 30.0), np.full(12, -30.0), np.zeros(40)]
SEEN = np.zeros(144, dtype=int)


@pytest.mark.parametrize("horizon", [0.05, 0.3, 2.0])
def test_clamps_hide_the_horizon_and_trials_without_feedback_show_it(horizon):
    errors = {
        kind: horizon_error((4.5, 99.5), (1.82, 0.0173), horizon, TURNS, np.r_[SEEN, np.full(40, kind)], 1.5)
        for kind in (1, NONE)
    }
    assert np.isinf(errors[1][0])
    assert errors[1][1] < 1e-9
    assert 0.1 < errors[NONE][0] < 1.0
    half = np.r_[SEEN, np.full(20, 1), np.full(20, NONE)]  # once memories have faded in clamps, less is left to see
    assert horizon_error((4.5, 99.5), (1.82, 0.0173), horizon, TURNS, half, 1.5)[0] > 5 * errors[NONE][0]


@pytest.mark.parametrize(("horizon", "free", "after_clamps"), [(0.05, 0.44, 4.9), (0.3, 0.28, 9.4), (2.0, 0.52, 137)])
def test_two_ratios_of_noise_explain_six_published_errors(horizon, free, after_clamps):
    """Retentions 0.8 and 0.99. Ratios q/r were not stated; these two give all six numbers to their printed digits.

    sd of ln(γ + R) with 40 trials without feedback at the end, and with 20 clamped and then 20 without.
    """
    tau, ratio = -1 / np.log([0.8, 0.99]), (1.6294, 0.0811)
    half = np.r_[SEEN, np.full(20, 1), np.full(20, NONE)]
    errors = [horizon_error(tau, ratio, horizon, TURNS, k, 1.5)[0] for k in (np.r_[SEEN, np.full(40, NONE)], half)]
    assert_allclose(errors[0], free, atol=0.005)
    assert_allclose(errors[1], after_clamps, atol=0.05 if after_clamps < 100 else 0.5)


@pytest.mark.paper
def test_reaches_under_rotation_tell_nothing_about_the_horizon():
    data = load("thart_reach")
    medians = data.assign(value=("protocol", data["median"].values, data.value.attrs))
    answer = infer_trials(medians)
    assert answer.aliased
    assert_allclose(answer.misfit, 5.285189, rtol=1e-6)  # at every horizon alike
    errors = dict(answer.designs)
    assert np.isinf(errors.pop("as it was")).all()
    middle = list(answer.horizons).index(1.0)
    assert all(error[middle] < 1 for error in errors.values())  # every change with trials without feedback shows it
    assert (
        errors["40 such trials and four times the people"][middle]
        < errors["40 trials without feedback in the place of clamps"][middle] / 1.9
    )
    assert "tell nothing about the horizon" in str(answer)
    assert round(answer.explained, 3) == 0.974


def test_other_data_are_refused():
    with pytest.raises(InputError, match="kind"):
        infer_trials(load("wang_2005"))


def test_the_command_reads_a_users_trials(tmp_path, capsys):
    """Reaches of a learner in trials, with every fifth without feedback: something is known of its horizon."""
    rng = np.random.default_rng(0)
    kinds = np.where(np.arange(60) % 5 == 4, NONE, 0)
    turns = np.r_[np.zeros(10), np.full(50, 30.0)]
    learner = learner_at([4.0, 1.0, 0.5])
    values = learner.run(turns, kinds).aim.values + 0.5 * rng.standard_normal(60)
    table = tmp_path / "trials.csv"
    rows = [f"t{i},{p:g},{k},{v:.4f},0.5,20" for i, (p, k, v) in enumerate(zip(turns, kinds, values, strict=True))]
    table.write_text("protocol,perturbation_deg,clamped,value_deg,sem_deg,n\n" + "\n".join(rows) + "\n")
    main(["infer", str(table), "--components", "1"])
    out = capsys.readouterr().out
    assert "1 components explain" in out
    assert "every fifth trial without feedback" in out
    assert "never" not in out
    with pytest.raises(InputError, match="for paths"):
        main(["infer", str(table), "--hessian", "1,0;0,1"])
