"""The commands as a user types them: results on stdout, messages on stderr, exit status 2 for bad input."""

import subprocess
import sys

import pytest

from plasticity.dataset import read
from plasticity.support import catalog
from plasticity.support.cli import exit_status
from scenarios.__main__ import main

QUICK = ["run", "pairing_frequency", "--quick"]


def test_list_is_light():
    heavy = ["brian2", "sympy", "xarray", "numba", "matplotlib", "scipy", "numpy", "pandas"]
    code = (
        "import sys; from scenarios.__main__ import main; main(['list']); "
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("controllability") or any(line.startswith("pairing_frequency  ") for line in lines)
    assert lines[-1] == "[]"


def test_describe_and_cache_are_light():
    commands = [["describe", name] for name in catalog.names("scenarios")] + [["cache"]]
    heavy = ["brian2", "sympy", "xarray", "numba", "matplotlib", "scipy", "pandas", "h5py", "sklearn", "dask"]
    code = (
        f"import sys; from scenarios.__main__ import main; [main(command) for command in {commands}]; "
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.count("Parameters (--set NAME=VALUE)") == len(commands) - 1
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_run_imports_xarray_and_no_other_heavy_library(tmp_path):
    code = (
        "import sys; from scenarios.__main__ import main; main(sys.argv[1:]); "
        "print([m for m in ('dask.array', 'scipy.stats', 'matplotlib', 'sympy', 'brian2') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code, "run", "horizon", "--quick", "-o", str(tmp_path / "run.nc")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert read(tmp_path / "run.nc").theta.dims == ("time", "parameter")


def test_describe_expects_more_of_a_longer_run(capsys):
    expected = []
    for duration in ("10", "10000"):
        assert exit_status(main, ["describe", "double_well", "--set", f"duration={duration}"]) == 0
        (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Expected")]
        expected.append(line.split("about ")[1].split(" of")[0])
    assert [text.split()[1] for text in expected] == ["s", "min"]
    assert exit_status(main, ["describe", "double_well", "--set", "durations=1"]) == 2


def test_describe_shows_every_parameter(capsys):
    assert exit_status(main, ["describe", "pairing_frequency"]) == 0
    shown = capsys.readouterr().out
    for text in ("frequencies = 0.1,10,20,40,50 [Hz]", "n_pairs = 60", "sjostrom_2001", "(>= 1)"):
        assert text in shown


def test_run_writes_a_file_and_prints_its_path(tmp_path, capsys):
    output = tmp_path / "new" / "folder" / "out.nc"
    arguments = [*QUICK, "--set", "rule=pair_stdp", "rule_parameters.tau_plus=0.02", "-o", str(output)]
    assert exit_status(main, arguments) == 0
    assert capsys.readouterr().out.strip() == str(output)
    ds = read(output)
    assert ds.attrs["rule"] == "pair_stdp"
    assert '"tau_plus": 0.02' in ds.attrs["rule_values"]
    assert not list(output.parent.glob("*.part"))


def test_set_overrides_config_overrides_quick(tmp_path):
    config = tmp_path / "c.toml"
    config.write_text('n_pairs = 4\nrule = "pair_stdp"\n[rule_parameters]\nA_plus = 0.5\n')
    output = tmp_path / "out.nc"
    arguments = ["--config", str(config), "--set", "n_pairs=3", "--seed", "8", "-o", str(output)]
    assert exit_status(main, [*QUICK, *arguments]) == 0
    parameters = read(output).attrs["parameters"]
    assert '"n_pairs": 3' in parameters
    assert '"A_plus": 0.5' in parameters
    assert '"frequencies": [20.0, 50.0]' in parameters


def test_figure_is_drawn(tmp_path):
    output, figure = tmp_path / "out.nc", tmp_path / "out.png"
    assert exit_status(main, [*QUICK, "-o", str(output), "--figure", str(figure)]) == 0
    assert figure.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "pairing"], "unknown scenario 'pairing'; did you mean 'pairing_frequency'"),
        (["describe", "nothing_like_it"], "unknown scenario 'nothing_like_it'"),
        ([*QUICK, "--set", "rule=oya"], "unknown rule 'oya'; did you mean 'oja'"),
        ([*QUICK, "--set", "n_pair=3"], "unknown parameter 'n_pair'; did you mean 'n_pairs'"),
        ([*QUICK, "--set", "n_pairs"], "--set takes KEY=VALUE, got 'n_pairs'"),
        ([*QUICK, "--set", "n_pairs=many"], "n_pairs must be a number, got 'many'"),
        ([*QUICK, "--set", "n_pairs=0"], "n_pairs must be >= 1"),
        ([*QUICK, "--set", "frequencies=30"], "off the grid of dt"),
        ([*QUICK, "--set", "rule_parameters.tau_plus=-1"], "tau_plus must be > 0"),
        ([*QUICK, "--seed", "x"], "--seed must be a whole number"),
        ([*QUICK, "--device", "gpu"], "unknown device 'gpu'"),
        ([*QUICK, "--config", "/nowhere.toml"], "cannot read /nowhere.toml"),
        ([*QUICK, "-o", "/proc/out.nc"], "cannot write /proc/out.nc"),
    ],
)
def test_bad_input_is_answered_without_a_traceback(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert exit_status(main, arguments) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""
    assert not list(tmp_path.rglob("*.nc*"))


def test_a_device_that_the_scenario_does_not_use_is_checked(capsys):
    assert exit_status(main, ["run", "horizon", "--quick", "--device", "gpu"]) == 2
    assert "unknown device 'gpu'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["-o", "a.png", "--figure", "a.png"], "that is also the file of --output"),
        (["-o", "a.png", "--figure", "folder/../a.png"], "that is also the file of --output"),
        (["--config", "c.toml", "-o", "c.toml"], "--output c.toml: this command reads that file"),
        (["--config", "c.toml", "--figure", "link.png"], "--figure link.png: this command reads that file"),
        (["--figure", "f"], "--figure must end in .png, .pdf, .svg, got 'f'"),
        (["--figure", "f.txt"], "--figure must end in .png, .pdf, .svg, got 'f.txt'"),
        (["--figure", "folder.png"], "cannot write folder.png"),
        (["-o", "folder"], "cannot write folder"),
        (["-o", "c.toml/out.nc"], "cannot write c.toml/out.nc"),
    ],
)
def test_paths_are_checked_before_the_run(options, named, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.toml").write_text("n_points = 11\n")
    (tmp_path / "link.png").symlink_to("c.toml")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder.png").mkdir()
    before = sorted(tmp_path.rglob("*"))
    assert exit_status(main, ["run", "horizon", *options]) == 2
    assert named in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "c.toml").read_text() == "n_points = 11\n"


