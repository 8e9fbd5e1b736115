"""Comparison of runs with data: the scores by hand, matching by name, and every refusal."""

import numpy as np
import pytest
import xarray as xr

from analysis.compare import COLUMNS, compare, rows
from analysis.datasets import load
from analysis.fit import fit
from analysis.fitted_run import as_dataset
from plasticity.dataset import write
from plasticity.errors import InputError, UnknownNameError


def a_run(miss=0.0, **attributes):
    """A run that misses every measurement by `miss` standard errors."""
    data = load("sjostrom_2001")
    run = as_dataset(fit("pair_stdp", data))
    return run.assign(weight_change=run.weight_change.copy(data=data.value + miss * data.sem)).assign_attrs(attributes)


def test_scores_by_hand():
    score = compare(a_run(miss=2.0, n_free=3)).scores[0]
    sem = load("sjostrom_2001").sem.values
    likelihood = -0.5 * (10 * 4 + np.sum(np.log(2 * np.pi * sem**2)))
    assert score.error == pytest.approx(4)
    assert score.log_likelihood == pytest.approx(likelihood)
    assert score.aic == pytest.approx(6 - 2 * likelihood)
    assert score.bic == pytest.approx(3 * np.log(10) - 2 * likelihood)
    assert score.n_free == 3


def test_runs_come_in_order_of_error_and_equal_labels_are_numbered():
    comparison = compare([a_run(miss=2.0), a_run(miss=0.5), a_run(miss=1.0, label="other")])
    assert [s.label for s in comparison.scores] == ["pair_stdp #2", "other", "pair_stdp #1"]
    table = [dict(zip(COLUMNS, row, strict=True)) for row in rows(comparison)]
    assert [row["E"] for row in table] == ["0.250", "1.000", "4.000"]
    # ΔAIC is half of twice the summed squares: 10·(4 − 0.25)
    assert table[2]["ΔAIC"] == "37.50"


def test_protocols_are_matched_by_name_not_by_place(tmp_path):
    run = a_run(miss=1.0)
    shuffled = run.isel(protocol=np.random.default_rng(0).permutation(10))
    path = write(shuffled, tmp_path / "run.nc")
    assert compare(path).scores[0].error == pytest.approx(1)
    assert compare(path).runs[0].protocol.values.tolist() == run.protocol.values.tolist()


def test_a_fit_and_its_file_score_alike(tmp_path):
    fitted = fit("triplet_stdp", "wang_2005", free=["A2_plus", "tau_y"], n_starts=2)
    path = write(as_dataset(fitted), tmp_path / "fit.nc")
    for result in (fitted, path, str(path)):
        score = compare(result).scores[0]
        assert score.error == pytest.approx(fitted.error, rel=1e-12)
        assert score.aic == pytest.approx(fitted.aic, rel=1e-12)


def test_warnings_of_a_fit_travel_with_its_file(tmp_path):
    fitted = fit("triplet_stdp", "sjostrom_2001", free=["A3_plus", "tau_x"], n_starts=2)
    assert fitted.warnings
    path = write(as_dataset(fitted), tmp_path / "fit.nc")
    assert compare(path).scores[0].warnings == fitted.warnings


def test_unknown_number_of_free_parameters_is_said():
    run = a_run()
    del run.attrs["n_free"]
    score = compare(run).scores[0]
    assert score.n_free == 0
    assert "none are counted" in score.warnings[0]


def test_defaults_that_were_fitted_to_these_data_count_as_free():
    """The AIC of a scenario's run is that of the demonstration: three of the rule's numbers come from these data."""
    run = a_run(n_free_sjostrom_2001=3, n_free_wang_2005=5)
    del run.attrs["n_free"]
    score = compare(run, "sjostrom_2001").scores[0]
    assert score.n_free == 3
    assert "3 default parameters of the rule were fitted to these data" in score.warnings[0]


def test_other_number_of_pairs_is_said():
    run = a_run(parameters='{"n_pairs": 75}')
    assert any("75 pairs per protocol, the data are about 60" in w for w in compare(run).scores[0].warnings)
    assert not compare(a_run(parameters='{"n_pairs": 60}')).scores[0].warnings


def test_default_data_are_those_of_the_scenario():
    run = a_run()
    del run.attrs["data"]
    assert compare(run).data.attrs["data"] == "sjostrom_2001"


@pytest.mark.parametrize(
    ("change", "data", "message"),
    [
        (lambda r: r.isel(protocol=slice(1, None)), None, r"lacks the protocol '\+10ms_0.1Hz' .* \(1 of 10"),
        (lambda r: r.drop_vars("weight_change"), None, "no variable weight_change"),
        (lambda r: r.assign(weight_change=r.weight_change.where(False)), None, r"'\+10ms_0.1Hz' in .* is nan"),
        (lambda r: r.assign(weight_change=r.weight_change.assign_attrs(units="%")), None, "got units '%'"),
        (lambda r: r.assign_attrs(n_free=1.5), None, "n_free .* whole number"),
        (lambda r: r.assign_attrs(n_free=-1), None, "n_free .* >= 0"),
        (lambda r: r, "wang_2005", r"lacks the protocol '\+10ms_1Hz' of wang_2005"),
        (lambda r: r.assign_attrs(data="", scenario=""), None, "do not all name one data set .* sjostrom_2001"),
        (lambda r: xr.concat([r, r.isel(protocol=[0])], "protocol"), None, "occur twice"),
        (lambda r: [], None, "nothing to compare"),
    ],
)
def test_what_cannot_be_compared_is_refused(change, data, message):
    with pytest.raises(InputError, match=message):
        compare(change(a_run()), data)


def test_unknown_data_offer_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'sjostrom_2001'"):
        compare(a_run(), "sjostroem_2001")


def test_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"there is no file .*none\.nc"):
        compare(tmp_path / "none.nc")
