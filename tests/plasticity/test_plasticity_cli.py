"""`python -m plasticity`: what it prints is what the engine derives; bad input gives one line and status 2."""

import subprocess
import sys

import pytest
import sympy as sp

from plasticity import Objective, derive, rules
from plasticity.__main__ import BELIEFS, main
from plasticity.pages.card import card
from plasticity.support import catalog
from plasticity.support.cli import exit_status


def run(capsys, *argv):
    status = exit_status(main, argv)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_list_names_every_member_and_belief(capsys):
    status, out, err = run(capsys, "list")
    assert (status, err) == (0, "")
    for name in (*catalog.names("plasticity.rules"), *catalog.names("plasticity.signals"), *BELIEFS):
        assert f"  {name} " in out


def test_list_loads_no_heavy_module():
    code = (
        "import sys\nfrom plasticity.__main__ import main\nmain(['list'])\n"
        "heavy = {'numpy', 'sympy', 'scipy', 'xarray', 'numba', 'matplotlib', 'brian2'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("format", ["text", "latex", "markdown"])
def test_derive_prints_the_card_of_the_engine(capsys, format):
    status, out, _ = run(capsys, "derive", "--discount", "0", "--metric", "diagonal", "--format", format)
    assert status == 0
    assert out == card(derive(Objective(0, metric=1.0)), format)


def test_the_fisher_metric_is_explained(capsys):
    out = run(capsys, "derive", "--discount", "oo", "--metric", "fisher")[1]
    assert "Fisher information" in out
    assert "dw/dt = -gradient*learning_rate/metric" in out


def test_without_a_discount_both_limits_are_shown(capsys):
    out = run(capsys, "derive")[1]
    assert "dw/dt = -gradient*learning_rate" in out
    assert "dw/dt = -gradient*sqrt(loss_weight)*sqrt(plasticity)/sqrt(curvature)" in out


def test_newton_from_the_command_line(capsys):
    assert "Delta_w = -gradient/curvature" in run(capsys, "derive", "--duration", "oo")[1]


@pytest.mark.parametrize("belief", BELIEFS)
def test_every_belief_is_derived(capsys, belief):
    discount = "oo" if belief == "weight" else "0.5"  # in between no closed form
    status, out, err = run(capsys, "derive", "--discount", discount, "--belief", belief)
    assert (status, err) == (0, "")
    assert ("belief_" in out) == (belief != "none")


def test_the_card_of_a_rule_of_the_catalogue(capsys):
    status, out, _ = run(capsys, "card", "adam")
    assert status == 0
    assert out == card(rules.load("adam")(), "text")


def test_rotation_is_solved_for_two_weights(capsys):
    status, out, _ = run(capsys, "derive", "--drift", "rotation", "--discount", "0")
    assert status == 0
    assert "dw1/dt" in out
    assert "dw2/dt" in out


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("derive", "--discount", "x"), "--discount must be a number, or oo for the limit, got 'x'"),
        (("derive", "--discount", "-1"), "discount must be >= 0"),
        (("derive", "--discount", "inf"), "discount must be finite or sympy.oo"),
        (("derive", "--metric", "fischer"), "did you mean 'fisher'"),
        (("derive", "--belief", "adm"), "did you mean 'adam'"),
        (("derive", "--format", "markdwn"), "did you mean 'markdown'"),
        (("derive", "--belief", "weight", "--discount", "0.3"), "no closed form at discount=0.3"),
        (("derive", "--drift", "rotation", "--order", "2"), "takes no --order"),
        (("derive", "--drift", "rotation", "--discount", "-1"), "discount must be >= 0"),
        (("card", "adm"), "did you mean 'adam'"),
    ],
)
def test_bad_input_is_one_line_and_status_2(capsys, argv, message):
    status, out, err = run(capsys, *argv)
    assert (status, out) == (2, "")
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1


def test_the_module_runs_as_a_command():
    command = [sys.executable, "-m", "plasticity", "derive", "--discount", "oo"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"dw/dt = {derive(Objective(sp.oo)).weight_flow}" in done.stdout
