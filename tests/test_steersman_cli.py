"""One command reaches the commands of all packages, and notices when one of them is hidden."""

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import pytest

import steersman as sm
from plasticity.errors import InputError, UnknownNameError
from plasticity.support.cli import exit_status
from plasticity.support.packages import check_packages
from steersman.__main__ import main


@pytest.mark.parametrize(
    ("short", "long"),
    [
        (["derive", "--discount", "0"], ["plasticity", "derive", "--discount", "0"]),
        (["describe", "horizon"], ["scenarios", "describe", "horizon"]),
        (["explain", "gradient_descent"], ["plasticity", "explain", "gradient_descent"]),
        (["fit", "pair_stdp", "--data", "wang_2005"], ["analysis", "fit", "pair_stdp", "--data", "wang_2005"]),
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


@pytest.mark.parametrize("name", ["plasticity", "circuits", "scenarios", "analysis", "course"])
def test_every_name_is_guarded_and_nothing_of_the_other_package_is_executed(name, tmp_path, monkeypatch):
    """A folder that comes first on the path, and a distribution that has overwritten a file of ours."""
    ours, other = tmp_path / "ours", tmp_path / "other"
    for home, text in ((ours, "from plasticity.support.lazy import export"), (other, "raise SystemExit('executed')")):
        (home / name).mkdir(parents=True)
        (home / name / "__init__.py").write_text(text)
    monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(ours))
    check_packages(ours)
    monkeypatch.syspath_prepend(str(other))
    with pytest.raises(InputError, match=f"package '{name}' is imported from .*other.*rename the folder"):
        check_packages(ours)
    monkeypatch.setattr("sys.path", sys.path[1:])
    (ours / name / "__init__.py").write_text("from .core import *")
    with pytest.raises(InputError, match="another distribution has overwritten it; uninstall that"):
        check_packages(ours)


def test_the_packages_of_this_project_pass():
    check_packages()


def test_one_list_of_all_catalogues(capsys):
    assert exit_status(main, ["list"]) == 0
    shown = capsys.readouterr().out
    for name in ("horizon", "pair_stdp", "kalman", "sjostrom_2001"):
        assert f"\n  {name} " in shown or f"\n{name} " in shown


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full, /dev/full")
def test_a_full_disk_is_answered_by_one_line():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "steersman", "list"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: No space left on device")


WITHOUT = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name in ("fcntl", "resource", "pwd", "grp", "termios"):
            raise ImportError(f"No module named {name!r}")

for name in ("fcntl", "resource", "pwd", "grp", "termios"):
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Refuse())
from steersman.__main__ import console
sys.argv = ["steersman", "run", "pairing_frequency", "--quick", "-o", "out.nc", "--figure", "out.png"]
sys.exit(console())
"""


def test_a_scenario_runs_where_there_are_no_modules_of_posix_and_no_compiler(tmp_path):
    """As on Windows: without fcntl and its like, and with a PATH that has no compiler."""
    environment = {**os.environ, "PATH": str(tmp_path), "STEERSMAN_CACHE": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.png").stat().st_size > 10_000


def test_unknown_arguments_of_python_calls_are_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="unknown argument of Objective 'discont'; did you mean 'discount'"):
        sm.Objective(discont=0.5)
    with pytest.raises(UnknownNameError, match="unknown argument of plan 'n_pints'; did you mean 'n_points'"):
        sm.plan(sm.Objective(0.5), sm.DoubleWell(), [0.0, 0.0], 1.0, n_pints=3)
    with pytest.raises(TypeError, match="missing"):
        sm.Objective()


def test_version_is_that_of_the_distribution():
    assert sm.__version__ == sm.plasticity.__version__ == importlib.metadata.version("steersman")
