"""The commands of inference: what they print, where warnings go, and how they answer bad input."""

import sys

import pytest

from analysis.__main__ import main
from plasticity.dataset import read
from plasticity.support.cli import exit_status


def status(*arguments):
    return exit_status(main, list(arguments))


WANG = ["--data", "wang_2005", "--starts", "1"]


def test_fit_with_everything_goes_into_the_run_and_its_report(tmp_path, capsys):
    pytest.importorskip("emcee")
    path = str(tmp_path / "fit.nc")
    asked = ["--cross-validate", "--intervals", "--recover", "-o", path]
    assert status("fit", "pair_stdp", *WANG, "--free", "A_plus", *asked) == 0
    printed = capsys.readouterr().out
    for words in ("left out by protocol: score", "97.5 %", "covered", "identifiable"):
        assert words in printed
    run = read(path)
    assert {"left_out_prediction", "weight_change_low", "weight_change_high"} <= set(run.data_vars)
    assert status("report", path, "-o", str(tmp_path / "report")) == 0
    text = (tmp_path / "report" / "report.md").read_text(encoding="utf-8")
    for words in ("Cross-validation", "identifiability", "95 % interval of the prediction"):
        assert words in text


def test_cross_validation_by_a_coordinate(capsys):
    free = ["--free", "A_plus,A_minus"]
    assert status("fit", "pair_stdp", *WANG, *free, "--cross-validate", "interval") == 0
    assert "left out by interval: score" in capsys.readouterr().out


def test_recover_prints_verdicts_and_warns(tmp_path, capsys):
    data = ["--data", "sjostrom_2001", "--starts", "2", "--sets", "10"]
    path = str(tmp_path / "recovery.nc")
    assert status("recover", "triplet_stdp", *data, "--free", "A2_plus,A3_plus,A2_minus", "-o", path) == 0
    printed = capsys.readouterr()
    assert "warning: A2_plus is not identifiable" in printed.err
    assert read(path).sizes == {"trial": 10, "parameter": 3}


def test_confusion_prints_shares(capsys):
    rules = ["pair_stdp:A_plus,A_minus", "triplet_stdp"]
    assert status("confusion", *rules, *WANG, "--sets", "3") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[-2:] == ["pair_stdp", "triplet_stdp"]
    assert lines[2].split() == ["triplet_stdp", "0.00", "1.00"]


def test_discriminate_names_the_best_protocol(capsys):
    assert status("discriminate", "pair_stdp", "triplet_stdp", "--data", "sjostrom_2001") == 0
    printed = capsys.readouterr().out
    assert "most informative: frequency" in printed
    assert "50 Hz" in printed


def test_missing_errors_can_be_pooled_or_dropped(capsys):
    command = ["fit", "pair_stdp", "--data", "bi_poo_1998", "--free", "A_plus,A_minus", "--starts", "1"]
    assert status(*command) == 2
    assert "no standard error for 42 of 42 protocols" in capsys.readouterr().err
    assert status(*command, "--missing-errors", "pool") == 0
    assert "over 42 protocols" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["posterior", "pair_stdp", *WANG], "nothing is free"),
        (["posterior", "pair_stdp", *WANG, "--free", "A_plus", "--steps", "3"], "max_steps must be >= 500"),
        (["recover", "pair_stdp", *WANG], "nothing is free"),
        (["confusion", "pair_stdp", *WANG], "at least two"),
        (["confusion", "pair_stdp:A_plux", "pair_stdp", *WANG], "did you mean 'A_plus'"),
        (["discriminate", "pair_stdp", "pair_stdp", *WANG, "--noise", "0"], "noise must be > 0"),
        (["fit", "pair_stdp", *WANG, "--free", "A_plus", "--cross-validate", "intervall"], "did you mean 'interval'"),
        (["table", "-o", "out", "--data", "wang"], "unknown benchmark 'wang'"),
    ],
)
def test_bad_input_is_answered_with_status_2(arguments, message, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert status(*arguments) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_missing_emcee_is_answered_with_status_2(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "emcee", None)
    assert status("posterior", "pair_stdp", *WANG, "--free", "A_plus") == 2
    assert "pip install 'steersman[fit]'" in capsys.readouterr().err