def test_a_diverging_run_leaves_no_file_and_exits_with_1(tmp_path, capsys):
    output = tmp_path / "out.nc"
    settings = ["--set", "rule=derived_bcm", "--set", "rule_parameters.learning_rate=1e308"]
    assert exit_status(main, [*QUICK, *settings, "--set", "rule_parameters.threshold=1e9", "-o", str(output)]) == 1
    assert "is no longer finite at t =" in capsys.readouterr().err
    assert not output.exists()


@pytest.mark.parametrize("scenario", [["digits"], ["spike_timing", "--set", "rules=gradient", "--device", "numpy"]])
def test_an_interrupted_run_leaves_no_file_and_exits_with_130(tmp_path, scenario):
    """Both would take much longer; Brian2 by itself would stop, and give what it has for the whole."""
    code = (
        "import os, signal, sys, threading; from plasticity.support.cli import exit_status; "
        "from scenarios.__main__ import main; "
        "threading.Timer(2.6, os.kill, (os.getpid(), signal.SIGINT)).start(); sys.exit(exit_status(main))"
    )
    command = [sys.executable, "-c", code, "run", *scenario, "-o", str(tmp_path / "run.nc")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 130
    assert "interrupted" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_process_exits_with_2():
    done = subprocess.run(
        [sys.executable, "-m", "scenarios", "run", "no_such_scenario"], check=False, stderr=subprocess.DEVNULL
    )
    assert done.returncode == 2
