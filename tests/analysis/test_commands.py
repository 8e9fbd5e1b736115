"""Commands of analysis: printed results, files, warnings, and answers to bad input."""

import importlib
import subprocess
import sys

import pytest

from analysis.__main__ import main
from analysis.data.kinds import KINDS
from analysis.datasets import load
from plasticity.dataset import read
from plasticity.support.cli import exit_status


def status(*arguments):
    return exit_status(main, list(arguments))


def test_list_is_light():
    heavy = ["numpy", "scipy", "sympy", "xarray", "numba", "matplotlib", "brian2", "pandas"]
    code = (
        "import sys; from analysis.__main__ import main; main(['list'])\n"
        f"print([m for m in {heavy} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    for name in ("sjostrom_2001", "wang_2005", "triplet_stdp", "pairing_frequency"):
        assert name in done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_of_every_kind_loads(kind, tmp_path, capsys):
    assert status("kinds") == 0
    printed = capsys.readouterr().out
    assert f"{kind}: " in printed
    assert "python -m analysis fit RULE|FILE.py --data" in printed
    assert status("kinds", "--example", kind) == 0
    path = tmp_path / "mine.csv"
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    assert load(path).attrs["kind"] == kind


def test_bibliography_is_printed_in_bibtex(capsys):
    assert status("bibliography") == 0
    assert "@article{pfister_2006," in capsys.readouterr().out


def test_fit_compare_report(tmp_path, capsys):
    triplet, pair = str(tmp_path / "triplet.nc"), str(tmp_path / "pair.nc")
    fit_triplet = ["fit", "triplet_stdp", "--data", "sjostrom_2001", "--free", "A3_plus,A2_minus", "-o", triplet]
    assert status(*fit_triplet, "--starts", "2") == 0
    assert "2 free parameters" in capsys.readouterr().out
    bounds = ["--bounds", "tau_plus=0.005:0.1", "tau_minus=0.005:0.1"]
    free = ["--free", "A_plus,A_minus,tau_plus,tau_minus", *bounds]
    assert status("fit", "pair_stdp", "--data", "sjostrom_2001", *free, "-o", pair) == 0
    printed = capsys.readouterr()
    assert "E = 2.8" in printed.out  # 2.85 by a grid and a simplex
    assert "warning: tau_plus ended on its bound 0.1 s" in printed.err
    assert status("compare", pair, triplet, "--data", "sjostrom_2001") == 0
    table = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in table] == ["rule", "triplet_stdp", "pair_stdp"]
    assert status("report", pair, triplet, "-o", str(tmp_path / "report")) == 0
    assert str(tmp_path / "report" / "report.html") in capsys.readouterr().out


def test_rule_arguments_from_the_command_line(capsys):
    arguments = ["--set", "interaction=nearest_spike", "A3_plus=0.05", "--set", "A2_minus=0.008", "tau_y=0.04"]
    assert status("fit", "triplet_stdp", "--data", "sjostrom_2001", *arguments) == 0
    assert "E = 0.348" in capsys.readouterr().out  # published minimal nearest-spike model


FIT = ["fit", "pair_stdp", "--data", "wang_2005"]


@pytest.mark.parametrize("command", ["fit", "posterior", "recover"])
def test_measurements_are_not_replaced_by_the_result(command, tmp_path, capsys):
    path = tmp_path / "mine.csv"
    path.write_text("protocol,pre_times_s,post_times_s,value,sem,n\nonce,0,0.01,0.2,0.1,5\n")
    before = path.read_bytes()
    assert status(command, "pair_stdp", "--data", str(path), "--free", "A_plus", "-o", str(path)) == 2
    assert "this command reads that file; choose another path" in capsys.readouterr().err
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fit", "pair_sdtp", "--data", "wang_2005"], "did you mean 'pair_stdp'"),
        (["fit", "pair_stdp", "--data", "wang"], "unknown data set 'wang'"),
        (["fit", "pair_stdp", "--data", "none.csv"], "there is no file none.csv"),
        ([*FIT, "--free", "tau"], "did you mean"),
        ([*FIT, "--set", "interactoin=x"], "did you mean 'interaction'"),
        ([*FIT, "--set", "A_plus"], "--set takes KEY=VALUE"),
        ([*FIT, "--set", "A_plus=big"], "A_plus must be a number"),
        ([*FIT, "--set", "A_plus=nan"], "A_plus must be finite"),
        ([*FIT, "--set", "tau_plus=-1"], "tau_plus must be > 0"),
        ([*FIT, "--free", "A_plus", "--bounds", "A_plus=0.1"], "--bounds takes NAME=LOW:HIGH"),
        ([*FIT, "--starts", "0", "--free", "A_plus"], "--starts"),
        (["fit", "derived_bcm", "--data", "wang_2005", "--set", "foo=3"], "foo"),
        (["compare", "none.nc"], "there is no file none.nc"),
        (["report", "none.nc", "-o", "out"], "there is no file none.nc"),
    ],
)
def test_bad_input_is_answered_with_status_2(arguments, message, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert status(*arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: ")
    assert message in printed.err
    assert list(tmp_path.iterdir()) == []


def test_output_that_cannot_be_written_is_refused_before_the_fit(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert status(*FIT, "-o", str(tmp_path / "file" / "fit.nc")) == 2
    assert "cannot write" in capsys.readouterr().err


def test_bad_csv_is_answered_with_line_and_column(tmp_path, capsys):
    path = tmp_path / "mine.csv"
    path.write_text("protocol,pre_times_s,post_times_s,value,sem,n\na,0,0.01,much,0.1,3\n")
    assert status("fit", "pair_stdp", "--data", str(path)) == 2
    error = capsys.readouterr().err
    for part in ("mine.csv", "line 2", "'value'", "'much'"):
        assert part in error


WANG = ["--data", "wang_2005", "--starts", "1"]


def test_fit_with_everything_goes_into_the_run_and_its_report(tmp_path, capsys):
    pytest.importorskip("emcee")
    path = str(tmp_path / "fit.nc")
    options = ["--cross-validate", "--intervals", "--recover", "-o", path]
    assert status("fit", "pair_stdp", *WANG, "--free", "A_plus", *options) == 0
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
        (["discriminate", "pair_stdp", "pair_stdp", *WANG, "--noise", "0"], "--noise: must be a finite number > 0"),
        (["fit", "pair_stdp", *WANG, "--free", "A_plus", "--cross-validate", "intervall"], "did you mean 'interval'"),
        (["table", "-o", "out", "--data", "wang"], "unknown benchmark 'wang'"),
    ],
)
def test_bad_input_of_inference_is_answered_with_status_2(arguments, message, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert status(*arguments) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        ("posterior", "pair_stdp", "--free", "A_plus"),
        ("fit", "pair_stdp", "--free", "A_plus", "--intervals"),
        ("discriminate", "pair_stdp:A_plus", "triplet_stdp"),
    ],
)
def test_missing_emcee_is_named_before_anything_is_fitted(words, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "emcee", None)
    monkeypatch.setattr(
        importlib.import_module("analysis.fit"), "fit", lambda *arguments, **options: pytest.fail("fitted")
    )
    assert status(*words, *WANG) == 2
    assert "pip install 'steersman[fit]'" in capsys.readouterr().err
