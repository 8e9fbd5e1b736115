"""One command reaches the commands of all packages, and notices when one of them is hidden."""

import os
import subprocess
import sys

import pytest

from plasticity.support.cli import exit_status
from steersman.__main__ import main


@pytest.mark.parametrize(
    ("short", "long"),
    [
        (["derive", "--discount", "0"], ["plasticity", "derive", "--discount", "0"]),
        (["describe", "horizon"], ["scenarios", "describe", "horizon"]),
    ],
)
def test_a_shortcut_is_the_command_of_its_package(short, long, capsys):
    assert exit_status(main, short) == 0
    once = capsys.readouterr().out
    assert exit_status(main, long) == 0
    assert capsys.readouterr().out == once != ""


def test_an_unknown_command_offers_the_nearest(capsys):
    assert exit_status(main, ["sweeep"]) == 2
    assert "sweep" in capsys.readouterr().err


def test_a_folder_that_hides_a_package_is_named(tmp_path):
    """As with `python -m` in a folder that has a package `analysis` of its own."""
    (tmp_path / "analysis").mkdir()
    (tmp_path / "analysis" / "__init__.py").write_text("")
    command = [sys.executable, "-m", "steersman", "derive", "--discount", "0"]
    path = os.pathsep.join([str(tmp_path), *sys.path[1:]])
    done = subprocess.run(command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True)
    assert done.returncode == 2
    assert str(tmp_path) in done.stderr
    assert "rename the folder" in done.stderr
